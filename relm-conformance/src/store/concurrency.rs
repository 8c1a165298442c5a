//! Concurrent commits leave what some serial order of them would leave, and a dropped one is whole or nothing.

use relm_core::record::object::Contact;
use relm_core::record::{Document, Entry};
use relm_core::store::{Query, Refusal, Require, StoredResponse, Write};
use relm_core::value::id::{Id, Kind};

use super::commits::{all, response, stored};
use crate::records::with;
use crate::records::{
    SCOPE, changed, company, contact, contact_of, delete, edge, event, field, id, insert, replace,
};
use crate::subject::{NOW, Subject, assert_contract, batch, polled, refused};

const CONTENDERS: u64 = 8;
const ROUNDS: u64 = 5;

/// Commits each of these at once. The place of the one that succeeded, which must be one, and the refusals of the rest.
fn one_wins(store: &Subject, writes: Vec<Write>) -> (usize, Vec<Refusal>) {
    let commit = async |write| refused(store.commit(batch(SCOPE, Vec::new(), vec![write])).await);
    let outcomes = store.race(writes.into_iter().map(commit));
    let winners: Vec<usize> = (0..outcomes.len())
        .filter(|place| outcomes[*place].is_none())
        .collect();
    let [winner] = winners[..] else {
        panic!("exactly one of the commits must succeed: {outcomes:?}");
    };
    (winner, outcomes.into_iter().flatten().collect())
}

/// Of concurrent inserts of one id, one succeeds and the others learn that it is taken.
pub(crate) async fn one_of_many_inserts_of_an_id_succeeds(store: Subject) {
    for round in 0..ROUNDS {
        let contender = |n: u64| with!(contact(round); phone: Some(n.to_string()));
        let writes = (0..CONTENDERS).map(|n| insert(contender(n))).collect();
        let (winner, refusals) = one_wins(&store, writes);
        assert!(
            refusals
                .iter()
                .all(|refusal| *refusal == Refusal::IdConflict { write: 0 }),
            "{refusals:?}"
        );
        let kept = stored(&store, id(Kind::Contact, round)).await;
        assert_contract!(kept, Some(Entry::new(contender(winner as u64)).document()));
    }
}

/// Of concurrent inserts of one unique key, one succeeds and the others learn who holds it.
pub(crate) async fn one_of_many_inserts_of_a_key_succeeds(store: Subject) {
    for round in 0..ROUNDS {
        let email = format!("ada{round}@example.com");
        let contender = |n: u64| contact_of(100 * round + n, &email);
        let writes = (0..CONTENDERS).map(|n| insert(contender(n))).collect();
        let (winner, refusals) = one_wins(&store, writes);
        let holder = contender(winner as u64);
        let taken = Refusal::UniqueConflict {
            write: 0,
            holder: holder.id,
        };
        assert!(
            refusals.iter().all(|refusal| *refusal == taken),
            "{refusals:?}"
        );
        let found = store
            .find(SCOPE, Kind::Contact, std::slice::from_ref(&email))
            .await;
        assert_contract!(
            found.expect("the store finds records"),
            [Some(Entry::new(holder).document())]
        );
    }
}

/// Of concurrent replaces of one version, one succeeds and the others are stale.
pub(crate) async fn one_of_many_replaces_of_a_version_succeeds(store: Subject) {
    let mut current = contact(1);
    store.apply(SCOPE, vec![insert(current.clone())]).await;
    for _ in 0..ROUNDS {
        let contender = |n: u64| changed(&current, |it| it.phone = Some(n.to_string()));
        let writes = (0..CONTENDERS)
            .map(|n| replace(current.clone(), contender(n)))
            .collect();
        let (winner, refusals) = one_wins(&store, writes);
        assert!(
            refusals
                .iter()
                .all(|refusal| *refusal == Refusal::VersionConflict { write: 0 }),
            "{refusals:?}"
        );
        current = contender(winner as u64);
        assert_contract!(
            stored(&store, current.id).await,
            Some(Entry::new(current.clone()).document())
        );
    }
}

