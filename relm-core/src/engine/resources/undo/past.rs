//! What a request did, as its events tell: each thing that it changed once, however often it changed it.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::report::too_much;
use super::unmerged::survivors;
use crate::engine::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{PAGE_LIMIT_MAX, UNDO_BYTES_MAX, UNDO_EVENTS_MAX};
use crate::query::filter::{Clause, Condition};
use crate::record::column::ColumnValue;
use crate::record::field::Field;
use crate::record::metadata::member;
use crate::record::object_type::ObjectType;
use crate::record::{
    AssociationChange, Change, DefinitionChange, Event, EventData, EventType, MemberChange,
    member_changes,
};
use crate::store::Query;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;

/// What the name of a member of `metadata` begins with.
pub(super) const METADATA: &str = "metadata.";

/// Events of one step of an undo that has several.
const MOVED_EVENTS: usize = 50;

/// Where a thing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: it was not made yet, or was removed.
    Nowhere,
    /// In the trash.
    Trash,
    /// Where lists find it.
    Live,
}

/// One thing that a request changed.
pub(super) struct Target {
    pub id: Id,
    /// Where it was before the request.
    pub before: Place,
    /// Where it was after it.
    pub after: Place,
    /// What it was after the request, or the last state of what the request removed.
    pub left: EventData,
    /// The members that the request changed of what was there before it.
    pub members: BTreeMap<String, MemberChange>,
    /// Whether the request itself deleted it for good.
    pub is_purge: bool,
    /// Whether it was purged, so that nothing is known of it.
    pub is_erased: bool,
    /// The record into which it had been merged, where the request brought it back from that.
    pub unmerged_from: Option<Id>,
    /// The records that the request merged into it.
    pub merged: Vec<Id>,
}

impl Target {
    /// Whether it is a record that the request brought back from the trash.
    fn is_back(&self) -> bool {
        let is_object = ObjectType::of(self.id.kind()).is_some();
        is_object && (self.before, self.after) == (Place::Trash, Place::Live)
    }
}

/// What of a request is looked at.
#[derive(Clone, Debug, Default)]
pub(super) enum Part {
    /// All that it changed.
    #[default]
    Whole,
    /// These records.
    Records(Vec<Id>),
    /// The next of what it moved, after this event.
    Moved(Option<Id>),
}

/// All that a request changed.
pub(super) struct Past {
    /// What it changed last first.
    pub targets: Vec<Target>,
    /// Whether events of its time are kept no more.
    pub truncated: bool,
    /// Of what it moved, the last event that was looked at, if there are more.
    pub next: Option<Id>,
}

impl Past {
    /// Reads the events of a request, or of a part of what it did.
    ///
    /// # Errors
    /// `not_found` where there are none, `gone` where they may have been deleted; `conflict` where there are too many.
    pub async fn read(context: &Context, request: RequestId, part: &Part) -> Result<Self> {
        let (events, next) = events_of(context, request, part).await?;
        let is_rest = matches!(part, Part::Moved(_));
        let changed = |event: &&Event| event.event_type != EventType::Ping;
        if !is_rest && !events.iter().any(|event| changed(&event)) {
            return Err(unknown(context, request).await?);
        }
        let truncated = !is_rest && is_truncated(context, &events).await?;
        let restorations = restorations(&events);
        let mut order: Vec<Id> = Vec::new();
        let mut of_each: HashMap<Id, Vec<Event>> = HashMap::new();
        for event in events {
            if let Some(id) = event.record_id()
                && event.event_type != EventType::Ping
            {
                let events = of_each.entry(id).or_default();
                if events.is_empty() {
                    order.push(id);
                }
                events.push(event);
            }
        }
        let targets = order.into_iter().filter_map(|id| {
            let mut events = of_each.remove(&id)?;
            events.reverse();
            let returns = returns(&events, &restorations);
            Some(target(id, events).map(|target| match returns {
                true => Target {
                    before: Place::Trash,
                    ..target
                },
                false => target,
            }))
        });
        let mut targets: Vec<Target> = targets.collect::<Result<_>>()?;
        let back = targets.iter().filter(|target| target.is_back());
        let back = back.filter_map(|it| Some((it.id, *restorations.get(&it.id)?.last()?)));
        let back: BTreeMap<Id, Id> = back.collect();
        if !back.is_empty() {
            let survivors = survivors(context, &back).await?;
            for target in &mut targets {
                target.unmerged_from = survivors.get(&target.id).copied();
            }
        }
        Ok(Self {
            targets,
            truncated,
            next,
        })
    }

