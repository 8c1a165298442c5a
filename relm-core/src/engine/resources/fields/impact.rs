//! What a change of a definition means for the records that are there: how many do not keep to it, as far as that is looked at.

use serde_json::Value;

use super::holding::Holding;
use super::usage::Walk;
use crate::engine::context::Context;
use crate::error::{Affected, Error, ErrorKind, Result};
use crate::limits::{ERROR_IDS_MAX, FIELD_IMPACT_MAX, FIELD_RECORDS_MAX, PAGE_LIMIT_MAX};
use crate::query::filter::{Clause, Condition, Target};
use crate::record::column::ColumnValue;
use crate::record::field::{Enforce, Field};
use crate::record::hint;
use crate::store::Query;
use crate::value::environment::yield_now;
use crate::value::id::Id;
use crate::value::text::nfc;

/// Why a change is refused: records that do not keep to it.
pub(super) struct Reason {
    pub affected: Affected,
    /// What is said of one of them, and of several.
    what: [String; 2],
    /// The member that asks for it.
    pub member: &'static str,
}

/// How many pages of records may still be read to find who has a choice that goes.
pub(super) struct Budget {
    pages: usize,
}

impl Budget {
    /// As many as so many definitions take at most.
    pub const fn of(definitions: usize) -> Self {
        Self {
            pages: (FIELD_IMPACT_MAX / PAGE_LIMIT_MAX + 1) * definitions,
        }
    }
}

/// A definition as it is, and as it would be.
pub(super) type Redefined<'a> = (&'a Field, &'a Field);

/// Refuses a change that records do not keep to.
///
/// # Errors
/// `conflict`, with all that they do not keep to: how many records there are of each, and which of the first; and where there are more
/// records than are looked at.
pub(super) async fn check_impact(context: &Context, before: &Field, after: &Field) -> Result<()> {
    let of = [(before, after)];
    let found = reasons(context, &of, &mut Budget::of(1)).await?;
    match found.into_iter().next() {
        Some(reasons) if !reasons.is_empty() => Err(refusal(after, reasons)),
        Some(_) | None => Ok(()),
    }
}

/// Refuses a new definition that records do not keep to, which were asked nothing before. That there are more records than are looked at is
/// not said of it, but where it is required: whoever has so many could define nothing otherwise.
///
/// # Errors
/// `conflict`, as for [`check_impact`].
pub(super) async fn check_new(context: &Context, field: &Field) -> Result<()> {
    let former = Field {
        required: false,
        enforce: Enforce::OnChange,
        ..field.clone()
    };
    let found = reasons(context, &[(&former, field)], &mut Budget::of(1)).await?;
    let is_said = |it: &Reason| it.affected.count > 0 || it.member == "required";
    let reasons: Vec<Reason> = found.into_iter().flatten().filter(is_said).collect();
    match reasons.is_empty() {
        true => Ok(()),
        false => Err(refusal(field, reasons)),
    }
}

/// What records do not keep to of each of these changes of definitions, which are of the same objects. The records are gone through once.
pub(super) async fn reasons(
    context: &Context,
    of: &[Redefined<'_>],
    budget: &mut Budget,
) -> Result<Vec<Vec<Reason>>> {
    let mut all = failing(context, of).await?;
    for (reasons, (before, after)) in all.iter_mut().zip(of) {
        let lost = before.choices_lost(after);
        if !lost.is_empty() {
            let affected = holders(context, before, &lost, budget).await?;
            let names = hint::some_of(lost.iter().copied());
            let what = format!("a choice that would be removed ({names})");
            let reason = Reason {
                affected,
                what: [format!("has {what}"), format!("have {what}")],
                member: "options.choices",
            };
            reasons.insert(0, reason);
        }
        reasons.retain(|reason| reason.affected.count > 0 || reason.affected.at_least);
        // Records that are known come before those that nobody has looked at.
        reasons.sort_by_key(|reason| reason.affected.count == 0);
    }
    Ok(all)
}

/// What is said of records that do not keep to a change: of all reasons, since `force` overrides them all. The members of the error are those
/// of the first.
fn refusal(field: &Field, reasons: Vec<Reason>) -> Error {
    let sentences = reasons.iter().map(|reason| reason.sentence(field));
    let sentences: Vec<String> = sentences.collect();
    let message = format!(
        "{} Change them first, or send `\"force\": true`: it binds each of them from its next write on.",
        sentences.join(" ")
    );
    let error = Error::new(ErrorKind::Conflict, message);
    match reasons.into_iter().next() {
        Some(first) => error.affecting(first.affected).at(first.member),
        None => error,
    }
}

impl Reason {
    pub fn sentence(&self, field: &Field) -> String {
        let of = field.object_type.kind().noun();
        let path = field.path();
        let [one, several] = &self.what;
        match (self.affected.count, self.affected.at_least) {
            (0, _) => format!(
                "There are more {of} records than are looked at; of the newest, none {one} in `{path}`."
            ),
            (1, false) => format!("1 {of} record {one} in `{path}`."),
            (count, false) => format!("{count} {of} records {several} in `{path}`."),
            (count, true) => {
                format!("{count} {of} records or more {several} in `{path}`.")
            }
        }
    }
}

/// Counts records one by one, up to as many as a refusal says.
#[derive(Default)]
struct Count {
    records: usize,
    ids: Vec<Id>,
}

impl Count {
    /// Counts another one, where there is room for it.
    fn add(&mut self, id: Id) {
        if self.is_full() {
            return;
        }
        self.records += 1;
        if self.ids.len() < ERROR_IDS_MAX {
            self.ids.push(id);
        }
    }

    fn is_full(&self) -> bool {
        self.records >= FIELD_IMPACT_MAX
    }

    /// What was counted, of all records or of the first of them.
    fn affected(self, is_more: bool) -> Affected {
        Affected {
            count: self.records,
            at_least: is_more || self.is_full(),
            ids: self.ids,
        }
    }
}

/// Records that have one of these choices, whichever way it is written: what an index finds.
async fn holders(
    context: &Context,
    field: &Field,
    choices: &[&str],
    budget: &mut Budget,
) -> Result<Affected> {
    let mut query = Query {
        kind: field.object_type.kind(),
        clauses: vec![has_one_of(field, choices)?],
        after: None,
        limit: PAGE_LIMIT_MAX,
    };
    let mut count = Count::default();
    while let Some(left) = budget.pages.checked_sub(1) {
        budget.pages = left;
        let page = context.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        for document in &page.documents {
            count.add(document.id);
        }
        if count.is_full() || !page.more {
            return Ok(count.affected(false));
        }
    }
    Ok(count.affected(true))
}

/// That a field has one of these values.
pub(super) fn has_one_of(field: &Field, choices: &[&str]) -> Result<Clause> {
    let value = |choice: &&str| ColumnValue::from(nfc(choice).into_owned());
    let mut values: Vec<_> = choices.iter().map(value).collect();
    values.sort_unstable();
    let condition = Condition::In(values);
    if field.built_in {
        return Clause::of_column(field.object_type.kind(), &field.key, condition);
    }
    Ok(Clause {
        target: Target::Metadata {
            key: field.key.clone(),
            field_type: Some(field.field_type),
        },
        condition,
    })
}

/// What a change asks of values that was not asked before, and which records do not keep to it.
struct Asked<'a> {
    before: Holding<'a>,
    after: Holding<'a>,
    /// Those without a value, where it is required now.
    missing: Option<Count>,
    /// Those whose values are refused now.
    refused: Option<Count>,
    /// Those whose values limits refuse that they kept to before.
    beyond: Option<Count>,
}

