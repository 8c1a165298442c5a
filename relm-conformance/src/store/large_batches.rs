//! Batches of hundreds of writes, of every kind of them: whole, exact, and of their own scope.

use relm_core::record::DeliveryStatus;
use relm_core::record::Record;
use relm_core::record::object::{Contact, ObjectType};
use relm_core::store::{Refusal, Require, Write};
use relm_core::value::id::Kind;
use serde_json::json;

use super::commits::response;
use super::configurations::configuration;
use super::mirror::{Mirror, clauses};
use crate::records::with;
use crate::records::{
    SCOPE, at, changed, changed_delivery, company, contact, contact_of, delete, delivery, edge,
    event, field, finished, id, insert, number_of, others, replace, webhook,
};
use crate::subject::{NOW, Subject, assert_contract, batch};
use crate::varied::{scope_of, varied};

/// Sizes on both sides of where a statement of SQL has had room for no more rows.
const SIZES: [u64; 11] = [2, 32, 33, 64, 129, 255, 256, 257, 511, 513, 1_025];
/// Places in a batch on both sides of the same.
const PLACES: [usize; 6] = [0, 255, 256, 511, 512, 599];
const ALL_TYPES: &[ObjectType] = &ObjectType::ALL;

/// The `n`th contact of a large batch, found by what all of them have and by what it has alone.
fn member(n: u64, batch: &str) -> Contact {
    let mut contact = contact_of(n, &format!("{batch}{n}@example.com"));
    contact.last_name = Some(format!("{batch} lovelace"));
    contact
        .metadata
        .insert("batch".to_owned(), json!(format!("{batch} {n}")));
    contact
}

/// The next version of a contact, which has nothing in common with it.
fn renamed(before: &Contact, n: u64, batch: &str) -> Contact {
    with!(member(n, batch); version: before.version + 1, updated_at: at(60_000))
}

/// Every write of the batch is applied, however many there are: what it inserts, replaces and deletes is found and lost
/// by every way to ask.
pub(crate) async fn batches_of_any_size_are_whole(store: Subject) {
    let mut mirror = Mirror::of(&store, SCOPE);
    let by_change = clauses(
        Kind::Contact,
        &[("updated_at", "gt", "2026-07-02T10:00:30Z")],
    );
    for size in SIZES {
        let first: Vec<Contact> = (0..size).map(|n| member(n, "first")).collect();
        let second: Vec<Contact> = (0..size)
            .map(|n| renamed(&first[n as usize], n, "second"))
            .collect();
        let pairs = first.iter().cloned().zip(second.iter().cloned());
        let changes = pairs.map(|(before, after)| replace(before, after));
        let deletes = second.iter().cloned().map(delete);
        for (writes, found, changed) in [
            (first.iter().cloned().map(insert).collect(), [size, 0], 0),
            (changes.collect(), [0, size], size),
            (deletes.collect(), [0, 0], 0),
        ] {
            mirror.apply(writes).await;
            mirror.lists(Kind::Contact, &[], &[2_000]).await;
            let of_change = mirror.lists(Kind::Contact, &by_change, &[2_000]).await;
            let keys = first.iter().chain(&second).filter_map(Contact::email_key);
            mirror
                .finds(Kind::Contact, &keys.collect::<Vec<String>>())
                .await;
            let words = ["first lov", "second lov"];
            for (query, found) in words.into_iter().zip(found) {
                let searched = mirror.searches(query, ALL_TYPES, &[2_000]).await;
                assert_contract!(searched as u64, found);
            }
            assert_contract!(of_change as u64, changed);
        }
    }
}

/// A refusal names the write and the holder of a key, at whatever place of a large batch the write is.
pub(crate) async fn a_refusal_names_its_write_in_a_large_batch(store: Subject) {
    let mut mirror = Mirror::of(&store, SCOPE);
    let taken = contact_of(1_000, "taken@example.com");
    mirror.insert([taken.clone()]).await;
    let writes: Vec<Write> = (0..600).map(|n| insert(member(n, "new"))).collect();
    for place in PLACES {
        let never = contact(2_000);
        let other = (place + 300) % 600;
        let twin = member(other as u64, "new");
        let twin_of = with!(twin.clone(); id: id(Kind::Contact, 3_000));
        let refused = async |write: Write| {
            let mut writes = writes.clone();
            writes[place] = write;
            store.refusal(SCOPE, writes).await
        };
        let stale = refused(replace(never.clone(), changed(&never, |_| {}))).await;
        assert_contract!(stale, Refusal::VersionConflict { write: place });
        let id_taken = refused(insert(contact(1_000))).await;
        assert_contract!(id_taken, Refusal::IdConflict { write: place });
        let key_taken = refused(insert(contact_of(3_000, "TAKEN@example.com"))).await;
        let holder = taken.id;
        assert_contract!(
            key_taken,
            Refusal::UniqueConflict {
                write: place,
                holder
            }
        );
        let of_two = [(place, twin.id), (other, twin_of.id)];
        let twice = refused(insert(twin_of)).await;
        let is_either = |(write, holder)| twice == Refusal::UniqueConflict { write, holder };
        assert!(of_two.into_iter().any(is_either), "{twice:?}");
    }
    mirror.holds().await;
}

