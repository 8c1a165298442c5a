//! The page that looks for what a record is to be merged with.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, Id, ObjectType, SearchRequest};

use super::RECORDS_MAX;
use crate::console::curl;
use crate::console::layout::{Layout, Section};
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::records::names::of_document as name_of;
use crate::console::records::{Names, Row, of_document, path_of, references, unless_refused};
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};

/// Records that are offered.
const FOUND_MAX: usize = RECORDS_MAX - 1;

#[derive(Template)]
#[template(path = "console/merge_find.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    list: String,
    path: String,
    id: Id,
    name: String,
    q: String,
    rows: Vec<Row>,
    error: Option<Error>,
    call: String,
}

impl Page {
    fn title(&self) -> &'static str {
        title(self.object)
    }

    fn plural(&self) -> &'static str {
        plural(self.object)
    }

    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }
}

/// The records that a search finds, that for its name at first.
pub(in crate::console) async fn find(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let id = visit.id("id")?;
    let Opened { scoped, place } = visit.open().await?;
    let found = objects::get(&scoped, object, id).await?;
    let name = name_of(&found.ok_or_else(Problem::missing)?)?;
    let q = match visit.query.has("q") {
        true => visit.query.trimmed("q").unwrap_or_default().to_owned(),
        // A record without a name is called by its id, which finds itself alone.
        false if name == id.text() => String::new(),
        false => name.clone(),
    };
    let request = SearchRequest {
        q: q.clone(),
        types: Some(object.as_str().to_owned()),
        limit: Some(FOUND_MAX),
        cursor: None,
    };
    let (found, error) = match q.is_empty() {
        true => (Vec::new(), None),
        false => {
            let (found, error) = unless_refused(scoped.search(&request).documents().await)?;
            (found.data, error)
        }
    };
    let names = Names::of(&scoped, references(&found)?).await?;
    let others = found.iter().filter(|document| document.id != id);
    let rows = others.filter_map(|document| of_document(&place, document, &names).transpose());
    let list = path_of(&place, object);
    let page = Page {
        rows: rows.collect::<Result<_, Error>>()?,
        path: format!("{list}/{id}"),
        layout: visit.layout(Section::Records(object), Some(place)),
        object,
        list,
        id,
        name,
        call: {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query
                .append_pair("q", &q)
                .append_pair("types", object.as_str());
            let path = format!("/v1/search?{}", query.finish());
            curl::line(&visit.api, "GET", &path, curl::KEY, None)
        },
        q,
        error,
    };
    Ok(page_of(status_by(page.error.as_ref()), &page))
}
