//! Workspaces and the API keys that open them.

use super::{Crm, Inner, read, store_error, write};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::PAGE_LIMIT_MAX;
use crate::query::filter::{Clause, Comparison, Condition, Target};
use crate::record::column::ColumnValue;
use crate::record::key::{
    ApiKey, KeyAccess, NewKey, Principal, digest, has_length_of_key, hex, is_well_formed, may_exist,
};
use crate::record::workspace::Workspace;
use crate::record::{Document, Entry, column_place};
use crate::store::{Batch, CommitError, Page, Query, Refusal, Write};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::scope::{Mode, Scope};

/// For how long a key that was found valid is not looked up again: within so long, a key that another process revoked
/// stops everywhere.
pub const KEY_CACHE_MS: i64 = 5_000;

impl Crm {
    /// Makes a workspace.
    ///
    /// # Errors
    /// `conflict` when one of this name exists, without regard to case.
    pub async fn create_workspace(&self, name: &str) -> Result<Workspace> {
        let inner = &self.inner;
        let mut cursor_key = [0_u8; 32];
        inner.rng.fill(&mut cursor_key);
        let id = inner.mint(Kind::Workspace, inner.clock.now());
        let workspace = Workspace::new(id, name.to_owned(), hex(&cursor_key), id.timestamp())?;
        let insert = Write::Insert(Entry::new(workspace.clone()));
        match inner.commit_system(insert).await {
            Ok(()) => Ok(workspace),
            Err(CommitError::Refused(Refusal::UniqueConflict { holder, .. })) => Err(Error::new(
                ErrorKind::Conflict,
                format!("There is a workspace {} already.", Quoted(name)),
            )
            .at("name")
            .existing(holder)),
            Err(error) => Err(system_error(error)),
        }
    }

