//! Changing a field: what a change means for records is shown before it is made, by a dry run of it.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::engine::Scoped;
use relm_core::{Error, ErrorKind, Field, FieldType, ObjectType};
use serde_json::{Value, json};

use super::edit_form::EditForm;
use super::{FIELDS, OPTIONS, is_at, layout, object, path_of};
use crate::console::curl;
use crate::console::layout::{Layout, Place};
use crate::console::objects::plural;
use crate::console::problem::Problem;
use crate::console::records;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

/// What is said where the field is no longer as the form was.
const CHANGED_MEANWHILE: &str = "Somebody else has changed this field since this form was opened. It is shown as it is now, without what you \
                                 typed: enter your change again.";

#[derive(Template)]
#[template(path = "console/field_edit.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    path: String,
    field: Field,
    form: EditForm,
    /// Where the documentation is.
    docs: String,
    error: Option<Error>,
    /// What the change means, where that is to be seen before it is made.
    impact: Option<Impact>,
    call: String,
}

/// What a change means for records.
struct Impact {
    /// How many do not keep to it, where any do.
    count: Option<String>,
    /// Why it is refused, with each reason.
    refusal: Option<Error>,
    /// The first of these: the id of each, and where it is.
    first: Vec<(String, String)>,
    /// The choices that get another name: from, to, and in how many records.
    renamed: Vec<(String, String, String)>,
    /// The choices that are removed.
    removed: Vec<String>,
    /// The request that was looked at, as it is made where somebody says so.
    checked: String,
}

impl Impact {
    fn refusal(&self) -> Option<Message<'_>> {
        self.refusal.as_ref().map(Message::of)
    }
}

impl Page {
    fn plural(&self) -> &'static str {
        plural(self.object)
    }

    fn is_select(&self) -> bool {
        self.field.field_type.has_choices()
    }

    /// What is said at a member of the form.
    fn error_at(&self, member: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref()?;
        is_at(error, member).then(|| Message::of(error))
    }

    fn takes_numbers(&self) -> bool {
        self.field.field_type == FieldType::Number
    }

    fn takes_texts(&self) -> bool {
        self.field.field_type == FieldType::Text
    }

    /// A reference has none.
    fn takes_default(&self) -> bool {
        self.field.field_type != FieldType::Reference
    }

    /// What is said of the form as a whole.
    fn error(&self) -> Option<Message<'_>> {
        let known = [
            "label",
            "description",
            "position",
            "required",
            "unique",
            "enforce",
        ];
        let mut known = known.iter().chain(&OPTIONS);
        let error = self.error.as_ref();
        let error = error.filter(|error| !known.any(|member| is_at(error, member)));
        error.map(Message::of)
    }
}

/// The field that the path names, of the object that it names.
async fn field(visit: &Visit, scoped: &Scoped, object: ObjectType) -> Result<Field, Problem> {
    let found = scoped.fields().get(visit.id("id")?).await?;
    let field = found.filter(|field| field.object_type == object);
    field.ok_or_else(Problem::missing)
}

pub(in crate::console) async fn edit(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let field = field(&visit, &scoped, object).await?;
    let form = EditForm::of(&field);
    Ok(shown(&visit, place, field, form, None, None))
}

fn shown(
    visit: &Visit,
    place: Place,
    field: Field,
    form: EditForm,
    error: Option<Error>,
    impact: Option<Impact>,
) -> Response<Bytes> {
    let status = match &impact {
        Some(impact) if impact.count.is_some() => status_of(ErrorKind::Conflict),
        Some(_) => StatusCode::OK,
        None => status_by(error.as_ref()),
    };
    let body = match (&impact, form.body(&field)) {
        (Some(impact), _) => serde_json::from_str(&impact.checked).unwrap_or_default(),
        (None, body) if body == json!({}) => json!({ "label": field.label }),
        (None, body) => body,
    };
    let path = format!("{FIELDS}/{}", field.id);
    let object = field.object_type;
    let page = Page {
        path: path_of(&place, object),
        layout: layout(visit, place, object),
        object,
        docs: visit.docs("/docs/api/custom-fields#changing-a-field"),
        call: curl::line(&visit.api, "PATCH", &path, curl::KEY, Some(&body)),
        field,
        form,
        error,
        impact,
    };
    page_of(status, &page)
}

