//! `/v1/associations`.

use relm_core::Kind;

use super::answer::{Answer, Outcome};
use super::call::{Call, missing};

pub(super) async fn list(call: Call) -> Outcome {
    let request = call.query.into_list(Kind::Association)?;
    let list = call
        .scoped
        .associations()
        .list(&request)
        .documents()
        .await?;
    Ok(Answer::list(&list))
}

pub(super) async fn link(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let reply = call.scoped.associations().link_json(call.body).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.id(0, Kind::Association)?;
    call.query.finish()?;
    let found = call.scoped.associations().get_json(id).await?;
    let document = found.ok_or_else(|| missing(Kind::Association))?;
    let answer = Answer::document(&document).versioned();
    Ok(answer.unless_known(&call.head.headers))
}

pub(super) async fn update(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Association)?;
    let expected = call.expected_version()?;
    let associations = call.scoped.associations();
    let reply = associations.update_json(id, call.body, expected).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn unlink(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Association)?;
    let expected = call.expected_version()?;
    call.scoped.associations().unlink(id, expected).await?;
    Ok(Answer::deleted(id))
}
