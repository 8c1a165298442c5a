//! `/v1/batch`: operations on any records, in one commit.

use relm_core::{Id, KeyAction, KeyResource, KeyScope, Kind, ObjectType};
use serde_json::Value;

use super::answer::{Answer, Outcome};
use super::call::Call;
use super::scopes::check_scope;

pub(super) async fn batch(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    for resource in resources(&call.body) {
        check_scope(&call.principal, KeyScope::new(resource, KeyAction::Write))?;
    }
    let reply = call.scoped.batch_json(call.body).await?;
    Ok(Answer::reply(&reply))
}

/// The resources that operations write, as far as they say so: an operation that does not is refused by whoever reads it.
fn resources(body: &Value) -> Vec<KeyResource> {
    let operations = body.get("operations").and_then(Value::as_array);
    let mut resources = Vec::new();
    for operation in operations.into_iter().flatten() {
        let text = |member: &str| operation.get(member).and_then(Value::as_str);
        let resource = match text("op") {
            Some("link" | "unlink") => Some(KeyResource::Associations),
            _ => written(text("object"), text("id")),
        };
        if let Some(resource) = resource
            && !resources.contains(&resource)
        {
            resources.push(resource);
        }
    }
    resources
}

/// The resource of an object, or else of what an id is of.
fn written(object: Option<&str>, id: Option<&str>) -> Option<KeyResource> {
    let named = object.and_then(|object| match object {
        "association" => Some(KeyResource::Associations),
        object => object.parse().ok().map(ObjectType::into),
    });
    let by_id = || match id.and_then(Id::parse)?.kind() {
        Kind::Association => Some(KeyResource::Associations),
        kind => ObjectType::of(kind).map(KeyResource::from),
    };
    named.or_else(by_id)
}
