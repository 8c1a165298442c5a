//! Files that are made while they are read: each piece takes memory of the budget of answers first, and is made once those before it are
//! with the client.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use hyper::header::HeaderValue;
use relm_core::limits::PAGE_BYTES_MAX;
use relm_core::record::file::FileFormat;

use super::answer::{Answer, ApiError, Outcome};
use super::held_key::HeldKey;
use crate::serve::{AnswerMemory, LiveBody, LivePiece};

/// Memory that is held while a piece is made: of a page of records as they are stored, and as they are written.
const PIECE_BYTES: usize = 2 * PAGE_BYTES_MAX;

/// A file to be downloaded.
pub(super) struct Download {
    format: FileFormat,
    /// What a browser calls it.
    name: String,
    pieces: BoxStream<'static, relm_core::Result<String>>,
}

pub(super) type Downloading = Pin<Box<dyn Future<Output = Result<Download, ApiError>> + Send>>;

impl Download {
    /// A file of these pieces, which is called by a word and the ending of its format.
    pub fn new(
        word: &str,
        format: FileFormat,
        pieces: BoxStream<'static, relm_core::Result<String>>,
    ) -> Self {
        Self {
            format,
            name: format!("{word}.{}", format.as_str()),
            pieces,
        }
    }

    /// That a browser keeps it as a file, and how that is called.
    pub fn disposition(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("attachment; filename=\"{}\"", self.name)).ok()
    }

    /// All of it at once, for whoever answers without a connection.
    pub async fn whole(self) -> Outcome {
        let pieces: Vec<String> = self.pieces.try_collect().await?;
        Ok(Answer::file(self.format.content_type(), pieces.concat()))
    }

    /// The head of its answer, and its body. Where the key is not valid any more, the store fails, or there is no memory for the next piece in time,
    /// it is cut: whoever reads it sees that it is not whole.
    pub fn live(self, key: HeldKey, memory: AnswerMemory) -> (Answer, LiveBody) {
        let answer = Answer::file(self.format.content_type(), "");
        let state = Some((self.pieces, key, memory));
        let body = stream::unfold(state, |state| async move {
            let (mut pieces, key, memory) = state?;
            let Some(mut permit) = memory.acquire(PIECE_BYTES).await else {
                return Some((LivePiece::cut(), None));
            };
            let piece = pieces.next().await?;
            // Last: whatever else is waited for may take longer than the key is valid.
            if !key.is_valid().await {
                return Some((LivePiece::cut(), None));
            }
            match piece {
                Ok(text) => {
                    permit.resize(text.len());
                    let piece = LivePiece {
                        bytes: text.into(),
                        memory: Some(Arc::new(permit)),
                        is_cut: false,
                    };
                    Some((piece, Some((pieces, key, memory))))
                }
                Err(error) => {
                    tracing::warn!(%error, "a download breaks off");
                    Some((LivePiece::cut(), None))
                }
            }
        });
        (answer, body.boxed())
    }
}
