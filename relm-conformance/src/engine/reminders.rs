//! What is due, and told of: once, whoever looks, at its moment and not before.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::Reminders;
use relm_core::error::ErrorKind;
use relm_core::limits::REMINDER_LATE_MS_MAX;
use relm_core::record::object::{Activity, ActivityInput};
use relm_core::record::patch::Patch;
use relm_core::record::{Actor, Event, EventType};
use relm_core::store::{Batch, CommitError, Refusal, Store, StoreError, Write};
use relm_core::value::id::Id;
use relm_core::value::time::{Clock, Rng, SeededRng, Timestamp};

use super::acme::{Acme, endpoint, engine};
use super::mock_transport::{MockTransport, deliveries};
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// The moment so many hours after now.
fn in_hours(acme: &Acme, hours: i64) -> Timestamp {
    acme.clock.now().saturating_add_millis(hours * HOUR_MS)
}

async fn task(acme: &Acme, due_at: Timestamp) -> Activity {
    let input = ActivityInput {
        activity_type: "task".into(),
        subject: "Call back".into(),
        due_at: due_at.into(),
        ..ActivityInput::default()
    };
    let made = acme.scoped.activities().create(input).await;
    made.expect("the task is valid")
}

async fn change(acme: &Acme, id: Id, input: ActivityInput) -> Activity {
    let changed = acme.scoped.activities().update(id, input, None).await;
    changed.expect("the change is valid")
}

fn due(due_at: Timestamp) -> ActivityInput {
    ActivityInput {
        due_at: due_at.into(),
        ..ActivityInput::default()
    }
}

fn done(done_at: Patch<Timestamp>) -> ActivityInput {
    ActivityInput {
        done_at,
        ..ActivityInput::default()
    }
}

/// Tells of what is due now, and gives how many events that made.
async fn tell(acme: &Acme) -> usize {
    let told = Reminders::new(acme.crm.clone()).tell().await;
    told.expect("the store works")
}

async fn told_of(acme: &Acme, store: &Subject) -> Vec<Event> {
    let mut events = acme.events(store).await;
    events.retain(|event| event.event_type == EventType::ActivityDue);
    events
}

/// At its moment, and not before, an open activity has one event, whose data is the activity as that left it.
pub(crate) async fn what_is_due_is_told_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["activity.due"]).await;
    let due_at = in_hours(&acme, 1);
    let made = task(&acme, due_at).await;
    assert_eq!((made.notified_due_at, tell(&acme).await), (None, 0));
    acme.clock.advance_millis(HOUR_MS - 1);
    assert_eq!(tell(&acme).await, 0);
    acme.clock.advance_millis(1);
    assert_eq!((tell(&acme).await, tell(&acme).await), (1, 0));
    acme.clock.advance_millis(HOUR_MS);
    assert_eq!(tell(&acme).await, 0);

    let [event] = &told_of(&acme, &store).await[..] else {
        panic!("it is told once: {:?}", told_of(&acme, &store).await);
    };
    assert_eq!(event.created_at, due_at);
    assert_eq!(event.record_id(), Some(made.id));
    assert_eq!(event.actor, Some(Actor::SYSTEM));
    assert!(event.previous.is_empty(), "{:?}", event.previous);
    let data: Activity = event.data.decode().expect("it is an activity");
    let now = acme.scoped.activities().get(made.id).await;
    assert_eq!(now.expect("the store works"), Some(data.clone()));
    assert_eq!((data.version, data.notified_due_at), (2, Some(due_at)));
    let sent = deliveries(&acme, &store).await;
    let events: Vec<Id> = sent.iter().map(|delivery| delivery.event_id).collect();
    assert_eq!(events, [event.id]);
}

/// Another moment is told of when it comes, and at once where it has passed. What is done, deleted or gone is not told of; what is open or there
/// again is, unless it was told of.
pub(crate) async fn what_is_due_follows_its_activity(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let activities = acme.scoped.activities();
    let moved = task(&acme, in_hours(&acme, 1)).await.id;
    let ended = task(&acme, in_hours(&acme, 1)).await.id;
    let deleted = task(&acme, in_hours(&acme, 1)).await.id;
    let cleared = task(&acme, in_hours(&acme, 1)).await.id;
    change(&acme, moved, due(in_hours(&acme, 2))).await;
    change(&acme, ended, done(acme.clock.now().into())).await;
    activities.delete(deleted, None).await.expect("it is there");
    let none = ActivityInput {
        due_at: Patch::Clear,
        ..ActivityInput::default()
    };
    change(&acme, cleared, none).await;
    acme.clock.advance_millis(HOUR_MS);
    assert_eq!(tell(&acme).await, 0);

    change(&acme, ended, done(Patch::Clear)).await;
    activities
        .restore(deleted, None)
        .await
        .expect("it is in the trash");
    assert_eq!(tell(&acme).await, 2);
    acme.clock.advance_millis(HOUR_MS);
    assert_eq!(tell(&acme).await, 1);
    // What was told of is not told of again: done and open again, deleted and there again, or changed otherwise.
    change(&acme, moved, done(acme.clock.now().into())).await;
    change(&acme, moved, done(Patch::Clear)).await;
    activities.delete(deleted, None).await.expect("it is there");
    activities
        .restore(deleted, None)
        .await
        .expect("it is in the trash");
    assert_eq!(tell(&acme).await, 0);
    // Another moment is.
    change(&acme, moved, due(in_hours(&acme, -1))).await;
    assert_eq!(tell(&acme).await, 1);
    change(&acme, moved, due(in_hours(&acme, 1))).await;
    assert_eq!(tell(&acme).await, 0);
    acme.clock.advance_millis(HOUR_MS);
    assert_eq!(tell(&acme).await, 1);
    let told: Vec<Option<Id>> = told_of(&acme, &store)
        .await
        .iter()
        .map(Event::record_id)
        .collect();
    let mut of_moved = told.clone();
    of_moved.retain(|id| *id == Some(moved));
    assert_eq!((told.len(), of_moved.len()), (5, 3));
}

