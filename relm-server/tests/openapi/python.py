"""A client that openapi-generator makes for Python, against a server that runs: RELM_URL, RELM_KEY."""

import os

import relm
from relm.exceptions import ApiException, ConflictException

configuration = relm.Configuration(host=os.environ["RELM_URL"], access_token=os.environ["RELM_KEY"])
# The server takes an offset with a colon, as RFC 3339 has it.
configuration.datetime_format = "%Y-%m-%dT%H:%M:%S.%fZ"
client = relm.ApiClient(configuration)
contacts = relm.ContactsApi(client)

ada = contacts.contacts_create(relm.ContactCreate(email="ada@python.example", first_name="Ada", metadata={"plan": "pro"}))
assert ada.metadata == {"plan": "pro"} and ada.version == 1, ada
grace = contacts.contacts_create(relm.ContactCreate(email="grace@python.example", first_name="Grace"))

found = contacts.contacts_list(filter_email_eq="grace@python.example")
assert [one.id for one in found.data] == [grace.id], found
found = contacts.contacts_list(filter_email_in=["ada@python.example", "grace@python.example"], filter_first_name_neq="Ada")
assert [one.id for one in found.data] == [grace.id], found
found = contacts.contacts_list(filter_email_ilike="%@python.example", filter_created_at_gte=grace.created_at, limit=1)
assert len(found.data) == 1 and not found.has_more, found

rows = relm.ContactBatchCreate(
    contacts=[relm.ContactCreate(email="ADA@python.example", last_name="Lovelace"), relm.ContactCreate(email="no")],
    dedup_on=["email"],
)
first, again = (contacts.contacts_batch_with_http_info(rows, idempotency_key="batch-python") for _ in range(2))
assert (first.data.updated, first.data.failed) == (1, 1), first.data
assert first.data.data[1].error.code == relm.ErrorCode.VALIDATION_FAILED, first.data
assert again.data == first.data and again.headers["idempotent-replayed"] == "true"

try:
    contacts.contacts_create(relm.ContactCreate(email="ada@python.example"))
    raise AssertionError("an address is taken once")
except ConflictException as refused:
    error = relm.ErrorResponse.from_json(refused.body).error
    assert (error.code, error.existing_id) == (relm.ErrorCode.CONFLICT, ada.id), error

change = relm.ContactUpdate(first_name=None, metadata={"plan": None, "seats": 2})
ada = contacts.contacts_update(ada.id, change, if_match='"2"')
assert (ada.first_name, ada.metadata, ada.version) == (None, {"seats": 2}, 3), ada
try:
    contacts.contacts_update(ada.id, change, if_match='"2"')
    raise AssertionError("the version has moved on")
except ApiException as refused:
    assert refused.status == 412, refused

events = relm.EventsApi(client).events_list(limit=1)
assert events.data[0].actual_instance.data.id == ada.id, events
results = relm.SearchApi(client).search_records("lovelace", types=[relm.ObjectType.CONTACT])
assert [one.actual_instance.id for one in results.data] == [ada.id], results
