//! An endpoint, and what was sent to it.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::Kind;
use relm_core::record::{Delivery, DeliveryStatus};

use super::{Endpoint, of_path, path_to};
use crate::console::curl;
use crate::console::layout::{Item, Layout, Section, minute};
use crate::console::listing::{Asked, Frame};
use crate::console::problem::Problem;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::status::status_of;

#[derive(Template)]
#[template(path = "console/webhook.html")]
struct Page {
    layout: Layout,
    list: String,
    path: String,
    endpoint: Endpoint,
    statuses: Vec<Item>,
    rows: Vec<Row>,
    frame: Frame,
    is_filtered: bool,
    notice: Option<&'static str>,
    nonce: String,
    call: String,
}

/// A delivery, in words.
pub(super) struct Row {
    pub path: String,
    pub event_type: &'static str,
    pub status: &'static str,
    pub attempts: usize,
    /// What came of the last attempt.
    pub last: String,
    pub made: String,
    /// When the next attempt is due.
    pub next: Option<String>,
}

impl Row {
    pub fn of(endpoint: &str, delivery: &Delivery) -> Self {
        let last = delivery.attempts.last();
        let last = last.map(|attempt| match (attempt.status_code, &attempt.error) {
            (Some(status), _) => status.to_string(),
            (None, Some(error)) => crate::console::shown::cut(error, 60),
            (None, None) => String::new(),
        });
        Self {
            path: format!("{endpoint}/deliveries/{}", delivery.id),
            event_type: delivery.event_type.as_str(),
            status: delivery.status.as_str(),
            attempts: delivery.attempts.len(),
            last: last.unwrap_or_default(),
            made: minute(&delivery.created_at),
            next: delivery.next_attempt_at.as_ref().map(minute),
        }
    }
}

/// The same deliveries by their state.
fn statuses(path: &str, chosen: &str) -> Vec<Item> {
    let item = |status: Option<DeliveryStatus>| Item {
        path: match status {
            None => path.to_owned(),
            Some(status) => format!("{path}?filter[status]={status}"),
        },
        title: match status {
            None => "All",
            Some(DeliveryStatus::Pending) => "Pending",
            Some(DeliveryStatus::Succeeded) => "Succeeded",
            Some(DeliveryStatus::Dead) => "Dead",
            Some(DeliveryStatus::Cancelled) => "Cancelled",
        },
        is_current: status.map_or("", DeliveryStatus::as_str) == chosen,
    };
    let all = [None].into_iter().chain(DeliveryStatus::ALL.map(Some));
    all.map(item).collect()
}

pub(in crate::console) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let endpoint = of_path(&visit, &scoped).await?;
    let path = path_to(&place, endpoint.id);
    let asked = match Asked::read(&visit, Kind::Delivery, &path) {
        Ok(asked) => asked,
        Err(led) => return Ok(*led),
    };
    let listed = match &asked.request {
        Ok(request) => scoped.webhooks().deliveries(endpoint.id, request).await,
        Err(error) => Err(error.clone()),
    };
    let (deliveries, next, error) = match listed {
        Ok(page) => (page.data, page.next_cursor, None),
        Err(error) if status_of(error.kind()).is_client_error() => (Vec::new(), None, Some(error)),
        Err(error) => return Err(error.into()),
    };
    let api = format!("/v1/webhooks/{}", endpoint.id);
    let deliveries_api = format!("{api}/deliveries");
    let status = status_by(error.as_ref());
    let page = Page {
        statuses: statuses(&path, visit.query.text("filter[status]")),
        rows: deliveries.iter().map(|one| Row::of(&path, one)).collect(),
        frame: asked.frame(
            &visit,
            &deliveries_api,
            &[],
            next.as_deref(),
            error.as_ref(),
        ),
        is_filtered: asked.is_filtered(),
        notice: match asked.notice.as_deref() {
            Some("saved") => Some("The endpoint was saved."),
            Some("recovered") => {
                Some("What had not reached it is on its way: the deliveries are below.")
            }
            Some("nothing") => Some("Every event of that time has reached it, or is on its way."),
            _ => None,
        },
        nonce: visit.nonce(),
        list: place.path(Section::Webhooks),
        layout: visit.layout(Section::Webhooks, Some(place)),
        call: curl::line(&visit.api, "GET", &api, curl::KEY, None),
        path,
        endpoint,
    };
    Ok(page_of(status, &page))
}
