//! What is written of a definition, whoever changes it.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::apply_once;
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    FIELD_DEFAULTS_MAX, FIELD_PATTERN_TEXT_CHARS_MAX, FIELD_PATTERNS_WORK_MAX, FIELDS_BYTES_MAX,
    FIELDS_MAX, REFERENCE_FIELDS_MAX, UNIQUE_FIELDS_MAX,
};
use crate::record::field::{Field, FieldType, referenced};
use crate::record::hint;
use crate::record::object_type::ObjectType;
use crate::record::{
    DefinitionChange, Document, Entry, EventData, EventDraft, EventType, previous,
};
use crate::store::Write;
use crate::value::id::Id;

/// There is no such definition.
pub(in crate::engine::resources) fn unknown() -> Error {
    Error::not_found("field")
}

/// Whether it is a definition that somebody made.
pub(in crate::engine::resources) fn check_own(field: &Field) -> Result<()> {
    if !field.is_of_addresses() {
        return Ok(());
    }
    let message = "The engine keeps this definition, since contacts have several addresses: it is neither changed nor removed.";
    Err(Error::new(ErrorKind::ValidationFailed, message))
}

/// A definition as it is shown: with the members that one lacks which was kept before they were.
pub(in crate::engine::resources) fn shown(document: &Document) -> Result<Document> {
    let field: Field = document.decode()?;
    Ok(Entry::new(field).document())
}

/// Adds the event of a definition. It commits with it, and so before every event of a record that is held to it.
pub(in crate::engine::resources) fn record_event(
    plan: &mut Plan<'_>,
    change: DefinitionChange,
    id: Id,
    json: &Arc<str>,
    previous: Map<String, Value>,
) {
    plan.record_event(EventDraft {
        event_type: EventType::Field(change),
        record_id: id,
        mode: plan.context().scope().mode(),
        data: EventData::new(Arc::clone(json)),
        previous,
        merged_from: Vec::new(),
    });
}

/// Whether one more definition may stand beside these: every engine holds them all, and every schema
/// shows them. What was defined before there was a bound stays.
pub(in crate::engine::resources) fn check_room(fields: &[Field], field: &Field) -> Result<()> {
    check_number(fields.len())?;
    check_defaults(fields, field)?;
    check_patterns(fields, field)?;
    check_references(fields, field)?;
    check_bytes(fields, field.bytes())
}

/// Whether one more field of its objects can be a reference: whoever purges or merges a record looks through all of them.
fn check_references(others: &[Field], field: &Field) -> Result<()> {
    let others = referenced(others, field.object_type).count();
    if field.field_type != FieldType::Reference || others < REFERENCE_FIELDS_MAX {
        return Ok(());
    }
    let message = format!(
        "At most {REFERENCE_FIELDS_MAX} fields of a {} can be references: remove one first.",
        field.object_type
    );
    Err(Error::invalid("type", message))
}

/// Whether one more definition may stand beside so many.
pub(super) fn check_number(others: usize) -> Result<()> {
    if others < FIELDS_MAX {
        return Ok(());
    }
    let message = format!("There can be at most {FIELDS_MAX} custom fields; remove one first.");
    Err(Error::invalid("key", message))
}

/// Whether one more field of its objects can have a default: a record that is made has room for all of them.
fn check_defaults<'a>(others: impl IntoIterator<Item = &'a Field>, field: &Field) -> Result<()> {
    if field.options.default.is_none() {
        return Ok(());
    }
    let others = others
        .into_iter()
        .filter(|other| other.object_type == field.object_type && other.options.default.is_some());
    if others.count() < FIELD_DEFAULTS_MAX {
        return Ok(());
    }
    let message = format!(
        "At most {FIELD_DEFAULTS_MAX} fields of a {} can have a default: take that of another one away first.",
        field.object_type
    );
    Err(Error::invalid("options.default", message))
}

/// Whether one more field of its objects can have a pattern: a write holds all texts of a record to theirs.
fn check_patterns<'a>(others: impl IntoIterator<Item = &'a Field>, field: &Field) -> Result<()> {
    let limits = &field.options.limits;
    let work = limits.work();
    if work == 0 {
        return Ok(());
    }
    let others = others
        .into_iter()
        .filter(|other| other.object_type == field.object_type);
    let mut left = FIELD_PATTERNS_WORK_MAX;
    for other in others {
        left = left.saturating_sub(other.options.limits.work());
    }
    if work <= left {
        return Ok(());
    }
    let (of, chars) = (field.object_type, limits.length_max().unwrap_or_default());
    let message = format!(
        "`options.pattern` has no room beside the other patterns of a {of}: it takes {work} of {FIELD_PATTERNS_WORK_MAX} ({} compiled bytes × \
         {chars} characters), and {left} are left. Give a `max_length`, without which it is {FIELD_PATTERN_TEXT_CHARS_MAX}, or a shorter \
         pattern.",
        work / chars.max(1),
    );
    Err(Error::invalid("options.pattern", message))
}

