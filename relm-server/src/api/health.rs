//! `/`, `/healthz` and `/readyz`: for whoever looks whether somebody is there.

use relm_core::crm::Crm;
use relm_core::webhook::API_VERSION;

use super::answer::{Answer, Outcome};

/// Where whoever begins finds the rest.
pub(super) async fn root() -> Outcome {
    Ok(Answer::ok(format!(
        concat!(
            r#"{{"object":"api","name":"Relm","version":"{version}","api_version":"{api_version}","#,
            r#""openapi":"/openapi.json","guide":"{repository}/blob/main/docs/API.md"}}"#
        ),
        version = env!("CARGO_PKG_VERSION"),
        api_version = API_VERSION,
        repository = env!("CARGO_PKG_REPOSITORY"),
    )))
}

pub(super) async fn alive() -> Outcome {
    Ok(Answer::ok(r#"{"status":"ok"}"#))
}

/// Ready is who can read: a store that cannot be reached answers 503.
pub(super) async fn ready(crm: Crm) -> Outcome {
    crm.ping().await?;
    Ok(Answer::ok(r#"{"status":"ok"}"#))
}
