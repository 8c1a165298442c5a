//! Every path of the API, on one screen.

use std::future::Future;
use std::pin::Pin;

use hyper::Method;
use relm_core::engine::Crm;
use relm_core::limits::{BATCH_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX};
use relm_core::{Activity, Company, Contact, Deal};

use super::answer::Outcome;
use super::call::Call;
use super::health::Readiness;
use super::unrouted::is_batch_elsewhere;
use super::{associations, events, fields, health, objects, openapi, schema, search, webhooks};
use crate::serve::AnswerSize;

/// One method on one path.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    pub body_bytes_max: usize,
    pub answer: AnswerSize,
    pub doc: Doc,
}

/// Who may call, and what answers.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// Whoever shows a valid key.
    Keyed(fn(Call) -> Answering),
    /// Anyone.
    Open(fn(Crm, Readiness) -> Answering),
}

pub(super) type Answering = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What the OpenAPI document says of a route.
#[derive(Clone, Copy)]
pub(super) struct Doc {
    pub summary: &'static str,
    /// The schema of the body that it takes.
    pub takes: Option<&'static str>,
    /// Whether the body may be left out.
    pub optional: bool,
    /// The status and the schema of a success.
    pub gives: (u16, &'static str),
}

const fn doc(summary: &'static str, status: u16, gives: &'static str) -> Doc {
    Doc {
        summary,
        takes: None,
        optional: false,
        gives: (status, gives),
    }
}

impl Doc {
    const fn takes(mut self, schema: &'static str) -> Self {
        self.takes = Some(schema);
        self
    }

