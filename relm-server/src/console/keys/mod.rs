//! The API keys of a workspace and mode: listed, made, rotated, revoked.

mod form;
mod rotate;
mod table;

pub(super) use self::rotate::{confirm as confirm_rotation, rotate};

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::{Error, KeyScopes, ListRequest, ShownKey};
use serde_json::Value;

use self::form::{Access, KeyForm};
use self::table::Row;
use super::curl;
use super::layout::{Item, Layout, Section};
use super::problem::Problem;
use super::shown::Message;
use super::visit::{Opened, Visit, page as page_ok, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

/// Keys on a page.
const PAGE_KEYS: usize = 50;

#[derive(Template)]
#[template(path = "console/keys.html")]
struct List {
    layout: Layout,
    rows: Vec<Row>,
    /// Where older keys are, if there are any.
    next: Option<String>,
    is_first: bool,
    was_revoked: bool,
    path: String,
    call: String,
}

#[derive(Template)]
#[template(path = "console/key_new.html")]
struct New<'a> {
    layout: Layout,
    path: String,
    form: &'a KeyForm,
    /// What makes the key once, however often the form is sent.
    nonce: String,
    /// Where the documentation is.
    docs: String,
    /// Days on which it may end.
    days: [(String, &'static str); 4],
    error: Option<Error>,
    call: String,
}

impl New<'_> {
    /// What is said at a field.
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref();
        let at = error.filter(|error| error.field() == Some(field));
        at.map(Message::of)
    }

    /// The forms that there are: one for each thing that a key may do.
    fn kinds(&self) -> [Item; 3] {
        Access::ALL.map(|access| Item {
            path: format!("{}/new?access={}", self.path, access.as_str()),
            title: access.title(),
            is_current: access == self.form.access,
        })
    }

    fn is_chosen(&self) -> bool {
        self.form.access == Access::Chosen
    }

    fn hint(&self) -> &'static str {
        self.form.access.hint()
    }

    /// What is said of the form as a whole.
    fn error(&self) -> Option<Message<'_>> {
        const FIELDS: [&str; 3] = ["name", "scopes", "expires_at"];
        let error = self.error.as_ref();
        let of_none = error.filter(|error| !error.field().is_some_and(|at| FIELDS.contains(&at)));
        of_none.map(Message::of)
    }
}

#[derive(Template)]
#[template(path = "console/key_made.html")]
struct Made {
    layout: Layout,
    /// What became of the key that it replaces.
    replaces: Option<String>,
    path: String,
    row: Row,
    secret: String,
    /// A line that works with the key, if it may read anything.
    trial: Option<String>,
    call: String,
}

#[derive(Template)]
#[template(path = "console/key_revoke.html")]
struct Revoke {
    layout: Layout,
    path: String,
    row: Row,
    call: String,
}

pub(super) async fn list(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let cursor = visit.query.trimmed("cursor").map(str::to_owned);
    let is_first = cursor.is_none();
    let request = ListRequest {
        filters: Vec::new(),
        limit: Some(PAGE_KEYS),
        cursor,
    };
    let keys = scoped.keys().list(&request).await?;
    let path = place.path(Section::Keys);
    let now = visit.crm().now();
    let rows = keys.data.iter().map(|document| {
        let key: ShownKey = document.decode()?;
        Ok(Row::of(key, now))
    });
    Ok(page_ok(&List {
        layout: visit.layout(Section::Keys, Some(place)),
        rows: rows.collect::<Result<_, Error>>()?,
        next: keys
            .next_cursor
            .map(|cursor| format!("{path}?cursor={cursor}")),
        is_first,
        was_revoked: visit.query.is_ticked("revoked"),
        path,
        call: curl::line(&visit.api, "GET", "/v1/keys", curl::KEY, None),
    }))
}

/// The form of a new key.
pub(super) async fn form(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { place, .. } = visit.open().await?;
    let access = Access::parse(visit.query.text("access"));
    let form = KeyForm::of(access.unwrap_or_default());
    let layout = visit.layout(Section::Keys, Some(place.clone()));
    Ok(shown(
        &visit,
        layout,
        place.path(Section::Keys),
        &form,
        None,
    ))
}

fn shown(
    visit: &Visit,
    layout: Layout,
    path: String,
    form: &KeyForm,
    error: Option<Error>,
) -> Response<Bytes> {
    let status = status_by(error.as_ref());
    let body = match form.is_untouched() {
        true => KeyForm::example(),
        false => form.body(),
    };
    let page = New {
        layout,
        path,
        form,
        nonce: visit.nonce(),
        days: KeyForm::days(visit.crm().now()),
        docs: visit.docs("/docs/api/keys"),
        error,
        call: curl::line(&visit.api, "POST", "/v1/keys", curl::KEY, Some(&body)),
    };
    page_of(status, &page)
}

/// Makes a key, by the same function as `POST /v1/keys`. Sent again, the form gives the same key, as a request of the same
/// `Idempotency-Key` does.
pub(super) async fn create(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let path = place.path(Section::Keys);
    let layout = visit.layout(Section::Keys, Some(place));
    let (form, error) = KeyForm::read(&visit.form);
    if let Some(error) = error {
        return Ok(shown(&visit, layout, path, &form, Some(error)));
    }
    let body = form.body();
    let scoped = visit.once(scoped, &form.request())?;
    match scoped.keys().create_json(body.clone(), None).await {
        Ok(reply) => {
            let mut key = reply.decode()?;
            let secret = key.secret.take().unwrap_or_default();
            Ok(page_of(
                StatusCode::CREATED,
                &Made {
                    trial: trial(key.scopes)
                        .map(|path| curl::line(&visit.api, "GET", path, &secret, None)),
                    row: Row::of(key, visit.crm().now()),
                    replaces: None,
                    layout,
                    path,
                    secret,
                    call: curl::line(&visit.api, "POST", "/v1/keys", curl::KEY, Some(&body)),
                },
            ))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            Ok(shown(&visit, layout, path, &form, Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a key of these scopes may read first.
fn trial(scopes: KeyScopes) -> Option<&'static str> {
    const PATHS: [(&str, &str); 11] = [
        ("contacts:read", "/v1/contacts"),
        ("companies:read", "/v1/companies"),
        ("deals:read", "/v1/deals"),
        ("activities:read", "/v1/activities"),
        ("search:read", "/v1/search?q=ada"),
        ("schema:read", "/v1/schema"),
        ("fields:read", "/v1/schema/fields"),
        ("associations:read", "/v1/associations"),
        ("webhooks:read", "/v1/webhooks"),
        ("events:read", "/v1/events"),
        ("keys:read", "/v1/keys"),
    ];
    let mut paths = PATHS.iter();
    let found = paths.find(|(scope, _)| scope.parse().is_ok_and(|scope| scopes.cover(scope)));
    found.map(|(_, path)| *path)
}

pub(super) async fn confirm(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let key = scoped.keys().get(visit.id("id")?).await?;
    let key: ShownKey = key.decode()?;
    let call = format!("/v1/keys/{}", key.id);
    Ok(page_ok(&Revoke {
        path: place.path(Section::Keys),
        layout: visit.layout(Section::Keys, Some(place)),
        row: Row::of(key, visit.crm().now()),
        call: curl::line(&visit.api, "DELETE", &call, curl::KEY, None::<&Value>),
    }))
}

pub(super) async fn revoke(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    scoped.keys().revoke(visit.id("id")?).await?;
    let path = place.path(Section::Keys);
    Ok(answer::see_other(&format!("{path}?revoked")))
}
