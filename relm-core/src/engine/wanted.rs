//! Which endpoints want an event: those that subscribed to its type, and whose filter it meets.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::slice;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::query::filter::{self, Clause, Comparison, Condition, Filter, Operator, matches};
use crate::record::field::{Field, custom_field, custom_field_elsewhere};
use crate::record::metadata::{self, Metadata, member};
use crate::record::object_type::ObjectType;
use crate::record::{
    Change, Event, EventData, EventDraft, EventFilter, EventType, Record, Webhook, columns,
    list_named,
};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};

/// How members of `metadata` are named.
const METADATA: &str = "metadata.";
/// Members that change with every update.
const ALWAYS_CHANGED: [&str; 2] = ["created_at", "updated_at"];

/// An event as filters look at it. What they read of it is read once, for all of them.
pub(super) struct EventView<'a> {
    event_type: EventType,
    data: &'a EventData,
    previous: &'a Map<String, Value>,
    /// The record after the change, and before an update.
    states: OnceCell<Vec<Record>>,
}

impl<'a> EventView<'a> {
    pub fn new(draft: &'a EventDraft) -> Self {
        Self {
            event_type: draft.event_type,
            data: &draft.data,
            previous: &draft.previous,
            states: OnceCell::new(),
        }
    }

    pub fn of(event: &'a Event) -> Self {
        Self {
            event_type: event.event_type,
            data: &event.data,
            previous: &event.previous,
            states: OnceCell::new(),
        }
    }

    /// Whether an endpoint wants it, in a scope with these custom fields.
    pub fn is_wanted_by(
        &self,
        webhook: &Webhook,
        fields: &[Field],
        known: &mut KnownConditions,
    ) -> bool {
        let includes = webhook.event_types.includes(self.event_type);
        match &webhook.filter {
            Some(filter) if includes => self.meets((webhook.id, filter), fields, known),
            Some(_) | None => includes,
        }
    }

    fn meets(
        &self,
        (webhook, filter): (Id, &EventFilter),
        fields: &[Field],
        known: &mut KnownConditions,
    ) -> bool {
        let kind = match self.event_type {
            // Of a purged record nothing is left to go by, and whoever was ever told of it must hear that.
            EventType::Record(_, Change::Purged) | EventType::Ping => return true,
            EventType::Record(of, Change::Updated | Change::Merged) => {
                if !filter.changed.is_empty() && !self.changes_one_of(&filter.changed) {
                    return false;
                }
                of.kind()
            }
            EventType::Record(of, Change::Created | Change::Deleted | Change::Restored) => {
                of.kind()
            }
            EventType::ActivityDue => Kind::Activity,
            EventType::Association(_) => Kind::Association,
            EventType::Field(_) => Kind::Field,
        };
        if filter.having.is_empty() {
            return true;
        }
        let Some(conditions) = known.of((webhook, filter), kind, fields) else {
            // Its record has no such member.
            return false;
        };
        let states = self.states.get_or_init(|| self.read_states(kind));
        let meets_all = |record: &Record| conditions.iter().all(|one| one.holds(record));
        states.iter().any(meets_all)
    }

    fn changes_one_of(&self, names: &[String]) -> bool {
        names.iter().any(|name| match name.strip_prefix(METADATA) {
            Some(key) => self.changes_metadata(key),
            None => self.previous.contains_key(name),
        })
    }

    fn changes_metadata(&self, key: &str) -> bool {
        let Some(Value::Object(before)) = self.previous.get("metadata") else {
            return false;
        };
        let EventType::Record(of, _) = self.event_type else {
            return false;
        };
        let states = self.states.get_or_init(|| self.read_states(of.kind()));
        let after = states.first().and_then(Record::metadata).cloned();
        let after: Metadata = after.unwrap_or_default();
        let value = |members| member(members, key).map(|(_, value)| value.clone());
        value(before) != value(after.as_map())
    }

    fn read_states(&self, kind: Kind) -> Vec<Record> {
        let after = Record::from_json(kind, self.data.get()).ok();
        let before = match self.previous.is_empty() {
            true => None,
            false => self
                .data
                .decode()
                .ok()
                .and_then(|mut members: Map<String, Value>| {
                    members.extend(self.previous.clone());
                    Record::from_json(kind, &Value::Object(members).to_string()).ok()
                }),
        };
        after.into_iter().chain(before).collect()
    }
}

