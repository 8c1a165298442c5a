//! The bounds of the engine, as they are published.

use relm_core::limits;
use serde_json::{Value, json};

/// Every bound of the engine. A test counts them.
pub(super) fn limits_table() -> Value {
    let mut table = of_records();
    for more in [
        of_webhooks(),
        of_trash(),
        of_people(),
        of_files(),
        of_imports(),
        of_fields(),
    ] {
        if let (Some(table), Value::Object(more)) = (table.as_object_mut(), more) {
            table.extend(more);
        }
    }
    table
}

fn of_imports() -> Value {
    json!({
        "import_bytes": limits::IMPORT_BYTES_MAX,
        "import_rows_bytes": limits::IMPORT_ROWS_BYTES_MAX,
        "imports_unfinished": limits::IMPORTS_UNFINISHED_MAX,
        "import_chunk_rows": limits::IMPORT_CHUNK_ROWS_MAX,
        "import_chunk_bytes": limits::IMPORT_CHUNK_BYTES_MAX,
        "import_failed_bytes": limits::IMPORT_FAILED_BYTES_MAX,
        "import_kept_ms": limits::IMPORT_KEPT_MS,
        "import_kept_rows_bytes": limits::IMPORT_KEPT_ROWS_BYTES_MAX,
        "import_lease_ms": limits::IMPORT_LEASE_MS,
        "import_upload_idle_ms": limits::IMPORT_UPLOAD_IDLE_MS,
    })
}

fn of_webhooks() -> Value {
    json!({
        "reminder_late_ms": limits::REMINDER_LATE_MS_MAX,
        "webhooks": limits::WEBHOOKS_MAX,
        "webhooks_per_url": limits::WEBHOOKS_PER_URL_MAX,
        "webhook_url_characters": limits::WEBHOOK_URL_CHARS_MAX,
        "webhook_secrets": limits::SECRETS_MAX,
        "webhook_headers": limits::WEBHOOK_HEADERS_MAX,
        "webhook_header_name_characters": limits::WEBHOOK_HEADER_NAME_CHARS_MAX,
        "webhook_header_value_characters": limits::WEBHOOK_HEADER_VALUE_CHARS_MAX,
        "webhook_filter_members": limits::WEBHOOK_FILTER_MEMBERS_MAX,
        "webhook_filter_values": limits::WEBHOOK_FILTER_VALUES_MAX,
        "webhook_filter_bytes": limits::WEBHOOK_FILTER_BYTES_MAX,
        "webhook_secret_overlap_seconds_default": limits::SECRET_OVERLAP_SECONDS_DEFAULT,
        "webhook_secret_overlap_seconds": limits::SECRET_OVERLAP_SECONDS_MAX,
        "deliveries_per_event": limits::DELIVERIES_PER_EVENT_MAX,
        "recover_deliveries": limits::RECOVER_DELIVERIES_MAX,
        "recover_events": limits::RECOVER_EVENTS_MAX,
    })
}

fn of_trash() -> Value {
    json!({
        "trashed_associations": limits::TRASHED_ASSOCIATIONS_MAX,
        "purge_steps": limits::PURGE_STEPS_MAX,
        "merge_records": limits::MERGE_RECORDS_MAX,
        "merge_fields": limits::MERGE_FIELDS_MAX,
        "merge_references": limits::MERGE_REFERENCES_MAX,
        "merge_steps": limits::MERGE_STEPS_MAX,
        "merged_records": limits::MERGED_RECORDS_MAX,
        "merged_listed": limits::MERGED_LISTED_MAX,
        "duplicates_looked_at": limits::DUPLICATES_LOOKED_MAX,
        "duplicates_listed": limits::DUPLICATES_LISTED_MAX,
        "undo_events": limits::UNDO_EVENTS_MAX,
        "undo_bytes": limits::UNDO_BYTES_MAX,
        "undo_conflicts": limits::UNDO_CONFLICTS_MAX,
        "undo_listed_bytes": limits::UNDO_LISTED_BYTES_MAX,
        "undo_value_bytes": limits::UNDO_VALUE_BYTES_MAX,
    })
}

fn of_files() -> Value {
    json!({
        "file_columns": limits::FILE_COLUMNS_MAX,
        "file_header_bytes": limits::FILE_HEADER_BYTES_MAX,
        "file_cell_bytes": limits::FILE_CELL_BYTES_MAX,
        "file_row_bytes": limits::FILE_ROW_BYTES_MAX,
        "file_held_bytes": limits::FILE_HELD_BYTES_MAX,
        "file_excerpt_bytes": limits::FILE_EXCERPT_BYTES_MAX,
    })
}

fn of_people() -> Value {
    json!({
        "users": limits::USERS_MAX,
        "user_link_ms": limits::USER_LINK_MS,
        "sessions_per_user": limits::SESSIONS_PER_USER_MAX,
        "session_idle_ms": limits::SESSION_IDLE_MS,
        "session_ms": limits::SESSION_MS,
        "session_use_ms": limits::SESSION_USE_MS,
    })
}

