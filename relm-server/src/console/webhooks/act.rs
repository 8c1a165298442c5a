//! What can be done with an endpoint: try it out, send again, go on after an outage, give it another secret, delete it.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::record::Delivery;
use relm_core::{Error, WebhookWithSecret};
use serde_json::{Value, json};

use super::edit::Secret;
use super::{Endpoint, of_path, path_to};
use crate::console::curl;
use crate::console::form::picked;
use crate::console::layout::{Layout, Section, minute};
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page as page_ok, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

/// How many deliveries the request before this one began.
const SENT: &str = "sent";

#[derive(Template)]
#[template(path = "console/webhook_rotate.html")]
struct Rotate {
    layout: Layout,
    list: String,
    path: String,
    endpoint: Endpoint,
    nonce: String,
    error: Option<Error>,
    call: String,
}

#[derive(Template)]
#[template(path = "console/webhook_recover.html")]
struct Recover {
    layout: Layout,
    list: String,
    path: String,
    endpoint: Endpoint,
    since: String,
    until: String,
    /// Deliveries that the request before this one began.
    sent: Option<usize>,
    error: Option<Error>,
    call: String,
}

#[derive(Template)]
#[template(path = "console/webhook_delete.html")]
struct Delete {
    layout: Layout,
    list: String,
    path: String,
    endpoint: Endpoint,
    call: String,
}

impl Rotate {
    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }
}

impl Recover {
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref();
        let at = error.filter(|error| error.field() == Some(field));
        at.map(Message::of)
    }

    fn error(&self) -> Option<Message<'_>> {
        let error = self.error.as_ref();
        let of_none = error.filter(|error| !matches!(error.field(), Some("since" | "until")));
        of_none.map(Message::of)
    }
}

/// Sends a ping, by the same function as `POST /v1/webhooks/:id/test`.
pub(in crate::console) async fn test(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let id = visit.id("id")?;
    let scoped = visit.once(scoped, &json!(["test", id.text()]))?;
    let delivery: Delivery = scoped.webhooks().test(id).await?.decode()?;
    let path = path_to(&place, id);
    let path = format!("{path}/deliveries/{}?notice=test", delivery.id);
    Ok(answer::see_other(&path))
}

/// Sends the event of a delivery again, by the same function as `POST /v1/webhooks/:id/deliveries/:id/replay`.
pub(in crate::console) async fn replay(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let (id, delivery) = (visit.id("id")?, visit.id("delivery")?);
    let scoped = visit.once(scoped, &json!(["replay", id.text(), delivery.text()]))?;
    let replayed: Delivery = scoped.webhooks().replay(id, delivery).await?.decode()?;
    let path = path_to(&place, id);
    let path = format!("{path}/deliveries/{}?notice=replayed", replayed.id);
    Ok(answer::see_other(&path))
}

pub(in crate::console) async fn rotate_form(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    rotation(&visit, opened, None).await
}

async fn rotation(
    visit: &Visit,
    opened: Opened,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = opened;
    let endpoint = of_path(visit, &scoped).await?;
    let status = status_by(error.as_ref());
    let call = format!("/v1/webhooks/{}/rotate_secret", endpoint.id);
    let body = json!({ "expires_in": 86_400 });
    let page = Rotate {
        list: place.path(Section::Webhooks),
        path: path_to(&place, endpoint.id),
        layout: visit.layout(Section::Webhooks, Some(place)),
        endpoint,
        nonce: visit.nonce(),
        error,
        call: curl::line(&visit.api, "POST", &call, curl::KEY, Some(&body)),
    };
    Ok(page_of(status, &page))
}

