//! Postal addresses over HTTP: written, refused, filtered, taken in from files and given out.

use relm_core::Mode;
use serde_json::{Value, json};

use super::imports::{import, work_off};
use super::session::{User, World, id, ids};

fn cities(user: &User<'_>, path: &str) -> Vec<String> {
    let record = user.get(path).is(200);
    let all = record["addresses"].as_array().unwrap().iter();
    all.map(|it| it["city"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn addresses_are_written_replaced_added_and_refused() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let berlin = json!({ "city": "Berlin", "street": "Yard 1\nFloor 2", "label": "office" });
    let made = user.create(
        "/v1/companies",
        json!({ "name": "Zuse", "addresses": [berlin] }),
    );
    let shown = json!({
        "label": "office", "street": "Yard 1\nFloor 2", "city": "Berlin", "region": null, "postal_code": null, "country": null,
    });
    assert_eq!(made["addresses"], json!([shown]));
    let path = format!("/v1/companies/{}", id(&made));
    let add = json!({ "addresses": { "add": [{ "city": "Bonn" }, berlin] } });
    user.patch(&path, add.clone()).is(200);
    assert_eq!(cities(&user, &path), ["Berlin", "Bonn"]);
    // The same again is no change.
    assert_eq!(user.patch(&path, add).is(200)["version"], 2);
    for (body, field) in [
        (
            json!([{ "city": "a" }, { "country": "x".repeat(101) }]),
            "addresses[1].country",
        ),
        (
            json!([{ "city": "a" }, { "country": 1 }]),
            "addresses[1].country",
        ),
        (json!([{ "label": "work" }]), "addresses[0]"),
        (json!("Berlin"), "addresses"),
    ] {
        let refused = user.patch(&path, json!({ "addresses": body }));
        refused.fails(422, "validation_failed", field);
    }
    let refused = user.patch(&path, json!({ "addresses": [{ "zip": "1" }] }));
    assert_eq!(refused.error(422)["suggestion"], "postal_code");
    user.post("/v1/contacts", json!({ "addresses": [berlin] }))
        .fails(422, "identifier_required", None);
    let dry = user.ask("PATCH", &path).header("relm-dry-run", "true");
    let dry = dry.json(&json!({ "addresses": null })).send().is(200);
    assert_eq!(dry["addresses"], json!([]));
    assert_eq!(cities(&user, &path).len(), 2);
    let history = user.get(&format!("{path}/history")).is(200);
    assert_eq!(
        history["data"][0]["changes"]["addresses"]["from"],
        json!([shown])
    );
    let operation = json!({ "operations": [{
        "op": "update", "object": "company", "id": id(&made), "data": { "addresses": [{ "city": "Oslo" }] },
    }] });
    let done = user.post("/v1/batch", operation);
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(cities(&user, &path), ["Oslo"]);
    user.patch(&path, json!({ "addresses": null })).is(200);
    assert_eq!(cities(&user, &path), [""; 0]);
}

#[test]
fn records_are_listed_and_searched_by_their_addresses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let make = |email: &str, city: &str| {
        let address = json!({ "city": city, "country": "DE", "postal_code": "10965" });
        let contact = json!({ "email": email, "addresses": [address] });
        id(&user.create("/v1/contacts", contact))
    };
    let ada = make("ada@example.com", "Berlin");
    let bob = make("bob@example.com", "Köln");
    for (query, expected) in [
        ("filter[addresses.city]=berlin", vec![&ada]),
        ("addresses.city=K%C3%96LN", vec![&bob]),
        ("filter[addresses.country][in]=de,fr", vec![&bob, &ada]),
        ("filter[addresses.region][is_null]=false", vec![]),
        (
            "filter[addresses.postal_code]=10965&filter[addresses.city][neq]=Berlin",
            vec![&bob],
        ),
    ] {
        let listed = ids(&user.get(&format!("/v1/contacts?{query}")).is(200));
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let found = user.get("/v1/search?q=berlin").is(200);
    assert_eq!(ids(&found), [ada]);
    user.get("/v1/contacts?filter[addresses.town]=x").error(400);
    user.get("/v1/contacts?filter[addresses.city][ilike]=B%25")
        .error(400);
}

#[test]
fn files_add_addresses_and_drop_none() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let bonn = json!({ "email": "ada@example.com", "addresses": [{ "city": "Bonn" }] });
    let ada = id(&user.create("/v1/contacts", bonn));
    let file = "Email,Mailing Street,Mailing City,Mailing Zip/Postal Code,Mailing Country,Other City,Fax\n\
                ada@example.com,\"1 Main St\nFloor 2\",Springfield,62701,US,Oslo,1\nbob@example.com,,,,,,2\n";
    for _ in 0..2 {
        let queued = import(&user, "&dedup_on=email", file);
        assert_eq!(queued["mapping"]["Other City"], "address_3_city");
        assert_eq!(queued["unmapped"], json!(["Fax"]));
        work_off(&world);
        let path = format!("/v1/contacts/{ada}");
        assert_eq!(cities(&user, &path), ["Bonn", "Springfield", "Oslo"]);
        let all = user.get(&path).is(200);
        let second = &all["addresses"][1];
        assert_eq!(second["street"], "1 Main St\nFloor 2");
        assert_eq!(
            [&second["label"], &all["addresses"][2]["label"]],
            ["mailing", "other"]
        );
    }
    let exported = user.post("/v1/exports?object=contacts", Value::Null);
    assert_eq!(exported.status, 200, "{}", exported.text);
    let other = world.user("other", Mode::Live);
    import(
        &other,
        "",
        &exported.text.replace("ada@example.com", "eve@example.com"),
    );
    work_off(&world);
    let listed: Value = other.get("/v1/contacts?email=eve@example.com").is(200);
    assert_eq!(
        listed["data"][0]["addresses"],
        user.get(&format!("/v1/contacts/{ada}")).is(200)["addresses"]
    );
}

#[test]
fn a_custom_field_comes_before_a_part_of_an_address() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let file = "Email,City\nada@example.com,Bonn\n";
    let before = import(&user, "", file);
    assert_eq!(before["mapping"]["City"], "address_1_city");
    let field = json!({ "object_type": "contact", "key": "city", "type": "text" });
    user.create("/v1/schema/fields", field);
    let since = import(&user, "", file);
    assert_eq!(since["mapping"]["City"], "metadata.city");
}
