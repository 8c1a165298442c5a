//! The operation that undoes a request, or a part of what it did, in one commit.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::action::{Action, Verdict};
use super::definitions::Definitions;
use super::links::{self, Links};
use super::past::{Part, Past, Place, Target};
use super::report::{Report, Undone, UndoneChange, too_much};
use super::reversal::decide;
use super::rules::{Givers, Rules, Taken};
use super::state::State;
use super::writing::write;
use super::{in_use, keys, merges};
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::resources::merging::move_some;
use crate::engine::resources::restore::restore_rest;
use crate::engine::resources::returning::Returning;
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::BATCH_TERMS_MAX;
use crate::query::terms::index_terms;
use crate::record::field::Field;
use crate::record::key::{KeyAction, KeyResource, KeyScope, KeyScopes};
use crate::record::object::{Activity, Company, Contact, Deal};
use crate::record::object_type::ObjectType;
use crate::record::{Document, Trashed};
use crate::store::Refusal;
use crate::value::environment::yield_now;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;
use crate::value::time::Timestamp;

/// Brings back the associations of restored records beyond those that one commit brings back. Where that fails the records are there
/// all the same.
pub(super) async fn bring_back_rest(context: &Context, undone: &Undone) -> Result<()> {
    let restored = undone.reverted.iter();
    let restored = restored.filter(|it| it.change == UndoneChange::Restored);
    let restored: BTreeSet<Id> = restored.map(|it| it.id).collect();
    if restored.is_empty() {
        return Ok(());
    }
    let (rest, is_all) = links::in_trash(context, &restored).await?;
    let mut ends = BTreeSet::new();
    for document in rest {
        let edge: Trashed = document.decode()?;
        ends.extend([edge.from_id, edge.to_id].into_iter().flatten());
    }
    for id in restored.iter().filter(|id| !is_all || ends.contains(id)) {
        match restore_rest(context, *id).await {
            // The program's transaction can be at its end by that.
            Err(error) if context.storage().is_transaction() => return Err(error),
            Err(_) => return Ok(()),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Moves what else leads to records that are merged again; whether nothing is left. Where it fails upkeep goes on with it.
pub(super) async fn move_rest(context: &Context, undone: &Undone) -> Result<bool> {
    let merged = undone.reverted.iter();
    let merged = merged.filter(|it| it.change == UndoneChange::Merged);
    let merged: Vec<Id> = merged.map(|it| it.id).collect();
    if merged.is_empty() {
        return Ok(true);
    }
    match move_some(context, &merged).await {
        // The program's transaction can be at its end by that.
        Err(error) if context.storage().is_transaction() => Err(error),
        Err(_) => Ok(false),
        moved => moved,
    }
}

/// Refuses a key that may not write one of these kinds.
pub(super) fn check_scopes(scopes: KeyScopes, kinds: impl Iterator<Item = Kind>) -> Result<()> {
    let resources = kinds.filter_map(|kind| match kind {
        Kind::Association => Some(KeyResource::Associations),
        Kind::Field => Some(KeyResource::Fields),
        kind => ObjectType::of(kind).map(KeyResource::from),
    });
    let mut needed = resources.map(|resource| KeyScope::new(resource, KeyAction::Write));
    match needed.find(|scope| !scopes.cover(*scope)) {
        None => Ok(()),
        Some(missing) => Err(Error::new(
            ErrorKind::Forbidden,
            format!(
                "To undo this request needs the scope `{missing}`, which this API key has not: nothing was reverted."
            ),
        )),
    }
}

/// The undo of a request.
pub(in crate::engine) struct Undo {
    pub(super) request: RequestId,
    scopes: Option<KeyScopes>,
    returning: Returning,
    /// What the trash has of the associations of the records that are restored, read before their other ends were found gone.
    edges: Vec<Document>,
    /// What of the request is undone.
    pub(super) part: Part,
    /// Of what the request moved, the last event that the last plan looked at, if there are more.
    pub(super) next: Option<Id>,
}

impl Undo {
    pub fn new(request: RequestId, scopes: Option<KeyScopes>) -> Self {
        Self {
            request,
            scopes,
            returning: Returning::default().looking_for_others(),
            edges: Vec::new(),
            part: Part::Whole,
            next: None,
        }
    }

    /// The same, of a part of the request.
    pub(super) fn of(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// What is to be done with each record that the request changed.
    async fn actions(
        &self,
        context: &Context,
        past: &Past,
        now: &Now<'_>,
        report: &mut Report,
    ) -> Result<BTreeMap<Id, Action>> {
        let (mut taken, mut givers) = (Taken::new(), Givers::new());
        let mut verdicts = self
            .verdicts(past, now, (&taken, &givers), |_| true)
            .await?;
        let mut actions = BTreeMap::new();
        for verdict in verdicts.values_mut() {
            let action = verdict.action.take();
            actions.extend(action.map(|action| (action.id, action)));
        }
        let in_use = in_use::keep(context, now.fields, &past.targets, &mut actions).await?;
        for conflict in in_use {
            let verdict = verdicts.entry(conflict.id).or_default();
            verdict.conflicts = vec![conflict];
        }
        taken = keys::taken(context, now.fields, &actions).await?;
        let is_taken = |id: &Id| taken.contains_key(id);
        let again = self
            .verdicts(past, now, (&taken, &givers), is_taken)
            .await?;
        revise(&mut verdicts, &mut actions, again);
        givers = givers_of(past, now.state, &actions)?;
        let is_given = |id: &Id| givers.contains_key(id);
        let again = self
            .verdicts(past, now, (&taken, &givers), is_given)
            .await?;
        revise(&mut verdicts, &mut actions, again);
        if !matches!(self.part, Part::Moved(_)) {
            check_terms(&actions)?;
        }
        for target in &past.targets {
            let Some(verdict) = verdicts.remove(&target.id) else {
                continue;
            };
            if verdict.conflicts.is_empty() && !actions.contains_key(&target.id) {
                report.unchanged += 1;
            }
            for conflict in verdict.conflicts {
                report.conflict(conflict);
            }
        }
        Ok(actions)
    }

    /// What reverting comes to for each of these records, by the unique values that others have, and by who takes back what survivors have.
    async fn verdicts(
        &self,
        past: &Past,
        now: &Now<'_>,
        (taken, givers): (&Taken, &Givers),
        is_asked: impl Fn(&Id) -> bool,
    ) -> Result<BTreeMap<Id, Verdict>> {
        let is_made = |target: &&Target| target.before != Place::Live;
        let made = past.targets.iter().filter(is_made);
        let leaving: BTreeSet<Id> = made.map(|it| it.id).collect();
        let mut verdicts = BTreeMap::new();
        for target in past.targets.iter().filter(|target| is_asked(&target.id)) {
            // Texts are held to patterns for milliseconds each.
            yield_now().await;
            let rules = Rules {
                now: now.at,
                fields: now.fields,
                is_gone: &|id| leaving.contains(&id) || self.returning.is_gone(id),
                is_missing: &|id| self.returning.is_missing(id),
                taken,
                givers,
                request: self.request,
            };
            let decide = match ObjectType::of(target.id.kind()) {
                Some(ObjectType::Contact) => decide::<Contact>,
                Some(ObjectType::Company) => decide::<Company>,
                Some(ObjectType::Deal) => decide::<Deal>,
                Some(ObjectType::Activity) => decide::<Activity>,
                None => continue,
            };
            verdicts.insert(target.id, decide(target, now.state, &rules)?);
        }
        Ok(verdicts)
    }

    /// Has the associations of what is restored come back, in the same commit.
    async fn bring_back(
        &mut self,
        plan: &mut Plan<'_>,
        restored: &BTreeSet<Id>,
        leaving: &BTreeSet<Id>,
        dropped: &BTreeSet<Id>,
    ) -> Result<()> {
        self.returning.of_plan(restored.clone(), leaving.clone());
        if self.returning.asks_for_all() {
            (self.edges, _) = links::in_trash(plan.context(), restored).await?;
        }
        let kept = self.returning.plan(plan, &self.edges, dropped).await?;
        self.returning.keep(plan, kept).await
    }
}

/// What is there now.
struct Now<'a> {
    at: Timestamp,
    state: &'a State,
    /// The custom fields that there are after the undo.
    fields: &'a [Field],
}

/// Has other verdicts stand for these records.
fn revise(
    verdicts: &mut BTreeMap<Id, Verdict>,
    actions: &mut BTreeMap<Id, Action>,
    again: BTreeMap<Id, Verdict>,
) {
    for (id, verdict) in again {
        actions.remove(&id);
        actions.extend(verdict.action.map(|action| (id, action)));
        verdicts.entry(id).or_default().conflicts = verdict.conflicts;
    }
}

/// The records that come back to take what a survivor got of them, of each survivor where others that were merged into it do not.
fn givers_of(past: &Past, state: &State, actions: &BTreeMap<Id, Action>) -> Result<Givers> {
    let mut givers = Givers::new();
    for survivor in &past.targets {
        let mut back = Vec::new();
        for id in &survivor.merged {
            if let Some(action) = actions.get(id) {
                back.push(serde_json::from_str(&action.after.json).map_err(Error::internal)?);
            } else if let Some(live) = state.live.get(id) {
                back.push(live.decode()?);
            }
        }
        if back.len() < survivor.merged.len() {
            givers.insert(survivor.id, back);
        }
    }
    Ok(givers)
}

/// Bounds what the index of words costs one commit.
fn check_terms(actions: &BTreeMap<Id, Action>) -> Result<()> {
    let bytes: usize = actions.values().map(|it| it.after.json.len()).sum();
    if bytes <= BATCH_TERMS_MAX {
        return Ok(());
    }
    let terms = actions.values();
    let terms: usize = terms.map(|it| index_terms(&it.after.record).len()).sum();
    match terms <= BATCH_TERMS_MAX {
        true => Ok(()),
        false => Err(too_much()),
    }
}

#[async_trait]
impl Operation for Undo {
    type Output = Reply<Undone>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Undone>> {
        self.returning.begin();
        let context = plan.context();
        let mut past = Past::read(context, self.request, &self.part).await?;
        self.next = past.next;
        if let Some(scopes) = self.scopes {
            check_scopes(scopes, past.targets.iter().map(|target| target.id.kind()))?;
        }
        let state = State::read(context, &past.targets).await?;
        let mut report = Report::default();
        let definitions = Definitions::of(plan, &past.targets, &state, &mut report)?;
        past.normalise(&definitions.fields);
        let now = Now {
            at: plan.now(),
            state: &state,
            fields: &definitions.fields,
        };
        let mut actions = self.actions(context, &past, &now, &mut report).await?;
        let that = |change: UndoneChange| -> BTreeSet<Id> {
            let actions = actions.values().filter(|action| action.change == change);
            actions.map(|action| action.id).collect()
        };
        let restored = that(UndoneChange::Restored);
        let leaving = that(UndoneChange::Deleted);
        let mut away = that(UndoneChange::Merged);
        away.extend(&leaving);
        let mut merges = merges::again(plan, &mut actions).await?;
        merges::give_back(plan, &actions).await?;
        merges::delete_losers(plan, &leaving).await?;
        let links = Links::of(&past.targets, &state, (&restored, &leaving), &mut report)?;

        // Whoever reads the events in their order finds at each what it needs: definitions before the values, records before their
        // associations.
        links.unlink(plan, &mut report);
        links.restate(plan, &mut report)?;
        definitions.define_again(plan, &mut report);
        for target in &past.targets {
            if !leaving.contains(&target.id)
                && let Some(action) = actions.remove(&target.id)
            {
                let merge = merges.remove(&action.id);
                write(plan, action, merge, &restored, &mut report);
            }
        }
        self.bring_back(plan, &restored, &away, &links.dropped())
            .await?;
        self.returning.record_events(plan);
        links
            .link_again(plan, &self.returning, &restored, &mut report)
            .await?;
        links.move_to_trash(plan, &mut report);
        for target in &past.targets {
            if let Some(action) = actions.remove(&target.id) {
                write(plan, action, None, &restored, &mut report);
            }
        }
        for action in actions.into_values() {
            write(plan, action, None, &restored, &mut report);
        }
        definitions.remove(plan, &mut report).await?;
        answer(plan, self.request, past.truncated, &state, report)
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match self.returning.learn(refusal) {
            // What was free is taken since: the next plan finds by whom.
            Ok(()) | Err(Refusal::UniqueConflict { .. }) => Ok(()),
            Err(refusal) => Err(unexpected(&refusal)),
        }
    }
}

fn answer(
    plan: &mut Plan<'_>,
    request: RequestId,
    truncated: bool,
    state: &State,
    report: Report,
) -> Result<Reply<Undone>> {
    // What is not there after the undo is not shown, and its commit cannot require it.
    let restored: BTreeSet<Id> = report.restored().collect();
    let is_there = |id: &Id| state.live.contains_key(id) || restored.contains(id);
    let is_record = |id: &Id| ObjectType::of(id.kind()).is_some() && is_there(id);
    let shown: BTreeSet<Id> = report.shown().filter(is_record).collect();
    let undone_by = match report.reverts_nothing() {
        true => None,
        false => Some(plan.request_id()),
    };
    let json = report.into_json(request, undone_by, truncated)?;
    Ok(Reply::new(Outcome::Done, json).about(shown))
}