/// Gives an endpoint another secret, by the same function as `POST /v1/webhooks/:id/rotate_secret`, and shows it.
pub(in crate::console) async fn rotate(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let id = visit.id("id")?;
    let typed = visit.form.text("expires_in");
    let seconds = typed.parse::<i64>();
    let body = json!({ "expires_in": seconds.map_or_else(|_| json!(typed), Value::from) });
    let once = json!(["rotate", id.text(), body]);
    let scoped = visit.once(opened.scoped.clone(), &once)?;
    match scoped.webhooks().rotate_secret_json(id, body.clone()).await {
        Ok(reply) => {
            let made: WebhookWithSecret = reply.decode()?;
            let call = format!("/v1/webhooks/{id}/rotate_secret");
            let page = Secret {
                list: opened.place.path(Section::Webhooks),
                path: path_to(&opened.place, id),
                layout: visit.layout(Section::Webhooks, Some(opened.place)),
                url: made.url.clone(),
                secret: made.secret.expose().to_owned(),
                until: made
                    .previous_secret_expires_at
                    .filter(|until| *until > visit.crm().now())
                    .as_ref()
                    .map(minute),
                is_new: false,
                docs: visit.docs("/docs/webhooks"),
                call: curl::line(&visit.api, "POST", &call, curl::KEY, Some(&body)),
            };
            Ok(page_ok(&page))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            rotation(&visit, opened, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::console) async fn recover_form(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let typed = |name| visit.query.text(name).trim_end_matches('Z').to_owned();
    let (since, until) = (typed("since"), typed("until"));
    recovery(&visit, opened, (since, until), None).await
}

async fn recovery(
    visit: &Visit,
    opened: Opened,
    (since, until): (String, String),
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = opened;
    let endpoint = of_path(visit, &scoped).await?;
    let status = status_by(error.as_ref());
    let call = format!("/v1/webhooks/{}/recover", endpoint.id);
    let body = match since.is_empty() {
        true => json!({ "since": "2026-11-29T00:00:00Z" }),
        false => range(&since, &until),
    };
    let page = Recover {
        list: place.path(Section::Webhooks),
        path: path_to(&place, endpoint.id),
        layout: visit.layout(Section::Webhooks, Some(place)),
        endpoint,
        since,
        until,
        sent: visit.query.text(SENT).parse().ok(),
        error,
        call: curl::line(&visit.api, "POST", &call, curl::KEY, Some(&body)),
    };
    Ok(page_of(status, &page))
}

/// A range as the API takes it: what is picked is in UTC.
fn range(since: &str, until: &str) -> Value {
    let mut body = json!({ "since": picked(since) });
    if !until.is_empty() {
        body["until"] = json!(picked(until));
    }
    body
}

/// Sends what has not reached the endpoint, by the same function as `POST /v1/webhooks/:id/recover`: as much as that does at once, and
/// the form leads on where there is more.
pub(in crate::console) async fn recover(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let id = visit.id("id")?;
    let since = visit.form.text("since").trim().to_owned();
    let until = visit.form.text("until").trim().to_owned();
    let body = range(&since, &until);
    match opened.scoped.webhooks().recover_json(id, body).await {
        Ok(reply) => {
            let recovery = reply.decode()?;
            let path = path_to(&opened.place, id);
            Ok(answer::see_other(
                &match (recovery.next_until, recovery.recovered) {
                    (Some(next), sent) => {
                        let until = ("until", next.to_string());
                        let range = [("since", since), until, (SENT, sent.to_string())];
                        let mut parameters = form_urlencoded::Serializer::new(String::new());
                        format!("{path}/recover?{}", parameters.extend_pairs(range).finish())
                    }
                    (None, 0) => format!("{path}?notice=nothing"),
                    (None, _) => format!("{path}?notice=recovered"),
                },
            ))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            recovery(&visit, opened, (since, until), Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::console) async fn confirm(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let endpoint = of_path(&visit, &scoped).await?;
    let call = format!("/v1/webhooks/{}", endpoint.id);
    Ok(page_ok(&Delete {
        list: place.path(Section::Webhooks),
        path: path_to(&place, endpoint.id),
        layout: visit.layout(Section::Webhooks, Some(place)),
        endpoint,
        call: curl::line(&visit.api, "DELETE", &call, curl::KEY, None::<&Value>),
    }))
}

/// Deletes an endpoint, by the same function as `DELETE /v1/webhooks/:id`.
pub(in crate::console) async fn remove(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    scoped.webhooks().delete(visit.id("id")?).await?;
    let path = place.path(Section::Webhooks);
    Ok(answer::see_other(&format!("{path}?notice=deleted")))
}