    /// Takes the choices that are being renamed for what they are called by now, where records are to have them again.
    pub fn normalise(&mut self, fields: &[Field]) {
        let renaming = fields.iter().filter(|it| !it.options.renaming.is_empty());
        let renaming: Vec<&Field> = renaming.collect();
        if renaming.is_empty() {
            return;
        }
        for target in &mut self.targets {
            let of = ObjectType::of(target.id.kind());
            for (name, change) in &mut target.members {
                let mut fields = renaming.iter();
                let field = fields.find(|it| Some(it.object_type) == of && it.path() == **name);
                if let Some(form) = field.and_then(|field| field.form_of(&change.from)) {
                    change.from = form;
                }
            }
        }
    }
}

/// The events of a part of a request, newest first; and the last of them, if there are more.
async fn events_of(
    context: &Context,
    request: RequestId,
    part: &Part,
) -> Result<(Vec<Event>, Option<Id>)> {
    let mut query = Query {
        kind: Kind::Event,
        clauses: vec![Clause::equal(Kind::Event, "request_id", request.text())?],
        after: None,
        limit: PAGE_LIMIT_MAX,
    };
    match part {
        Part::Whole => {}
        Part::Records(ids) => {
            let ids = ids.iter().copied().map(ColumnValue::from).collect();
            let of_them = Clause::of_column(Kind::Event, "record_id", Condition::In(ids))?;
            query.clauses.push(of_them);
        }
        Part::Moved(after) => {
            query
                .clauses
                .push(of_types(EventType::all().filter(is_move))?);
            (query.after, query.limit) = (*after, MOVED_EVENTS);
        }
    }
    let (mut events, mut bytes) = (Vec::new(), 0);
    loop {
        let page = context.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        for document in &page.documents {
            bytes += document.json.len();
            events.push(document.decode::<Event>()?);
        }
        if let Part::Moved(_) = part {
            return Ok((events, query.after.filter(|_| page.more)));
        }
        if events.len() > UNDO_EVENTS_MAX || bytes > UNDO_BYTES_MAX {
            return Err(too_much());
        }
        if !page.more {
            return Ok((events, None));
        }
    }
}

/// Whether a merge has such events of what it moves.
pub(super) fn is_move(event_type: &EventType) -> bool {
    matches!(
        event_type,
        EventType::Record(_, Change::Updated) | EventType::Association(_)
    )
}

/// What events of these types meet.
pub(super) fn of_types(types: impl Iterator<Item = EventType>) -> Result<Clause> {
    let names = types.map(|it| ColumnValue::from(it.as_str())).collect();
    Clause::of_column(Kind::Event, "type", Condition::In(names))
}

/// Why nothing is known of a request.
async fn unknown(context: &Context, request: RequestId) -> Result<Error> {
    let page = context.storage().log(context.scope(), 0, 1).await?;
    let oldest = page.events.first().map(|oldest| oldest.document.id);
    let is_older = oldest.is_none_or(|oldest| request.timestamp() < oldest.timestamp());
    if page.deleted > 0 && is_older {
        let at = request.timestamp();
        return Ok(Error::new(
            ErrorKind::Gone,
            format!(
                "Events of {at}, when `{request}` was made, are kept no more, so that what it changed is not known: records and their \
                 histories say what is so now."
            ),
        ));
    }
    Ok(Error::new(
        ErrorKind::NotFound,
        "No event tells of such a request in this workspace and mode: it changed nothing that can be undone, or there was none. The id of a \
         request is in the `X-Request-Id` of its response, and in the `request_id` of each of its events.",
    ))
}

/// Whether events may be missing: the log says up to which number some were deleted.
async fn is_truncated(context: &Context, events: &[Event]) -> Result<bool> {
    let Some(oldest) = events.last() else {
        return Ok(false);
    };
    let storage = context.storage();
    let numbers = storage.numbers(context.scope(), &[oldest.id]).await?;
    let Some(first) = numbers.into_iter().flatten().next() else {
        // It was numbered by nobody yet, and whatever is deleted is numbered: nothing is deleted for its age that is as young.
        return Ok(false);
    };
    let page = storage.log(context.scope(), first - 1, 1).await?;
    Ok(page.deleted > 0 && page.deleted >= first - 1)
}

/// The events of the restorations of each record.
fn restorations(events: &[Event]) -> HashMap<Id, Vec<Id>> {
    let mut all: HashMap<Id, Vec<Id>> = HashMap::new();
    for event in events {
        if let (EventType::Record(_, Change::Restored), Some(id)) =
            (event.event_type, event.record_id())
        {
            all.entry(id).or_default().push(event.id);
        }
    }
    all
}

