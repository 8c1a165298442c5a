//! What waits for a moment: of all scopes, the earliest first.

use relm_core::record::object::{Activity, Object};
use relm_core::store::{Awaited, AwaitedQuery, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::time::Timestamp;

use crate::records::{SCOPE, at, delete, id, insert, number_of, others, replace, with};
use crate::subject::{NOW, Subject, assert_contract};

/// An open activity that is due so long after `NOW`.
fn task(n: u64, due_at: i64) -> Activity {
    let blank = Activity::blank(id(Kind::Activity, n), Mode::Live, NOW);
    with!(blank; activity_type: "task".to_owned(), due_at: Some(at(due_at)))
}

fn awaited(scope: Scope, n: u64, due_at: i64) -> Awaited {
    Awaited {
        at: at(due_at),
        scope,
        id: id(Kind::Activity, n),
    }
}

/// What is asked for of these moments after `NOW`.
fn asked(from: i64, until: i64, after: Option<Awaited>, limit: usize) -> AwaitedQuery {
    AwaitedQuery {
        from: at(from),
        until: at(until),
        after,
        limit,
    }
}

async fn waiting(store: &Subject, query: AwaitedQuery) -> Vec<Awaited> {
    let waiting = store.awaited(&query).await;
    waiting.expect("the store says what waits")
}

/// All that waits, sorted.
async fn all(store: &Subject) -> Vec<Awaited> {
    let mut all = waiting(store, asked(0, 1_000_000, None, 1_000)).await;
    all.sort_unstable();
    all
}

/// The records of every scope, each once.
pub(crate) async fn what_is_awaited_is_of_every_scope(store: Subject) {
    assert_contract!(all(&store).await, []);
    let mut expected = Vec::new();
    for (place, scope) in (0_u64..).zip([SCOPE].into_iter().chain(others())) {
        // The SYSTEM has no activities.
        if scope == Scope::SYSTEM {
            continue;
        }
        let of_it = [
            (10 * place, 100),
            (10 * place + 1, 200 + place.cast_signed()),
        ];
        let writes = of_it.map(|(n, due_at)| insert(task(n, due_at)));
        store.apply(scope, writes.to_vec()).await;
        expected.extend(of_it.map(|(n, due_at)| awaited(scope, n, due_at)));
    }
    expected.sort_unstable();
    assert_contract!(all(&store).await, expected);
}

/// The earliest first, from the first moment to the last one, both included.
pub(crate) async fn what_is_awaited_comes_by_its_moment(store: Subject) {
    let moments = [(1, 30), (2, 10), (3, 40), (4, 20), (5, 50)];
    store
        .apply(
            SCOPE,
            moments.map(|(n, due_at)| insert(task(n, due_at))).to_vec(),
        )
        .await;
    let mut sorted = moments;
    sorted.sort_unstable_by_key(|(_, due_at)| *due_at);
    let expected: Vec<Awaited> = sorted.map(|(n, due_at)| awaited(SCOPE, n, due_at)).to_vec();
    for from in 0..expected.len() {
        for until in from..expected.len() {
            let (first, last) = (10 + 10 * from as i64, 10 + 10 * until as i64);
            let between = waiting(&store, asked(first, last, None, 10)).await;
            assert_contract!(between, expected[from..=until]);
            let within = waiting(&store, asked(first - 1, last + 1, None, 10)).await;
            assert_contract!(within, expected[from..=until]);
            let inside = waiting(&store, asked(first + 1, last - 1, None, 10)).await;
            let rest = expected.get(from + 1..until).unwrap_or_default();
            assert_contract!(inside, *rest);
        }
    }
}

/// Of what is awaited in several scopes and at equal moments, pages of any size give each once, strictly after the last of the page before,
/// which may wait no more.
pub(crate) async fn any_limit_gives_what_is_awaited_once(store: Subject) {
    let test = Scope::new(SCOPE.workspace(), Mode::Test);
    for scope in [SCOPE, test] {
        let tasks = (0..6).map(|n| insert(task(n, 10 * (n / 3).cast_signed())));
        store.apply(scope, tasks.collect()).await;
    }
    let listed = waiting(&store, asked(0, 100, None, 100)).await;
    assert_contract!(listed.len(), 12);
    for limit in 1..=13 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = waiting(&store, asked(0, 100, after, limit)).await;
            after = page.last().copied();
            seen.extend(page.iter().copied());
            if page.len() != limit {
                break;
            }
        }
        assert_contract!(seen, listed, "{limit} at a time");
    }
    let gone = listed[5];
    let of_it = task(number_of(gone.id), gone.at.as_millis() - NOW.as_millis());
    for _ in 0..2 {
        let rest = waiting(&store, asked(0, 100, Some(gone), 100)).await;
        assert_contract!(rest, listed[6..]);
        // The second time it waits no more.
        let found = store.get(gone.scope, gone.id).await;
        if found.expect("the store answers").is_some() {
            store.apply(gone.scope, vec![delete(of_it.clone())]).await;
        }
    }
}