/// `Missing`: all required records that do not exist, of however many are required.
pub(crate) async fn every_missing_record_of_many_is_named(store: Subject) {
    const REQUIRED: u64 = 1_100;
    let missing = [0, 255, 256, 511, 512, 1_023, 1_024, REQUIRED - 1];
    let there = (0..REQUIRED).filter(|n| !missing.contains(n));
    let mut mirror = Mirror::of(&store, SCOPE);
    mirror.insert(there.clone().map(company)).await;
    let required = |n| Require::Exists(id(Kind::Company, n));
    let requires: Vec<Require> = (0..REQUIRED).map(required).collect();
    let writes = vec![insert(contact(1))];
    let refusal = store
        .refusal_of(batch(SCOPE, requires, writes.clone()))
        .await;
    let Refusal::Missing(mut named) = refusal else {
        panic!("eight records are missing, not {refusal:?}");
    };
    named.sort_unstable();
    assert_contract!(named, missing.map(|n| id(Kind::Company, n)));
    for one in missing {
        let requires: Vec<Require> = there.clone().chain([one]).map(required).collect();
        let refusal = store
            .refusal_of(batch(SCOPE, requires, writes.clone()))
            .await;
        assert_contract!(refusal, Refusal::Missing(vec![id(Kind::Company, one)]));
    }
    let done = store
        .commit(batch(SCOPE, there.map(required).collect(), writes))
        .await;
    done.expect("every required record exists");
}

/// Unique keys are checked against the state after the batch: hundreds of records may each take the next one's.
pub(crate) async fn hundreds_of_keys_are_passed_on_in_one_batch(store: Subject) {
    const CONTACTS: u64 = 300;
    let mut mirror = Mirror::of(&store, SCOPE);
    let mut now: Vec<Contact> = (0..CONTACTS).map(|n| member(n, "ring")).collect();
    mirror.insert(now.clone()).await;
    for step in [1, CONTACTS as usize - 1, 150] {
        let mut emails: Vec<_> = now.iter().map(|contact| contact.email.clone()).collect();
        emails.rotate_left(step);
        let pass = |(before, email): (&Contact, _)| changed(before, |it| it.email = email);
        let after: Vec<Contact> = now.iter().zip(emails).map(pass).collect();
        let pairs = now.into_iter().zip(after.iter().cloned());
        let writes = pairs.map(|(before, after)| replace(before, after));
        mirror.apply(writes.collect()).await;
        mirror.holds().await;
        now = after;
    }
    // And the keys of those that go are free for as many that come.
    let leave = now.iter().cloned().map(delete);
    let come = (0..CONTACTS).map(|n| with!(member(n, "ring"); id: id(Kind::Contact, 1_000 + n)));
    mirror.apply(come.map(insert).chain(leave).collect()).await;
    mirror.holds().await;
}

/// `Unlink`: *every* association from or to the record is deleted, however many there are.
pub(crate) async fn unlink_deletes_hundreds_of_edges(store: Subject) {
    const EDGES: u64 = 600;
    let hub = contact(1);
    let other = contact(2);
    let ends = |n: u64| match n % 4 {
        0 => (hub.id, id(Kind::Company, n)),
        1 => (id(Kind::Deal, n), hub.id),
        2 => (other.id, id(Kind::Activity, n)),
        _ => (id(Kind::Contact, 10 + n), id(Kind::Company, n)),
    };
    let edges = (0..EDGES).map(|n| edge(n, ends(n).0, ends(n).1, None));
    let mut mirror = Mirror::of(&store, SCOPE);
    mirror.insert([hub.clone(), other.clone()]).await;
    mirror.insert(edges).await;
    mirror
        .apply(vec![delete(hub.clone()), Write::Unlink(hub.id)])
        .await;
    mirror.holds().await;
    // Several records at once, most of which have an edge or none.
    let ends = (0..40).flat_map(|n| [id(Kind::Company, n), id(Kind::Activity, n)]);
    let unlinks = ends.chain([other.id]).map(Write::Unlink);
    mirror
        .apply(unlinks.chain([delete(other.clone())]).collect())
        .await;
    mirror.holds().await;
    assert!(mirror.of_kind(Kind::Association).count() > 100);
}

