//! The address of a list: the API's own parameters, and a few of the console's.

use std::fmt::Write as _;

/// The cursor of the page before, of each page before: what leads back.
pub(super) const BACK: &str = "back";
/// What was done that leads here.
pub(super) const NOTICE: &str = "notice";
/// The form that adds a filter.
pub(super) const ADD: [&str; 3] = ["add.field", "add.operator", "add.value"];
/// Pages that a list leads back through.
const BACK_MAX: usize = 20;

/// Parameters, decoded, in their order.
#[derive(Clone, Default)]
pub(super) struct Address {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Address {
    pub fn new(path: String, pairs: Vec<(String, String)>) -> Self {
        Self { path, pairs }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the API takes of it.
    pub fn of_api(&self) -> impl Iterator<Item = &(String, String)> {
        let pairs = self.pairs.iter();
        pairs.filter(|(name, _)| name != BACK && name != NOTICE && !ADD.contains(&name.as_str()))
    }

    /// The filters among it.
    pub fn filters(&self) -> impl Iterator<Item = &(String, String)> {
        let of_page = ["limit", "cursor", "deleted"];
        self.of_api()
            .filter(move |(name, _)| !of_page.contains(&name.as_str()))
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same without the page that is shown, and what was done.
    pub fn first(&self) -> Self {
        let is_kept =
            |name: &str| !["cursor", BACK, NOTICE].contains(&name) && !ADD.contains(&name);
        let kept = self.pairs.iter().filter(|(name, _)| is_kept(name));
        Self::new(self.path.clone(), kept.cloned().collect())
    }

    /// The same with a parameter more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first page of it without one filter, the nth of those of that name and value.
    pub fn without(&self, filter: &(String, String)) -> Self {
        let mut first = self.first();
        let place = first.pairs.iter().position(|pair| pair == filter);
        if let Some(place) = place {
            first.pairs.remove(place);
        }
        first
    }

    /// The first page of it without any filter.
    pub fn without_filters(&self) -> Self {
        let kept = self.pairs.iter();
        let kept = kept.filter(|(name, _)| ["limit", "deleted"].contains(&name.as_str()));
        Self::new(self.path.clone(), kept.cloned().collect())
    }

    /// The page after this one.
    pub fn next(&self, cursor: &str) -> Self {
        let mut back = self.back();
        back.push(self.value("cursor").unwrap_or_default());
        let skipped = back.len().saturating_sub(BACK_MAX);
        let mut next = self.first().with("cursor", cursor);
        for before in &back[skipped..] {
            next = next.with(BACK, before);
        }
        next
    }

    /// The page before this one, where it is known.
    pub fn previous(&self) -> Option<Self> {
        let mut back = self.back();
        let cursor = back.pop()?;
        let mut previous = self.first();
        if !cursor.is_empty() {
            previous = previous.with("cursor", cursor);
        }
        for before in back {
            previous = previous.with(BACK, before);
        }
        Some(previous)
    }

    fn back(&self) -> Vec<&str> {
        let pairs = self.pairs.iter();
        let back = pairs.filter(|(name, _)| name == BACK);
        back.map(|(_, cursor)| cursor.as_str()).collect()
    }

    /// As a link.
    pub fn href(&self) -> String {
        format!("{}{}", self.path, written(self.pairs.iter()))
    }
}

/// Parameters as the API documents them: brackets and dots as they are, and everything else encoded that must be.
pub(super) fn written<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> String {
    let mut text = String::new();
    for (place, (name, value)) in pairs.enumerate() {
        let mark = if place == 0 { '?' } else { '&' };
        let (name, value) = (encoded(name, "[]."), encoded(value, ",:@."));
        let written = write!(text, "{mark}{name}={value}");
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    }
    text
}

/// A space is `%20`: a bare `+` may be meant as one or not.
fn encoded(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || kept.as_bytes().contains(&byte)
        {
            encoded.push(char::from(byte));
        } else {
            let written = write!(encoded, "%{byte:02X}");
            debug_assert!(written.is_ok(), "writing to a String does not fail");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(pairs: &[(&str, &str)]) -> Address {
        let pairs = pairs.iter();
        let owned = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Address::new("/x".to_owned(), owned.collect())
    }

    #[test]
    fn an_address_leads_to_the_next_page_and_back() {
        let first = address(&[("filter[email][ilike]", "a b%"), ("notice", "made")]);
        let second = first.next("c2");
        let third = second.next("c3");
        assert_eq!(
            second.href(),
            "/x?filter[email][ilike]=a%20b%25&cursor=c2&back="
        );
        assert_eq!(
            third.href(),
            "/x?filter[email][ilike]=a%20b%25&cursor=c3&back=&back=c2"
        );
        assert_eq!(third.previous().unwrap().href(), second.href());
        assert_eq!(second.previous().unwrap().href(), first.first().href());
        assert!(first.previous().is_none());
        let far = (0..50).fold(first, |page, at| page.next(&at.to_string()));
        assert_eq!(far.back().len(), BACK_MAX);
    }

    #[test]
    fn a_filter_is_taken_out_once() {
        let twice = address(&[
            ("stage", "won"),
            ("stage", "won"),
            ("limit", "5"),
            ("cursor", "c"),
        ]);
        let one = twice.without(&("stage".to_owned(), "won".to_owned()));
        assert_eq!(one.href(), "/x?stage=won&limit=5");
        assert_eq!(twice.filters().count(), 2);
    }
}
