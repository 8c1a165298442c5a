//! What a workspace has beside its objects: search, its schema, associations, webhooks and events.

use relm_core::{ErrorKind, Kind};

use super::fields;
use super::route::{Handler, Route, delete, get, keyed, patch, post, route};
use crate::api::code::Code;
use crate::api::openapi::EVENT_STREAM;
use crate::api::{
    associations, batch, documents, events, keys, requests, schema, search, stream, webhooks,
};

const INVALID: Code = Code::Engine(ErrorKind::ValidationFailed);
const NO_REFERENCE: Code = Code::Engine(ErrorKind::InvalidReference);
const NO_CHOICE: Code = Code::Engine(ErrorKind::UnknownValue);
const TAKEN: Code = Code::Engine(ErrorKind::Conflict);
const EMPTY: Code = Code::Engine(ErrorKind::IdentifierRequired);
const MISSING: Code = Code::Engine(ErrorKind::NotFound);
const MOVED: Code = Code::Engine(ErrorKind::VersionConflict);
const GONE: Code = Code::Engine(ErrorKind::Gone);

pub(super) fn routes() -> Vec<Route> {
    let mut routes = schema_routes();
    routes.push(batch_route());
    routes.extend(association_routes());
    routes.extend(webhook_routes());
    routes.extend(webhook_action_routes());
    routes.extend(delivery_routes());
    routes.extend(event_routes());
    routes.extend(key_routes());
    routes.push(undo_route());
    routes
}

fn schema_routes() -> Vec<Route> {
    let mut routes = search_routes();
    routes.extend(fields::routes());
    routes
}

fn search_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Search: Read, search::search),
            get("search.records", "/v1/search")
                .says(
                    "Search across objects",
                    "Finds the contacts, companies, deals and activities that have a word for every word of `q`, which may be the \
                     beginning of it. A record that `q` is the whole name or address of comes first; then newest first.",
                )
                .searches("SearchResultList"),
        ),
        route(
            keyed!(Schema: Read, schema::schema),
            get("schema.get", "/v1/schema")
                .says("Retrieve the schema", "The objects, fields, operators and limits of the workspace, its custom fields among them.")
                .large()
                .gives(200, "WorkspaceSchema"),
        ),
        route(
            keyed!(Schema: Read, documents::of_workspace),
            get("schema.openapi", "/v1/openapi.json")
                .says("Retrieve the workspace's OpenAPI document", "As `/openapi.json`, with the workspace's custom fields as typed members of `metadata` and as filters.")
                .of_many()
                .gives(200, "OpenApiDocument"),
        ),
    ]
}

fn batch_route() -> Route {
    route(
        Handler::KeyedByContent(|call| Box::pin(batch::batch(call))),
        post("batch.create", "/v1/batch")
            .says(
                "Change many records in one commit",
                "Carries up to 500 operations out in their order: creations, updates, upserts, deletions, restorations and links of \
                 contacts, companies, deals and activities. Each sees what those before it did, and names their records by `$ref`. All \
                 happen or none; with `atomic: false` those that fail are left out. Needs the write scope of everything that the \
                 operations are about.",
            )
            .takes("BatchCreate")
            .gives(200, "Batch")
            .batch()
            .refuses(&[MISSING, TAKEN, MOVED, NO_REFERENCE, NO_CHOICE, EMPTY]),
    )
}

fn association_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Associations: Read, associations::list),
            get("associations.list", "/v1/associations")
                .says("List associations", "Newest first. `record_id` is either end.")
                .lists(Kind::Association, "AssociationList"),
        ),
        route(
            keyed!(Associations: Write, associations::link),
            post("associations.create", "/v1/associations")
                .says(
                    "Link two records",
                    "Where the two records have an association of this label, that is the answer, 200, changed by what the body says of it.",
                )
                .takes("AssociationCreate")
                .gives(201, "Association")
                .gives(200, "Association")
                .refuses(&[NO_REFERENCE, NO_CHOICE]),
        ),
        route(
            keyed!(Associations: Read, associations::get),
            get("associations.get", "/v1/associations/{id}")
                .says("Retrieve an association", "With what is said of it.")
                .of(OF_ASSOCIATION)
                .gives(200, "Association")
                .versioned(),
        ),
        route(
            keyed!(Associations: Write, associations::update),
            patch("associations.update", "/v1/associations/{id}")
                .says("Update an association", "Which records it links, and its label, stay.")
                .of(OF_ASSOCIATION)
                .takes("AssociationUpdate")
                .gives(200, "Association")
                .versioned(),
        ),
        route(
            keyed!(Associations: Write, associations::unlink),
            delete("associations.delete", "/v1/associations/{id}")
                .says("Unlink two records", "Removes the association, and neither record.")
                .of(OF_ASSOCIATION)
                .versioned(),
        ),
    ]
}

