//! Lists of hundreds of records: by what an index decides, by what only documents do, and after changes.

use relm_core::limits::TEXT_CHARS_MAX;
use relm_core::query::filter::{Clause, Comparison, Condition, Target};
use relm_core::record::object::{Activity, Company, Contact, Deal, Object};
use relm_core::record::{Entry, Record};
use relm_core::store::Write;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use serde_json::json;

use super::filters::{self, conditions, filterable_columns, held};
use super::mirror::{Mirror, clauses};
use crate::records::{
    SCOPE, changed, contact, contact_of, delete, delivery, edge, id, insert, replace,
};
use crate::subject::{NOW, Subject, assert_contract};
use crate::varied::{varied, varied_as};

/// More than the rows that a store reads at a time, twice.
const CONTACTS: u64 = 600;
/// Pages on both sides of the rows that a store reads at a time.
const LIMITS: [usize; 8] = [1, 7, 50, 200, 255, 256, 257, 599];

/// The `n`th of many contacts, the lowest being the oldest: what only documents decide is true of a few that are far apart.
fn one_of_many(n: u64) -> Contact {
    let mut contact = contact_of(n, &format!("{n}@example.com"));
    let name = match n {
        0..40 => "Oldest",
        300..340 => "Middle",
        560..600 => "Newest",
        _ if n.is_multiple_of(3) => "Third",
        _ => "Other",
    };
    contact.first_name = Some(format!("{name} {n}"));
    contact.last_name = (!n.is_multiple_of(5)).then(|| format!("Name {}", n % 5));
    let mut set = |key: &str, value| drop(contact.metadata.insert(key.to_owned(), value));
    set("all", json!("same"));
    set("old", json!(n < 300));
    set("rank", json!(n));
    // Numbers and texts that are equal to one who asks, and are kept otherwise.
    set(
        "five",
        if n.is_multiple_of(2) {
            json!(5.0)
        } else {
            json!("5")
        },
    );
    if n.is_multiple_of(7) {
        set("some", json!(format!("{}", n % 2)));
    }
    contact
}

async fn many(store: &Subject) -> Mirror {
    let mut mirror = Mirror::of(store, SCOPE);
    mirror.insert((0..CONTACTS).map(one_of_many)).await;
    mirror
}

/// Walking all pages gives every one of hundreds once, whatever the limit.
pub(crate) async fn a_list_of_hundreds_pages_exactly(store: Subject) {
    let mirror = many(&store).await;
    let listed = mirror.lists(Kind::Contact, &[], &LIMITS[1..]).await;
    assert_contract!(listed as u64, CONTACTS);
    mirror.lists(Kind::Contact, &[], &[600, 601, 1_000]).await;
}

/// Pages of a list are exact where what matches is rare, far apart, or all at one end of hundreds.
pub(crate) async fn what_matches_among_hundreds_pages_exactly(store: Subject) {
    let mirror = many(&store).await;
    for (filters, matches) in [
        (&[("first_name", "ilike", "oldest%")][..], 40),
        (&[("first_name", "ilike", "middle%")], 40),
        (&[("first_name", "ilike", "newest%")], 40),
        (&[("first_name", "ilike", "third%")], 160),
        (&[("first_name", "ilike", "% 5_9")], 10),
        (&[("first_name", "ilike", "nobody%")], 0),
        (&[("email", "ilike", "%@EXAMPLE.com")], 600),
        (&[("metadata.all", "neq", "same")], 0),
        (&[("metadata.rank", "gte", "595")], 5),
        (&[("metadata.rank", "lt", "3")], 3),
        (&[("metadata.some", "is_null", "false")], 86),
        (
            &[
                ("first_name", "ilike", "oldest%"),
                ("last_name", "eq", "Name 3"),
            ],
            8,
        ),
        (
            &[
                ("last_name", "is_null", "true"),
                ("metadata.rank", "lt", "300"),
            ],
            60,
        ),
        (
            &[
                ("first_name", "ilike", "%3%"),
                ("metadata.old", "neq", "false"),
            ],
            0,
        ),
    ] {
        let found = mirror
            .lists(
                Kind::Contact,
                &clauses(Kind::Contact, filters),
                &LIMITS[1..],
            )
            .await;
        if matches > 0 {
            assert!(found > 0, "{filters:?}");
        }
    }
    let rare = clauses(Kind::Contact, &[("first_name", "ilike", "middle%")]);
    mirror.lists(Kind::Contact, &rare, &[1, 39, 40, 41]).await;
}

