//! What a merge takes, what is answered of merged records, and groups of duplicates.

use relm_core::ObjectType;
use relm_core::engine::DuplicateReason;
use relm_core::limits::{
    DUPLICATES_LISTED_MAX, MERGE_FIELDS_MAX, MERGE_RECORDS_MAX, MERGED_LISTED_MAX,
};
use serde_json::{Value, json};

use super::parts::{Schemas, id_pattern, name_of, reference};

/// Adds `ContactMerge`, `ContactDuplicate` and so on, and what a record has that others were merged into.
pub(super) fn add(all: &mut Schemas) {
    for of in ObjectType::ALL {
        let name = name_of(of);
        let id = json!({ "type": "string", "pattern": id_pattern(of.kind().prefix()) });
        all[name]["properties"]["merged_from"] = json!({
            "type": "array", "items": id, "maxItems": MERGED_LISTED_MAX,
            "description": "The ids of the records that were merged into it, newest first. In the answer to a merge, and to a request for one of \
                            them, alone.",
        });
        all.insert(format!("{name}Merge"), merge(&id));
        all.insert(format!("{name}Duplicate"), group(name));
    }
}

fn merge(id: &Value) -> Value {
    json!({
        "type": "object", "description": "What is merged into a record.",
        "properties": {
            "from": {
                "type": "array", "items": id, "minItems": 1, "maxItems": MERGE_RECORDS_MAX, "uniqueItems": true,
                "description": "The records that are merged into it, of its type.",
            },
            "fields": {
                "type": ["object", "null"],
                "additionalProperties": { "type": "string" }, "maxProperties": MERGE_FIELDS_MAX,
                "description": "Members, those of `metadata` as `metadata.<key>`, and whose value each gets, be it null: `target`, or an id of \
                                `from`. A member that is not named gets that of the record itself, or else of the first of `from` that has one.",
            },
        },
        "required": ["from"],
    })
}

fn group(name: &str) -> Value {
    json!({
        "type": "object", "description": "Records that are most likely one.",
        "properties": {
            "object": { "type": "string", "const": "duplicate_group", "description": "Always `duplicate_group`." },
            "reason": {
                "type": "string", "enum": DuplicateReason::ALL.map(DuplicateReason::as_str),
                "description": "What they have in common.",
            },
            "records": {
                "type": "array", "items": reference(name), "minItems": 2, "maxItems": DUPLICATES_LISTED_MAX,
                "description": "The records, newest first.",
            },
            "has_more": { "type": "boolean", "description": "Whether there may be more of them than are listed." },
        },
        "required": ["object", "reason", "records", "has_more"],
    })
}
