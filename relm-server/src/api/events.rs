//! `/v1/events`: what happened, as it was recorded; newest first, or in the order of the log from a number on.

use relm_core::{Error, ErrorKind, Kind, Quoted};

use super::answer::{Answer, ApiError, Outcome};
use super::call::{Call, missing};
use crate::parameters::bad;

/// What asks for the events of a log, and where they begin.
const AFTER: &str = "after";
/// The value of `after` that is the end of the log.
const LATEST: &str = "latest";

pub(super) async fn list(mut call: Call) -> Outcome {
    if let Some(after) = call.query.take(AFTER)? {
        return feed(call, &after).await;
    }
    let request = call.query.into_list(Kind::Event)?;
    let list = call.scoped.events().list(&request).documents().await?;
    Ok(Answer::list(&list))
}

async fn feed(call: Call, after: &str) -> Outcome {
    let number = match after {
        LATEST => None,
        number => Some(number_of(number)?),
    };
    let request = call.query.into_list(Kind::Event)?;
    if request.cursor.is_some() {
        let message =
            "With `after`, events go on by `next_after`: pass it back as `after`, and no `cursor`.";
        return Err(bad("cursor", message).into());
    }
    let events = call.scoped.events();
    let number = match number {
        Some(number) => number,
        None => events.latest().await?,
    };
    let filters = request.filters.into_iter();
    let feed = filters.fold(events.after(number), |feed, one| feed.filter(one));
    let feed = match request.limit {
        Some(limit) => feed.limit(limit),
        None => feed,
    };
    Ok(Answer::ok(feed.documents().await?.to_json()))
}

/// Reads the number that events are asked for after.
pub(super) fn number_of(text: &str) -> Result<i64, ApiError> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_plain);
    number.ok_or_else(|| {
        let given = Quoted(text);
        let message = format!(
            "`after` must be a `next_after` of before, 0 for the first event, or `latest` for the end, not {given}."
        );
        Error::new(ErrorKind::BadRequest, message).at(AFTER).into()
    })
}

pub(super) async fn get(call: Call) -> Outcome {
    call.query.finish()?;
    let id = call.id(0, Kind::Event)?;
    let found = call.scoped.events().get_json(id).await?;
    let document = found.ok_or_else(|| missing(Kind::Event))?;
    Ok(Answer::document(&document))
}