impl<'a> Asked<'a> {
    fn by(before: &'a Field, after: &'a Field, is_narrower: bool) -> Self {
        let is_required = after.required && !before.required;
        let is_enforced = after.enforce == Enforce::Always && before.enforce == Enforce::OnChange;
        let counted = |is_asked: bool| is_asked.then(Count::default);
        Self {
            before: Holding::of(before),
            after: Holding::of(after),
            missing: counted(is_required),
            refused: counted(is_enforced),
            beyond: counted(is_narrower),
        }
    }

    /// Whether nobody asks for more records.
    fn is_full(&self) -> bool {
        let all = [&self.missing, &self.refused, &self.beyond];
        let mut asked = all.into_iter().flatten();
        asked.all(Count::is_full)
    }

    fn look_at(&mut self, id: Id, value: Option<&Value>) {
        if value.is_none()
            && let Some(missing) = &mut self.missing
        {
            missing.add(id);
        } else if !self.after.is_kept_by(value) {
            if let Some(refused) = &mut self.refused {
                refused.add(id);
            }
            if let Some(beyond) = &mut self.beyond
                && self.before.is_kept_by(value)
            {
                beyond.add(id);
            }
        }
    }
}

/// Records that do not keep to what changes ask of values: of as many as are looked at, once for all that is asked.
async fn failing(context: &Context, of: &[Redefined<'_>]) -> Result<Vec<Vec<Reason>>> {
    let asked = |(before, after): &Redefined<'_>| {
        let narrower = after.options.limits.narrower_than(&before.options.limits);
        !narrower.is_empty()
    };
    let mut all: Vec<Asked<'_>> = of
        .iter()
        .map(|it| Asked::by(it.0, it.1, asked(it)))
        .collect();
    let Some((_, first)) = of.first() else {
        return Ok(Vec::new());
    };
    let mut walk = Walk::of(first, None);
    while !all.iter().all(Asked::is_full)
        && let Some(page) = walk.next(context).await?
    {
        let mut left = page.len();
        for (id, seen) in page {
            left -= 1;
            for (asked, (_, after)) in all.iter_mut().zip(of) {
                if !asked.is_full() {
                    let value = seen.value_of(after);
                    walk.judging(after, value.as_deref()).await;
                    asked.look_at(id, value.as_deref());
                }
            }
            if walk.ends_before(left) {
                break;
            }
        }
        // Many definitions take a while.
        yield_now().await;
    }
    let reasons = all.into_iter().zip(of).map(|(asked, (before, after))| {
        let narrower = after.options.limits.narrower_than(&before.options.limits);
        asked.reasons(&narrower, walk.is_more())
    });
    Ok(reasons.collect())
}

impl Asked<'_> {
    /// What was found, where there may be more records than were looked at.
    fn reasons(self, narrower: &[&'static str], is_more: bool) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if let (Some(first), Some(beyond)) = (narrower.first(), self.beyond) {
            let names = hint::some_of(narrower.iter().copied());
            let what = format!("a value that would be refused ({names})");
            reasons.push(Reason {
                affected: beyond.affected(is_more),
                what: [format!("has {what}"), format!("have {what}")],
                member: first,
            });
        }
        if let Some(missing) = self.missing {
            reasons.push(Reason {
                affected: missing.affected(is_more),
                what: ["has no value", "have no value"].map(str::to_owned),
                member: "required",
            });
        }
        if let Some(refused) = self.refused {
            let what = "not keep to the definition";
            reasons.push(Reason {
                affected: refused.affected(is_more),
                what: [format!("does {what}"), format!("do {what}")],
                member: "enforce",
            });
        }
        reasons
    }
}

const _: () = assert!(FIELD_IMPACT_MAX <= FIELD_RECORDS_MAX);
