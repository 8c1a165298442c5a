//! Deleting a record, into the trash.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::{ErrorKind, ObjectType};
use serde_json::Value;

use super::{names, path_of};
use crate::console::curl;
use crate::console::layout::{Layout, Section};
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::visit::{Opened, Visit, page_of};
use crate::html::answer;
use crate::status::status_of;

#[derive(Template)]
#[template(path = "console/record_delete.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    list: String,
    path: String,
    name: String,
    version: i64,
    /// Whether somebody saved the record since the page was shown.
    is_conflict: bool,
    can_be_restored: bool,
    call: String,
}

impl Page {
    fn title(&self) -> &'static str {
        title(self.object)
    }
}

pub(in crate::console) async fn confirm(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    shown(&visit, opened, false).await
}

async fn shown(
    visit: &Visit,
    opened: Opened,
    is_conflict: bool,
) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(visit)?;
    let id = visit.id("id")?;
    let Opened { scoped, place } = opened;
    let found = objects::get(&scoped, object, id).await?;
    let document = found.ok_or_else(Problem::missing)?;
    let members = objects::members(&document)?;
    let list = path_of(&place, object);
    let call = format!("/v1/{}/{id}", plural(object));
    let page = Page {
        layout: visit.layout(Section::Records(object), Some(place)),
        object,
        path: format!("{list}/{id}"),
        list,
        name: names::of_members(id, &members),
        version: members.get("version").and_then(Value::as_i64).unwrap_or(0),
        is_conflict,
        can_be_restored: visit.crm().keeps_trash(),
        call: curl::line(&visit.api, "DELETE", &call, curl::KEY, None::<&Value>),
    };
    let status = match is_conflict {
        true => status_of(ErrorKind::VersionConflict),
        false => StatusCode::OK,
    };
    Ok(page_of(status, &page))
}

/// Deletes the record that was shown, unless it was saved since.
pub(in crate::console) async fn remove(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let expected = visit.form.text("version").parse().unwrap_or(0);
    let id = visit.id("id")?;
    let mut deleted = objects::delete(&opened.scoped, object, id, Some(expected)).await;
    if deleted
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    {
        // Where anything is known of it, somebody has deleted it already, perhaps by this form.
        deleted = objects::history(&opened.scoped, object, id, 1, None)
            .await
            .map(drop);
    }
    match deleted {
        Ok(()) => {
            let path = path_of(&opened.place, object);
            Ok(answer::see_other(&format!("{path}?notice=deleted")))
        }
        Err(error) if error.kind() == ErrorKind::VersionConflict => {
            shown(&visit, opened, true).await
        }
        Err(error) => Err(error.into()),
    }
}
