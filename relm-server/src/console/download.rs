//! Files that the console answers with, for as long as whoever asked is signed in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::TryStreamExt;
use hyper::Response;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use relm_core::engine::Crm;
use relm_core::record::file::FileFormat;

use super::problem::Problem;
use super::visit::SignedIn;
use crate::downloads::{self, Pieces};
use crate::html::answer;
use crate::serve::{AnswerMemory, LiveBody};

/// How often it is asked whether the session goes on.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// A file to be downloaded.
pub(super) struct Download {
    format: FileFormat,
    disposition: String,
    pieces: Pieces,
}

impl Download {
    /// A file of these pieces, which is called by a word and the ending of its format.
    pub fn new(word: &str, format: FileFormat, pieces: Pieces) -> Self {
        Self {
            format,
            disposition: downloads::disposition(word, format),
            pieces,
        }
    }

    /// All of it at once, for whoever answers without a connection.
    pub async fn whole(self) -> Result<Response<Bytes>, Problem> {
        let mut response = answer::download();
        self.describe(&mut response);
        let pieces: Vec<String> = self.pieces.try_collect().await?;
        Ok(response.map(|_| pieces.concat().into()))
    }

    /// Its answer, whose body is cut once the session has ended.
    pub fn live(self, crm: Crm, session: &SignedIn, memory: AnswerMemory) -> Response<LiveBody> {
        let mut response = answer::download();
        self.describe(&mut response);
        let held = Arc::new(Held {
            crm,
            token: session.token.clone(),
            asked_at: Mutex::new(Instant::now()),
        });
        let goes_on = move || {
            let held = Arc::clone(&held);
            async move { held.goes_on().await }
        };
        let body = downloads::body(self.pieces, goes_on, memory);
        response.map(|_| body)
    }

    fn describe(&self, response: &mut Response<Bytes>) {
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static(self.format.content_type());
        headers.insert(CONTENT_TYPE, content_type);
        let disposition = HeaderValue::try_from(&self.disposition);
        headers.extend(disposition.map(|disposition| (CONTENT_DISPOSITION, disposition)));
    }
}

/// The session of whoever downloads.
struct Held {
    crm: Crm,
    token: String,
    asked_at: Mutex<Instant>,
}

impl Held {
    /// Whether it goes on, as of some seconds ago at most. Where the store does not say so, it does not.
    async fn goes_on(&self) -> bool {
        {
            let mut asked_at = self.asked_at.lock().unwrap_or_else(PoisonError::into_inner);
            if asked_at.elapsed() < ASK_EVERY {
                return true;
            }
            *asked_at = Instant::now();
        }
        let session = self.crm.accounts().session(&self.token).await;
        session.is_ok_and(|session| session.is_some())
    }
}
