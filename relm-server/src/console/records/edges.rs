//! When a record was linked and unlinked, for its timeline: of that its own history tells nothing.

use relm_core::record::Event;
use relm_core::{Association, Error, Filter, Id, ListRequest, ObjectType, Scoped, Timestamp};

use crate::console::layout::{Place, Section};
use crate::console::listing::filter_name;

/// Events of each direction in a stretch of time.
const EVENTS_MAX: usize = 10;

/// That a record was linked or unlinked.
pub(super) struct EdgeEvent {
    pub event: Event,
    pub edge: Association,
}

/// An association as it is seen from one of its records.
pub(super) struct SeenFrom {
    /// The end that is not this record, and its type.
    pub other: (Id, ObjectType),
    /// Whether it leads from this record.
    pub is_outgoing: bool,
    /// What it means to this record.
    pub label: Option<String>,
}

impl SeenFrom {
    pub fn of(edge: &Association, id: Id) -> Self {
        let is_outgoing = edge.from_id == id;
        let label = edge.label.as_ref();
        Self {
            other: match is_outgoing {
                true => (edge.to_id, edge.to_type),
                false => (edge.from_id, edge.from_type),
            },
            is_outgoing,
            label: match is_outgoing {
                true => label.cloned(),
                false => edge.inverse_label.as_ref().or(label).cloned(),
            },
        }
    }
}

/// A stretch of time: from a moment on, and until before another.
#[derive(Clone, Copy, Default)]
pub(super) struct Stretch {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// What a stretch of time has of the links of one record.
pub(super) struct Edges {
    /// The newest of each direction, newest first.
    pub events: Vec<EdgeEvent>,
    /// The directions that have more.
    pub more: Vec<MoreLinks>,
}

/// A direction in which a stretch of time has more links than are shown.
pub(in crate::console) struct MoreLinks {
    /// Whether they lead from the record.
    pub is_outgoing: bool,
    /// The list of the events of all of them.
    pub list: String,
}

/// What a stretch of time has of one record.
pub(super) async fn of(
    scoped: &Scoped,
    place: &Place,
    id: Id,
    stretch: Stretch,
) -> Result<Edges, Error> {
    let (mut all, mut more) = (Vec::new(), Vec::new());
    for end in ["from_id", "to_id"] {
        let mut filters = vec![Filter::new(end, "eq", id.text())];
        let bounds = [("gte", stretch.since), ("lt", stretch.until)];
        for (operator, at) in bounds {
            if let Some(at) = at {
                filters.push(Filter::new("created_at", operator, at.to_string()));
            }
        }
        let list = list_of(place, &filters);
        let request = ListRequest {
            filters,
            limit: Some(EVENTS_MAX),
            cursor: None,
        };
        let page = scoped.events().list(&request).await?;
        if page.has_more() {
            more.push(MoreLinks {
                is_outgoing: end == "from_id",
                list,
            });
        }
        for event in page.data {
            let edge = event.data.decode()?;
            all.push(EdgeEvent { event, edge });
        }
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.event.id));
    Ok(Edges { events: all, more })
}

/// Where the events that meet these filters are listed: ids and moments, in which nothing needs to be encoded.
fn list_of(place: &Place, filters: &[Filter]) -> String {
    let filters = filters.iter().map(|filter| {
        let name = filter_name(&filter.field, filter.operator.as_str());
        format!("{name}={}", filter.value)
    });
    let filters: Vec<String> = filters.collect();
    format!("{}?{}", place.path(Section::Events), filters.join("&"))
}
