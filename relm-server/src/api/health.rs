//! `/healthz` and `/readyz`: for whoever watches the process.

use relm_core::crm::Crm;

use super::answer::{Answer, Outcome};

pub(super) async fn alive() -> Outcome {
    Ok(Answer::ok(r#"{"status":"ok"}"#))
}

/// Ready is who can read: a store that cannot be reached answers 503.
pub(super) async fn ready(crm: Crm) -> Outcome {
    crm.ping().await?;
    Ok(Answer::ok(r#"{"status":"ok"}"#))
}