/// The same where an index leads to hundreds of candidates, of which other clauses leave a few.
pub(crate) async fn what_an_index_finds_among_hundreds_pages_exactly(store: Subject) {
    let mirror = many(&store).await;
    let oldest = id(Kind::Contact, 20).to_string();
    let (first, last) = (id(Kind::Contact, 100), id(Kind::Contact, 500));
    let (first, last) = (first.to_string(), last.to_string());
    for filters in [
        &[("metadata.all", "eq", "same")][..],
        &[("metadata.all", "in", "same,other")],
        &[("metadata.five", "eq", "5")],
        &[("metadata.five", "in", "5,5.0,6")],
        &[("metadata.old", "eq", "true")],
        &[("metadata.all", "eq", "same"), ("id", "lte", &oldest)],
        &[
            ("metadata.all", "eq", "same"),
            ("id", "gt", &first),
            ("id", "lt", &last),
        ],
        &[
            ("metadata.all", "eq", "same"),
            ("last_name", "eq", "Name 2"),
        ],
        &[
            ("metadata.all", "in", "same,x"),
            ("first_name", "ilike", "oldest%"),
        ],
        &[
            ("metadata.five", "eq", "5"),
            ("metadata.old", "eq", "true"),
            ("last_name", "is_null", "true"),
        ],
        &[("last_name", "eq", "Name 4")],
        &[
            ("last_name", "in", "Name 1,Name 3,Name 1"),
            ("first_name", "neq", "Other 1"),
        ],
        &[("email", "eq", "17@example.com")],
    ] {
        let clauses = clauses(Kind::Contact, filters);
        let found = mirror.lists(Kind::Contact, &clauses, &LIMITS[1..]).await;
        assert!(found > 0, "{filters:?}");
    }
}

/// `in` takes a hundred values, some of them twice and some that no record has: of ids, columns, events and `metadata`.
pub(crate) async fn an_in_of_a_hundred_values_is_exact(store: Subject) {
    let mut mirror = many(&store).await;
    let deliveries = (0..CONTACTS).map(|n| {
        let mut delivery = delivery(n, n % 3, NOW);
        delivery.event_id = id(Kind::Event, n % 150);
        delivery
    });
    mirror.insert(deliveries).await;
    let each = |step: u64, text: &dyn Fn(u64) -> String| {
        let values = (0..95).map(|n| text(n * step));
        let twice = [0, 1, 94, 94].map(|n| text(n * step));
        let values: Vec<String> = values.chain(twice).chain([text(100_000)]).collect();
        values.join(",")
    };
    let of = |kind| move |n| id(kind, n).to_string();
    for (kind, field, values) in [
        (Kind::Contact, "id", each(6, &of(Kind::Contact))),
        (
            Kind::Contact,
            "email",
            each(5, &|n| format!("{n}@example.com")),
        ),
        (Kind::Contact, "metadata.rank", each(4, &|n| n.to_string())),
        (Kind::Delivery, "event_id", each(1, &of(Kind::Event))),
        (Kind::Delivery, "webhook_id", each(1, &of(Kind::Webhook))),
    ] {
        let clauses = clauses(kind, &[(field, "in", &values)]);
        let found = mirror.lists(kind, &clauses, &[40, 256, 1_000]).await;
        assert!(found >= 94, "{field}: {found}");
    }
}

