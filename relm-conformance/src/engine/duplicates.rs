//! Duplicates: groups of records that are most likely one, page by page.

use std::collections::BTreeSet;

use relm_core::engine::{DuplicateGroup, DuplicateReason, Duplicates, MergeInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::object::{CompanyInput, Contact, ContactInput, DealInput};
use relm_core::value::id::Id;

use super::acme::{Acme, company, contact, failure, phone};
use crate::subject::Subject;

type Group = (DuplicateReason, Vec<Id>);

/// The groups of contacts on all pages, and how many pages those are.
async fn all(scoped: &Scoped) -> (Vec<Group>, usize) {
    let (mut groups, mut pages, mut cursor) = (Vec::new(), 0, None::<String>);
    loop {
        let page = scoped.contacts().duplicates(cursor.as_deref()).await;
        let Duplicates { data, next_cursor } = page.expect("the store reads");
        groups.extend(data.iter().map(of));
        pages += 1;
        match next_cursor {
            Some(next) => cursor = Some(next),
            None => return (groups, pages),
        }
    }
}

fn of(group: &DuplicateGroup<Contact>) -> Group {
    let ids = group.records.iter().map(|record| record.id).collect();
    (group.reason, ids)
}

async fn person(scoped: &Scoped, first: Option<&str>, last: &str, company: Option<Id>) -> Id {
    let input = ContactInput {
        first_name: first.into(),
        last_name: last.into(),
        company_id: company.into(),
        ..ContactInput::default()
    };
    let made = scoped.contacts().create(input).await;
    made.expect("it is valid").id
}

async fn whole_name(scoped: &Scoped, name: &str, company: Id) -> Id {
    let input = ContactInput {
        name: name.into(),
        company_id: company.into(),
        ..ContactInput::default()
    };
    let made = scoped.contacts().create(input).await;
    made.expect("it is valid").id
}

/// Contacts are grouped that have one number, however it is written, or one name at one company.
pub(crate) async fn contacts_that_are_most_likely_one_are_grouped(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut numbers = Vec::new();
    for number in [
        "+1 (415) 555-0132",
        "001-415-555-0132",
        "+14155550132 ext. 7",
        "+1 415 555 01329",
        "12",
        "12",
    ] {
        let made = scoped.contacts().create(phone(number)).await;
        numbers.push(made.expect("it is valid").id);
    }
    let elsewhere = ContactInput {
        first_name: "14155550132".into(),
        ..contact("none@example.com")
    };
    scoped
        .contacts()
        .create(elsewhere)
        .await
        .expect("it is valid");
    let zeta = made(scoped, "Zeta, Inc.", None).await;
    let other = made(scoped, "Other", None).await;
    let ada = person(scoped, Some("Ada"), "Lovelace", Some(zeta)).await;
    let twin = person(scoped, Some("ADA"), "lovelace", Some(zeta)).await;
    person(scoped, Some("Ada"), "Lovelace", Some(other)).await;
    person(scoped, Some("Ada"), "Lovelace", None).await;
    person(scoped, None, "Lovelace", Some(zeta)).await;
    person(scoped, Some("A%"), "L_velace", Some(zeta)).await;
    let whole = [
        ("Ng Mei", zeta),
        ("ng mei", zeta),
        ("Ng Mei", other),
        ("Ng_Mei", zeta),
    ];
    let mut named = Vec::new();
    for (name, company) in whole {
        named.push(whole_name(scoped, name, company).await);
    }
    let (groups, pages) = all(scoped).await;
    let expected = [
        (DuplicateReason::NameAndCompany, vec![named[1], named[0]]),
        (DuplicateReason::NameAndCompany, vec![twin, ada]),
        (DuplicateReason::Phone, vec![numbers[1], numbers[0]]),
    ];
    assert_eq!((groups, pages), (expected.into(), 1));
}

async fn made(scoped: &Scoped, name: &str, domain: Option<&str>) -> Id {
    let input = CompanyInput {
        domain: domain.into(),
        ..company(name)
    };
    let made = scoped.companies().create(input).await;
    made.expect("it is valid").id
}

/// Companies of one domain, or of one name; deals of one title with one company; activities are in no group.
pub(crate) async fn companies_and_deals_are_grouped(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let zeta = made(scoped, "Zeta, Inc.", Some("zeta.example")).await;
    let inc = made(scoped, "ZETA inc", None).await;
    let other = made(scoped, "Other", Some("https://zeta.example/about")).await;
    made(scoped, "Zeta Incorporated", None).await;
    let found = scoped.companies().duplicates(None).await;
    let found = found.expect("the store reads").data;
    let found = found.iter().map(|group| {
        let ids = group.records.iter().map(|record| record.id);
        (group.reason, ids.collect::<Vec<Id>>())
    });
    let expected = [
        (DuplicateReason::Domain, vec![other, zeta]),
        (DuplicateReason::Name, vec![inc, zeta]),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    let mut deals = Vec::new();
    for (title, company) in [
        ("Engine", Some(zeta)),
        ("engine!", Some(zeta)),
        ("Engine", Some(inc)),
        ("Engine", None),
        ("Engine", None),
    ] {
        let input = DealInput {
            title: title.into(),
            company_id: company.into(),
            ..DealInput::default()
        };
        let made = scoped.deals().create(input).await;
        deals.push(made.expect("it is valid").id);
    }
    let found = scoped.deals().duplicates(None).await;
    let found = found.expect("the store reads").data;
    assert_eq!(found.len(), 1);
    let ids: Vec<Id> = found[0].records.iter().map(|record| record.id).collect();
    let expected = (
        DuplicateReason::NameAndCompany,
        vec![deals[1], deals[0]],
        false,
    );
    assert_eq!((found[0].reason, ids, found[0].has_more), expected);
    let none = scoped.activities().duplicates(None).await;
    let none = none.expect("the store reads");
    assert_eq!((none.data.len(), none.next_cursor), (0, None));
}

/// Each group is on one page, with the newest of its records, however many pages there are; a merged one is on none.
pub(crate) async fn every_group_is_on_one_page(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut numbers: Vec<Vec<Id>> = vec![Vec::new(); 40];
    for round in 0..3 {
        for (number, ids) in numbers.iter_mut().enumerate() {
            if number % 4 < 4 - round {
                let made = scoped
                    .contacts()
                    .create(phone(&format!("+4420794600{number:02}")))
                    .await;
                ids.insert(0, made.expect("it is valid").id);
            }
        }
    }
    let twins = numbers.iter().filter(|ids| ids.len() > 1);
    let twins: BTreeSet<Vec<Id>> = twins.cloned().collect();
    let (groups, pages) = all(scoped).await;
    assert_eq!(pages, 2);
    assert_eq!(groups.len(), twins.len());
    let newest: Vec<Id> = groups.iter().map(|(_, ids)| ids[0]).collect();
    assert!(newest.is_sorted_by(|one, next| one > next));
    let found: BTreeSet<Vec<Id>> = groups.into_iter().map(|(_, ids)| ids).collect();
    assert_eq!(found, twins);
    for ids in &twins {
        let (into, from) = (ids[0], &ids[1..]);
        let input = MergeInput::new(from.iter().copied());
        let merged = scoped.contacts().merge(into, input, None).await;
        merged.expect("all are there");
    }
    assert_eq!(all(scoped).await.0, []);
    let elsewhere = acme.in_another_workspace("elsewhere").await;
    let other = elsewhere.scoped.contacts().duplicates(None).await;
    assert_eq!(other.expect("it reads").data, []);
    let wrong = scoped.contacts().duplicates(Some("none")).await;
    assert_eq!(failure(wrong), ErrorKind::InvalidCursor);
}
