"""A client that openapi-python-client makes, against a server that runs: RELM_URL, RELM_KEY."""

import os

from relm_client import AuthenticatedClient
from relm_client.api.contacts import contacts_batch, contacts_create, contacts_list, contacts_update
from relm_client.models import ContactBatchCreate, ContactCreate, ContactUpdate, ErrorCode, Metadata

client = AuthenticatedClient(base_url=os.environ["RELM_URL"], token=os.environ["RELM_KEY"])


def metadata(**members):
    return Metadata.from_dict(members)


ada = contacts_create.sync(
    client=client, body=ContactCreate(email="ada@client.example", first_name="Ada", metadata=metadata(plan="pro"))
)
assert ada.metadata["plan"] == "pro", ada
grace = contacts_create.sync(client=client, body=ContactCreate(email="grace@client.example", first_name="Grace"))

found = contacts_list.sync(client=client, filteremaileq="grace@client.example")
assert [one.id for one in found.data] == [grace.id], found
found = contacts_list.sync(
    client=client, filteremailin=["ada@client.example", "grace@client.example"], filterfirst_nameneq="Ada"
)
assert [one.id for one in found.data] == [grace.id], found

rows = ContactBatchCreate(contacts=[ContactCreate(email="ADA@client.example", last_name="Lovelace")], dedup_on=["email"])
first, again = (
    contacts_batch.sync_detailed(client=client, body=rows, idempotency_key="batch-client") for _ in range(2)
)
assert first.parsed.updated == 1 and again.parsed == first.parsed, first
assert again.headers["Idempotent-Replayed"] == "true"

taken = contacts_create.sync_detailed(client=client, body=ContactCreate(email="ada@client.example"))
assert taken.status_code == 409, taken
assert (taken.parsed.error.code, taken.parsed.error.existing_id) == (ErrorCode.CONFLICT, ada.id), taken

change = ContactUpdate(first_name=None, metadata=metadata(plan=None, seats=2))
ada = contacts_update.sync(ada.id, client=client, body=change, if_match='"2"')
assert (ada.first_name, ada.metadata.to_dict(), ada.version) == (None, {"seats": 2}, 3), ada
assert contacts_update.sync_detailed(ada.id, client=client, body=change, if_match='"2"').status_code == 412
