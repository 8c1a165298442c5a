//! Searches among more than a thousand records: words that all have, that few have, and that hardly ever meet.

use relm_core::record::Record;
use relm_core::record::object::{Activity, Contact, Deal, Object, ObjectType};
use relm_core::store::Write;
use relm_core::value::id::Kind;
use relm_core::value::scope::Mode;
use serde_json::json;

use super::mirror::Mirror;
use crate::records::with;
use crate::records::{SCOPE, changed, company, contact, contact_of, delete, id, replace};
use crate::subject::{NOW, Subject};

/// So many that no store reads all entries of a word that each of them has.
const CONTACTS: u64 = 1_200;
/// Records that were made before all of these.
const OLD: u64 = 100;
const ALL: &[ObjectType] = &ObjectType::ALL;
const CONTACT: &[ObjectType] = &[ObjectType::Contact];
const OTHERS: &[ObjectType] = &[ObjectType::Company, ObjectType::Deal, ObjectType::Activity];

/// The `n`th contact, the lowest being the oldest. All have two words, halves and thirds others, and one alone another.
fn one_of_many(n: u64) -> Contact {
    let mut contact = contact_of(OLD + n, &format!("user{n}@common.example"));
    contact.first_name = Some(format!(
        "Common {}",
        if n.is_multiple_of(2) { "even" } else { "odd" }
    ));
    contact.last_name = Some(match n {
        0 | 600 | 1_199 => "rare even odd".to_owned(),
        _ => format!("third{}", n % 3),
    });
    contact
}

async fn many(store: &Subject) -> Mirror {
    let mut mirror = Mirror::of(store, SCOPE);
    let contacts: Vec<Contact> = (0..CONTACTS).map(one_of_many).collect();
    for part in contacts.chunks(500) {
        mirror.insert(part.to_vec()).await;
    }
    mirror
}

/// Pages are exact where more records have a word than are read at once: one word, several, and with one that few have.
pub(crate) async fn a_word_that_a_thousand_have_pages_exactly(store: Subject) {
    let mut mirror = many(&store).await;
    let other = |n: u64| -> Record {
        match n % 3 {
            0 => with!(company(n); name: "Common company".to_owned())
            .into(),
            1 => with!(Deal::blank(id(Kind::Deal, n), Mode::Live, NOW); title: "Common deal".to_owned())
            .into(),
            _ => with!(Activity::blank(id(Kind::Activity, n), Mode::Live, NOW); body: Some("common rare call".to_owned()))
            .into(),
        }
    };
    // Some older than all contacts, and some among them.
    mirror.insert((0..60).chain(400..430).map(other)).await;
    for (query, types, limits) in [
        ("common", ALL, &[200, 1_000, 1_289, 1_290][..]),
        ("com", OTHERS, &[7, 200]),
        ("common example", CONTACT, &[500, 1_199, 1_200]),
        ("common third1", ALL, &[200, 399]),
        ("even common", ALL, &[200, 256]),
        ("rare", ALL, &[1, 50]),
        ("rare common", ALL, &[1, 2, 3, 50]),
        ("even odd", ALL, &[1, 2, 3, 50]),
        ("even odd common", OTHERS, &[50]),
        ("user11 common", CONTACT, &[10, 200]),
        ("user1199", ALL, &[1, 50]),
        ("user0 common", ALL, &[1, 50]),
        ("nobody", ALL, &[50]),
        ("common nobody", ALL, &[50]),
    ] {
        mirror.searches(query, types, limits).await;
    }
}

/// An exact match ranks before every other, however old it is and however many newer records begin with it.
pub(crate) async fn an_old_exact_match_comes_before_hundreds_of_newer_ones(store: Subject) {
    let mut mirror = Mirror::of(&store, SCOPE);
    let exact = contact_of(1, "ada@shop.example");
    let own_company = with!(company(2); domain: Some("shop.example".to_owned()));
    mirror.insert([exact.clone()]).await;
    mirror.insert([own_company]).await;
    let newer = |n: u64| contact_of(OLD + n, &format!("ada@shop.example{n}.net"));
    let newer: Vec<Contact> = (0..CONTACTS).map(newer).collect();
    for part in newer.chunks(600) {
        mirror.insert(part.to_vec()).await;
    }
    let mut about = contact(OLD + CONTACTS);
    about.first_name = Some(format!("about {}", exact.id));
    mirror.insert([about]).await;
    let own_id = exact.id.to_string();
    for query in [
        "ada@shop.example",
        "ADA@shop.example",
        "shop.example",
        &own_id,
    ] {
        for types in [ALL, CONTACT, OTHERS] {
            mirror.searches(query, types, &[2, 150]).await;
        }
    }
    mirror
        .searches("ada@shop.example1199.net", ALL, &[1, 10])
        .await;
}