fn of_fields() -> Value {
    json!({
        "custom_fields": limits::FIELDS_MAX,
        "custom_field_key_characters": limits::FIELD_KEY_CHARS_MAX,
        "custom_field_choices": limits::FIELD_CHOICES_MAX,
        "pipeline_probability_percent": limits::PROBABILITY_PERCENT_MAX,
        "custom_field_url_characters": limits::FIELD_URL_CHARS_MAX,
        "custom_field_options_bytes": limits::FIELD_OPTIONS_BYTES_MAX,
        "custom_field_pattern_characters": limits::FIELD_PATTERN_CHARS_MAX,
        "custom_field_pattern_bytes": limits::FIELD_PATTERN_BYTES_MAX,
        "custom_field_pattern_text_characters": limits::FIELD_PATTERN_TEXT_CHARS_MAX,
        "custom_field_pattern_walk_bytes": limits::FIELD_PATTERN_WALK_BYTES_MAX,
        "custom_field_patterns_work": limits::FIELD_PATTERNS_WORK_MAX,
        "custom_field_default_bytes": limits::FIELD_DEFAULT_BYTES_MAX,
        "custom_field_defaults": limits::FIELD_DEFAULTS_MAX,
        "custom_fields_bytes": limits::FIELDS_BYTES_MAX,
        "custom_field_records": limits::FIELD_RECORDS_MAX,
        "custom_field_records_bytes": limits::FIELD_RECORDS_BYTES_MAX,
        "custom_field_impact": limits::FIELD_IMPACT_MAX,
        "custom_field_renaming_steps": limits::RENAMING_STEPS_MAX,
        "custom_fields_unique": limits::UNIQUE_FIELDS_MAX,
        "custom_fields_references": limits::REFERENCE_FIELDS_MAX,
        "custom_field_unique_steps": limits::UNIQUE_STEPS_MAX,
    })
}

fn of_records() -> Value {
    json!({
        "text_characters": limits::TEXT_CHARS_MAX,
        "activity_body_characters": limits::BODY_CHARS_MAX,
        "tags": limits::TAGS_MAX,
        "tag_characters": limits::TAG_CHARS_MAX,
        "email_bytes": limits::EMAIL_BYTES_MAX,
        "email_local_bytes": limits::EMAIL_LOCAL_BYTES_MAX,
        "contact_emails": limits::CONTACT_EMAILS_MAX,
        "contact_phones": limits::CONTACT_PHONES_MAX,
        "addresses": limits::ADDRESSES_MAX,
        "address_street_characters": limits::ADDRESS_STREET_CHARS_MAX,
        "address_part_characters": limits::ADDRESS_PART_CHARS_MAX,
        "contact_label_characters": limits::CONTACT_LABEL_CHARS_MAX,
        "integer_magnitude": limits::INTEGER_MAX,
        "metadata_keys": limits::METADATA_KEYS_MAX,
        "metadata_key_characters": limits::METADATA_KEY_CHARS_MAX,
        "metadata_bytes": limits::METADATA_BYTES_MAX,
        "json_depth": limits::JSON_DEPTH_MAX,
        "json_values": limits::JSON_VALUES_MAX,
        "page_default": limits::PAGE_LIMIT_DEFAULT,
        "page_max": limits::PAGE_LIMIT_MAX,
        "page_bytes": limits::PAGE_BYTES_MAX,
        "feed_events": limits::FEED_EVENTS_MAX,
        "event_streams_per_workspace": limits::EVENT_STREAMS_PER_WORKSPACE_MAX,
        "event_streams": limits::EVENT_STREAMS_MAX,
        "filters": limits::FILTER_CLAUSES_MAX,
        "filter_in_values": limits::FILTER_IN_VALUES_MAX,
        "filter_value_characters": limits::FILTER_VALUE_CHARS_MAX,
        "search_query_characters": limits::SEARCH_QUERY_CHARS_MAX,
        "search_words": limits::SEARCH_WORDS_MAX,
        "search_word_characters": limits::SEARCH_WORD_CHARS_MAX,
        "batch_rows": limits::BATCH_ROWS_MAX,
        "batch_dedup_keys": limits::DEDUP_KEYS_MAX,
        "batch_contact_bytes": limits::BATCH_CONTACT_BYTES_MAX,
        "batch_terms": limits::BATCH_TERMS_MAX,
        "batch_records": limits::BATCH_RECORDS_MAX,
        "batch_ref_characters": limits::OPERATION_REF_CHARS_MAX,
        "idempotency_key_characters": limits::IDEMPOTENCY_KEY_CHARS_MAX,
        "idempotency_ttl_ms": limits::IDEMPOTENCY_TTL_MS,
        "warnings": limits::WARNINGS_MAX,
        "workspace_name_characters": limits::WORKSPACE_NAME_CHARS_MAX,
        "key_overlap_seconds_default": limits::KEY_OVERLAP_SECONDS_DEFAULT,
        "key_overlap_seconds": limits::KEY_OVERLAP_SECONDS_MAX,
        "association_label_characters": limits::LABEL_CHARS_MAX,
        "association_metadata_bytes": limits::ASSOCIATION_METADATA_BYTES_MAX,
        "error_bytes": limits::ERROR_BYTES_MAX,
        "error_message_bytes": limits::ERROR_MESSAGE_BYTES_MAX,
        "error_field_bytes": limits::ERROR_FIELD_BYTES_MAX,
        "error_options_bytes": limits::ERROR_OPTIONS_BYTES_MAX,
        "error_options": limits::ERROR_OPTIONS_MAX,
        "error_ids": limits::ERROR_IDS_MAX,
        "error_duplicates": limits::ERROR_DUPLICATES_MAX,
        "error_listed_bytes": limits::ERROR_LISTED_BYTES_MAX,
        "error_excerpt_characters": limits::EXCERPT_CHARS_MAX,
        "suggestion_characters": limits::SUGGESTION_CHARS_MAX,
        "request_bytes": limits::REQUEST_BYTES_MAX,
        "batch_request_bytes": limits::BATCH_REQUEST_BYTES_MAX,
    })
}
