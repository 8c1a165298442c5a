//! The engine over the store: which texts never get there.

use std::fmt::Debug;
use std::sync::Arc;

use relm_core::engine::{ListRequest, SearchRequest};
use relm_core::error::{Error, ErrorKind};
use relm_core::query::filter::Filter;
use relm_core::record::association::AssociationInput;
use relm_core::record::key::KeyAccess;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use serde_json::{Value, json};

use super::acme::{Acme, failure};
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

/// Panics where a store is given U+0000, which not every database can hold.
struct NulGuard;

impl Intercept for NulGuard {
    /// `Debug` shows U+0000 as `\0`, JSON as `\u0000`.
    fn call(&self, _: &'static str, asked: &dyn Debug) -> Box<dyn Send + '_> {
        let shown = format!("{asked:?}");
        let holds_nul = shown.contains("\\0") || shown.contains("u0000");
        assert!(!holds_nul, "the store was given {shown}");
        Box::new(())
    }
}

/// No text with U+0000 gets past the engine, wherever a program hands it one: it is refused, or a store never sees it.
pub(crate) async fn nothing_with_nul_reaches_a_store(store: Subject) {
    let acme = Acme::open(Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(NulGuard),
    }))
    .await;
    lists_refuse_nul(&acme).await;
    contacts_refuse_nul(&acme).await;
    other_objects_refuse_nul(&acme).await;
    settings_refuse_nul(&acme).await;
    let Acme { crm, scoped, .. } = &acme;
    // A key is kept as a digest: with U+0000 it is a key like any other.
    for (key, request, outcome) in [
        ("\0", 1, Ok(())),
        ("k\0", 2, Ok(())),
        ("\0", 2, Err(ErrorKind::IdempotencyConflict)),
    ] {
        let once = scoped.clone().idempotent(key, &[request; 32]);
        let once = once.expect("it is of 1 to 255 characters");
        let made = once
            .companies()
            .create_json(json!({ "name": "Acme" }))
            .await;
        assert_eq!(made.map(drop).map_err(|error| error.kind()), outcome);
    }
    assert_eq!(
        failure(crm.create_workspace("a\0").await),
        ErrorKind::ValidationFailed
    );
    let workspace = scoped.scope().workspace();
    let key = crm.create_key(workspace, Mode::Live, KeyAccess::Full, Some("\0".into()));
    assert_eq!(failure(key.await), ErrorKind::ValidationFailed);
    let known = crm.authenticate("sk_live_\0").await;
    assert!(known.expect("the store reads").is_none());
}

async fn lists_refuse_nul(acme: &Acme) {
    let scoped = &acme.scoped;
    for (field, operator, value) in [
        ("email", "eq", "a\0"),
        ("email", "in", "a,b\0"),
        ("email", "ilike", "%\0"),
        ("email", "is_null", "\0"),
        ("email", "e\0", "a"),
        ("e\0mail", "eq", "a"),
        ("phone", "gt", "\0"),
        ("metadata.a\0", "eq", "a"),
        ("metadata.a\0", "is_null", "true"),
        ("metadata.a", "neq", "\0"),
        ("metadata.a", "ilike", "\0"),
        ("metadata.a", "in", "a,\0"),
    ] {
        let request = ListRequest::default().filter(Filter::new(field, operator, value));
        let refused = failure(scoped.contacts().list(&request).await);
        assert_eq!(
            refused,
            ErrorKind::BadRequest,
            "{field:?} {operator:?} {value:?}"
        );
    }
    let after = ListRequest::default().after("\0");
    assert_eq!(
        failure(scoped.contacts().list(&after).await),
        ErrorKind::InvalidCursor
    );
    let searches = [("a\0", None), ("a", Some("contact\0"))];
    for (q, types) in searches {
        let request = SearchRequest {
            q: q.to_owned(),
            types: types.map(str::to_owned),
            ..SearchRequest::default()
        };
        assert_eq!(
            failure(scoped.search(&request).await),
            ErrorKind::BadRequest
        );
    }
}

/// The body with another value of one member.
fn with_member(body: &Value, (name, value): (&str, Value)) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