/// Values that are told apart by their last character alone are, at the most characters that they may have.
pub(crate) async fn values_at_their_limits_are_told_apart(store: Subject) {
    // Characters of four bytes: a text at its limit is then longest in an index.
    let long = |chars: usize, last: char| "\u{1F980}".repeat(chars - 1) + &last.to_string();
    let text = |last| Some(long(TEXT_CHARS_MAX, last));
    let key = |last| long(63, last);
    let mut mirror = Mirror::of(&store, SCOPE);
    let mut records: Vec<Record> = Vec::new();
    for (last, n) in ['a', 'b', '\u{10FFFF}'].into_iter().zip(0..) {
        let mut contact = contact_of(n, &format!("{}{last}@example.com", "\u{E9}".repeat(115)));
        (contact.first_name, contact.last_name, contact.phone) =
            (text(last), text(last), text(last));
        // The index of `metadata` keeps the beginning of a value alone.
        contact.metadata.insert(key('k'), json!(text(last)));
        contact.metadata.insert(key(last), json!("same"));
        let mut company = Company::blank(id(Kind::Company, n), Mode::Live, NOW);
        (company.name, company.domain) = (long(TEXT_CHARS_MAX, last), text(last));
        let mut deal = Deal::blank(id(Kind::Deal, n), Mode::Live, NOW);
        (deal.title, deal.stage) = (long(TEXT_CHARS_MAX, last), text(last));
        let mut activity = Activity::blank(id(Kind::Activity, n), Mode::Live, NOW);
        (activity.activity_type, activity.subject) = (long(TEXT_CHARS_MAX, last), text(last));
        let ends = [id(Kind::Contact, 1), id(Kind::Company, 1)];
        let edge = edge(n, ends[0], ends[1], Some(&long(100, last)));
        records.extend([contact.into(), company.into(), deal.into()]);
        records.extend([Record::from(activity), edge.into()]);
    }
    mirror.insert(records).await;
    mirror.holds().await;
    for kind in [
        Kind::Contact,
        Kind::Company,
        Kind::Deal,
        Kind::Activity,
        Kind::Association,
    ] {
        let of_kind: Vec<Record> = mirror.of_kind(kind).cloned().collect();
        for (index, column) in filterable_columns(kind) {
            for condition in conditions(column.ty, &held(&of_kind, index)) {
                let target = Target::Column(index);
                mirror
                    .lists(kind, &[Clause { target, condition }], &[2])
                    .await;
            }
        }
    }
    for (name, value) in [(key('k'), text('b')), (key('b'), Some("same".to_owned()))] {
        let condition = Condition::Compare(Comparison::Eq, value.unwrap_or_default().into());
        let target = Target::Metadata {
            key: name,
            field_type: None,
        };
        let found = mirror
            .lists(Kind::Contact, &[Clause { target, condition }], &[1, 2])
            .await;
        assert_contract!(found, 1);
    }
}

/// Holds lists of a kind to the predicate by some of the values that each of its columns has, and by null.
async fn agree_on_some(mirror: &Mirror, kind: Kind) {
    const VALUES: usize = 10;
    let records: Vec<Record> = mirror.of_kind(kind).cloned().collect();
    for (index, _) in filterable_columns(kind) {
        let values = held(&records, index);
        let step = values.len().div_ceil(VALUES).max(1);
        let equal = |value| Condition::Compare(Comparison::Eq, value);
        let some = values.into_iter().step_by(step).map(equal);
        for condition in some.chain([Condition::Null(true)]) {
            let target = Target::Column(index);
            let clause = Clause { target, condition };
            mirror.lists(kind, &[clause], &[200]).await;
        }
    }
}