/// What endpoints ask of records of a kind, read once for all events of a plan: none where records of that kind cannot meet it.
#[derive(Default)]
pub(super) struct KnownConditions(HashMap<(Id, Kind), Option<Vec<Alternatives>>>);

impl KnownConditions {
    fn of(
        &mut self,
        (webhook, filter): (Id, &EventFilter),
        kind: Kind,
        fields: &[Field],
    ) -> Option<&[Alternatives]> {
        let known = self.0.entry((webhook, kind)).or_insert_with(|| {
            let asked = filter.having.iter();
            let asked = asked.map(|(name, values)| Alternatives::read(kind, fields, name, values));
            asked.collect()
        });
        known.as_deref()
    }
}

/// The values of which a record must have one in a member: it meets one of the clauses.
struct Alternatives(Vec<Clause>);

impl Alternatives {
    /// None where records of the kind have no such member, or it can have none of these values.
    fn read(kind: Kind, fields: &[Field], name: &str, values: &[Value]) -> Option<Self> {
        if !has(kind, name) {
            return None;
        }
        // A member whose definition came later, or says otherwise by now, compares as it is kept.
        let read = |value: &Value| {
            let asked = [equal(name, value)];
            let clauses = filter::parse(kind, fields, &asked);
            clauses.or_else(|_| filter::parse(kind, &[], &asked)).ok()
        };
        let mut alternatives = Self(Vec::new());
        let clauses = values.iter().filter_map(read).flatten();
        clauses.for_each(|clause| alternatives.add(clause));
        (!alternatives.0.is_empty()).then_some(alternatives)
    }

    /// Adds what one value asks. The values that are compared with one target are one list, for which that is read once.
    fn add(&mut self, Clause { target, condition }: Clause) {
        let Condition::Compare(Comparison::Eq, value) = condition else {
            self.0.push(Clause { target, condition });
            return;
        };
        let lists = self.0.iter_mut();
        let list = lists
            .filter(|known| known.target == target)
            .find_map(|known| match &mut known.condition {
                Condition::In(values) => Some(values),
                Condition::Compare(..) | Condition::Ilike(_) | Condition::Null(_) => None,
            });
        match list {
            Some(values) => values.push(value),
            None => self.0.push(Clause {
                target,
                condition: Condition::In(vec![value]),
            }),
        }
    }

    fn holds(&self, record: &Record) -> bool {
        let holds = |clause: &Clause| matches(slice::from_ref(clause), record);
        self.0.iter().any(holds)
    }
}

/// That a member has a value, as a list would be asked for it.
fn equal(name: &str, value: &Value) -> Filter {
    match value {
        Value::Null => Filter::new(name, Operator::IsNull.as_str(), "true"),
        Value::String(text) => Filter::new(name, Operator::Eq.as_str(), text.as_str()),
        other => Filter::new(name, Operator::Eq.as_str(), other.to_string()),
    }
}

