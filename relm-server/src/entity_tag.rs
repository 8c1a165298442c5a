//! Entity tags, of whatever is answered: the version of a record, the digest of a page.

use hyper::header::{HeaderMap, IF_NONE_MATCH};

/// Whether `If-None-Match` names this tag: its client has what it would be answered (RFC 9110, section 13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || strong(known) == tag)
}

/// The tag itself: a proxy that has changed an answer's coding makes `W/"3"` of `"3"`.
pub(crate) fn strong(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
