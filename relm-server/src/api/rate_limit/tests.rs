use relm_core::value::time::ManualClock;
use relm_core::{Id, Kind, Mode, Store};
use relm_store_memory::MemoryStore;

use super::*;

const HOUR_MS: i64 = 60 * WINDOW_MS;

fn scope(n: u128) -> Scope {
    Scope::new(Id::new(Kind::Workspace, n), Mode::Live)
}

/// An engine whose clock stands at a moment, over a store that may have others.
fn crm(store: &Arc<dyn Store>, clock: &Arc<ManualClock>) -> Crm {
    let builder = Crm::builder(Arc::clone(store));
    builder.clock(Arc::clone(clock) as _).build()
}

/// So many replicas over one store, and their clock, which stands two seconds into a minute long after 1970.
fn replicas<const N: usize>(limit: u32) -> ([(RateLimiter, Crm); N], Arc<ManualClock>) {
    let clock = ManualClock::new(Timestamp::from_millis(1_000_000 * WINDOW_MS + 2_000));
    let clock = Arc::new(clock);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let replica = |()| (RateLimiter::new(limit, true), crm(&store, &clock));
    ([(); N].map(replica), clock)
}

/// How many of so many requests of one scope are allowed, which go to replicas in turn.
async fn allowed(replicas: &[(RateLimiter, Crm)], requests: u32) -> u32 {
    let mut allowed = 0;
    for (rates, crm) in replicas.iter().cycle().take(requests as usize) {
        let window = rates.count(crm, scope(1)).await;
        assert!(window.remaining <= window.limit);
        allowed += u32::from(window.allowed);
    }
    allowed
}

#[tokio::test]
async fn a_window_allows_its_limit_and_begins_anew_with_the_minute() {
    for shared in [false, true] {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(61_000)));
        let crm = crm(&(Arc::new(MemoryStore::new()) as _), &clock);
        let rates = RateLimiter::new(2, shared);
        assert_eq!(rates.count(&crm, scope(1)).await.remaining, 1);
        clock.advance_millis(1_000);
        assert_eq!(rates.count(&crm, scope(1)).await.remaining, 0);
        clock.advance_millis(57_001);
        let refused = rates.count(&crm, scope(1)).await;
        assert!(!refused.allowed);
        assert_eq!((refused.reset_unix_s, refused.retry_after_s), (120, 1));
        let other = rates.count(&crm, scope(2)).await;
        assert!(other.allowed, "another scope has a window of its own");
        clock.advance_millis(999);
        assert!(rates.count(&crm, scope(1)).await.allowed);
    }
}

#[tokio::test]
async fn replicas_share_a_window() {
    for limit in [1, 7, 20, 600, 6_001] {
        let (replicas, _) = replicas::<3>(limit);
        let allowed = allowed(&replicas, 2 * limit + 50).await;
        assert_eq!(allowed, limit, "all of it, and no more");
    }
}

#[tokio::test]
async fn a_window_ends_when_it_would_have_though_the_clock_is_set() {
    for step_ms in [-HOUR_MS, -90_000, -20_000, 20_000, HOUR_MS] {
        for shared in [false, true] {
            let ([(_, crm)], clock) = replicas(9);
            let rates = RateLimiter::new(2, shared);
            for _ in 0..2 {
                assert!(rates.count(&crm, scope(1)).await.allowed);
            }
            clock.step_millis(step_ms);
            clock.advance_millis(57_999);
            let refused = rates.count(&crm, scope(1)).await;
            assert!(!refused.allowed, "the window began anew by {step_ms}");
            assert_eq!(refused.retry_after_s, 1);
            let reset_s = (crm.now().as_millis() + 1).div_euclid(1000);
            assert_eq!(refused.reset_unix_s, reset_s);
            clock.advance_millis(1);
            let next = rates.count(&crm, scope(1)).await;
            assert!(next.allowed, "the window does not end by {step_ms}");
        }
    }
}

#[tokio::test]
async fn replicas_share_every_window_whatever_the_clock_does() {
    for steps in [
        vec![-HOUR_MS],
        vec![HOUR_MS, -HOUR_MS],
        vec![-90_000, -90_000],
        vec![-20, 20, -20],
    ] {
        let (replicas, clock) = replicas::<3>(40);
        assert_eq!(allowed(&replicas, 130).await, 40);
        for step_ms in steps {
            clock.step_millis(step_ms);
            for minute in 0..5 {
                clock.advance_millis(WINDOW_MS);
                let allowed = allowed(&replicas, 130).await;
                assert_eq!(allowed, 40, "{minute} minutes after {step_ms}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_claim_holds_up_its_own_scope_alone_and_not_for_long() {
    let ([(rates, crm)], _) = replicas(100);
    let claim = |name: String| async move {
        let slow = format!("rate {} live ", scope(1).workspace());
        if name.starts_with(&slow) {
            std::future::pending::<()>().await;
        }
        Ok(true)
    };
    let begun = tokio::time::Instant::now();
    let slow = async {
        let window = rates.count_by(&crm, scope(1), claim).await;
        (window.allowed, begun.elapsed())
    };
    let quick = async {
        let window = rates.count_by(&crm, scope(2), claim).await;
        (window.allowed, begun.elapsed())
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert_eq!(slow, (true, CLAIM_WAIT_MAX));
    assert_eq!(quick, (true, Duration::ZERO));
}

#[tokio::test]
async fn a_request_that_is_dropped_while_it_asks_for_a_slice_loses_none() {
    let ([(rates, crm)], _) = replicas(SLICES);
    let unanswered = |_| std::future::pending::<relm_core::Result<bool>>();
    tokio::select! {
        biased;
        _ = rates.count_by(&crm, scope(1), unanswered) => panic!("nobody answers"),
        () = std::future::ready(()) => {}
    }
    // The store may have given the first slice, and would give it to nobody again.
    let taken = |name: String| async move { Ok(!name.ends_with(" 0")) };
    let window = rates.count_by(&crm, scope(1), taken).await;
    assert!(window.allowed);
    assert_eq!(window.remaining, SLICES - 1);
}

#[tokio::test]
async fn no_limit_refuses_nothing() {
    let ([(_, crm)], _) = replicas(9);
    let rates = RateLimiter::new(0, true);
    for _ in 0..10_000 {
        assert!(rates.count(&crm, scope(1)).await.allowed);
    }
    assert_eq!(rates.count(&crm, scope(1)).await.remaining, UNLIMITED);
}
