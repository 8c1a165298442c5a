//! Batches of operations over the store: each does what it would do alone, and all of them are one commit.

use std::collections::BTreeMap;

use relm_core::engine::{ListRequest, OperationStatus, OperationsReport, Scoped};
use relm_core::value::id::{Id, Kind};
use serde_json::{Value, json};

use super::acme::Acme;
use super::races::contenders;
use crate::subject::Subject;

/// Operations of one history.
const OPERATIONS: usize = 40;
/// How many of them are carried out before the batch that has the others.
const FIRST: usize = 12;
/// Histories that are compared.
const HISTORIES: u64 = 6;

async fn batch(scoped: &Scoped, operations: &[Value], atomic: bool) -> OperationsReport {
    let body = json!({ "operations": operations, "atomic": atomic });
    let reply = scoped.batch_json(body).await;
    let reply = reply.expect("the batch is valid");
    reply.decode().expect("it is a report")
}

/// Numbers without an end, the same for each seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// The name of a record that an earlier operation made, or may have failed to.
    fn earlier(&mut self, index: usize) -> Value {
        // Mostly one of the first few: so that what is deleted is restored, and linked again.
        let among = match self.below(3) {
            0 => index,
            _ => index.min(8),
        };
        json!({ "$ref": format!("r{}", self.below(among.max(1))) })
    }
}

/// One operation of a history; it names what earlier ones made.
fn operation(numbers: &mut Numbers, index: usize) -> Value {
    let email = format!("e{}@example.com", numbers.below(4));
    let name = format!("n{}", numbers.below(3));
    let earlier = numbers.earlier(index);
    let mut operation = match numbers.below(14) {
        0 | 1 => json!({ "op": "create", "object": "contact", "data": { "email": email } }),
        2 => json!({ "op": "create", "object": "company", "data": { "name": name } }),
        3 => {
            json!({ "op": "create", "object": "deal", "data": { "title": name, "primary_contact_id": earlier } })
        }
        4 => {
            json!({ "op": "upsert", "object": "contact", "match": { "email": email }, "data": { "first_name": name } })
        }
        5 => {
            json!({ "op": "update", "object": "contact", "match": { "email": email }, "data": { "company_id": earlier } })
        }
        6 => {
            json!({ "op": "update", "id": earlier, "data": { "metadata": { "k": numbers.below(3) } } })
        }
        7 => {
            json!({ "op": "update", "object": "contact", "id": earlier, "data": { "email": email } })
        }
        8 => {
            let to = numbers.earlier(index);
            json!({ "op": "link", "data": {
                "from_type": "contact", "from_id": earlier, "to_type": "contact", "to_id": to, "label": name,
            } })
        }
        9 => json!({ "op": "unlink", "id": earlier }),
        10 | 11 => json!({ "op": "delete", "id": earlier }),
        _ => json!({ "op": "restore", "id": earlier }),
    };
    operation["ref"] = json!(format!("r{index}"));
    operation
}

/// An operation with ids in the places of the names of the first `known` operations' records.
fn resolved(value: &Value, known: usize, ids: &BTreeMap<String, Id>) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    if let Some(name) = members.get("$ref").and_then(Value::as_str) {
        let place: usize = name[1..].parse().expect("it is a letter and a number");
        return match (ids.get(name), place < known) {
            (Some(id), true) => json!(id),
            (None, true) => json!(Id::new(Kind::Contact, 1)),
            (_, false) => value.clone(),
        };
    }
    let members = members.iter();
    let members = members.map(|(name, value)| (name.clone(), resolved(value, known, ids)));
    Value::Object(members.collect())
}

/// A workspace, and the records that operations made there by their names.
struct Played {
    acme: Acme,
    ids: BTreeMap<String, Id>,
    statuses: Vec<OperationStatus>,
}

impl Played {
    fn of(acme: Acme) -> Self {
        Self {
            acme,
            ids: BTreeMap::new(),
            statuses: Vec::new(),
        }
    }

    /// Carries operations out, each in a batch of its own; `known` are before the first of them.
    async fn one_by_one(&mut self, operations: &[Value], known: usize) {
        for (index, operation) in operations.iter().enumerate() {
            let alone = [operation.clone()];
            self.together(&alone, known + index).await;
        }
    }

    async fn together(&mut self, operations: &[Value], known: usize) {
        let resolve = |operation: &Value| resolved(operation, known, &self.ids);
        let operations: Vec<Value> = operations.iter().map(resolve).collect();
        // Under a key: what is kept of its answer must not be in the way of anything.
        let key = format!("those from {known} on");
        let scoped = self.acme.scoped.clone();
        let scoped = scoped.idempotent(&key, &operations);
        let scoped = scoped.expect("the key is short");
        let report = batch(&scoped, &operations, false).await;
        assert_eq!(batch(&scoped, &operations, false).await, report);
        for row in report.data {
            self.statuses.push(row.status);
            let name = format!("r{}", known + row.index);
            self.ids.extend(row.id.map(|id| (name, id)));
        }
    }
}

