//! The API keys of one workspace and mode: made, listed, revoked.

use serde_json::Value;

use super::listing::{List, ListRequest, page_limit};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once_in_system, refuse_unread_in_system};
use crate::engine::keys;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::{Planned, Transaction, unexpected};
use crate::error::{Error, Result};
use crate::query::cursor::Place;
use crate::query::filter::{Clause, Comparison, Condition, Target};
use crate::record::column::ColumnValue;
use crate::record::input::Reader;
use crate::record::key::{ApiKey, KeyInput, NewKey, Principal, ShownKey};
use crate::record::{Document, Entry, column_index};
use crate::store::{Query, Refusal, Write};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

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
    let equal = |column: &str, value: ColumnValue<'static>| -> Result<Clause> {
        Ok(Clause {
            target: Target::Column(column_index(Kind::Key, column)?),
            condition: Condition::Compare(Comparison::Eq, value),
        })
    };
    Ok(vec![
        equal("workspace_id", ColumnValue::from(scope.workspace()))?,
        equal("mode", ColumnValue::from(scope.mode().as_str()))?,
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

impl Transaction for Creation<'_> {
    type Output = Reply<ShownKey>;

    async fn plan(&mut self) -> Result<Planned<Self::Output>> {
        let environment = self.context.environment();
        let now = environment.now();
        self.input.check(now)?;
        let id = environment.mint(Kind::Key, now);
        let (scope, scopes) = (self.context.scope(), self.input.effective_scopes());
        let name = self.input.name.clone();
        let rng = environment.rng();
        let made = ApiKey::make(id, scope, scopes.access(), name, id.timestamp(), rng)?;
        let NewKey { key, secret } = made;
        let actor = self.context.actor().clone();
        let key = key.restricted(scopes, self.input.expires_at, actor);
        let mut shown = key.shown();
        shown.secret = Some(secret);
        let reply = Reply::new(Outcome::Created, shown.to_json());
        let insert = Write::Insert(Entry::new(key));
        let batch = keys::system_batch(self.context.components(), insert);
        Ok(Planned::Commit(batch, reply))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        Err(unexpected(&conflict))
    }
}