/// Whether a call that was given U+0000 was refused for what it was given.
fn assert_refused<T>(outcome: Result<T, Error>, body: &Value) {
    let kinds = [
        ErrorKind::ValidationFailed,
        ErrorKind::UnknownValue,
        ErrorKind::UnknownField,
    ];
    let kind = failure(outcome);
    assert!(kinds.contains(&kind), "{kind:?}: {body}");
}

async fn contacts_refuse_nul(acme: &Acme) {
    let contacts = acme.scoped.contacts();
    for body in [
        json!({ "email": "\"\0\"@example.com" }),
        json!({ "email": "a@example.com\0" }),
        json!({ "first_name": "\0" }),
        json!({ "last_name": "\0" }),
        json!({ "name": "\0" }),
        json!({ "phone": "\0" }),
        json!({ "phone": "1", "owner": "\0" }),
        json!({ "phone": "1", "tags": ["a", "\0"] }),
        json!({ "phone": "1", "tags": { "remove": ["\0"] } }),
        json!({ "company_id": "\0" }),
        json!({ "phone": "1", "\0": "1" }),
        json!({ "metadata": { "a\0": 1 } }),
        json!({ "metadata": { "a": "\0" } }),
        json!({ "metadata": { "a": [{ "\0": 1 }] } }),
    ] {
        let made = contacts.create_json(body.clone()).await;
        if body.get("company_id").is_none() {
            assert_refused(made, &body);
        } else {
            assert_eq!(failure(made), ErrorKind::InvalidReference);
        }
        let rows = json!({ "contacts": [body], "dedup_on": ["email"] });
        let batch = contacts.batch_json(rows).await.expect("rows fail alone");
        assert_eq!(batch.decode().expect("it is a report").failed, 1, "{body}");
    }
}

async fn other_objects_refuse_nul(acme: &Acme) {
    let scoped = &acme.scoped;
    for body in [
        json!({ "name": "\0" }),
        json!({ "name": "a", "domain": "a\0" }),
        json!({ "name": "a", "owner": "\0" }),
        json!({ "name": "a", "tags": ["\0"] }),
    ] {
        let made = scoped.companies().create_json(body.clone()).await;
        assert_refused(made, &body);
    }
    for name in ["title", "stage", "currency", "close_date", "owner"] {
        let body = with_member(&json!({ "title": "a" }), (name, json!("\0")));
        let made = scoped.deals().create_json(body.clone()).await;
        assert_refused(made, &body);
    }
    for name in [
        "type",
        "subject",
        "body",
        "occurred_at",
        "due_at",
        "assignee",
    ] {
        let body = with_member(&json!({ "type": "a" }), (name, json!("\0")));
        let made = scoped.activities().create_json(body.clone()).await;
        assert_refused(made, &body);
    }
}

async fn settings_refuse_nul(acme: &Acme) {
    let scoped = &acme.scoped;
    let field = json!({
        "object_type": "deal", "key": "a", "type": "select", "options": { "choices": ["a"] },
    });
    for member in [
        ("key", json!("a\0")),
        ("label", json!("\0")),
        ("type", json!("select\0")),
        ("object_type", json!("\0")),
        ("options", json!({ "choices": ["\0"] })),
    ] {
        let body = with_member(&field, member);
        let made = scoped.fields().define_json(body.clone()).await;
        assert_refused(made, &body);
    }
    let webhook = json!({ "url": "https://example.com/", "event_types": ["*"] });
    for member in [
        ("url", json!("https://example.com/\0")),
        ("event_types", json!(["\0"])),
        ("description", json!("\0")),
    ] {
        let body = with_member(&webhook, member);
        let made = scoped.webhooks().subscribe_json(body.clone()).await;
        assert_refused(made, &body);
    }
    let edge = AssociationInput {
        from_id: Id::new(Kind::Contact, 1),
        to_id: Id::new(Kind::Contact, 2),
        label: Some("\0".into()),
        attributes: Default::default(),
    };
    let edge = scoped.associations().link(edge).await;
    assert_refused(edge, &json!("an association"));
}
