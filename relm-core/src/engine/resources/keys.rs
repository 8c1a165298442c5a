//! The API keys of one workspace and mode: made, shown, listed, rotated, revoked.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::Value;

use super::endpoint;
use super::listing::{List, ListRequest, page_limit};
use crate::engine::context::Context;
use crate::engine::effects::Effects;
use crate::engine::idempotency::{apply_once_in_system, refuse_unread_in_system};
use crate::engine::keys;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::{Planned, Transaction, unexpected};
use crate::error::{Error, Result};
use crate::query::cursor::Place;
use crate::query::filter::Clause;
use crate::record::input::Reader;
use crate::record::key::{ApiKey, KeyInput, KeyRotation, NewKey, Principal, ShownKey};
use crate::record::{Document, Entry};
use crate::store::{Query, Refusal, Write};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// The API keys that open one scope.
pub struct Keys<'a> {
    context: &'a Context,
}

impl<'a> Keys<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Makes a key, and gives it with its secret: the one time that it is shown. Where another key asks for it, that is the
    /// `giver`, and it can give no more than it has: none of its scopes and no day of its life beyond its own.
    ///
    /// # Errors
    /// `validation_failed` for a bad name, or an end that has passed; `forbidden` for what the giver has not.
    pub async fn create(
        &self,
        input: KeyInput,
        giver: Option<&Principal>,
    ) -> Result<Reply<ShownKey>> {
        // Before any stored reply is looked at: it holds a secret, which is not for a key that could not have made it.
        if let Some(error) = giver.and_then(|giver| giver.check_gives(&input).err()) {
            return Err(refuse_unread_in_system(self.context, error).await);
        }
        let context = self.context;
        apply_once_in_system(context, Creation { context, input }).await
    }

    /// [`create`](Self::create) from a JSON object.
    ///
    /// # Errors
    /// As for `create`, and whatever is wrong with the JSON's members.
    pub async fn create_json(
        &self,
        body: Value,
        giver: Option<&Principal>,
    ) -> Result<Reply<ShownKey>> {
        let reader = Reader::new(body);
        match reader.and_then(|reader| reader.all_of(KeyInput::read)) {
            Ok(input) => self.create(input, giver).await,
            Err(error) => Err(refuse_unread_in_system(self.context, error).await),
        }
    }

    /// The keys, newest first, those among them that were revoked or have expired; each as [`ShownKey`] has it. There are no
    /// filters.
    ///
    /// # Errors
    /// `bad_request` for a filter or a bad limit, `invalid_cursor`.
    pub async fn list(&self, request: &ListRequest) -> Result<List> {
        if let Some(filter) = request.filters.first() {
            let message = "A list of keys has no filters.";
            return Err(Error::bad_request(message).at(&filter.field));
        }
        let context = self.context;
        let cursors = context.cursors([Kind::Key.name()]);
        let after = match &request.cursor {
            Some(cursor) => Some(Id::new(Kind::Key, cursors.open(cursor)?.ulid)),
            None => None,
        };
        let query = Query {
            kind: Kind::Key,
            clauses: of_scope(context.scope())?,
            after,
            limit: page_limit(request.limit)?,
        };
        let page = context.storage().list(Scope::SYSTEM, &query).await?;
        let next = page.documents.last().filter(|_| page.more);
        let next_cursor = next.map(|last| {
            let ulid = last.id.ulid();
            cursors.seal(Place { rank: 0, ulid })
        });
        let data = page.documents.iter().map(shown);
        Ok(List {
            data: data.collect::<Result<_>>()?,
            next_cursor,
        })
    }

    /// A key, as [`ShownKey`] has it.
    ///
    /// # Errors
    /// `not_found` when no key of this id opens this scope.
    pub async fn get(&self, id: Id) -> Result<Document> {
        let (_, key) = self.require(id).await?;
        Ok(Document {
            id,
            json: key.shown().to_json().into(),
        })
    }

    /// Makes the successor of a key, with its name and scopes, and gives it with its secret, as [`create`](Self::create) does.
    /// The old key goes on for as long as the rotation says. Where another key asks for it, the successor is no more than
    /// that one can give.
    ///
    /// # Errors
    /// `not_found` when no key of this id opens this scope; `conflict` where it was rotated or revoked already, or has expired;
    /// `validation_failed` for an overlap that is too long, or an end that has passed; `forbidden` for what the giver has not.
    pub async fn rotate(
        &self,
        id: Id,
        rotation: KeyRotation,
        giver: Option<&Principal>,
    ) -> Result<Reply<ShownKey>> {
        let context = self.context;
        // As for `create`: before any stored reply is looked at.
        if let Some(giver) = giver {
            let (_, key) = self.require(id).await?;
            if let Err(error) = self.check_rotates(giver, &key, rotation).await {
                return Err(refuse_unread_in_system(context, error).await);
            }
        }
        let change = Rotation {
            context,
            id,
            rotation,
        };
        apply_once_in_system(context, change).await
    }

    /// [`rotate`](Self::rotate) from a JSON object, or null for the defaults.
    ///
    /// # Errors
    /// As for `rotate`, and whatever is wrong with the JSON's members.
    pub async fn rotate_json(
        &self,
        id: Id,
        body: Value,
        giver: Option<&Principal>,
    ) -> Result<Reply<ShownKey>> {
        let reader = Reader::new(endpoint::or_empty(body));
        match reader.and_then(|reader| reader.all_of(KeyRotation::read)) {
            Ok(rotation) => self.rotate(id, rotation, giver).await,
            Err(error) => Err(refuse_unread_in_system(self.context, error).await),
        }
    }

    /// Whether a key may be given the successor of another: the one that there is, if the other was rotated already, since
    /// that is whose secret a stored reply holds. Whoever made it may be given it again.
    async fn check_rotates(
        &self,
        giver: &Principal,
        key: &ApiKey,
        rotation: KeyRotation,
    ) -> Result<()> {
        let Some(successor) = key.replaced_by else {
            let now = self.context.environment().now();
            return giver.check_gives(&rotation.successor(key, now));
        };
        let (_, made) = self.require(successor).await?;
        let maker = made.created_by.as_ref().and_then(|by| by.id.as_deref());
        if maker == Some(giver.key_id.text().as_str()) {
            return Ok(());
        }
        giver.check_gives(&KeyInput {
            name: None,
            scopes: Some(made.scopes()),
            expires_at: made.expires_at,
        })
    }

    async fn require(&self, id: Id) -> Result<(Document, ApiKey)> {
        keys::require(self.context.components(), id, Some(self.context.scope())).await
    }

    /// Revokes a key: at once in this process, in every other within [`KEY_CACHE_MS`](crate::engine::KEY_CACHE_MS). One that is
    /// revoked stays so.
    ///
    /// # Errors
    /// `not_found` when no key of this id opens this scope.
    pub async fn revoke(&self, id: Id) -> Result<()> {
        let components = self.context.components();
        let revoked = keys::revoke_key(components, id, Some(self.context.scope())).await;
        revoked.map(drop)
    }
}

