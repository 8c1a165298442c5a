//! Bodies of files that are made while they are read: each piece takes memory of the budget of answers first, and is made once those before
//! it are with the client.

use std::future::Future;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use relm_core::limits::PAGE_BYTES_MAX;

use crate::serve::{AnswerMemory, LiveBody, LivePiece};

/// Memory that is held while a piece is made: of a page of records as they are stored, and as they are written.
const PIECE_BYTES: usize = 2 * PAGE_BYTES_MAX;

/// The pieces of a file, as they are made.
pub(crate) type Pieces = BoxStream<'static, relm_core::Result<String>>;

/// The body of a file of these pieces. Where whoever reads it may not any more, the store fails, or there is no memory for the next piece in
/// time, it is cut: whoever reads it sees that it is not whole.
pub(crate) fn body<F: Future<Output = bool> + Send + 'static>(
    pieces: Pieces,
    may_read: impl Fn() -> F + Send + 'static,
    memory: AnswerMemory,
) -> LiveBody {
    let state = Some((pieces, may_read, memory));
    let body = stream::unfold(state, |state| async move {
        let (mut pieces, may_read, memory) = state?;
        let Some(mut permit) = memory.acquire(PIECE_BYTES).await else {
            return Some((LivePiece::cut(), None));
        };
        let piece = pieces.next().await?;
        // Last: whatever else is waited for may take longer than somebody may read.
        if !may_read().await {
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
                Some((piece, Some((pieces, may_read, memory))))
            }
            Err(error) => {
                tracing::warn!(%error, "a download breaks off");
                Some((LivePiece::cut(), None))
            }
        }
    });
    body.boxed()
}

/// What a file is called, by a word and the ending of its format, as the header that has a browser keep it says it.
pub(crate) fn disposition(word: &str, format: relm_core::record::file::FileFormat) -> String {
    format!("attachment; filename=\"{word}.{}\"", format.as_str())
}
