//! Undoing a request: a page that shows what would be reverted and what would stay, and the form that does it.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::engine::{Undone, UndoneChange};
use relm_core::record::EventType;
use relm_core::{Association, Filter, Id, Kind, ListRequest, RequestId, Scoped};
use serde_json::Value;

use super::curl;
use super::layout::{Layout, Place, Section};
use super::problem::Problem;
use super::records::names::{Names, of_members};
use super::records::path_to;
use super::schema::path_of as path_of_fields;
use super::shown::{Message, cut};
use super::visit::{Opened, Visit, page as page_ok};

/// Lines of what is reverted, and of what stays.
const LINES_MAX: usize = 50;
/// Members of a line.
const MEMBERS_MAX: usize = 6;
/// Characters of a value.
const VALUE_CHARS: usize = 40;

#[derive(Template)]
#[template(path = "console/undo.html")]
struct Page {
    layout: Layout,
    events: String,
    /// The events of the request.
    own_events: String,
    request: RequestId,
    /// Whether it is done: the page shows what it came to.
    is_done: bool,
    can_be_restored: bool,
    reverted: Vec<Reverted>,
    /// What is reverted beside those.
    more_reverted: usize,
    conflicts: Vec<Conflict>,
    more_conflicts: usize,
    unchanged: usize,
    truncated: bool,
    /// Whether that is all: of a large merge the rest follows.
    complete: bool,
    nonce: String,
    /// The page that undoes the undo.
    again: Option<String>,
    /// The events of the undo.
    new_events: Option<String>,
    call: String,
}

/// A thing that goes back.
struct Reverted {
    what: &'static str,
    thing: Thing,
    members: Option<String>,
}

/// A thing that stays.
struct Conflict {
    thing: Thing,
    message: String,
    found: Option<String>,
    existing: Option<String>,
}

impl Conflict {
    fn message(&self) -> Message<'_> {
        Message(&self.message)
    }
}

/// What is reverted, in words.
struct Thing {
    kind: &'static str,
    name: String,
    path: Option<String>,
}

/// Shows what undoing would come to: a dry run of it.
pub(super) async fn confirm(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let request = request(&visit)?;
    let undone = scoped.clone().dry_run().requests().undo(request).await?;
    shown(&visit, (&scoped, place), &undone, false).await
}

/// Undoes the request, by the same function as `POST /v1/requests/:request_id/undo`.
pub(super) async fn undo(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let request = request(&visit)?;
    let once = visit.once(scoped.clone(), &("undo", request))?;
    let undone = once.requests().undo(request).await?;
    shown(&visit, (&scoped, place), &undone, true).await
}

fn request(visit: &Visit) -> Result<RequestId, Problem> {
    let request = visit.param("request").parse();
    request.map_err(|_| Problem::missing())
}

async fn shown(
    visit: &Visit,
    (scoped, place): (&Scoped, Place),
    undone: &Undone,
    is_done: bool,
) -> Result<Response<Bytes>, Problem> {
    let request = undone.request_id;
    let ids = undone.reverted.iter().map(|it| it.id).take(LINES_MAX);
    let of_conflicts = undone.conflicts.iter().take(LINES_MAX);
    let ids = ids.chain(of_conflicts.map(|it| it.id));
    let things = Things::of(scoped, request, ids.collect()).await?;
    let events = place.path(Section::Events);
    let of_request = |id: RequestId| format!("{events}?filter[request_id]={id}");
    let call = format!("/v1/requests/{request}/undo");
    let again = undone.undone_by.filter(|_| is_done);
    let page = Page {
        own_events: of_request(request),
        request,
        is_done,
        can_be_restored: visit.crm().keeps_trash(),
        reverted: reverted(&place, undone, &things),
        more_reverted: undone.reverted.len().saturating_sub(LINES_MAX),
        conflicts: conflicts(&place, undone, &things),
        more_conflicts: undone.conflicts.len().saturating_sub(LINES_MAX)
            + undone.conflicts_left_out,
        unchanged: undone.unchanged,
        truncated: undone.truncated,
        complete: undone.complete,
        nonce: visit.nonce(),
        again: again.map(|id| place.undo_path(id)),
        new_events: again.map(of_request),
        events,
        layout: visit.layout(Section::Events, Some(place)),
        call: curl::line(&visit.api, "POST", &call, curl::KEY, None::<&Value>),
    };
    Ok(page_ok(&page))
}

