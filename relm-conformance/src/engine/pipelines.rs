//! The pipeline: which stages deals can have, on every engine; and stages that get other names, whatever breaks off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use relm_core::engine::{ChoiceRename, ListRequest, Promotion, PromotionInput, Scoped};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::field::{ChoiceChange, Enforce, Field, FieldInput, FieldPatch};
use relm_core::record::filter::Filter;
use relm_core::record::object::{Deal, DealInput, ObjectType};
use relm_core::value::id::Id;
use relm_core::value::scope::Mode;

use super::acme::{Acme, failure};
use super::broken_off::BreaksOff;
use super::mock_transport::NoSleep;
use crate::intercept::Intercepted;
use crate::subject::Subject;

/// More deals than one step of a renaming changes.
const HOLDERS: usize = 60;

pub(super) fn at(stage: &str) -> DealInput {
    DealInput {
        title: "Engine".into(),
        stage: stage.into(),
        ..DealInput::default()
    }
}

async fn create(scoped: &Scoped, stage: &str) -> Id {
    let made = scoped.deals().create(at(stage)).await;
    made.expect("it is a stage").id
}

async fn deal(scoped: &Scoped, id: Id) -> Deal {
    let found = scoped.deals().get(id).await.expect("it reads");
    found.expect("it is there")
}

pub(super) async fn pipeline(scoped: &Scoped, stages: &[&str]) -> Result<Field, Error> {
    let stages = stages.iter().map(|stage| (*stage, Some(10)));
    scoped.fields().define(FieldInput::pipeline(stages)).await
}

pub(super) fn renamed(from: &str, to: &str) -> ChoiceChange {
    ChoiceChange::Renamed {
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

pub(super) fn stages(choices: Vec<ChoiceChange>) -> FieldPatch {
    FieldPatch {
        choices: choices.into(),
        ..FieldPatch::default()
    }
}

pub(super) async fn found(scoped: &Scoped, stage: &str) -> BTreeSet<Id> {
    let request = ListRequest::default().filter(Filter::new("stage", "eq", stage));
    let page = scoped.deals().list(&request.limit(200)).await;
    let found = page.expect("it lists").data;
    found.into_iter().map(|deal| deal.id).collect()
}

/// A stage is one of the pipeline's in every write that begins after it was defined, on every engine, also by one that read the
/// definitions before; and what deals do not keep to is refused, with their number, unless it is forced.
pub(crate) async fn a_pipeline_binds_every_engine(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let late = acme.beside(store.shared(), 2).await;
    let old = create(&late, "old").await;
    let scoped = &acme.scoped;
    let refused = pipeline(scoped, &["lead", "won"]).await;
    let refused = refused.expect_err("a deal has another stage");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!((refused.count(), refused.ids()), (Some(1), &[old][..]));
    let forced = FieldInput {
        force: true,
        ..FieldInput::pipeline([("lead", Some(10)), ("won", Some(100))])
    };
    let defined = scoped.fields().define(forced).await;
    let defined = defined.expect("it is forced");
    assert_eq!(defined.options.probability_of("won"), Some(100));
    let again = pipeline(scoped, &["lead"]).await;
    assert_eq!(failure(again), ErrorKind::Conflict);

    // By the definitions that it remembers, any text is a stage.
    let free = late.deals().create(at("anything")).await;
    let free = free.expect_err("it is none of the stages");
    assert_eq!(
        (free.kind(), free.field()),
        (ErrorKind::UnknownValue, Some("stage"))
    );
    assert_eq!(free.valid_options(), ["lead", "won"]);
    create(&late, "won").await;
    let titled = DealInput {
        title: "Mill".into(),
        ..DealInput::default()
    };
    let kept = late.deals().update(old, titled.clone(), None).await;
    assert_eq!(failure(kept), ErrorKind::UnknownValue);
    let mild = FieldPatch {
        enforce: Enforce::OnChange.into(),
        ..FieldPatch::default()
    };
    let mild = scoped.fields().update(defined.id, mild, None).await;
    mild.expect("it refuses less");
    let let_be = late.deals().update(old, titled, None).await;
    assert_eq!(let_be.expect("it leaves the stage").title, "Mill");

    let removed = scoped.fields().remove(defined.id, None).await;
    removed.expect("nothing is being renamed");
    create(&late, "anything").await;
}

/// A stage that gets another name gets it in every deal, each with an event, though that is broken off after whichever commit: whoever
/// asks again goes on, and so does upkeep. Until then either name is taken for the new one.
pub(crate) async fn a_renamed_stage_is_renamed_in_every_deal(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    for commits in 0..10 {
        let field = pipeline(scoped, &["lead", "won"]).await;
        let field = field.expect("no deal is there");
        let mut ids = BTreeSet::new();
        for _ in 0..HOLDERS {
            ids.insert(create(scoped, "won").await);
        }
        let breaking = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(commits)),
        });
        let broken = acme.beside(breaking, 100 + commits as u64).await;
        let patch = stages(vec!["lead".into(), renamed("won", "signed")]);
        drop(broken.fields().update(field.id, patch.clone(), None).await);
        let there = scoped.fields().get(field.id).await.expect("it reads");
        let there = there.expect("it is there");
        let is_done = commits > 0 && there.options.renaming.is_empty();
        if commits > 0 && !is_done {
            assert_eq!(there.options.probability_of("won"), Some(10));
            let between = create(scoped, "won").await;
            assert_eq!(deal(scoped, between).await.stage.as_deref(), Some("signed"));
            let all: BTreeSet<Id> = ids.iter().copied().chain([between]).collect();
            assert_eq!(found(scoped, "won").await, all);
            assert_eq!(found(scoped, "signed").await, all);
            let gone = scoped.deals().delete(between, None).await;
            gone.expect("it is there");
        }
        if commits % 2 == 0 {
            let again = scoped.fields().update(field.id, patch, None).await;
            assert!(again.expect("it works").options.renaming.is_empty());
        } else {
            let ended = acme.crm.finish_renamings(&NoSleep).await;
            assert_eq!(ended.expect("it works"), usize::from(!is_done));
        }
        all_are_signed(&acme, &store, &ids).await;
        let former = scoped.deals().create(at("won")).await;
        assert_eq!(failure(former), ErrorKind::UnknownValue);
        if is_done {
            assert!(commits > 2, "it takes more than one step");
            return;
        }
        let removed = scoped.fields().remove(field.id, None).await;
        removed.expect("nothing is being renamed");
        for id in ids {
            scoped.deals().delete(id, None).await.expect("it is there");
        }
    }
    panic!("a renaming has no end");
}

