//! The custom fields of a workspace and mode, object by object: listed, added, changed, removed.

mod edit;
mod edit_form;
mod form;
mod impact;
mod limits_form;
mod pipeline;
mod pipeline_form;
mod promotion;

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, Field, FieldType, Id, ObjectType, UnknownMembers};
use serde_json::{Value, json};

pub(super) use self::edit::{change, edit};
use self::form::FieldForm;
use self::pipeline::PIPELINE;
pub(super) use self::pipeline::{define_pipeline, edit_pipeline};
pub(super) use self::promotion::{apply, plan};
use super::curl;
use super::layout::{Item, Layout, Place, Section, minute};
use super::limits;
use super::objects::{plural, title};
use super::problem::Problem;
use super::shown::Message;
use super::visit::{Opened, Visit, page as page_ok, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

const FIELDS: &str = "/v1/schema/fields";

#[derive(Template)]
#[template(path = "console/schema.html")]
struct List {
    layout: Layout,
    objects: Vec<Item>,
    object: ObjectType,
    rows: Vec<Row>,
    /// Of deals, whose stages can be defined: their definition, where there is one.
    pipeline: Option<Option<Row>>,
    /// The page that changes it.
    pipeline_path: String,
    path: String,
    was_removed: bool,
    was_changed: bool,
    was_set: bool,
    /// What became of a promotion, where the page follows one.
    promoted: Option<&'static str>,
    /// The page that promotes.
    promotion: String,
    /// Whether members that no field is for are refused.
    is_strict: bool,
    call: String,
    /// What sets the other.
    set_call: String,
}

#[derive(Template)]
#[template(path = "console/field_new.html")]
struct New<'a> {
    layout: Layout,
    object: ObjectType,
    path: String,
    form: &'a FieldForm,
    /// Where the documentation is.
    docs: String,
    error: Option<Error>,
    call: String,
}

#[derive(Template)]
#[template(path = "console/field_remove.html")]
struct Remove {
    layout: Layout,
    object: ObjectType,
    path: String,
    row: Row,
    call: String,
}

impl List {
    fn title(&self) -> &'static str {
        title(self.object)
    }

    fn plural(&self) -> &'static str {
        plural(self.object)
    }

    /// The stage that is a default.
    fn text_of<'a>(&self, value: &'a Value) -> &'a str {
        value.as_str().unwrap_or_default()
    }
}

impl New<'_> {
    fn plural(&self) -> &'static str {
        plural(self.object)
    }
}

impl Remove {
    fn plural(&self) -> &'static str {
        plural(self.object)
    }
}

/// The members of `options` that the forms have.
const OPTIONS: [&str; 8] = [
    "options.choices",
    "options.object_type",
    "options.min",
    "options.max",
    "options.integer",
    "options.max_length",
    "options.pattern",
    "options.default",
];

/// Whether an error is about a member, or something within it.
fn is_at(error: &Error, member: &str) -> bool {
    let at = error.field().unwrap_or_default();
    let rest = at.strip_prefix(member);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A field, in words.
struct Row {
    field: Field,
    made: String,
}

impl Row {
    fn of(field: Field) -> Self {
        Self {
            made: minute(&field.created_at),
            field,
        }
    }

    /// The stages of a pipeline, each with how likely its deals are to be won.
    fn stages(&self) -> impl Iterator<Item = (&str, Option<u8>)> {
        let options = &self.field.options;
        let stages = options.choices.iter().map(String::as_str);
        stages.map(|stage| (stage, options.probability_of(stage)))
    }

    /// What a reference names, in the plural.
    fn refers_to(&self) -> Option<&'static str> {
        self.field.options.object_type.map(plural)
    }

    /// What of its type the field takes, and its default, in words.
    fn limits(&self) -> Vec<String> {
        let options = &self.field.options;
        let default = limits::default(options).map(|it| format!("default {it}"));
        limits::in_words(options)
            .into_iter()
            .chain(default)
            .collect()
    }
}

impl New<'_> {
    /// What is said at a field of the form. What is wrong within the choices is said at them.
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref()?;
        is_at(error, field).then(|| Message::of(error))
    }

    /// What is said of the form as a whole.
    fn error(&self) -> Option<Message<'_>> {
        let known = ["label", "key", "type", "unique"];
        let mut known = known.iter().chain(&OPTIONS);
        let error = self.error.as_ref();
        let error = error.filter(|error| !known.any(|field| is_at(error, field)));
        error.map(Message::of)
    }

    /// Any type can be chosen.
    fn takes_numbers(&self) -> bool {
        true
    }

    fn takes_texts(&self) -> bool {
        true
    }

    fn takes_default(&self) -> bool {
        true
    }

    /// What a reference can name, what people call it, and whether it is chosen.
    fn named(&self) -> [(&'static str, &'static str, bool); 4] {
        let is_chosen = |object: ObjectType| object.as_str() == self.form.refers_to;
        ObjectType::ALL.map(|object| (object.as_str(), title(object), is_chosen(object)))
    }

    fn types(&self) -> [(FieldType, &'static str); 13] {
        [
            (FieldType::Text, "Text"),
            (FieldType::Number, "Number"),
            (FieldType::Date, "Date"),
            (FieldType::Bool, "Yes or no"),
            (FieldType::Select, "One of several choices"),
            (FieldType::Multiselect, "Any of several choices"),
            (FieldType::Url, "Web address"),
            (FieldType::Email, "E-mail address"),
            (FieldType::Phone, "Phone number"),
            (FieldType::Datetime, "Date and time"),
            (FieldType::Currency, "Amount of money"),
            (FieldType::Reference, "Another record"),
            (FieldType::Json, "JSON"),
        ]
    }
}