    const fn may_take(mut self, schema: &'static str) -> Self {
        self.optional = true;
        self.takes(schema)
    }
}

/// Boxes a handler's future: `keyed!(fields::list)` is `Access::Keyed(|call| Box::pin(fields::list(call)))`.
macro_rules! keyed {
    ($($handler:tt)+) => {
        Access::Keyed(|call| Box::pin($($handler)+(call)))
    };
}

/// The five routes of an object type: `object_routes!(Contact, "contacts", "Contact")` gives POST and GET on
/// `/v1/contacts`, and GET, PATCH and DELETE on `/v1/contacts/{id}`.
macro_rules! object_routes {
    ($ty:ty, $plural:literal, $name:literal) => {{
        const ALL: &str = concat!("/v1/", $plural);
        const ONE: &str = concat!("/v1/", $plural, "/{id}");
        const INPUT: &str = concat!($name, "Input");
        const LIST: &str = concat!($name, "List");
        [
            route(
                Method::POST,
                ALL,
                keyed!(objects::create::<$ty>),
                doc("Create", 201, $name).takes(INPUT),
            ),
            many(
                Method::GET,
                ALL,
                keyed!(objects::list::<$ty>),
                doc("List", 200, LIST),
            ),
            route(
                Method::GET,
                ONE,
                keyed!(objects::get::<$ty>),
                doc("Retrieve", 200, $name),
            ),
            route(
                Method::PATCH,
                ONE,
                keyed!(objects::update::<$ty>),
                doc("Update", 200, $name).takes(INPUT),
            ),
            route(
                Method::DELETE,
                ONE,
                keyed!(objects::delete::<$ty>),
                doc("Delete", 200, "Deleted"),
            ),
        ]
    }};
}

#[rustfmt::skip]
fn table() -> Vec<Route> {
    let mut routes = vec![
        batch(Method::POST, "/v1/contacts/batch", keyed!(objects::batch), doc("Bulk create or upsert", 200, "Batch").takes("BatchInput")),
        many(Method::GET, "/v1/search", keyed!(search::search), doc("Search across objects", 200, "SearchList")),
        many(Method::GET, "/v1/schema", keyed!(schema::schema), doc("Objects, fields, operators and limits", 200, "Schema")),
        many(Method::GET, "/v1/schema/fields", keyed!(fields::list), doc("List custom fields", 200, "FieldList")),
        route(Method::POST, "/v1/schema/fields", keyed!(fields::define), doc("Define a custom field", 201, "Field").takes("FieldInput")),
        route(Method::DELETE, "/v1/schema/fields/{id}", keyed!(fields::remove), doc("Remove a custom field", 200, "Deleted")),
        many(Method::GET, "/v1/associations", keyed!(associations::list), doc("List associations", 200, "AssociationList")),
        route(Method::POST, "/v1/associations", keyed!(associations::link), doc("Link two records", 201, "Association").takes("AssociationInput")),
        route(Method::DELETE, "/v1/associations/{id}", keyed!(associations::unlink), doc("Unlink", 200, "Deleted")),
        many(Method::GET, "/v1/webhooks", keyed!(webhooks::list), doc("List webhook endpoints", 200, "WebhookList")),
        route(Method::POST, "/v1/webhooks", keyed!(webhooks::subscribe), doc("Subscribe an endpoint", 201, "NewWebhook").takes("WebhookInput")),
        route(Method::GET, "/v1/webhooks/{id}", keyed!(webhooks::get), doc("Retrieve an endpoint", 200, "Webhook")),
        route(Method::PATCH, "/v1/webhooks/{id}", keyed!(webhooks::update), doc("Update an endpoint", 200, "Webhook").takes("WebhookInput")),
        route(Method::DELETE, "/v1/webhooks/{id}", keyed!(webhooks::delete), doc("Delete an endpoint", 200, "Deleted")),
        many(Method::GET, "/v1/webhooks/{id}/deliveries", keyed!(webhooks::deliveries), doc("List an endpoint's deliveries", 200, "DeliveryList")),
        route(Method::POST, "/v1/webhooks/{id}/replay/{delivery_id}", keyed!(webhooks::replay), doc("Replay a delivery", 202, "Delivery")),
        route(Method::POST, "/v1/webhooks/{id}/rotate_secret", keyed!(webhooks::rotate_secret), doc("Give an endpoint a new secret", 200, "NewWebhook").may_take("RotateInput")),
        route(Method::POST, "/v1/webhooks/{id}/test", keyed!(webhooks::test), doc("Deliver a ping to an endpoint", 202, "Delivery")),
        route(Method::POST, "/v1/webhooks/{id}/recover", keyed!(webhooks::recover), doc("Deliver what has not reached an endpoint", 202, "Recovery").takes("RecoverInput")),
        many(Method::GET, "/v1/events", keyed!(events::list), doc("List events", 200, "EventList")),
        route(Method::GET, "/v1/events/{id}", keyed!(events::get), doc("Retrieve an event", 200, "Event")),
        route(Method::GET, "/", Access::Open(|_, _| Box::pin(health::root())), doc("What this is, and where the rest is", 200, "Root")),
        route(Method::GET, "/healthz", Access::Open(|_, _| Box::pin(health::alive())), doc("Whether the process serves", 200, "Health")),
        route(Method::GET, "/readyz", Access::Open(|crm, readiness| Box::pin(health::ready(crm, readiness))), doc("Whether the store answers", 200, "Health")),
        route(Method::GET, "/openapi.json", Access::Open(|_, _| Box::pin(openapi::openapi())), doc("This document", 200, "OpenApi")),
    ];
    routes.extend(object_routes!(Contact, "contacts", "Contact"));
    routes.extend(object_routes!(Company, "companies", "Company"));
    routes.extend(object_routes!(Deal, "deals", "Deal"));
    routes.extend(object_routes!(Activity, "activities", "Activity"));
    routes
}

fn route(method: Method, path: &'static str, access: Access, doc: Doc) -> Route {
    Route {
        method,
        path,
        access,
        body_bytes_max: REQUEST_BYTES_MAX,
        answer: AnswerSize::Small,
        doc,
    }
}

/// A route that answers with many records.
fn many(method: Method, path: &'static str, access: Access, doc: Doc) -> Route {
    Route {
        answer: AnswerSize::Large,
        ..route(method, path, access, doc)
    }
}

/// A route that reads, changes and writes many records.
fn batch(method: Method, path: &'static str, access: Access, doc: Doc) -> Route {
    Route {
        answer: AnswerSize::Batch,
        body_bytes_max: BATCH_REQUEST_BYTES_MAX,
        ..route(method, path, access, doc)
    }
}

impl Route {
    /// The methods that it answers.
    fn methods(&self) -> impl Iterator<Item = Method> + use<> {
        let head = (self.method == Method::GET).then_some(Method::HEAD);
        [self.method.clone()].into_iter().chain(head)
    }
}

/// The table, ready for look-ups.
pub(super) struct Routes {
    table: Vec<Route>,
    /// The places in the table of each path's routes.
    paths: matchit::Router<Vec<usize>>,
}

impl Routes {
    pub fn new() -> Self {
        let table = table();
        let mut paths = matchit::Router::new();
        for route in &table {
            let same =
                |(place, other): (usize, &Route)| (other.path == route.path).then_some(place);
            let places: Vec<usize> = table.iter().enumerate().filter_map(same).collect();
            if table[places[0]].method == route.method {
                paths
                    .insert(route.path, places)
                    .expect("the paths of the table do not conflict");
            }
        }
        Self { table, paths }
    }

    /// The route of a method and path with what stands in its places; the methods of the path where it has no such.
    pub fn find(&self, method: &Method, path: &str) -> Result<(&Route, Vec<String>), Vec<Method>> {
        if is_batch_elsewhere(path) {
            return Err(Vec::new());
        }
        let found = self.paths.at(path).map_err(|_| Vec::new())?;
        let routes = found.value.iter().map(|place| &self.table[*place]);
        // Whatever answers GET answers HEAD; hyper leaves out the body (RFC 9110, section 9.3.2).
        let asked = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        match routes.clone().find(|route| route.method == *asked) {
            Some(route) => {
                let ids = found.params.iter().map(|(_, id)| id.to_owned());
                Ok((route, ids.collect()))
            }
            None => Err(routes.flat_map(Route::methods).collect()),
        }
    }

    /// Whether there is anything at a path.
    pub fn has(&self, path: &str) -> bool {
        self.paths.at(path).is_ok()
    }

    /// What comes after `/v1/` in the paths: `contacts`, `search` and so on; a name may come twice.
    pub fn resources(&self) -> impl Iterator<Item = &'static str> + Clone + '_ {
        let paths = self
            .table
            .iter()
            .filter_map(|route| route.path.strip_prefix("/v1/"));
        paths.filter_map(|path| path.split('/').next())
    }

    /// Every route.
    pub fn all(&self) -> &[Route] {
        &self.table
    }
}
