// A client that openapi-generator makes for TypeScript, against a server that runs: RELM_URL, RELM_KEY.

import assert from "node:assert/strict";
import { Configuration, ContactsApi, EventsApi, ResponseError } from "./client/index.js";

const configuration = new Configuration({ basePath: process.env.RELM_URL, accessToken: process.env.RELM_KEY });
const contacts = new ContactsApi(configuration);

const ada = await contacts.contactsCreate({
  contactCreate: { email: "ada@typescript.example", firstName: "Ada", metadata: { plan: "pro" } },
});
assert.deepEqual(ada.metadata, { plan: "pro" });
const grace = await contacts.contactsCreate({
  contactCreate: { email: "grace@typescript.example", firstName: "Grace" },
});

const found = await contacts.contactsList({
  filterEmailIn: ["ada@typescript.example", "grace@typescript.example"],
  filterFirstNameNeq: "Ada",
  filterCreatedAtGte: ada.createdAt,
});
assert.deepEqual(found.data.map((one) => one.id), [grace.id]);

const batch = () =>
  contacts.contactsBatchRaw({
    idempotencyKey: "batch-typescript",
    contactBatchCreate: { contacts: [{ email: "ADA@typescript.example", lastName: "Lovelace" }], dedupOn: ["email"] },
  });
const [first, again] = [await batch(), await batch()];
assert.equal((await first.value()).updated, 1);
assert.equal(again.raw.headers.get("Idempotent-Replayed"), "true");

async function refused(call: Promise<unknown>): Promise<{ status: number; error: { code: string; existing_id?: string } }> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof ResponseError);
    return { status: error.response.status, error: (await error.response.json()).error };
  }
  throw new Error("it was not refused");
}

const taken = await refused(contacts.contactsCreate({ contactCreate: { email: "ada@typescript.example" } }));
assert.deepEqual([taken.status, taken.error.existing_id], [409, ada.id]);

const change = { id: ada.id, ifMatch: '"2"', contactUpdate: { firstName: null, metadata: { plan: null } } };
const updated = await contacts.contactsUpdate(change);
assert.deepEqual([updated.firstName, updated.version], [null, 3]);
assert.equal((await refused(contacts.contactsUpdate(change))).error.code, "version_conflict");

const events = await new EventsApi(configuration).eventsList({ limit: 1 });
assert.equal(events.data[0].type, "contact.updated");
