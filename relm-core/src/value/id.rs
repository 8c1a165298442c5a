//! Which thing an id names.

use std::fmt;
use std::str;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use ulid::{ULID_LEN, Ulid};

pub use crate::value::kind::Kind;
pub use crate::value::mint::IdMinter;

use crate::value::from_text::{FromText, from_str};
use crate::value::time::Timestamp;

/// The name of one thing: its kind and a [ULID](https://github.com/ulid/spec), as in `con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB`.
///
/// Ids of one kind sort by when they were minted, and their texts sort alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    kind: Kind,
    ulid: u128,
}

/// What an id is, for whoever gave something else.
const EXPECTED: &str = "an id such as con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";

/// The length of the longest id: the longest prefix, an underscore and a ULID.
const ID_LEN_MAX: usize = "deal_".len() + ULID_LEN;

impl Id {
    /// The id of this kind with these 128 bits: 48 of milliseconds since the Unix epoch, 80 of randomness.
    pub const fn new(kind: Kind, ulid: u128) -> Self {
        Self { kind, ulid }
    }

    /// What the id names.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The 128 bits of the ULID.
    pub const fn ulid(&self) -> u128 {
        self.ulid
    }

    /// When the id was minted, by the minter's clock.
    pub const fn timestamp(&self) -> Timestamp {
        // 48 bits always fit; those that lie past the year 9999 become its last moment.
        Timestamp::from_millis(Ulid(self.ulid).timestamp_ms().cast_signed())
    }

    /// Reads an id exactly as [`Display`](fmt::Display) shows it, a known prefix and an upper-case ULID; `None` when
    /// the text is anything else.
    ///
    /// One thing has one text: the letters that Crockford's Base32 would forgive (lower case, `I`, `L`, `O`) are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, ulid) = text.split_once('_')?;
        Self::from_parts(prefix, ulid)
    }

    /// The id of which these are the prefix and the text of the ULID, as [`parse`](Self::parse) reads them.
    pub fn from_parts(prefix: &str, ulid: &str) -> Option<Self> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.prefix() == prefix)?;
        Some(Self::new(kind, decode(ulid)?))
    }

    /// What [`Display`](fmt::Display) shows: the id as it is written everywhere.
    pub fn text(&self) -> String {
        self.encode(&mut [0; ID_LEN_MAX]).to_owned()
    }

    fn encode<'buffer>(&self, buffer: &'buffer mut [u8; ID_LEN_MAX]) -> &'buffer str {
        let prefix = self.kind.prefix().as_bytes();
        let start = prefix.len() + 1;
        let len = start + ULID_LEN;
        buffer[..prefix.len()].copy_from_slice(prefix);
        buffer[prefix.len()] = b'_';
        buffer[start..len]
            .copy_from_slice(Ulid(self.ulid).array_to_str(&mut [0; ULID_LEN]).as_bytes());
        str::from_utf8(&buffer[..len]).expect("prefixes and Base32 are ASCII")
    }
}

/// What each byte is worth as a digit of [Crockford's Base32](https://www.crockford.com/base32.html); [`NO_DIGIT`] where
/// it is none.
const DIGITS: [u8; 256] = {
    let digits = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut worth = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < digits.len() {
        // There are 32 of them.
        worth[digits[digit] as usize] = digit as u8;
        digit += 1;
    }
    worth
};
const NO_DIGIT: u8 = 0xFF;

/// The 128 bits of a ULID's one text. Each list reads as many ids as it has records.
pub(super) fn decode(text: &str) -> Option<u128> {
    let text: &[u8; ULID_LEN] = text.as_bytes().try_into().ok()?;
    let worth = text.map(|byte| DIGITS[usize::from(byte)]);
    // 26 digits have 130 bits: the first may not have its upper two.
    if worth[0] > 7 || worth.contains(&NO_DIGIT) {
        return None;
    }
    let bits = worth
        .into_iter()
        .fold(0, |bits, digit| (bits << 5) | u128::from(digit));
    Some(bits)
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; ID_LEN_MAX]))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

from_str!(Id, Id::parse, EXPECTED);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; ID_LEN_MAX]))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText {
            expecting: EXPECTED,
            parse: Self::parse,
        })
    }
}

#[cfg(test)]
mod tests;
