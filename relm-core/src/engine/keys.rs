//! Workspaces and the API keys that open them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;

use super::components::Components;
use super::effects::Effects;
use super::transaction::{ATTEMPTS_MAX, Planned, Transaction, transact, unexpected};
use crate::error::{Error, ErrorKind, Result};
use crate::query::filter::Clause;
use crate::record::key::{
    ApiKey, KeyAccess, NewKey, Principal, digest, has_length_of_key, is_well_formed, may_exist,
};
use crate::record::workspace::Workspace;
use crate::record::{Document, Entry};
use crate::store::{Batch, CommitError, Refusal, Write};
use crate::value::excerpt::Quoted;
use crate::value::hex::hex;
use crate::value::id::{Id, Kind};
use crate::value::scope::{Mode, Scope};

pub(super) async fn create_workspace(components: &Components, name: &str) -> Result<Workspace> {
    let mut cursor_key = [0_u8; 32];
    components.environment().rng().fill(&mut cursor_key);
    let mut foundation = Foundation {
        components,
        name,
        cursor_key: hex(&cursor_key),
    };
    transact(components.storage(), &mut foundation).await
}

/// Makes a workspace. Each attempt mints an id: a store may refuse one that it cannot tell from another workspace's.
struct Foundation<'a> {
    components: &'a Components,
    name: &'a str,
    cursor_key: String,
}

#[async_trait]
impl Transaction for Foundation<'_> {
    type Output = Workspace;

    async fn plan(&mut self) -> Result<Planned<Workspace>> {
        let environment = self.components.environment();
        let id = environment.mint(Kind::Workspace, environment.now());
        let (name, cursor_key) = (self.name.to_owned(), self.cursor_key.clone());
        let workspace = Workspace::new(id, name, cursor_key, id.timestamp())?;
        let insert = Write::Insert(Entry::new(workspace.clone()));
        Ok(Planned::Commit(
            system_batch(self.components, vec![insert]),
            workspace,
        ))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::IdConflict { .. } => Ok(()),
            Refusal::UniqueConflict { holder, .. } => Err(Error::new(
                ErrorKind::Conflict,
                format!("There is a workspace {} already.", Quoted(self.name)),
            )
            .at("name")
            .existing(holder)),
            conflict => Err(unexpected(&conflict)),
        }
    }

    fn exhausted(&self) -> Error {
        Error::internal(format!(
            "the store refused the ids of {ATTEMPTS_MAX} workspaces"
        ))
    }
}

pub(super) async fn workspaces(components: &Components) -> Result<Vec<Workspace>> {
    let all = all_of_system(components, Kind::Workspace, Vec::new()).await?;
    all.iter().map(Document::decode).collect()
}

pub(super) async fn create_key(
    components: &Components,
    workspace: Id,
    mode: Mode,
    access: KeyAccess,
    name: Option<String>,
) -> Result<NewKey> {
    check_workspace(components, workspace).await?;
    let environment = components.environment();
    let id = environment.mint(Kind::Key, environment.now());
    let scope = Scope::new(workspace, mode);
    let new = ApiKey::make(id, scope, access, name, id.timestamp(), environment.rng())?;
    let insert = Write::Insert(Entry::new(new.key.clone()));
    commit(components, insert).await.map_err(commit_error)?;
    Ok(new)
}

pub(super) async fn keys(components: &Components, workspace: Id) -> Result<Vec<ApiKey>> {
    check_workspace(components, workspace).await?;
    let of_workspace = Clause::equal(Kind::Key, "workspace_id", workspace)?;
    let all = all_of_system(components, Kind::Key, vec![of_workspace]).await?;
    all.iter().map(Document::decode).collect()
}

/// A key: of any scope, or only where it opens this one.
pub(super) async fn require(
    components: &Components,
    id: Id,
    within: Option<Scope>,
) -> Result<(Document, ApiKey)> {
    let missing = || match within {
        Some(_) => Error::not_found(Kind::Key.noun()),
        None => Error::new(ErrorKind::NotFound, "There is no such key."),
    };
    let found = match id.kind() {
        Kind::Key => components.storage().get(Scope::SYSTEM, id).await?,
        _ => None,
    };
    let document = found.ok_or_else(missing)?;
    let key: ApiKey = document.decode()?;
    let opens = key.opens();
    match within {
        Some(scope) if scope != opens => Err(missing()),
        _ => Ok((document, key)),
    }
}

