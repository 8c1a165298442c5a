//! `/v1/schema/fields`.

use relm_core::Kind;

use super::answer::{Answer, Outcome};
use super::call::{Call, missing};
use crate::entity_tag;
use crate::parameters::Takes;

pub(super) async fn list(call: Call) -> Outcome {
    let request = call.query.into_list(Kind::Field)?;
    let list = call.scoped.fields().list(&request).documents().await?;
    Ok(Answer::list(&list))
}

pub(super) async fn define(call: Call) -> Outcome {
    call.query.finish()?;
    let reply = call.scoped.fields().define_json(call.body).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.id(0, Kind::Field)?;
    call.query.finish()?;
    let found = call.scoped.fields().get_json(id).await?;
    let document = found.ok_or_else(|| missing(Kind::Field))?;
    let answer = Answer::document(&document).versioned();
    let is_known = answer
        .etag()
        .is_some_and(|tag| entity_tag::is_known(&call.head.headers, tag));
    Ok(match is_known {
        true => answer.not_modified(),
        false => answer,
    })
}

pub(super) async fn update(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Field)?;
    let expected = call.expected_version()?;
    let fields = call.scoped.fields();
    let reply = fields.update_json(id, call.body, expected).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn usage(mut call: Call) -> Outcome {
    let cursor = call.query.take("cursor")?;
    call.query.finish_of(Takes::Cursor)?;
    let id = call.id(0, Kind::Field)?;
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
