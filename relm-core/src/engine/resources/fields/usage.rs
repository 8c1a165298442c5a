//! What a field is used for: how many records have a value in it, and which choice of a `select` or `multiselect`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definitions::unknown;
use super::holding::Holding;
use crate::engine::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    FIELD_PATTERN_WALK_BYTES_MAX, FIELD_RECORDS_BYTES_MAX, FIELD_RECORDS_MAX, PAGE_LIMIT_MAX,
};
use crate::query::cursor::Place;
use crate::record::field::Field;
use crate::record::metadata::Metadata;
use crate::store::Query;
use crate::value::environment::yield_now;
use crate::value::id::{Id, Kind};

/// How many records have a value in a field: of those that were looked at, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CustomFieldUsage")
)]
#[non_exhaustive]
pub struct FieldUsage {
    /// Always `field_usage`.
    pub object: FieldUsageTag,
    /// The field.
    pub field_id: Id,
    /// How many records were looked at: all that there are, where there is no `next_cursor`.
    pub records: usize,
    /// How many of them have a value.
    pub with_value: usize,
    /// How many of them do not keep to the definition: their value is none that the field holds, or it is required and they have none.
    pub invalid: usize,
    /// How many of them have each choice of a `select` or `multiselect`, in their order; empty on every other type.
    pub choices: Vec<ChoiceUsage>,
    /// Whether there are more records, to be asked for by `next_cursor`.
    pub has_more: bool,
    /// Passed back as `cursor`, it gives the numbers of the next records; null where there are none.
    pub next_cursor: Option<String>,
}

/// How many records have a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChoiceUsage {
    /// The choice.
    pub choice: String,
    /// How many records have it; while it is being renamed, by either name.
    pub count: usize,
}

/// The `object` member of a [`FieldUsage`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FieldUsageTag {
    /// Its one value.
    #[default]
    #[serde(rename = "field_usage")]
    FieldUsage,
}

/// One page of what a field is used for.
pub(super) async fn usage(context: &Context, id: Id, cursor: Option<&str>) -> Result<FieldUsage> {
    let found = context.document(Kind::Field, id).await?;
    let field: Field = found.ok_or_else(unknown)?.decode()?;
    if field.built_in && !field.is_pipeline() {
        let message = format!(
            "`{}` is a member that every {} has: the usage is counted of custom fields, and of the stages of a pipeline.",
            field.key, field.object_type
        );
        return Err(Error::new(ErrorKind::ValidationFailed, message));
    }
    let text = id.text();
    let cursors = context.cursors(["field usage", &text]);
    let after = cursor.map(|cursor| cursors.open(cursor)).transpose()?;
    let kind = field.object_type.kind();
    let mut walk = Walk::of(&field, after.map(|place| Id::new(kind, place.ulid)));
    let choices = field.options.choices.iter().cloned();
    let choices = choices.map(|choice| ChoiceUsage { choice, count: 0 });
    let mut usage = FieldUsage {
        object: FieldUsageTag::FieldUsage,
        field_id: id,
        records: 0,
        with_value: 0,
        invalid: 0,
        choices: choices.collect(),
        has_more: false,
        next_cursor: None,
    };
    let holding = Holding::of(&field);
    while let Some(page) = walk.next(context).await? {
        for (_, seen) in page {
            let value = seen.value_of(&field);
            walk.judging(&field, value.as_deref()).await;
            usage.add(&holding, value.as_deref());
        }
    }
    usage.next_cursor = walk.after().map(|last| {
        cursors.seal(Place {
            rank: 0,
            ulid: last.ulid(),
        })
    });
    usage.has_more = usage.next_cursor.is_some();
    Ok(usage)
}

impl FieldUsage {
    /// The usage as JSON.
    ///
    /// # Errors
    /// None in practice: it is made of texts and numbers.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    fn add(&mut self, holding: &Holding<'_>, value: Option<&Value>) {
        self.records += 1;
        self.with_value += usize::from(value.is_some());
        self.invalid += usize::from(!holding.is_kept_by(value));
        let chosen = value.and_then(|value| holding.choices(value));
        for place in chosen.into_iter().flatten() {
            if let Some(counted) = self.choices.get_mut(place) {
                counted.count += 1;
            }
        }
    }
}

/// A walk over the records of a field's objects, the newest first, which ends where a bounded number was looked at.
pub(super) struct Walk {
    query: Query,
    records_left: usize,
    bytes_left: usize,
    /// Of texts that are held to a pattern.
    texts_left: usize,
    more: bool,
}

/// What a walk looks at of a record.
#[derive(Deserialize)]
pub(super) struct Seen {
    metadata: Metadata,
    /// Of a deal.
    #[serde(default)]
    stage: Option<String>,
}

impl Seen {
    /// The value that the record has in a field.
    pub fn value_of(&self, field: &Field) -> Option<Cow<'_, Value>> {
        match field.built_in {
            true => self.stage.as_deref().map(|it| Cow::Owned(it.into())),
            false => self.metadata.as_map().get(&field.key).map(Cow::Borrowed),
        }
    }
}

impl Walk {
    pub fn of(field: &Field, after: Option<Id>) -> Self {
        Self {
            query: Query {
                kind: field.object_type.kind(),
                clauses: Vec::new(),
                after,
                limit: PAGE_LIMIT_MAX,
            },
            records_left: FIELD_RECORDS_MAX,
            bytes_left: FIELD_RECORDS_BYTES_MAX,
            texts_left: FIELD_PATTERN_WALK_BYTES_MAX,
            more: true,
        }
    }

    /// The next records, until there are no more or enough were looked at.
    pub async fn next(&mut self, context: &Context) -> Result<Option<Vec<(Id, Seen)>>> {
        let left = [self.records_left, self.bytes_left, self.texts_left];
        if !self.more || left.contains(&0) {
            return Ok(None);
        }
        self.query.limit = self.records_left.min(PAGE_LIMIT_MAX);
        let page = context.list(&self.query).await?;
        self.more = page.more;
        self.query.after = page.documents.last().map(|last| last.id);
        self.records_left = self.records_left.saturating_sub(page.documents.len());
        let bytes: usize = page.documents.iter().map(|it| it.json.len()).sum();
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        let seen = page.documents.into_iter();
        let seen = seen.map(|document| Ok((document.id, document.decode()?)));
        seen.collect::<Result<_>>().map(Some)
    }

    /// Counts a value that is about to be held to a pattern, and lets others go first: a long text takes milliseconds.
    pub async fn judging(&mut self, field: &Field, value: Option<&Value>) {
        if field.options.limits.pattern.is_none() {
            return;
        }
        let bytes = value.and_then(Value::as_str).map_or(0, str::len);
        self.texts_left = self.texts_left.saturating_sub(bytes);
        yield_now().await;
    }

    /// Whether the texts that were held to patterns are as many as one walk looks at: so many records of the page are not looked at then.
    pub fn ends_before(&mut self, left: usize) -> bool {
        let ends = self.texts_left == 0 && left > 0;
        self.more |= ends;
        ends
    }

    /// Whether there are records that were not looked at.
    pub fn is_more(&self) -> bool {
        self.more
    }

    /// The last record that was looked at, where there are more.
    pub fn after(&self) -> Option<Id> {
        self.query.after.filter(|_| self.more)
    }
}
