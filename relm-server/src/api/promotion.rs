//! `/v1/schema/promotion`: definitions go from test mode to live mode.

use super::answer::{Answer, Outcome};
use super::call::Call;

pub(super) async fn plan(call: Call) -> Outcome {
    call.query.finish()?;
    let fields = call.scoped.fields();
    let promotion = fields.plan_promotion_for(&call.principal).await?;
    Ok(Answer::ok(promotion.to_json()?))
}

pub(super) async fn apply(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let fields = call.scoped.fields();
    let promoted = fields
        .promote_json(call.body, Some(&call.principal))
        .await?;
    Ok(Answer::reply(&promoted))
}