const OF_ASSOCIATION: &[Kind] = &[Kind::Association];
const OF_WEBHOOK: &[Kind] = &[Kind::Webhook];

fn webhook_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Webhooks: Read, webhooks::list),
            get("webhooks.list", "/v1/webhooks")
                .says("List webhook endpoints", "Newest first, without their secrets.")
                .lists(Kind::Webhook, "WebhookList"),
        ),
        route(
            keyed!(Webhooks: Write, webhooks::subscribe),
            post("webhooks.create", "/v1/webhooks")
                .says("Subscribe an endpoint", "The response has the secret that payloads are signed with, which is shown only then.")
                .takes("WebhookCreate")
                .gives(201, "WebhookWithSecret")
                .refuses(&[NO_CHOICE]),
        ),
        route(
            keyed!(Webhooks: Read, webhooks::get),
            get("webhooks.get", "/v1/webhooks/{id}")
                .says("Retrieve an endpoint", "Without its secret.")
                .of(OF_WEBHOOK)
                .gives(200, "Webhook"),
        ),
        route(
            keyed!(Webhooks: Write, webhooks::update),
            patch("webhooks.update", "/v1/webhooks/{id}")
                .says("Update an endpoint", "To disable an endpoint cancels what is pending for it.")
                .of(OF_WEBHOOK)
                .takes("WebhookUpdate")
                .gives(200, "Webhook")
                .refuses(&[NO_CHOICE]),
        ),
        route(
            keyed!(Webhooks: Write, webhooks::delete),
            delete("webhooks.delete", "/v1/webhooks/{id}")
                .says("Delete an endpoint", "Cancels what is pending for it.")
                .of(OF_WEBHOOK),
        ),
    ]
}

/// What an endpoint can be asked to do.
fn webhook_action_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Webhooks: Write, webhooks::rotate_secret),
            post("webhooks.rotate_secret", "/v1/webhooks/{id}/rotate_secret")
                .says("Give an endpoint a new secret", "Payloads are signed with the old one beside it for a day, or for as long as the body says.")
                .of(OF_WEBHOOK)
                .may_take("SecretRotation")
                .gives(200, "WebhookWithSecret"),
        ),
        route(
            keyed!(Webhooks: Write, webhooks::test),
            post("webhooks.test", "/v1/webhooks/{id}/test")
                .says("Deliver a ping to an endpoint", "Whatever the endpoint subscribed to. One that is disabled is refused.")
                .of(OF_WEBHOOK)
                .gives(202, "Delivery")
                .refuses(&[INVALID]),
        ),
        route(
            keyed!(Webhooks: Write, webhooks::recover),
            post("webhooks.recover", "/v1/webhooks/{id}/recover")
                .says(
                    "Deliver what has not reached an endpoint",
                    "Makes a delivery of every event of a range of time that the endpoint subscribed to and that has not reached \
                     it, up to 500 at a time, the newest first. Where `has_more` is true, `next_until` is the `until` to go on with.",
                )
                .of(OF_WEBHOOK)
                .takes("RecoveryCreate")
                .gives(202, "Recovery"),
        ),
    ]
}

