use serde_json::{Value, json};

use super::*;
use crate::record::object::{Company, Object};
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// What bodies make of the addresses of a company, one after the other.
fn changed(bodies: &[Value]) -> Result<Vec<PostalAddress>> {
    let id = Id::new(Kind::Company, 1);
    let mut company = Company::blank(id, Mode::Live, Timestamp::from_millis(0));
    for body in bodies {
        let mut reader = Reader::new(json!({ "addresses": body }))?;
        company.apply(Company::read(&mut reader)?)?;
    }
    Ok(company.addresses)
}

fn cities(bodies: &[Value]) -> Vec<String> {
    let all = changed(bodies).expect("they are valid").into_iter();
    all.map(|it| it.city.unwrap_or_default()).collect()
}

#[test]
fn addresses_are_replaced_added_and_removed() {
    let berlin = json!({ "city": " Berlin ", "label": null });
    let paris = json!({ "city": "Paris", "street": "1 rue\r2\r\n3" });
    for (bodies, expected) in [
        (vec![json!([berlin, paris])], &["Berlin", "Paris"][..]),
        (vec![json!([berlin]), json!([paris])], &["Paris"]),
        (vec![json!([berlin]), json!(null)], &[]),
        (vec![json!([berlin]), json!([])], &[]),
        (
            vec![
                json!([berlin]),
                json!({ "add": [paris, { "city": "BERLIN" }] }),
            ],
            &["Berlin", "Paris"],
        ),
        (
            vec![
                json!([berlin, paris]),
                json!({ "remove": [{ "city": "berlin" }] }),
            ],
            &["Paris"],
        ),
        (vec![json!([berlin, berlin])], &["Berlin"]),
        (
            vec![json!({ "add": [berlin], "remove": null })],
            &["Berlin"],
        ),
    ] {
        assert_eq!(cities(&bodies), expected, "{bodies:?}");
    }
    let labelled = [
        json!([{ "city": "Bonn" }]),
        json!({ "add": [{ "city": "bonn", "label": "work" }] }),
    ];
    assert_eq!(
        changed(&labelled).unwrap()[0].label.as_deref(),
        Some("work")
    );
    assert_eq!(
        changed(&[json!([paris])]).unwrap()[0].street.as_deref(),
        Some("1 rue\n2\n3")
    );
}

#[test]
fn what_is_no_address_is_refused_where_it_is() {
    let many: Vec<Value> = (0..=ADDRESSES_MAX)
        .map(|n| json!({ "city": n.to_string() }))
        .collect();
    for (body, field, said) in [
        (json!("Berlin"), "addresses", "must be a list such as"),
        (
            json!(["Berlin"]),
            "addresses[0]",
            "must be an object such as",
        ),
        (
            json!([{ "city": "a" }, { "country": 1 }]),
            "addresses[1].country",
            "must be a string",
        ),
        (
            json!([{ "city": "a" }, { "country": "x".repeat(101) }]),
            "addresses[1].country",
            "at most 100",
        ),
        (
            json!([{ "street": "x".repeat(501) }]),
            "addresses[0].street",
            "at most 500",
        ),
        (json!([{ "zip": "1" }]), "addresses[0].zip", "postal_code"),
        (
            json!([{ "label": "work", "city": " " }]),
            "addresses[0]",
            "at least",
        ),
        (json!([{}]), "addresses[0]", "at least"),
        (json!({}), "addresses", "to `add`"),
        (
            json!({ "add": [{ "city": 1 }] }),
            "addresses.add[0].city",
            "must be a string",
        ),
        (
            json!(many),
            "addresses",
            "can hold 10 at most; these are 11",
        ),
    ] {
        let error = changed(std::slice::from_ref(&body)).unwrap_err();
        assert_eq!(error.field(), Some(field), "{body}: {}", error.message());
        assert!(
            error.message().contains(said),
            "{body}: {}",
            error.message()
        );
    }
}

#[test]
fn what_is_added_and_removed_is_refused_where_it_is() {
    let both = json!({ "add": [{ "city": "Bonn", "label": "a" }], "remove": [{ "city": "BONN" }] });
    let many: Vec<Value> = (0..=2 * ADDRESSES_MAX)
        .map(|n| json!({ "city": n.to_string() }))
        .collect();
    for (body, field, said) in [
        (both, "addresses", "Bonn` both added and removed"),
        (
            json!({ "add": many }),
            "addresses.add",
            "can hold 10 at most; these are 21",
        ),
    ] {
        let error = changed(&[body]).unwrap_err();
        assert_eq!(error.field(), Some(field), "{}", error.message());
        assert!(error.message().contains(said), "{}", error.message());
    }
}
