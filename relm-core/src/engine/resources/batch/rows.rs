//! Rows that make records of one type or change those that they are known by, as part of a plan: what each comes to, and the writes of all.
//!
//! Whoever has rows to apply plans them, adds what else its commit is to write, and hands on what that is refused for.

use std::collections::HashSet;
use std::sync::Arc;

use super::claims::{Claims, Failing, RowKeys};
use super::report::{RowDone, RowStatus};
use super::working_set::{BEYOND_ONE_COMMIT, WorkingSet};
use crate::engine::change::Plan;
use crate::engine::resources::drafts::{Changed, Draft, build, change, new_references, of_a_row};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Record;
use crate::record::field::has_pattern;
use crate::record::hint;
use crate::record::object::Object;
use crate::record::reference::{Reference, lost_reference};
use crate::record::several::{EmailAddress, Several as _};
use crate::record::unique_member::{UniqueMember, unique_members};
use crate::store::Refusal;
use crate::value::environment::yield_now;
use crate::value::excerpt::Quoted;
use crate::value::id::Id;

/// Rows of records of one type.
pub(in crate::engine::resources) struct Rows<T: Object> {
    rows: Vec<Result<Draft<T>, Arc<Error>>>,
    /// The unique members by which rows are known.
    dedup_on: Vec<String>,
    /// References of rows that commits have shown to lead nowhere.
    missing: HashSet<Id>,
}

impl<T: Object + Into<Record>> Rows<T> {
    /// Rows that are drafts, or whatever is wrong with them already. What they are known by is checked when they are planned.
    pub fn new(rows: Vec<Result<Draft<T>, Arc<Error>>>, dedup_on: Vec<String>) -> Self {
        Self {
            rows,
            dedup_on,
            missing: HashSet::new(),
        }
    }

    /// What the rows come to, in their order. Nothing is written before that is [asked for](WorkingSet::write).
    ///
    /// Rows may exchange unique values, where each of them succeeds: whether one is free is decided by what all of them leave. Where that
    /// is not so, it is decided row by row, by what those before it left.
    ///
    /// # Errors
    /// `unknown_value` where they are to be known by what is not unique; whatever the store fails with.
    pub async fn plan(&self, plan: &mut Plan<'_>, failing: Failing) -> Result<WorkingSet<T>> {
        let members = members_of::<T>(plan);
        let dedup = dedup_members::<T>(&members, &self.dedup_on)?;
        let keys: Vec<RowKeys> = self.rows.iter().map(|row| keys(&members, row)).collect();
        // Texts are held to patterns for milliseconds each.
        let is_slow = has_pattern(&plan.configuration().fields, T::TYPE);
        for claims in [Claims::OfTheWhole, Claims::InOrder] {
            let mut set = WorkingSet::new(&members, &dedup, self.rows.len(), claims);
            set.read(plan, &keys).await?;
            for (row, keys) in self.rows.iter().zip(&keys) {
                if is_slow {
                    yield_now().await;
                }
                let done = match row {
                    Ok(draft) => self
                        .apply(plan, &mut set, draft, keys, failing)
                        .map_err(Arc::new),
                    Err(error) => Err(Arc::clone(error)),
                };
                set.record(done);
            }
            if set.keeps_values_apart() {
                return Ok(set);
            }
        }
        Err(Error::internal(
            "rows that were applied in order share a unique value",
        ))
    }

    /// Of one row, the first of the members that it is to be known by, where it has a value of none of them.
    ///
    /// # Errors
    /// As for [`plan`](Self::plan).
    pub fn known_by_nothing(&self, plan: &Plan<'_>) -> Result<Option<&str>> {
        let members = members_of::<T>(plan);
        let dedup = dedup_members::<T>(&members, &self.dedup_on)?;
        let mut rows = self.rows.iter().map(|row| keys(&members, row));
        let has_one = rows.any(|keys| dedup.iter().any(|place| !keys[*place].is_empty()));
        let first = self.dedup_on.first().filter(|_| !has_one);
        Ok(first.map(String::as_str))
    }

    /// Plans the rows and what they write, and gives what each comes to: as many of them, from the first on, as one commit holds.
    ///
    /// # Errors
    /// As for [`plan`](Self::plan).
    pub async fn plan_some(
        &mut self,
        plan: &mut Plan<'_>,
    ) -> Result<Vec<Result<RowStatus, Arc<Error>>>> {
        loop {
            let set = self.plan(plan, Failing::Alone).await?;
            let is_beyond = |row: &Result<RowDone, Arc<Error>>| {
                let error = row.as_ref().err();
                error.is_some_and(|error| error.reason() == Some(BEYOND_ONE_COMMIT))
            };
            // The first row has all the room there is.
            let mut rest = set.rows().iter().skip(1);
            if let Some(place) = rest.position(is_beyond) {
                self.rows.truncate(place + 1);
                continue;
            }
            let statuses = set.rows().iter().map(|row| match row {
                Ok(done) => Ok(done.status),
                Err(error) => Err(Arc::clone(error)),
            });
            let statuses = statuses.collect();
            set.write(plan);
            return Ok(statuses);
        }
    }

