//! Events: what happened in a workspace and mode, newest first, and one of them as it was recorded.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::record::{Event, EventType};
use relm_core::{Association, Error, Field, Id, Kind, RequestId};
use serde_json::{Map, Value};

use super::layout::{Layout, Place, Section, minute};
use super::listing::{Asked, Frame};
use super::problem::Problem;
use super::records::names::{NAME_CHARS, Names, of_members};
use super::records::path_to;
use super::records::timeline::{Delivered, deliveries};
use super::schema::path_of as path_of_fields;
use super::shown::{cut, json_of_page};
use super::visit::{Opened, Visit, page as page_ok, page_of, status_by};
use super::{actor, curl};
use crate::status::status_of;

/// Deliveries on the page of an event.
const DELIVERIES_MAX: usize = 50;

#[derive(Template)]
#[template(path = "console/events.html")]
struct List {
    layout: Layout,
    rows: Vec<Row>,
    frame: Frame,
    is_filtered: bool,
}

#[derive(Template)]
#[template(path = "console/event.html")]
struct Page {
    layout: Layout,
    list: String,
    row: Row,
    request: Option<Request>,
    json: String,
    is_cut: bool,
    deliveries: Vec<Delivered>,
    /// Whether there are deliveries beside these.
    has_more_deliveries: bool,
    call: String,
}

/// The request that made an event.
struct Request {
    id: RequestId,
    /// All of its events.
    events: String,
    /// The page that undoes it; none where nothing of it can be undone.
    undo: Option<String>,
}

/// An event, in words.
struct Row {
    id: String,
    path: String,
    event_type: String,
    /// What the record is called, and where it is.
    record: String,
    record_path: Option<String>,
    record_id: String,
    who: Option<String>,
    at: String,
}

/// What an event is about: what that is called, and where it is.
struct About {
    name: String,
    path: Option<String>,
}

impl About {
    fn of(place: &Place, event: &Event, names: &Names) -> Result<Self, Error> {
        let id = event.record_id();
        Ok(match event.event_type {
            EventType::Record(..) | EventType::ActivityDue => {
                let members: Map<String, Value> = event.data.decode()?;
                Self {
                    name: id.map(|id| of_members(id, &members)).unwrap_or_default(),
                    path: id.and_then(|id| path_to(place, id)),
                }
            }
            EventType::Association(_) => {
                let Association { from_id, to_id, .. } = event.data.decode()?;
                Self {
                    name: format!("{} → {}", names.get(from_id), names.get(to_id)),
                    path: path_to(place, from_id),
                }
            }
            EventType::Field(_) => {
                let field: Field = event.data.decode()?;
                Self {
                    path: Some(path_of_fields(place, field.object_type)),
                    name: cut(&field.label, NAME_CHARS),
                }
            }
            EventType::Ping => Self {
                name: id.map(|id| id.text()).unwrap_or_default(),
                path: id.map(|id| format!("{}/{id}", place.path(Section::Webhooks))),
            },
        })
    }
}

/// The records at the ends of associations that events are about.
fn ends(events: &[Event]) -> Result<Vec<Id>, Error> {
    let mut ends = Vec::new();
    for event in events {
        if let EventType::Association(_) = event.event_type {
            let edge: Association = event.data.decode()?;
            ends.extend([edge.from_id, edge.to_id]);
        }
    }
    Ok(ends)
}

impl Row {
    fn of(place: &Place, event: &Event, names: &Names) -> Result<Self, Error> {
        let id = event.record_id();
        let About { name, path } = About::of(place, event, names)?;
        Ok(Self {
            id: event.id.text(),
            path: format!("{}/{}", place.path(Section::Events), event.id),
            event_type: event.event_type.as_str().to_owned(),
            record: name,
            record_path: path,
            record_id: id.map(|id| id.text()).unwrap_or_default(),
            who: event.actor.as_ref().map(actor::name),
            at: minute(&event.created_at),
        })
    }
}

pub(super) async fn list(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let path = place.path(Section::Events);
    let asked = match Asked::read(&visit, Kind::Event, &path) {
        Ok(asked) => asked,
        Err(led) => return Ok(*led),
    };
    let listed = match &asked.request {
        Ok(request) => scoped.events().list(request).await,
        Err(error) => Err(error.clone()),
    };
    let (events, next, error) = match listed {
        Ok(page) => (page.data, page.next_cursor, None),
        Err(error) if status_of(error.kind()).is_client_error() => (Vec::new(), None, Some(error)),
        Err(error) => return Err(error.into()),
    };
    let names = Names::of(&scoped, ends(&events)?).await?;
    let rows = events.iter().map(|event| Row::of(&place, event, &names));
    let page = List {
        rows: rows.collect::<Result<_, Error>>()?,
        frame: asked.frame(&visit, "/v1/events", &[], next.as_deref(), error.as_ref()),
        is_filtered: asked.is_filtered(),
        layout: visit.layout(Section::Events, Some(place)),
    };
    let status = status_by(error.as_ref());
    Ok(page_of(status, &page))
}

pub(super) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let id = visit.id("id")?;
    let found = scoped.events().get_json(id).await?;
    let document = found.ok_or_else(Problem::missing)?;
    let event: Event = document.decode()?;
    let mut delivered = deliveries(&scoped, &place, &[id], DELIVERIES_MAX).await?;
    let delivered = delivered.remove(&id).unwrap_or_default();
    let names = Names::of(&scoped, ends(std::slice::from_ref(&event))?).await?;
    let (json, is_cut) = json_of_page(&document.json);
    let call = format!("/v1/events/{id}");
    Ok(page_ok(&Page {
        row: Row::of(&place, &event, &names)?,
        request: event.request_id.map(|id| Request {
            id,
            events: format!("{}?filter[request_id]={id}", place.path(Section::Events)),
            undo: (event.event_type != EventType::Ping).then(|| place.undo_path(id)),
        }),
        json,
        is_cut,
        deliveries: delivered.shown,
        has_more_deliveries: delivered.has_more,
        list: place.path(Section::Events),
        layout: visit.layout(Section::Events, Some(place)),
        call: curl::line(&visit.api, "GET", &call, curl::KEY, None),
    }))
}
