//! What searches are tried on: records whose words meet, and queries that meet them.

use relm_core::record::object::{Activity, Deal, Object as _};
use relm_core::record::{Entry, Record};
use relm_core::store::Write;
use relm_core::value::id::Kind;
use relm_core::value::scope::Mode;
use serde_json::json;

use crate::records::{SCOPE, company, contact_of, id};
use crate::subject::{NOW, Subject};

/// A few records of each type whose words meet, among them names with accents, of many scripts, and long ones.
pub(crate) fn corpus() -> Vec<Record> {
    let names = [
        "Ada Lovelace",
        "Åda Lövelace",
        "ADA",
        "Adam",
        "Müller Straße",
        "MULLER STRASSE",
        "Zoë",
        "naïve",
        "東京 タワー",
        "Привет мир",
        "привет",
        "O'Neil",
        "x-ray",
        "3rd",
        "ﬁne",
        "a.b.c",
        "i\u{307}stanbul",
        "İstanbul",
    ];
    let mut records: Vec<Record> = Vec::new();
    for (name, n) in names.into_iter().zip(0..) {
        let mut contact = contact_of(4 * n, &format!("ada{n}@example.com"));
        contact.first_name = Some(name.to_owned());
        contact
            .metadata
            .insert("plan".to_owned(), json!(format!("gold {n}")));
        contact
            .metadata
            .insert("tags".to_owned(), json!(["vip", format!("tag {n}"), 7]));
        contact.phone = Some(PHONES[n as usize % PHONES.len()].to_owned());
        contact.metadata.insert("secret".to_owned(), json!(4_711));
        let mut company = company(4 * n + 1);
        company.name = format!("{name} Ltd");
        company.domain = (n % 2 == 0).then(|| format!("shop{}.example", n % 4));
        let mut deal = Deal::blank(id(Kind::Deal, 4 * n + 2), Mode::Live, NOW);
        deal.title = format!("Sale to {name}");
        deal.stage = Some("won".to_owned());
        let mut activity = Activity::blank(id(Kind::Activity, 4 * n + 3), Mode::Live, NOW);
        activity.activity_type = "call".to_owned();
        activity.body = Some(format!("{} {name}", "Lorem ipsum".repeat(10)));
        records.extend([contact.into(), company.into(), deal.into(), activity.into()]);
    }
    records
}

/// Telephone numbers, some of which are one.
pub(crate) const PHONES: [&str; 6] = [
    "+1 (415) 555-0132",
    "001 415 555 0132 ext. 12",
    "415.555.0132",
    "+49 30 1234567",
    "030/1234567",
    "555-0132",
];

pub(crate) async fn keep(store: &Subject, records: &[Record]) {
    let writes = records
        .iter()
        .cloned()
        .map(|record| Write::Insert(Entry::new(record)));
    store.apply(SCOPE, writes.collect()).await;
}

pub(crate) const QUERIES: [&str; 46] = [
    "ada",
    "Ad",
    "lovelace ada",
    "LOVE",
    "ada@example.com",
    "ada3@example.com",
    "ADA3@EXAMPLE.COM",
    "ada3",
    "example",
    "shop2.example",
    "SHOP2.example",
    "shop2",
    "strasse",
    "straße",
    "mull",
    "zoe",
    "naive",
    "東京",
    "タ",
    "привет",
    "neil",
    "oneil",
    "o'neil",
    "o neil",
    "vip",
    "tag 7",
    "4155550132",
    "+1 415-555-0132",
    "5550132",
    "415 555",
    "+49301234567",
    "(030) 1234567",
    "555-0132 x12",
    "x-ray",
    "3",
    "fine",
    "b",
    "istanbul",
    "gold 7",
    "4711",
    "won sale",
    "lorem ipsumlorem",
    "nobody",
    "ada nobody",
    "!!!",
    "%",
];
