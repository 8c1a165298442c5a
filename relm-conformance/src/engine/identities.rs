//! The engine over the store: what is one in whatever spelling, for every way to ask.

use relm_core::engine::{BatchInput, ListRequest, RowStatus, SearchRequest};
use relm_core::error::ErrorKind;
use relm_core::query::filter::Filter;
use relm_core::record::object::{CompanyInput, ContactInput, DealInput};
use relm_core::value::id::Id;
use serde_json::json;

use super::acme::{Acme, company, contact, failure};
use crate::subject::Subject;

/// The ids of a page.
fn ids(list: &relm_core::engine::List) -> Vec<Id> {
    list.data.iter().map(|document| document.id).collect()
}

/// What a filter on an address finds of two contacts, by the operator.
async fn found(acme: &Acme, operator: &str, value: &str) -> Vec<Id> {
    let request = ListRequest::default().filter(Filter::new("email", operator, value));
    let list = acme.scoped.contacts().list(&request).documents().await;
    ids(&list.expect("the filter is well-formed"))
}

/// Spellings of one mailbox: in other case, in other compositions, with a domain in other letters.
const SPELLINGS: [&str; 5] = [
    "Zoë.Smith@Bücher.example",
    "zoë.smith@bücher.example",
    "ZOE\u{308}.SMITH@BU\u{308}CHER.EXAMPLE",
    "zoë.smith@xn--bcher-kva.example",
    "\"zoë.smith\"@bücher.example",
];

/// An address that is unique in whatever spelling is found in each: by a filter, by a search, by a batch.
pub(crate) async fn an_address_is_one_in_every_spelling(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let zoe = contacts.create(contact(SPELLINGS[0])).await;
    let zoe = zoe.expect("it is valid");
    assert_eq!(
        zoe.email.as_deref(),
        Some(SPELLINGS[0]),
        "it is kept as it was written"
    );
    let other = contacts.create(contact("zoe.smith@bucher.example")).await;
    let other = other.expect("it is another address");
    for spelling in SPELLINGS {
        assert_eq!(found(&acme, "eq", spelling).await, [zoe.id], "{spelling}");
        assert_eq!(
            found(&acme, "neq", spelling).await,
            [other.id],
            "{spelling}"
        );
        let among = format!("nobody@example.com,{spelling}");
        assert_eq!(found(&acme, "in", &among).await, [zoe.id], "{spelling}");
        let taken = contacts.create(contact(spelling)).await;
        let taken = taken.expect_err("the address is taken");
        assert_eq!(
            (taken.kind(), taken.existing_id()),
            (ErrorKind::Conflict, Some(zoe.id))
        );
        let request = SearchRequest {
            q: spelling.to_owned(),
            ..SearchRequest::default()
        };
        let searched = acme
            .scoped
            .search(&request)
            .documents()
            .await
            .expect("it is well-formed");
        assert_eq!(ids(&searched).first(), Some(&zoe.id), "{spelling}");
        let upsert = BatchInput {
            rows: vec![contact(spelling)],
            dedup_on: vec!["email".to_owned()],
            ..BatchInput::default()
        };
        let report = contacts.batch(upsert).await.expect("it is valid");
        assert_eq!(report.data[0].id, Some(zoe.id), "{spelling}");
    }
    assert_eq!(found(&acme, "neq", "nobody").await, [other.id, zoe.id]);
    assert_eq!(
        found(&acme, "gte", "Zoë").await.len(),
        2,
        "order is that of the text"
    );
    assert_eq!(found(&acme, "ilike", "zoë.smith@bücher.%").await, [zoe.id]);
}

/// A write that spells an address otherwise changes nothing; one that changes something else keeps its spelling.
pub(crate) async fn another_spelling_changes_nothing(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let zoe = contacts.create(contact(SPELLINGS[0])).await;
    let zoe = zoe.expect("it is valid");
    for spelling in SPELLINGS {
        let same = contacts.update(zoe.id, contact(spelling), Some(1)).await;
        assert_eq!(same.expect("it is its own"), zoe, "{spelling}");
        let upsert = BatchInput {
            rows: vec![contact(spelling)],
            dedup_on: vec!["email".to_owned()],
            ..BatchInput::default()
        };
        let report = contacts.batch(upsert).await.expect("it is valid");
        assert_eq!(report.data[0].status, RowStatus::Unchanged, "{spelling}");
    }
    assert_eq!(acme.events(&store).await.len(), 1);
    let named = ContactInput {
        first_name: "Zoë".into(),
        ..contact(SPELLINGS[2])
    };
    let named = contacts.update(zoe.id, named, None).await;
    let named = named.expect("it is its own");
    assert_eq!((named.version, named.email), (2, zoe.email));
    let events = acme.events(&store).await;
    assert_eq!(json!(events[1].previous), json!({ "first_name": null }));
}

