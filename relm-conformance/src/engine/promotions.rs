//! Promotions: definitions of live mode become those of test mode, as a plan says that was read.

use relm_core::engine::{
    ChoiceRename, ListRequest, PromotedField, Promotion, PromotionInput, PromotionStatus, Scoped,
};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::field::{Field, FieldInput, FieldPatch, FieldType, UnknownMembers};
use relm_core::record::filter::Filter;
use relm_core::record::object::{CompanyInput, Contact, ObjectType};
use relm_core::value::id::Id;
use relm_core::value::scope::Mode;
use serde_json::{Value, json};

use super::acme::{Acme, company, contact, failure, required_field, with};
use super::mock_transport::NoSleep;
use crate::subject::Subject;

const OF: ObjectType = ObjectType::Contact;

/// More records than one step of a renaming changes.
const HOLDERS: usize = 60;

fn select(key: &str, choices: &[&str]) -> FieldInput {
    let choices = choices.iter().map(|choice| (*choice).to_owned());
    FieldInput {
        choices: choices.collect(),
        ..FieldInput::new(OF, key, FieldType::Select)
    }
}

async fn define(scoped: &Scoped, input: FieldInput) -> Field {
    let defined = scoped.fields().define(input).await;
    defined.expect("the key is free")
}

/// Test mode of the workspace.
async fn test_mode(acme: &Acme) -> Scoped {
    let workspace = acme.scoped.scope().workspace();
    let opened = acme.crm.open(workspace, Mode::Test).await;
    opened.expect("it is there")
}

async fn planned(live: &Scoped, renamed: &[ChoiceRename]) -> Promotion {
    let planned = live.fields().plan_promotion(renamed).await;
    planned.expect("it is live mode")
}

/// What a definition says, whatever the mode: without what each has of its own.
fn said(field: &Field) -> Value {
    let mut said = json!(field);
    let members = said.as_object_mut().expect("it is a record");
    for own in [
        "id",
        "version",
        "mode",
        "created_at",
        "updated_at",
        "unique_index",
    ] {
        members.remove(own);
    }
    said
}

async fn all_said(scoped: &Scoped) -> Vec<Value> {
    let all = scoped.fields().all().await.expect("it reads");
    let mut said: Vec<Value> = all.iter().map(said).collect();
    said.sort_by_key(|it| it["key"].to_string());
    said
}

async fn create(scoped: &Scoped, email: &str, metadata: &Value) -> Contact {
    let made = scoped.contacts().create(with(email, metadata)).await;
    made.expect("it is taken")
}

fn keys(of: &[PromotedField]) -> Vec<&str> {
    of.iter().map(|it| it.key.as_str()).collect()
}

/// Promotes what is planned, whatever records do not keep to.
async fn force(live: &Scoped) -> Result<Promotion, Error> {
    let forced = PromotionInput {
        force: true,
        ..PromotionInput::new(planned(live, &[]).await.plan)
    };
    live.fields().promote(forced).await
}

/// Test mode has a choice more than live mode, a field that it requires, a unique one, and strict mode; live mode has one of its own.
async fn prepare(live: &Scoped, test: &Scoped) -> [Field; 2] {
    define(test, select("plan", &["free", "team"])).await;
    define(test, required_field("source")).await;
    let badge = FieldInput {
        unique: true,
        ..FieldInput::new(OF, "badge", FieldType::Text)
    };
    define(test, badge).await;
    define(test, FieldInput::built_in(ObjectType::Company, "domain")).await;
    let fields = test.fields();
    let strict = fields.set_unknown_members(OF, UnknownMembers::Reject).await;
    strict.expect("it is set");
    [
        define(live, select("own", &["a"])).await,
        define(live, select("plan", &["free"])).await,
    ]
}

