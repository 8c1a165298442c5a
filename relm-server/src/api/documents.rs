//! `/openapi.json` and its like: what the API can do, for machines.

use super::answer::{Answer, Outcome};
use super::call::{Call, Open};

pub(super) async fn latest(open: Open) -> Outcome {
    Ok(Answer::lines(open.documents.latest()))
}

pub(super) async fn for_older_tools(open: Open) -> Outcome {
    Ok(Answer::lines(open.documents.for_older_tools()))
}

pub(super) async fn of_workspace(call: Call) -> Outcome {
    call.query.finish()?;
    let definitions = call.scoped.fields().definitions().await?;
    Ok(Answer::lines(call.documents.of_workspace(definitions)))
}
