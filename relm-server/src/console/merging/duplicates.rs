//! The page of the records of a type that are most likely one, group by group.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::engine::{DuplicateGroup, DuplicateReason, Duplicates};
use relm_core::limits::DUPLICATES_LOOKED_MAX;
use relm_core::record::Document;
use relm_core::{Error, ObjectType, Result as EngineResult, Scoped};

use super::path_of_comparison;
use crate::console::curl;
use crate::console::layout::{Layout, Place, Section};
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::records::{Names, Row, of_document, path_of, references};
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::status::status_of;

/// Records of a group that are shown; all of them are on the page that compares them.
const SHOWN_MAX: usize = 6;

#[derive(Template)]
#[template(path = "console/duplicates.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    /// Where the list is.
    list: String,
    path: String,
    groups: Vec<Group>,
    is_first: bool,
    next: Option<String>,
    error: Option<Error>,
    call: String,
}

/// Records that are most likely one.
struct Group {
    reason: &'static str,
    rows: Vec<Row>,
    /// Records beside those.
    more: usize,
    /// Whether there are even more.
    has_more: bool,
    /// The page that lays them side by side.
    compare: String,
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

    fn looked_at(&self) -> usize {
        DUPLICATES_LOOKED_MAX
    }

    /// What the records of the type are looked through for.
    fn looked_for(&self) -> &'static str {
        match self.object {
            ObjectType::Contact => "one phone number, or one name at one company",
            ObjectType::Company => "one domain or one name",
            ObjectType::Deal => "one title with one company",
            ObjectType::Activity => "nothing",
        }
    }
}

pub(in crate::console) async fn list(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let cursor = visit.query.trimmed("cursor");
    let (found, error) = match objects::duplicates(&scoped, object, cursor).await {
        Ok(found) => (found, None),
        Err(error) if status_of(error.kind()).is_client_error() => {
            let nothing = Duplicates {
                data: Vec::new(),
                next_cursor: None,
            };
            (nothing, Some(error))
        }
        Err(error) => return Err(error.into()),
    };
    let list = path_of(&place, object);
    let path = format!("{list}/duplicates");
    let next = found.next_cursor.as_ref();
    let page = Page {
        next: next.map(|cursor| format!("{path}?cursor={cursor}")),
        groups: groups(&scoped, &place, object, found.data).await?,
        layout: visit.layout(Section::Records(object), Some(place)),
        object,
        list,
        path,
        is_first: cursor.is_none(),
        call: {
            let path = format!("/v1/{}/duplicates", plural(object));
            curl::line(&visit.api, "GET", &path, curl::KEY, None)
        },
        error,
    };
    Ok(page_of(status_by(page.error.as_ref()), &page))
}

async fn groups(
    scoped: &Scoped,
    place: &Place,
    object: ObjectType,
    groups: Vec<DuplicateGroup<Document>>,
) -> EngineResult<Vec<Group>> {
    let mut referred = Vec::new();
    for group in &groups {
        let shown = group.records.len().min(SHOWN_MAX);
        referred.extend(references(&group.records[..shown])?);
    }
    let names = Names::of(scoped, referred).await?;
    let group = |group: DuplicateGroup<Document>| {
        let shown = group.records.iter().take(SHOWN_MAX);
        let rows = shown.filter_map(|record| of_document(place, record, &names).transpose());
        Ok(Group {
            reason: in_words(object, group.reason),
            rows: rows.collect::<EngineResult<_>>()?,
            more: group.records.len().saturating_sub(SHOWN_MAX),
            has_more: group.has_more,
            compare: {
                let ids = group.records.iter().map(|record| record.id);
                path_of_comparison(place, object, ids)
            },
        })
    };
    groups.into_iter().map(group).collect()
}

const fn in_words(object: ObjectType, reason: DuplicateReason) -> &'static str {
    match (reason, object) {
        (DuplicateReason::Phone, _) => "Same phone number",
        (DuplicateReason::Domain, _) => "Same domain",
        (DuplicateReason::Name, _) => "Same name",
        (DuplicateReason::NameAndCompany, ObjectType::Deal) => "Same title and company",
        (DuplicateReason::NameAndCompany, _) => "Same name and company",
    }
}
