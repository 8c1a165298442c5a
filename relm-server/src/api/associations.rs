//! `/v1/associations`.

use relm_core::Kind;

use super::answer::{Answer, Outcome};
use super::call::Call;

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
    let reply = call.scoped.associations().link_json(call.body).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn unlink(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let id = call.id(0, Kind::Association)?;
    call.scoped.associations().unlink(id).await?;
    Ok(Answer::deleted(id))
}
