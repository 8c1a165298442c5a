//! The definitions of custom fields: made, changed, counted, removed, and promoted from test mode to live mode.

use relm_core::{ErrorKind, Kind};

use super::route::{Route, delete, get, keyed, patch, post, route};
use crate::api::code::Code;
use crate::api::{fields, promotion};

const NO_CHOICE: Code = Code::Engine(ErrorKind::UnknownValue);
const TAKEN: Code = Code::Engine(ErrorKind::Conflict);

pub(super) fn routes() -> Vec<Route> {
    let mut routes = field_routes();
    routes.extend(field_change_routes());
    routes.extend(promotion_routes());
    routes
}

const OF_FIELD: &[Kind] = &[Kind::Field];

fn field_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Fields: Read, fields::list),
            get("fields.list", "/v1/schema/fields")
                .says("List custom fields", "Newest first.")
                .lists(Kind::Field, "CustomFieldList"),
        ),
        route(
            keyed!(Fields: Write, fields::define),
            post("fields.create", "/v1/schema/fields")
                .says(
                    "Define a custom field",
                    "Every write of such an object that begins after the response must leave a record that keeps to the definition. Where it is \
                     `unique` and records share values, 409 with `duplicates`; 202 where some records are still to be looked at. With the \
                     name of a member such as a company's `domain`, and no `type`, it is about that member, and 200 where that is known; of a \
                     deal's `stage` it is the pipeline, and where deals are in none of its stages, 409 with `count` and `ids`, unless `force` \
                     is true. `unique` and the pipeline need the scope to read the records of the object, too.",
                )
                .takes("CustomFieldCreate")
                .gives(201, "CustomField")
                .gives(200, "CustomField")
                .gives(202, "CustomField")
                .versioned()
                .refuses(&[TAKEN, NO_CHOICE]),
        ),
        route(
            keyed!(Fields: Write, fields::remove),
            delete("fields.delete", "/v1/schema/fields/{id}")
                .says("Remove a custom field", "Stored values stay, unchecked. While a choice of it is being renamed, 409.")
                .of(OF_FIELD)
                .versioned()
                .refuses(&[TAKEN]),
        ),
    ]
}

/// How definitions go from test mode to live mode.
fn promotion_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Fields: Write, promotion::plan),
            get("promotion.get", "/v1/schema/promotion")
                .says(
                    "Plan a promotion",
                    "What it would change in live mode to have the definitions of test mode there, and what live records would not keep to. \
                     Nothing is changed. Asked with a key of live mode, which reads the definitions of test mode by this; where it says that \
                     records do not keep to something, it needs the scope to read them, too.",
                )
                .of_many()
                .gives(200, "Promotion"),
        ),
        route(
            keyed!(Fields: Write, promotion::apply),
            post("promotion.apply", "/v1/schema/promotion")
                .says(
                    "Promote definitions",
                    "Does what the plan says, all of it in one commit: 202 where choices are then renamed in records, or fields become unique. \
                     409 where a definition of either mode is another one than the plan was made of, where a type differs, and, with `count` and \
                     `ids`, for what live records do not keep to, unless `force` is true. `renamed` names choices that are called otherwise in \
                     test mode; it needs the scopes to write the records of their objects.",
                )
                .takes("PromotionInput")
                .of_many()
                .gives(200, "Promotion")
                .gives(202, "Promotion")
                .refuses(&[TAKEN, NO_CHOICE]),
        ),
    ]
}

/// What can be done with a definition that is there.
fn field_change_routes() -> Vec<Route> {
    vec![
        route(
            keyed!(Fields: Read, fields::get),
            get("fields.get", "/v1/schema/fields/{id}")
                .says("Retrieve a custom field", "Answers 304 without a body where `If-None-Match` names the version.")
                .of(OF_FIELD)
                .gives(200, "CustomField")
                .versioned(),
        ),
        route(
            keyed!(Fields: Write, fields::update),
            patch("fields.update", "/v1/schema/fields/{id}")
                .says(
                    "Change a custom field",
                    "Changes what the body names: an absent member stays, null clears it. What records do not keep to is 409 with `count` and \
                     `ids`, unless `force` is true. A choice that is renamed is renamed in the records that have it; 202 where some are left: \
                     asked again, it goes on. `options`, `required`, `unique` and `enforce` need the scope to read the records of the object, \
                     too, and a choice that is renamed that to write them.",
                )
                .of(OF_FIELD)
                .takes("CustomFieldUpdate")
                .gives(200, "CustomField")
                .gives(202, "CustomField")
                .versioned()
                .refuses(&[TAKEN, NO_CHOICE]),
        ),
        route(
            keyed!(Fields: Read, fields::usage),
            get("fields.usage", "/v1/schema/fields/{id}/usage")
                .says(
                    "Count the values of a custom field",
                    "How many records have a value in it, and each choice of a `select`: of the newest 10,000 records, or of as many after \
                     `cursor`. Add up the numbers of all pages. Needs the scope to read the records of the object, too.",
                )
                .of(OF_FIELD)
                .counts("CustomFieldUsage"),
        ),
    ]
}
