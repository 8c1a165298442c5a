//! Which thing an id names, and how ids are minted.

use std::error::Error;
use std::fmt;
use std::str::{self, FromStr};
use std::sync::{Mutex, PoisonError};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use ulid::{ULID_LEN, Ulid};

use crate::value::time::{FromText, Rng, Timestamp};

/// What an id can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person.
    Contact,
    /// An organisation.
    Company,
    /// A sale in progress.
    Deal,
    /// A note, call, e-mail, meeting or task.
    Activity,
    /// A labelled link between two records.
    Association,
    /// The definition of a custom field.
    Field,
    /// A webhook endpoint.
    Webhook,
    /// The sending of one event to one endpoint.
    Delivery,
    /// A change that was made.
    Event,
    /// An API key.
    Key,
    /// A tenant.
    Workspace,
    /// A request.
    Request,
}

impl Kind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 12] = [
        Self::Contact,
        Self::Company,
        Self::Deal,
        Self::Activity,
        Self::Association,
        Self::Field,
        Self::Webhook,
        Self::Delivery,
        Self::Event,
        Self::Key,
        Self::Workspace,
        Self::Request,
    ];

    /// What its ids begin with, before the underscore.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Contact => "con",
            Self::Company => "cmp",
            Self::Deal => "deal",
            Self::Activity => "act",
            Self::Association => "asc",
            Self::Field => "fld",
            Self::Webhook => "wh",
            Self::Delivery => "dlv",
            Self::Event => "evt",
            Self::Key => "key",
            Self::Workspace => "ws",
            Self::Request => "req",
        }
    }

    /// Its name in the JSON member `object`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Deal => "deal",
            Self::Activity => "activity",
            Self::Association => "association",
            Self::Field => "field",
            Self::Webhook => "webhook",
            Self::Delivery => "delivery",
            Self::Event => "event",
            Self::Key => "api_key",
            Self::Workspace => "workspace",
            Self::Request => "request",
        }
    }
}

/// The name of one thing: its kind and a [ULID](https://github.com/ulid/spec), as in `con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB`.
///
/// Ids of one kind sort by when they were minted, and their texts sort alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    kind: Kind,
    ulid: u128,
}

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

    /// What [`Display`](fmt::Display) shows.
    /// The id as it is written everywhere.
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
fn decode(text: &str) -> Option<u128> {
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

/// The text is not an id: a known prefix, an underscore and an upper-case ULID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id such as con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB")
    }
}

impl Error for ParseIdError {}

impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        Self::parse(text).ok_or(ParseIdError)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; ID_LEN_MAX]))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText {
            expecting: "an id such as con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB",
            parse: Self::parse,
        })
    }
}

/// Mints ids whose ULIDs strictly increase, whatever the clock does and however many threads mint.
///
/// While the clock stands still or goes back, the last ULID is counted up; a full count carries into the milliseconds.
/// Two minters share no order, but 80 fresh random bits in each millisecond keep their ids apart.
#[derive(Debug, Default)]
pub struct IdMinter {
    last: Mutex<Option<u128>>,
}

impl IdMinter {
    /// A minter that has minted nothing.
    pub const fn new() -> Self {
        Self {
            last: Mutex::new(None),
        }
    }

    /// Mints the next id; a clock before 1970 counts as 1970, where ULIDs begin.
    pub fn mint(&self, kind: Kind, now: Timestamp, rng: &dyn Rng) -> Id {
        let now_millis = u64::try_from(now.as_millis()).unwrap_or(0);
        // A panic of `rng` leaves the last ULID as it was, so a poisoned lock still guards the truth.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match *last {
            // Timestamps end in 9999 and ULIDs in 10889: the sum cannot overflow.
            Some(last) if now_millis <= Ulid(last).timestamp_ms() => last + 1,
            Some(_) | None => Ulid::from_parts(now_millis, random(rng)).0,
        };
        *last = Some(next);
        Id::new(kind, next)
    }
}