/// Promoted, the definitions of live mode say what those of test mode say, on every engine, and each has one event of live mode; what live
/// mode alone has stays, and test mode is as it was. Promoted again, there is nothing to do.
pub(crate) async fn definitions_go_from_test_to_live_as_planned(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (live, test) = (&acme.scoped, test_mode(&acme).await);
    let [own, plan] = prepare(live, &test).await;
    let in_test = all_said(&test).await;
    let other = acme.beside(store.shared(), 2).await;
    let before = other.contacts().create(contact("first@example.com")).await;
    before.expect("nothing is required yet");
    let promotion = planned(live, &[]).await;
    assert_eq!(keys(&promotion.create), ["source", "badge", "domain"]);
    assert_eq!(promotion.update[0].field_id, Some(plan.id));
    assert_eq!(promotion.left_alone[0].field_id, own.id);
    assert_eq!(promotion.settings[0].to, UnknownMembers::Reject);
    let promoted = force(live).await.expect("it is as it was planned");
    assert_eq!(promoted.status, PromotionStatus::UnderWay, "one is unique");
    let finished = acme.crm.finish_unique_indexes(&NoSleep).await;
    finished.expect("nobody else writes");
    let mut expected = in_test.clone();
    let own = live.fields().get(own.id).await.expect("it reads");
    expected.push(said(&own.expect("it stays")));
    expected.sort_by_key(|it| it["key"].to_string());
    assert_eq!(all_said(live).await, expected);
    assert_eq!(all_said(&test).await, in_test);
    it_binds(&other).await;
    let events = acme.events(&store).await;
    let types = events.iter().map(|it| it.event_type.as_str());
    let mut types: Vec<&str> = types.filter(|it| it.starts_with("field.")).collect();
    types.sort_unstable();
    // The two that live mode had; `source`, `badge`, `domain` and the setting; then `plan`, and what is unique once it is.
    let expected = [vec!["field.created"; 6], vec!["field.updated"; 3]].concat();
    assert_eq!(types, expected);
    let promotion = planned(live, &[]).await;
    assert!(promotion.is_empty(), "{promotion:?}");
    assert_eq!(promotion.unchanged, 4);
    let again = force(live).await.expect("it is so");
    assert_eq!(again.status, PromotionStatus::Applied);
    assert_eq!(acme.events(&store).await.len(), events.len());
}

/// By what an engine remembers, these would do.
async fn it_binds(other: &Scoped) {
    let late = with("late@example.com", &json!({ "plan": "team" }));
    let late = other.contacts().create(late).await;
    let late = late.expect_err("it has no source");
    assert_eq!(late.field(), Some("metadata.source"));
    let unknown = with("late@example.com", &json!({ "source": "x", "sauce": "y" }));
    let unknown = other.contacts().create(unknown).await;
    assert_eq!(failure(unknown), ErrorKind::UnknownField);
    let engines = || CompanyInput {
        domain: "engines.example".into(),
        ..company("Engines")
    };
    let first = other.companies().create(engines()).await;
    first.expect("no other has the domain");
    let second = other.companies().create(engines()).await;
    assert_eq!(failure(second), ErrorKind::Conflict);
}

/// A plan that was made of other definitions, of either mode, is not promoted, and nothing of it is; nor is anything in test mode, nor what
/// another workspace says.
pub(crate) async fn a_plan_that_is_out_of_date_is_not_promoted(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (live, test) = (&acme.scoped, test_mode(&acme).await);
    let other = acme.in_another_workspace("other").await;
    define(&test_mode(&other).await, select("theirs", &["x"])).await;
    let plan = define(&test, select("plan", &["free"])).await;
    let first = planned(live, &[]).await.plan;
    let labelled = FieldPatch {
        label: "Tariff".into(),
        ..FieldPatch::default()
    };
    let changed = test.fields().update(plan.id, labelled, None).await;
    changed.expect("it is there");
    let late = live.fields().promote(PromotionInput::new(first)).await;
    let late = late.expect_err("test mode says otherwise");
    assert_eq!(late.kind(), ErrorKind::Conflict);
    assert_eq!(late.field(), Some("plan"));
    let second = planned(live, &[]).await.plan;
    let own = define(live, select("own", &["a"])).await;
    let late = live.fields().promote(PromotionInput::new(second)).await;
    let late = late.expect_err("live mode says otherwise");
    assert_eq!(late.field(), Some("plan"));
    assert_eq!(live.fields().all().await.expect("it reads"), [own]);
    for refused in [
        test.fields().plan_promotion(&[]).await,
        test.fields().promote(PromotionInput::new("x")).await,
    ] {
        assert_eq!(failure(refused), ErrorKind::Forbidden);
    }
    let third = planned(live, &[]).await;
    assert_eq!(keys(&third.create), ["plan"], "none of another workspace");
    let promoted = live.fields().promote(PromotionInput::new(third.plan)).await;
    let promoted = promoted.expect("it is as it was");
    assert_eq!(promoted.create[0].label, "Tariff");
}

/// Many live records with a choice that test mode has not.
async fn holders(live: &Scoped) -> (Field, Vec<Id>) {
    let plan = define(live, select("plan", &["free", "pro"])).await;
    let mut holders = Vec::new();
    for n in 0..HOLDERS {
        let metadata = json!({ "plan": "pro", "badge": "same", "age": "7" });
        let email = format!("{n}@example.com");
        holders.push(create(live, &email, &metadata).await.id);
    }
    holders.reverse();
    (plan, holders)
}