/// Exact matches of one domain are pages of their own, before the pages of those that only have its words.
pub(crate) async fn hundreds_of_exact_matches_page_exactly(store: Subject) {
    let mut mirror = Mirror::of(&store, SCOPE);
    let of_domain = |n: u64| {
        with!(company(n); domain: Some(
            if n.is_multiple_of(3) {
                "www.shop.example"
            } else {
                "shop.example"
            }
            .to_owned(),
        ))
    };
    mirror.insert((0..450).map(of_domain)).await;
    mirror
        .insert((450..500).map(|n| contact_of(n, &format!("user{n}@shop.example"))))
        .await;
    for types in [ALL, CONTACT, &[ObjectType::Company]] {
        for query in ["shop.example", "SHOP.example", "www.shop.example"] {
            mirror
                .searches(query, types, &[50, 149, 150, 300, 500])
                .await;
        }
    }
}

/// A search sees every commit that returned: what a batch of hundreds wrote, changed and deleted.
pub(crate) async fn a_search_sees_what_a_large_batch_changed(store: Subject) {
    const CHANGED: u64 = 520;
    let mut mirror = Mirror::of(&store, SCOPE);
    let first: Vec<Contact> = (0..CHANGED).map(one_of_many).collect();
    mirror.insert(first.clone()).await;
    let queries = [
        "common",
        "even",
        "changed",
        "third2",
        "gold7",
        "user17@common.example",
        "new17@new.example",
    ];
    let agree = async |mirror: &Mirror| {
        for query in queries {
            mirror.searches(query, ALL, &[100, 1_000]).await;
        }
    };
    agree(&mirror).await;
    let change = |(before, n): (&Contact, u64)| {
        changed(before, |it| match n % 4 {
            0 => it.first_name = Some("Changed".to_owned()),
            1 => it.email = Some(format!("new{n}@new.example")),
            2 => it.last_name = None,
            _ => drop(
                it.metadata
                    .insert("plan".to_owned(), json!(format!("gold{n}"))),
            ),
        })
    };
    let second: Vec<Contact> = first.iter().zip(0..).map(change).collect();
    let pairs = first.into_iter().zip(second.iter().cloned());
    let writes = pairs.map(|(before, after)| replace(before, after));
    mirror.apply(writes.collect()).await;
    agree(&mirror).await;
    let gone: Vec<Write> = second.into_iter().step_by(2).map(delete).collect();
    mirror.apply(gone).await;
    agree(&mirror).await;
}

/// Words are found by their beginning at the most characters that an index keeps of them, and records that differ beyond
/// are found together.
pub(crate) async fn long_words_are_found_by_their_beginning(store: Subject) {
    let word = |chars: usize, end: &str| "é".repeat(chars) + end;
    let mut mirror = Mirror::of(&store, SCOPE);
    let ends = ["", "a", "b", "aa"];
    let lengths = [38, 39, 40, 41, 100];
    let all = lengths
        .into_iter()
        .flat_map(|length| ends.map(|end| word(length, end)));
    let contacts = all
        .clone()
        .zip(0..)
        .map(|(name, n)| with!(contact(n); last_name: Some(name)));
    mirror.insert(contacts.collect::<Vec<_>>()).await;
    // A value is found as a whole up to the longest e-mail address that there can be.
    let local = "x".repeat(180);
    let emails = ["a", "b", ""].map(|end| format!("{local}{end}@{}.example", "y".repeat(60)));
    let contacts = emails
        .iter()
        .zip(100..)
        .map(|(email, n)| contact_of(n, email));
    mirror.insert(contacts.collect::<Vec<_>>()).await;
    for query in all.chain(emails.clone()) {
        mirror
            .searches(&query[..query.len().min(200)], ALL, &[3, 50])
            .await;
    }
}

/// A word of a record goes on with any letter after what is asked for, of whatever script and plane.
pub(crate) async fn a_word_goes_on_with_any_letter(store: Subject) {
    let names = [
        "ab", "ab0", "abz", "abя", "abꯀ", "ab𐎀", "ab𐐨", "ab𞤢", "abꯀz", "ab𞤢z",
    ];
    let mut mirror = Mirror::of(&store, SCOPE);
    let contacts = names
        .into_iter()
        .zip(0..)
        .map(|(name, n)| with!(contact(n); last_name: Some(name.to_owned())));
    mirror.insert(contacts.collect::<Vec<_>>()).await;
    for name in names {
        mirror.searches(name, ALL, &[3, 50]).await;
    }
    let found = mirror.searches("ab", CONTACT, &[4, 10]).await;
    assert_eq!(found, names.len());
}