/// Whether one more member of these objects can be unique.
pub(in crate::engine::resources) fn check_unique_room(
    fields: &[Field],
    of: ObjectType,
) -> Result<()> {
    let others = fields
        .iter()
        .filter(|other| other.object_type == of && other.unique_index.is_some());
    if others.count() >= UNIQUE_FIELDS_MAX {
        let message = format!(
            "{UNIQUE_FIELDS_MAX} members at most can be made unique of {}: have one be so no longer first.",
            hint::with_article(of.as_str())
        );
        return Err(Error::invalid("unique", message));
    }
    Ok(())
}

/// Whether a definition of so many bytes has room beside these.
fn check_bytes<'a>(fields: impl IntoIterator<Item = &'a Field>, bytes: usize) -> Result<()> {
    let mut left = FIELDS_BYTES_MAX.checked_sub(bytes);
    for field in fields {
        left = left.and_then(|left| left.checked_sub(field.bytes()));
    }
    if left.is_some() {
        return Ok(());
    }
    Err(Error::invalid(
        "options",
        format!(
            "All definitions together can be {FIELDS_BYTES_MAX} bytes of JSON at most, and this one is {bytes}: remove one, or \
             shorten labels and choices."
        ),
    ))
}

/// What is answered where an error broke off what a definition says is to be done: whoever finds it goes on, and an error would say that
/// nothing was done. `json` is the definition, should `pause`, which tells how far it is, fail as well.
pub(super) async fn accepted(
    context: &Context,
    pause: impl Operation<Output = Reply<Field>>,
    json: Arc<str>,
) -> Result<Reply<Field>> {
    match apply_once(context, pause).await {
        // Nothing is left that would go on.
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
        kept => Ok(kept.unwrap_or_else(|_| Reply::new(Outcome::Accepted, json))),
    }
}

/// Whether there is room for what a definition says otherwise than it did, beside these, among which it may be.
pub(super) fn check_change(fields: &[Field], before: &Field, after: &Field) -> Result<()> {
    let others = || fields.iter().filter(|field| field.id != after.id);
    if before.options.default.is_none() {
        check_defaults(others(), after)?;
    }
    if after.options.limits.work() > before.options.limits.work() {
        check_patterns(others(), after)?;
    }
    let bytes = after.bytes();
    match bytes > before.bytes() {
        true => check_bytes(others(), bytes),
        false => Ok(()),
    }
}

/// Writes a definition that says otherwise, and its event.
pub(in crate::engine::resources) fn replace(
    plan: &mut Plan<'_>,
    before: (Field, Document),
    mut after: Field,
) -> Result<Document> {
    after.touch(plan.now());
    check_change(&plan.configuration().fields, &before.0, &after)?;
    let changed = replace_unchecked(plan, before, after)?;
    plan.write(Write::Reconfigure);
    Ok(changed)
}

/// [`replace`], of a definition that was checked and counts its change, as one of several: whoever writes them says once that they change.
pub(super) fn replace_unchecked(
    plan: &mut Plan<'_>,
    (before, document): (Field, Document),
    after: Field,
) -> Result<Document> {
    let id = after.id;
    let after = Entry::new(after);
    // What a definition lacks that was kept before it could be changed is no change.
    let old = previous(&Entry::new(before.clone()).json, &after.json)?;
    let changed = after.document();
    let before = Entry {
        record: before.into(),
        json: document.json,
    };
    plan.write(Write::Replace { before, after });
    record_event(plan, DefinitionChange::Updated, id, &changed.json, old);
    Ok(changed)
}

/// Writes a new definition, and its event, as one of several.
pub(super) fn insert(plan: &mut Plan<'_>, field: Field) -> Arc<str> {
    let id = field.id;
    let entry = Entry::new(field);
    let json = entry.document().json;
    plan.write(Write::Insert(entry));
    record_event(plan, DefinitionChange::Created, id, &json, Map::new());
    json
}
