//! Filters as other APIs write them: the errors about an operator that is not ours.

use super::Operator;
use crate::error::Error;
use crate::record::list::ListMember;
use crate::record::object::{self, ObjectType};
use crate::value::excerpt::Quoted;
use crate::value::id::Kind;
use crate::value::spelling::{OtherName, OtherNames, known};

/// What other APIs call the fields of a kind.
pub(super) const fn other_names(kind: Kind) -> OtherNames {
    match kind {
        Kind::Contact => object::other_names(ObjectType::Contact),
        Kind::Company => object::other_names(ObjectType::Company),
        Kind::Deal => object::other_names(ObjectType::Deal),
        Kind::Activity => object::other_names(ObjectType::Activity),
        Kind::Association => OF_ASSOCIATIONS,
        Kind::Event => OF_EVENTS,
        Kind::Delivery => OF_DELIVERIES,
        Kind::Import => OF_IMPORTS,
        Kind::Field
        | Kind::Webhook
        | Kind::Key
        | Kind::Workspace
        | Kind::Trashed
        | Kind::User
        | Kind::Session
        | Kind::UniqueValue
        | Kind::ImportPart => &[],
    }
}

/// What they call the record that an association or an event is of.
const RECORD_NAMES: OtherName = (
    &[
        "contact_id",
        "company_id",
        "deal_id",
        "activity_id",
        "object_id",
        "resource_id",
        "contact",
        "company",
        "deal",
    ],
    &["record_id"],
);

const OF_ASSOCIATIONS: OtherNames = &[
    RECORD_NAMES,
    (&["type", "association_type", "relation"], &["label"]),
];

const OF_EVENTS: OtherNames = &[(&["event_type", "event", "topic"], &["type"]), RECORD_NAMES];

const OF_DELIVERIES: OtherNames = &[
    (&["type", "topic"], &["event_type"]),
    (&["event"], &["event_id"]),
    (&["state", "result"], &["status"]),
];

const OF_IMPORTS: OtherNames = &[
    (&["object", "type", "resource"], &["object_type"]),
    (&["state", "result"], &["status"]),
];

/// What other APIs call the operators.
const OPERATORS_OTHER_NAMES: OtherNames = &[
    (&["equals", "equal", "is", "=", "=="], &["eq"]),
    (&["ne", "not", "not_eq", "not_equals", "!=", "<>"], &["neq"]),
    (
        &[
            "min",
            "after",
            "since",
            "from",
            "ge",
            ">=",
            "greater_than_or_equal",
        ],
        &["gte"],
    ),
    (
        &["max", "until", "le", "<=", "less_than_or_equal"],
        &["lte"],
    ),
    (&["greater_than", ">"], &["gt"]),
    (&["less_than", "before", "<"], &["lt"]),
    (
        &["any", "one_of", "any_of", "is_any_of", "includes"],
        &["in"],
    ),
    (
        &[
            "null",
            "exists",
            "is_empty",
            "blank",
            "present",
            "has_property",
        ],
        &["is_null"],
    ),
];

/// Operators that other APIs ask for a range by.
const RANGES_OTHER_NAMES: &[OtherName<()>] = &[(&["between", "range", "within", "bt"], ())];

/// Operators that other APIs find a part of a text by, with what is put before and after it for `ilike`.
const PARTS_OTHER_NAMES: &[OtherName<(&str, &str)>] = &[
    (
        &[
            "contains",
            "contains_token",
            "icontains",
            "like",
            "match",
            "search",
        ],
        ("%25", "%25"),
    ),
    (&["starts_with", "prefix", "begins_with"], ("", "%25")),
    (&["ends_with"], ("%25", "")),
];

/// That there is no such operator, and what is there instead.
pub(super) fn unknown_operator(field: &str, operator: &str, value: &str) -> Error {
    let error = Error::bad_request(format!("There is no operator {}.", Quoted(operator)));
    if known(operator, RANGES_OTHER_NAMES).is_some() {
        let (from, to) = value.split_once(',').unwrap_or((value, "…"));
        let written = format!("filter[{field}][gte]={from}&filter[{field}][lte]={to}");
        let sentence = format!("Two filters make a range: {}.", Quoted(&written));
        let options = Operator::ALL.map(Operator::as_str);
        return error.options("", options).adding(&sentence);
    }
    let options = Operator::ALL.map(Operator::as_str);
    let Some((before, after)) = known(operator, PARTS_OTHER_NAMES) else {
        return error.options_or(operator, options, OPERATORS_OTHER_NAMES);
    };
    let written = format!("filter[{field}][ilike]={before}{value}{after}");
    let sentence = format!(
        "For a part of a text write {}, where %25 is a `%`.",
        Quoted(&written)
    );
    error
        .options("", options)
        .adding(&sentence)
        .suggesting(Operator::Ilike.as_str())
}

/// The same of a list, of which parts of its values are asked for nowhere.
pub(super) fn unknown_operator_of_list(list: &ListMember, operator: &str, value: &str) -> Error {
    let error = Error::bad_request(format!("There is no operator {}.", Quoted(operator)));
    let options = Operator::ALL.map(Operator::as_str);
    let has = ["has", "having", "contains", "includes", "include"];
    if !has.contains(&&*operator.to_lowercase()) {
        return error.options_or(operator, options, OPERATORS_OTHER_NAMES);
    }
    let written = format!("filter[{}]={value}", list.name);
    let sentence = format!("What has a value is asked for by {}.", Quoted(&written));
    let error = error.options("", options).adding(&sentence);
    error.suggesting(Operator::Eq.as_str())
}

/// `filter[metadata][plan]=pro` names the member where an operator belongs.
pub(super) fn metadata_as_a_whole(member: &str, value: &str) -> Error {
    let error = Error::bad_request("`metadata` is filtered by one of its members.");
    let is_operator = Operator::ALL.iter().any(|known| known.as_str() == member);
    let member = if is_operator { "plan" } else { member };
    let path = format!("metadata.{member}");
    let sentence = format!("Write {}.", Quoted(&format!("filter[{path}]={value}")));
    error.adding(&sentence).suggesting(path)
}
