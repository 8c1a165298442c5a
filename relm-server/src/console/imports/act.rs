//! What can be done with an import: end it, take it back, delete it, and have the rows that failed.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::record::file::FileFormat;
use relm_core::record::import::Import;
use serde_json::{Value, json};

use super::{of_path, path_to};
use crate::console::curl;
use crate::console::download::Download;
use crate::console::layout::{Layout, Section};
use crate::console::objects::plural;
use crate::console::problem::Problem;
use crate::console::shown::count;
use crate::console::visit::{Opened, Visit, page as page_ok};
use crate::html::answer;

#[derive(Template)]
#[template(path = "console/import_confirm.html")]
struct Confirm {
    layout: Layout,
    list: String,
    path: String,
    import: Import,
    is_undo: bool,
    nonce: String,
    call: String,
}

impl Confirm {
    fn plural(&self) -> &'static str {
        plural(self.import.object_type)
    }

    fn created(&self) -> String {
        count(self.import.created)
    }

    fn updated(&self) -> String {
        count(self.import.updated)
    }
}

/// Ends an import where it is, by the same function as `POST /v1/imports/:id/cancel`.
pub(in crate::console) async fn cancel(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let id = of_path(&visit, &scoped).await?.id;
    scoped.imports().cancel(id).await?;
    Ok(answer::see_other(&path_to(&place, id)))
}

pub(in crate::console) async fn confirm_undo(visit: Visit) -> Result<Response<Bytes>, Problem> {
    confirm(visit, true).await
}

/// Has what an import changed be taken back, by the same function as `POST /v1/imports/:id/undo`.
pub(in crate::console) async fn undo(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let id = of_path(&visit, &scoped).await?.id;
    let once = visit.once(scoped, &json!(["undo", id.text()]))?;
    once.imports().undo(id).await?;
    Ok(answer::see_other(&path_to(&place, id)))
}

pub(in crate::console) async fn confirm_delete(visit: Visit) -> Result<Response<Bytes>, Problem> {
    confirm(visit, false).await
}

/// Deletes an import, by the same function as `DELETE /v1/imports/:id`.
pub(in crate::console) async fn delete(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let id = of_path(&visit, &scoped).await?.id;
    scoped.imports().delete(id).await?;
    let list = place.path(Section::Imports);
    Ok(answer::see_other(&format!("{list}?notice=deleted")))
}

async fn confirm(visit: Visit, is_undo: bool) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let import = of_path(&visit, &scoped).await?;
    let of_api = format!("/v1/imports/{}", import.id);
    let (method, of_api) = match is_undo {
        true => ("POST", format!("{of_api}/undo")),
        false => ("DELETE", of_api),
    };
    Ok(page_ok(&Confirm {
        list: place.path(Section::Imports),
        path: path_to(&place, import.id),
        layout: visit.layout(Section::Imports, Some(place)),
        import,
        is_undo,
        nonce: visit.nonce(),
        call: curl::line(&visit.api, method, &of_api, curl::KEY, None::<&Value>),
    }))
}

/// The rows that failed, by the same function as `GET /v1/imports/:id/errors`.
pub(in crate::console) async fn errors(visit: Visit) -> Result<Download, Problem> {
    let Opened { scoped, .. } = visit.open().await?;
    let id = of_path(&visit, &scoped).await?.id;
    let pieces = scoped.imports().errors_csv(id).await?;
    Ok(Download::new("failed-rows", FileFormat::Csv, pieces))
}

/// What an undo left as it is, by the same function as `GET /v1/imports/:id/conflicts`.
pub(in crate::console) async fn conflicts(visit: Visit) -> Result<Download, Problem> {
    let Opened { scoped, .. } = visit.open().await?;
    let id = of_path(&visit, &scoped).await?.id;
    let pieces = scoped.imports().conflicts_csv(id).await?;
    Ok(Download::new("conflicts", FileFormat::Csv, pieces))
}
