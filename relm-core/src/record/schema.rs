//! The JSON Schemas of values whose JSON is no struct's: for whoever describes the engine's types to a machine.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::endpoint::Shown;
use super::key::{KeyScope, KeyScopes};
use super::{EventData, EventType, Metadata, Subscription, Webhook};
use crate::error::{Error, ErrorKind, Members};
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::time::{Date, Timestamp};

/// Gives a type the schema that an expression makes, inlined wherever the type is used.
///
/// `inlined!(Date: "Date", json_schema!({ "type": "string", "format": "date" }))` is `impl JsonSchema for Date`.
macro_rules! inlined {
    ($($ty:ty: $name:literal, $schema:expr;)+) => {
        $(impl JsonSchema for $ty {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        })+
    };
}

inlined! {
    Id: "Id", json_schema!({ "type": "string" });
    RequestId: "RequestId", json_schema!({ "type": "string" });
    Timestamp: "Timestamp", json_schema!({ "type": "string", "format": "date-time" });
    Date: "Date", json_schema!({ "type": "string", "format": "date" });
    KeyScopes: "KeyScopes", json_schema!({ "type": "array", "minItems": 1, "items": { "type": "string", "enum": key_scopes() } });
    Metadata: "Metadata", json_schema!({ "type": "object", "additionalProperties": true });
    EventData: "EventData", json_schema!({ "type": "object", "additionalProperties": true });
}

fn key_scopes() -> Vec<String> {
    KeyScope::all().map(|scope| scope.to_string()).collect()
}

/// Gives an enumeration of names a schema of its own.
macro_rules! named {
    ($($ty:ty: $name:literal, $description:literal, $values:expr;)+) => {
        $(impl JsonSchema for $ty {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let values: Vec<Value> = $values.map(Value::from).collect();
                json_schema!({ "type": "string", "description": $description, "enum": values })
            }
        })+
    };
}

named! {
    ErrorKind: "ErrorCode", "What went wrong.", ErrorKind::ALL.into_iter().map(ErrorKind::code);
    EventType: "EventType", "What happened to what; a `ping` tries an endpoint out. There will be more: pass over a type that you do not know.",
        EventType::all().chain([EventType::Ping]).map(EventType::as_str);
}

/// One element of a [`Subscription`].
struct SubscribedType;

named! {
    SubscribedType: "SubscribedEventType", "A type of event, or `*` for all of them.",
        EventType::all().map(EventType::as_str).chain(["*"]);
}

impl JsonSchema for Subscription {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Subscription".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<SubscribedType>();
        json_schema!({ "type": "array", "minItems": 1, "items": items })
    }
}

/// Gives a type the schema of the one that it is shown as.
macro_rules! shown_as {
    ($($ty:ty: $shown:ty;)+) => {
        $(impl JsonSchema for $ty {
            fn schema_name() -> Cow<'static, str> {
                <$shown>::schema_name()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                <$shown>::json_schema(generator)
            }
        })+
    };
}

shown_as! {
    Webhook: Shown<'_>;
    Error: Members<'_>;
}
