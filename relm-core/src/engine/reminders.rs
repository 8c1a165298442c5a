//! Reminders: the event of an activity that has come to its due moment.
//!
//! What waits for which moment, the store knows, of all scopes by one index. What is found there is only a hint: each activity is read once
//! more in the plan of its event, and the commit of the event writes in the activity that it was told of. So there is one event however many
//! processes look, and whenever one of them dies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error as _;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::select;
use serde_json::Map;

use super::change::{Operation, Plan, apply};
use super::claims::claim;
use super::components::{Components, OnError};
use super::context::Context;
use super::crm::Crm;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_CONTACT_BYTES_MAX, REMINDER_LATE_MS_MAX};
use crate::record::object::Activity;
use crate::record::{Actor, Entry, EventData, EventDraft, EventType};
use crate::store::{Awaited, AwaitedQuery, Write};
use crate::value::environment::Sleeper;
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// How often a process looks for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how long one process tells of what is due, and all others leave it alone: less than its own next look. They would do no harm, and come
/// too late for most of it.
const CLAIM_MS: i64 = 900;
/// What is found at once.
const FOUND: usize = 500;
/// Activities of one commit.
const STEP: usize = 50;

/// Makes an `activity.due` for each open activity whose `due_at` has come. One of them per process is enough, and any number over one store
/// do no harm. What has been due for more than [`REMINDER_LATE_MS_MAX`] when somebody looks has none, but where it was written since.
///
/// ```
/// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
/// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
/// # let acme = crm.create_workspace("acme").await?;
/// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
/// use relm_core::engine::Reminders;
/// use relm_core::ActivityInput;
///
/// let task = ActivityInput {
///     activity_type: "task".into(),
///     due_at: crm.now().into(),
///     ..Default::default()
/// };
/// let task = live.activities().create(task).await?;
///
/// // Now and then, or from a loop of your own; `run` is that loop.
/// let reminders = Reminders::new(crm);
/// assert_eq!(reminders.tell().await?, 1);
/// assert_eq!(reminders.tell().await?, 0);
/// let task = live.activities().get(task.id).await?.expect("it is there");
/// assert_eq!(task.notified_due_at, task.due_at);
/// # Ok(()) }) }
/// ```
pub struct Reminders {
    components: Arc<Components>,
    on_error: OnError,
}

impl Reminders {
    /// Reminders over `crm`.
    pub fn new(crm: Crm) -> Self {
        Self {
            components: Arc::clone(crm.components()),
            on_error: Arc::new(|_| {}),
        }
    }