/// Lets another process tell of everything when the first is about to commit.
struct OtherFirst(Mutex<Option<Reminders>>);

#[async_trait]
impl Intercept for OtherFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let other = self.0.lock().expect("nobody panicked").take();
        if let Some(other) = other {
            assert_eq!(other.tell().await.expect("the store works"), 3);
        }
        store.commit(batch).await
    }
}

/// Of several processes that find the same, each tells of what no other has told.
pub(crate) async fn processes_tell_of_what_is_due_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    for _ in 0..3 {
        task(&acme, in_hours(&acme, 1)).await;
    }
    acme.clock.advance_millis(HOUR_MS);
    let other = Reminders::new(engine(store.shared(), &acme.clock, 2));
    let between = OtherFirst(Mutex::new(Some(other)));
    let late = Intercepted {
        store: store.shared(),
        by: Arc::new(between),
    };
    let late = Reminders::new(engine(Arc::new(late), &acme.clock, 3));
    assert_eq!(late.tell().await.expect("the store works"), 0);
    assert_eq!(told_of(&acme, &store).await.len(), 3);

    for _ in 0..3 {
        task(&acme, acme.clock.now()).await;
    }
    let all = (10..14).map(|seed| Reminders::new(engine(store.shared(), &acme.clock, seed)));
    let told_by = store.race(all.map(|it| async move { it.tell().await }));
    let told_by: Vec<usize> = told_by
        .into_iter()
        .map(|it| it.expect("it works"))
        .collect();
    assert_eq!(told_by.iter().sum::<usize>(), 3, "{told_by:?}");
    assert_eq!(told_of(&acme, &store).await.len(), 6);
}

/// Somebody else is always faster to change one record.
struct Contended(Id);

#[async_trait]
impl Intercept for Contended {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let is_it = |write: &Write| matches!(write, Write::Replace { before, .. } if before.record.id() == self.0);
        match batch.writes.iter().position(is_it) {
            Some(write) => Err(Refusal::VersionConflict { write }.into()),
            None => store.commit(batch).await,
        }
    }
}

/// One that cannot be told of keeps no other from it, of its workspace or of another.
async fn one_that_is_contended(acme: &Acme, other: &Acme, store: &Subject) {
    let contended = task(acme, acme.clock.now()).await.id;
    for of in [acme, acme, other, other] {
        task(of, of.clock.now()).await;
    }
    let store = Intercepted {
        store: store.shared(),
        by: Arc::new(Contended(contended)),
    };
    let late = Reminders::new(engine(Arc::new(store), &acme.clock, 3));
    let failed = late.tell().await.expect_err("one is not told of");
    assert_eq!(failed.kind(), ErrorKind::Unavailable);
    assert_eq!((tell(acme).await, tell(acme).await), (1, 0));
}

/// Hundreds that are due at once, in several workspaces, are all told of; of what has been due for days, without a write since, nobody is told.
pub(crate) async fn hundreds_are_due_at_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let forgotten = task(&acme, in_hours(&acme, 1)).await.id;
    acme.clock
        .advance_millis(REMINDER_LATE_MS_MAX + 2 * HOUR_MS);
    assert_eq!(tell(&acme).await, 0);
    let other = acme.in_another_workspace("other").await;
    for n in 0..260 {
        let of = [&acme, &other][n % 2];
        task(of, in_hours(of, 1)).await;
    }
    acme.clock.advance_millis(HOUR_MS);
    assert_eq!((tell(&acme).await, tell(&acme).await), (260, 0));
    let counts = (
        told_of(&acme, &store).await.len(),
        told_of(&other, &store).await.len(),
    );
    assert_eq!(counts, (130, 130));
    // Whoever takes it up again is told of it.
    let subject = ActivityInput {
        subject: "At last".into(),
        ..ActivityInput::default()
    };
    change(&acme, forgotten, subject).await;
    assert_eq!(tell(&acme).await, 1);
    one_that_is_contended(&acme, &other, &store).await;
}

