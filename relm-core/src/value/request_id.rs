//! The id of one request: no record, so no [`Id`](crate::Id) names it.

use std::fmt;

use ulid::{ULID_LEN, Ulid};

use crate::value::from_text::{from_str, json_text};
use crate::value::id::decode;
use crate::value::time::Timestamp;

/// The name of one request: `req_` and a [ULID](https://github.com/ulid/spec), as in `req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u128);

/// What the id of a request is, for whoever gave something else.
const EXPECTED: &str = "the id of a request such as req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";

impl RequestId {
    /// What it begins with, before the underscore.
    pub const PREFIX: &str = "req";

    /// The id with these 128 bits: 48 of milliseconds since the Unix epoch, 80 of randomness.
    pub const fn new(ulid: u128) -> Self {
        Self(ulid)
    }

    /// Its 128 bits.
    pub(crate) const fn ulid(self) -> u128 {
        self.0
    }

    /// Reads an id exactly as [`Display`](fmt::Display) shows it; none where the text is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let ulid = text.strip_prefix(Self::PREFIX)?.strip_prefix('_')?;
        decode(ulid).map(Self)
    }

    /// The moment in it: when the request was made, by whoever named it.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp::from_millis(Ulid(self.0).timestamp_ms().cast_signed())
    }

    /// What [`Display`](fmt::Display) shows.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(Self::PREFIX.len() + 1 + ULID_LEN);
        text.push_str(Self::PREFIX);
        text.push('_');
        text.push_str(Ulid(self.0).array_to_str(&mut [0; ULID_LEN]));
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::PREFIX)?;
        f.write_str("_")?;
        f.write_str(Ulid(self.0).array_to_str(&mut [0; ULID_LEN]))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

from_str!(RequestId, RequestId::parse, EXPECTED);
json_text!(RequestId, EXPECTED);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_reads_back_and_no_other_id_is_one() {
        let id = RequestId::new(0x01563E3AB5D3_D6764C61EFB99302BD5B);
        assert_eq!(id.to_string(), "req_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(RequestId::parse(&id.to_string()), Some(id));
        assert_eq!(id.timestamp(), Timestamp::from_millis(0x01563E3AB5D3));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"req_01ARZ3NDEKTSV4RRFFQ69G5FAV\"");
        assert_eq!(serde_json::from_str::<RequestId>(&json).unwrap(), id);
        for text in [
            "con_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "req_",
            "req_01arz3ndektsv4rrffq69g5fav",
        ] {
            assert_eq!(RequestId::parse(text), None, "{text}");
        }
    }
}
