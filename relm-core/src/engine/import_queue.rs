//! The queue of imports that wait for a worker, of all workspaces: entries of the store that expire, as claims are, about an id that no
//! import has. Whoever works on imports finds there which go on, without a look into each workspace.
//!
//! An entry is only a hint: what is to be done, the import itself says. One that is lost is put there again by hourly upkeep.

use super::components::Components;
use crate::error::Result;
use crate::store::{Batch, CommitError, StoredResponse, Write};
use crate::value::id::{Id, Kind};
use crate::value::scope::{Mode, Scope};

/// What all entries are about.
const QUEUE: Id = Id::new(Kind::Import, 0);
/// How long an entry stays that nobody takes out.
const ENTRY_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Entries that are read at once.
const READ: usize = 200;

/// An import that waits for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    pub scope: Scope,
    pub import: Id,
}

impl Waiting {
    /// As long as a digest at most, which is what stores have room for: ids without their prefixes, and the mode by its letter.
    fn key(self) -> String {
        let (workspace, import) = (self.scope.workspace().text(), self.import.text());
        let ulid = |id: &str| {
            id.split_once('_')
                .map_or_else(String::new, |(_, ulid)| ulid.to_owned())
        };
        let mode = match self.scope.mode() {
            Mode::Live => 'l',
            Mode::Test => 't',
        };
        format!("import {} {mode} {}", ulid(&workspace), ulid(&import))
    }

    fn of(key: &str) -> Option<Self> {
        let mut words = key.strip_prefix("import ")?.split(' ');
        let id = |kind: Kind, ulid: &str| Id::parse(&format!("{}_{ulid}", kind.prefix()));
        let workspace = id(Kind::Workspace, words.next()?)?;
        let mode = match words.next()? {
            "l" => Mode::Live,
            "t" => Mode::Test,
            _ => return None,
        };
        let import = id(Kind::Import, words.next()?)?;
        let scope = Scope::new(workspace, mode);
        Some(Self { scope, import })
    }

    /// Puts it into the queue, unless it is there.
    pub async fn enlist(self, components: &Components) -> Result<()> {
        let now = components.environment().now();
        let entry = Write::Remember(StoredResponse {
            key: self.key(),
            fingerprint: [0; 32],
            outcome: 0,
            body: "".into(),
            expires_at: now.saturating_add_millis(ENTRY_MS),
            about: vec![QUEUE],
        });
        commit(components, entry).await
    }

    /// Takes it out of the queue.
    pub async fn strike(self, components: &Components) -> Result<()> {
        let key = self.key();
        commit(components, Write::Forget { key, about: QUEUE }).await
    }
}

async fn commit(components: &Components, write: Write) -> Result<()> {
    let batch = Batch {
        scope: Scope::SYSTEM,
        now: components.environment().now(),
        requires: Vec::new(),
        writes: vec![write],
    };
    match components.storage().commit(batch).await {
        // It is there already.
        Ok(()) | Err(CommitError::Refused(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The imports that wait, of all workspaces.
pub(super) async fn waiting(components: &Components) -> Result<Vec<Waiting>> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let storage = components.storage();
        let keys = storage.responses_about(Scope::SYSTEM, QUEUE, after.as_deref(), READ);
        let keys = keys.await?;
        all.extend(keys.iter().filter_map(|key| Waiting::of(key)));
        if keys.len() < READ {
            return Ok(all);
        }
        after = keys.into_iter().next_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_which_import_it_is_of() {
        for mode in [Mode::Live, Mode::Test] {
            let scope = Scope::new(Id::new(Kind::Workspace, u128::MAX), mode);
            let import = Id::new(Kind::Import, 7);
            let waiting = Waiting { scope, import };
            assert_eq!(Waiting::of(&waiting.key()), Some(waiting));
            assert!(waiting.key().len() <= 64, "{}", waiting.key());
        }
        assert_eq!(Waiting::of("claim upkeep"), None);
    }
}
