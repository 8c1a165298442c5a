//! Definitions that change: whom the change binds, what it means for the records that are there, and choices that get other names.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::{ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::EventType;
use relm_core::record::field::{ChoiceChange, Enforce, Field, FieldInput, FieldPatch, FieldType};
use relm_core::record::filter::Filter;
use relm_core::record::object::{Contact, ContactInput, ObjectType};
use relm_core::store::{Page, Query, Store};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use serde_json::json;

use super::acme::{Acme, contact, failure, phone, tagged};
use super::broken_off::BreaksOff;
use super::mock_transport::NoSleep;
use crate::intercept::{Intercept, Intercepted, Read};
use crate::subject::Subject;

/// More records than one step of a renaming changes.
const HOLDERS: usize = 70;

async fn plan(scoped: &Scoped, choices: &[&str]) -> Field {
    let choices = choices.iter().map(|choice| (*choice).to_owned());
    let input = FieldInput {
        choices: choices.collect(),
        ..FieldInput::new(ObjectType::Contact, "plan", FieldType::Select)
    };
    let defined = scoped.fields().define(input).await;
    defined.expect("the key is free")
}

fn on(plan: &str) -> ContactInput {
    ContactInput {
        metadata: tagged("plan", plan),
        ..ContactInput::default()
    }
}

async fn create(scoped: &Scoped, plan: &str) -> Id {
    let made = scoped.contacts().create(on(plan)).await;
    made.expect("it is a choice").id
}

