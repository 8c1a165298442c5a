//! Changing a field: what a change means for records is shown before it is made, by a dry run of it.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::engine::Scoped;
use relm_core::{Error, ErrorKind, Field, FieldType, ObjectType};
use serde_json::json;

use super::edit_form::EditForm;
use super::impact::{self, Asked, Impact, Of, seen};
use super::pipeline::PIPELINE;
use super::{FIELDS, OPTIONS, is_at, layout, object, path_of};
use crate::console::curl;
use crate::console::layout::{Layout, Place};
use crate::console::objects::plural;
use crate::console::problem::Problem;
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
    if field.is_pipeline() {
        let path = path_of(&place, object);
        return Ok(answer::see_other(&format!("{path}/{PIPELINE}")));
    }
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
        Some(impact) => impact::status(impact),
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
    let (body, is_seen) = seen(&visit.form, body);
    if !is_seen {
        let asked = Asked {
            renamed: form.renamed().cloned().collect(),
            removed: form.removed().map(str::to_owned).collect(),
            binds: form.is_required && !field.required,
            body: &body,
        };
        let of = Of::Field(&field, form.version);
        if let Some(impact) = Impact::of(&scoped, &place, of, asked).await? {
            return Ok(shown(&visit, place, field, form, None, Some(impact)));
        }
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
