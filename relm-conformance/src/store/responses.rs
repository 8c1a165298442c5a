//! Responses kept under idempotency keys: what comes back, and until when.

use relm_core::store::{Batch, Refusal, StoredResponse, Write};
use relm_core::value::time::Timestamp;

use super::commits::response;
use crate::records::{SCOPE, at, contact, contact_of, insert};
use crate::subject::{NOW, Subject, assert_contract, batch, refused};

async fn kept(store: &Subject, key: &str, now: Timestamp) -> Option<StoredResponse> {
    store
        .response(SCOPE, key, now)
        .await
        .expect("the store reads a response")
}

fn remembering(response: StoredResponse, now: Timestamp) -> Batch {
    Batch {
        now,
        ..batch(SCOPE, Vec::new(), vec![Write::Remember(response)])
    }
}

/// A response comes back as it was given: its fingerprint, its outcome, and its body byte for byte.
pub(crate) async fn a_response_comes_back_exactly(store: Subject) {
    assert_contract!(kept(&store, "key", NOW).await, None);
    let mut fingerprint = [0; 32];
    fingerprint
        .iter_mut()
        .zip(0..)
        .for_each(|(byte, n): (&mut u8, u8)| *byte = n.wrapping_mul(9));
    let bodies = [
        "{}".to_owned(),
        String::new(),
        r#"{"a": 1.0,"é":"𐀀"}  "#.to_owned(),
        "\u{10FFFF}".repeat(300_000),
    ];
    for (body, outcome) in bodies.into_iter().zip([1, 0, i64::MAX, i64::MIN]) {
        let given = StoredResponse {
            key: format!("key {outcome}"),
            fingerprint,
            outcome,
            body: body.into(),
            ..response("")
        };
        store
            .apply(SCOPE, vec![Write::Remember(given.clone())])
            .await;
        assert_contract!(kept(&store, &given.key, NOW).await, Some(given));
    }
}

/// A response is kept until the moment that it names, to the millisecond, and no longer.
pub(crate) async fn a_response_expires_to_the_millisecond(store: Subject) {
    let given = response("key");
    store
        .apply(SCOPE, vec![Write::Remember(given.clone())])
        .await;
    let at = |millis| given.expires_at.saturating_add_millis(millis);
    assert_contract!(kept(&store, "key", at(-1)).await, Some(given.clone()));
    assert_contract!(kept(&store, "key", at(0)).await, None);
    assert_contract!(kept(&store, "key", at(1)).await, None);
    let again = remembering(given.clone(), at(-1));
    assert_contract!(store.refusal_of(again).await, Refusal::ResponseExists);
    let next = StoredResponse {
        outcome: 2,
        expires_at: at(1_000),
        ..given.clone()
    };
    let done = store.commit(remembering(next.clone(), at(0))).await;
    done.expect("the key is free at the moment of expiry");
    assert_contract!(kept(&store, "key", at(0)).await, Some(next));
}

/// `Remember`: its key must be free.
pub(crate) async fn a_kept_response_keeps_its_key(store: Subject) {
    let given = response("key");
    store
        .apply(SCOPE, vec![Write::Remember(given.clone())])
        .await;
    let other = StoredResponse {
        outcome: 2,
        fingerprint: [9; 32],
        ..given.clone()
    };
    for response in [given.clone(), other] {
        let refusal = store
            .refusal(SCOPE, vec![insert(contact(1)), Write::Remember(response)])
            .await;
        assert_contract!(refusal, Refusal::ResponseExists);
    }
    assert_contract!(kept(&store, "key", NOW).await, Some(given));
    store.apply(SCOPE, vec![insert(contact(1))]).await;
}

