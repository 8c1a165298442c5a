//! How a request that was admitted is answered: by a page, by what becomes of a form, or with a file.

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use hyper::{Method, Response};

use super::form::Form;
use super::problem::Problem;
use super::routes::{Handler, Needs};
use super::visit::{SignedIn, Visit};
use super::{Admitted, Console};
use crate::caught::caught;
use crate::observation::Observation;
use crate::serve::{AnswerMemory, FileBody, Head, LiveBody, Refusal};

impl Console {
    /// Answers a request that was admitted and is there whole.
    pub(crate) async fn carry_out(
        &self,
        admitted: Admitted,
        head: Head,
        body: Bytes,
    ) -> Response<Bytes> {
        let Admitted {
            handler,
            needs,
            mut visit,
            seen,
        } = admitted;
        let session = visit.session.clone();
        let mut is_of_session = true;
        if let Handler::Upload(_) = handler {
            // A file that is there whole is one that arrives in one piece.
            let file = stream::iter([Ok(body)]).boxed();
            visit.upload.arriving(file);
        } else if head.method == Method::POST {
            visit.form = Form::parse(&body);
            let is_own = |session: &SignedIn| visit.form.is_of_session(&session.token);
            is_of_session = needs == Needs::Nothing || session.as_ref().is_some_and(is_own);
        }
        match is_of_session {
            true => self.answer(handler, visit, seen).await,
            false => {
                let refused = Problem::foreign_form().page(session.as_ref());
                seen.answered(refused.status());
                refused
            }
        }
    }

    /// Answers a request that was admitted, whose body arrives while it is read.
    pub(crate) async fn receive(&self, admitted: Admitted, file: FileBody) -> Response<Bytes> {
        let Admitted {
            handler,
            visit,
            seen,
            ..
        } = admitted;
        visit.upload.arriving(file);
        self.answer(handler, visit, seen).await
    }

    async fn answer(&self, handler: Handler, visit: Visit, seen: Observation) -> Response<Bytes> {
        let session = visit.session.clone();
        let panicked = match visit.is_change {
            true => Refusal::PanickedInChange,
            false => Refusal::Panicked,
        };
        let answering = async {
            match handler {
                Handler::Page(handler) | Handler::Upload(handler) => handler(visit).await,
                Handler::Download(handler) => handler(visit).await?.whole().await,
            }
        };
        let answered = caught(answering).await;
        let answered = answered.unwrap_or_else(|| Err(panicked.into()));
        let response = answered.unwrap_or_else(|problem| {
            problem.log(&self.shared.log_throttle);
            problem.page(session.as_ref())
        });
        seen.answered(response.status());
        response
    }

    /// Begins to answer a request with a file, which is made while it is read.
    pub(crate) async fn follow(
        &self,
        admitted: Admitted,
        memory: AnswerMemory,
    ) -> Result<Response<LiveBody>, Response<Bytes>> {
        let Admitted {
            handler,
            visit,
            seen,
            ..
        } = admitted;
        let session = visit.session.clone();
        let crm = self.shared.crm.clone();
        let downloading = async {
            match handler {
                Handler::Download(handler) => handler(visit).await,
                Handler::Page(_) | Handler::Upload(_) => Err(Problem::missing()),
            }
        };
        let begun = caught(downloading).await;
        let begun = begun.unwrap_or_else(|| Err(Refusal::Panicked.into()));
        let answered = match (begun, session.as_ref()) {
            (Ok(download), Some(session)) => Ok(download.live(crm, session, memory)),
            (Ok(_), None) => Err(Problem::signed_out().page(None)),
            (Err(problem), session) => {
                problem.log(&self.shared.log_throttle);
                Err(problem.page(session))
            }
        };
        seen.answered(match &answered {
            Ok(response) => response.status(),
            Err(response) => response.status(),
        });
        answered
    }
}
