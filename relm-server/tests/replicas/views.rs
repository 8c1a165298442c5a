//! What one replica does, as the others see it.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::client::Client;
use super::cluster::{Cluster, eventually, spawn, walk};
use super::receiver::Receiver;
use super::server::{Server, relm};

/// Three replicas that find an empty database all come up, and one of them makes the workspace.
pub fn start_together(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let servers: Vec<_> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| spawn(url, &folder)))
            .collect();
        starting
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect()
    });
    let keys: Vec<_> = servers
        .iter()
        .filter_map(|server| server.keys.clone())
        .collect();
    let [keys] = &keys[..] else {
        panic!("{} replicas printed keys", keys.len());
    };
    for server in &servers {
        let mut client = Client::connect(server.address, &keys.test);
        assert_eq!(client.get("/v1/contacts").0, 200);
    }
    let listed = relm(folder.path())
        .env("RELM_DATABASE_URL", url)
        .args(["workspaces", "list"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 1);
    let migrated = relm(folder.path())
        .env("RELM_DATABASE_URL", url)
        .arg("migrate")
        .output()
        .unwrap();
    let said = String::from_utf8(migrated.stdout).unwrap();
    assert!(
        migrated.status.success() && said.contains("is up to date"),
        "{said}"
    );
}

/// A custom field binds every write that begins after its definition was answered, wherever.
pub fn definitions_bind(url: &str) {
    let cluster = Cluster::start(url, 3);
    let mut clients: Vec<Client> = (0..3).map(|replica| cluster.client(replica)).collect();
    let email = |number: usize| json!({ "email": format!("user{number}@example.com") });
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.post("/v1/contacts", None, &email(number)).0, 201);
    }
    for round in 0..5 {
        let key = format!("plan{round}");
        let field =
            json!({ "object_type": "contact", "key": key, "type": "text", "required": true });
        let definer = round % 3;
        let (status, field) = clients[definer].post("/v1/schema/fields", None, &field);
        assert_eq!(status, 201, "{field}");
        for (replica, client) in clients.iter_mut().enumerate() {
            let (status, refused) = client.post("/v1/contacts", None, &email(100 + replica));
            assert_eq!(status, 422, "replica {replica}: {refused}");
            assert_eq!(refused["error"]["field"], format!("metadata.{key}"));
        }
        let path = format!("/v1/schema/fields/{}", field["id"].as_str().unwrap());
        assert_eq!(clients[definer].delete(&path).0, 200);
    }
}

/// A key that was revoked stops everywhere within five seconds.
pub fn revocations_bind(url: &str) {
    let cluster = Cluster::start(url, 2);
    let folder = tempfile::tempdir().unwrap();
    let command = |args: &[&str]| {
        let output = relm(folder.path())
            .env("RELM_DATABASE_URL", url)
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let workspaces = command(&["workspaces", "list"]);
    let workspace = workspaces.split_whitespace().next().unwrap();
    let made = command(&["keys", "create", "--workspace", workspace, "--mode", "test"]);
    let [id, key] = made.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{made:?}");
    };
    let addresses = [cluster.address(0), cluster.address(1)];
    for address in addresses {
        assert_eq!(Client::connect(address, key).get("/v1/contacts").0, 200);
    }
    command(&["keys", "revoke", id]);
    let revoked = Instant::now();
    for address in addresses {
        let mut client = Client::connect(address, key);
        eventually("the key stops", Duration::from_secs(7), || {
            client.get("/v1/contacts").0 == 401
        });
    }
    assert!(revoked.elapsed() < Duration::from_secs(6));
}

/// Each event is sent by one replica; what a killed one had taken, another sends.
pub fn deliveries_are_shared(url: &str) {
    const EVENTS: usize = 300;
    let receiver = Receiver::start(|_| Some(200));
    let cluster = Cluster::start(url, 2);
    let mut client = cluster.client(0);
    let body = json!({ "url": receiver.url(), "event_types": ["*"] });
    assert_eq!(client.post("/v1/webhooks", None, &body).0, 201);
    for number in 0..EVENTS {
        let body = json!({ "email": format!("user{number}@example.com") });
        cluster.create(number, &format!("create {number}"), "/v1/contacts", &body);
    }
    let minute = Duration::from_secs(60);
    eventually("every event arrives", minute, || receiver.taken() == EVENTS);
    let requests = receiver.requests.load(Ordering::SeqCst);
    assert_eq!(requests, EVENTS, "none was sent twice");

    for number in 0..EVENTS {
        let body = json!({ "title": format!("deal {number}") });
        cluster.create(1, &format!("deal {number}"), "/v1/deals", &body);
        if number == EVENTS / 2 {
            cluster.replace(0);
        }
    }
    eventually("every event arrives", minute, || {
        receiver.taken() == 2 * EVENTS
    });
    assert_eq!(receiver.events().len(), 2 * EVENTS, "one id per change");
    assert_eq!(walk(&mut cluster.client(0), "/v1/events").len(), 2 * EVENTS);
}

/// The limit is over all replicas, not for each.
pub fn the_rate_limit_holds(url: &str) {
    const LIMIT: usize = 600;
    let folder = tempfile::tempdir().unwrap();
    let servers: Vec<_> = (0..3)
        .map(|_| {
            let mut command = relm(folder.path());
            command
                .env("RELM_DATABASE_URL", url)
                .env("RELM_RATE_LIMIT_PER_MINUTE", LIMIT.to_string());
            Server::spawn(command)
        })
        .collect();
    let key = servers[0].keys.clone().unwrap().test;
    let minute = || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap().as_secs() / 60
    };
    let first = minute();
    let accepted: usize = std::thread::scope(|scope| {
        let asking: Vec<_> = servers
            .iter()
            .map(|server| {
                let key = &key;
                scope.spawn(move || {
                    let mut client = Client::connect(server.address, key);
                    let statuses = (0..LIMIT).map(|_| client.get("/v1/contacts?limit=1").0);
                    statuses.filter(|status| *status == 200).count()
                })
            })
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).sum()
    });
    // Where the clock reached the next minute meanwhile, there were two windows.
    let windows = usize::try_from(minute() - first).unwrap() + 1;
    assert!(
        accepted <= windows * LIMIT,
        "{accepted} in {windows} windows"
    );
    assert!(
        accepted >= LIMIT,
        "all of a window is given out: {accepted}"
    );
}
