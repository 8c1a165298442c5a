//! Rotating a key: a successor is made, and the old one works beside it for a while.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::{Error, Id, ShownKey};
use serde_json::{Value, json};

use super::table::Row;
use super::{Made, trial};
use crate::console::curl;
use crate::console::layout::{Layout, Section, minute};
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::status::status_of;

/// How long the old key may work beside the new one, in seconds, and what people call that.
const OVERLAPS: [(&str, &str); 5] = [
    ("86400", "A day"),
    ("3600", "An hour"),
    ("604800", "7 days"),
    ("2592000", "30 days"),
    ("0", "Not at all: it is revoked at once"),
];

#[derive(Template)]
#[template(path = "console/key_rotate.html")]
struct Page {
    layout: Layout,
    path: String,
    row: Row,
    nonce: String,
    chosen: String,
    error: Option<Error>,
    call: String,
}

impl Page {
    fn overlaps(&self) -> [(&'static str, &'static str); 5] {
        OVERLAPS
    }

    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }

    /// Whether there is anything to rotate.
    fn can_be_rotated(&self) -> bool {
        self.row.state.is_active() && !self.row.is_replaced
    }
}

pub(in crate::console) async fn confirm(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    shown(&visit, opened, None).await
}

async fn shown(
    visit: &Visit,
    opened: Opened,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = opened;
    let key: ShownKey = scoped.keys().get(visit.id("id")?).await?.decode()?;
    let status = status_by(error.as_ref());
    let body = json!({ "overlap_seconds": 86_400 });
    let page = Page {
        path: place.path(Section::Keys),
        layout: visit.layout(Section::Keys, Some(place)),
        call: call(visit, key.id, &body),
        row: Row::of(key, visit.crm().now()),
        nonce: visit.nonce(),
        chosen: visit.form.text("overlap_seconds").to_owned(),
        error,
    };
    Ok(page_of(status, &page))
}

fn call(visit: &Visit, id: Id, body: &Value) -> String {
    let path = format!("/v1/keys/{id}/rotate");
    curl::line(&visit.api, "POST", &path, curl::KEY, Some(body))
}

/// Makes the successor, by the same function as `POST /v1/keys/:id/rotate`, and shows it.
pub(in crate::console) async fn rotate(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let id = visit.id("id")?;
    let typed = visit.form.text("overlap_seconds");
    let seconds = typed.parse::<i64>();
    let overlap = seconds.map_or_else(|_| json!(typed), Value::from);
    let body = json!({ "overlap_seconds": overlap });
    let once = json!(["rotate", id.text(), body]);
    let scoped = visit.once(opened.scoped.clone(), &once)?;
    match scoped.keys().rotate_json(id, body.clone(), None).await {
        Ok(reply) => {
            let mut key = reply.decode()?;
            let secret = key.secret.take().unwrap_or_default();
            // The secret is shown this once, whatever becomes of reading the old key.
            let old = opened.scoped.keys().get(id).await;
            let old: Option<ShownKey> = old.and_then(|old| old.decode()).ok();
            Ok(page_of(
                StatusCode::CREATED,
                &Made {
                    trial: trial(key.scopes)
                        .map(|path| curl::line(&visit.api, "GET", path, &secret, None)),
                    row: Row::of(key, visit.crm().now()),
                    replaces: Some(match old {
                        Some(old) => what_became_of(&old),
                        None => "The old key was rotated.".to_owned(),
                    }),
                    path: opened.place.path(Section::Keys),
                    layout: visit.layout(Section::Keys, Some(opened.place)),
                    secret,
                    call: call(&visit, id, &body),
                },
            ))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            shown(&visit, opened, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn what_became_of(old: &ShownKey) -> String {
    match old.expires_at.filter(|_| old.revoked_at.is_none()) {
        Some(until) => format!("The old key {} works until {}.", old.hint, minute(&until)),
        None => format!("The old key {} was revoked.", old.hint),
    }
}
