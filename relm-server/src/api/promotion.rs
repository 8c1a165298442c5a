//! `/v1/schema/promotion`: definitions go from test mode to live mode.

use relm_core::{Error, KeyAction, KeyResource, KeyScope, ObjectType, Principal};
use serde_json::Value;

use super::answer::{Answer, ApiError, Outcome};
use super::call::Call;
use super::scopes::check_scope;

pub(super) async fn plan(call: Call) -> Outcome {
    call.query.finish()?;
    let promotion = call.scoped.fields().plan_promotion(&[]).await?;
    for (field, _) in promotion.breaches() {
        check(&call.principal, field.object_type, KeyAction::Read)?;
    }
    Ok(Answer::ok(promotion.to_json()?))
}

pub(super) async fn apply(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    // Choices are renamed in records.
    let renamed = call.body.get("renamed").and_then(Value::as_array);
    for one in renamed.into_iter().flatten() {
        let of = one.get("object_type").and_then(Value::as_str);
        if let Some(of) = of.and_then(ObjectType::parse) {
            check(&call.principal, of, KeyAction::Write)?;
        }
    }
    let promoted = call.scoped.fields().promote_json(call.body).await;
    if let Some(of) = promoted.as_ref().err().and_then(counted) {
        check(&call.principal, of, KeyAction::Read)?;
    }
    Ok(Answer::reply(&promoted?))
}

/// Of which objects a refusal says how many do not keep to something, and which.
fn counted(error: &Error) -> Option<ObjectType> {
    error.count()?;
    let (of, _) = error.field()?.split_once('.')?;
    ObjectType::parse(of)
}

/// Refuses a key that may not do this with records.
fn check(principal: &Principal, of: ObjectType, action: KeyAction) -> Result<(), ApiError> {
    check_scope(principal, KeyScope::new(KeyResource::from(of), action))
}