    /// All workspaces, newest first.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>> {
        let all = self
            .inner
            .all_of_system(Kind::Workspace, Vec::new())
            .await?;
        all.iter().map(Document::decode).collect()
    }

    /// Makes an API key for one workspace in one mode. The key itself can be read from the answer alone.
    ///
    /// # Errors
    /// `not_found` when there is no such workspace.
    pub async fn create_key(
        &self,
        workspace: Id,
        mode: Mode,
        access: KeyAccess,
        name: Option<String>,
    ) -> Result<NewKey> {
        let inner = &self.inner;
        inner.workspace(workspace).await?;
        let id = inner.mint(Kind::Key, inner.clock.now());
        let scope = Scope::new(workspace, mode);
        let rng = inner.rng.as_ref();
        let new = ApiKey::make(id, scope, access, name, id.timestamp(), rng)?;
        let insert = Write::Insert(Entry::new(new.key.clone()));
        inner.commit_system(insert).await.map_err(system_error)?;
        Ok(new)
    }

    /// The keys of a workspace, newest first, revoked ones included.
    ///
    /// # Errors
    /// `not_found` when there is no such workspace.
    pub async fn keys(&self, workspace: Id) -> Result<Vec<ApiKey>> {
        self.inner.workspace(workspace).await?;
        let of_workspace = Clause {
            target: Target::Column(column_place(Kind::Key, "workspace_id")?),
            condition: Condition::Compare(Comparison::Eq, ColumnValue::from(workspace)),
        };
        let all = self
            .inner
            .all_of_system(Kind::Key, vec![of_workspace])
            .await?;
        all.iter().map(Document::decode).collect()
    }

    /// Revokes a key: at once for this engine, within [`KEY_CACHE_MS`] for every other one over the same store.
    ///
    /// # Errors
    /// `not_found` when there is no such key.
    pub async fn revoke_key(&self, id: Id) -> Result<ApiKey> {
        let inner = &self.inner;
        loop {
            let found = match id.kind() {
                Kind::Key => inner
                    .store
                    .get(Scope::SYSTEM, id)
                    .await
                    .map_err(store_error)?,
                _ => None,
            };
            let document =
                found.ok_or_else(|| Error::new(ErrorKind::NotFound, "There is no such key."))?;
            let mut key: ApiKey = document.decode()?;
            if key.revoked_at.is_some() {
                return Ok(key);
            }
            key.revoked_at = Some(inner.clock.now());
            key.version += 1;
            let replace = Write::Replace {
                before: document.into_entry()?,
                after: Entry::new(key.clone()),
            };
            match inner.commit_system(replace).await {
                Ok(()) => {
                    let mut principals = write(&inner.principals);
                    principals.known.clear();
                    principals.revocations += 1;
                    drop(principals);
                    return Ok(key);
                }
                Err(CommitError::Refused(Refusal::VersionConflict { .. })) => {}
                Err(error) => return Err(system_error(error)),
            }
        }
    }

    /// Who shows this key, as far as that is known without asking the store.
    pub fn recall(&self, secret: &str) -> Option<Principal> {
        if !has_length_of_key(secret) {
            return None;
        }
        let now = self.inner.clock.monotonic();
        let known = read(&self.inner.principals)
            .known
            .get(&digest(secret))
            .copied();
        known.and_then(|(principal, until)| (now < until).then_some(principal))
    }

    /// Whether this key was valid when it was last looked up, as far as that is remembered: whoever shows it did not make it
    /// up, though it may have been revoked since.
    pub fn has_known(&self, secret: &str) -> bool {
        has_length_of_key(secret)
            && read(&self.inner.principals)
                .known
                .get(&digest(secret))
                .is_some()
    }

    /// Who shows this key, or none where it is no valid key. A text with a wrong checksum is none, without a look-up.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn authenticate(&self, secret: &str) -> Result<Option<Principal>> {
        if !is_well_formed(secret) {
            return Ok(None);
        }
        let inner = &self.inner;
        let digest = digest(secret);
        let now = inner.clock.monotonic();
        let (known, revocations) = {
            let principals = read(&inner.principals);
            (
                principals.known.get(&digest).copied(),
                principals.revocations,
            )
        };
        if let Some((principal, until)) = known
            && now < until
        {
            return Ok(Some(principal));
        }
        if !may_exist(secret) {
            return Ok(None);
        }
        let keys = [hex(&digest)];
        let found = inner.store.find(Scope::SYSTEM, Kind::Key, &keys).await;
        let found = found.map_err(store_error)?.into_iter().flatten().next();
        let key: Option<ApiKey> = found.map(|document| document.decode()).transpose()?;
        let principal = key.as_ref().and_then(ApiKey::principal);
        let mut principals = write(&inner.principals);
        match principal {
            Some(principal) if principals.revocations == revocations => {
                let until = now.saturating_add_millis(KEY_CACHE_MS);
                principals.known.insert(digest, (principal, until));
            }
            Some(_) | None => {
                principals.known.remove(&digest);
            }
        }
        Ok(principal)
    }
}

impl Inner {
    async fn commit_system(&self, write: Write) -> Result<(), CommitError> {
        let batch = Batch {
            scope: Scope::SYSTEM,
            now: self.clock.now(),
            requires: Vec::new(),
            writes: vec![write],
        };
        self.commit(batch).await
    }

    async fn all_of_system(&self, kind: Kind, clauses: Vec<Clause>) -> Result<Vec<Document>> {
        let mut all: Vec<Document> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id);
            let page = self.page_of_system(kind, clauses.clone(), after).await?;
            all.extend(page.documents);
            if !page.more {
                return Ok(all);
            }
        }
    }

    /// One page of what is above all workspaces, newest first.
    pub(super) async fn page_of_system(
        &self,
        kind: Kind,
        clauses: Vec<Clause>,
        after: Option<Id>,
    ) -> Result<Page> {
        let query = Query {
            kind,
            clauses,
            after,
            limit: PAGE_LIMIT_MAX,
        };
        let page = self.store.list(Scope::SYSTEM, &query).await;
        page.map_err(store_error)
    }
}

fn system_error(error: CommitError) -> Error {
    match error {
        CommitError::Store(error) => store_error(error),
        CommitError::Refused(refusal) => Error::internal(format!("the store refused {refusal:?}")),
    }
}
