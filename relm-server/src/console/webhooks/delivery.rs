//! One delivery: what was sent, and what came back of each attempt.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::record::{Attempt, Delivery};
use relm_core::{Filter, Kind, ListRequest};

use super::page::Row;
use super::{Endpoint, of_path, path_to};
use crate::console::curl;
use crate::console::layout::{Layout, Section};
use crate::console::problem::Problem;
use crate::console::shown::json_of_page;
use crate::console::visit::{Opened, Visit, page as page_ok};

#[derive(Template)]
#[template(path = "console/delivery.html")]
struct Page {
    layout: Layout,
    list: String,
    /// Where the endpoint is.
    path: String,
    endpoint: Endpoint,
    row: Row,
    id: String,
    event_id: String,
    /// The page of the event, while it is kept.
    event: Option<String>,
    /// What each attempt sent.
    body: Option<String>,
    is_cut: bool,
    attempts: Vec<Shown>,
    replay_of: Option<String>,
    nonce: String,
    notice: Option<&'static str>,
    call: String,
}

/// An attempt, in words.
struct Shown {
    number: usize,
    at: String,
    status: Option<u16>,
    is_success: bool,
    error: Option<String>,
    duration_ms: i64,
    response: Option<String>,
}

impl Shown {
    fn of(number: usize, attempt: &Attempt) -> Self {
        Self {
            number,
            at: attempt.at.to_string(),
            status: attempt.status_code,
            is_success: attempt.error.is_none(),
            error: attempt.error.clone(),
            duration_ms: attempt.duration_ms,
            response: attempt.response.clone(),
        }
    }
}

pub(in crate::console) async fn delivery(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = visit.open().await?;
    let endpoint = of_path(&visit, &scoped).await?;
    let id = visit.id("delivery")?;
    if id.kind() != Kind::Delivery {
        return Err(Problem::missing());
    }
    let request = ListRequest::default().filter(Filter::new("id", "eq", id.text()));
    let listed = scoped.webhooks().deliveries(endpoint.id, &request).await?;
    let delivery: Delivery = listed.into_iter().next().ok_or_else(Problem::missing)?;
    let event = scoped.events().get(delivery.event_id).await?;
    // What is sent is the event as it was recorded, and no more than that.
    let body = event.as_ref().map(serde_json::to_string);
    let body = body.and_then(Result::ok).map(|json| json_of_page(&json));
    let path = path_to(&place, endpoint.id);
    let attempts = delivery.attempts.iter().enumerate();
    let call = format!("/v1/webhooks/{}/deliveries?filter[id]={id}", endpoint.id);
    Ok(page_ok(&Page {
        row: Row::of(&path, &delivery),
        id: id.text(),
        event_id: delivery.event_id.text(),
        event: event.map(|event| format!("{}/{}", place.path(Section::Events), event.id)),
        is_cut: body.as_ref().is_some_and(|(_, is_cut)| *is_cut),
        body: body.map(|(body, _)| body),
        attempts: attempts.map(|(at, one)| Shown::of(at + 1, one)).collect(),
        replay_of: delivery
            .replay_of
            .map(|of| format!("{path}/deliveries/{of}")),
        nonce: visit.nonce(),
        notice: match visit.query.text("notice") {
            "replayed" => Some("The event is sent once more: this is the new delivery."),
            "test" => Some(
                "An event of the type ping is on its way: reload the page to see what came back.",
            ),
            _ => None,
        },
        list: place.path(Section::Webhooks),
        layout: visit.layout(Section::Webhooks, Some(place)),
        call: curl::line(&visit.api, "GET", &call, curl::KEY, None),
        path,
        endpoint,
    }))
}
