//! Where endpoints may lead: told when one is made, moved or enabled.

use std::sync::Arc;

use relm_core::{Crm, Mode, Store};
use relm_server::api::Api;
use relm_server::webhooks::{Reach, TransportOptions};
use serde_json::{Value, json};

use super::session::{RATE_LIMIT, User, World, id};

/// A world whose operator allows no more than these networks.
fn world(allow_nets: &str) -> World {
    let world = World::new();
    reaching(world, allow_nets)
}

/// The same store under a server of other settings.
fn reaching(world: World, allow_nets: &str) -> World {
    let options = TransportOptions {
        allow_nets: allow_nets.parse().unwrap(),
        ..TransportOptions::default()
    };
    let store = Arc::clone(&world.store) as Arc<dyn Store>;
    let crm = Crm::builder(store)
        .clock(world.clock.clone())
        .sealing_key([7; 32])
        .targets(Arc::new(Reach::new(&options)))
        .build();
    World {
        api: Api::new(crm.clone(), RATE_LIMIT),
        crm,
        ..world
    }
}

fn body(url: &str) -> Value {
    json!({ "url": url, "event_types": ["*"] })
}

fn path_of(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", id(webhook))
}

fn subscribe(user: &User<'_>, url: &str) -> Value {
    user.create("/v1/webhooks", body(url))
}

/// Hosts inside the network, or none at all, each in a spelling of its own.
const INSIDE: [&str; 36] = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST.",
    "api.localhost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "0xa9fea9fe",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "0",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[fc00::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[::]",
    "[ff02::1]",
    "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
    "%31%32%37.0.0.1",
    "user@127.0.0.1",
];

#[test]
fn an_endpoint_inside_the_network_is_refused_when_it_is_made_or_moved() {
    let world = world("");
    for mode in [Mode::Live, Mode::Test] {
        let user = world.user(&format!("{mode:?}"), mode);
        let path = path_of(&subscribe(&user, "https://hooks.example.com/"));
        for host in INSIDE {
            let url = format!("https://{host}/hook");
            user.post("/v1/webhooks", body(&url))
                .fails(422, "validation_failed", "url");
            user.patch(&path, json!({ "url": url }))
                .fails(422, "validation_failed", "url");
        }
        assert_eq!(user.get(&path).is(200)["url"], "https://hooks.example.com/");
        assert_eq!(
            user.get("/v1/webhooks").is(200)["data"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
}

#[test]
fn the_refusal_says_where_it_leads_and_what_would_allow_it() {
    let world = world("");
    let user = world.user("acme", Mode::Live);
    let error = user
        .post("/v1/webhooks", body("https://0xa.7/hook"))
        .error(422);
    assert_eq!(
        error["message"],
        "Nothing can be delivered to `url`: 10.0.0.7 is not a public address. Use the public address of your service; whoever \
         runs this server can allow others, with RELM_WEBHOOK_ALLOW_NETS."
    );
}

#[test]
fn what_the_operator_allows_is_taken() {
    let world = world("10.0.0.0/8,fd12::/48");
    for mode in [Mode::Live, Mode::Test] {
        let user = world.user(&format!("{mode:?}"), mode);
        for host in [
            "10.0.0.7",
            "0xa.7",
            "[fd12::1]",
            "[2606:4700::1111]",
            "93.184.215.14",
            "hooks.example.com",
        ] {
            subscribe(&user, &format!("https://{host}/hook"));
        }
        user.post("/v1/webhooks", body("https://192.168.1.1/"))
            .fails(422, "validation_failed", "url");
    }
}

#[test]
fn an_endpoint_from_before_the_rule_stays_until_it_is_moved_or_enabled() {
    let before = world("10.0.0.0/8");
    let user = before.user("acme", Mode::Live);
    let (workspace, key) = (user.workspace, user.key.clone());
    let on = path_of(&subscribe(&user, "https://10.0.0.7/on"));
    let off = path_of(&subscribe(&user, "https://10.0.0.7/off"));
    user.patch(&off, json!({ "enabled": false })).is(200);
    let after = reaching(before, "");
    let user = User {
        workspace,
        key,
        ..after.stranger()
    };
    let changed = user
        .patch(
            &on,
            json!({ "description": "still here", "url": "https://10.0.0.7/on" }),
        )
        .is(200);
    assert_eq!(
        (&changed["enabled"], &changed["description"]),
        (&json!(true), &json!("still here"))
    );
    user.patch(&off, json!({ "enabled": true }))
        .fails(422, "validation_failed", "url");
    user.patch(
        &off,
        json!({ "enabled": true, "url": "https://hooks.example.com/" }),
    )
    .is(200);
    user.patch(&on, json!({ "url": "https://10.0.0.8/on" }))
        .fails(422, "validation_failed", "url");
    user.patch(&on, json!({ "enabled": false })).is(200);
}

#[test]
fn one_url_has_three_endpoints_at_most() {
    let world = world("");
    let user = world.user("acme", Mode::Live);
    let spellings = [
        "https://example.com/a",
        "https://EXAMPLE.com.:443/a",
        "https://example.com/a#x",
    ];
    let [.., last] = spellings.map(|url| path_of(&subscribe(&user, url)));
    let fourth = body("https://example.com/a");
    user.post("/v1/webhooks", fourth.clone())
        .fails(422, "validation_failed", "url");
    let elsewhere = path_of(&subscribe(&user, "https://example.com/b"));
    user.patch(&elsewhere, json!({ "url": "https://Example.com/a" }))
        .fails(422, "validation_failed", "url");
    // Its own is not counted against it, and another scope's are its own affair.
    user.patch(
        &last,
        json!({ "url": "https://example.com/a", "description": "the same place" }),
    )
    .is(200);
    subscribe(
        &world.another_key(user.workspace, Mode::Test, relm_core::KeyAccess::Full),
        "https://example.com/a",
    );
    user.ask("DELETE", &last).send().is(200);
    user.create("/v1/webhooks", fourth);
}