/// Keys are kept above all workspaces, since a request names none: what they open is in two columns.
fn of_scope(scope: Scope) -> Result<Vec<Clause>> {
    Ok(vec![
        Clause::equal(Kind::Key, "workspace_id", scope.workspace())?,
        Clause::equal(Kind::Key, "mode", scope.mode().as_str())?,
    ])
}

fn shown(document: &Document) -> Result<Document> {
    let key: ApiKey = document.decode()?;
    Ok(Document {
        id: document.id,
        json: key.shown().to_json().into(),
    })
}

/// Makes a key. Each attempt mints an id and a secret.
struct Creation<'a> {
    context: &'a Context,
    input: KeyInput,
}

#[async_trait]
impl Transaction for Creation<'_> {
    type Output = Reply<ShownKey>;

    async fn plan(&mut self) -> Result<Planned<Self::Output>> {
        let now = self.context.environment().now();
        let (key, reply) = make(self.context, &self.input, now)?;
        let insert = Write::Insert(Entry::new(key));
        let batch = keys::system_batch(self.context.components(), vec![insert]);
        Ok(Planned::Commit(batch, reply))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        Err(unexpected(&conflict))
    }
}

/// A new key, and the reply that shows it whole.
fn make(context: &Context, input: &KeyInput, now: Timestamp) -> Result<(ApiKey, Reply<ShownKey>)> {
    input.check(now)?;
    let environment = context.environment();
    let id = environment.mint(Kind::Key, now);
    let scopes = input.effective_scopes();
    let (access, name) = (scopes.access(), input.name.clone());
    let rng = environment.rng();
    let made = ApiKey::make(id, context.scope(), access, name, id.timestamp(), rng)?;
    let NewKey { key, secret } = made;
    let key = key.restricted(scopes, input.expires_at, context.actor().clone());
    let mut shown = key.shown();
    shown.secret = Some(secret);
    let reply = Reply::new(Outcome::Created, shown.to_json());
    Ok((key, reply))
}

/// Makes the successor of a key and sets the end of the old one, in one commit.
struct Rotation<'a> {
    context: &'a Context,
    id: Id,
    rotation: KeyRotation,
}

#[async_trait]
impl Transaction for Rotation<'_> {
    type Output = Reply<ShownKey>;

    async fn plan(&mut self) -> Result<Planned<Self::Output>> {
        let components = self.context.components();
        let scope = self.context.scope();
        let (document, mut old) = keys::require(components, self.id, Some(scope)).await?;
        let now = self.context.environment().now();
        let successor = self.rotation.successor(&old, now);
        let (new, reply) = make(self.context, &successor, now)?;
        self.rotation.end(&mut old, new.id, now)?;
        old.version += 1;
        let insert = Write::Insert(Entry::new(new));
        let replace = Write::Replace {
            before: document.into_entry()?,
            after: Entry::new(old),
        };
        let batch = keys::system_batch(components, vec![insert, replace]);
        Ok(Planned::Commit(batch, reply))
    }

    fn committed(&mut self) {
        // What is remembered of the old key does not know its new end.
        self.context.publish(Effects {
            revoked: BTreeSet::from([self.id]),
            ..Effects::default()
        });
    }
}
