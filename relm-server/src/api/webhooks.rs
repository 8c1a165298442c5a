//! `/v1/webhooks`: endpoints and their secrets, deliveries, replays and recoveries.

use relm_core::Kind;

use super::answer::{Answer, Outcome};
use super::call::{Call, missing};

pub(super) async fn list(call: Call) -> Outcome {
    let request = call.query.into_list(Kind::Webhook)?;
    let list = call.scoped.webhooks().list(&request).documents().await?;
    Ok(Answer::list(&list))
}

pub(super) async fn subscribe(call: Call) -> Outcome {
    call.query.finish()?;
    let reply = call.scoped.webhooks().subscribe_json(call.body).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn get(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Webhook)?;
    let found = call.scoped.webhooks().get_json(id).await?;
    let document = found.ok_or_else(|| missing(Kind::Webhook))?;
    Ok(Answer::document(&document))
}

pub(super) async fn update(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let id = call.id(0, Kind::Webhook)?;
    let reply = call.scoped.webhooks().update_json(id, call.body).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn delete(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let id = call.id(0, Kind::Webhook)?;
    call.scoped.webhooks().delete(id).await?;
    Ok(Answer::deleted(id))
}

pub(super) async fn deliveries(call: Call) -> Outcome {
    let id = call.id(0, Kind::Webhook)?;
    let request = call.query.into_list(Kind::Delivery)?;
    let list = call
        .scoped
        .webhooks()
        .deliveries(id, &request)
        .documents()
        .await?;
    Ok(Answer::list(&list))
}

pub(super) async fn replay(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Webhook)?;
    let delivery = call.id(1, Kind::Delivery)?;
    let reply = call.scoped.webhooks().replay(id, delivery).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn rotate_secret(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Webhook)?;
    let webhooks = call.scoped.webhooks();
    let reply = webhooks.rotate_secret_json(id, call.body).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn test(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Webhook)?;
    let reply = call.scoped.webhooks().test(id).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn recover(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Webhook)?;
    let reply = call.scoped.webhooks().recover_json(id, call.body).await?;
    Ok(Answer::reply(&reply))
}
