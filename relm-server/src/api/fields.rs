//! `/v1/schema/fields`.

use relm_core::Kind;

use super::answer::{Answer, Outcome};
use super::call::Call;

pub(super) async fn list(call: Call) -> Outcome {
    let request = call.query.into_list(Kind::Field)?;
    let list = call.scoped.fields().list(&request).documents().await?;
    Ok(Answer::list(&list))
}

pub(super) async fn define(call: Call) -> Outcome {
    call.query.finish()?;
    let reply = call.scoped.fields().define_json(call.body).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn remove(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let id = call.id(0, Kind::Field)?;
    call.scoped.fields().remove(id).await?;
    Ok(Answer::deleted(id))
}