fn reverted(place: &Place, undone: &Undone, things: &Things) -> Vec<Reverted> {
    let reverted = undone.reverted.iter().take(LINES_MAX);
    let reverted = reverted.map(|it| Reverted {
        what: match (it.change, it.kind) {
            (UndoneChange::Created, Kind::Association) => "linked again",
            (UndoneChange::Created, _) => "defined again",
            (UndoneChange::Updated, _) => "back as it was",
            (UndoneChange::Deleted, Kind::Association) => "unlinked",
            (UndoneChange::Deleted, Kind::Field) => "removed",
            (UndoneChange::Deleted, _) => "deleted",
            (UndoneChange::Restored, _) => "restored",
            (UndoneChange::Merged, _) => "merged again",
        },
        thing: things.get(place, it.former_id.unwrap_or(it.id)),
        members: it
            .members
            .as_deref()
            .filter(|all| !all.is_empty())
            .map(listed),
    });
    reverted.collect()
}

/// The names of members, as many as a line has room for.
fn listed(members: &[String]) -> String {
    let shown = members.iter().take(MEMBERS_MAX);
    let mut shown: Vec<String> = shown.map(|member| cut(member, VALUE_CHARS)).collect();
    if let Some(more @ 1..) = members.len().checked_sub(MEMBERS_MAX) {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

fn conflicts(place: &Place, undone: &Undone, things: &Things) -> Vec<Conflict> {
    let conflicts = undone.conflicts.iter().take(LINES_MAX);
    let conflicts = conflicts.map(|it| Conflict {
        thing: things.get(place, it.id),
        message: it.message.clone(),
        found: match &it.found {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(cut(text, VALUE_CHARS)),
            Some(value) => Some(cut(&value.to_string(), VALUE_CHARS)),
        },
        existing: it.existing_id.and_then(|id| path_to(place, id)),
    });
    conflicts.collect()
}

/// What is called what: what is there by what it is now, and the rest by what the events of the request say.
struct Things {
    names: Names,
    /// Names of what is no record, or is there no more, and where it is.
    said: Vec<(Id, String, Option<Id>)>,
    fields: Vec<(Id, relm_core::Field)>,
}

impl Things {
    async fn of(scoped: &Scoped, request: RequestId, ids: Vec<Id>) -> Result<Self, Problem> {
        let of_request = ListRequest::default()
            .filter(Filter::new("request_id", "eq", request.text()))
            .limit(4 * LINES_MAX);
        let events = scoped.events().list(&of_request).await?.data;
        let mut things = Self {
            names: Names::default(),
            said: Vec::new(),
            fields: Vec::new(),
        };
        let mut wanted = ids.clone();
        let mut edges = Vec::new();
        for event in &events {
            let Some(id) = event.record_id().filter(|id| ids.contains(id)) else {
                continue;
            };
            match event.event_type {
                EventType::Association(_) => {
                    let edge: Association = event.data.decode()?;
                    wanted.extend([edge.from_id, edge.to_id]);
                    edges.push((id, edge));
                }
                EventType::Field(_) => things.fields.push((id, event.data.decode()?)),
                EventType::Record(..) | EventType::ActivityDue => {
                    let members = event.data.decode()?;
                    things.said.push((id, of_members(id, &members), Some(id)));
                }
                EventType::Ping => {}
            }
        }
        things.names = Names::of(scoped, wanted).await?;
        for (id, edge) in edges {
            let [from, to] = [edge.from_id, edge.to_id].map(|end| things.names.get(end));
            let name = format!("{from} → {to}");
            things.said.push((id, name, Some(edge.from_id)));
        }
        Ok(things)
    }

    fn get(&self, place: &Place, id: Id) -> Thing {
        let kind = id.kind().name();
        let field = self.fields.iter().find(|(of, _)| *of == id);
        if let Some((_, field)) = field {
            return Thing {
                kind,
                name: cut(&field.label, VALUE_CHARS),
                path: Some(path_of_fields(place, field.object_type)),
            };
        }
        let said = self.said.iter().find(|(of, ..)| *of == id);
        let name = match said {
            Some((_, name, _)) if !self.names.has(id) => name.clone(),
            _ => self.names.get(id),
        };
        let at = said.and_then(|(.., at)| *at).unwrap_or(id);
        Thing {
            kind,
            name,
            path: path_to(place, at),
        }
    }
}