/// A batch may write, require and unlink records of every kind at once: all of it is applied, or none.
pub(crate) async fn a_batch_of_every_kind_of_write_is_applied(store: Subject) {
    let kinds = Kind::ALL.into_iter();
    let kinds = kinds.filter(|kind| scope_of(*kind) == SCOPE);
    let records: Vec<Record> = kinds.flat_map(varied).collect();
    let (new, old): (Vec<&Record>, Vec<&Record>) = records
        .iter()
        .partition(|record| number_of(record.id()).is_multiple_of(3));
    let mut mirror = Mirror::of(&store, SCOPE);
    mirror.insert(old.iter().map(|it| (*it).clone())).await;
    let [one, two, three] = [1, 2, 3].map(|n| contact_of(500 + n, &format!("{n}@old.example")));
    let waiting = [4, 5].map(|n| delivery(500 + n, n, at(0)));
    let seen = company(600);
    mirror
        .insert([one.clone(), two.clone(), three.clone()])
        .await;
    mirror.insert(waiting.clone()).await;
    mirror.insert([seen.clone()]).await;

    let mut writes: Vec<Write> = new.iter().map(|it| insert((*it).clone())).collect();
    let gone = old.iter().step_by(5);
    writes.extend(gone.map(|record| delete((*record).clone())));
    // A required record may be one that the batch replaces.
    let seen_again = with!(seen.clone(); version: 2);
    let [first, second] = &waiting;
    writes.extend([
        replace(
            one.clone(),
            changed(&one, |it| it.email.clone_from(&two.email)),
        ),
        replace(
            two.clone(),
            changed(&two, |it| it.email.clone_from(&one.email)),
        ),
        delete(three.clone()),
        insert(with!(three.clone(); id: id(Kind::Contact, 700))),
        replace(first.clone(), finished(first, DeliveryStatus::Dead)),
        replace(second.clone(), changed_delivery(second, |_| {})),
        replace(seen.clone(), seen_again),
        insert(event(700, &one)),
        insert(webhook(700)),
        Write::Unlink(three.id),
        Write::Reconfigure,
        Write::Remember(response("key")),
    ]);
    let requires = vec![Require::Configuration(0), Require::Exists(seen.id)];
    let mut torn = batch(SCOPE, requires.clone(), writes.clone());
    torn.writes.push(delete(contact(9_999)));
    let write = writes.len();
    assert_contract!(
        store.refusal_of(torn).await,
        Refusal::VersionConflict { write }
    );
    mirror.holds().await;
    let done = store.commit(batch(SCOPE, requires, writes.clone())).await;
    done.expect("nothing forbids the batch");
    mirror.applied(writes);
    mirror.holds().await;
    let now = configuration(&store).await;
    assert_contract!(now.version, 1);
    let kept = store.response(SCOPE, "key", NOW).await;
    assert_contract!(kept.expect("it reads"), Some(response("key")));
}

/// A definition and the response under its key are one: kept together, under the version that was required.
pub(crate) async fn a_definition_is_kept_with_its_response(store: Subject) {
    for n in 0..4_u64 {
        let version = n.cast_signed();
        let key = format!("key {version}");
        let define = |version| {
            let writes = vec![
                insert(field(n, &format!("k{n}"))),
                Write::Reconfigure,
                Write::Remember(response(&key)),
            ];
            batch(SCOPE, vec![Require::Configuration(version)], writes)
        };
        let refusal = store.refusal_of(define(version + 1)).await;
        assert_contract!(refusal, Refusal::Configuration);
        store
            .commit(define(version))
            .await
            .expect("it is of this version");
        let again = store.refusal_of(define(version + 1)).await;
        assert_contract!(again, Refusal::ResponseExists);
        let now = configuration(&store).await;
        assert_contract!(
            (now.version, now.fields.len() as i64),
            (version + 1, version + 1)
        );
        let kept = store.response(SCOPE, &key, NOW).await;
        assert_contract!(kept.expect("it reads"), Some(response(&key)));
    }
}

/// Nothing of a scope is changed by a batch of another, though its hundreds of records have the same ids and values.
pub(crate) async fn a_large_batch_stays_in_its_scope(store: Subject) {
    const CONTACTS: u64 = 300;
    let first: Vec<Contact> = (0..CONTACTS).map(|n| member(n, "first")).collect();
    let edges = (0..CONTACTS).map(|n| edge(n, id(Kind::Contact, 0), id(Kind::Company, n), None));
    let mut own = Mirror::of(&store, SCOPE);
    let mut mirrors = others().map(|scope| Mirror::of(&store, scope));
    for mirror in mirrors.iter_mut().chain([&mut own]) {
        mirror.insert(first.clone()).await;
        mirror.insert(edges.clone()).await;
    }
    let second = |n: u64| renamed(&first[n as usize], n, "second");
    let (changes, deletes) = (0..CONTACTS).partition::<Vec<u64>, _>(|n| n.is_multiple_of(2));
    let changes = changes
        .into_iter()
        .map(|n| replace(first[n as usize].clone(), second(n)));
    let deletes = deletes
        .into_iter()
        .map(|n| delete(first[n as usize].clone()));
    own.apply(changes.chain(deletes).collect()).await;
    own.apply(vec![Write::Unlink(id(Kind::Contact, 0))]).await;
    for mirror in mirrors.iter().chain([&own]) {
        mirror.holds().await;
        for query in ["first love", "second love", "first0@example.com"] {
            mirror.searches(query, ALL_TYPES, &[400]).await;
        }
    }
    assert_contract!(own.of_kind(Kind::Association).count(), 0);
}
