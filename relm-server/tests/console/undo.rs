//! Undoing a request: what it would come to is shown first.

use relm_core::{ContactInput, Id, ListRequest, ObjectType, RequestId, Role};
use serde_json::{Value, json};

use super::browser::{CANARY, World, wait};
use super::seed::{link, make, make_in, read};

const EVA: &str = "eva@example.com";

fn named(name: &str) -> ContactInput {
    ContactInput {
        first_name: name.into(),
        ..Default::default()
    }
}

/// A contact that a request changed, and another one that it made; the request.
fn changed(world: &World) -> (Id, Id, RequestId) {
    let ada = make(world, ObjectType::Contact, json!({ "first_name": CANARY }));
    let request = world.crm.request_id();
    let by = world.scoped().for_request(request);
    wait(by.contacts().update(ada, named("Augusta"), None)).unwrap();
    let eva = make_in(&by, ObjectType::Contact, json!({ "first_name": "Eva" }));
    (ada, eva, request)
}

#[test]
fn an_undo_is_shown_before_it_is_done_and_can_be_undone() {
    let world = World::new();
    let (ada, eva, request) = changed(&world);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let undo = format!("{}/requests/{request}/undo", world.place);
    let record = browser.get(&format!("{}/contacts/{ada}", world.place));
    assert!(
        record.text.contains(&format!("href=\"{undo}\"")),
        "{}",
        record.text
    );
    let scoped = world.scoped();
    let events = wait(async { scoped.events().list(&ListRequest::default()).await });
    let event = events.unwrap().data[0].id;
    let event = browser.get(&format!("{}/events/{event}", world.place));
    assert!(
        event.text.contains(&format!("<a href=\"{undo}\">Undo</a>")),
        "{}",
        event.text
    );
    let of_request = format!("{}/events?filter[request_id]={request}", world.place);
    assert!(event.text.contains(&of_request));
    let listed = browser.get(&of_request);
    assert!(listed.text.contains(">contact.created<") && listed.text.contains(">contact.updated<"));

    let page = browser.get(&undo);
    for shown in [
        "Undo this request?",
        "Would be reverted",
        "back as it was",
        "first_name",
        "deleted",
        "/undo \\",
        "curl -X POST",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert_eq!(
        read(&world, ada)["first_name"],
        "Augusta",
        "nothing is done yet"
    );
    let done = browser.submit(&undo, &undo, &[]);
    assert_eq!(done.status, 200, "{}", done.text);
    done.shows_as_text(CANARY);
    assert!(
        done.text.contains("<h1>Undone</h1>") && !done.text.contains("Undo the request</button>")
    );
    assert_eq!(read(&world, ada)["first_name"], CANARY);
    assert!(read(&world, eva).is_null());

    let again = done.text.split("\">Undo the undo").next().unwrap();
    let again = again.rsplit("href=\"").next().unwrap().to_owned();
    let redone = browser.submit(&again, &again, &[]);
    assert!(redone.text.contains("restored"), "{}", redone.text);
    assert_eq!(read(&world, ada)["first_name"], "Augusta");
    assert_eq!(read(&world, eva)["first_name"], "Eva");
    let empty = browser.get(&again);
    assert!(
        empty.text.contains("as before already")
            && !empty.text.contains("Undo the request</button>")
    );
}

#[test]
fn what_was_changed_since_is_shown_and_stays() {
    let world = World::new();
    let (ada, eva, request) = changed(&world);
    wait(world.scoped().contacts().update(ada, named(CANARY), None)).unwrap();
    wait(world.scoped().contacts().update(ada, named("\"><b>"), None)).unwrap();
    let deal = make(&world, ObjectType::Deal, json!({ "title": "Engine" }));
    link(&world, eva, deal, None);
    let mut browser = world.signed_in(EVA, Role::Owner);
    let undo = format!("{}/requests/{request}/undo", world.place);
    let page = browser.get(&undo);
    for shown in [
        "Would stay as it is",
        "<code>first_name</code> was changed since: it stays as it is.",
        "&#34;&#62;&#60;b&#62;",
        "It was linked since: it stays.",
        "Nothing.",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("Undo the request</button>"));
    let token = browser.get("/console/account").hidden("csrf");
    let done = browser.post(&undo, &[("csrf", &token)]);
    assert!(done.text.contains("Nothing was changed."), "{}", done.text);
    assert_eq!(read(&world, eva)["first_name"], "Eva");
    assert_ne!(read(&world, eva), Value::Null);
}

#[test]
fn a_request_that_is_not_known_here_is_not_found() {
    let world = World::new();
    let (.., request) = changed(&world);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let undo = format!("{}/requests/{request}/undo", world.place);
    for path in [
        undo.replace("/test/", "/live/"),
        undo.replace(&request.to_string(), "x"),
        undo.replace(&request.to_string(), &world.crm.request_id().to_string()),
    ] {
        assert_eq!(browser.get(&path).status, 404, "{path}");
    }
    let mut reader = world.signed_in("grace@example.com", Role::Reader);
    assert_eq!(reader.get(&undo).status, 403);
}
