//! What the members of an association are called, and which of them the engine writes.

use crate::value::spelling::OtherNames;

/// Members that the engine alone writes.
pub(super) const READ_ONLY: [&str; 6] = [
    "id",
    "object",
    "version",
    "mode",
    "created_at",
    "updated_at",
];

/// What other CRMs call the members of an edge.
pub(super) const OTHER_NAMES: OtherNames = &[
    (
        &[
            "from",
            "source",
            "source_id",
            "from_object_id",
            "from_record_id",
        ],
        &["from_id"],
    ),
    (
        &["to", "target", "target_id", "to_object_id", "to_record_id"],
        &["to_id"],
    ),
    (
        &["source_type", "from_object", "from_object_type"],
        &["from_type"],
    ),
    (
        &["target_type", "to_object", "to_object_type"],
        &["to_type"],
    ),
    (
        &[
            "type",
            "association_type",
            "relation",
            "relationship",
            "role",
            "name",
        ],
        &["label"],
    ),
    (
        &[
            "reverse_label",
            "inverse",
            "paired_label",
            "label_inverse",
            "inverse_name",
        ],
        &["inverse_label"],
    ),
    (
        &["start", "start_date", "started_at", "valid_from"],
        &["since"],
    ),
    (&["end", "end_date", "ended_at", "valid_until"], &["until"]),
    (
        &["attributes", "properties", "data", "custom_fields"],
        &["metadata"],
    ),
];
