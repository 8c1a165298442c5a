//! One request for a page: who asks for what, and in which workspace and mode.

use std::sync::Arc;

use askama::Template;
use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, USER_AGENT};
use hyper::{Response, StatusCode, Uri};
use relm_core::engine::{Crm, Scoped};
use relm_core::{Error, Id, Mode, Session, User};
use serde::Serialize;

use super::Shared;
use super::form::{Form, csrf_token, upload_token};
use super::layout::{Layout, Place, Section};
use super::problem::Problem;
use super::upload::Waiting;
use crate::html::{BaseUrl, answer, render};
use crate::serve::Peer;
use crate::status::status_of;

/// A request whose head was checked, with the form that it sent.
pub(super) struct Visit {
    pub shared: Arc<Shared>,
    /// What stands in the path's places, by their names.
    pub params: Vec<(String, String)>,
    pub query: Form,
    /// Whether it is a form, which may change something.
    pub is_change: bool,
    /// What was asked for, as it was written.
    pub address: Uri,
    pub form: Form,
    /// The form with a file that is sent, where it is one.
    pub upload: Waiting,
    /// Where the console is reached.
    pub base: BaseUrl,
    /// Where the API is reached.
    pub api: BaseUrl,
    pub is_https: bool,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// What it shows that a person has signed in with it before.
    pub device: Option<String>,
    pub peer: Option<Peer>,
    /// There wherever the route needs it.
    pub session: Option<SignedIn>,
}

/// Who is signed in.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub session: Session,
    pub user: User,
    pub token: String,
}

impl SignedIn {
    /// The token in the forms that are made for it.
    pub fn csrf(&self) -> String {
        csrf_token(&self.token)
    }

    /// The same in the addresses of its forms with files.
    pub fn upload_token(&self) -> String {
        upload_token(&self.token)
    }
}

/// A workspace and mode, opened for whoever is signed in.
pub(super) struct Opened {
    pub scoped: Scoped,
    pub place: Place,
}

impl Visit {
    pub fn crm(&self) -> &Crm {
        &self.shared.crm
    }

    /// Where a page of the documentation is: beside the API.
    pub fn docs(&self, path: &str) -> String {
        match &self.shared.api {
            Some(api) => format!("{api}{path}"),
            None => path.to_owned(),
        }
    }

    /// Who is signed in.
    pub fn signed_in(&self) -> Result<&SignedIn, Problem> {
        self.session.as_ref().ok_or_else(Problem::signed_out)
    }

    /// What stands in a place of the path.
    pub fn param(&self, name: &str) -> &str {
        let mut params = self.params.iter();
        let found = params.find(|(param, _)| param == name);
        found.map_or("", |(_, value)| value)
    }

    /// The id in a place of the path.
    pub fn id(&self, name: &str) -> Result<Id, Problem> {
        Id::parse(self.param(name)).ok_or_else(Problem::missing)
    }

    /// The workspace and mode in the path, in which the person who is signed in acts.
    pub async fn open(&self) -> Result<Opened, Problem> {
        let mode: Mode = self.param("mode").parse().map_err(|_| Problem::missing())?;
        let workspace = self.crm().workspace(self.id("workspace")?).await?;
        let scoped = self.crm().open(workspace.id, mode).await?;
        let actor = self.signed_in()?.user.actor();
        Ok(Opened {
            scoped: scoped.acting_as(actor).for_request(self.crm().request_id()),
            place: Place {
                workspace_id: workspace.id,
                workspace: workspace.name.clone(),
                mode,
            },
        })
    }

    /// The handle with which a form is carried out once, however often it is sent: like a request with an `Idempotency-Key`, it is
    /// known by the form that it was sent from, and by what it asks for.
    pub fn once<R: Serialize + ?Sized>(
        &self,
        scoped: Scoped,
        request: &R,
    ) -> Result<Scoped, Problem> {
        match self.form.trimmed("nonce") {
            Some(nonce) => {
                let by = self.signed_in()?.user.id;
                Ok(scoped.idempotent(&format!("console {by} {nonce}"), request)?)
            }
            None => Ok(scoped),
        }
    }

    /// What makes a form once, however often it is sent.
    pub fn nonce(&self) -> String {
        self.crm().request_id().to_string()
    }

    /// The frame of a page.
    pub fn layout(&self, section: Section, place: Option<Place>) -> Layout {
        Layout::of(self.session.as_ref(), section, place)
    }
}

/// A page.
pub(super) fn page(template: &impl Template) -> Response<Bytes> {
    page_of(StatusCode::OK, template)
}

/// The status of a page: that of what is wrong with it, if anything is.
pub(super) fn status_by(error: Option<&Error>) -> StatusCode {
    error.map_or(StatusCode::OK, |error| status_of(error.kind()))
}

pub(super) fn page_of(status: StatusCode, template: &impl Template) -> Response<Bytes> {
    answer::private(status, render(template))
}

pub(super) fn agent(headers: &HeaderMap) -> Option<String> {
    header(headers, USER_AGENT)
}

/// A header, as text.
pub(super) fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}
