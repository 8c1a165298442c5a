//! Two servers over one store: whoever signs in to one is known to the other, and ended on both at once.

use std::sync::Arc;

use relm_core::Role;
use relm_store_memory::MemoryStore;

use super::browser::{Browser, PASSWORD, World};

const EVA: &str = "eva@example.com";

#[test]
fn a_session_is_one_on_every_server() {
    let store = Arc::new(MemoryStore::new());
    let (one, two) = (World::over(store.clone(), None), World::over(store, None));
    assert_eq!(one.place, two.place);
    let mut browser = one.signed_in(EVA, Role::Owner);
    let mut beside = browser.of(&two);
    assert_eq!(beside.get("/console/account").status, 200);
    // A form of one is taken by the other.
    let token = browser.get("/console/account").hidden("csrf");
    let fields = [("csrf", token.as_str()), ("access", "full")];
    assert_eq!(beside.post(&two.keys(), &fields).status, 201);
    assert!(browser.get(&one.keys()).text.contains("Full access"));
    assert_eq!(
        beside.post("/console/sign-out", &[("csrf", &token)]).status,
        303
    );
    assert_eq!(browser.get("/console/account").status, 303, "at once");
}

#[test]
fn a_link_is_good_once_on_all_servers_together() {
    let store = Arc::new(MemoryStore::new());
    let (one, two) = (World::over(store.clone(), None), World::over(store, None));
    let link = one.first_link();
    let fields = [("email", EVA), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(Browser::new(&two).post(&link, &fields).status, 303);
    assert_eq!(Browser::new(&one).post(&link, &fields).status, 404);
    assert_eq!(Browser::new(&one).sign_in(EVA, PASSWORD).status, 303);
}
