//! `/v1/contacts`, `/v1/companies`, `/v1/deals` and `/v1/activities`.

use relm_core::Scoped;
use relm_core::engine::Objects;
use relm_core::record::Record;
use relm_core::record::object::Object;

use super::answer::{Answer, Outcome};
use super::call::{Call, missing};
use crate::parameters::Takes;

fn of<T: Object + Into<Record>>(scoped: &Scoped) -> Objects<'_, T> {
    scoped.objects()
}

pub(super) async fn create<T: Object + Into<Record>>(call: Call) -> Outcome {
    call.query.finish()?;
    let reply = of::<T>(&call.scoped).create_json(call.body).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn upsert<T: Object + Into<Record>>(mut call: Call) -> Outcome {
    let dedup_on = call.query.take_dedup_on()?;
    call.query.finish_of(Takes::DedupOn)?;
    let expected = call.expected_version()?;
    let objects = of::<T>(&call.scoped);
    let reply = objects.upsert_json(call.body, dedup_on, expected).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn list<T: Object + Into<Record>>(mut call: Call) -> Outcome {
    let deleted = call.query.take_switch("deleted")?;
    let request = call.query.into_list(T::TYPE.kind())?;
    let objects = of::<T>(&call.scoped);
    let list = match deleted {
        Some(true) => objects.trash(&request),
        Some(false) | None => objects.list(&request),
    };
    Ok(Answer::list(&list.documents().await?))
}

pub(super) async fn get<T: Object + Into<Record>>(mut call: Call) -> Outcome {
    let kind = T::TYPE.kind();
    // First: what stands in the place of an id says what its parameters were meant for.
    let id = call.id(0, kind)?;
    let at = call.query.take_moment()?;
    call.query.finish_of(Takes::Moment)?;
    let objects = of::<T>(&call.scoped);
    let found = match at {
        Some(at) => objects.get_json_at(id, at).await?,
        None => objects.resolve_json(id).await?,
    };
    let document = found.ok_or_else(|| missing(kind))?;
    let answer = Answer::document(&document);
    if document.id != id {
        // The versions of another record would be mistaken for those of the one that this id was before it was merged.
        return Ok(answer);
    }
    Ok(answer.versioned().unless_known(&call.head.headers))
}

pub(super) async fn history<T: Object + Into<Record>>(mut call: Call) -> Outcome {
    let at = call.query.take_moment()?;
    let limit = call.query.take_limit()?;
    let cursor = call.query.take("cursor")?;
    call.query.finish_of(Takes::History)?;
    let mut history = of::<T>(&call.scoped).history(call.id(0, T::TYPE.kind())?);
    if let Some(at) = at {
        history = history.as_of(at);
    }
    if let Some(limit) = limit {
        history = history.limit(limit);
    }
    if let Some(cursor) = cursor {
        history = history.after(cursor);
    }
    Ok(Answer::ok(history.await?.to_json()?))
}

pub(super) async fn update<T: Object + Into<Record>>(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, T::TYPE.kind())?;
    let expected = call.expected_version()?;
    let objects = of::<T>(&call.scoped);
    let reply = objects.update_json(id, call.body, expected).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn delete<T: Object + Into<Record>>(mut call: Call) -> Outcome {
    let purges = call.query.take_switch("purge")?;
    call.query.finish_of(Takes::Deletion)?;
    let id = call.id(0, T::TYPE.kind())?;
    let expected = call.expected_version()?;
    let objects = of::<T>(&call.scoped);
    if purges == Some(true) {
        return Ok(Answer::reply(&objects.purge_json(id, expected).await?));
    }
    objects.delete(id, expected).await?;
    Ok(Answer::deleted(id))
}

pub(super) async fn restore<T: Object + Into<Record>>(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, T::TYPE.kind())?;
    let expected = call.expected_version()?;
    let reply = of::<T>(&call.scoped).restore_json(id, expected).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn merge<T: Object + Into<Record>>(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, T::TYPE.kind())?;
    let expected = call.expected_version()?;
    let objects = of::<T>(&call.scoped);
    let reply = objects.merge_json(id, call.body, expected).await?;
    Ok(Answer::reply(&reply).versioned())
}

pub(super) async fn duplicates<T: Object + Into<Record>>(mut call: Call) -> Outcome {
    let cursor = call.query.take("cursor")?;
    call.query.finish_of(Takes::Cursor)?;
    let objects = of::<T>(&call.scoped);
    let groups = objects.duplicate_documents(cursor.as_deref()).await?;
    Ok(Answer::ok(groups.to_json()))
}

pub(super) async fn batch<T: Object + Into<Record>>(call: Call) -> Outcome {
    call.query.finish()?;
    let reply = of::<T>(&call.scoped).batch_json(call.body).await?;
    Ok(Answer::reply(&reply))
}