/// A key is free when its response expired at the batch's `now`; the new one takes the place of the old.
pub(crate) async fn an_expired_key_is_free(store: Subject) {
    let mut now = NOW;
    for outcome in 1..=3 {
        let given = StoredResponse {
            outcome,
            expires_at: now.saturating_add_millis(10),
            ..response("key")
        };
        let done = store.commit(remembering(given.clone(), now)).await;
        done.expect("the key is free");
        assert_contract!(kept(&store, "key", now).await, Some(given));
        now = now.saturating_add_millis(10);
    }
    assert_contract!(kept(&store, "key", now).await, None);
}

/// A response that expired at the batch's `now` refuses nothing, also where something else does.
pub(crate) async fn an_expired_response_refuses_nothing(store: Subject) {
    let given = response("key");
    let one = contact_of(1, "ada@example.com");
    let first = vec![insert(one.clone()), Write::Remember(given.clone())];
    store.apply(SCOPE, first).await;
    let now = given.expires_at;
    let next = StoredResponse {
        expires_at: now.saturating_add_millis(1_000),
        ..given
    };
    let two = insert(contact_of(2, "ada@example.com"));
    let taken = Batch {
        now,
        ..batch(SCOPE, Vec::new(), vec![two, Write::Remember(next)])
    };
    let holder = one.id;
    assert_contract!(
        store.refusal_of(taken).await,
        Refusal::UniqueConflict { write: 0, holder }
    );
}

/// Text compares by code point: an idempotency key is another one with other case, accents or spaces.
pub(crate) async fn response_keys_compare_by_code_point(store: Subject) {
    let keys = [
        "key",
        "Key",
        "key ",
        "kéy",
        "ke\u{301}y",
        "k%",
        "",
        "\u{10FFFF}",
    ];
    for (key, outcome) in keys.into_iter().zip(0..) {
        let given = StoredResponse {
            outcome,
            ..response(key)
        };
        store.apply(SCOPE, vec![Write::Remember(given)]).await;
    }
    for (key, outcome) in keys.into_iter().zip(0..) {
        let outcome_kept = kept(&store, key, NOW).await.map(|kept| kept.outcome);
        assert_contract!(outcome_kept, Some(outcome), "{key:?}");
    }
    assert_contract!(kept(&store, "KEY", NOW).await, None);
}

/// Each of a hundred responses is kept until its own moment, whatever the others do, and its key is free from then on.
pub(crate) async fn responses_expire_each_at_its_own_moment(store: Subject) {
    const RESPONSES: i64 = 100;
    const AGAIN: i64 = 50;
    let given = |n: i64, round: i64| StoredResponse {
        outcome: n + 1_000 * round,
        // In another order than the one in which they are remembered.
        expires_at: at(100 * round + 1 + n * 37 % RESPONSES),
        ..response(&format!("key {n}"))
    };
    let all = |of: &dyn Fn(i64) -> StoredResponse| (0..RESPONSES).map(of).collect();
    let holds = async |now: i64, last: Vec<StoredResponse>| {
        for last in last {
            let expected = (last.expires_at > at(now)).then(|| last.clone());
            let kept = kept(&store, &last.key, at(now)).await;
            assert_contract!(kept, expected, "{} at {now}", last.key);
        }
    };
    for n in 0..RESPONSES {
        let done = store.commit(remembering(given(n, 0), NOW)).await;
        done.expect("the key was never used");
    }
    for now in [0, 1, 2, 49, 50, 99, 100] {
        holds(now, all(&|n| given(n, 0))).await;
    }
    // Half of them have expired: a new response takes the place of these, and of no other.
    let is_free = |n: i64| given(n, 0).expires_at <= at(AGAIN);
    for n in 0..RESPONSES {
        let outcome = refused(store.commit(remembering(given(n, 1), at(AGAIN))).await);
        let expected = (!is_free(n)).then_some(Refusal::ResponseExists);
        assert_contract!(outcome, expected, "key {n}");
    }
    for now in [AGAIN, 99, 100, 101, 150, 200] {
        holds(now, all(&|n| given(n, i64::from(is_free(n))))).await;
    }
}