/// By the value that the record has now: a write moves it, ends its wait, or begins it again, and a deletion ends it.
pub(crate) async fn what_is_awaited_follows_its_record(store: Subject) {
    let next = |before: &Activity, change: fn(&mut Activity)| {
        let mut after = before.clone();
        after.version += 1;
        change(&mut after);
        after
    };
    let first = task(1, 10);
    store
        .apply(SCOPE, vec![insert(first.clone()), insert(task(2, 15))])
        .await;
    let other = awaited(SCOPE, 2, 15);
    let moved = next(&first, |it| it.due_at = Some(at(20)));
    let write = |before: &Activity, after: &Activity| replace(before.clone(), after.clone());
    store.apply(SCOPE, vec![write(&first, &moved)]).await;
    assert_contract!(all(&store).await, [other, awaited(SCOPE, 1, 20)]);
    let done = next(&moved, |it| it.done_at = Some(NOW));
    store.apply(SCOPE, vec![write(&moved, &done)]).await;
    assert_contract!(all(&store).await, [other]);
    let open = next(&done, |it| it.done_at = None);
    store.apply(SCOPE, vec![write(&done, &open)]).await;
    assert_contract!(all(&store).await, [other, awaited(SCOPE, 1, 20)]);
    // What was written after it was due waits since then.
    let late = next(&open, |it| it.updated_at = at(30));
    store.apply(SCOPE, vec![write(&open, &late)]).await;
    assert_contract!(all(&store).await, [other, awaited(SCOPE, 1, 30)]);
    let told = next(&late, |it| it.notified_due_at = it.due_at);
    store.apply(SCOPE, vec![write(&late, &told)]).await;
    assert_contract!(all(&store).await, [other]);
    store.apply(SCOPE, vec![delete(task(2, 15))]).await;
    assert_contract!(all(&store).await, []);
}

/// As many as there are, and no more than asked for.
pub(crate) async fn hundreds_are_awaited_at_once(store: Subject) {
    const MANY: u64 = 700;
    let moment = |n: u64| (n % 7).cast_signed();
    let writes: Vec<Write> = (0..MANY).map(|n| insert(task(n, moment(n)))).collect();
    store.apply(SCOPE, writes).await;
    let mut expected: Vec<Awaited> = (0..MANY).map(|n| awaited(SCOPE, n, moment(n))).collect();
    expected.sort_unstable();
    let mut listed = waiting(&store, asked(0, 10, None, 1_000)).await;
    let moments: Vec<Timestamp> = listed.iter().map(|it| it.at).collect();
    assert_contract!(moments.is_sorted(), true);
    listed.sort_unstable();
    assert_contract!(listed, expected);
    let some = waiting(&store, asked(0, 10, None, 600)).await;
    assert_contract!(some.len(), 600);
    let ids: Vec<Id> = some.iter().map(|it| it.id).collect();
    assert_contract!(ids.contains(&expected[0].id), true);
}
