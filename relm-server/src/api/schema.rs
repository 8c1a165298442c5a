//! `/v1/schema`: what there is to write, read and filter by, and how much of it.

use serde_json::json;

use super::answer::{Answer, Outcome};
use super::call::Call;
use super::schemas::described::WorkspaceSchema;

pub(super) async fn schema(call: Call) -> Outcome {
    call.query.finish()?;
    let definitions = call.scoped.fields().definitions().await?;
    let schema = WorkspaceSchema::of(&definitions);
    Ok(Answer::ok(json!(schema).to_string()))
}
