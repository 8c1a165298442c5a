//! `/v1/schema`: what there is to write, read and filter by, and how much of it.

use relm_core::Field;
use relm_core::ObjectType;
use relm_core::column::{Column, ColumnType};
use relm_core::filter::Operator;
use relm_core::limits;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome};
use super::call::Call;

pub(super) async fn schema(call: Call) -> Outcome {
    call.query.finish()?;
    let fields = call.scoped.fields().all().await?;
    let objects = ObjectType::ALL.map(|object_type| object(object_type, &fields));
    let schema = json!({
        "object": "schema",
        "objects": objects,
        "operators": Operator::ALL.map(Operator::as_str),
        "limits": limits_table(),
    });
    Ok(Answer::ok(schema.to_string()))
}

fn object(object_type: ObjectType, fields: &[Field]) -> Value {
    let shown = object_type.columns().iter().filter(|column| column.shown);
    let own = fields
        .iter()
        .filter(|field| field.object_type == object_type);
    json!({
        "object_type": object_type,
        "id_prefix": format!("{}_", object_type.kind().prefix()),
        "fields": shown.map(column).collect::<Vec<_>>(),
        "custom_fields": own.collect::<Vec<_>>(),
    })
}

fn column(column: &Column) -> Value {
    let operators = Operator::ALL
        .into_iter()
        .filter(|op| op.applies_to(column.ty));
    let mut shown = json!({
        "name": column.name,
        "type": column.ty.name(),
        "operators": operators.map(Operator::as_str).collect::<Vec<_>>(),
    });
    match column.ty {
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

/// Every bound that a client can meet.
pub(super) fn limits_table() -> Value {
    json!({
        "text_characters": limits::TEXT_CHARS_MAX,
        "activity_body_characters": limits::BODY_CHARS_MAX,
        "email_bytes": limits::EMAIL_BYTES_MAX,
        "integer_magnitude": limits::INTEGER_MAX,
        "metadata_keys": limits::METADATA_KEYS_MAX,
        "metadata_key_characters": limits::METADATA_KEY_CHARS_MAX,
        "metadata_bytes": limits::METADATA_BYTES_MAX,
        "json_depth": limits::JSON_DEPTH_MAX,
        "page_default": limits::PAGE_LIMIT_DEFAULT,
        "page_max": limits::PAGE_LIMIT_MAX,
        "filters": limits::FILTER_CLAUSES_MAX,
        "filter_in_values": limits::FILTER_IN_VALUES_MAX,
        "search_query_characters": limits::SEARCH_QUERY_CHARS_MAX,
        "search_words": limits::SEARCH_WORDS_MAX,
        "batch_rows": limits::BATCH_ROWS_MAX,
        "idempotency_key_characters": limits::IDEMPOTENCY_KEY_CHARS_MAX,
        "custom_fields": limits::FIELDS_MAX,
        "custom_field_key_characters": limits::FIELD_KEY_CHARS_MAX,
        "custom_field_choices": limits::FIELD_CHOICES_MAX,
        "webhooks": limits::WEBHOOKS_MAX,
        "webhook_url_characters": limits::WEBHOOK_URL_CHARS_MAX,
        "association_label_characters": limits::LABEL_CHARS_MAX,
        "request_bytes": limits::REQUEST_BYTES_MAX,
        "batch_request_bytes": limits::BATCH_REQUEST_BYTES_MAX,
    })
}
