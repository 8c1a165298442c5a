//! One value in many spellings: addresses, domains, telephone numbers and names, in each way to ask.

use relm_core::Mode;
use serde_json::json;

use super::session::{World, id, ids};

#[test]
fn an_address_is_asked_for_in_any_spelling() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let fred = user.create("/v1/contacts", json!({ "email": "Fred.Smith@Example.com" }));
    let sampark = user.create("/v1/contacts", json!({ "email": "संपर्क@डाटामेल.भारत" }));
    let find = |query: &str| ids(&user.get(&format!("/v1/contacts?{query}")).is(200));
    for query in [
        "email=fred.smith@example.com",
        "filter[email]=FRED.SMITH@EXAMPLE.COM",
        "filter[email][in]=nobody@example.com,fred.smith@example.com",
        "filter[email][neq]=%E0%A4%B8%E0%A4%82%E0%A4%AA%E0%A4%B0%E0%A5%8D%E0%A4%95@xn--c2bd4bq1db8d.xn--h2brj9c",
    ] {
        assert_eq!(find(query), [id(&fred)], "{query}");
    }
    let same = json!({ "email": "संपर्क@XN--C2BD4BQ1DB8D.XN--H2BRJ9C" });
    let taken = user.post("/v1/contacts", same.clone()).error(409);
    assert_eq!(taken["existing_id"], sampark["id"]);
    let path = format!("/v1/contacts/{}", id(&sampark));
    assert_eq!(user.patch(&path, same.clone()).is(200), sampark);
    let batch =
        json!({ "contacts": [same, { "email": "FRED.SMITH@example.com" }], "dedup_on": ["email"] });
    let report = user.post("/v1/contacts/batch", batch).is(200);
    assert_eq!(report["unchanged"], 2);
    assert_eq!(report["data"][1]["contact"], fred);
    let events = user.get("/v1/events?type=contact.updated").is(200);
    assert_eq!(events["data"], json!([]));
}

#[test]
fn a_company_s_domain_is_a_bare_host() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = json!({ "name": "Acme", "domain": "HTTPS://www.Acme.example:8443/about?x=1" });
    let company = user.create("/v1/companies", company);
    assert_eq!(company["domain"], "acme.example");
    let found = user
        .get("/v1/companies?domain=http://ACME.example./")
        .is(200);
    assert_eq!(ids(&found), [id(&company)]);
    let refused = json!({ "name": "Acme", "domain": "no domain at all" });
    let error = user.post("/v1/companies", refused).error(422);
    assert_eq!(
        error,
        json!({
            "code": "validation_failed", "field": "domain",
            "message": "`domain` must be a domain name such as example.com, or a URL of one, not `no domain at all`.",
        })
    );
}

#[test]
fn what_cannot_be_seen_is_named_and_to_be_removed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let contact = user.contact("ada@example.com");
    let company = id(&user.create("/v1/companies", json!({ "name": "A" })));
    let webhook = json!({ "url": "https://example.com/", "event_types": ["*"] });
    let webhook = id(&user.create("/v1/webhooks", webhook));
    for (path, member, given, code, meant) in [
        (
            format!("/v1/contacts/{contact}"),
            "email",
            "ada\u{200B}@example.com",
            "U+200B",
            Some("ada@example.com"),
        ),
        (
            format!("/v1/contacts/{contact}"),
            "email",
            "\u{FEFF}eva@example.com",
            "U+FEFF",
            Some("eva@example.com"),
        ),
        (
            format!("/v1/companies/{company}"),
            "domain",
            "https://exam\u{AD}ple.com/",
            "U+00AD",
            Some("example.com"),
        ),
        (
            format!("/v1/webhooks/{webhook}"),
            "url",
            "https://example.com/a\u{202E}b",
            "U+202E",
            None,
        ),
    ] {
        let error = user.patch(&path, json!({ member: given })).error(422);
        let mut message =
            format!("`{member}` holds the character {code}, which cannot be seen: remove it.");
        let mut expected = json!({ "code": "validation_failed", "field": member });
        if let Some(meant) = meant {
            message += &format!(" Did you mean `{meant}`?");
            expected["suggestion"] = json!(meant);
        }
        expected["message"] = json!(message);
        assert_eq!(error, expected);
    }
    let rows =
        json!({ "contacts": [{ "email": "ada\u{200D}@example.com" }], "dedup_on": ["email"] });
    let report = user.post("/v1/contacts/batch", rows).is(200);
    assert_eq!(report["data"][0]["error"]["field"], "contacts[0].email");
    // A joiner that a registered name has is visible in its xn-- form.
    let nameh = json!({ "domain": "xn--mgba3gch31f060k.com" });
    let company = user
        .patch(&format!("/v1/companies/{company}"), nameh)
        .is(200);
    assert_eq!(company["domain"], "xn--mgba3gch31f060k.com");
}

#[test]
fn a_key_of_metadata_is_one_however_it_is_encoded() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = json!({ "phone": "1", "metadata": { "cafe\u{301}": "open" } });
    let made = user.create("/v1/contacts", made);
    for query in [
        "filter[metadata.caf%C3%A9]=open",
        "metadata.cafe%CC%81=open",
        "filter[metadata.caf%C3%A9][in]=shut&filter[metadata.cafe%CC%81][in]=open",
    ] {
        let found = user.get(&format!("/v1/contacts?{query}")).is(200);
        assert_eq!(ids(&found), [id(&made)], "{query}");
    }
    let path = format!("/v1/contacts/{}", id(&made));
    let same = user.patch(&path, json!({ "metadata": { "café": "open" } }));
    assert_eq!(same.is(200), made, "it says what is so");
    let both = json!({ "metadata": { "café": 1, "cafe\u{301}": 2 } });
    let error = user.patch(&path, both).error(422);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("`café` twice"), "{message}");
}

#[test]
fn a_search_finds_what_is_written_otherwise() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let fred = json!({
        "last_name": "O'Brien", "phone": "+1 (415) 555-0132 ext. 12",
        "metadata": { "tags": ["vip", "early bird"], "mobile": "+33 6 12 34 56 78" },
    });
    let fred = user.create("/v1/contacts", fred);
    let zeta = user.create("/v1/companies", json!({ "name": "Zeta" }));
    for n in 0..60 {
        user.create("/v1/companies", json!({ "name": format!("Zeta{n} Zeta") }));
    }
    let find = |query: &str| ids(&user.get(&format!("/v1/search?limit=10&q={query}")).is(200));
    for query in [
        "14155550132",
        "4155550132",
        "555-0132",
        "001-415-555-0132",
        "%2B14155550132",
        "4155550132+x12",
        "0612345678",
        "0033612345678",
        "obrien",
        "o%27brien",
        "vip",
        "early",
    ] {
        assert_eq!(find(query), [id(&fred)], "{query}");
    }
    assert_eq!(find("zeta")[0], id(&zeta));
}