/// Refuses a filter by which an event that the endpoint names would never be sent.
///
/// # Errors
/// `unknown_value` for a member that no record of those events has; `validation_failed` for a value that none can have, and for a type
/// whose events could never meet it.
pub(super) fn check_filter(webhook: &Webhook, fields: &[Field]) -> Result<()> {
    let Some(filter) = &webhook.filter else {
        return Ok(());
    };
    let types = EventType::all().filter(|ty| webhook.event_types.includes(*ty));
    let types: Vec<EventType> = types.collect();
    check_changed(webhook, filter, &types, fields)?;
    for (name, values) in &filter.having {
        check_member(name, values, &types, fields)?;
    }
    let meets_none = |ty: &&EventType| {
        let kind = kind_of(**ty);
        let lacked = filter.having.keys().find(|name| !has(kind, name));
        lacked.is_some() && !matches!(ty, EventType::Record(_, Change::Purged))
    };
    match types.iter().find(meets_none) {
        Some(ty) if !webhook.event_types.is_everything() => {
            let lacked = filter.having.keys().find(|name| !has(kind_of(*ty), name));
            Err(never_sent(*ty, "where", lacked.map_or("", String::as_str)))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_changed(
    webhook: &Webhook,
    filter: &EventFilter,
    types: &[EventType],
    fields: &[Field],
) -> Result<()> {
    const AT: &str = "filter.changed";
    if filter.changed.is_empty() {
        return Ok(());
    }
    let updated = ObjectType::ALL.into_iter().filter(|of| {
        let changes = [Change::Updated, Change::Merged];
        let mut changes = changes
            .map(|change| EventType::Record(*of, change))
            .into_iter();
        changes.any(|change| types.contains(&change))
    });
    let updated: Vec<ObjectType> = updated.collect();
    if updated.is_empty() {
        let message = "`filter.changed` is about updates: name one in `event_types`, such as `deal.updated`, or leave it out.";
        return Err(Error::invalid(AT, message));
    }
    for name in &filter.changed {
        if updated.iter().any(|of| can_change(*of, name)) {
            continue;
        }
        let message = format!(
            "`filter.changed` must name members that an update can change; {} is none.",
            Quoted(name)
        );
        return Err(no_member(message, AT, name, &updated, fields, can_change));
    }
    let never = updated
        .iter()
        .find(|of| !filter.changed.iter().any(|name| can_change(**of, name)));
    match never {
        Some(of) if !webhook.event_types.is_everything() => {
            let ty = EventType::Record(*of, Change::Updated);
            Err(never_sent(ty, "changed", &filter.changed[0]))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_member(name: &str, values: &[Value], types: &[EventType], fields: &[Field]) -> Result<()> {
    let mut kinds: Vec<Kind> = types.iter().map(|ty| kind_of(*ty)).collect();
    kinds.dedup();
    let having = kinds.iter().filter(|kind| has(**kind, name));
    let having: Vec<Kind> = having.copied().collect();
    if having.is_empty() {
        let objects: Vec<ObjectType> = kinds
            .iter()
            .filter_map(|kind| ObjectType::of(*kind))
            .collect();
        let message = format!(
            "`filter.where` must name members of what `event_types` are about; {} is none.",
            Quoted(name)
        );
        let has = |of: ObjectType, name: &str| has(of.kind(), name);
        return Err(no_member(
            message,
            "filter.where",
            name,
            &objects,
            fields,
            has,
        ));
    }
    for (kind, value) in having
        .iter()
        .flat_map(|kind| values.iter().map(move |value| (kind, value)))
    {
        if let Err(error) = filter::parse(*kind, fields, &[equal(name, value)]) {
            return Err(Error::invalid(
                format!("filter.where.{name}"),
                error.message(),
            ));
        }
    }
    Ok(())
}

/// That no record has a member of this name, with those that some have.
fn no_member(
    message: String,
    at: &str,
    name: &str,
    of: &[ObjectType],
    fields: &[Field],
    has: impl Fn(ObjectType, &str) -> bool,
) -> Error {
    let error = Error::new(ErrorKind::UnknownValue, message).at(at);
    let custom = of.iter().find_map(|of| custom_field(fields, *of, name));
    if let Some(path) = custom {
        return custom_field_elsewhere(error, name, path);
    }
    let mut options: Vec<&str> = Vec::new();
    for object in of {
        let names = filter::filterable(object.kind());
        options.extend(names.filter(|name| has(*object, name)));
    }
    options.sort_unstable();
    options.dedup();
    error.options(name, options.iter().copied())
}

fn never_sent(ty: EventType, part: &str, name: &str) -> Error {
    let at = format!("filter.{part}");
    let message = format!(
        "No `{ty}` would ever be sent: what it is about has no {}. Take it out of `event_types`, or have another endpoint for it.",
        Quoted(name)
    );
    Error::invalid(at, message)
}

/// What an event of this type has as its data.
const fn kind_of(ty: EventType) -> Kind {
    match ty {
        EventType::Record(of, _) => of.kind(),
        EventType::ActivityDue => Kind::Activity,
        EventType::Association(_) => Kind::Association,
        EventType::Field(_) => Kind::Field,
        EventType::Ping => Kind::Webhook,
    }
}

/// Whether records of a kind can be asked for a member of this name.
fn has(kind: Kind, name: &str) -> bool {
    let of_metadata = name
        .strip_prefix(METADATA)
        .is_some_and(|key| metadata::check_key(key).is_ok());
    let is_object = ObjectType::of(kind).is_some();
    (is_object && of_metadata) || filter::filterable(kind).any(|known| known == name)
}

/// Whether an update can change a member of this name.
fn can_change(of: ObjectType, name: &str) -> bool {
    if let Some(key) = name.strip_prefix(METADATA) {
        return metadata::check_key(key).is_ok();
    }
    let mut own = columns(of.kind()).iter();
    name == "metadata"
        || list_named(of.kind(), name).is_some_and(|list| list.part_of.is_none())
        || own.any(|column| {
            column.name == name && column.filterable && !ALWAYS_CHANGED.contains(&name)
        })
}
