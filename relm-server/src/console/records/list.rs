//! The list of the records of a type.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::engine::List as Page;
use relm_core::{Error, ObjectType};

use super::names::Names;
use super::rows::{self, Row, heads};
use super::{path_of, tasks};
use crate::console::layout::{Layout, Section};
use crate::console::listing::{Asked, Frame, View};
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::status::status_of;

#[derive(Template)]
#[template(path = "console/records.html")]
struct List {
    layout: Layout,
    object: ObjectType,
    rows: Vec<Row>,
    frame: Frame,
    is_filtered: bool,
    keeps_trash: bool,
    /// The form that imports a file of them.
    imports: String,
    notice: Option<String>,
    /// What many ask for.
    views: Vec<View>,
}

impl List {
    fn title(&self) -> &'static str {
        title(self.object)
    }

    fn plural(&self) -> &'static str {
        plural(self.object)
    }

    fn heads(&self) -> impl Iterator<Item = &'static str> {
        heads(self.object)
            .into_iter()
            .filter(|head| !head.is_empty())
    }
}

pub(in crate::console) async fn list(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let asked = match Asked::read(&visit, object.kind(), &path_of(&place, object)) {
        Ok(asked) => asked,
        Err(led) => return Ok(*led),
    };
    let fields = scoped.fields().all().await?;
    let listed = match &asked.request {
        Ok(request) => objects::list(&scoped, object, request).await,
        Err(error) => Err(error.clone()),
    };
    let (listed, error) = unless_refused(listed)?;
    let names = Names::of(&scoped, rows::references(&listed.data)?).await?;
    let rows = listed.data.iter();
    let rows = rows.filter_map(|document| rows::of_document(&place, document, &names).transpose());
    let api = format!("/v1/{}", plural(object));
    let next = listed.next_cursor.as_deref();
    let page = List {
        rows: rows.collect::<Result<_, Error>>()?,
        frame: asked.frame(&visit, &api, &fields, next, error.as_ref()),
        is_filtered: asked.is_filtered(),
        keeps_trash: visit.crm().keeps_trash(),
        imports: format!(
            "{}/new?object={}",
            place.path(Section::Imports),
            plural(object)
        ),
        views: match object {
            ObjectType::Activity => tasks::views(&asked, visit.crm().now()),
            ObjectType::Contact | ObjectType::Company | ObjectType::Deal => Vec::new(),
        },
        notice: asked.notice,
        layout: visit.layout(Section::Records(object), Some(place)),
        object,
    };
    let status = status_by(error.as_ref());
    Ok(page_of(status, &page))
}

/// What was listed; nothing, and why, where the engine refused what was asked for.
///
/// # Errors
/// What is not the fault of whoever asked.
pub(in crate::console) fn unless_refused(
    listed: Result<Page, Error>,
) -> Result<(Page, Option<Error>), Problem> {
    match listed {
        Ok(page) => Ok((page, None)),
        Err(error) if status_of(error.kind()).is_client_error() => {
            let nothing = Page {
                data: Vec::new(),
                next_cursor: None,
            };
            Ok((nothing, Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}
