// The types that openapi-typescript makes, with openapi-fetch, against a server that runs: RELM_URL, RELM_KEY.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./relm.js";

const client = createClient<paths>({
  baseUrl: process.env.RELM_URL,
  headers: { Authorization: `Bearer ${process.env.RELM_KEY}` },
});
type Contact = components["schemas"]["Contact"];

async function create(body: components["schemas"]["ContactCreate"]): Promise<Contact> {
  const { data, error } = await client.POST("/v1/contacts", { body });
  assert(data, JSON.stringify(error));
  return data;
}

const ada = await create({ email: "ada@fetch.example", first_name: "Ada", metadata: { plan: "pro", seats: [1] } });
assert.deepEqual(ada.metadata, { plan: "pro", seats: [1] });
const grace = await create({ email: "grace@fetch.example", first_name: "Grace" });

const found = await client.GET("/v1/contacts", {
  params: {
    query: { "filter[email][in]": ["ada@fetch.example", "grace@fetch.example"], "filter[first_name][neq]": "Ada" },
  },
});
assert.deepEqual(found.data?.data.map((one) => one.id), [grace.id]);

const batch = () =>
  client.POST("/v1/contacts/batch", {
    params: { header: { "Idempotency-Key": "batch-fetch" } },
    body: { contacts: [{ email: "ADA@fetch.example", last_name: "Lovelace" }], dedup_on: ["email"] },
  });
const [first, again] = [await batch(), await batch()];
assert.equal(first.data?.updated, 1);
assert.deepEqual(again.data, first.data);
assert.equal(again.response.headers.get("Idempotent-Replayed"), "true");

const taken = await client.POST("/v1/contacts", { body: { email: "ada@fetch.example" } });
assert.equal(taken.response.status, 409);
assert.equal(taken.error?.error.existing_id, ada.id);

const update = () =>
  client.PATCH("/v1/contacts/{id}", {
    params: { path: { id: ada.id }, header: { "If-Match": '"2"' } },
    body: { first_name: null, metadata: { plan: null } },
  });
const updated = await update();
assert.equal(updated.data?.version, 3);
assert.equal(updated.data?.first_name, null);
assert.equal((await update()).error?.error.code, "version_conflict");

const events = await client.GET("/v1/events", { params: { query: { limit: 1 } } });
const event = events.data?.data[0];
assert(event?.type === "contact.updated" && event.data.object === "contact");