/// Of concurrent responses under one key, one is kept: also when an expired one is there.
pub(crate) async fn one_of_many_responses_of_a_key_is_kept(store: Subject) {
    let mut now = NOW;
    for _ in 0..ROUNDS {
        let expires_at = now.saturating_add_millis(10);
        let contender = |outcome| StoredResponse {
            outcome,
            expires_at,
            ..response("key")
        };
        let remember = |outcome| relm_core::store::Batch {
            now,
            ..batch(SCOPE, Vec::new(), vec![Write::Remember(contender(outcome))])
        };
        let commit = async |batch| refused(store.commit(batch).await);
        let outcomes = store.race((0..CONTENDERS.cast_signed()).map(remember).map(commit));
        let winners: Vec<usize> = (0..outcomes.len())
            .filter(|place| outcomes[*place].is_none())
            .collect();
        assert_contract!(winners.len(), 1, "{outcomes:?}");
        assert!(
            outcomes
                .iter()
                .flatten()
                .all(|refusal| *refusal == Refusal::ResponseExists),
            "{outcomes:?}"
        );
        let kept = store
            .response(SCOPE, "key", now)
            .await
            .expect("the store reads a response");
        assert_contract!(kept, Some(contender(winners[0] as i64)));
        now = expires_at;
    }
}

/// Concurrent batches that share records in opposite orders end, each applied wholly or refused: no deadlock gets out.
pub(crate) async fn opposite_orders_end(store: Subject) {
    const CHANGES: i64 = 15;
    const CONTENDERS: usize = 6;
    // What makes a try stale is another's change, so that these are enough.
    const TRIES: i64 = CONTENDERS as i64 * CHANGES;
    let ids = [1, 2, 3].map(|n| id(Kind::Contact, n));
    store
        .apply(SCOPE, [1, 2, 3].map(|n| insert(contact(n))).to_vec())
        .await;
    let contender = async |n: usize| {
        let mut changes = 0;
        for _ in 0..TRIES {
            if changes == CHANGES {
                break;
            }
            let mut writes = Vec::new();
            for own in ids {
                let document = stored(&store, own).await.expect("nobody deletes it");
                let before: Contact = document.decode().expect("it is a contact");
                let after = changed(&before, |it| it.phone = Some(format!("{n} {changes}")));
                writes.push(replace(before, after));
            }
            writes.rotate_left(n % 3);
            if n >= 3 {
                writes.reverse();
            }
            match refused(store.commit(batch(SCOPE, Vec::new(), writes)).await) {
                None => changes += 1,
                Some(Refusal::VersionConflict { .. }) => {}
                Some(refusal) => panic!("{refusal:?}"),
            }
        }
    };
    store.race((0..CONTENDERS).map(contender));
    let mut phones = Vec::new();
    for document in all(&store, Kind::Contact).await {
        let contact: Contact = document.decode().expect("it is a contact");
        assert_contract!(contact.version, 1 + TRIES, "a change was lost");
        phones.push(contact.phone);
    }
    assert!(
        phones.iter().all(|phone| *phone == phones[0]),
        "a batch was torn: {phones:?}"
    );
}

/// A required record still exists when the batch is applied: no edge outlives the deletion of its end.
pub(crate) async fn a_reference_and_its_deletion_exclude_each_other(store: Subject) {
    for round in 0..4 * ROUNDS {
        let (from, to) = (contact(round), company(round));
        store
            .apply(SCOPE, vec![insert(from.clone()), insert(to.clone())])
            .await;
        let link = insert(edge(round, from.id, to.id, None));
        let link = batch(
            SCOPE,
            vec![Require::Exists(from.id), Require::Exists(to.id)],
            vec![link],
        );
        let part = batch(
            SCOPE,
            Vec::new(),
            vec![delete(to.clone()), Write::Unlink(to.id)],
        );
        let commit = async |batch| refused(store.commit(batch).await);
        let outcomes = store.race([link, part].map(commit));
        let expected = [None, Some(Refusal::Missing(vec![to.id]))];
        assert!(
            expected.contains(&outcomes[0]) && outcomes[1].is_none(),
            "{outcomes:?}"
        );
        assert_contract!(all(&store, Kind::Association).await, [], "round {round}");
    }
}

/// Of concurrent batches that require one configuration and change it, one succeeds.
pub(crate) async fn definitions_exclude_each_other(store: Subject) {
    for round in 0..ROUNDS {
        let define = |n: u64| {
            let n = 100 * round + n;
            let requires = vec![Require::Configuration(round.cast_signed())];
            batch(
                SCOPE,
                requires,
                vec![insert(field(n, &format!("k{n}"))), Write::Reconfigure],
            )
        };
        let commit = async |batch| refused(store.commit(batch).await);
        let outcomes = store.race((0..CONTENDERS).map(define).map(commit));
        assert_contract!(
            outcomes.iter().filter(|outcome| outcome.is_none()).count(),
            1,
            "{outcomes:?}"
        );
        assert!(
            outcomes
                .iter()
                .flatten()
                .all(|refusal| *refusal == Refusal::Configuration),
            "{outcomes:?}"
        );
        let now = store.configured(SCOPE).await;
        assert_contract!(
            (now.version, now.fields.len() as u64),
            (round.cast_signed() + 1, round + 1)
        );
    }
}

