//! Search over all records of a workspace and mode, from the field that every page has.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::engine::List;
use relm_core::{Error, ObjectType, Scoped, SearchRequest};

use super::curl;
use super::layout::{Item, Layout, Section};
use super::listing::PAGE_ROWS;
use super::objects::title;
use super::problem::Problem;
use super::records::names::Names;
use super::records::{Row, of_document, references, unless_refused};
use super::shown::Message;
use super::visit::{Opened, Visit, page_of, status_by};

#[derive(Template)]
#[template(path = "console/search.html")]
struct Page {
    layout: Layout,
    q: String,
    types: Vec<Item>,
    rows: Vec<Row>,
    error: Option<Error>,
    first: Option<String>,
    next: Option<String>,
    call: String,
}

impl Page {
    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }
}

/// A search as its address asks for it: by the parameters of `GET /v1/search`.
struct Asked {
    path: String,
    q: String,
    types: Option<String>,
    cursor: Option<String>,
}

impl Asked {
    fn read(visit: &Visit, path: String) -> Self {
        let text = |name| visit.query.trimmed(name).map(str::to_owned);
        Self {
            path,
            q: text("q").unwrap_or_default(),
            types: text("types"),
            cursor: text("cursor"),
        }
    }

    async fn found(&self, scoped: &Scoped) -> Result<(List, Option<Error>), Problem> {
        let request = SearchRequest {
            q: self.q.clone(),
            types: self.types.clone(),
            limit: Some(PAGE_ROWS),
            cursor: self.cursor.clone(),
        };
        if self.q.is_empty() {
            let nothing = List {
                data: Vec::new(),
                next_cursor: None,
            };
            return Ok((nothing, None));
        }
        unless_refused(scoped.search(&request).documents().await)
    }

    fn parameters(&self, types: Option<&str>, cursor: Option<&str>) -> String {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        parameters.append_pair("q", &self.q);
        for (name, value) in [("types", types), ("cursor", cursor)] {
            if let Some(value) = value {
                parameters.append_pair(name, value);
            }
        }
        parameters.finish()
    }

    /// The same search of these types, at a cursor.
    fn href(&self, types: Option<&str>, cursor: Option<&str>) -> String {
        format!("{}?{}", self.path, self.parameters(types, cursor))
    }

    /// The same search of each type.
    fn types(&self) -> Vec<Item> {
        let item = |of: Option<ObjectType>| {
            let types = of.map(ObjectType::as_str);
            Item {
                path: self.href(types, None),
                title: of.map_or("All", title),
                is_current: types == self.types.as_deref(),
            }
        };
        let all = [None].into_iter().chain(ObjectType::ALL.map(Some));
        all.map(item).collect()
    }
}

pub(super) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let asked = Asked::read(&visit, place.path(Section::Search));
    let (found, error) = asked.found(&scoped).await?;
    let names = Names::of(&scoped, references(&found.data)?).await?;
    let rows = found.data.iter();
    let rows = rows.filter_map(|document| of_document(&place, document, &names).transpose());
    let rows = rows.collect::<Result<_, Error>>()?;
    let types = asked.types.as_deref();
    let call = format!("/v1/search?{}", asked.parameters(types, None));
    let status = status_by(error.as_ref());
    let mut layout = visit.layout(Section::Search, Some(place));
    layout.query.clone_from(&asked.q);
    let next = found.next_cursor;
    let page = Page {
        layout,
        types: asked.types(),
        rows,
        error,
        first: asked.cursor.as_ref().map(|_| asked.href(types, None)),
        next: next.map(|cursor| asked.href(types, Some(&cursor))),
        call: curl::line(&visit.api, "GET", &call, curl::KEY, None),
        q: asked.q,
    };
    Ok(page_of(status, &page))
}
