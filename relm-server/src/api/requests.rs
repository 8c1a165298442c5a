//! `/v1/requests`: what one request changed, undone.

use super::answer::{Answer, Outcome};
use super::call::Call;

pub(super) async fn undo(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let id = call.request_id(0)?;
    let requests = call.scoped.requests();
    let reply = requests.undo_json(id, Some(&call.principal)).await?;
    Ok(Answer::reply(&reply))
}
