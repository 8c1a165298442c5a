//! `/v1/keys`: the API keys of a workspace and mode.

use relm_core::{Kind, ListRequest};

use super::answer::{Answer, Outcome};
use super::call::Call;
use crate::parameters::Takes;

pub(super) async fn list(mut call: Call) -> Outcome {
    let request = ListRequest {
        filters: Vec::new(),
        limit: call.query.take_limit()?,
        cursor: call.query.take("cursor")?,
    };
    call.query.finish_of(Takes::Page)?;
    Ok(Answer::list(&call.scoped.keys().list(&request).await?))
}

pub(super) async fn create(call: Call) -> Outcome {
    call.query.finish()?;
    let giver = Some(&*call.principal);
    let reply = call.scoped.keys().create_json(call.body, giver).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn get(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Key)?;
    Ok(Answer::document(&call.scoped.keys().get(id).await?))
}

pub(super) async fn rotate(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let id = call.id(0, Kind::Key)?;
    let giver = Some(&*call.principal);
    let keys = call.scoped.keys();
    let reply = keys.rotate_json(id, call.body, giver).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn revoke(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let id = call.id(0, Kind::Key)?;
    call.scoped.keys().revoke(id).await?;
    Ok(Answer::deleted(id))
}