fn delivery_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Webhooks: Read, webhooks::deliveries),
            get("deliveries.list", "/v1/webhooks/{id}/deliveries")
                .says("List an endpoint's deliveries", "Newest first.")
                .of(OF_WEBHOOK)
                .lists(Kind::Delivery, "DeliveryList"),
        ),
        route(
            keyed!(Webhooks: Write, webhooks::replay),
            post(
                "deliveries.replay",
                "/v1/webhooks/{id}/replay/{delivery_id}",
            )
            .says(
                "Replay a delivery",
                "Delivers the same event once more, from the start of the schedule.",
            )
            .of(&[Kind::Webhook, Kind::Delivery])
            .gives(202, "Delivery")
            .refuses(&[INVALID]),
        ),
    ]
}

fn event_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Events: Read, events::list),
            get("events.list", "/v1/events")
                .says(
                    "List events",
                    "Newest first, each as endpoints receive it, with `seq` and `changed_fields` beside. With `after`, in the order of \
                     `seq` instead, which misses nothing: pass `next_after` back as `after`.",
                )
                .lists(Kind::Event, "EventList")
                .refuses(&[GONE]),
        ),
        route(
            keyed!(Events: Read, stream::so_far),
            get("events.stream", "/v1/events/stream")
                .says(
                    "Follow events",
                    "Server-Sent Events: each event as it is committed, in the order of `seq`, which is its `id`. `Last-Event-ID` or `after` \
                     goes on where a stream before ended; without them it begins now.",
                )
                .streams(EVENT_STREAM)
                .refuses(&[GONE]),
        ),
        route(
            keyed!(Events: Read, events::get),
            get("events.get", "/v1/events/{id}")
                .says(
                    "Retrieve an event",
                    "As endpoints receive it, with `seq` and `changed_fields` beside.",
                )
                .of(&[Kind::Event])
                .gives(200, "Event"),
        ),
    ]
}

fn undo_route() -> Route {
    route(
        keyed!(Events: Read, requests::undo),
        post("requests.undo", "/v1/requests/{request_id}/undo")
            .says(
                "Undo a request",
                "Reverts what a request changed, in one commit with events of its own: what is still as the request left it goes back to what \
                 it was, and what is not stays and is listed among `conflicts`. Needs the scope to write each type that the request changed, beside \
                 `events:read`. The `undone_by` of the answer can be undone in its turn. 202 for a merge of more than 1,500 changes, of which some are \
                 left: asked again, it goes on.",
            )
            .of_many()
            .gives(200, "Undo")
            .gives(202, "Undo")
            .refuses(&[TAKEN, GONE]),
    )
}

fn key_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Keys: Read, keys::list),
            get("keys.list", "/v1/keys")
                .says("List API keys", "Newest first, without the keys themselves; those among them that were revoked or have expired.")
                .pages("ApiKeyList"),
        ),
        route(
            keyed!(Keys: Write, keys::create),
            post("keys.create", "/v1/keys")
                .says(
                    "Make an API key",
                    "The response has the key itself, which is shown only then. A key gives no scope that it has not, and one that \
                     ends gives no key that ends later.",
                )
                .takes("ApiKeyCreate")
                .gives(201, "ApiKeyWithSecret")
                .refuses(&[NO_CHOICE]),
        ),
        route(
            keyed!(Keys: Read, keys::get),
            get("keys.get", "/v1/keys/{id}")
                .says("Retrieve an API key", "Without the key itself.")
                .of(&[Kind::Key])
                .gives(200, "ApiKey"),
        ),
        route(
            keyed!(Keys: Write, keys::rotate),
            post("keys.rotate", "/v1/keys/{id}/rotate")
                .says(
                    "Rotate an API key",
                    "Makes its successor, with its name and scopes; the response has the new key itself, which is shown only then. The old \
                     key works for a day more, or for as long as the body says.",
                )
                .of(&[Kind::Key])
                .may_take("ApiKeyRotation")
                .gives(201, "ApiKeyWithSecret")
                .refuses(&[TAKEN]),
        ),
        route(
            keyed!(Keys: Write, keys::revoke),
            delete("keys.delete", "/v1/keys/{id}")
                .says("Revoke an API key", "It stops within 5 seconds on every replica. One that is revoked stays so.")
                .of(&[Kind::Key]),
        ),
    ]
}
