//! The forms that subscribe an endpoint and change one.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::{Error, WebhookWithSecret};

use super::form::WebhookForm;
use super::{Endpoint, of_path, path_to};
use crate::console::curl;
use crate::console::layout::{Layout, Section};
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

#[derive(Template)]
#[template(path = "console/webhook_form.html")]
struct Page<'a> {
    layout: Layout,
    list: String,
    action: String,
    cancel: String,
    endpoint: Option<&'a Endpoint>,
    form: &'a WebhookForm,
    nonce: String,
    error: Option<Error>,
    docs: String,
    call: String,
}

/// A secret, at the one moment at which it is shown.
#[derive(Template)]
#[template(path = "console/webhook_secret.html")]
pub(super) struct Secret {
    pub layout: Layout,
    pub list: String,
    pub path: String,
    pub url: String,
    pub secret: String,
    /// Until when the one before signs beside it.
    pub until: Option<String>,
    pub is_new: bool,
    pub docs: String,
    pub call: String,
}

impl Page<'_> {
    /// What is said at a field; what is wrong within it is said there too.
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref()?;
        let at = error.field()?;
        let rest = at.strip_prefix(field)?;
        (rest.is_empty() || rest.starts_with(['.', '['])).then(|| Message::of(error))
    }

    /// What is said at one of the two fields of the filter: of its members, or else of its changes.
    fn error_of_filter(&self, is_of_members: bool) -> Option<Message<'_>> {
        let of_members = self.error_at("filter.where");
        match is_of_members {
            true => of_members,
            false => self.error_at("filter").filter(|_| of_members.is_none()),
        }
    }

    /// What is said of the form as a whole.
    fn error(&self) -> Option<Message<'_>> {
        const FIELDS: [&str; 6] = [
            "url",
            "event_types",
            "filter",
            "description",
            "enabled",
            "headers",
        ];
        let is_said = FIELDS.iter().any(|field| self.error_at(field).is_some());
        let error = self.error.as_ref().filter(|_| !is_said);
        error.map(Message::of)
    }
}

pub(in crate::console) async fn new(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let form = WebhookForm::default();
    Ok(shown(&visit, opened, None, &form, None))
}

fn shown(
    visit: &Visit,
    opened: Opened,
    endpoint: Option<&Endpoint>,
    form: &WebhookForm,
    error: Option<Error>,
) -> Response<Bytes> {
    let place = opened.place;
    let status = status_by(error.as_ref());
    let list = place.path(Section::Webhooks);
    let body = match (form.settings.url.is_empty(), endpoint) {
        (true, None) => WebhookForm::example(),
        _ => form.shown_body(),
    };
    let path = endpoint.map(|endpoint| path_to(&place, endpoint.id));
    let api = match endpoint {
        Some(endpoint) => format!("/v1/webhooks/{}", endpoint.id),
        None => "/v1/webhooks".to_owned(),
    };
    let method = if endpoint.is_some() { "PATCH" } else { "POST" };
    let page = Page {
        action: path
            .as_ref()
            .map_or_else(|| list.clone(), |path| format!("{path}/edit")),
        cancel: path.unwrap_or_else(|| list.clone()),
        layout: visit.layout(Section::Webhooks, Some(place)),
        list,
        endpoint,
        form,
        nonce: visit.nonce(),
        error,
        docs: visit.docs("/docs/webhooks"),
        call: curl::line(&visit.api, method, &api, curl::KEY, Some(&body)),
    };
    page_of(status, &page)
}

/// Subscribes an endpoint, by the same function as `POST /v1/webhooks`, and shows its secret.
pub(in crate::console) async fn create(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let form = WebhookForm::read(&visit.form);
    let body = form.body();
    let scoped = visit.once(opened.scoped.clone(), &body)?;
    match scoped.webhooks().subscribe_json(body).await {
        Ok(reply) => {
            let made: WebhookWithSecret = reply.decode()?;
            let list = opened.place.path(Section::Webhooks);
            let page = Secret {
                path: path_to(&opened.place, made.id),
                list,
                url: made.url.clone(),
                secret: made.secret.expose().to_owned(),
                until: None,
                is_new: true,
                docs: visit.docs("/docs/webhooks"),
                call: curl::line(
                    &visit.api,
                    "POST",
                    "/v1/webhooks",
                    curl::KEY,
                    Some(&form.shown_body()),
                ),
                layout: visit.layout(Section::Webhooks, Some(opened.place)),
            };
            Ok(page_of(StatusCode::CREATED, &page))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            Ok(shown(&visit, opened, None, &form, Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::console) async fn edit(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let endpoint = of_path(&visit, &opened.scoped).await?;
    let form = WebhookForm::of(&endpoint);
    Ok(shown(&visit, opened, Some(&endpoint), &form, None))
}

/// Changes what is changed in the form, by the same function as `PATCH /v1/webhooks/:id`.
pub(in crate::console) async fn change(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let endpoint = of_path(&visit, &opened.scoped).await?;
    let form = WebhookForm::read(&visit.form).made_of(&endpoint);
    let webhooks = opened.scoped.webhooks();
    match webhooks.update_json(endpoint.id, form.body()).await {
        Ok(_) => {
            let path = path_to(&opened.place, endpoint.id);
            Ok(answer::see_other(&format!("{path}?notice=saved")))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            Ok(shown(&visit, opened, Some(&endpoint), &form, Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}
