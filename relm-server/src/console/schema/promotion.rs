//! Promoting the fields of test mode to live mode: a page that shows what would change there, and the form that does it.

use std::fmt::Display;

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::engine::{
    Breach, ChoiceRename, MemberChange, PromotedField, PromotedSetting, Promotion, PromotionInput,
    PromotionStatus, RefusedField,
};
use relm_core::{Error, Mode, ObjectType};
use serde_json::{Value, json};

use super::path_of;
use crate::console::curl;
use crate::console::form::Form;
use crate::console::layout::{Layout, Place, Section};
use crate::console::problem::Problem;
use crate::console::records;
use crate::console::shown::{Message, cut};
use crate::console::visit::{Opened, Visit, page_of};
use crate::html::answer;
use crate::status::status_of;

/// Fields of each part of the page.
const FIELDS_MAX: usize = 60;
/// Characters of a value.
const VALUE_CHARS: usize = 120;
/// Records that are named of those that do not keep to something.
const NAMED_MAX: usize = 4;
/// Choices that the form can rename.
const RENAMED_MAX: usize = 100;

#[derive(Template)]
#[template(path = "console/promotion.html")]
struct Page {
    layout: Layout,
    /// Where the fields are.
    schema: String,
    path: String,
    plan: String,
    is_empty: bool,
    create: Vec<Line>,
    more_create: usize,
    update: Vec<Line>,
    more_update: usize,
    refused: Vec<Refused>,
    left_alone: Vec<String>,
    unchanged: usize,
    /// Choices that test mode has not, and what they may be called there.
    renames: Vec<Rename>,
    /// Whether live records do not keep to something.
    is_broken: bool,
    /// Whether there is something that nothing forces.
    is_barred: bool,
    is_forced: bool,
    nonce: String,
    error: Option<Error>,
    docs: String,
    call: String,
}

/// A field, or what is said of objects as a whole.
struct Line {
    label: String,
    name: String,
    kind: String,
    changes: Vec<Change>,
    breaks: Vec<Broken>,
}

/// A member that changes.
struct Change {
    member: String,
    from: String,
    to: String,
}

/// What live records do not keep to.
struct Broken {
    message: String,
    /// The first of them: the id of each, and where it is.
    first: Vec<(String, String)>,
}

struct Refused {
    name: String,
    message: String,
}

/// A choice of live mode that test mode has not.
struct Rename {
    /// The field, as the form sends it.
    of: String,
    label: String,
    from: String,
    /// What it may be called in test mode, and whether that is chosen.
    to: Vec<(String, bool)>,
}

impl Broken {
    fn message(&self) -> Message<'_> {
        Message(&self.message)
    }
}

impl Refused {
    fn message(&self) -> Message<'_> {
        Message(&self.message)
    }
}

impl Page {
    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }

    /// The choices that are renamed, as the form repeats them.
    fn renamed(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.renames.iter().filter_map(|one| {
            let (to, _) = one.to.iter().find(|(_, is_chosen)| *is_chosen)?;
            Some((&*one.of, &*one.from, &**to))
        })
    }
}

/// Where the page is: in live mode, which changes.
pub(super) fn path_in(place: &Place) -> String {
    let live = Place {
        mode: Mode::Live,
        ..place.clone()
    };
    format!("{}/promotion", live.path(Section::Schema))
}

pub(in crate::console) async fn plan(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    if opened.place.is_test() {
        return Ok(answer::see_other(&path_in(&opened.place)));
    }
    let renamed = renamed(&visit.query);
    shown(&visit, &opened, &renamed, false, None).await
}