/// What live records do not keep to is counted as a change of the field alone counts it, and nothing is promoted, whatever else there is,
/// unless that is forced. A choice that has another name in test mode gets it in every record.
pub(crate) async fn a_promotion_that_records_do_not_keep_to_is_refused(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (live, test) = (&acme.scoped, test_mode(&acme).await);
    let (plan, holders) = holders(live).await;
    define(&test, select("plan", &["free", "team"])).await;
    define(&test, FieldInput::new(OF, "source", FieldType::Text)).await;
    let promotion = planned(live, &[]).await;
    let breach = &promotion.update[0].breaks[0];
    assert_eq!((breach.count, &breach.ids[..]), (HOLDERS, &holders[..10]));
    let patch = FieldPatch {
        choices: vec!["free".into(), "team".into()].into(),
        ..FieldPatch::default()
    };
    let alone = live.fields().update(plan.id, patch, None).await;
    let alone = alone.expect_err("some have the choice");
    assert_eq!(alone.count(), Some(HOLDERS));
    assert_eq!(alone.ids(), &breach.ids[..]);
    assert!(alone.message().contains(&breach.message), "{alone}");
    let same = PromotionInput::new(promotion.plan.clone());
    let refused = live.fields().promote(same).await;
    let refused = refused.expect_err("some have the choice");
    assert_eq!(refused.count(), Some(HOLDERS));
    assert_eq!(refused.ids(), &holders[..10]);
    assert_eq!(refused.field(), Some("contact.plan.options.choices"));
    assert_eq!(live.fields().all().await.expect("it reads"), [plan]);
    let rename = ChoiceRename {
        object_type: OF,
        key: "plan".to_owned(),
        from: "pro".to_owned(),
        to: "team".to_owned(),
    };
    let promotion = planned(live, std::slice::from_ref(&rename)).await;
    assert_eq!(promotion.breaches().count(), 0);
    let renaming = PromotionInput {
        renamed: vec![rename],
        ..PromotionInput::new(promotion.plan)
    };
    let promoted = live.fields().promote(renaming).await;
    let promoted = promoted.expect("nothing is broken");
    assert_eq!(promoted.status, PromotionStatus::UnderWay);
    let finished = acme.crm.finish_renamings(&NoSleep).await;
    finished.expect("nobody else writes");
    for (choice, count) in [("pro", 0), ("team", HOLDERS)] {
        let of_choice = Filter::new("metadata.plan", "eq", choice);
        let request = ListRequest::default().filter(of_choice).limit(200);
        let found = live.contacts().list(&request).await;
        assert_eq!(found.expect("it lists").data.len(), count, "{choice}");
    }
    assert_eq!(all_said(live).await, all_said(&test).await);
}

/// A type that differs and values that several records have are not promoted, and nothing forces them; nor is anything beside them.
pub(crate) async fn what_cannot_be_promoted_is_refused(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (live, test) = (&acme.scoped, test_mode(&acme).await);
    define(&test, FieldInput::new(OF, "source", FieldType::Text)).await;
    for email in ["ada@example.com", "eva@example.com"] {
        create(live, email, &json!({ "badge": "same" })).await;
    }
    let badge = FieldInput {
        unique: true,
        ..FieldInput::new(OF, "badge", FieldType::Text)
    };
    let badge = define(&test, badge).await;
    let shared = force(live).await.expect_err("two have one");
    assert_eq!(shared.field(), Some("contact.badge.unique"));
    assert_eq!(shared.duplicates()[0].ids.len(), 2);
    test.fields()
        .remove(badge.id, None)
        .await
        .expect("it is there");
    let age = define(live, FieldInput::new(OF, "age", FieldType::Text)).await;
    define(&test, FieldInput::new(OF, "age", FieldType::Number)).await;
    let promotion = planned(live, &[]).await;
    assert_eq!(promotion.refused[0].member.as_deref(), Some("type"));
    let other = force(live).await.expect_err("it is of another type");
    assert_eq!(other.kind(), ErrorKind::Conflict);
    assert_eq!(other.field(), Some("contact.age.type"));
    let fields = live.fields();
    assert_eq!(
        fields.all().await.expect("it reads"),
        std::slice::from_ref(&age)
    );
    fields.remove(age.id, None).await.expect("it is there");
    force(live).await.expect("nothing is in the way");
    assert_eq!(all_said(live).await, all_said(&test).await);
    // What a reference names is for good as well; where it names the same it is promoted with it.
    let owner = |of| FieldInput::reference(OF, "owner", of);
    let named = define(live, owner(ObjectType::Deal)).await;
    define(&test, owner(ObjectType::Company)).await;
    let other = force(live).await.expect_err("it names others");
    assert_eq!(other.field(), Some("contact.owner.options.object_type"));
    fields.remove(named.id, None).await.expect("it is there");
    force(live).await.expect("nothing is in the way");
    assert_eq!(all_said(live).await, all_said(&test).await);
}