/// A domain is its bare host, whatever it was written as and is asked for by. What has none is refused.
pub(crate) async fn a_domain_is_its_bare_host(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let companies = acme.scoped.companies();
    let at = |domain: &str| CompanyInput {
        domain: domain.into(),
        ..company("Bücher")
    };
    let spellings = [
        "https://www.Bücher.example:8443/about?x=1#top",
        "BÜCHER.example.",
        "xn--bcher-kva.example",
        "//bu\u{308}cher.example/",
    ];
    let mut made = Vec::new();
    for spelling in spellings {
        let one = companies.create(at(spelling)).await.expect("it has a host");
        assert_eq!(
            one.domain.as_deref(),
            Some("xn--bcher-kva.example"),
            "{spelling}"
        );
        made.insert(0, one.id);
    }
    let other = companies.create(at("bucher.example")).await;
    let other = other.expect("it has a host").id;
    for spelling in spellings {
        let listed = async |operator: &str, value: &str| {
            let request = ListRequest::default().filter(Filter::new("domain", operator, value));
            let listed = companies.list(&request).documents().await;
            ids(&listed.expect("it is well-formed"))
        };
        assert_eq!(listed("eq", spelling).await, made, "{spelling}");
        assert_eq!(listed("neq", spelling).await, [other], "{spelling}");
        let among = format!("example.com,{spelling}");
        assert_eq!(listed("in", &among).await, made, "{spelling}");
        let request = SearchRequest {
            q: spelling.to_owned(),
            ..SearchRequest::default()
        };
        let searched = acme.scoped.search(&request).documents().await;
        let searched = searched.expect("it is well-formed");
        assert!(ids(&searched).starts_with(&made), "{spelling}");
    }
    let same = companies
        .update(other, at("https://bucher.example/"), None)
        .await;
    assert_eq!(same.expect("it exists").version, 1, "it is the same domain");
    for none in [
        "",
        "acme",
        "no domain at all",
        "192.0.2.1",
        "ada@example.com",
    ] {
        let refused = companies.create(at(none)).await;
        assert_eq!(failure(refused), ErrorKind::ValidationFailed, "{none}");
    }
}

/// A code is asked for in any case, as it is written in any; texts are compared composed.
pub(crate) async fn values_are_asked_for_as_they_are_written(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let sold = DealInput {
        title: "Cre\u{300}me".into(),
        value_cents: 100.into(),
        currency: "eur".into(),
        metadata: super::acme::tagged("sort", "brûle\u{301}e"),
        ..DealInput::default()
    };
    let sold = acme.scoped.deals().create(sold).await.expect("it is valid");
    assert_eq!(sold.title, "Cre\u{300}me", "it is kept as it was written");
    let found = async |field: &str, operator: &str, value: &str| {
        let request = ListRequest::default().filter(Filter::new(field, operator, value));
        let listed = acme.scoped.deals().list(&request).documents().await;
        ids(&listed.expect("it is well-formed"))
    };
    for (field, operator, value) in [
        ("currency", "eq", "eur"),
        ("currency", "in", "usd,Eur"),
        ("title", "eq", "Crème"),
        ("title", "eq", "Cre\u{300}me"),
        ("title", "in", "x,Crème"),
        ("title", "ilike", "CRE\u{300}ME"),
        ("title", "lt", "Cs"),
        ("title", "gt", "Cre"),
        ("metadata.sort", "eq", "bru\u{302}lée"),
        ("metadata.sort", "ilike", "brûl_e"),
    ] {
        let found = found(field, operator, value).await;
        assert_eq!(found, [sold.id], "{field} {operator} {value}");
    }
    for (field, operator, value) in [
        ("currency", "neq", "eur"),
        ("title", "eq", "crème"),
        ("title", "neq", "Crème"),
        ("title", "lt", "Cre\u{300}"),
        ("metadata.sort", "neq", "brûlée"),
    ] {
        let found = found(field, operator, value).await;
        assert_eq!(found, [], "{field} {operator} {value}");
    }
}
