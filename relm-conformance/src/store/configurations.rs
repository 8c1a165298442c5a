//! The configuration of a scope: its version, its fields and its endpoints, of one moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use relm_core::store::{Configuration, Refusal, Require, Write};

use super::commits::response;
use super::mirror::Mirror;
use crate::records::{SCOPE, changed, company, contact, delete, field, insert, replace, webhook};
use crate::subject::{Subject, assert_contract, batch, refused};

pub(crate) async fn configuration(store: &Subject) -> Configuration {
    store.configured(SCOPE).await
}

fn requiring(version: i64, writes: Vec<Write>) -> relm_core::store::Batch {
    batch(SCOPE, vec![Require::Configuration(version)], writes)
}

/// The version is 0 until the first `Reconfigure`.
pub(crate) async fn a_configuration_begins_at_zero(store: Subject) {
    let empty = configuration(&store).await;
    assert_contract!(
        (empty.version, empty.fields, empty.webhooks),
        (0, Vec::new(), Vec::new())
    );
    store.apply(SCOPE, vec![insert(contact(1))]).await;
    assert_contract!(configuration(&store).await.version, 0);
    let done = store.commit(requiring(0, vec![insert(contact(2))])).await;
    done.expect("the version is 0");
}

/// `Reconfigure`: the version grows by one.
pub(crate) async fn reconfigure_counts_by_one(store: Subject) {
    for version in 1..=3 {
        store
            .apply(
                SCOPE,
                vec![
                    insert(field(version, &format!("k{version}"))),
                    Write::Reconfigure,
                ],
            )
            .await;
        assert_contract!(configuration(&store).await.version, version.cast_signed());
        store.apply(SCOPE, vec![insert(contact(version))]).await;
        assert_contract!(configuration(&store).await.version, version.cast_signed());
    }
}

/// `Reconfigure`: the version grows by one with each of them, however many a batch has.
pub(crate) async fn each_reconfigure_of_a_batch_counts(store: Subject) {
    let mut version = 0;
    for count in 1..=3 {
        for is_required in [false, true] {
            let required = is_required.then_some(Require::Configuration(version));
            let writes = vec![Write::Reconfigure; count];
            let batch = batch(SCOPE, required.into_iter().collect(), writes);
            store.commit(batch).await.expect("the version is current");
            version += count as i64;
            assert_contract!(configuration(&store).await.version, version);
        }
    }
}

/// `Require::Configuration`: the configuration is still of this version.
pub(crate) async fn a_required_configuration_must_be_current(store: Subject) {
    store.apply(SCOPE, vec![Write::Reconfigure]).await;
    store.apply(SCOPE, vec![Write::Reconfigure]).await;
    for version in [0, 1, 3, -2] {
        let refusal = store
            .refusal_of(requiring(version, vec![insert(contact(1))]))
            .await;
        assert_contract!(refusal, Refusal::Configuration, "version {version}");
    }
    let done = store
        .commit(requiring(2, vec![insert(contact(1)), Write::Reconfigure]))
        .await;
    done.expect("the version is 2 before the batch");
    assert_contract!(configuration(&store).await.version, 3);
}

/// `Require::Configuration` holds for whatever a batch writes: one record or several of a kind, new, changed or gone.
pub(crate) async fn a_required_configuration_binds_every_batch(store: Subject) {
    let old = [1, 2, 3, 4, 5, 6].map(contact);
    let renamed = |n: usize| {
        let after = changed(&old[n], |it| it.phone = Some("2".to_owned()));
        replace(old[n].clone(), after)
    };
    let mut mirror = Mirror::of(&store, SCOPE);
    mirror.insert(old.clone()).await;
    mirror.apply(vec![Write::Reconfigure; 2]).await;
    for writes in [
        vec![insert(contact(10))],
        [11, 12].map(contact).map(insert).to_vec(),
        [13, 14]
            .map(contact)
            .map(insert)
            .into_iter()
            .chain([15, 16].map(company).map(insert))
            .collect(),
        vec![renamed(0)],
        vec![renamed(1), renamed(2)],
        vec![delete(old[3].clone())],
        vec![delete(old[4].clone()), delete(old[5].clone())],
        vec![Write::Unlink(old[0].id)],
        vec![Write::Remember(response("key"))],
        [17, 18]
            .map(|n| insert(field(n, &format!("k{n}"))))
            .into_iter()
            .chain([Write::Reconfigure])
            .collect(),
    ] {
        for version in [0, 1, 3] {
            let refusal = store.refusal_of(requiring(version, writes.clone())).await;
            assert_contract!(refusal, Refusal::Configuration, "{version} for {writes:?}");
        }
        mirror.holds().await;
        let done = store.commit(requiring(2, writes.clone())).await;
        done.expect("the version is 2");
        mirror.applied(writes);
        mirror.holds().await;
    }
}

