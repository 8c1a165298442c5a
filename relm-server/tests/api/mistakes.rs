//! Mistakes that developers make, most of them habits of other APIs, and the sentence that mends each.
//!
//! A message says what was given and what would be right; whoever reads nothing but the message can go on.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{Answered, User, World, id};

/// The mistake, the request, its body or one header, the status, and the error without its `valid_options`.
///
/// `CON`, `CMP` and `DEAL` stand for the ids of a contact, a company and a deal, and `ROWS` for a batch of one row too many.
type Mistake = (&'static str, &'static str, &'static str, u16, &'static str);

/// Of paths, methods and ids.
#[rustfmt::skip]
const PATHS: &[Mistake] = &[
    ("bulk import of what has none", "POST /v1/companies/batch",
     r#"{}"#, 404,
     r#"{"code": "not_found", "message": "Bulk import is for contacts alone: POST /v1/contacts/batch."}"#),
    ("a slash at the end", "GET /v1/contacts/",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such path. Leave out the last `/`: `/v1/contacts`."}"#),
    ("no version in the path", "GET /contacts",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such path. Did you mean `/v1/contacts`?"}"#),
    ("a resource in the singular", "GET /v1/contact",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such path. Did you mean `/v1/contacts`?"}"#),
    ("an id in small letters", "GET /v1/contacts/con_01k1v9y2zp6w4t8q0r5n7m3xjb",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such contact in this workspace and mode. Ids are case-sensitive and hold no spaces: `con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB`.", "suggestion": "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"}"#),
    ("PUT", "PUT /v1/contacts/CON",
     r#"{"phone": "1"}"#, 405,
     r#"{"code": "method_not_allowed", "message": "This path takes GET, HEAD, PATCH, DELETE. To change a record, PATCH it."}"#),
    ("a post to a record", "POST /v1/contacts/CON",
     r#"{"phone": "1"}"#, 405,
     r#"{"code": "method_not_allowed", "message": "This path takes GET, HEAD, PATCH, DELETE. To change a record, PATCH it."}"#),
    ("PUT on a list", "PUT /v1/contacts",
     r#"{"email": "a@example.com"}"#, 405,
     r#"{"code": "method_not_allowed", "message": "This path takes POST, GET, HEAD. To change or delete a record, name its id in the path."}"#),
    ("an id without a prefix", "GET /v1/contacts/01K1V9Y2ZP6W4T8Q0R5N7M3XJB",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such contact in this workspace and mode. Ids begin with what they are of: `con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB`.", "suggestion": "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"}"#),
    ("HubSpot's id", "GET /v1/contacts/512",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such contact in this workspace and mode. The id of a contact is `con_` and 26 letters and digits."}"#),
    ("HubSpot's path", "GET /crm/v3/objects/contacts",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such path. Did you mean `/v1/contacts`?"}"#),
    ("another version", "GET /v2/deals/DEAL",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such path. Did you mean `/v1/deals/DEAL`?"}"#),
    ("people", "GET /v1/people",
     r#""#, 404,
     r#"{"code": "not_found", "message": "There is no such path. Did you mean `/v1/contacts`?"}"#),
];

/// Of the parameters of lists and searches.
#[rustfmt::skip]
const LISTS: &[Mistake] = &[
    ("a custom field as a filter", "GET /v1/contacts?filter[plan]=pro",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no field `plan` to filter by. `plan` is a custom field: write `metadata.plan`.", "field": "plan", "suggestion": "metadata.plan"}"#),
    ("a custom field as a short filter", "GET /v1/contacts?plan=pro",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no field `plan` to filter by. `plan` is a custom field: write `metadata.plan`.", "field": "plan", "suggestion": "metadata.plan"}"#),
    ("brackets for a member of metadata", "GET /v1/contacts?filter[metadata][plan]=pro",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "`metadata` is filtered by one of its members. Write `filter[metadata.plan]=pro`.", "field": "metadata", "suggestion": "metadata.plan"}"#),
    ("brackets without `filter`", "GET /v1/deals?value_cents[gte]=10",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "A filter is written as filter[field][operator]=value or field=value. Write `filter[value_cents][gte]=10`.", "field": "value_cents[gte]", "suggestion": "filter[value_cents][gte]"}"#),
    ("a page's number", "GET /v1/contacts?page=2",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `page`. Lists page by `cursor`: pass back `next_cursor`.", "field": "page", "suggestion": "cursor"}"#),
    ("an offset", "GET /v1/contacts?offset=50",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `offset`. Lists page by `cursor`: pass back `next_cursor`.", "field": "offset", "suggestion": "cursor"}"#),
    ("Stripe's cursor", "GET /v1/contacts?starting_after=CON",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `starting_after`. Lists page by `cursor`: pass back `next_cursor`.", "field": "starting_after", "suggestion": "cursor"}"#),
    ("an order", "GET /v1/contacts?sort=-created_at",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `sort`. Lists are newest first, and in no other order.", "field": "sort"}"#),
    ("contains", "GET /v1/contacts?filter[email][contains]=ada",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no operator `contains`. For a part of a text write `filter[email][ilike]=%25ada%25`, where %25 is a `%`.", "field": "email", "suggestion": "ilike"}"#),
    ("a search's query", "GET /v1/search?query=ada",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `query`. It is `q`.", "field": "query", "suggestion": "q"}"#),
    ("10k", "GET /v1/deals?filter[value_cents][gte]=10k",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "The filter on `value_cents` needs an integer, not `10k`.", "field": "value_cents"}"#),
    ("per_page", "GET /v1/contacts?per_page=100",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `per_page`. How many records a page holds is its `limit`.", "field": "per_page", "suggestion": "limit"}"#),
    ("order_by", "GET /v1/deals?order_by=value_cents",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `order_by`. Lists are newest first, and in no other order.", "field": "order_by"}"#),
    ("q on a list", "GET /v1/contacts?q=ada",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `q`. A list is filtered, as in `filter[email][ilike]=ada%25`; words are searched by `GET /v1/search?q=…`.", "field": "q"}"#),
    ("Attio's brackets", "GET /v1/contacts?email[eq]=ada@example.com",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "A filter is written as filter[field][operator]=value or field=value. Write `filter[email][eq]=ada@example.com`.", "field": "email[eq]", "suggestion": "filter[email][eq]"}"#),
    ("Stripe's range", "GET /v1/contacts?created[gte]=1751500000",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "A filter is written as filter[field][operator]=value or field=value. Write `filter[created_at][gte]=1751500000`.", "field": "created[gte]", "suggestion": "filter[created_at][gte]"}"#),
    ("expand", "GET /v1/contacts/CON?expand=company",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `expand`. A record is answered whole, with the ids of others and not with these.", "field": "expand"}"#),
    ("a key in the URL", "GET /v1/contacts?api_key=sk_live_x",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no parameter `api_key`. A key goes into the header `Authorization: Bearer sk_…`, and never into a URL.", "field": "api_key"}"#),
    ("a day without a time as a filter", "GET /v1/contacts?filter[created_at][gte]=2026-07-02",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "The filter on `created_at` needs an RFC 3339 time such as 2026-07-02T10:00:00Z, not `2026-07-02`. `2026-07-02` has no time: write it as `2026-07-02T00:00:00Z`.", "field": "created_at", "suggestion": "2026-07-02T00:00:00Z"}"#),
    ("not equal", "GET /v1/contacts?filter[email][ne]=a",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no operator `ne`. Did you mean `neq`?", "field": "email", "suggestion": "neq"}"#),
    ("a wrong limit", "GET /v1/contacts?limit=ten",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "`limit` must be a whole number from 1 to 200, not `ten`.", "field": "limit"}"#),
    ("Relm-Version of tomorrow", "GET /v1/contacts",
     r#"Relm-Version: 2027-01-01"#, 400,
     r#"{"code": "bad_request", "message": "`Relm-Version` must be 2026-07-02, or left out, not `2027-01-01`.", "field": "Relm-Version"}"#),
    ("the edges of a contact", "GET /v1/associations?contact_id=CON",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no field `contact_id` to filter by. Did you mean `record_id`?", "field": "contact_id", "suggestion": "record_id"}"#),
    ("the type of an event", "GET /v1/events?event_type=contact.created",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no field `event_type` to filter by. Did you mean `type`?", "field": "event_type", "suggestion": "type"}"#),
    ("a filter by what is called otherwise", "GET /v1/deals?filter[amount][gte]=10",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no field `amount` to filter by. Did you mean `value_cents`?", "field": "amount", "suggestion": "value_cents"}"#),
    ("a misspelled filter", "GET /v1/companies?nmae=a",
     r#""#, 400,
     r#"{"code": "bad_request", "message": "There is no field `nmae` to filter by. Did you mean `name`?", "field": "nmae", "suggestion": "name"}"#),
];

/// Of bodies and headers.
#[rustfmt::skip]
const BODIES: &[Mistake] = &[
    ("a day with a time", "POST /v1/deals",
     r#"{"title": "A", "close_date": "2026-07-02T10:00:00Z"}"#, 422,
     r#"{"code": "validation_failed", "message": "`close_date` must be a day such as 2026-07-02, not \"2026-07-02T10:00:00Z\". A day has no time: send `2026-07-02`.", "field": "close_date", "suggestion": "2026-07-02"}"#),
    ("a time without a zone", "POST /v1/activities",
     r#"{"type": "call", "occurred_at": "2026-07-02 10:00"}"#, 422,
     r#"{"code": "validation_failed", "message": "`occurred_at` must be an RFC 3339 time such as 2026-07-02T10:00:00Z, not \"2026-07-02 10:00\". `2026-07-02 10:00` has no zone: write it as `2026-07-02T10:00:00Z`.", "field": "occurred_at", "suggestion": "2026-07-02T10:00:00Z"}"#),
    ("cents as a decimal", "POST /v1/deals",
     r#"{"title": "A", "value_cents": 10.5}"#, 422,
     r#"{"code": "validation_failed", "message": "`value_cents` must be an integer, not 10.5. `value_cents` is whole cents: 10.50 is 1050.", "field": "value_cents", "suggestion": "1050"}"#),
    ("a custom field at the top level", "POST /v1/contacts",
     r#"{"email": "a@example.com", "plan": "pro"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `plan` here. `plan` is a custom field: write `metadata.plan`.", "field": "plan", "suggestion": "metadata.plan"}"#),
    ("a custom field at the top level of a change", "PATCH /v1/contacts/CON",
     r#"{"plan": "pro"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `plan` here. `plan` is a custom field: write `metadata.plan`.", "field": "plan", "suggestion": "metadata.plan"}"#),
    ("a contact's name", "POST /v1/contacts",
     r#"{"name": "Ada Lovelace"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `name` here. Did you mean `first_name` and `last_name`?", "field": "name", "suggestion": "first_name"}"#),
    ("a deal's contact_id", "POST /v1/deals",
     r#"{"title": "A", "contact_id": "CON"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `contact_id` here. Did you mean `primary_contact_id`?", "field": "contact_id", "suggestion": "primary_contact_id"}"#),
    ("a deal's name", "POST /v1/deals",
     r#"{"name": "A"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `name` here. Did you mean `title`?", "field": "name", "suggestion": "title"}"#),
    ("choices at the top level", "POST /v1/schema/fields",
     r#"{"object_type": "contact", "key": "a", "type": "select", "choices": ["a"]}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `choices` here. Did you mean `options.choices`?", "field": "choices", "suggestion": "options.choices"}"#),
    ("options as a list", "POST /v1/schema/fields",
     r#"{"object_type": "contact", "key": "a", "type": "select", "options": ["a"]}"#, 422,
     r#"{"code": "validation_failed", "message": "`options` must be an object such as {\"choices\":[\"a\",\"b\"]}, not an array. Did you mean `{\"choices\":[\"a\"]}`?", "field": "options", "suggestion": "{\"choices\":[\"a\"]}"}"#),
    ("boolean", "POST /v1/schema/fields",
     r#"{"object_type": "contact", "key": "a", "type": "boolean"}"#, 422,
     r#"{"code": "unknown_value", "message": "`type` must be one of text, number, date, bool, select, not `boolean`. Did you mean `bool`?", "field": "type", "suggestion": "bool"}"#),
    ("string", "POST /v1/schema/fields",
     r#"{"object_type": "contact", "key": "a", "type": "string"}"#, 422,
     r#"{"code": "unknown_value", "message": "`type` must be one of text, number, date, bool, select, not `string`. Did you mean `text`?", "field": "type", "suggestion": "text"}"#),
    ("every event of a type", "POST /v1/webhooks",
     r#"{"url": "https://example.com/", "event_types": ["contact.*"]}"#, 422,
     r#"{"code": "unknown_value", "message": "`event_types` must name types of event, or be [\"*\"] for all; there is no `contact.*`. Name contact.created, contact.updated, contact.deleted.", "field": "event_types"}"#),
    ("single quotes", "POST /v1/contacts",
     r#"{'email':'a@example.com'}"#, 400,
     r#"{"code": "bad_request", "message": "The body is not valid JSON: key must be a string at line 1 column 2. JSON names and texts take double quotes."}"#),
    ("a choice in another case", "POST /v1/contacts",
     r#"{"email": "a@example.com", "metadata": {"plan": "Pro"}}"#, 422,
     r#"{"code": "unknown_value", "message": "`metadata.plan` must be one of free, pro, enterprise, not \"Pro\". Did you mean `pro`?", "field": "metadata.plan", "suggestion": "pro"}"#),
    ("another kind's id", "POST /v1/contacts",
     r#"{"email": "a@example.com", "company_id": "CON"}"#, 422,
     r#"{"code": "invalid_reference", "message": "`company_id` must be the id of an existing company. `CON` is the id of a contact; that of a company begins with `cmp_`.", "field": "company_id"}"#),
    ("a bare list", "POST /v1/contacts/batch",
     r#"[{"email": "a@example.com"}]"#, 400,
     r#"{"code": "bad_request", "message": "The body must be a JSON object, not an array: {\"contacts\": […]}."}"#),
    ("501 rows", "POST /v1/contacts/batch",
     r#"ROWS"#, 422,
     r#"{"code": "validation_failed", "message": "`contacts` must hold 1 to 500 rows; it holds 501.", "field": "contacts"}"#),
    ("a number in quotes", "POST /v1/deals",
     r#"{"title": "A", "value_cents": "1000"}"#, 422,
     r#"{"code": "validation_failed", "message": "`value_cents` must be an integer, not \"1000\". Send 1000, without quotes.", "field": "value_cents", "suggestion": "1000"}"#),
    ("camel case", "POST /v1/contacts",
     r#"{"firstName": "Ada"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `firstName` here. Did you mean `first_name`?", "field": "firstName", "suggestion": "first_name"}"#),
    ("a webhook's events", "POST /v1/webhooks",
     r#"{"url": "https://example.com/", "events": ["contact.created"]}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `events` here. Did you mean `event_types`?", "field": "events", "suggestion": "event_types"}"#),
    ("dedup_on as a string", "POST /v1/contacts/batch",
     r#"{"contacts": [{"email": "a@example.com"}], "dedup_on": "email"}"#, 422,
     r#"{"code": "validation_failed", "message": "`dedup_on` must be a list of strings, not \"email\". Did you mean `[\"email\"]`?", "field": "dedup_on", "suggestion": "[\"email\"]"}"#),
    ("a version without quotes", "PATCH /v1/contacts/CON",
     r#"If-Match: 3"#, 400,
     r#"{"code": "bad_request", "message": "`If-Match` must be the record's version in quotes, such as \"3\", not `3`. Send If-Match: \"3\".", "field": "If-Match", "suggestion": "\"3\""}"#),
    ("object types in the plural", "POST /v1/schema/fields",
     r#"{"object_type": "contacts", "key": "a", "type": "text"}"#, 422,
     r#"{"code": "unknown_value", "message": "`object_type` must be one of contact, company, deal, activity, not `contacts`. Did you mean `contact`?", "field": "object_type", "suggestion": "contact"}"#),
    ("companies in the plural", "POST /v1/associations",
     r#"{"from_type": "companies", "from_id": "CMP", "to_type": "contact", "to_id": "CON"}"#, 422,
     r#"{"code": "unknown_value", "message": "`from_type` must be one of contact, company, deal, activity, not `companies`. Did you mean `company`?", "field": "from_type", "suggestion": "company"}"#),
    ("fieldType", "POST /v1/schema/fields",
     r#"{"object_type": "contact", "key": "a", "fieldType": "text"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `fieldType` here. Did you mean `type`?", "field": "fieldType", "suggestion": "type"}"#),
    ("a field's name", "POST /v1/schema/fields",
     r#"{"object_type": "contact", "name": "Plan", "type": "text"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `name` here. Did you mean `key`?", "field": "name", "suggestion": "key"}"#),
    ("true in quotes", "POST /v1/webhooks",
     r#"{"url": "https://example.com/", "event_types": ["*"], "enabled": "true"}"#, 422,
     r#"{"code": "validation_failed", "message": "`enabled` must be true or false, not \"true\". Send true, without quotes.", "field": "enabled", "suggestion": "true"}"#),
    ("a list for a text", "POST /v1/contacts",
     r#"{"email": ["a@example.com"]}"#, 422,
     r#"{"code": "validation_failed", "message": "`email` must be a string, not an array. Send `a@example.com` alone, without the brackets.", "field": "email", "suggestion": "a@example.com"}"#),
    ("a number for a text", "POST /v1/contacts",
     r#"{"phone": 4155550132}"#, 422,
     r#"{"code": "validation_failed", "message": "`phone` must be a string, not 4155550132. In quotes it is one: \"4155550132\".", "field": "phone", "suggestion": "4155550132"}"#),
    ("a currency's sign", "POST /v1/deals",
     r#"{"title": "A", "value_cents": 1, "currency": "$"}"#, 422,
     r#"{"code": "validation_failed", "message": "`currency` must be an ISO 4217 code such as USD or EUR, not `$`. Did you mean `USD`?", "field": "currency", "suggestion": "USD"}"#),
    ("a day in American order", "POST /v1/deals",
     r#"{"title": "A", "close_date": "07/22/2026"}"#, 422,
     r#"{"code": "validation_failed", "message": "`close_date` must be a day such as 2026-07-02, not \"07/22/2026\". Did you mean `2026-07-22`?", "field": "close_date", "suggestion": "2026-07-22"}"#),
    ("a day in an order that nobody knows", "POST /v1/deals",
     r#"{"title": "A", "close_date": "07/02/2026"}"#, 422,
     r#"{"code": "validation_failed", "message": "`close_date` must be a day such as 2026-07-02, not \"07/02/2026\". Write the year first, as in 2026-07-02, of a day that the calendar has.", "field": "close_date"}"#),
    ("seconds since 1970", "POST /v1/activities",
     r#"{"type": "call", "occurred_at": 1751500000}"#, 422,
     r#"{"code": "validation_failed", "message": "`occurred_at` must be an RFC 3339 time such as 2026-07-02T10:00:00Z, not 1751500000. As seconds since 1970, 1751500000 is `2025-07-02T23:46:40.000Z`.", "field": "occurred_at", "suggestion": "2025-07-02T23:46:40.000Z"}"#),
    ("an id with a space", "POST /v1/contacts",
     r#"{"email": "a@example.com", "company_id": " CMP "}"#, 422,
     r#"{"code": "invalid_reference", "message": "`company_id` must be the id of an existing company. Ids are case-sensitive and hold no spaces: `CMP`.", "field": "company_id", "suggestion": "CMP"}"#),
    ("HubSpot's body", "POST /v1/contacts",
     r#"{"properties": {"email": "a@example.com"}}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `properties` here. Send its members without `properties` around them.", "field": "properties"}"#),
    ("a display name", "POST /v1/contacts",
     r#"{"email": "Ada <ada@example.com>"}"#, 422,
     r#"{"code": "validation_failed", "message": "An e-mail address must be one such as ada@example.com, not `Ada <ada@example.com>`. Did you mean `ada@example.com`?", "field": "email", "suggestion": "ada@example.com"}"#),
    ("an empty address", "POST /v1/contacts",
     r#"{"email": ""}"#, 422,
     r#"{"code": "validation_failed", "message": "An e-mail address must be one such as ada@example.com, not ``. Leave it out, or send null, where there is none.", "field": "email"}"#),
    ("metadata as a text", "POST /v1/contacts",
     r#"{"email": "a@example.com", "metadata": "plan=pro"}"#, 422,
     r#"{"code": "validation_failed", "message": "`metadata` must be an object such as {\"plan\":\"pro\"}, not \"plan=pro\".", "field": "metadata"}"#),
    ("bool in metadata as a text", "POST /v1/contacts",
     r#"{"email": "a@example.com", "metadata": {"plan": "pro", "vip": "yes"}}"#, 422,
     r#"{"code": "validation_failed", "message": "`metadata.vip` must be true or false, not \"yes\". Send true, without quotes.", "field": "metadata.vip", "suggestion": "true"}"#),
    ("a field that nobody defined", "POST /v1/contacts",
     r#"{"email": "a@example.com", "lifecyclestage": "lead"}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `lifecyclestage` here. What has no field of ours goes into `metadata`.", "field": "lifecyclestage"}"#),
    ("a reference to nothing", "POST /v1/contacts",
     r#"{"email": "a@example.com", "metadata": {"plan": "pro"}, "company_id": "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"}"#, 422,
     r#"{"code": "invalid_reference", "message": "`company_id` must be the id of an existing company. There is no `cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB`.", "field": "company_id"}"#),
    ("a URL without its scheme", "POST /v1/webhooks",
     r#"{"url": "example.com/hooks", "event_types": ["*"]}"#, 422,
     r#"{"code": "validation_failed", "message": "`url` must start with https:// in live mode. Did you mean `https://example.com/hooks`?", "field": "url", "suggestion": "https://example.com/hooks"}"#),
    ("http in live mode", "POST /v1/webhooks",
     r#"{"url": "http://example.com/hooks", "event_types": ["*"]}"#, 422,
     r#"{"code": "validation_failed", "message": "`url` must start with https:// in live mode. Did you mean `https://example.com/hooks`?", "field": "url", "suggestion": "https://example.com/hooks"}"#),
    ("no choice at all", "POST /v1/contacts",
     r#"{"email": "a@example.com"}"#, 422,
     r#"{"code": "validation_failed", "message": "`metadata.plan` is required: one of free, pro, enterprise.", "field": "metadata.plan"}"#),
    ("a form", "POST /v1/contacts",
     r#"email=a@example.com"#, 400,
     r#"{"code": "bad_request", "message": "The body is not valid JSON: expected value at line 1 column 1. Send an object, as in {\"email\":\"ada@example.com\"}; a form is not read."}"#),
    ("Python's None", "POST /v1/contacts",
     r#"{"email": None}"#, 400,
     r#"{"code": "bad_request", "message": "The body is not valid JSON: expected value at line 1 column 11. JSON writes true, false and null."}"#),
    ("a comma at the end", "POST /v1/contacts",
     r#"{"email":"a@example.com",}"#, 400,
     r#"{"code": "bad_request", "message": "The body is not valid JSON: trailing comma at line 1 column 26."}"#),
    ("amount", "POST /v1/deals",
     r#"{"title": "A", "amount": 10}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `amount` here. Did you mean `value_cents`?", "field": "amount", "suggestion": "value_cents"}"#),
    ("a batch's rows", "POST /v1/contacts/batch",
     r#"{"rows": [{"email": "a@example.com"}]}"#, 422,
     r#"{"code": "unknown_field", "message": "There is no field `rows` here. Did you mean `contacts`?", "field": "rows", "suggestion": "contacts"}"#),
];

/// A workspace with a contact, a company, a deal and two custom fields of contacts.
struct Desk<'a> {
    user: User<'a>,
    ids: [(&'static str, String); 3],
}

impl<'a> Desk<'a> {
    fn new(world: &'a World) -> Self {
        let user = world.user("acme", Mode::Live);
        let company = user.create("/v1/companies", json!({ "name": "A" }));
        let deal = user.create("/v1/deals", json!({ "title": "A" }));
        let ids = [
            ("CON", user.contact("ada@example.com")),
            ("CMP", id(&company)),
            ("DEAL", id(&deal)),
        ];
        let choices = json!({ "choices": ["free", "pro", "enterprise"] });
        for field in [
            json!({ "key": "plan", "type": "select", "required": true, "options": choices }),
            json!({ "key": "vip", "type": "bool" }),
        ] {
            let mut field = field;
            field["object_type"] = json!("contact");
            user.create("/v1/schema/fields", field);
        }
        Self { user, ids }
    }

    /// The text with the ids that its names stand for.
    fn real(&self, text: &str) -> String {
        let ids = self.ids.iter();
        ids.fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    fn named(&self, text: &str) -> String {
        let ids = self.ids.iter();
        ids.fold(text.to_owned(), |text, (name, id)| text.replace(id, name))
    }

    fn make(&self, request: &str, said: &str) -> Answered {
        let (method, path) = request.split_once(' ').unwrap();
        let ask = self.user.ask(method, &self.real(path));
        let ask = match said.split_once(": ") {
            _ if said == "ROWS" => ask.json(&json!({ "contacts": vec![json!({}); 501] })),
            Some((name, value)) if !name.contains(['{', '[']) => {
                ask.header(&name.to_lowercase(), value).text("{}")
            }
            _ => ask.text(self.real(said)),
        };
        ask.send()
    }
}

#[test]
fn each_mistake_is_told_what_would_be_right() {
    let world = World::new();
    let desk = Desk::new(&world);
    for (mistake, request, said, status, told) in [PATHS, LISTS, BODIES].concat() {
        let error = desk.make(request, said).error(status);
        let mut error: Value = serde_json::from_str(&desk.named(&error.to_string())).unwrap();
        error.as_object_mut().unwrap().remove("valid_options");
        let told: Value = serde_json::from_str(told).unwrap();
        assert_eq!(error, told, "{mistake}");
    }
}

#[test]
fn the_message_alone_says_it() {
    let world = World::new();
    let desk = Desk::new(&world);
    for (mistake, request, said, status, _) in [PATHS, LISTS, BODIES].concat() {
        let error = desk.make(request, said).error(status);
        let message = error["message"].as_str().unwrap();
        if let Some(suggestion) = error["suggestion"].as_str() {
            assert!(message.contains(suggestion), "{mistake}: {message}");
        }
        assert!(
            !message.contains("a string, not a string"),
            "{mistake}: {message}"
        );
        let options = error["valid_options"].as_array().into_iter().flatten();
        for option in options.filter_map(Value::as_str) {
            let is_read_only = ["object", "version", "mode", "created_at"].contains(&option);
            assert!(
                !is_read_only || error["code"] == "bad_request",
                "{mistake}: {option} cannot be set"
            );
        }
    }
}

/// Every member of every input, given a value of each type of JSON.
#[test]
fn no_message_contradicts_itself() {
    let world = World::new();
    let desk = Desk::new(&world);
    let values = [
        json!(true),
        json!(1.5),
        json!("x"),
        json!(["x"]),
        json!([1]),
        json!({ "x": 1 }),
    ];
    for (path, members) in [
        (
            "/v1/contacts",
            "email first_name last_name phone company_id metadata",
        ),
        ("/v1/companies", "name domain metadata"),
        (
            "/v1/deals",
            "title value_cents currency stage close_date company_id primary_contact_id metadata",
        ),
        (
            "/v1/activities",
            "type subject body contact_id deal_id company_id occurred_at metadata",
        ),
        (
            "/v1/schema/fields",
            "object_type key label type required options",
        ),
        ("/v1/associations", "from_type from_id to_type to_id label"),
        ("/v1/webhooks", "url event_types description enabled"),
        ("/v1/contacts/batch", "contacts dedup_on atomic"),
    ] {
        for member in members.split(' ') {
            for value in &values {
                let answer = desk.user.post(path, json!({ member: value }));
                if answer.status < 400 {
                    continue;
                }
                let error = answer.error(422);
                let message = error["message"].as_str().unwrap();
                let (_, after) = message.split_once(" must be ").unwrap_or(("", ""));
                let (expected, found) = after.split_once(", not ").unwrap_or(("", "-"));
                let found = match found.chars().next() {
                    Some('"') => "a string",
                    Some('-' | '0'..='9') => "a number",
                    _ => found.trim_end_matches('.'),
                };
                assert!(
                    !expected.starts_with(found),
                    "{path} {member} {value}: {message}"
                );
            }
        }
    }
}

#[test]
fn what_is_repeated_of_a_request_is_cut() {
    let world = World::new();
    let desk = Desk::new(&world);
    let long = "x".repeat(1 << 18);
    for body in [
        json!({ "title": "A", "close_date": long }),
        json!({ "title": "A", "close_date": [long] }),
        json!({ "title": "A", "currency": long }),
        json!({ "title": long }),
        json!({ "title": [long] }),
        json!({ "title": "A", "company_id": long }),
        json!({ "title": "A", "metadata": [long] }),
        json!({ "title": "A", (long.clone()): { "title": "A" } }),
    ] {
        let answer = desk.user.post("/v1/deals", body);
        assert_eq!(answer.status, 422);
        assert!(answer.text.len() < 4_096, "{}", answer.text.len());
    }
}