/// Promotes, by the same function as `POST /v1/schema/promotion`.
pub(in crate::console) async fn apply(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    if opened.place.is_test() {
        return Ok(answer::see_other(&path_in(&opened.place)));
    }
    let input = PromotionInput {
        plan: visit.form.text("plan").to_owned(),
        renamed: renamed(&visit.form),
        force: visit.form.is_ticked("force"),
    };
    let scoped = visit.once(opened.scoped.clone(), &("promotion", &input))?;
    match scoped.fields().promote(input.clone()).await {
        Ok(promoted) => {
            let path = path_of(&opened.place, ObjectType::Contact);
            let how = match promoted.status {
                PromotionStatus::UnderWay => "begun",
                PromotionStatus::Planned | PromotionStatus::Applied => "done",
            };
            Ok(answer::see_other(&format!("{path}?promoted={how}")))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            shown(&visit, &opened, &input.renamed, input.force, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The choices that the form says are renamed. One that gets no name is not among them.
fn renamed(form: &Form) -> Vec<ChoiceRename> {
    let said = form.all("of").zip(form.all("from")).zip(form.all("to"));
    let said = said.filter(|(_, to)| !to.is_empty());
    let read = said.filter_map(|((of, from), to)| {
        let (object, key) = of.split_once('.')?;
        Some(ChoiceRename {
            object_type: ObjectType::parse(object)?,
            key: key.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        })
    });
    read.take(RENAMED_MAX).collect()
}

async fn shown(
    visit: &Visit,
    opened: &Opened,
    renamed: &[ChoiceRename],
    is_forced: bool,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = opened;
    let planned = scoped.fields().plan_promotion(renamed).await;
    let (promotion, renamed, error) = match planned {
        Ok(promotion) => (promotion, renamed, error),
        // A choice is no longer there: the plan is shown as it is without what the form said of names.
        Err(other) if status_of(other.kind()).is_client_error() => {
            let promotion = scoped.fields().plan_promotion(&[]).await?;
            (promotion, &[][..], Some(error.unwrap_or(other)))
        }
        Err(error) => return Err(error.into()),
    };
    let status = match &error {
        Some(error) => status_of(error.kind()),
        None => StatusCode::OK,
    };
    let page = page(visit, place, promotion, renamed, (is_forced, error));
    Ok(page_of(status, &page))
}

fn page(
    visit: &Visit,
    place: &Place,
    promotion: Promotion,
    renamed: &[ChoiceRename],
    (is_forced, error): (bool, Option<Error>),
) -> Page {
    let mut layout = visit.layout(Section::Schema, Some(place.clone()));
    layout.within = Some(ObjectType::Contact.as_str());
    let is_shared = |(_, breach): (&PromotedField, &Breach)| !breach.duplicates.is_empty();
    let line = |field: &PromotedField| Line::of(place, field);
    let is_broken = promotion.breaches().next().is_some();
    let is_barred = !promotion.refused.is_empty() || promotion.breaches().any(is_shared);
    Page {
        layout,
        schema: path_of(place, ObjectType::Contact),
        path: path_in(place),
        is_empty: promotion.is_empty(),
        create: promotion.create.iter().take(FIELDS_MAX).map(line).collect(),
        more_create: promotion.create.len().saturating_sub(FIELDS_MAX),
        update: {
            let updated = promotion.update.iter().take(FIELDS_MAX).map(line);
            updated
                .chain(promotion.settings.iter().map(Line::of_setting))
                .collect()
        },
        more_update: promotion.update.len().saturating_sub(FIELDS_MAX),
        refused: {
            let refused = promotion.refused.iter().take(FIELDS_MAX);
            refused.map(Refused::of).collect()
        },
        left_alone: {
            let alone = promotion.left_alone.iter().take(FIELDS_MAX);
            alone.map(|one| name(one.object_type, &one.key)).collect()
        },
        unchanged: promotion.unchanged,
        renames: promotion
            .update
            .iter()
            .flat_map(renames)
            .take(RENAMED_MAX)
            .collect(),
        is_broken,
        is_barred,
        is_forced,
        nonce: visit.nonce(),
        error,
        docs: visit.docs("/docs/api/custom-fields#from-test-to-live"),
        call: call(visit, &promotion.plan, renamed),
        plan: promotion.plan,
    }
}

/// The request that the form equals.
fn call(visit: &Visit, plan: &str, renamed: &[ChoiceRename]) -> String {
    let mut body = json!({ "plan": plan });
    if !renamed.is_empty() {
        body["renamed"] = json!(renamed);
    }
    let path = "/v1/schema/promotion";
    curl::line(&visit.api, "POST", path, curl::KEY, Some(&body))
}

fn name(of: impl Display, key: &str) -> String {
    format!("{of}.{key}")
}

/// The choices of a field that go or get another name.
fn renames(field: &PromotedField) -> Vec<Rename> {
    let Some(choices) = &field.choices else {
        return Vec::new();
    };
    let of = name(field.object_type, &field.key);
    let rename = |from: &String, chosen: Option<&String>| Rename {
        of: of.clone(),
        label: cut(&field.label, VALUE_CHARS),
        from: from.clone(),
        to: {
            let added = choices.added.iter().map(|to| (to.clone(), false));
            let chosen = chosen.into_iter().map(|to| (to.clone(), true));
            chosen.chain(added).collect()
        },
    };
    let renamed = choices.renamed.iter();
    let renamed = renamed.map(|one| rename(&one.from, Some(&one.to)));
    let removed = choices.removed.iter().map(|from| rename(from, None));
    // With no name to take, there is nothing to choose.
    renamed
        .chain(removed)
        .filter(|it| !it.to.is_empty())
        .collect()
}

impl Line {
    fn of_setting(one: &PromotedSetting) -> Self {
        Self {
            label: "Strict mode".to_owned(),
            name: one.object_type.to_string(),
            kind: String::new(),
            changes: vec![Change {
                member: one.member.clone(),
                from: one.from.to_string(),
                to: one.to.to_string(),
            }],
            breaks: Vec::new(),
        }
    }

    fn of(place: &Place, field: &PromotedField) -> Self {
        // Its label stands above them.
        let is_said = |it: &&MemberChange| field.field_id.is_some() || it.member != "label";
        let changes = field.changes.iter().filter(is_said);
        let mut changes: Vec<Change> = changes.map(Change::of).collect();
        if let Some(choices) = &field.choices {
            changes.extend(choices.renamed.iter().map(|one| Change {
                member: "choice renamed".to_owned(),
                from: one.from.clone(),
                to: one.to.clone(),
            }));
        }
        let breaks = field.breaks.iter().map(|breach| Broken {
            message: breach.message.clone(),
            first: {
                let ids = breach.ids.iter().take(NAMED_MAX);
                let first = ids.filter_map(|id| Some((id.text(), records::path_to(place, *id)?)));
                first.collect()
            },
        });
        Self {
            label: cut(&field.label, VALUE_CHARS),
            name: name(field.object_type, &field.key),
            kind: field.field_type.to_string(),
            breaks: breaks.collect(),
            changes,
        }
    }
}

impl Refused {
    fn of(one: &RefusedField) -> Self {
        Self {
            name: name(one.object_type, &one.key),
            message: one.message.clone(),
        }
    }
}

impl Change {
    fn of(change: &MemberChange) -> Self {
        Self {
            member: match change.member.strip_prefix("options.") {
                Some("object_type") => "refers to".to_owned(),
                name => name.unwrap_or(&change.member).replace('_', " "),
            },
            from: in_words(&change.from),
            to: in_words(&change.to),
        }
    }
}

fn in_words(value: &Value) -> String {
    cut(&records::text_of(value), VALUE_CHARS)
}