fn renamed(from: &str, to: &str) -> ChoiceChange {
    ChoiceChange::Renamed {
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

fn choices(choices: Vec<ChoiceChange>) -> FieldPatch {
    FieldPatch {
        choices: choices.into(),
        ..FieldPatch::default()
    }
}

async fn found(scoped: &Scoped, plan: &str) -> BTreeSet<Id> {
    let request = ListRequest::default().filter(Filter::new("metadata.plan", "eq", plan));
    let page = scoped.contacts().list(&request.limit(200)).await;
    let found = page.expect("it lists").data;
    found.into_iter().map(|contact| contact.id).collect()
}

/// A change of a definition is a version more, and one event, which says what it said before; what changes nothing is none. Whoever
/// expects another version is told so.
pub(crate) async fn a_definition_that_changes_has_one_event(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let fields = acme.scoped.fields();
    let field = plan(&acme.scoped, &["free", "pro"]).await;
    let labelled = || FieldPatch {
        label: "Plan".into(),
        position: 2.into(),
        ..FieldPatch::default()
    };
    let changed = fields.update(field.id, labelled(), Some(1)).await;
    let changed = changed.expect("it has this version");
    assert_eq!((changed.version, &*changed.label), (2, "Plan"));
    let again = fields.update(field.id, labelled(), None).await;
    assert_eq!(again.expect("it is so already"), changed);
    let late = fields.update(field.id, labelled(), Some(1)).await;
    assert_eq!(failure(late), ErrorKind::VersionConflict);
    let late = fields.remove(field.id, Some(1)).await;
    assert_eq!(failure(late), ErrorKind::VersionConflict);
    assert_eq!(fields.get(field.id).await.expect("it reads"), Some(changed));
    let removed = fields.remove(field.id, Some(2)).await;
    removed.expect("it has this version");
    let events = acme.events(&store).await;
    let types: Vec<&str> = events.iter().map(|it| it.event_type.as_str()).collect();
    assert_eq!(types, ["field.created", "field.updated", "field.deleted"]);
    assert_eq!(
        json!(events[1].previous),
        json!({ "label": "plan", "position": null })
    );
    let versions = events.iter().map(|event| {
        let field: Field = event.data.decode().expect("it is a definition");
        field.version
    });
    assert_eq!(versions.collect::<Vec<i64>>(), [1, 2, 3]);
}

/// A choice that records have is not removed, and a field that records have no value in is not required, unless that is forced: then it
/// binds each from its next write on, on every engine.
pub(crate) async fn a_change_that_records_do_not_keep_to_is_refused(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let field = plan(scoped, &["free", "pro", "team"]).await;
    let mut holders = Vec::new();
    for n in 0..12 {
        holders.push(create(scoped, ["pro", "team"][n % 2]).await);
    }
    let bare = scoped.contacts().create(contact("ada@example.com")).await;
    let bare = bare.expect("nothing is required").id;
    holders.reverse();
    let fields = scoped.fields();
    let without = |force| FieldPatch {
        force,
        ..choices(vec!["free".into()])
    };
    let refused = fields.update(field.id, without(false), None).await;
    let refused = refused.expect_err("twelve have another one");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!((refused.count(), refused.is_at_least()), (Some(12), false));
    assert_eq!(refused.ids(), &holders[..10]);
    let required = |force| FieldPatch {
        required: true.into(),
        force,
        ..FieldPatch::default()
    };
    let refused = fields.update(field.id, required(false), None).await;
    let refused = refused.expect_err("one has none");
    assert_eq!((refused.count(), refused.ids()), (Some(1), &[bare][..]));
    let unused = choices(vec!["pro".into(), "team".into()]);
    let unused = fields.update(field.id, unused, None).await;
    assert_eq!(unused.expect("nobody has `free`").version, 2);

    let other = acme.beside(store.shared(), 2).await;
    create(&other, "pro").await;
    let forced = fields.update(field.id, required(true), None).await;
    forced.expect("it is forced");
    let late = other.contacts().create(contact("eva@example.com")).await;
    assert_eq!(failure(late), ErrorKind::ValidationFailed);
    let late = scoped.contacts().update(bare, phone("1"), None).await;
    assert_eq!(failure(late), ErrorKind::ValidationFailed);
    let mild = FieldPatch {
        enforce: Enforce::OnChange.into(),
        ..FieldPatch::default()
    };
    let mild = fields.update(field.id, mild, None).await;
    mild.expect("it refuses less");
    let let_be = scoped.contacts().update(bare, phone("1"), None).await;
    assert_eq!(let_be.expect("it leaves the field").version, 2);
    let changed = scoped.contacts().update(holders[0], on("free"), None).await;
    assert_eq!(failure(changed), ErrorKind::UnknownValue);
}

/// Whether every contact has the new name of its choice, by one change of whoever renamed it.
async fn all_are_renamed(acme: &Acme, store: &Subject, ids: &[Id]) {
    let events = acme.events(store).await;
    for id in ids {
        let contact = acme.scoped.contacts().get(*id).await;
        let contact: Contact = contact.expect("it reads").expect("it is there");
        assert_eq!(
            (&contact.metadata["plan"], contact.version),
            (&json!("gold"), 2)
        );
        let own = events.iter().filter(|it| it.record_id() == Some(*id));
        // Of two engines at one moment, the ids of events are in no order.
        let (updated, others): (Vec<_>, Vec<_>) =
            own.partition(|it| it.event_type.as_str() == "contact.updated");
        let ([updated], [_]) = (&updated[..], &others[..]) else {
            panic!("it was made and renamed, once");
        };
        assert_eq!(updated.previous["metadata"], json!({ "plan": "pro" }));
        let redefined = events.iter().find(|event| {
            event.event_type.as_str() == "field.updated" && event.request_id == updated.request_id
        });
        let redefined = redefined.expect("the definition was changed first");
        assert_eq!(redefined.actor, updated.actor);
    }
}

/// A choice that is renamed is renamed in every record that has it, each with an event of its own, and nobody has the former name then.
pub(crate) async fn a_renamed_choice_is_renamed_in_every_record(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let field = plan(scoped, &["free", "pro"]).await;
    let mut ids = Vec::new();
    for _ in 0..HOLDERS {
        ids.push(create(scoped, "pro").await);
    }
    let free = create(scoped, "free").await;
    let patch = choices(vec!["free".into(), renamed("pro", "gold")]);
    let rehearsed = scoped.clone().dry_run();
    let rehearsed = rehearsed
        .fields()
        .update(field.id, patch.clone(), None)
        .await;
    let done = scoped.fields().update(field.id, patch.clone(), None).await;
    let done = done.expect("it is done in a few steps");
    assert_eq!(rehearsed.expect("it would be done"), done);
    assert_eq!(done.options.choices, ["free", "gold"]);
    assert!(done.options.renaming.is_empty());
    all_are_renamed(&acme, &store, &ids).await;
    assert_eq!(found(scoped, "gold").await, ids.iter().copied().collect());
    assert_eq!(found(scoped, "pro").await, BTreeSet::new());
    assert_eq!(found(scoped, "free").await, BTreeSet::from([free]));
    let again = scoped.fields().update(field.id, patch, None).await;
    assert_eq!(again.expect("it is so already"), done);
    let former = scoped.contacts().create(on("pro")).await;
    assert_eq!(failure(former), ErrorKind::UnknownValue);
}

/// A renaming that was broken off after whichever of its commits goes on, by whoever asks again and by upkeep. Until then either name is
/// taken for the new one.
pub(crate) async fn a_renaming_that_was_broken_off_goes_on(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    for commits in 0..10 {
        let field = plan(scoped, &["free", "pro"]).await;
        let mut ids = Vec::new();
        for _ in 0..HOLDERS {
            ids.push(create(scoped, "pro").await);
        }
        let breaking = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(commits)),
        });
        let broken = acme.beside(breaking, 100 + commits as u64).await;
        let patch = choices(vec!["free".into(), renamed("pro", "gold")]);
        let renamed = broken.fields().update(field.id, patch.clone(), None).await;
        let there = scoped.fields().get(field.id).await;
        let there = there.expect("it reads").expect("it is there");
        match renamed {
            Err(error) => assert_eq!((error.kind(), commits), (ErrorKind::Unavailable, 0)),
            Ok(done) => assert_eq!(done, there),
        }
        let is_done = commits > 0 && there.options.renaming.is_empty();
        if commits > 0 && !is_done {
            // Before the change, and while it goes on, by either name.
            let late = create(scoped, "pro").await;
            let all: BTreeSet<Id> = ids.iter().copied().chain([late]).collect();
            assert_eq!(found(scoped, "pro").await, all);
            assert_eq!(found(scoped, "gold").await, all);
            let late = scoped.contacts().get(late).await.expect("it reads");
            assert_eq!(late.expect("it is there").metadata["plan"], "gold");
        }
        if commits % 2 == 0 {
            let again = scoped.fields().update(field.id, patch, None).await;
            assert!(again.expect("it works").options.renaming.is_empty());
        } else {
            let ended = acme.crm.finish_renamings(&NoSleep).await;
            assert_eq!(ended.expect("it works"), usize::from(!is_done));
        }
        all_are_renamed(&acme, &store, &ids).await;
        if is_done {
            assert!(commits > 2, "it takes more than one step");
            return;
        }
        scoped
            .fields()
            .remove(field.id, None)
            .await
            .expect("it is there");
        for id in found(scoped, "gold").await {
            scoped
                .contacts()
                .delete(id, None)
                .await
                .expect("it is there");
        }
    }
    panic!("a renaming has no end");
}

