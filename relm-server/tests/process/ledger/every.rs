//! That a writer makes every kind of write that the API has.

use super::*;

/// What a writer does not make: files of records, which `imports.rs` sends and kills; what is done as `contacts_batch` and
/// `contacts_merge` are, for other objects or one record; settings of objects, which are a definition as those that it makes, and would
/// have other writers refused; and promotions, which are for live mode, where it writes nothing.
const ELSEWHERE: [&str; 20] = [
    "activities_batch",
    "activities_merge",
    "activities_upsert",
    "companies_batch",
    "companies_merge",
    "companies_upsert",
    "contacts_upsert",
    "deals_batch",
    "deals_merge",
    "deals_upsert",
    "exports_create",
    "imports_cancel",
    "imports_create",
    "imports_delete",
    "imports_undo",
    "promotion_apply",
    "schema_activities_update",
    "schema_companies_update",
    "schema_contacts_update",
    "schema_deals_update",
];

#[test]
fn every_kind_of_write_is_made_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = crate::Server::start(folder.path());
    let mut client = Client::connect(server.address, &server.keys.clone().unwrap().test);
    let ledger = Ledger::default();
    let left = std::cell::Cell::new(2 * CYCLE.len());
    let is_over = || left.replace(left.get().saturating_sub(1)) == 0;
    ledger.write(&mut client, "once", &is_over);
    assert_eq!(ledger.answered(), 2 * CYCLE.len());
    let (_, document) = client.get("/openapi.json");
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap());
    let writes = operations.filter(|(method, _)| *method != "get");
    let writes: BTreeSet<String> = writes
        .map(|(_, operation)| text(&operation["operationId"]))
        .filter(|operation| !ELSEWHERE.contains(&&**operation))
        .collect();
    let done = ledger.entries().operations.clone();
    assert_eq!(
        done.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(),
        writes
    );
    ledger.is_what(&mut client);
}