/// The object that the path names.
fn object(visit: &Visit) -> Result<ObjectType, Problem> {
    ObjectType::parse(visit.param("object")).ok_or_else(Problem::missing)
}

/// Where the fields of an object are.
pub(super) fn path_of(place: &Place, object: ObjectType) -> String {
    format!("{}/{object}", place.path(Section::Schema))
}

fn layout(visit: &Visit, place: Place, object: ObjectType) -> Layout {
    let mut layout = visit.layout(Section::Schema, Some(place));
    layout.within = Some(object.as_str());
    layout
}

/// `…/schema`: the fields of the first object.
pub(super) async fn first(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { place, .. } = visit.open().await?;
    Ok(answer::see_other(&path_of(&place, ObjectType::Contact)))
}

pub(super) async fn list(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let definitions = scoped.fields().definitions().await?;
    let is_strict = definitions.strict.contains(&object);
    let pipeline = (object == ObjectType::Deal).then(|| definitions.pipeline.map(Row::of));
    let fields = definitions.fields.into_iter();
    let rows = fields.filter(|field| field.object_type == object);
    let item = |one: ObjectType| Item {
        path: path_of(&place, one),
        title: title(one),
        is_current: one == object,
    };
    let call = format!("{FIELDS}?filter[object_type]={object}");
    Ok(page_ok(&List {
        objects: ObjectType::ALL.map(item).into(),
        path: path_of(&place, object),
        pipeline_path: format!("{}/{PIPELINE}", path_of(&place, object)),
        pipeline,
        promotion: promotion::path_in(&place),
        layout: layout(&visit, place, object),
        object,
        rows: rows.map(Row::of).collect(),
        was_removed: visit.query.is_ticked("removed"),
        was_changed: visit.query.is_ticked("changed"),
        was_set: visit.query.is_ticked("set"),
        promoted: match visit.query.text("promoted") {
            "done" => Some("Live mode has the fields of test mode now."),
            "begun" => Some(
                "Live mode has the fields of test mode now. Records follow: choices are being renamed in them, or looked at for a unique field.",
            ),
            _ => None,
        },
        is_strict,
        set_call: curl::line(
            &visit.api,
            "PATCH",
            &format!("/v1/schema/{}", object.plural()),
            curl::KEY,
            Some(&json!({ "unknown_members": other(is_strict) })),
        ),
        call: curl::line(&visit.api, "GET", &call, curl::KEY, None),
    }))
}

/// What unknown members are to be, where they are not so yet.
fn other(is_strict: bool) -> UnknownMembers {
    match is_strict {
        true => UnknownMembers::Accept,
        false => UnknownMembers::Reject,
    }
}

/// Says whether members that no field is for are taken, by the same function as `PATCH /v1/schema/contacts`.
pub(super) async fn set(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let body = json!({ "unknown_members": visit.form.text("unknown_members") });
    scoped.fields().update_settings_json(object, body).await?;
    let path = path_of(&place, object);
    Ok(answer::see_other(&format!("{path}?set")))
}

/// The form of a new field.
pub(super) async fn form(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { place, .. } = visit.open().await?;
    Ok(shown(&visit, place, object, &FieldForm::default(), None))
}

fn shown(
    visit: &Visit,
    place: Place,
    object: ObjectType,
    form: &FieldForm,
    error: Option<Error>,
) -> Response<Bytes> {
    let status = status_by(error.as_ref());
    let body = match form.is_empty() {
        true => FieldForm::example().body(object),
        false => form.body(object),
    };
    let page = New {
        path: path_of(&place, object),
        layout: layout(visit, place, object),
        object,
        form,
        docs: visit.docs("/docs/api/custom-fields"),
        error,
        call: curl::line(&visit.api, "POST", FIELDS, curl::KEY, Some(&body)),
    };
    page_of(status, &page)
}

/// Defines a field, by the same function as `POST /v1/schema/fields`.
pub(super) async fn define(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let form = FieldForm::read(&visit.form);
    match scoped.fields().define_json(form.body(object)).await {
        Ok(_) => Ok(answer::see_other(&path_of(&place, object))),
        Err(error) if status_of(error.kind()).is_client_error() => {
            Ok(shown(&visit, place, object, &form, Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn confirm(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let id: Id = visit.id("id")?;
    let definitions = scoped.fields().definitions().await?;
    let mut fields = definitions.fields.into_iter().chain(definitions.pipeline);
    let field = fields.find(|field| field.id == id && field.object_type == object);
    let field = field.ok_or_else(Problem::missing)?;
    let call = format!("{FIELDS}/{id}");
    Ok(page_ok(&Remove {
        path: path_of(&place, object),
        layout: layout(&visit, place, object),
        object,
        row: Row::of(field),
        call: curl::line(&visit.api, "DELETE", &call, curl::KEY, None::<&Value>),
    }))
}

pub(super) async fn remove(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    scoped.fields().remove(visit.id("id")?, None).await?;
    let path = path_of(&place, object);
    Ok(answer::see_other(&format!("{path}?removed")))
}
