//! Workspaces and the API keys that open them.

use std::borrow::Cow;
use std::fmt;

use super::caches::KeyDigest;
use super::components::Components;
use super::effects::Effects;
use super::transaction::{ATTEMPTS_MAX, Planned, Transaction, transact, unexpected};
use crate::error::{Error, ErrorKind, Result};
use crate::query::filter::{Clause, Comparison, Condition, Target};
use crate::record::column::ColumnValue;
use crate::record::key::{
    ApiKey, KeyAccess, NewKey, Principal, digest, has_length_of_key, is_well_formed, may_exist,
};
use crate::record::workspace::Workspace;
use crate::record::{Document, Entry, column_index};
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

impl Transaction for Foundation<'_> {
    type Output = Workspace;

    async fn plan(&mut self) -> Result<Planned<Workspace>> {
        let environment = self.components.environment();
        let id = environment.mint(Kind::Workspace, environment.now());
        let (name, cursor_key) = (self.name.to_owned(), self.cursor_key.clone());
        let workspace = Workspace::new(id, name, cursor_key, id.timestamp())?;
        let insert = Write::Insert(Entry::new(workspace.clone()));
        Ok(Planned::Commit(
            system_batch(self.components, insert),
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
    let of_workspace = Clause {
        target: Target::Column(column_index(Kind::Key, "workspace_id")?),
        condition: Condition::Compare(Comparison::Eq, ColumnValue::from(workspace)),
    };
    let all = all_of_system(components, Kind::Key, vec![of_workspace]).await?;
    all.iter().map(Document::decode).collect()
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
        components.announce(Effects {
            revokes: true,
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

impl Revocation<'_> {
    fn missing(&self) -> Error {
        match self.within {
            Some(_) => Error::not_found(Kind::Key.name()),
            None => Error::new(ErrorKind::NotFound, "There is no such key."),
        }
    }
}

impl Transaction for Revocation<'_> {
    type Output = ApiKey;

    async fn plan(&mut self) -> Result<Planned<ApiKey>> {
        let found = match self.id.kind() {
            Kind::Key => {
                let storage = self.components.storage();
                storage.get(Scope::SYSTEM, self.id).await?
            }
            _ => None,
        };
        let document = found.ok_or_else(|| self.missing())?;
        let mut key: ApiKey = document.decode()?;
        let opens = Scope::new(key.workspace_id, key.mode);
        if self.within.is_some_and(|scope| scope != opens) {
            return Err(self.missing());
        }
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
        Ok(Planned::Commit(system_batch(self.components, replace), key))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::VersionConflict { .. } => Ok(()),
            conflict => Err(unexpected(&conflict)),
        }
    }
}

/// A text that is as long as an API key, with its digest, which is computed once.
pub struct PresentedKey<'a> {
    secret: Cow<'a, str>,
    digest: KeyDigest,
}

impl<'a> PresentedKey<'a> {
    /// The key that a client presents, or none where the text cannot be one.
    pub fn parse(secret: &'a str) -> Option<Self> {
        has_length_of_key(secret).then(|| Self {
            secret: Cow::Borrowed(secret),
            digest: digest(secret),
        })
    }

    /// The same key, for as long as somebody needs to ask again whether it is valid.
    pub fn into_owned(self) -> PresentedKey<'static> {
        PresentedKey {
            secret: Cow::Owned(self.secret.into_owned()),
            digest: self.digest,
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
    components.principals().valid(&key.digest, now, clock)
}

pub(super) fn was_valid(components: &Components, key: &PresentedKey<'_>) -> bool {
    components.principals().was_valid(&key.digest)
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
    let keys = [hex(&key.digest)];
    let storage = components.storage();
    let found = storage.find(Scope::SYSTEM, Kind::Key, &keys).await?;
    let found = found.into_iter().flatten().next();
    let found: Option<ApiKey> = found.map(|document| document.decode()).transpose()?;
    let principal = found.and_then(|key| key.principal(components.environment().now()));
    principals.end_lookup(lookup, key.digest, principal.clone(), now);
    Ok(principal)
}

async fn check_workspace(components: &Components, workspace: Id) -> Result<()> {
    components.workspace(workspace).await.map(drop)
}

async fn commit(components: &Components, write: Write) -> Result<(), CommitError> {
    let batch = system_batch(components, write);
    components.storage().commit(batch).await
}

pub(super) fn system_batch(components: &Components, write: Write) -> Batch {
    Batch {
        scope: Scope::SYSTEM,
        now: components.environment().now(),
        requires: Vec::new(),
        writes: vec![write],
    }
}

async fn all_of_system(
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