/// Everything that there is, with a name for each id: that of the operation that made its record first.
async fn state(acme: &Acme, store: &Subject, ids: &BTreeMap<String, Id>) -> Vec<String> {
    let mut all = Vec::new();
    for kind in [
        Kind::Contact,
        Kind::Company,
        Kind::Deal,
        Kind::Association,
        Kind::Trashed,
    ] {
        let documents = acme.all(store, kind).await;
        let documents = documents
            .iter()
            .map(|document| document.json.as_ref().to_owned());
        let mut documents: Vec<String> = documents.map(|json| shown(&json, ids)).collect();
        documents.sort_unstable();
        all.extend(documents);
    }
    for document in acme.all(store, Kind::Event).await.into_iter().rev() {
        let event: Value = serde_json::from_str(&document.json).expect("it is JSON");
        let told = json!([event["type"], event["data"], event["previous"]]);
        all.push(shown(&told.to_string(), ids));
    }
    all
}

/// A text whose ids are replaced by names, and without what the time and the trash's own ids are.
fn shown(text: &str, ids: &BTreeMap<String, Id>) -> String {
    let mut text = text.to_owned();
    for (name, id) in ids {
        text = text.replace(&id.text(), name);
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(mut members)) if members.get("object") == Some(&json!("trashed")) => {
            members.remove("id");
            Value::Object(members).to_string()
        }
        _ => text,
    }
}

/// In one batch each operation comes to what it would come to in a request of its own, and leaves the same records, associations, trash and
/// events; what fails leaves nothing.
pub(crate) async fn a_batch_does_what_its_operations_do_one_by_one(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let mut came_to = Vec::new();
    for seed in 0..HISTORIES {
        let mut numbers = Numbers(seed);
        let operations: Vec<Value> = (0..OPERATIONS)
            .map(|index| operation(&mut numbers, index))
            .collect();
        let (first, rest) = operations.split_at(FIRST);
        let mut together = Played::of(acme.in_another_workspace(&format!("together {seed}")).await);
        let mut apart = Played::of(acme.in_another_workspace(&format!("apart {seed}")).await);
        together.one_by_one(first, 0).await;
        together.together(rest, FIRST).await;
        apart.one_by_one(&operations, 0).await;
        assert_eq!(
            together.statuses, apart.statuses,
            "history {seed}: {operations:#?}"
        );
        assert_eq!(
            state(&together.acme, &store, &together.ids).await,
            state(&apart.acme, &store, &apart.ids).await,
            "history {seed}: {operations:#?}"
        );
        came_to.extend(apart.statuses);
    }
    for status in OperationStatus::ALL {
        assert!(came_to.contains(&status), "no operation was {status}");
    }
}

/// Batches that meet in the same records, in opposite orders, each happen wholly: none is refused, torn or done twice.
pub(crate) async fn batches_in_opposite_orders_happen_wholly(store: Subject) {
    const ROUNDS: usize = 5;
    const CONTENDERS: usize = 4;
    let acme = Acme::open(store.shared()).await;
    let send = async |(n, scoped): (usize, Scoped)| {
        for round in 0..ROUNDS {
            let upsert = |of: &str| {
                json!({ "op": "upsert", "object": "contact", "ref": of, "match": { "email": format!("{of}@example.com") },
                    "data": { "metadata": { format!("k{n}"): round } } })
            };
            let mut operations = vec![upsert("a"), upsert("b")];
            if n % 2 == 0 {
                operations.reverse();
            }
            operations.push(json!({ "op": "link", "data": {
                "from_type": "contact", "from_id": { "$ref": "a" }, "to_type": "contact", "to_id": { "$ref": "b" },
            } }));
            operations.push(json!({ "op": "create", "object": "company", "data": { "name": format!("{n} {round}") } }));
            let report = batch(&scoped, &operations, true).await;
            assert_eq!(report.failed, 0);
        }
    };
    store.race(
        contenders(&acme, &store, CONTENDERS)
            .await
            .into_iter()
            .map(send),
    );
    let contacts = acme.scoped.contacts().list(&ListRequest::default()).await;
    let contacts = contacts.expect("the store lists").data;
    assert_eq!(contacts.len(), 2);
    for contact in contacts {
        let last = |n| (format!("k{n}"), json!(ROUNDS - 1));
        let expected: relm_core::Metadata = (0..CONTENDERS).map(last).collect();
        let version = (ROUNDS * CONTENDERS) as i64;
        assert_eq!((contact.metadata, contact.version), (expected, version));
    }
    assert_eq!(acme.all(&store, Kind::Association).await.len(), 1);
    let made = ROUNDS * CONTENDERS;
    assert_eq!(acme.all(&store, Kind::Company).await.len(), made);
    // Of each batch one event for each contact and the company, and one of the link.
    assert_eq!(acme.all(&store, Kind::Event).await.len(), 3 * made + 1);
}