/// Revokes a key: of any scope, or only where it opens this one.
pub(super) async fn revoke_key(
    components: &Components,
    id: Id,
    within: Option<Scope>,
) -> Result<ApiKey> {
    let mut revocation = Revocation {
        components,
        id,
        within,
        revokes: false,
    };
    let key = transact(components.storage(), &mut revocation).await?;
    if revocation.revokes {
        components.publish(Effects {
            revoked: BTreeSet::from([key.id]),
            ..Effects::default()
        });
    }
    Ok(key)
}

struct Revocation<'a> {
    components: &'a Components,
    id: Id,
    within: Option<Scope>,
    /// Whether the last attempt found the key valid.
    revokes: bool,
}

#[async_trait]
impl Transaction for Revocation<'_> {
    type Output = ApiKey;

    async fn plan(&mut self) -> Result<Planned<ApiKey>> {
        let (document, mut key) = require(self.components, self.id, self.within).await?;
        self.revokes = key.revoked_at.is_none();
        if !self.revokes {
            return Ok(Planned::Done(key));
        }
        let now = self.components.environment().now();
        key.revoked_at = Some(now);
        key.version += 1;
        let replace = Write::Replace {
            before: document.into_entry()?,
            after: Entry::new(key.clone()),
        };
        Ok(Planned::Commit(
            system_batch(self.components, vec![replace]),
            key,
        ))
    }
}

/// A text that is as long as an API key.
pub struct PresentedKey<'a> {
    secret: Cow<'a, str>,
}

impl<'a> PresentedKey<'a> {
    /// The key that a client presents, or none where the text cannot be one.
    pub fn parse(secret: &'a str) -> Option<Self> {
        has_length_of_key(secret).then_some(Self {
            secret: Cow::Borrowed(secret),
        })
    }

    /// The same key, for as long as somebody needs to ask again whether it is valid.
    pub fn into_owned(self) -> PresentedKey<'static> {
        PresentedKey {
            secret: Cow::Owned(self.secret.into_owned()),
        }
    }
}

/// Shows nothing of the key.
impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedKey").finish_non_exhaustive()
    }
}

pub(super) fn cached_principal(
    components: &Components,
    key: &PresentedKey<'_>,
) -> Option<Principal> {
    let environment = components.environment();
    let (now, clock) = (environment.monotonic(), environment.now());
    components.principals().valid(&key.secret, now, clock)
}

pub(super) fn was_valid(components: &Components, key: &PresentedKey<'_>) -> bool {
    components.principals().was_valid(&key.secret)
}

pub(super) async fn look_up(
    components: &Components,
    key: &PresentedKey<'_>,
) -> Result<Option<Principal>> {
    if let Some(principal) = cached_principal(components, key) {
        return Ok(Some(principal));
    }
    if !is_well_formed(&key.secret) || !may_exist(&key.secret) {
        return Ok(None);
    }
    let principals = components.principals();
    let now = components.environment().monotonic();
    let lookup = principals.begin_lookup();
    let keys = [hex(&digest(&key.secret))];
    let storage = components.storage();
    let found = storage.find(Scope::SYSTEM, Kind::Key, &keys).await?;
    let found = found.into_iter().flatten().next();
    let found: Option<ApiKey> = found.map(|document| document.decode()).transpose()?;
    let clock = components.environment().now();
    let valid = found.and_then(|key| Some((key.principal(clock)?, key)));
    let principal = valid.map(|(principal, key)| {
        components.key_uses().note(&key, clock);
        principal
    });
    principals.end_lookup(lookup, &key.secret, principal.clone(), now);
    Ok(principal)
}

async fn check_workspace(components: &Components, workspace: Id) -> Result<()> {
    components.workspace(workspace).await.map(drop)
}

async fn commit(components: &Components, write: Write) -> Result<(), CommitError> {
    let batch = system_batch(components, vec![write]);
    components.storage().commit(batch).await
}

pub(super) fn system_batch(components: &Components, writes: Vec<Write>) -> Batch {
    Batch {
        scope: Scope::SYSTEM,
        now: components.environment().now(),
        requires: Vec::new(),
        writes,
    }
}

pub(super) async fn all_of_system(
    components: &Components,
    kind: Kind,
    clauses: Vec<Clause>,
) -> Result<Vec<Document>> {
    let mut all: Vec<Document> = Vec::new();
    loop {
        let after = all.last().map(|last| last.id);
        let page = components.page_of_system(kind, clauses.clone(), after);
        let page = page.await?;
        all.extend(page.documents);
        if !page.more {
            return Ok(all);
        }
    }
}

fn commit_error(error: CommitError) -> Error {
    match error {
        CommitError::Store(error) => error.into(),
        CommitError::Refused(refusal) => unexpected(&refusal),
    }
}