    /// The same reminders, telling `on_error` what goes wrong in [`run`](Self::run).
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }

    /// Tells of every activity that is due by now, and gives how many events that made.
    ///
    /// # Errors
    /// `unavailable` or `outcome_unknown` from the store, at once. What else keeps an activity from being told of keeps no other: the first
    /// such error, once everything was gone through. What was told until then is told.
    pub async fn tell(&self) -> Result<usize> {
        self.tell_until(self.components.environment().now()).await
    }

    async fn tell_until(&self, until: Timestamp) -> Result<usize> {
        let (mut told, mut failure, mut after) = (0, None, None);
        loop {
            let found = self.due(until, after, FOUND).await?;
            let mut scopes: BTreeMap<Scope, Vec<Id>> = BTreeMap::new();
            for awaited in &found {
                scopes.entry(awaited.scope).or_default().push(awaited.id);
            }
            for (scope, ids) in scopes {
                match self.tell_of(scope, ids, &mut told).await {
                    Ok(None) => {}
                    Err(error) if is_outage(&error) => return Err(error),
                    // A workspace that cannot be read keeps no other from being told.
                    Ok(Some(error)) | Err(error) => failure = failure.or(Some(error)),
                }
            }
            if found.len() < FOUND {
                return failure.map_or(Ok(told), Err);
            }
            after = found.last().copied();
        }
    }

    /// Tells of what is due until `stop` ends. What is under way then is left to whoever looks next.
    ///
    /// It looks every second. Of several processes that find something at once, one tells of it; should that one die, another does a few
    /// seconds later.
    pub async fn run(&self, sleeper: &dyn Sleeper, stop: impl Future<Output = ()> + Send) {
        let turns = async {
            let mut passed = BTreeSet::new();
            loop {
                if let Err(error) = self.look(&mut passed).await {
                    (self.on_error)(&error);
                }
                sleeper.sleep(LOOK_EVERY).await;
            }
        };
        select(pin!(turns), pin!(stop)).await;
    }

    /// Tells of what is due, unless nothing is or another process is at it. `passed` is what was found before and there is nothing to tell
    /// of, such as a task that an older server marked as done: it is no reason to claim anything.
    async fn look(&self, passed: &mut BTreeSet<Awaited>) -> Result<()> {
        let now = self.components.environment().now();
        let found = self.due(now, None, passed.len() + 1).await?;
        if found.iter().all(|awaited| passed.contains(awaited)) {
            return Ok(());
        }
        if claim(&self.components, "tell of what is due", CLAIM_MS).await? {
            self.tell_until(now).await?;
            *passed = self.due(now, None, FOUND).await?.into_iter().collect();
        }
        Ok(())
    }

    async fn due(
        &self,
        until: Timestamp,
        after: Option<Awaited>,
        limit: usize,
    ) -> Result<Vec<Awaited>> {
        let query = AwaitedQuery {
            from: until.saturating_add_millis(-REMINDER_LATE_MS_MAX),
            until,
            after,
            limit,
        };
        self.components.storage().awaited(&query).await
    }

    /// Tells of these activities of one scope, as far as they are due, and adds how many that are. Gives why one of them cannot be told of.
    async fn tell_of(&self, scope: Scope, ids: Vec<Id>, told: &mut usize) -> Result<Option<Error>> {
        let context = Context::open(&self.components, scope, Actor::SYSTEM.into()).await?;
        let mut failure = None;
        let mut steps: VecDeque<Vec<Id>> = ids.chunks(STEP).map(<[Id]>::to_vec).collect();
        while let Some(ids) = steps.pop_front() {
            match apply(&context, Tell { ids: ids.clone() }).await {
                Ok(step) => {
                    *told += step.told;
                    steps.extend((!step.left.is_empty()).then_some(step.left));
                }
                Err(error) if is_outage(&error) => return Err(error),
                Err(error) if ids.len() == 1 => failure = failure.or(Some(error)),
                // One that is written all the time, or cannot be, keeps no other from being told of.
                Err(_) => steps.extend(ids.into_iter().map(|id| vec![id])),
            }
        }
        Ok(failure)
    }
}

/// Whether it is the store that failed, and would fail again at once: where others only were faster all the time, it did not.
fn is_outage(error: &Error) -> bool {
    let is_unavailable = matches!(
        error.kind(),
        ErrorKind::Unavailable | ErrorKind::OutcomeUnknown
    );
    is_unavailable && error.source().is_some()
}

/// Tells of activities that are due, in one commit.
struct Tell {
    ids: Vec<Id>,
}

/// What a commit came to.
struct Step {
    told: usize,
    /// Those that were more than one commit is to hold.
    left: Vec<Id>,
}

#[async_trait]
impl Operation for Tell {
    type Output = Step;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Step> {
        let context = plan.context();
        let found = context.storage();
        let found = found.by_ids(context.scope(), Kind::Activity, &self.ids);
        let (mut told, mut bytes, mut left) = (0, 0, Vec::new());
        for document in found.await? {
            if told > 0 && bytes + document.json.len() > BATCH_CONTACT_BYTES_MAX {
                left.push(document.id);
                continue;
            }
            // One that cannot be read keeps no other from being told of.
            let Ok(activity) = document.decode::<Activity>() else {
                continue;
            };
            if activity.notify_at().is_none_or(|at| at > plan.now()) {
                continue;
            }
            (told, bytes) = (told + 1, bytes + document.json.len());
            tell(plan, activity, document.json);
        }
        Ok(Step { told, left })
    }
}

/// Writes in an activity that it is told of, and tells of it.
fn tell(plan: &mut Plan<'_>, activity: Activity, json: Arc<str>) {
    let (id, mode) = (activity.id, activity.mode);
    let after = Entry::new(activity.clone().notified(plan.now()));
    let data = EventData::new(Arc::clone(&after.json));
    let before = Entry {
        record: activity.into(),
        json,
    };
    plan.write(Write::Replace { before, after });
    plan.record_event(EventDraft {
        event_type: EventType::ActivityDue,
        record_id: id,
        mode,
        data,
        previous: Map::new(),
        merged_from: Vec::new(),
    });
}