/// Whether the first event of an association tells that it came back with a record, and not that it was made: one of its ends was
/// restored after its id was made, and before it was told.
fn returns(events: &[Event], restorations: &HashMap<Id, Vec<Id>>) -> bool {
    let Some(first) = events.first() else {
        return false;
    };
    let (Some(id), Some(ends)) = (first.record_id(), first.data.ends()) else {
        return false;
    };
    let between = |it: &Id| id.ulid() < it.ulid() && it.ulid() < first.id.ulid();
    let restored = |end: &Id| {
        restorations
            .get(end)
            .is_some_and(|all| all.iter().any(between))
    };
    first.event_type == EventType::Association(AssociationChange::Created)
        && [ends.0, ends.1].iter().any(restored)
}

/// The version that a record or an association has after an event; none of an association from before it had one.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: i64,
}

/// What the events of one thing come to, oldest first.
fn target(id: Id, events: Vec<Event>) -> Result<Target> {
    let version = |event: &Event| match event.event_type {
        EventType::Record(..) | EventType::ActivityDue | EventType::Association(_) => {
            event.data.decode().map(|head: Head| head.version)
        }
        EventType::Field(_) | EventType::Ping => Ok(0),
    };
    let versions = events.iter().map(version);
    let versions: Vec<i64> = versions.collect::<Result<_>>()?;
    let mut events: Vec<(i64, Event)> = versions.into_iter().zip(events).collect();
    // Of processes whose clocks differ, ids may be in another order.
    events.sort_by_key(|(version, _)| *version);
    let mut target = Target {
        id,
        before: Place::Live,
        after: Place::Live,
        left: EventData::new("null"),
        members: BTreeMap::new(),
        is_purge: false,
        is_erased: false,
        unmerged_from: None,
        merged: Vec::new(),
    };
    for (index, (_, event)) in events.into_iter().enumerate() {
        let (from, to) = places(event.event_type);
        if index == 0 {
            target.before = from;
        }
        target.after = to;
        target.is_purge |= event.event_type.is_purge();
        target.is_erased |= event.is_erased();
        target.merged.extend(&event.merged_from);
        if event.event_type.is_update() && !event.is_erased() {
            note(&mut target.members, event.previous, &event.data)?;
        }
        target.left = event.data;
    }
    target.members.retain(|_, change| change.from != change.to);
    Ok(target)
}

/// From where a change takes a thing to where.
fn places(event_type: EventType) -> (Place, Place) {
    match event_type {
        EventType::Record(_, Change::Created)
        | EventType::Association(AssociationChange::Created)
        | EventType::Field(DefinitionChange::Created) => (Place::Nowhere, Place::Live),
        EventType::Record(_, Change::Updated | Change::Merged)
        | EventType::Association(AssociationChange::Updated)
        | EventType::Field(DefinitionChange::Updated)
        | EventType::ActivityDue
        | EventType::Ping => (Place::Live, Place::Live),
        EventType::Record(_, Change::Deleted) => (Place::Live, Place::Trash),
        EventType::Record(_, Change::Restored) => (Place::Trash, Place::Live),
        EventType::Record(_, Change::Purged)
        | EventType::Association(AssociationChange::Deleted)
        | EventType::Field(DefinitionChange::Deleted) => (Place::Live, Place::Nowhere),
    }
}

/// Adds the members that an update changed to those that were changed before it.
fn note(
    members: &mut BTreeMap<String, MemberChange>,
    previous: Map<String, Value>,
    data: &EventData,
) -> Result<()> {
    let mut after: Map<String, Value> = data.decode()?;
    after.retain(|name, _| previous.contains_key(name));
    for (name, change) in member_changes(previous, after) {
        match members.get_mut(&name) {
            Some(known) => known.to = change.to,
            None => drop(members.insert(name, change)),
        }
    }
    Ok(())
}

/// The value of a member of a record, or of its `metadata`; null where it has none.
pub(super) fn value_of<'a>(members: &'a Map<String, Value>, name: &str) -> &'a Value {
    let found = match name.strip_prefix(METADATA) {
        Some(key) => match members.get("metadata") {
            Some(Value::Object(members)) => member(members, key).map(|(_, value)| value),
            _ => None,
        },
        None => members.get(name),
    };
    found.unwrap_or(&Value::Null)
}
