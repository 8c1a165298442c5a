//! Random histories of a pipeline and of deals, compared with a model of what should come of them.

use std::collections::{BTreeMap, BTreeSet};

use relm_core::engine::Scoped;
use relm_core::error::ErrorKind;
use relm_core::value::id::Id;
use relm_core::value::time::{Rng, SeededRng};

use super::acme::Acme;
use super::pipelines::{at, found, pipeline, renamed, stages as patch_of};
use crate::subject::Subject;

/// Changes of one random history.
const CHANGES: usize = 60;
/// The stages that a random history is about.
const STAGES: [&str; 5] = ["lead", "qualified", "proposal", "won", "lost"];

/// What there should be: the stages, where they are defined, and that of each deal.
struct Model {
    rng: SeededRng,
    pipeline: Option<(Id, Vec<String>)>,
    deals: BTreeMap<Id, String>,
    /// How often a stage was renamed: each name is a new one.
    names: usize,
}

impl Model {
    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 4];
        self.rng.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % end
    }

    /// One of the stages that there are, or any.
    fn stage(&self) -> String {
        match &self.pipeline {
            Some((_, stages)) if self.below(3) > 0 => stages[self.below(stages.len())].clone(),
            _ => STAGES[self.below(STAGES.len())].to_owned(),
        }
    }

    fn takes(&self, stage: &str) -> bool {
        let stages = self.pipeline.as_ref();
        stages.is_none_or(|(_, stages)| stages.iter().any(|one| one == stage))
    }

    /// Makes a change, which ends as it should.
    async fn change(&mut self, scoped: &Scoped) {
        match self.below(8) {
            0..=2 => self.make(scoped).await,
            3 => self.move_one(scoped).await,
            4 => self.define(scoped).await,
            5 => self.rename(scoped).await,
            6 => self.leave_out(scoped).await,
            _ => {
                if self.below(4) == 0
                    && let Some((id, _)) = self.pipeline.take()
                {
                    let removed = scoped.fields().remove(id, None).await;
                    removed.expect("nothing is being renamed");
                }
            }
        }
    }

    async fn make(&mut self, scoped: &Scoped) {
        let stage = self.stage();
        match scoped.deals().create(at(&stage)).await {
            Ok(deal) => {
                assert!(self.takes(&stage), "{stage}");
                self.deals.insert(deal.id, stage);
            }
            Err(error) => assert_eq!(
                (error.kind(), self.takes(&stage)),
                (ErrorKind::UnknownValue, false)
            ),
        }
    }

    async fn move_one(&mut self, scoped: &Scoped) {
        let ids: Vec<Id> = self.deals.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let (id, stage) = (ids[self.below(ids.len())], self.stage());
        let moved = scoped.deals().update(id, at(&stage), None).await;
        assert_eq!(moved.is_ok(), self.takes(&stage), "{stage}");
        if moved.is_ok() {
            self.deals.insert(id, stage);
        }
    }

    async fn define(&mut self, scoped: &Scoped) {
        let some = STAGES.iter().filter(|_| self.below(4) > 0);
        let some: Vec<&str> = some.copied().chain(["other"]).collect();
        let keeps = self
            .deals
            .values()
            .all(|stage| some.contains(&stage.as_str()));
        let defined = pipeline(scoped, &some).await;
        assert_eq!(defined.is_ok(), self.pipeline.is_none() && keeps);
        if let Ok(field) = defined {
            self.pipeline = Some((field.id, some.into_iter().map(str::to_owned).collect()));
        }
    }

    /// Gives a stage a new name, and puts it first.
    async fn rename(&mut self, scoped: &Scoped) {
        let Some((id, mut stages)) = self.pipeline.clone() else {
            return;
        };
        let from = stages.remove(self.below(stages.len()));
        self.names += 1;
        let to = format!("{from} {}", self.names);
        let mut choices = vec![renamed(&from, &to)];
        choices.extend(stages.iter().map(|stage| stage.as_str().into()));
        let done = scoped.fields().update(id, patch_of(choices), None).await;
        let done = done.expect("it is a stage");
        assert!(done.options.renaming.is_empty());
        stages.insert(0, to.clone());
        assert_eq!(done.options.choices, stages);
        assert_eq!(done.options.probabilities.len(), stages.len());
        self.pipeline = Some((id, stages));
        for stage in self.deals.values_mut().filter(|stage| **stage == from) {
            stage.clone_from(&to);
        }
    }

    /// Leaves a stage out that some deals may have.
    async fn leave_out(&mut self, scoped: &Scoped) {
        let Some((id, mut stages)) = self.pipeline.clone() else {
            return;
        };
        let gone = stages.remove(self.below(stages.len()));
        let choices = stages.iter().map(|stage| stage.as_str().into());
        let done = scoped
            .fields()
            .update(id, patch_of(choices.collect()), None)
            .await;
        let holders = self.deals.values().filter(|stage| **stage == gone).count();
        match done {
            Ok(_) => {
                assert_eq!((holders, stages.is_empty()), (0, false));
                self.pipeline = Some((id, stages));
            }
            Err(error) if stages.is_empty() => {
                assert_eq!(error.kind(), ErrorKind::ValidationFailed)
            }
            Err(error) => assert_eq!(
                (error.kind(), error.count()),
                (ErrorKind::Conflict, Some(holders))
            ),
        }
    }
}

/// Whatever is done with a pipeline and with deals, in whatever order, ends as its definition says, and every deal has the stage that it was
/// given, by the name that it has by then.
pub(crate) async fn any_history_of_stages_is_as_it_is_said(store: Subject) {
    let first = Acme::open(store.shared()).await;
    for seed in 0..3 {
        let acme = first.in_another_workspace(&format!("history {seed}")).await;
        let mut model = Model {
            rng: SeededRng::new(seed),
            pipeline: None,
            deals: BTreeMap::new(),
            names: 0,
        };
        for _ in 0..CHANGES {
            model.change(&acme.scoped).await;
        }
        let mut by_stage: BTreeMap<&str, BTreeSet<Id>> = BTreeMap::new();
        for (id, stage) in &model.deals {
            by_stage.entry(stage).or_default().insert(*id);
        }
        assert!(!by_stage.is_empty(), "something was made");
        for (stage, ids) in by_stage {
            assert_eq!(found(&acme.scoped, stage).await, ids, "{stage}");
        }
        if let Some((id, stages)) = &model.pipeline {
            let usage = acme.scoped.fields().usage(*id, None).await;
            let usage = usage.expect("it counts");
            assert_eq!((usage.records, usage.invalid), (model.deals.len(), 0));
            let counted = usage.choices.iter().map(|one| (&*one.choice, one.count));
            let count = |stage: &String| model.deals.values().filter(|it| *it == stage).count();
            let expected = stages.iter().map(|stage| (stage.as_str(), count(stage)));
            assert!(counted.eq(expected), "{usage:?}");
        }
    }
}