/// The custom fields and the endpoints, oldest first, as they are now.
pub(crate) async fn a_configuration_lists_oldest_first(store: Subject) {
    let fields = [1, 2, 3, 4].map(|n| field(n, &format!("k{}", 9 - n)));
    let webhooks = [1, 2, 3].map(webhook);
    for n in [2, 0, 3, 1] {
        store.apply(SCOPE, vec![insert(fields[n].clone())]).await;
    }
    store
        .apply(
            SCOPE,
            [2, 1, 0]
                .map(|n: usize| insert(webhooks[n].clone()))
                .to_vec(),
        )
        .await;
    let now = configuration(&store).await;
    assert_contract!(now.fields, fields);
    assert_contract!(now.webhooks, webhooks);
    let mut disabled = webhooks[1].clone();
    disabled.enabled = false;
    disabled.version += 1;
    let [first, second, third] = webhooks;
    store
        .apply(
            SCOPE,
            vec![replace(second, disabled.clone()), delete(fields[0].clone())],
        )
        .await;
    let now = configuration(&store).await;
    assert_contract!(now.fields, fields[1..]);
    assert_contract!(now.webhooks, [first, disabled, third]);
}

/// What is known is given back exactly when its version is the one: not for an earlier one, nor for one that is yet to come.
pub(crate) async fn a_known_configuration_is_not_read_again(store: Subject) {
    let read = async |known| {
        // Whatever is in it: here it is nothing.
        let known = Configuration {
            version: known,
            ..Configuration::default()
        };
        let read = store.configuration(SCOPE, Some(Arc::new(known))).await;
        let now = read.expect("the store has a configuration");
        (now.version, now.fields.len(), now.webhooks.len())
    };
    for version in 0_i64..3 {
        for known in -1..=4 {
            let fields = match known == version {
                true => 0,
                false => version.unsigned_abs() as usize,
            };
            let expected = (version, fields, fields);
            assert_contract!(read(known).await, expected, "{known} of {version}");
        }
        let n = version.unsigned_abs();
        let define = [insert(field(n, &format!("k{n}"))), insert(webhook(n))];
        let writes = define.into_iter().chain([Write::Reconfigure]);
        store.apply(SCOPE, writes.collect()).await;
    }
    store.apply(SCOPE, vec![insert(contact(1))]).await;
    assert_contract!(read(3).await, (3, 0, 0));
}

/// Hundreds of custom fields and endpoints, oldest first: all of them, in whatever order they were written.
pub(crate) async fn a_configuration_of_hundreds_is_whole(store: Subject) {
    const FIELDS: u64 = 520;
    const WEBHOOKS: u64 = 270;
    // 7 divides neither number, so that each comes once.
    let fields = (0..FIELDS)
        .map(|n| 7 * n % FIELDS)
        .map(|n| field(n, &format!("k{n}")));
    let webhooks = (0..WEBHOOKS).map(|n| 7 * n % WEBHOOKS).map(webhook);
    let mut writes: Vec<Write> = fields.map(insert).collect();
    writes.extend(webhooks.map(insert));
    for part in writes.chunks(300) {
        store
            .apply(SCOPE, [part, &[Write::Reconfigure]].concat())
            .await;
    }
    let holds = async |version, is_there: fn(&u64) -> bool| {
        let now = configuration(&store).await;
        let fields = (0..FIELDS)
            .filter(is_there)
            .map(|n| field(n, &format!("k{n}")));
        assert!(now.fields.into_iter().eq(fields), "version {version}");
        assert!(now.webhooks.into_iter().eq((0..WEBHOOKS).map(webhook)));
        assert_contract!(now.version, version);
    };
    holds(3, |_| true).await;
    let gone = (0..FIELDS).filter(|n| n.is_multiple_of(3));
    let mut writes: Vec<Write> = gone.map(|n| delete(field(n, &format!("k{n}")))).collect();
    writes.push(Write::Reconfigure);
    store.apply(SCOPE, writes).await;
    holds(4, |n| !n.is_multiple_of(3)).await;
}

/// Version, fields and endpoints are all of one moment: beside a writer, version *n* always has *n* fields.
pub(crate) async fn a_configuration_is_of_one_moment(store: Subject) {
    const CHANGES: u64 = 60;
    const READS_MAX: u64 = 100_000;
    let done = AtomicBool::new(false);
    let contender = async |writes: bool| {
        if writes {
            for n in 1..=CHANGES {
                let define = [
                    insert(field(n, &format!("k{n}"))),
                    Write::Reconfigure,
                    insert(webhook(n)),
                ];
                let outcome = store
                    .commit(batch(SCOPE, Vec::new(), define.to_vec()))
                    .await;
                assert_contract!(refused(outcome), None);
            }
            done.store(true, Ordering::SeqCst);
            return;
        }
        // Bounded, so that readers end also where the writer does not get to its end.
        for _ in 0..READS_MAX {
            let Configuration {
                version,
                fields,
                webhooks,
            } = configuration(&store).await;
            let counts = [fields.len(), webhooks.len()];
            assert_contract!(counts.map(|count| count as i64), [version, version]);
            if done.load(Ordering::SeqCst) {
                return;
            }
        }
    };
    store.race([contender(true), contender(false), contender(false)]);
    let last = configuration(&store).await;
    assert_contract!(
        (last.version, last.fields.len() as u64),
        (CHANGES.cast_signed(), CHANGES)
    );
}
