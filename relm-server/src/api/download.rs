//! Files that the API answers with.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::TryStreamExt;
use hyper::header::HeaderValue;
use relm_core::record::file::FileFormat;

use super::answer::{Answer, ApiError, Outcome};
use super::held_key::HeldKey;
use crate::downloads::{self, Pieces};
use crate::serve::{AnswerMemory, LiveBody};

/// A file to be downloaded.
pub(super) struct Download {
    format: FileFormat,
    /// What a browser is told of it.
    disposition: String,
    pieces: Pieces,
}

pub(super) type Downloading = Pin<Box<dyn Future<Output = Result<Download, ApiError>> + Send>>;

impl Download {
    /// A file of these pieces, which is called by a word and the ending of its format.
    pub fn new(word: &str, format: FileFormat, pieces: Pieces) -> Self {
        Self {
            format,
            disposition: downloads::disposition(word, format),
            pieces,
        }
    }

    /// That a browser keeps it as a file, and how that is called.
    pub fn disposition(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(&self.disposition).ok()
    }

    /// All of it at once, for whoever answers without a connection.
    pub async fn whole(self) -> Outcome {
        let pieces: Vec<String> = self.pieces.try_collect().await?;
        Ok(Answer::file(self.format.content_type(), pieces.concat()))
    }

    /// The head of its answer, and its body, for as long as the key is valid.
    pub fn live(self, key: HeldKey, memory: AnswerMemory) -> (Answer, LiveBody) {
        let answer = Answer::file(self.format.content_type(), "");
        let key = Arc::new(key);
        let is_valid = move || {
            let key = Arc::clone(&key);
            async move { key.is_valid().await }
        };
        (answer, downloads::body(self.pieces, is_valid, memory))
    }
}