/// Whether these deals, and no others, have the new name of their stage, by one change each.
async fn all_are_signed(acme: &Acme, store: &Subject, ids: &BTreeSet<Id>) {
    assert_eq!(found(&acme.scoped, "signed").await, *ids);
    assert!(found(&acme.scoped, "won").await.is_empty());
    let events = acme.events(store).await;
    for id in ids {
        assert_eq!(deal(&acme.scoped, *id).await.version, 2);
        let own = events.iter().filter(|it| it.record_id() == Some(*id));
        let mut own = own.filter(|it| it.event_type.as_str() == "deal.updated");
        let (Some(updated), None) = (own.next(), own.next()) else {
            panic!("it was renamed, once");
        };
        assert_eq!(updated.previous["stage"], "won");
    }
}

/// Live mode, which has no pipeline, and test mode with one of `lead` and `won`.
async fn two_modes(acme: &Acme) -> (Scoped, Scoped, Field) {
    let workspace = acme.scoped.scope().workspace();
    let test = acme.crm.open(workspace, Mode::Test).await;
    let test = test.expect("it is there");
    let tried = pipeline(&test, &["lead", "won"]).await;
    (acme.scoped.clone(), test, tried.expect("no deal is there"))
}

/// What is planned is promoted, with these choices renamed.
async fn promote(live: &Scoped, renamed: Vec<ChoiceRename>) -> Result<Promotion, Error> {
    let planned = live.fields().plan_promotion(&renamed).await?;
    let input = PromotionInput {
        renamed,
        ..PromotionInput::new(planned.plan)
    };
    live.fields().promote(input).await
}

/// A pipeline is promoted where all deals of live mode keep to it, and binds them from then on.
pub(crate) async fn a_pipeline_goes_from_test_to_live(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (live, _, tried) = two_modes(&acme).await;
    let old = create(&live, "old").await;
    let planned = live.fields().plan_promotion(&[]).await;
    let [planned] = &planned.expect("it is live mode").create[..] else {
        panic!("one definition is new")
    };
    assert_eq!((&*planned.key, planned.built_in), ("stage", true));
    assert_eq!(planned.breaks[0].ids, [old]);
    let refused = promote(&live, Vec::new()).await;
    assert_eq!(failure(refused), ErrorKind::Conflict);
    let gone = live.deals().delete(old, None).await;
    gone.expect("it is there");
    let promoted = promote(&live, Vec::new()).await;
    promoted.expect("all deals keep to it");
    let definitions = live.fields().definitions().await.expect("it reads");
    let there = definitions.pipeline.expect("it is there");
    assert_eq!(there.options, tried.options);
    create(&live, "won").await;
    let old = live.deals().create(at("old")).await;
    assert_eq!(failure(old), ErrorKind::UnknownValue);
    let nothing = live.fields().plan_promotion(&[]).await;
    assert!(nothing.expect("it is live mode").is_empty());
}

/// A stage that has another name in test mode is renamed in the deals of live mode, and the stages have the order and the probabilities that
/// they have there.
pub(crate) async fn a_renamed_stage_is_promoted_to_the_deals_of_live_mode(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (live, test, tried) = two_modes(&acme).await;
    let promoted = promote(&live, Vec::new()).await;
    promoted.expect("no deal is there");
    let won = create(&live, "won").await;
    let probabilities = [("lost", Some(0)), ("lead", None)];
    let probabilities = probabilities.map(|(stage, percent)| (stage.to_owned(), percent));
    let patch = FieldPatch {
        probabilities: BTreeMap::from(probabilities).into(),
        ..stages(vec![renamed("won", "signed"), "lead".into(), "lost".into()])
    };
    let tried = test.fields().update(tried.id, patch, None).await;
    let tried = tried.expect("no deal is there");
    let rename = ChoiceRename {
        object_type: ObjectType::Deal,
        key: "stage".to_owned(),
        from: "won".to_owned(),
        to: "signed".to_owned(),
    };
    let lost = promote(&live, Vec::new()).await;
    assert_eq!(failure(lost), ErrorKind::Conflict, "a deal is won");
    let promoted = promote(&live, vec![rename]).await;
    promoted.expect("it is a stage of each");
    assert_eq!(deal(&live, won).await.stage.as_deref(), Some("signed"));
    let definitions = live.fields().definitions().await.expect("it reads");
    let there = definitions.pipeline.expect("it is there");
    assert_eq!(there.options, tried.options);
    let events = acme.events(&store).await;
    let told = events.iter().map(|event| event.event_type.as_str());
    let told: Vec<&str> = told.filter(|it| it.starts_with("field.")).collect();
    assert_eq!(told, ["field.created", "field.updated", "field.updated"]);
}