/// `Require::Barrier`: once a batch is applied that requires it, none is that requires an earlier version of the configuration.
pub(crate) async fn a_barrier_waits_for_batches_of_earlier_versions(store: Subject) {
    // Fewer in all than one page has.
    const WRITES_MAX: u64 = 25;
    const LOOKS_MAX: u64 = 10_000;
    for round in 0..ROUNDS {
        let version = round.cast_signed();
        let before = all(&store, Kind::Contact).await.len();
        let commit = async |version, requires: &[Require], write| {
            let requires = [&[Require::Configuration(version)], requires].concat();
            refused(store.commit(batch(SCOPE, requires, vec![write])).await)
        };
        let act = async |n: u64| {
            if n == 0 {
                // The others have begun by then.
                for _ in 0..LOOKS_MAX {
                    if all(&store, Kind::Contact).await.len() > before {
                        break;
                    }
                }
                assert_contract!(commit(version, &[], Write::Reconfigure).await, None);
                let mark = insert(company(round));
                let marked = commit(version + 1, &[Require::Barrier], mark).await;
                assert_contract!(marked, None);
                return all(&store, Kind::Contact).await.len();
            }
            for write in 0..WRITES_MAX {
                let number = (round * CONTENDERS + n) * WRITES_MAX + write;
                let contact = insert(contact(number));
                if let Some(refusal) = commit(version, &[], contact).await {
                    assert_contract!(refusal, Refusal::Configuration);
                    break;
                }
            }
            0
        };
        let seen = store.race((0..CONTENDERS).map(act))[0];
        let there = all(&store, Kind::Contact).await.len();
        assert_contract!(there, seen, "round {round}");
    }
}

/// What is there of a batch whose future was dropped.
async fn parts(store: &Subject, contact: &Contact, event: Id, key: &str) -> [bool; 4] {
    let email = contact.email.clone().expect("it has an address");
    let found = store
        .find(SCOPE, Kind::Contact, &[email])
        .await
        .expect("the store finds records");
    let response = store
        .response(SCOPE, key, NOW)
        .await
        .expect("the store reads a response");
    let (contact, event): (Option<Document>, Option<Document>) =
        (stored(store, contact.id).await, stored(store, event).await);
    [
        contact.is_some(),
        event.is_some(),
        found[0].is_some(),
        response.is_some(),
    ]
}

/// A commit may be dropped at any await point: the store stays usable and nothing is half done.
pub(crate) async fn a_dropped_commit_is_whole_or_nothing(store: Subject) {
    const POLLS_MAX: usize = 64;
    for polls in 0..POLLS_MAX {
        let n = polls as u64;
        let contact = contact_of(n, &format!("ada{n}@example.com"));
        let event = event(n, &contact);
        let (key, event_id) = (format!("key {n}"), event.id);
        let writes = vec![
            insert(contact.clone()),
            insert(event),
            Write::Remember(response(&key)),
        ];
        let outcome = polled(
            polls,
            store.commit(batch(SCOPE, Vec::new(), writes.clone())),
        );
        // The next commit stands behind whatever still goes on.
        store.apply(SCOPE, vec![insert(company(n))]).await;
        let there = parts(&store, &contact, event_id, &key).await;
        assert!(
            there == [true; 4] || there == [false; 4],
            "after {polls} polls a part is there: {there:?}"
        );
        let Some(outcome) = outcome else {
            if there == [false; 4] {
                store.apply(SCOPE, writes).await;
            }
            continue;
        };
        assert_contract!(refused(outcome), None);
        assert_contract!(there, [true; 4], "the commit returned success");
        return;
    }
}

/// A read may be dropped at any await point, however often: the store stays usable.
pub(crate) async fn a_dropped_read_leaves_the_store_usable(store: Subject) {
    store
        .apply(SCOPE, (1..=5).map(|n| insert(contact(n))).collect())
        .await;
    let query = Query {
        kind: Kind::Contact,
        clauses: Vec::new(),
        after: None,
        limit: 3,
    };
    for polls in [1, 2, 3].into_iter().cycle().take(120) {
        polled(polls, store.get(SCOPE, id(Kind::Contact, 1)));
        polled(polls, store.list(SCOPE, &query));
        polled(polls, store.configuration(SCOPE, None));
    }
    store.apply(SCOPE, vec![insert(contact(6))]).await;
    assert_contract!(all(&store, Kind::Contact).await.len(), 6);
}
