//! Drafts: what a write of a record says, the record that it is written over, and the records that come of it.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::change::Plan;
use crate::engine::context::Context;
use crate::engine::merged::absent;
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::record::field::{
    Field, add_defaults, check_fields, check_known_members, custom_field, custom_field_elsewhere,
    normalise,
};
use crate::record::input::{Reader, read_only, unknown_field};
use crate::record::object::{Object, READ_ONLY};
use crate::record::reference::{Reference, lost_reference};
use crate::record::referring::references;
use crate::record::{Change, Document, Entry, EventData, EventDraft, EventType, Record, previous};
use crate::store::{Refusal, Write};
use crate::value::id::Id;

/// What a write says: an input, and the read-only members that it asserts.
pub(super) struct Draft<T: Object> {
    pub input: T::Input,
    asserted: Map<String, Value>,
    /// A member that no such object has. Refused with the plan, which knows whether it is a custom field's key.
    unknown: Option<Error>,
}

impl<T: Object> Draft<T> {
    pub fn typed(input: T::Input) -> Self {
        Self {
            input,
            asserted: Map::new(),
            unknown: None,
        }
    }

    pub fn read(body: Value) -> Result<Self> {
        let mut reader = Reader::new(body)?;
        let input = T::read(&mut reader)?;
        let asserted = READ_ONLY
            .iter()
            .filter_map(|&name| Some((name.to_owned(), reader.take_read_only(name)?)))
            .collect();
        Ok(Self {
            input,
            asserted,
            unknown: reader.unknown(),
        })
    }

    /// The same draft of a record that it was found by, without what names that alone and is no change; none where it has no such thing.
    pub fn known_by(&self, record: &T) -> Option<Self> {
        let input = record.known_by(&self.input)?;
        Some(Self {
            input,
            asserted: self.asserted.clone(),
            unknown: self.unknown.clone(),
        })
    }

    /// Refuses a member that no such object has; of a custom field's it says where that belongs.
    pub fn check_known(&self, fields: &[Field]) -> Result<()> {
        let Some(error) = &self.unknown else {
            return Ok(());
        };
        let name = error.field().unwrap_or_default();
        match custom_field(fields, T::TYPE, name) {
            Some(path) => Err(custom_field_elsewhere(unknown_field(name), name, path)),
            None => Err(error.clone()),
        }
    }

    /// Refuses to change what the engine alone writes; saying again what is so already is allowed.
    pub fn check_asserted(&self, record: &T) -> Result<()> {
        let asserted = self.asserted.iter();
        check_equal(record, asserted)
    }

    /// [`check_asserted`](Self::check_asserted) of a new record, of which a null says what leaving it out says.
    fn check_asserted_of_new(&self, record: &T) -> Result<()> {
        let asserted = self.asserted.iter();
        check_equal(record, asserted.filter(|(_, value)| !value.is_null()))
    }
}

fn check_equal<'a, T: Object>(
    record: &T,
    asserted: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Result<()> {
    let mut asserted = asserted.peekable();
    if asserted.peek().is_none() {
        return Ok(());
    }
    let stored = serde_json::to_value(record).map_err(Error::internal)?;
    match asserted.find(|(name, value)| stored.get(name) != Some(value)) {
        Some((name, _)) => Err(read_only(name)),
        None => Ok(()),
    }
}

/// A record that must be there, with the version that is expected of it. Of one that was merged into another, the error names that.
pub(super) async fn require<T: Object>(
    context: &Context,
    id: Id,
    expected: Option<i64>,
) -> Result<(T, Document)> {
    let Some(document) = context.document(T::TYPE.kind(), id).await? else {
        return Err(absent(context, T::TYPE, id).await?);
    };
    let record: T = document.decode()?;
    check_version(&record, expected)?;
    Ok((record, document))
}

/// Holds a record to the version that is expected of it.
pub(super) fn check_version<T: Object>(record: &T, expected: Option<i64>) -> Result<()> {
    check_version_of(record.version(), expected)
}

/// Holds what has a version to the one that is expected of it.
pub(super) fn check_version_of(version: i64, expected: Option<i64>) -> Result<()> {
    match expected {
        Some(expected) if expected != version => Err(Error::new(
            ErrorKind::VersionConflict,
            format!("The record has version {version}, not {expected}: read it again."),
        )),
        _ => Ok(()),
    }
}

/// A new record from an input, checked.
pub(super) fn build<T: Object>(plan: &Plan<'_>, draft: &Draft<T>) -> Result<T> {
    let id = plan.mint(T::TYPE.kind());
    let mut record = T::blank(id, plan.context().scope().mode(), id.timestamp());
    draft.check_known(&plan.configuration().fields)?;
    record.apply(T::for_new(draft.input.clone()))?;
    draft.check_asserted_of_new(&record)?;
    record.check_complete()?;
    let fields = &plan.configuration().fields;
    add_defaults(fields, &draft.input, &mut record)?;
    check_known_members(fields, T::TYPE, None, record.metadata())?;
    normalise(fields, &mut record);
    check_fields(fields, None, &record)?;
    Ok(record)
}

/// What an input makes of a record.
pub(super) struct Changed<T> {
    /// The record with the input applied; none where that changes nothing.
    pub after: Option<T>,
    /// What is wrong with the record that the input leaves as it was.
    pub warnings: Vec<Error>,
}

