//! `relm-server --demo`: data to look at, once.

use super::client::Client;
use super::server::{Server, relm};

#[test]
fn a_demo_is_written_once_and_leads_to_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = relm(folder.path());
    command.arg("--demo");
    let server = Server::spawn(command);
    let said = server.demo.clone().expect("it is said what there is");
    assert!(said.contains("holds demo data: 10,000 contacts"), "{said}");
    let (console, address) = (server.console.clone().unwrap(), server.address);
    assert!(
        said.contains(&format!("Look at it: {console}/ws_")),
        "{said}"
    );
    assert!(said.ends_with("/test/deals/board"), "{said}");
    let keys = server.keys.clone().expect("a first start prints keys");
    let mut test = Client::connect(address, &keys.test);
    let (mut count, mut after) = (0, String::new());
    loop {
        let (status, page) = test.get(&format!("/v1/contacts?limit=200{after}"));
        assert_eq!(status, 200, "{page}");
        count += page["data"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(cursor) => after = format!("&cursor={cursor}"),
            None => break,
        }
    }
    // A dozen is in the trash.
    assert_eq!(count, 10_000 - 12);
    let mut live = Client::connect(address, &keys.live);
    assert_eq!(live.get("/v1/contacts").1["data"], serde_json::json!([]));
    drop(server);

    let mut command = relm(folder.path());
    command.env("RELM_DEMO", "1");
    let server = Server::spawn(command);
    let said = server.demo.clone().expect("it is said what there is");
    assert!(
        said.contains("has something in it already: no demo data was written"),
        "{said}"
    );
}
