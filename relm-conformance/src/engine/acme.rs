//! A workspace of an engine over the store under test, and what its callers send.

use std::sync::Arc;

use relm_core::engine::{Crm, Scoped};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::association::{Association, AssociationPatch};
use relm_core::record::field::{FieldInput, FieldType};
use relm_core::record::metadata::Metadata;
use relm_core::record::object::{CompanyInput, ContactInput, ObjectType};
use relm_core::record::patch::Patch;
use relm_core::record::{Document, Event, WebhookInput};
use relm_core::store::Store;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use relm_core::value::time::{Date, ManualClock, SeededRng, Timestamp};
use serde_json::{Value, json};

use crate::records::with;
use crate::store::lists::walk;
use crate::subject::{NOW, Subject};

/// An engine over the store under test, and its one workspace.
pub(crate) struct Acme {
    pub crm: Crm,
    pub clock: Arc<ManualClock>,
    pub scoped: Scoped,
}

impl Acme {
    /// A first engine over the store.
    pub async fn open(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let crm = engine(store, &clock, 1);
        let workspace = crm
            .create_workspace("acme")
            .await
            .expect("the name is free");
        let scoped = crm
            .open(workspace.id, Mode::Live)
            .await
            .expect("it was just made");
        Self { crm, clock, scoped }
    }

    /// A handle through another engine over the same store, such as another process has.
    pub async fn beside(&self, store: Arc<dyn Store>, seed: u64) -> Scoped {
        let other = engine(store, &self.clock, seed);
        let workspace = self.scoped.scope().workspace();
        other
            .open(workspace, Mode::Live)
            .await
            .expect("it is in the store")
    }

    /// Another workspace of the same engine.
    pub async fn in_another_workspace(&self, name: &str) -> Self {
        let workspace = self.crm.create_workspace(name).await;
        let workspace = workspace.expect("the name is free");
        let scoped = self.crm.open(workspace.id, Mode::Live).await;
        Self {
            crm: self.crm.clone(),
            clock: Arc::clone(&self.clock),
            scoped: scoped.expect("it was just made"),
        }
    }

    /// Every record of a kind, newest first.
    pub async fn all(&self, store: &Subject, kind: Kind) -> Vec<Document> {
        walk(store, self.scoped.scope(), kind, &[], 200).await
    }

    /// The events, oldest first.
    pub async fn events(&self, store: &Subject) -> Vec<Event> {
        let documents = self.all(store, Kind::Event).await.into_iter().rev();
        documents
            .map(|document| document.decode().expect("it is an event"))
            .collect()
    }
}

pub(crate) fn engine(store: Arc<dyn Store>, clock: &Arc<ManualClock>, seed: u64) -> Crm {
    let clock = Arc::clone(clock);
    let rng = Arc::new(SeededRng::new(seed));
    Crm::builder(store).clock(clock).rng(rng).build()
}

pub(crate) fn contact(email: &str) -> ContactInput {
    ContactInput {
        email: email.into(),
        ..ContactInput::default()
    }
}

pub(crate) fn phone(phone: &str) -> ContactInput {
    ContactInput {
        phone: phone.into(),
        ..ContactInput::default()
    }
}

pub(crate) fn company(name: &str) -> CompanyInput {
    CompanyInput {
        name: name.into(),
        ..CompanyInput::default()
    }
}

/// A contact's `metadata` with one member.
pub(crate) fn tagged(key: &str, value: &str) -> Patch<relm_core::record::metadata::Metadata> {
    Patch::Set([(key.to_owned(), json!(value))].into_iter().collect())
}

/// The kind of a failure, which the call must end with.
pub(crate) fn failure<T>(outcome: Result<T, Error>) -> ErrorKind {
    match outcome {
        Ok(_) => panic!("the call must fail"),
        Err(error) => error.kind(),
    }
}

pub(crate) fn required_field(key: &str) -> FieldInput {
    FieldInput {
        required: true,
        ..FieldInput::new(ObjectType::Contact, key, FieldType::Text)
    }
}

/// A new endpoint: its id and its secret.
pub(crate) async fn endpoint(scoped: &Scoped, path: &str, types: &[&str]) -> (Id, String) {
    let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
    let input = WebhookInput {
        url: format!("https://example.com/{path}").into(),
        event_types: types.into(),
        ..WebhookInput::default()
    };
    let made = scoped.webhooks().subscribe(input).await;
    let made = made.expect("the input is valid");
    (made.id, made.secret.expose().to_owned())
}

/// Enables an endpoint, or disables it.
pub(crate) async fn set_enabled(scoped: &Scoped, id: Id, enabled: bool) {
    let input = WebhookInput {
        enabled: enabled.into(),
        ..WebhookInput::default()
    };
    let updated = scoped.webhooks().update(id, input).await;
    updated.expect("the endpoint is there");
}

/// A contact with these members of `metadata`.
pub(crate) fn with(email: &str, metadata: &Value) -> ContactInput {
    let metadata = metadata.as_object().expect("they are members").clone();
    ContactInput {
        metadata: relm_core::record::metadata::Metadata::from(metadata).into(),
        ..contact(email)
    }
}

/// Associations as they are once they came back with a record: by a change of each.
pub(crate) fn came_back(edges: Vec<Association>, at: Timestamp) -> Vec<Association> {
    let edges = edges.into_iter();
    let back = edges.map(|edge| {
        let version = edge.version + 1;
        with!(edge; version: version, updated_at: at)
    });
    back.collect()
}

/// What can be said of an association, after a word.
pub(crate) fn said(word: &str) -> AssociationPatch {
    AssociationPatch {
        inverse_label: word.into(),
        since: Date::parse("2026-07-02").into(),
        until: Patch::Keep,
        metadata: Metadata::from([("said", word)]).into(),
    }
}
