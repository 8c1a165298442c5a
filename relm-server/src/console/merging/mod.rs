//! Records that are one: found as duplicates, laid side by side, merged.

mod chosen;
mod compared;
mod duplicates;
mod finding;
mod page;

pub(super) use self::duplicates::list;
pub(super) use self::finding::find;
pub(super) use self::page::{compare, merge};

use relm_core::limits::MERGE_RECORDS_MAX;
use relm_core::{Id, ObjectType};

use super::layout::Place;
use super::records::path_of;

/// The records of a page: one that stays, and as many as a merge takes.
const RECORDS_MAX: usize = MERGE_RECORDS_MAX + 1;

/// The page that lays records side by side.
fn path_of_comparison(
    place: &Place,
    object: ObjectType,
    ids: impl IntoIterator<Item = Id>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for id in ids.into_iter().take(RECORDS_MAX) {
        query.append_pair("id", &id.text());
    }
    format!("{}/merge?{}", path_of(place, object), query.finish())
}
