//! What is said of the objects of each type as a whole.

use relm_core::{Activity, Company, Contact, Deal, ErrorKind};

use super::route::{Route, get, keyed, patch, route};
use crate::api::code::Code;
use crate::api::settings;

const NO_CHOICE: Code = Code::Engine(ErrorKind::UnknownValue);

/// The two routes of an object type: `settings_routes!(Deal, "deals")` gives GET and PATCH on `/v1/schema/deals`.
macro_rules! settings_routes {
    ($ty:ident, $plural:literal) => {{
        const PATH: &str = concat!("/v1/schema/", $plural);
        [
            route(
                keyed!(Schema: Read, settings::get::<$ty>),
                get(concat!("schema.", $plural, "_get"), PATH)
                    .says(
                        concat!("Retrieve the settings of ", $plural),
                        "What is said of all of them: whether their `metadata` takes members that no custom field is for.",
                    )
                    .gives(200, "ObjectSettings"),
            ),
            route(
                keyed!(Fields: Write, settings::update::<$ty>),
                patch(concat!("schema.", $plural, "_update"), PATH)
                    .says(
                        concat!("Change the settings of ", $plural),
                        "With `unknown_members: reject`, every write that begins after the response and sets a member of `metadata` that no \
                         custom field is for is 422 `unknown_field`. What is stored already and not set to something else stays.",
                    )
                    .takes("ObjectSettingsUpdate")
                    .gives(200, "ObjectSettings")
                    .refuses(&[NO_CHOICE]),
            ),
        ]
    }};
}

pub(super) fn routes() -> Vec<Route> {
    [
        settings_routes!(Contact, "contacts"),
        settings_routes!(Company, "companies"),
        settings_routes!(Deal, "deals"),
        settings_routes!(Activity, "activities"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
