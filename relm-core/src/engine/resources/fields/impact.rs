//! What a change of a definition means for the records that are there: how many do not keep to it, as far as that is looked at.

use std::fmt::Write as _;

use serde_json::Value;

use super::usage::Walk;
use crate::engine::context::Context;
use crate::error::{Affected, Error, ErrorKind, Result};
use crate::limits::{ERROR_IDS_MAX, FIELD_IMPACT_MAX, FIELD_RECORDS_MAX, PAGE_LIMIT_MAX};
use crate::query::filter::{Clause, Condition, Target};
use crate::record::column::ColumnValue;
use crate::record::field::{Enforce, Field, FieldType};
use crate::record::hint;
use crate::store::Query;
use crate::value::id::Id;
use crate::value::text::nfc;

/// Refuses a change that records do not keep to.
///
/// # Errors
/// `conflict`, with how many there are, and which; and where there are more records than are looked at.
pub(super) async fn check_impact(context: &Context, before: &Field, after: &Field) -> Result<()> {
    let lost = before.choices_lost(after);
    if !lost.is_empty() {
        let affected = holders(context, before, &lost).await?;
        if affected.count > 0 {
            let names = hint::some_of(lost.iter().copied());
            let what = format!("a choice that would be removed ({names})");
            let what = [format!("has {what}"), format!("have {what}")];
            return Err(refusal(after, affected, what).at("options.choices"));
        }
    }
    let is_required_now = after.required && !before.required;
    let is_enforced_now = after.enforce == Enforce::Always && before.enforce == Enforce::OnChange;
    if !is_required_now && !is_enforced_now {
        return Ok(());
    }
    let fails = |value: Option<&Value>| match is_enforced_now {
        true => after.check_member(value).is_err(),
        false => value.is_none(),
    };
    let affected = failing(context, after, fails).await?;
    if affected.count == 0 && !affected.at_least {
        return Ok(());
    }
    let (what, member) = match is_enforced_now {
        true => (
            [
                "does not keep to the definition",
                "do not keep to the definition",
            ],
            "enforce",
        ),
        false => (["has no value", "have no value"], "required"),
    };
    Err(refusal(after, affected, what.map(str::to_owned)).at(member))
}

/// What is said of records that do not keep to a change: of one of them, and of several.
fn refusal(field: &Field, affected: Affected, [one, several]: [String; 2]) -> Error {
    let of = field.object_type.kind().noun();
    let key = &field.key;
    let mut message = match (affected.count, affected.at_least) {
        (0, _) => format!(
            "There are more {of} records than are looked at; of the newest, none {one} in `metadata.{key}`."
        ),
        (1, false) => format!("1 {of} record {one} in `metadata.{key}`."),
        (count, false) => format!("{count} {of} records {several} in `metadata.{key}`."),
        (count, true) => format!("{count} {of} records or more {several} in `metadata.{key}`."),
    };
    let written = message.write_str(
        " Change them first, or send `\"force\": true`: it binds each of them from its next write on.",
    );
    debug_assert!(written.is_ok(), "writing to a String does not fail");
    Error::new(ErrorKind::Conflict, message).affecting(affected)
}

/// Counts records one by one, up to as many as a refusal says.
#[derive(Default)]
struct Count {
    records: usize,
    ids: Vec<Id>,
}

impl Count {
    /// Whether there is room for another.
    fn add(&mut self, id: Id) -> bool {
        self.records += 1;
        if self.ids.len() < ERROR_IDS_MAX {
            self.ids.push(id);
        }
        self.records < FIELD_IMPACT_MAX
    }

    fn affected(self, at_least: bool) -> Affected {
        Affected {
            count: self.records,
            at_least,
            ids: self.ids,
        }
    }
}

/// Records that have one of these choices, whichever way it is written: what an index finds.
async fn holders(context: &Context, field: &Field, choices: &[&str]) -> Result<Affected> {
    let mut query = Query {
        kind: field.object_type.kind(),
        clauses: vec![has_one_of(field, choices)],
        after: None,
        limit: PAGE_LIMIT_MAX,
    };
    let mut count = Count::default();
    loop {
        let page = context.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        let mut ids = page.documents.iter().map(|document| document.id);
        if !ids.all(|id| count.add(id)) || !page.more {
            let is_full = count.records >= FIELD_IMPACT_MAX;
            return Ok(count.affected(is_full));
        }
    }
}

/// That a field has one of these values.
pub(super) fn has_one_of(field: &Field, choices: &[&str]) -> Clause {
    let value = |choice: &&str| ColumnValue::from(nfc(choice).into_owned());
    Clause {
        target: Target::Metadata {
            key: field.key.clone(),
            field_type: Some(FieldType::Select),
        },
        condition: Condition::In(choices.iter().map(value).collect()),
    }
}

/// Records whose value, or whose lack of one, is of this sort: of as many as are looked at.
async fn failing(
    context: &Context,
    field: &Field,
    fails: impl Fn(Option<&Value>) -> bool,
) -> Result<Affected> {
    let mut walk = Walk::of(field, None);
    let mut count = Count::default();
    while let Some(page) = walk.next(context).await? {
        for (id, metadata) in page {
            if fails(metadata.as_map().get(&field.key)) && !count.add(id) {
                return Ok(count.affected(true));
            }
        }
    }
    Ok(count.affected(walk.is_more()))
}

const _: () = assert!(FIELD_IMPACT_MAX <= FIELD_RECORDS_MAX);
