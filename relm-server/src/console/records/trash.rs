//! What is deleted and can be restored.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, Id, ObjectType};

use super::list::unless_refused;
use super::names::Names;
use super::rows::{self, Row, heads};
use super::{path_of, path_to};
use crate::console::layout::{Layout, Section};
use crate::console::listing::{Asked, Frame};
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::html::answer;

#[derive(Template)]
#[template(path = "console/trash.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    list: String,
    rows: Vec<Row>,
    frame: Frame,
    error: Option<Error>,
    /// The record that has what must be unique.
    existing: Option<String>,
}

impl Page {
    fn title(&self) -> &'static str {
        title(self.object)
    }

    fn plural(&self) -> &'static str {
        plural(self.object)
    }

    fn heads(&self) -> impl Iterator<Item = &'static str> {
        let heads = heads(self.object)
            .into_iter()
            .filter(|head| !head.is_empty());
        heads.map(|head| match head {
            "Updated" => "Deleted",
            head => head,
        })
    }

    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }
}

pub(in crate::console) async fn trash(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    shown(&visit, opened, None).await
}

async fn shown(
    visit: &Visit,
    opened: Opened,
    refused: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(visit)?;
    let Opened { scoped, place } = opened;
    let list = path_of(&place, object);
    let asked = match Asked::read(visit, object.kind(), &format!("{list}/trash")) {
        Ok(asked) => asked,
        Err(led) => return Ok(*led),
    };
    let listed = match &asked.request {
        Ok(request) => objects::trash(&scoped, object, request).await,
        Err(error) => Err(error.clone()),
    };
    let (listed, error) = unless_refused(listed)?;
    let names = Names::of(&scoped, rows::references(&listed.data)?).await?;
    let rows = listed.data.iter();
    let rows = rows.filter_map(|document| rows::of_document(&place, document, &names).transpose());
    let api = format!("/v1/{}?deleted=true", plural(object));
    let next = listed.next_cursor.as_deref();
    let status = status_by(error.as_ref().or(refused.as_ref()));
    let page = Page {
        rows: rows.collect::<Result<_, Error>>()?,
        frame: asked.frame(visit, &api, &[], next, error.as_ref()),
        existing: refused
            .as_ref()
            .and_then(Error::existing_id)
            .and_then(|id| path_to(&place, id)),
        error: refused,
        layout: visit.layout(Section::Records(object), Some(place)),
        object,
        list,
    };
    Ok(page_of(status, &page))
}

/// Brings a record back, by the same function as `POST /v1/…/:id/restore`.
pub(in crate::console) async fn restore(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let id: Id = visit.id("id")?;
    match objects::restore(&opened.scoped, object, id, None).await {
        Ok(()) => {
            let path = format!("{}/{id}?notice=restored", path_of(&opened.place, object));
            Ok(answer::see_other(&path))
        }
        Err(error) if error.existing_id().is_some() => shown(&visit, opened, Some(error)).await,
        Err(error) => Err(error.into()),
    }
}
