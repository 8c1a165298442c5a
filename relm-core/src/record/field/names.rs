//! The names of the parts of a custom field's definition: which are read alone, and what other CRMs call the others.

use crate::value::spelling::OtherNames;

/// Members that the engine alone writes.
pub(super) const READ_ONLY: [&str; 8] = [
    "id",
    "object",
    "version",
    "mode",
    "created_at",
    "updated_at",
    "unique_index",
    "unknown_members",
];

/// Members that a definition has for good.
pub(super) const FIXED: [&str; 4] = ["object_type", "key", "type", "built_in"];

/// What other CRMs call the members of a definition.
pub(super) const OTHER_NAMES: OtherNames = &[
    (
        &["object", "objects", "entity", "entity_type", "resource"],
        &["object_type"],
    ),
    (
        &[
            "name",
            "field",
            "field_name",
            "api_name",
            "slug",
            "internal_name",
        ],
        &["key"],
    ),
    (&["title", "display_name"], &["label"]),
    (&["help", "help_text", "hint", "note"], &["description"]),
    (&["order", "index", "sort", "display_order"], &["position"]),
    (
        &["field_type", "data_type", "kind", "attribute_type"],
        &["type"],
    ),
    (&["is_required", "mandatory"], &["required"]),
    (
        &["is_unique", "unique_key", "has_unique_value", "uniqueness"],
        &["unique"],
    ),
    (
        &[
            "choices",
            "values",
            "enum",
            "allowed_values",
            "picklist_values",
        ],
        &["options.choices"],
    ),
    (&["stages"], &["options.choices"]),
    (
        &["probabilities", "probability"],
        &["options.probabilities"],
    ),
    (&["default", "default_value"], &["options.default"]),
    (&["min", "minimum"], &["options.min"]),
    (&["max", "maximum"], &["options.max"]),
    (
        &["max_length", "maxLength", "length", "max_characters"],
        &["options.max_length"],
    ),
    (&["pattern", "regex", "regexp"], &["options.pattern"]),
];

/// What they call a definition's choices, limits and default, within its options.
pub(super) const OPTIONS_OTHER_NAMES: OtherNames = &[
    (
        &[
            "values",
            "enum",
            "allowed_values",
            "options",
            "items",
            "stages",
        ],
        &["choices"],
    ),
    (
        &["probability", "win_probability", "win_probabilities"],
        &["probabilities"],
    ),
    (&["default_value"], &["default"]),
    (
        &[
            "object",
            "to",
            "target",
            "target_object",
            "refers_to",
            "reference_to",
            "referenceTo",
        ],
        &["object_type"],
    ),
    (&["minimum"], &["min"]),
    (&["maximum"], &["max"]),
    (&["whole", "is_integer"], &["integer"]),
    (&["maxLength", "length", "max_characters"], &["max_length"]),
    (&["regex", "regexp", "format"], &["pattern"]),
];

/// What they call the types of fields.
pub(super) const TYPES_OTHER_NAMES: OtherNames = &[
    (
        &["string", "str", "varchar", "textarea", "multiline"],
        &["text"],
    ),
    (
        &[
            "integer", "int", "float", "double", "decimal", "numeric", "long",
        ],
        &["number"],
    ),
    (&["boolean", "checkbox", "flag"], &["bool"]),
    (&["day"], &["date"]),
    (
        &["date_time", "date-time", "timestamp", "moment"],
        &["datetime"],
    ),
    (
        &[
            "multi_select",
            "multi-select",
            "multi_choice",
            "multipicklist",
            "checkboxes",
            "tags",
            "set",
        ],
        &["multiselect"],
    ),
    (&["link", "uri", "website", "domain"], &["url"]),
    (&["e_mail", "e-mail", "email_address", "mail"], &["email"]),
    (&["telephone", "phone_number", "tel", "mobile"], &["phone"]),
    (&["money", "amount", "price"], &["currency"]),
    (
        &[
            "relation",
            "relationship",
            "lookup",
            "ref",
            "foreign_key",
            "record_reference",
            "record-reference",
        ],
        &["reference"],
    ),
    (&["object", "map", "any", "array", "list"], &["json"]),
    (
        &[
            "enum",
            "enumeration",
            "dropdown",
            "picklist",
            "choice",
            "single_select",
            "radio",
            "option",
        ],
        &["select"],
    ),
];