/// The record with an input applied, checked.
pub(super) fn change<T: Object>(
    plan: &Plan<'_>,
    before: &T,
    draft: &Draft<T>,
) -> Result<Changed<T>> {
    let fields = &plan.configuration().fields;
    draft.check_known(fields)?;
    draft.check_asserted(before)?;
    let mut after = before.clone();
    after.apply(draft.input.clone())?;
    let kept = Some(before.metadata());
    check_known_members(fields, T::TYPE, kept, after.metadata())?;
    normalise(fields, &mut after);
    let warnings = check_fields(fields, Some(before), &after)?;
    let is_changed = after != *before;
    if is_changed {
        after.touch(plan.now());
    }
    Ok(Changed {
        after: is_changed.then_some(after),
        warnings,
    })
}

/// Warnings of one row: a batch has many.
const ROW_WARNINGS_MAX: usize = 3;

/// What is wrong with the record of a row, in as few words as 500 rows can have.
pub(super) fn of_a_row(warnings: Vec<Error>) -> Vec<Error> {
    let warnings = warnings.into_iter().take(ROW_WARNINGS_MAX);
    warnings.map(Error::without_options).collect()
}

/// A record's JSON with what is wrong with it, where anything is: before its other members, since those end as every record does.
pub(super) fn with_warnings(json: Arc<str>, warnings: &[Error]) -> Result<Arc<str>> {
    let Some(members) = json.strip_prefix('{').filter(|_| !warnings.is_empty()) else {
        return Ok(json);
    };
    let warnings = serde_json::to_string(warnings).map_err(Error::internal)?;
    Ok(format!(r#"{{"warnings":{warnings},{members}"#).into())
}

/// Requires what the record refers to, and the one before it did not.
pub(super) fn require_references<T: Object>(plan: &mut Plan<'_>, before: Option<&T>, after: &T) {
    for reference in new_references(plan, before, after) {
        if let Some(id) = reference.id {
            plan.require_exists(id);
        }
    }
}

/// What the record refers to, by its own members and by custom fields, and the one before it did not. What a write leaves as it was may
/// be gone since.
pub(super) fn new_references<T: Object>(
    plan: &Plan<'_>,
    before: Option<&T>,
    after: &T,
) -> Vec<Reference> {
    let fields = &plan.configuration().fields;
    let known = before.map(|before| references(before, fields));
    let known = known.unwrap_or_default();
    let mut new = references(after, fields);
    new.retain(|reference| reference.id.is_some() && !known.contains(reference));
    new
}

/// Writes a new record and its event.
pub(super) fn insert<T: Object + Into<Record>>(plan: &mut Plan<'_>, record: T) -> Document {
    require_references(plan, None, &record);
    let id = record.id();
    let entry = Entry::new(record);
    let document = entry.document();
    plan.write(Write::Insert(entry));
    record_event::<T>(plan, Change::Created, id, &document.json, Map::new());
    document
}

/// Writes a changed record and its event.
pub(super) fn replace<T: Object + Into<Record>>(
    plan: &mut Plan<'_>,
    before: (T, Document),
    after: T,
) -> Result<Document> {
    require_references(plan, Some(&before.0), &after);
    rewrite(plan, before, after)
}

/// The same, whatever the record refers to.
pub(super) fn rewrite<T: Object + Into<Record>>(
    plan: &mut Plan<'_>,
    (before, document): (T, Document),
    after: T,
) -> Result<Document> {
    let id = after.id();
    let after = Entry::new(after);
    let old = previous(&document.json, &after.json)?;
    let changed = after.document();
    let before = Entry {
        record: before.into(),
        json: document.json,
    };
    plan.write(Write::Replace { before, after });
    record_event::<T>(plan, Change::Updated, id, &changed.json, old);
    Ok(changed)
}

/// Adds the event of one changed record.
pub(super) fn record_event<T: Object>(
    plan: &mut Plan<'_>,
    change: Change,
    record_id: Id,
    data: &Arc<str>,
    previous: Map<String, Value>,
) {
    plan.record_event(EventDraft {
        event_type: EventType::Record(T::TYPE, change),
        record_id,
        mode: plan.context().scope().mode(),
        data: EventData::new(Arc::clone(data)),
        previous,
        merged_from: Vec::new(),
    });
}

/// What a refusal means to the writer of one record that holds `references`.
pub(super) fn refused(refusal: Refusal, references: &[Reference]) -> Error {
    match refusal {
        Refusal::Missing(ids) => {
            let dangling = references
                .iter()
                .find(|reference| reference.id.is_some_and(|id| ids.contains(&id)));
            match dangling {
                Some(reference) => lost_reference(reference.clone()),
                None => Error::internal("the store misses what was not required"),
            }
        }
        Refusal::UniqueConflict { holder, .. } => email_taken(holder),
        Refusal::Configuration
        | Refusal::ResponseExists
        | Refusal::VersionConflict { .. }
        | Refusal::IdConflict { .. } => unexpected(&refusal),
    }
}

pub(super) fn email_taken(holder: Id) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "Another contact has this `email`; update that one, or send a batch with `dedup_on`.",
    )
    .at("email")
    .existing(holder)
}
