//! `/v1/events`: what happened, as it was recorded.

use relm_core::Kind;

use super::answer::{Answer, Outcome};
use super::call::{Call, missing};

pub(super) async fn list(call: Call) -> Outcome {
    let request = call.query.into_list(Kind::Event)?;
    let list = call.scoped.events().list(&request).documents().await?;
    Ok(Answer::list(&list))
}

pub(super) async fn get(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Event)?;
    let found = call.scoped.events().get_json(id).await?;
    let document = found.ok_or_else(|| missing(Kind::Event))?;
    Ok(Answer::document(&document))
}
