//! The pipeline: the page on which the stages of deals are defined, put in order, renamed and removed.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, ErrorKind, Field, ObjectType};

use super::impact::{self, Asked, Impact, Of, seen};
use super::pipeline_form::PipelineForm;
use super::{FIELDS, is_at, layout, object, path_of};
use crate::console::board::stages_in_use;
use crate::console::curl;
use crate::console::layout::{Layout, Place};
use crate::console::objects::plural;
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

/// The last word of its path.
pub(super) const PIPELINE: &str = "pipeline";
/// What is said where the pipeline is no longer as the form was.
const CHANGED_MEANWHILE: &str = "Somebody else has changed the pipeline since this form was opened. It is shown as it is now, without what you \
                                 typed: enter your change again.";

#[derive(Template)]
#[template(path = "console/pipeline.html")]
struct Page {
    layout: Layout,
    path: String,
    form: PipelineForm,
    /// Whether there is one that is changed.
    is_there: bool,
    /// Where the documentation is.
    docs: String,
    error: Option<Error>,
    /// What the change means, where that is to be seen before it is made.
    impact: Option<Impact>,
    call: String,
}

impl Page {
    fn plural(&self) -> &'static str {
        plural(ObjectType::Deal)
    }

    /// What is said at a part of the form.
    fn error_at(&self, member: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref()?;
        is_at(error, member).then(|| Message::of(error))
    }

    /// What is said of the stages.
    fn error_at_stages(&self) -> Option<Message<'_>> {
        let choices = self.error_at("options.choices");
        choices.or_else(|| self.error_at("options.probabilities"))
    }

    /// What is said of the form as a whole.
    fn error(&self) -> Option<Message<'_>> {
        let known = [
            "options.choices",
            "options.probabilities",
            "options.default",
            "required",
            "enforce",
        ];
        let error = self.error.as_ref();
        let error = error.filter(|error| !known.iter().any(|member| is_at(error, member)));
        error.map(Message::of)
    }
}

/// Refuses the path of other objects: the stages of deals alone can be defined.
fn check_object(visit: &Visit) -> Result<(), Problem> {
    match object(visit)? {
        ObjectType::Deal => Ok(()),
        ObjectType::Contact | ObjectType::Company | ObjectType::Activity => Err(Problem::missing()),
    }
}

pub(in crate::console) async fn edit_pipeline(visit: Visit) -> Result<Response<Bytes>, Problem> {
    check_object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let pipeline = scoped.fields().definitions().await?.pipeline;
    let form = match &pipeline {
        Some(pipeline) => PipelineForm::of(pipeline),
        None => PipelineForm::proposed(stages_in_use(&scoped).await?),
    };
    Ok(shown(&visit, place, pipeline.as_ref(), form, None, None))
}

fn shown(
    visit: &Visit,
    place: Place,
    pipeline: Option<&Field>,
    form: PipelineForm,
    error: Option<Error>,
    impact: Option<Impact>,
) -> Response<Bytes> {
    let status = match &impact {
        Some(impact) => impact::status(impact),
        None => status_by(error.as_ref()),
    };
    let body = match &impact {
        Some(impact) => serde_json::from_str(&impact.checked).unwrap_or_default(),
        None => form.body(pipeline),
    };
    let (method, path) = match pipeline {
        Some(pipeline) => ("PATCH", format!("{FIELDS}/{}", pipeline.id)),
        None => ("POST", FIELDS.to_owned()),
    };
    let page = Page {
        path: path_of(&place, ObjectType::Deal),
        layout: layout(visit, place, ObjectType::Deal),
        docs: visit.docs("/docs/api/custom-fields#the-pipeline"),
        call: curl::line(&visit.api, method, &path, curl::KEY, Some(&body)),
        is_there: pipeline.is_some(),
        form,
        error,
        impact,
    };
    page_of(status, &page)
}

/// Defines the pipeline, or changes it, by the same functions as `POST /v1/schema/fields` and `PATCH /v1/schema/fields/:id`; what means
/// something for deals, once that was seen.
pub(in crate::console) async fn define_pipeline(visit: Visit) -> Result<Response<Bytes>, Problem> {
    check_object(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let fields = scoped.fields();
    let pipeline = fields.definitions().await?.pipeline;
    let form = PipelineForm::read(&visit.form);
    let of = match &pipeline {
        Some(pipeline) => Of::Field(pipeline, form.version),
        None => Of::New,
    };
    let (body, is_seen) = seen(&visit.form, form.body(pipeline.as_ref()));
    if !is_seen {
        let asked = Asked {
            body: &body,
            renamed: form.renamed(),
            removed: form.removed(),
            binds: pipeline
                .as_ref()
                .is_some_and(|it| form.is_required && !it.required),
        };
        if let Some(impact) = Impact::of(&scoped, &place, of, asked).await? {
            let pipeline = pipeline.as_ref();
            return Ok(shown(&visit, place, pipeline, form, None, Some(impact)));
        }
    }
    let done = match of {
        Of::New => fields.define_json(body).await,
        Of::Field(pipeline, version) => fields.update_json(pipeline.id, body, Some(version)).await,
    };
    match done {
        Ok(_) => {
            let path = path_of(&place, ObjectType::Deal);
            Ok(answer::see_other(&format!("{path}?changed")))
        }
        Err(error) if error.kind() == ErrorKind::VersionConflict => {
            // The list of stages is sent as a whole: one of before would remove what somebody else has added since.
            let pipeline = fields.definitions().await?.pipeline;
            let form = pipeline.as_ref().map_or(form, PipelineForm::of);
            let error = Error::new(error.kind(), CHANGED_MEANWHILE);
            Ok(shown(
                &visit,
                place,
                pipeline.as_ref(),
                form,
                Some(error),
                None,
            ))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            let pipeline = pipeline.as_ref();
            Ok(shown(&visit, place, pipeline, form, Some(error), None))
        }
        Err(error) => Err(error.into()),
    }
}