/// A filter sees the values that a record has now, in each of its columns, and no others: after one replace, after many in
/// one batch, and after deletes.
pub(crate) async fn filters_follow_changes_of_every_column(store: Subject) {
    let kinds = [
        Kind::Contact,
        Kind::Company,
        Kind::Deal,
        Kind::Activity,
        Kind::Webhook,
        Kind::Delivery,
    ];
    let mut mirror = Mirror::of(&store, SCOPE);
    for kind in kinds {
        let first = varied(kind);
        mirror.insert(first.clone()).await;
        mirror.lists(kind, &[], &[200]).await;
        // Each record takes the values of another.
        let turned = |(record, n): (&Record, u64)| {
            replace(
                record.clone(),
                varied_as(kind, n, n + 5, record.version() + 1),
            )
        };
        let mut changes: Vec<Write> = first.iter().zip(0..).map(turned).collect();
        let many = changes.split_off(12);
        for one in changes {
            mirror.apply(vec![one]).await;
        }
        mirror.apply(many).await;
        agree_on_some(&mirror, kind).await;
        let gone: Vec<Record> = mirror.of_kind(kind).step_by(2).cloned().collect();
        let mut gone = gone
            .into_iter()
            .map(|record| Write::Delete(Entry::new(record)));
        mirror.apply(gone.by_ref().take(1).collect()).await;
        mirror.apply(gone.collect()).await;
        agree_on_some(&mirror, kind).await;
    }
}

/// An edge is listed by either end, of hundreds that have others.
pub(crate) async fn hundreds_of_edges_are_listed_by_either_end(store: Subject) {
    let hub = id(Kind::Contact, 1);
    let end = |n: u64| id(Kind::Company, n % 7);
    let ends = |n: u64| match n % 3 {
        0 => (hub, id(Kind::Deal, n)),
        1 => (id(Kind::Deal, n), hub),
        _ => (id(Kind::Activity, n), end(n)),
    };
    let mut mirror = Mirror::of(&store, SCOPE);
    mirror
        .insert((0..CONTACTS).map(|n| edge(n, ends(n).0, ends(n).1, None)))
        .await;
    let (from, to) = filters::ends();
    for (of, count) in [(hub, 400), (end(2), 29), (id(Kind::Deal, 3), 1)] {
        let equal = |of: Id| Condition::Compare(Comparison::Eq, of.into());
        let either = Clause {
            target: Target::Either(from, to),
            condition: equal(of),
        };
        let found = mirror
            .lists(Kind::Association, &[either], &LIMITS[1..])
            .await;
        assert!(found >= count, "{of}: {found}");
        for end in [from, to] {
            let target = Target::Column(end);
            let condition = equal(of);
            mirror
                .lists(
                    Kind::Association,
                    &[Clause { target, condition }],
                    &[60, 300],
                )
                .await;
        }
    }
}

/// A cursor begins strictly after its record, at whatever place among hundreds, also where that is gone.
pub(crate) async fn a_cursor_among_hundreds_outlives_its_record(store: Subject) {
    let mut mirror = many(&store).await;
    let all = clauses(Kind::Contact, &[("metadata.all", "eq", "same")]);
    let walked = clauses(Kind::Contact, &[("first_name", "ilike", "%t%")]);
    for cursor in [1, 43, 256, 300, 343, 344, 599] {
        let after = contact(cursor).id;
        for gone in [false, true] {
            if gone {
                mirror.apply(vec![delete(one_of_many(cursor))]).await;
            }
            for clauses in [&[][..], &all, &walked] {
                mirror.page_after(Kind::Contact, clauses, after, 100).await;
                mirror.page_after(Kind::Contact, clauses, after, 300).await;
            }
        }
    }
    let one = one_of_many(2);
    let renamed = changed(&one, |it| it.first_name = Some("tt".to_owned()));
    mirror
        .apply(vec![replace(one, renamed), insert(one_of_many(599))])
        .await;
    mirror
        .page_after(Kind::Contact, &walked, contact(3).id, 5)
        .await;
}
