//! `/v1/schema`: what there is to write, read and filter by, and how much of it.

use relm_core::limits;
use relm_core::query::filter::Operator;
use relm_core::record::column::{Column, ColumnType};
use relm_core::record::field::FieldType;
use relm_core::record::{API_VERSION, EventType};
use relm_core::{Field, ObjectType};
use serde_json::{Value, json};

use super::answer::{Answer, Outcome};
use super::call::Call;

/// The columns that the engine alone writes.
pub(super) const READ_ONLY: [&str; 3] = ["id", "created_at", "updated_at"];

pub(super) async fn schema(call: Call) -> Outcome {
    call.query.finish()?;
    let fields = call.scoped.fields().all().await?;
    let objects = ObjectType::ALL.map(|object_type| object(object_type, &fields));
    let event_types: Vec<&str> = EventType::all().map(EventType::as_str).collect();
    let schema = json!({
        "object": "schema",
        "api_version": API_VERSION,
        "objects": objects,
        "field_types": FieldType::ALL.map(FieldType::as_str),
        "operators": Operator::ALL.map(Operator::as_str),
        "event_types": event_types,
        "limits": limits_table(),
    });
    Ok(Answer::ok(schema.to_string()))
}

fn object(object_type: ObjectType, fields: &[Field]) -> Value {
    let shown = object_type
        .columns()
        .iter()
        .filter(|column| column.filterable);
    let id = column("id", ColumnType::Id(None));
    let rest = shown.map(|Column { name, ty, .. }| column(name, *ty));
    let all: Vec<Value> = [id].into_iter().chain(rest).collect();
    let own = fields
        .iter()
        .filter(|field| field.object_type == object_type);
    json!({
        "object_type": object_type,
        "id_prefix": format!("{}_", object_type.kind().prefix()),
        "fields": all,
        "custom_fields": own.collect::<Vec<_>>(),
    })
}

fn column(name: &str, ty: ColumnType) -> Value {
    let operators = Operator::ALL.into_iter().filter(|op| op.applies_to(ty));
    let mut shown = json!({
        "name": name,
        "type": ty.name(),
        "read_only": READ_ONLY.contains(&name),
        "operators": operators.map(Operator::as_str).collect::<Vec<_>>(),
    });
    match ty {
        ColumnType::Text { chars_max } => shown["max_characters"] = chars_max.into(),
        ColumnType::Id(Some(kind)) => shown["refers_to"] = kind.name().into(),
        ColumnType::Id(None)
        | ColumnType::Integer
        | ColumnType::Boolean
        | ColumnType::Date
        | ColumnType::Timestamp
        | ColumnType::Json => {}
    }
    shown
}

/// Every bound of the engine. A test counts them.
fn limits_table() -> Value {
    json!({
        "text_characters": limits::TEXT_CHARS_MAX,
        "activity_body_characters": limits::BODY_CHARS_MAX,
        "email_bytes": limits::EMAIL_BYTES_MAX,
        "email_local_bytes": limits::EMAIL_LOCAL_BYTES_MAX,
        "integer_magnitude": limits::INTEGER_MAX,
        "metadata_keys": limits::METADATA_KEYS_MAX,
        "metadata_key_characters": limits::METADATA_KEY_CHARS_MAX,
        "metadata_bytes": limits::METADATA_BYTES_MAX,
        "json_depth": limits::JSON_DEPTH_MAX,
        "json_values": limits::JSON_VALUES_MAX,
        "page_default": limits::PAGE_LIMIT_DEFAULT,
        "page_max": limits::PAGE_LIMIT_MAX,
        "page_bytes": limits::PAGE_BYTES_MAX,
        "filters": limits::FILTER_CLAUSES_MAX,
        "filter_in_values": limits::FILTER_IN_VALUES_MAX,
        "filter_value_characters": limits::FILTER_VALUE_CHARS_MAX,
        "search_query_characters": limits::SEARCH_QUERY_CHARS_MAX,
        "search_words": limits::SEARCH_WORDS_MAX,
        "search_word_characters": limits::SEARCH_WORD_CHARS_MAX,
        "batch_rows": limits::BATCH_ROWS_MAX,
        "batch_contact_bytes": limits::BATCH_CONTACT_BYTES_MAX,
        "batch_terms": limits::BATCH_TERMS_MAX,
        "idempotency_key_characters": limits::IDEMPOTENCY_KEY_CHARS_MAX,
        "idempotency_ttl_ms": limits::IDEMPOTENCY_TTL_MS,
        "custom_fields": limits::FIELDS_MAX,
        "custom_field_key_characters": limits::FIELD_KEY_CHARS_MAX,
        "custom_field_choices": limits::FIELD_CHOICES_MAX,
        "custom_field_options_bytes": limits::FIELD_OPTIONS_BYTES_MAX,
        "custom_fields_bytes": limits::FIELDS_BYTES_MAX,
        "webhooks": limits::WEBHOOKS_MAX,
        "webhooks_per_url": limits::WEBHOOKS_PER_URL_MAX,
        "workspace_name_characters": limits::WORKSPACE_NAME_CHARS_MAX,
        "webhook_url_characters": limits::WEBHOOK_URL_CHARS_MAX,
        "webhook_secrets": limits::SECRETS_MAX,
        "webhook_secret_overlap_seconds_default": limits::SECRET_OVERLAP_SECONDS_DEFAULT,
        "webhook_secret_overlap_seconds": limits::SECRET_OVERLAP_SECONDS_MAX,
        "recover_deliveries": limits::RECOVER_DELIVERIES_MAX,
        "recover_events": limits::RECOVER_EVENTS_MAX,
        "association_label_characters": limits::LABEL_CHARS_MAX,
        "error_bytes": limits::ERROR_BYTES_MAX,
        "error_message_bytes": limits::ERROR_MESSAGE_BYTES_MAX,
        "error_field_bytes": limits::ERROR_FIELD_BYTES_MAX,
        "error_options_bytes": limits::ERROR_OPTIONS_BYTES_MAX,
        "error_options": limits::ERROR_OPTIONS_MAX,
        "error_listed_bytes": limits::ERROR_LISTED_BYTES_MAX,
        "error_excerpt_characters": limits::EXCERPT_CHARS_MAX,
        "suggestion_characters": limits::SUGGESTION_CHARS_MAX,
        "request_bytes": limits::REQUEST_BYTES_MAX,
        "batch_request_bytes": limits::BATCH_REQUEST_BYTES_MAX,
    })
}
