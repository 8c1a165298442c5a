//! `/`, `/healthz` and `/readyz`: for whoever looks whether somebody is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use relm_core::Error;
use relm_core::engine::Crm;
use serde_json::json;
use tokio::sync::Mutex;

use super::answer::{Answer, Outcome};
use super::schemas::described::{About, Health};

/// Where whoever begins finds the rest.
pub(super) async fn root() -> Outcome {
    Ok(Answer::ok(json!(About::THIS).to_string()))
}

pub(super) async fn alive() -> Outcome {
    Ok(healthy())
}

fn healthy() -> Answer {
    Answer::ok(json!(Health::OK).to_string())
}

/// Whether the store answers, for all who want to know it. They show no key, so the store is asked by one of them at a time.
#[derive(Clone, Default)]
pub(super) struct Readiness(Arc<Questions>);

#[derive(Default)]
struct Questions {
    /// How many have begun.
    begun: AtomicU64,
    last: Mutex<Answered>,
}

/// Which question was answered last, and what kept the store from being ready, if anything did.
#[derive(Default)]
struct Answered {
    number: u64,
    failure: Option<Error>,
}

impl Readiness {
    /// Asks the store, or takes the answer to a question that was begun after this was.
    async fn require(&self, crm: &Crm) -> relm_core::Result<()> {
        let Self(questions) = self;
        let begun_before = questions.begun.load(Ordering::SeqCst);
        let mut last = questions.last.lock().await;
        if last.number > begun_before {
            return last.failure.clone().map_or(Ok(()), Err);
        }
        let number = questions.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = crm.ready().await;
        *last = Answered {
            number,
            failure: answer.as_ref().err().cloned(),
        };
        answer
    }
}

/// Ready is who can read, and write as far as is known: a store that cannot be reached, or takes no writes, answers 503.
pub(super) async fn ready(crm: Crm, readiness: Readiness) -> Outcome {
    readiness.require(&crm).await?;
    Ok(healthy())
}
