use super::*;
use crate::value::ParseTextError;
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
        Kind::ALL.len()
    );
    assert_eq!(
        Kind::ALL
            .map(Kind::name)
            .into_iter()
            .collect::<HashSet<_>>()
            .len(),
        Kind::ALL.len()
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
    assert_eq!("7".parse::<Id>(), Err(ParseTextError::new(EXPECTED)));
}

#[test]
fn the_example_in_the_refusal_is_an_id() {
    let refusal = ParseTextError::new(EXPECTED).to_string();
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
