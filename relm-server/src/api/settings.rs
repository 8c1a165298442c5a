//! `/v1/schema/contacts` and so on: what is said of the objects of a type as a whole.

use relm_core::record::object::Object;

use super::answer::{Answer, Outcome};
use super::call::Call;

pub(super) async fn get<T: Object>(call: Call) -> Outcome {
    call.query.finish()?;
    let settings = call.scoped.fields().settings(T::TYPE).await?;
    Ok(Answer::ok(settings.to_json()?))
}

pub(super) async fn update<T: Object>(call: Call) -> Outcome {
    call.query.finish()?;
    call.expect_no_version()?;
    let fields = call.scoped.fields();
    let reply = fields.update_settings_json(T::TYPE, call.body).await?;
    Ok(Answer::reply(&reply))
}
