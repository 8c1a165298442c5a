//! `/v1/search`.

use relm_core::{Error, ErrorKind, SearchRequest};

use super::answer::{Answer, Outcome};
use super::call::Call;

pub(super) async fn search(mut call: Call) -> Outcome {
    let query = &mut call.query;
    let q = query.take("q")?.ok_or_else(|| {
        Error::new(
            ErrorKind::BadRequest,
            "`q` is required: the words to search for.",
        )
        .at("q")
    })?;
    let request = SearchRequest {
        q,
        types: query.take("types")?,
        limit: query.take_limit()?,
        cursor: query.take("cursor")?,
    };
    query.finish()?;
    let list = call.scoped.search(&request).await?;
    Ok(Answer::list(&list))
}
