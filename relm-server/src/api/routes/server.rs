//! What needs no key: what the server is, whether it serves, and what it can do.

use relm_core::ErrorKind;

use super::route::{Handler, Route, get, route};
use crate::api::call::Open;
use crate::api::code::Code;
use crate::api::{documents, health};

pub(super) fn routes() -> Vec<Route> {
    vec![
        route(
            Handler::Open(|_| Box::pin(health::root())),
            get("server.about", "/")
                .says(
                    "What this is, and where the rest is",
                    "Names the server's version and the paths of its documents.",
                )
                .gives(200, "About"),
        ),
        route(
            Handler::Open(|_| Box::pin(health::alive())),
            get("server.health", "/healthz")
                .says("Whether the process serves", "Does not ask the store.")
                .gives(200, "Health"),
        ),
        route(
            Handler::Open(|Open { crm, readiness, .. }| Box::pin(health::ready(crm, readiness))),
            get("server.ready", "/readyz")
                .says(
                    "Whether the store answers",
                    "Asks the store, which must be reachable and take writes as far as is known.",
                )
                .gives(200, "Health")
                .refuses(&[Code::Engine(ErrorKind::Unavailable)]),
        ),
        route(
            Handler::Open(|open| Box::pin(documents::latest(open))),
            get("server.openapi", "/openapi.json")
                .says(
                    "This document, in OpenAPI 3.1",
                    "`GET /v1/openapi.json` has the custom fields of a workspace, too.",
                )
                .gives(200, "OpenApiDocument"),
        ),
        route(
            Handler::Open(|open| Box::pin(documents::for_older_tools(open))),
            get("server.openapi_3_0", "/openapi-3.0.json")
                .says(
                    "The same document in OpenAPI 3.0",
                    "For generators that do not read 3.1. It has no part about webhooks.",
                )
                .gives(200, "OpenApiDocument"),
        ),
    ]
}
