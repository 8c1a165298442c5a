//! Workspaces and the keys that open them.

use std::sync::Arc;

use relm_core::engine::KEY_CACHE_MS;
use relm_core::value::time::{ManualClock, SeededRng};

use super::*;

#[test]
fn two_engines_that_mint_one_id_make_two_workspaces() -> Result<()> {
    pollster::block_on(async {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        // Each draws the same from its source of randomness, at the same time.
        let noon: Timestamp = "2026-07-02T12:00:00Z".parse()?;
        let engine = || {
            let clock = Arc::new(ManualClock::new(noon));
            let builder = Crm::builder(Arc::clone(&store)).clock(clock);
            builder.rng(Arc::new(SeededRng::new(7))).build()
        };
        let acme = engine().create_workspace("acme").await?;
        let other = engine();
        let umbrella = other.create_workspace("umbrella").await?;
        assert_ne!(umbrella.id, acme.id);
        assert_eq!(other.workspaces().await?, [umbrella, acme]);
        Ok(())
    })
}

#[test]
fn all_workspaces_are_listed_and_all_keys_of_one_however_many_there_are() -> Result<()> {
    pollster::block_on(async {
        let crm = Crm::new(MemoryStore::new());
        let mut made = Vec::new();
        for count in 0..=limits::PAGE_LIMIT_MAX {
            made.push(crm.create_workspace(&format!("w{count}")).await?);
        }
        made.reverse();
        assert_eq!(crm.workspaces().await?, made);

        let [newest, older] = [made[0].id, made[1].id];
        let mut keys = Vec::new();
        for workspace in [newest, older, newest] {
            let key = crm.create_key(workspace, Mode::Live, KeyAccess::Full, None);
            keys.push(key.await?.key);
        }
        let [first, of_older, second] = <[ApiKey; 3]>::try_from(keys).expect("three");
        assert_eq!(crm.keys(newest).await?, [second, first]);
        assert_eq!(crm.keys(older).await?, [of_older]);
        Ok(())
    })
}

#[test]
fn a_workspace_that_is_not_there_has_no_keys_and_gets_none() -> Result<()> {
    pollster::block_on(async {
        let crm = Crm::new(MemoryStore::new());
        crm.create_workspace("acme").await?;
        let absent = Id::new(Kind::Workspace, 1);
        let made = crm.create_key(absent, Mode::Live, KeyAccess::Full, None);
        assert_eq!(made.await.unwrap_err().kind(), ErrorKind::NotFound);
        let listed = crm.keys(absent).await;
        assert_eq!(listed.unwrap_err().kind(), ErrorKind::NotFound);
        Ok(())
    })
}

#[test]
fn a_key_is_revoked_once() -> Result<()> {
    pollster::block_on(async {
        let crm = Crm::new(MemoryStore::new());
        let acme = crm.create_workspace("acme").await?;
        let made = crm.create_key(acme.id, Mode::Live, KeyAccess::Full, None);
        let made = made.await?;
        let revoked = crm.revoke_key(made.key.id).await?;
        assert!(revoked.revoked_at.is_some());
        assert_eq!((made.key.version, revoked.version), (1, 2));
        assert_eq!(crm.authenticate(&made.secret).await?, None);
        // Asked again, it says when that was.
        assert_eq!(crm.revoke_key(made.key.id).await?, revoked);
        assert_eq!(crm.key(made.key.id).await?, revoked);
        Ok(())
    })
}

#[test]
fn a_key_that_was_looked_up_is_not_looked_up_again_for_five_seconds() -> Result<()> {
    pollster::block_on(async {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::new("2026-07-02T12:00:00Z".parse()?));
        let engine = || {
            let clock: Arc<dyn Clock> = Arc::clone(&clock) as _;
            Crm::builder(Arc::clone(&store)).clock(clock).build()
        };
        let (one, other) = (engine(), engine());
        let acme = one.create_workspace("acme").await?;
        let made = one.create_key(acme.id, Mode::Live, KeyAccess::Full, None);
        let made = made.await?;
        assert!(one.authenticate(&made.secret).await?.is_some());
        // Another engine's revocation is in the store alone, where this one looks again in five seconds.
        other.revoke_key(made.key.id).await?;
        assert_eq!(other.authenticate(&made.secret).await?, None);
        clock.advance_millis(KEY_CACHE_MS - 1);
        assert!(one.authenticate(&made.secret).await?.is_some());
        clock.advance_millis(1);
        assert_eq!(one.authenticate(&made.secret).await?, None);
        Ok(())
    })
}
