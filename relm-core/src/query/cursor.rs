//! Cursors: a place in one list, sealed so that it fits nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, ErrorKind, Result};

/// The bytes of a place: a rank and a ULID.
const PLACE_BYTES: usize = 17;
/// The bytes of its seal: half of HMAC-SHA-256, as RFC 2104, section 5, allows.
const TAG_BYTES: usize = 16;

/// Seals and opens the cursors of one list: of one scope, path and set of filters. Most pages have no cursor and no next one: nothing is
/// computed for those.
pub(crate) struct Cursors<'k> {
    key: &'k str,
    /// What tells the list from every other.
    list: Vec<u8>,
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// 0, or the rank of a search result.
    pub rank: u8,
    /// The ULID of the last record.
    pub ulid: u128,
}

impl<'k> Cursors<'k> {
    /// The cursors of the list that `parts` identify.
    pub(crate) fn new<'a>(
        key: &'k str,
        scope: i64,
        parts: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut list = scope.to_be_bytes().to_vec();
        for part in parts {
            // The length before each part keeps `ab`+`c` apart from `a`+`bc`.
            list.extend((part.len() as u64).to_be_bytes());
            list.extend(part.as_bytes());
        }
        Self { key, list }
    }

    /// The seal of a place, yet to be finished.
    fn sealing(&self, place: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(self.key.as_bytes())
            .expect("HMAC takes a key of any length")
            .chain_update(&self.list)
            .chain_update(place)
    }

    /// The text of a place.
    pub(crate) fn seal(&self, place: Place) -> String {
        let mut bytes = [0_u8; PLACE_BYTES + TAG_BYTES];
        bytes[0] = place.rank;
        bytes[1..PLACE_BYTES].copy_from_slice(&place.ulid.to_be_bytes());
        let seal = self.sealing(&bytes[..PLACE_BYTES]).finalize();
        bytes[PLACE_BYTES..].copy_from_slice(&seal.into_bytes()[..TAG_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place of a text that [`Cursors::seal`] wrote for this list.
    pub(crate) fn open(&self, text: &str) -> Result<Place> {
        let refuse = || {
            Error::new(
                ErrorKind::InvalidCursor,
                "The cursor is not one of this list: pass back `next_cursor` with the same filters.",
            )
            .at("cursor")
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refuse())?;
        let bytes: [u8; PLACE_BYTES + TAG_BYTES] = bytes.try_into().map_err(|_| refuse())?;
        let (place, tag) = bytes.split_at(PLACE_BYTES);
        let sealed = self.sealing(place).verify_truncated_left(tag);
        sealed.map_err(|_| refuse())?;
        let mut ulid = [0_u8; 16];
        ulid.copy_from_slice(&place[1..]);
        Ok(Place {
            rank: place[0],
            ulid: u128::from_be_bytes(ulid),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn cursors(scope: i64, parts: &[&'static str]) -> Cursors<'static> {
        Cursors::new("key", scope, parts.iter().copied())
    }

    const PLACE: Place = Place {
        rank: 1,
        ulid: 0x0123_4567_89ab_cdef,
    };

    #[test]
    fn a_cursor_opens_in_its_own_list_alone() {
        let text = cursors(1, &["contacts", "a"]).seal(PLACE);
        assert_eq!(cursors(1, &["contacts", "a"]).open(&text).unwrap(), PLACE);
        for other in [
            cursors(2, &["contacts", "a"]),
            cursors(1, &["deals", "a"]),
            cursors(1, &["contactsa"]),
            Cursors::new("another", 1, ["contacts", "a"]),
        ] {
            assert_eq!(
                other.open(&text).unwrap_err().kind(),
                ErrorKind::InvalidCursor
            );
        }
    }

    #[test]
    fn any_altered_character_is_refused() {
        let list = cursors(1, &["contacts"]);
        let text = list.seal(PLACE);
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(list.open(&altered).is_err(), "{altered}");
        }
        for text in ["", "A", "%%%", &text[1..], &format!("{text}A")] {
            assert!(list.open(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_sealed_opens_as_it_was(rank: u8, ulid: u128, part in ".*") {
            let list = Cursors::new("key", 7, [part.as_str()]);
            let place = Place { rank, ulid };
            proptest::prop_assert_eq!(list.open(&list.seal(place)).unwrap(), place);
        }

        #[test]
        fn what_was_never_sealed_does_not_open(text in "[A-Za-z0-9_-]{0,60}") {
            proptest::prop_assert!(cursors(1, &["contacts"]).open(&text).is_err());
        }
    }
}