/// Fails every other commit: one of them before it, the next after it was applied.
#[derive(Default)]
struct Failing(AtomicUsize);

#[async_trait]
impl Intercept for Failing {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        match self.0.fetch_add(1, Ordering::SeqCst) % 4 {
            0 => Err(StoreError::unavailable("it fails").into()),
            2 => {
                store.commit(batch).await?;
                Err(StoreError::ambiguous("it is not known").into())
            }
            _ => store.commit(batch).await,
        }
    }
}

/// What a task is taken to be.
struct Expected {
    id: Id,
    due_at: Timestamp,
    is_open: bool,
    is_live: bool,
    told: Vec<Timestamp>,
}

/// Any history of tasks that are made, moved, done, opened, deleted and restored, while the clock goes on and processes tell of what is due and fail:
/// each moment is told of in its turn.
pub(crate) async fn any_history_of_tasks_is_told(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let failing = Intercepted {
        store: store.shared(),
        by: Arc::new(Failing::default()),
    };
    let failing = Reminders::new(engine(Arc::new(failing), &acme.clock, 2));
    let dice = SeededRng::new(98);
    let below = |n: u64| {
        let mut bytes = [0; 8];
        dice.fill(&mut bytes);
        u64::from_le_bytes(bytes) % n
    };
    let mut tasks: Vec<Expected> = Vec::new();
    for _ in 0..160 {
        let moment = in_hours(&acme, below(12).cast_signed() - 4);
        match below(8) {
            0 | 1 => {
                let id = task(&acme, moment).await.id;
                tasks.push(Expected {
                    id,
                    due_at: moment,
                    is_open: true,
                    is_live: true,
                    told: Vec::new(),
                });
            }
            2 => acme.clock.advance_millis(HOUR_MS * below(3).cast_signed()),
            // What it failed to do is left to whoever comes next.
            3 => drop(failing.tell().await),
            choice => {
                let count = tasks.len().max(1) as u64;
                if let Some(one) = tasks.get_mut(below(count) as usize) {
                    change_task(&acme, one, choice, moment).await;
                }
            }
        }
        let now = acme.clock.now();
        let expected = tasks
            .iter_mut()
            .filter(|it| it.is_live && it.is_open && it.due_at <= now);
        let untold = expected.filter(|it| it.told.last() != Some(&it.due_at));
        untold.for_each(|it| it.told.push(it.due_at));
        tell(&acme).await;
    }
    let mut told: HashMap<Option<Id>, Vec<Timestamp>> = HashMap::new();
    for event in told_of(&acme, &store).await {
        let data: Activity = event.data.decode().expect("it is an activity");
        told.entry(event.record_id())
            .or_default()
            .extend(data.due_at);
    }
    let moments: usize = tasks.iter().map(|it| it.told.len()).sum();
    assert!(moments > tasks.len() / 2, "{moments} of {}", tasks.len());
    for it in tasks {
        let events = told.remove(&Some(it.id)).unwrap_or_default();
        assert_eq!(events, it.told, "{}", it.id);
    }
    assert!(told.is_empty(), "{told:?}");
}

async fn change_task(acme: &Acme, it: &mut Expected, choice: u64, moment: Timestamp) {
    let activities = acme.scoped.activities();
    match (choice, it.is_live) {
        (4 | 5, true) => {
            change(acme, it.id, due(moment)).await;
            it.due_at = moment;
        }
        (6, true) => {
            it.is_open = !it.is_open;
            let at = match it.is_open {
                true => Patch::Clear,
                false => acme.clock.now().into(),
            };
            change(acme, it.id, done(at)).await;
        }
        (7, true) => {
            it.is_live = false;
            activities.delete(it.id, None).await.expect("it is there");
        }
        (_, true) => {}
        (_, false) => {
            it.is_live = true;
            let restored = activities.restore(it.id, None).await;
            restored.expect("it is in the trash");
        }
    }
}

/// Whoever undoes a request finds what it made as it was left, though it was told of; what was told of stays so.
pub(crate) async fn what_was_told_of_is_undone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let made = task(&acme, in_hours(&acme, 1)).await;
    let created = acme.events(&store).await;
    let created = created.last().and_then(|event| event.request_id);
    acme.clock.advance_millis(HOUR_MS);
    change(&acme, made.id, due(in_hours(&acme, 5))).await;
    let moved = acme.events(&store).await;
    let moved = moved.last().and_then(|event| event.request_id);
    let requests = acme.scoped.requests();
    let undone = requests.undo(moved.expect("it is known")).await;
    assert!(undone.expect("it is undone").conflicts.is_empty());
    assert_eq!((tell(&acme).await, tell(&acme).await), (1, 0));
    let undone = requests.undo(created.expect("it is known")).await;
    assert!(undone.expect("it is undone").conflicts.is_empty());
    let gone = acme.scoped.activities().get(made.id).await;
    assert_eq!(gone.expect("it works"), None);
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    assert_eq!(told_of(&acme, &store).await.len(), 1);
}
