//! How much an endpoint may ask of events.

use super::*;

/// A filter by one long text, which takes so many bytes of JSON.
fn of_bytes(bytes: usize) -> EventFilter {
    let empty = EventFilter::new().having("name", [""]);
    let taken = serde_json::to_string(&empty).unwrap().len();
    EventFilter::new().having("name", ["x".repeat(bytes - taken)])
}

#[test]
fn a_filter_is_of_4_kibibytes_at_most() {
    let longest = of_bytes(WEBHOOK_FILTER_BYTES_MAX);
    assert_eq!(longest.clone().checked().unwrap(), Some(longest));
    let refusal = of_bytes(WEBHOOK_FILTER_BYTES_MAX + 1)
        .checked()
        .unwrap_err();
    assert_eq!(refusal.field(), Some("filter"));
}

#[test]
fn a_filter_names_20_members_each_with_50_values_at_most() {
    let members = |count: usize| (0..count).map(|n| format!("metadata.m{n}"));
    let values = |count: usize| 0..u64::try_from(count).unwrap();
    let (most, values_max) = (WEBHOOK_FILTER_MEMBERS_MAX, WEBHOOK_FILTER_VALUES_MAX);
    let having = |count: usize| {
        let filter = EventFilter::new();
        members(count).fold(filter, |filter, name| filter.having(name, ["a"]))
    };
    for filter in [
        EventFilter::new().changed(members(most)),
        having(most),
        EventFilter::new().having("name", values(values_max)),
        // What is said twice counts once.
        EventFilter::new().changed(members(most).chain(members(most))),
    ] {
        assert!(filter.checked().is_ok_and(|filter| filter.is_some()));
    }
    for (filter, field) in [
        (
            EventFilter::new().changed(members(most + 1)),
            "filter.changed",
        ),
        (having(most + 1), "filter.where"),
        (
            EventFilter::new().having("name", values(values_max + 1)),
            "filter.where.name",
        ),
        (
            EventFilter::new().having("name", values(0)),
            "filter.where.name",
        ),
    ] {
        let refusal = filter.checked().unwrap_err();
        assert_eq!(refusal.field(), Some(field));
    }
    assert_eq!(EventFilter::new().checked().unwrap(), None);
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_of_a_filter_says_that_each_member_has_a_list_of_values() {
    let schema = schemars::schema_for!(EventFilter).to_value();
    let members = &schema["properties"]["where"]["additionalProperties"];
    assert_eq!(members["type"], "array");
    assert_eq!(members["minItems"], 1);
}