    /// What the refusal of a commit means that writes what was planned: another plan, which finds out, or an error.
    ///
    /// # Errors
    /// `internal_error` for what no row can be refused for.
    pub fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match refusal {
            // The rows that refer to them fail in the next attempt.
            Refusal::Missing(ids) => {
                self.missing.extend(ids);
                Ok(())
            }
            // Somebody took a value meanwhile: the next attempt finds that record.
            Refusal::UniqueConflict { .. } => Ok(()),
            Refusal::Configuration
            | Refusal::ResponseExists
            | Refusal::VersionConflict { .. }
            | Refusal::IdConflict { .. } => Err(unexpected(&refusal)),
        }
    }

    fn apply(
        &self,
        plan: &Plan<'_>,
        set: &mut WorkingSet<T>,
        draft: &Draft<T>,
        keys: &RowKeys,
        failing: Failing,
    ) -> Result<RowDone> {
        draft.check_known(&plan.configuration().fields)?;
        match set.look_up(keys)? {
            None => self.create(plan, set, draft, failing),
            Some(place) => self.update(plan, set, draft, place, failing),
        }
    }

    fn create(
        &self,
        plan: &Plan<'_>,
        set: &mut WorkingSet<T>,
        draft: &Draft<T>,
        failing: Failing,
    ) -> Result<RowDone> {
        let record = build(plan, draft)?;
        let new = self.check_references(plan, None, &record)?;
        let document = set.insert(record, failing)?;
        set.refer(&new);
        Ok(RowDone::new(RowStatus::Created, document))
    }

    fn update(
        &self,
        plan: &Plan<'_>,
        set: &mut WorkingSet<T>,
        draft: &Draft<T>,
        place: usize,
        failing: Failing,
    ) -> Result<RowDone> {
        let before = set.record_at(place);
        // What it is known by is no change of it; a member that it is not known by is one.
        let is_named = self.dedup_on.iter().any(|name| name == EmailAddress::ONE);
        let known_by = is_named.then(|| draft.known_by(before)).flatten();
        let draft = known_by.as_ref().unwrap_or(draft);
        let Changed { after, warnings } = change(plan, before, draft)?;
        let warnings = of_a_row(warnings);
        let Some(after) = after else {
            let document = set.repeat(place)?;
            let done = RowDone::new(RowStatus::Unchanged, document);
            return Ok(RowDone { warnings, ..done });
        };
        let new = self.check_references(plan, Some(before), &after)?;
        let document = set.replace(place, after, failing)?;
        set.refer(&new);
        let done = RowDone::new(RowStatus::Updated, document);
        Ok(RowDone { warnings, ..done })
    }

    /// What a row makes a record refer to, where that is there, as far as is known. What it referred to before may be gone.
    fn check_references(
        &self,
        plan: &Plan<'_>,
        before: Option<&T>,
        after: &T,
    ) -> Result<Vec<Reference>> {
        let new = new_references(plan, before, after);
        let is_missing = |it: &&Reference| it.id.is_some_and(|id| self.missing.contains(&id));
        match new.iter().find(is_missing) {
            Some(missing) => Err(lost_reference(missing.clone())),
            None => Ok(new),
        }
    }
}

/// What the values of a row are compared by, for each unique member.
fn keys<T: Object>(members: &[UniqueMember], row: &Result<Draft<T>, Arc<Error>>) -> RowKeys {
    let keys = |member: &UniqueMember| match row {
        Ok(draft) => member.keys_of_input::<T>(&draft.input),
        Err(_) => Vec::new(),
    };
    members.iter().map(keys).collect()
}

/// The unique members of these objects, their own first. What is not committed has further addresses without a definition.
fn members_of<T: Object>(plan: &Plan<'_>) -> Vec<UniqueMember> {
    let members = unique_members(&plan.configuration().fields, T::TYPE).into_iter();
    match plan.context().storage().is_trial() {
        true => members.map(UniqueMember::with_further).collect(),
        false => members.collect(),
    }
}

/// The members that rows are known by, by their places among those that are unique.
pub(in crate::engine::resources) fn dedup_members<T: Object>(
    members: &[UniqueMember],
    names: &[String],
) -> Result<Vec<usize>> {
    let mut dedup = Vec::with_capacity(names.len());
    for name in names {
        let found = members
            .iter()
            .position(|member| member.path == *name && member.is_ready);
        let place = found.ok_or_else(|| not_unique(T::TYPE, members, name, "dedup_on"))?;
        if !dedup.contains(&place) {
            dedup.push(place);
        }
    }
    Ok(dedup)
}

/// That no two records of a type are told apart by a member, or not yet; says by which they are.
pub(in crate::engine::resources) fn not_unique(
    of: crate::record::object::ObjectType,
    members: &[UniqueMember],
    name: &str,
    at: &str,
) -> Error {
    let ready = members.iter().filter(|member| member.is_ready);
    let options: Vec<&str> = ready.map(|member| member.path.as_str()).collect();
    let is_making = members
        .iter()
        .any(|member| member.path == name && !member.is_ready);
    let message = match options.is_empty() {
        _ if is_making => format!(
            "{} is being made unique, and records that were there before cannot be found by it yet: `{at}` can name it once the definition \
             of the field says `unique`.",
            Quoted(name)
        ),
        true => format!(
            "No member of {} is unique, to be known by: `{at}` cannot name {}. Make one unique first, by `unique` of a field.",
            hint::with_article(of.as_str()),
            Quoted(name)
        ),
        false => format!(
            "`{at}` can name what is unique of {}, which is {}, and not {}.",
            hint::with_article(of.as_str()),
            hint::some_of(options.iter().copied()),
            Quoted(name)
        ),
    };
    let error = Error::new(ErrorKind::UnknownValue, message).at(at);
    error.options(name, options)
}
