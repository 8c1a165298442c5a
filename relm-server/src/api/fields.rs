//! `/v1/schema/fields`.

use relm_core::{Id, KeyAction, KeyResource, KeyScope, Kind, ObjectType, Principal, Scoped};
use serde_json::Value;

use super::answer::{Answer, ApiError, Outcome};
use super::call::{Call, missing};
use super::scopes::check_scope;
use crate::parameters::Takes;

pub(super) async fn list(call: Call) -> Outcome {
    let request = call.query.into_list(Kind::Field)?;
    let list = call.scoped.fields().list(&request).documents().await?;
    Ok(Answer::list(&list))
}

pub(super) async fn define(call: Call) -> Outcome {
    call.query.finish()?;
    // Values that records share are told, and which deals are in none of the stages.
    let of = call.body.get("object_type").and_then(Value::as_str);
    let is_unique = call.body.get("unique") == Some(&Value::Bool(true));
    // With a type it is a custom field of that name, unless it says that it is none.
    let has_type = call.body.get("type").is_some_and(|it| !it.is_null());
    let built_in = call.body.get("built_in").and_then(Value::as_bool);
    let may_be_pipeline =
        call.body.get("key") == Some(&Value::from("stage")) && built_in.unwrap_or(!has_type);
    if (is_unique || may_be_pipeline)
        && let Some(of) = of.and_then(ObjectType::parse)
        && (is_unique || of == ObjectType::Deal)
    {
        let read = KeyScope::new(KeyResource::from(of), KeyAction::Read);
        check_scope(&call.principal, read)?;
    }
    let reply = call.scoped.fields().define_json(call.body).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.id(0, Kind::Field)?;
    call.query.finish()?;
    let found = call.scoped.fields().get_json(id).await?;
    let document = found.ok_or_else(|| missing(Kind::Field))?;
    let answer = Answer::document(&document).versioned();
    Ok(answer.unless_known(&call.head.headers))
}

pub(super) async fn update(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Field)?;
    let expected = call.expected_version()?;
    let actions = actions(&call.body);
    check_records(&call.scoped, &call.principal, id, actions).await?;
    let fields = call.scoped.fields();
    let reply = fields.update_json(id, call.body, expected).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn usage(mut call: Call) -> Outcome {
    let cursor = call.query.take("cursor")?;
    call.query.finish_of(Takes::Cursor)?;
    let id = call.id(0, Kind::Field)?;
    let actions = &[KeyAction::Read];
    check_records(&call.scoped, &call.principal, id, actions).await?;
    let usage = call.scoped.fields().usage(id, cursor.as_deref()).await?;
    Ok(Answer::ok(usage.to_json()?))
}

pub(super) async fn remove(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Field)?;
    let expected = call.expected_version()?;
    call.scoped.fields().remove(id, expected).await?;
    Ok(Answer::deleted(id))
}

/// What a change of a definition does with records: it says how many do not keep to it and which, and it renames choices in them.
fn actions(body: &Value) -> &'static [KeyAction] {
    let choices = body.pointer("/options/choices").and_then(Value::as_array);
    let renames = choices.is_some_and(|choices| choices.iter().any(Value::is_object));
    let mut looked_at = ["options", "required", "unique", "enforce"].into_iter();
    match (renames, looked_at.any(|member| body.get(member).is_some())) {
        (true, _) => &[KeyAction::Write, KeyAction::Read],
        (false, true) => &[KeyAction::Read],
        (false, false) => &[],
    }
}

/// Refuses a key that may not do this with the records of a field.
async fn check_records(
    scoped: &Scoped,
    principal: &Principal,
    id: Id,
    actions: &[KeyAction],
) -> Result<(), ApiError> {
    if actions.is_empty() {
        return Ok(());
    }
    let found = scoped.fields().get(id).await?;
    let field = found.ok_or_else(|| missing(Kind::Field))?;
    let resource = KeyResource::from(field.object_type);
    for action in actions {
        check_scope(principal, KeyScope::new(resource, *action))?;
    }
    Ok(())
}
