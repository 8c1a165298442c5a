//! What one engine consists of. [`CrmBuilder`](super::CrmBuilder) composes it, once.

use std::sync::Arc;

use super::caches::{Configurations, Principals, Workspaces};
use super::commits::Commits;
use super::environment::Environment;
use super::listeners::Listeners;
use super::storage::Storage;
use super::wakeups::Wakeups;
use crate::error::Result;
use crate::limits::PAGE_LIMIT_MAX;
use crate::query::filter::Clause;
use crate::record::EndpointRules;
use crate::store::{Page, Query, Store};
use crate::value::id::{Id, Kind};
use crate::value::scope::{Mode, Scope};
use crate::value::time::{Clock, Rng};
use crate::webhook::TargetPolicy;
use crate::webhook::sealing::Sealer;

/// The components of one engine, shared by all that is reached through it.
pub(super) struct Components {
    storage: Storage,
    environment: Environment,
    configurations: Configurations,
    workspaces: Workspaces,
    principals: Principals,
    wakeups: Wakeups,
    listeners: Arc<Listeners>,
    commits: Arc<Commits>,
    sealer: Sealer,
    plain_http: bool,
    targets: Arc<dyn TargetPolicy>,
}

impl Components {
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        sealing_keys: Vec<[u8; 32]>,
        plain_http: bool,
        targets: Arc<dyn TargetPolicy>,
    ) -> Self {
        Self {
            storage: Storage::new(store, Arc::clone(&clock)),
            environment: Environment::new(clock, rng),
            configurations: Configurations::new(),
            workspaces: Workspaces::new(),
            principals: Principals::new(),
            wakeups: Wakeups::default(),
            listeners: Arc::default(),
            commits: Arc::default(),
            sealer: Sealer::new(sealing_keys),
            plain_http,
            targets,
        }
    }

    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    pub fn configurations(&self) -> &Configurations {
        &self.configurations
    }

    pub fn workspaces(&self) -> &Workspaces {
        &self.workspaces
    }

    pub fn principals(&self) -> &Principals {
        &self.principals
    }

    pub fn wakeups(&self) -> &Wakeups {
        &self.wakeups
    }

    pub fn listeners(&self) -> &Arc<Listeners> {
        &self.listeners
    }

    pub fn commits(&self) -> &Arc<Commits> {
        &self.commits
    }

    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// What an endpoint may be.
    pub fn endpoint_rules(&self) -> EndpointRules<'_> {
        EndpointRules {
            plain_http: self.plain_http,
            targets: self.targets.as_ref(),
        }
    }

    /// One page of what is above all workspaces, newest first.
    pub async fn page_of_system(
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
        self.storage.list(Scope::SYSTEM, &query).await
    }

    /// Both modes of a page of workspaces, newest first, and where the next page begins, if there is one.
    pub async fn scopes_after(&self, after: Option<Id>) -> Result<(Vec<Scope>, Option<Id>)> {
        let page = self.page_of_system(Kind::Workspace, Vec::new(), after);
        let page = page.await?;
        let ids = page.documents.iter().map(|document| document.id);
        let both = |workspace| Mode::ALL.map(|mode| Scope::new(workspace, mode));
        let next = page.documents.last().map(|last| last.id);
        let next = next.filter(|_| page.more);
        Ok((ids.flat_map(both).collect(), next))
    }
}