/// 80 random bits.
fn random(rng: &dyn Rng) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    rng.fill(&mut bytes[6..]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::environment::Rng;
    use crate::value::time::SeededRng;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::thread;

    /// All the bits that a source can give.
    struct Full;

    impl Rng for Full {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0xff);
        }
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        prop::sample::select(Kind::ALL.as_slice())
    }

    #[test]
    fn every_kind_has_its_own_prefix_and_name() {
        assert_eq!(
            Kind::ALL
                .map(Kind::prefix)
                .into_iter()
                .collect::<HashSet<_>>()
                .len(),
            12
        );
        assert_eq!(
            Kind::ALL
                .map(Kind::name)
                .into_iter()
                .collect::<HashSet<_>>()
                .len(),
            12
        );
        assert!(Kind::ALL.is_sorted());
    }

    #[test]
    fn an_id_shows_its_prefix_and_ulid() {
        let id = Id::new(Kind::Deal, 0x01563E3AB5D3_D6764C61EFB99302BD5B);
        assert_eq!(id.to_string(), "deal_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(format!("{id:?}"), "deal_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(id.timestamp().to_string(), "2016-07-30T23:54:10.259Z");
        assert_eq!(
            Id::new(Kind::Webhook, 0).to_string(),
            "wh_00000000000000000000000000"
        );
        assert_eq!(
            Id::new(Kind::Webhook, u128::MAX).timestamp(),
            Timestamp::MAX
        );
    }

    #[test]
    fn anything_but_the_canonical_text_is_refused() {
        for text in [
            "",
            "_",
            "con_",
            "con",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "who_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "CON_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "con-01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "con__1ARZ3NDEKTSV4RRFFQ69G5FAV",
            "con_01arz3ndektsv4rrffq69g5fav",
            "con_01ARZ3NDEKTSV4RRFFQ69G5FAV ",
            "con_01ARZ3NDEKTSV4RRFFQ69G5FA",
            "con_01ARZ3NDEKTSV4RRFFQ69G5FAVV",
            "con_O1ARZ3NDEKTSV4RRFFQ69G5FAV",
            "con_01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "con_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "con_01ARZ3NDEKTSV4RRFFQ69G5FÀ",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
        assert_eq!(
            Id::parse("con_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
            Some(Id::new(Kind::Contact, u128::MAX))
        );
    }

    #[test]
    fn json_holds_an_id_as_a_string() {
        let json = "\"con_01ARZ3NDEKTSV4RRFFQ69G5FAV\"";
        let id: Id = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), json);
        let refusal = serde_json::from_str::<Id>("\"7\"").unwrap_err().to_string();
        assert!(refusal.contains("an id such as con_"), "{refusal}");
        assert_eq!("7".parse::<Id>(), Err(ParseIdError));
    }

    #[test]
    fn the_example_in_the_refusal_is_an_id() {
        let refusal = ParseIdError.to_string();
        let example = refusal.rsplit(' ').next().unwrap();
        assert_eq!(example.parse::<Id>().unwrap().to_string(), example);
    }

    #[test]
    fn ids_increase_while_the_clock_stands_still_or_goes_back() {
        let minter = IdMinter::new();
        let rng = SeededRng::new(7);
        let clock = [5_000, 5_000, 4_000, 5_000, 5_001, -1, 9_000].map(Timestamp::from_millis);
        let ids = clock.map(|now| minter.mint(Kind::Event, now, &rng));
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        assert_eq!(
            ids.map(|id| id.timestamp().as_millis()),
            [5_000, 5_000, 5_000, 5_000, 5_001, 5_001, 9_000]
        );
    }

    #[test]
    fn a_full_count_steps_into_the_next_millisecond() {
        let minter = IdMinter::new();
        let now = Timestamp::from_millis(5_000);
        assert_eq!(
            minter.mint(Kind::Event, now, &Full).ulid(),
            (5_001 << 80) - 1
        );
        assert_eq!(minter.mint(Kind::Event, now, &Full).ulid(), 5_001 << 80);
        assert_eq!(
            minter
                .mint(Kind::Event, Timestamp::from_millis(5_001), &Full)
                .ulid(),
            (5_001 << 80) + 1
        );
        let last = minter.mint(Kind::Event, Timestamp::MAX, &Full);
        assert!(minter.mint(Kind::Event, Timestamp::MAX, &Full) > last);
    }

    #[test]
    fn minters_at_the_epoch_are_random_too() {
        let rng = SeededRng::new(7);
        let mint = || IdMinter::new().mint(Kind::Event, Timestamp::default(), &rng);
        assert_ne!(mint(), mint());
    }

    #[test]
    fn threads_never_mint_the_same_id() {
        let (minter, rng) = (IdMinter::new(), SeededRng::new(7));
        let mint = |n: i64| minter.mint(Kind::Event, Timestamp::from_millis(n / 100), &rng);
        let ids: HashSet<Id> = thread::scope(|scope| {
            let mint_many = || (0..1_000).map(mint).collect::<Vec<_>>();
            let threads = [(); 4].map(|()| scope.spawn(mint_many));
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(ids.len(), 4_000);
    }

    proptest! {
        #[test]
        fn every_id_reads_back_and_sorts_as_its_text(kind in kinds(), one: u128, other: u128) {
            let (one, other) = (Id::new(kind, one), Id::new(kind, other));
            prop_assert_eq!(Id::parse(&one.to_string()), Some(one));
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        }

        #[test]
        fn what_is_read_is_shown_as_it_was(
            text in "(con|cmp|deal|act|wh)_[0-8][0-9A-Za-z]{25}",
            crockford in "(con|cmp|deal|act|wh)_[0-8][0-9A-HJKMNP-TV-Z]{25}",
        ) {
            prop_assert_eq!(Id::parse(&crockford).is_some(), !crockford.contains("_8"));
            for text in [text, crockford] {
                if let Some(id) = Id::parse(&text) {
                    prop_assert_eq!(id.to_string(), text);
                }
            }
        }

        #[test]
        fn minted_ids_increase_whatever_the_clock_says(clock in prop::collection::vec(-10_i64..20, 1..50), seed: u64) {
            let (minter, rng) = (IdMinter::new(), SeededRng::new(seed));
            let ids = clock.into_iter().map(|millis| minter.mint(Kind::Event, Timestamp::from_millis(millis), &rng));
            let ids: Vec<Id> = ids.collect();
            prop_assert!(ids.is_sorted_by(|one, next| one < next));
        }
    }
}
