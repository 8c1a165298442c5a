//! Where links between the documents lead once they are pages.

use std::collections::HashMap;

use crate::pages::Source;

/// Where whatever is no page is read: the repository.
const REPOSITORY: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");

/// The place of each heading, by `API.md#errors`, and of each document, by `API.md`.
pub struct Links(HashMap<String, String>);

impl Links {
    pub fn new(places: impl Iterator<Item = (String, String)>) -> Self {
        Self(places.collect())
    }

    /// What a link of a document becomes.
    pub fn target(&self, source: &Source, link: &str) -> String {
        if link.contains("://") {
            return link.to_owned();
        }
        let named = match link.starts_with('#') {
            true => format!("{}{link}", source.file),
            false => link.to_owned(),
        };
        if let Some(place) = self.0.get(&named) {
            return place.clone();
        }
        assert!(
            !link.starts_with('#'),
            "docs/{} links to {link}, which is no heading of it",
            source.file
        );
        // Documents stand in `docs`; one step up is the root.
        let path = match named.strip_prefix("../") {
            Some(path) => path.to_owned(),
            None => format!("docs/{named}"),
        };
        format!("{REPOSITORY}{path}")
    }
}
