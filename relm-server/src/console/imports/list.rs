//! All imports of a workspace and mode.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::record::import::Import;
use relm_core::{Error, Kind};

use super::path_to;
use crate::console::actor;
use crate::console::layout::{Layout, Place, Section, minute};
use crate::console::listing::{Asked, Frame};
use crate::console::objects::title;
use crate::console::problem::Problem;
use crate::console::records::unless_refused;
use crate::console::shown::count;
use crate::console::visit::{Opened, Visit, page_of, status_by};

#[derive(Template)]
#[template(path = "console/imports.html")]
struct List {
    layout: Layout,
    rows: Vec<Row>,
    frame: Frame,
    is_filtered: bool,
    was_deleted: bool,
}

/// An import, in words.
struct Row {
    path: String,
    title: &'static str,
    is_dry_run: bool,
    status: &'static str,
    counts: String,
    failed: Option<String>,
    who: String,
    at: String,
}

impl Row {
    fn of(place: &Place, import: &Import) -> Self {
        Self {
            path: path_to(place, import.id),
            title: title(import.object_type),
            is_dry_run: import.dry_run,
            status: import.status.as_str(),
            counts: counts(import),
            failed: (import.failed > 0).then(|| format!("{} failed", count(import.failed))),
            who: actor::name(&import.actor),
            at: minute(&import.created_at),
        }
    }
}

/// What became of the rows, in a line.
fn counts(import: &Import) -> String {
    let counted = [
        (import.created, "created"),
        (import.updated, "updated"),
        (import.unchanged, "unchanged"),
    ];
    let counted = counted.into_iter().filter(|(number, _)| *number > 0);
    let counted: Vec<String> = counted
        .map(|(number, word)| format!("{} {word}", count(number)))
        .collect();
    match counted.is_empty() {
        true if import.failed > 0 => String::new(),
        true => format!("{} rows", count(import.rows_received)),
        false => counted.join(" · "),
    }
}

pub(in crate::console) async fn list(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let asked = match Asked::read(&visit, Kind::Import, &place.path(Section::Imports)) {
        Ok(asked) => asked,
        Err(led) => return Ok(*led),
    };
    let listed = match &asked.request {
        Ok(request) => scoped.imports().list(request).documents().await,
        Err(error) => Err(error.clone()),
    };
    let (listed, error) = unless_refused(listed)?;
    let rows = listed.data.iter().map(|document| {
        let import: Import = document.decode()?;
        Ok(Row::of(&place, &import))
    });
    let next = listed.next_cursor.as_deref();
    let page = List {
        rows: rows.collect::<Result<_, Error>>()?,
        frame: asked.frame(&visit, "/v1/imports", &[], next, error.as_ref()),
        is_filtered: asked.is_filtered(),
        was_deleted: asked.notice.as_deref() == Some("deleted"),
        layout: visit.layout(Section::Imports, Some(place)),
    };
    Ok(page_of(status_by(error.as_ref()), &page))
}