/// What was planned before a choice got another name cannot be committed after it.
pub(crate) async fn no_write_gets_past_a_renaming(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let field = plan(scoped, &["free", "pro"]).await;
    let late = acme.beside(store.shared(), 2).await;
    create(&late, "pro").await;
    let patch = choices(vec!["free".into(), renamed("pro", "gold")]);
    let done = scoped.fields().update(field.id, patch, None).await;
    done.expect("it is done in a step");
    // By the definition that it remembers, this is a choice.
    let former = late.contacts().create(on("pro")).await;
    assert_eq!(failure(former), ErrorKind::UnknownValue);
    create(&late, "gold").await;
    let updated = EventType::parse("contact.updated");
    let events = acme.events(&store).await;
    let mut told = events
        .iter()
        .filter(|event| Some(event.event_type) == updated);
    assert_eq!(told.by_ref().count(), 1);
}

/// After which record each list of contacts begins that asks for some of them.
#[derive(Default)]
struct Begins(Mutex<Vec<Option<Id>>>);

#[async_trait]
impl Intercept for Begins {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        if query.kind == Kind::Contact && !query.clauses.is_empty() {
            let mut begins = self.0.lock().expect("nobody panicked");
            begins.push(query.after);
        }
        store.list(scope, query).await
    }
}

/// Each step of a renaming begins where the one before it ended: what that saw is not looked at again.
pub(crate) async fn a_renaming_looks_at_each_record_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let field = plan(&acme.scoped, &["free", "pro"]).await;
    for _ in 0..HOLDERS {
        create(&acme.scoped, "pro").await;
    }
    let begins = Arc::new(Begins::default());
    let spied = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::clone(&begins),
    });
    let spied = acme.beside(spied, 7).await;
    let patch = choices(vec!["free".into(), renamed("pro", "team")]);
    let done = spied.fields().update(field.id, patch, None).await;
    assert!(done.expect("it is a choice").options.renaming.is_empty());
    assert_eq!(found(&acme.scoped, "team").await.len(), HOLDERS);
    let begins = begins.0.lock().expect("nobody panicked").clone();
    let is_some: Vec<bool> = begins.iter().map(Option::is_some).collect();
    assert_eq!(is_some, [false, true], "{begins:?}");
}