/// Changes a field, by the same function as `PATCH /v1/schema/fields/:id`; what means something for records, once that was seen.
pub(in crate::console) async fn change(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let field = field(&visit, &scoped, object).await?;
    let form = EditForm::read(&visit.form);
    let body = form.body(&field);
    let forced = with_force(&body);
    let seen: Option<Value> = serde_json::from_str(visit.form.text("checked")).ok();
    let is_seen = seen.as_ref() == Some(&body) || seen.as_ref() == Some(&forced);
    let body = match seen {
        Some(seen) if is_seen => seen,
        Some(_) | None => body,
    };
    if !is_seen && let Some(impact) = impact(&scoped, &place, &field, &form, &body).await? {
        return Ok(shown(&visit, place, field, form, None, Some(impact)));
    }
    let fields = scoped.fields();
    match fields.update_json(field.id, body, Some(form.version)).await {
        Ok(_) => {
            let path = path_of(&place, object);
            Ok(answer::see_other(&format!("{path}?changed")))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            if error.kind() != ErrorKind::VersionConflict {
                return Ok(shown(&visit, place, field, form, Some(error), None));
            }
            // The list of choices is sent as a whole: one of before would remove what somebody else has added since.
            let field = self::field(&visit, &scoped, object).await?;
            let form = EditForm::of(&field);
            let error = Error::new(error.kind(), CHANGED_MEANWHILE);
            Ok(shown(&visit, place, field, form, Some(error), None))
        }
        Err(error) => Err(error.into()),
    }
}

fn with_force(body: &Value) -> Value {
    let mut forced = body.clone();
    forced["force"] = true.into();
    forced
}

/// What a change means for records, if it means anything; none, too, where it is refused for itself, which the change then says.
async fn impact(
    scoped: &Scoped,
    place: &Place,
    field: &Field,
    form: &EditForm,
    body: &Value,
) -> Result<Option<Impact>, Problem> {
    let rehearsal = scoped.clone().dry_run();
    let fields = rehearsal.fields();
    let tried = fields.update_json(field.id, body.clone(), Some(form.version));
    let (affected, body) = match tried.await {
        Ok(_) => (None, body.clone()),
        Err(error) if error.count().is_some() => (Some(error), with_force(body)),
        Err(error) if status_of(error.kind()).is_client_error() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let binds = form.is_required && !field.required;
    let chooses = form.renamed().next().is_some() || form.removed().next().is_some();
    if affected.is_none() && !binds && !chooses {
        return Ok(None);
    }
    let usage = scoped.fields().usage(field.id, None).await?;
    let holders = |choice: &str| {
        let counted = usage.choices.iter().find(|one| one.choice == choice);
        of(counted.map_or(0, |one| one.count), usage.has_more)
    };
    let renamed = form.renamed().map(|(from, to)| {
        let count = holders(from);
        (from.clone(), to.clone(), count)
    });
    let ids = affected.iter().flat_map(|error| error.ids());
    let first = ids.filter_map(|id| Some((id.text(), records::path_to(place, *id)?)));
    let count = |error: &Error| Some(of(error.count()?, error.is_at_least()));
    Ok(Some(Impact {
        count: affected.as_ref().and_then(count),
        first: first.collect(),
        refusal: affected,
        renamed: renamed.collect(),
        removed: form.removed().map(str::to_owned).collect(),
        checked: body.to_string(),
    }))
}

/// So many, or more.
fn of(count: usize, at_least: bool) -> String {
    match at_least {
        true => format!("{count} or more"),
        false => count.to_string(),
    }
}
