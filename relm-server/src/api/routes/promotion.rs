//! How definitions go from test mode to live mode.

use relm_core::ErrorKind;

use super::route::{Route, get, keyed, post, route};
use crate::api::code::Code;
use crate::api::promotion;

const NO_CHOICE: Code = Code::Engine(ErrorKind::UnknownValue);
const TAKEN: Code = Code::Engine(ErrorKind::Conflict);

pub(super) fn routes() -> Vec<Route> {
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
