//! All endpoints of a workspace and mode: there are few.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, ListRequest};

use super::Endpoint;
use crate::console::curl;
use crate::console::layout::{Layout, Section};
use crate::console::problem::Problem;
use crate::console::visit::{Opened, Visit, page as page_ok};

#[derive(Template)]
#[template(path = "console/webhooks.html")]
struct List {
    layout: Layout,
    path: String,
    rows: Vec<(String, Endpoint)>,
    was_deleted: bool,
    docs: String,
    call: String,
}

pub(in crate::console) async fn list(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let request = ListRequest::default();
    let listed = scoped.webhooks().list(&request).documents().await?;
    let rows = listed.data.iter().map(|document| {
        let endpoint: Endpoint = document.decode()?;
        Ok((endpoint.path(&place), endpoint))
    });
    Ok(page_ok(&List {
        rows: rows.collect::<Result<_, Error>>()?,
        path: place.path(Section::Webhooks),
        layout: visit.layout(Section::Webhooks, Some(place)),
        was_deleted: visit.query.text("notice") == "deleted",
        docs: visit.docs("/docs/webhooks"),
        call: curl::line(&visit.api, "GET", "/v1/webhooks", curl::KEY, None),
    }))
}
