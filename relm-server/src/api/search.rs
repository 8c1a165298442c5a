//! `/v1/search`.

use relm_core::{Error, ErrorKind, SearchRequest};

use super::answer::{Answer, Outcome};
use super::call::Call;
use crate::parameters::{Takes, elsewhere};

pub(super) async fn search(mut call: Call) -> Outcome {
    let query = &mut call.query;
    let Some(q) = query.take("q")? else {
        let known = query.first_name();
        let known = known.and_then(|name| elsewhere::of_elsewhere(name, Takes::Search));
        return Err(known.unwrap_or_else(no_words).into());
    };
    let request = SearchRequest {
        q,
        types: query.take("types")?,
        limit: query.take_limit()?,
        cursor: query.take("cursor")?,
    };
    query.finish_of(Takes::Search)?;
    let list = call.scoped.search(&request).documents().await?;
    Ok(Answer::list(&list))
}

fn no_words() -> Error {
    let message = "`q` is required: the words to search for.";
    Error::new(ErrorKind::BadRequest, message).at("q")
}
