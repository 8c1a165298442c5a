//! `relm-server schema`: an operator promotes the fields of test mode to live mode.

use serde_json::{Value, json};

use super::client::Client;
use super::command_line::{failed, printed};
use super::server::Server;

/// Defines fields in both modes, and makes a live record.
fn prepare(server: &Server) {
    let keys = server.keys.clone().unwrap();
    let mut test = Client::connect(server.address, &keys.test);
    let mut live = Client::connect(server.address, &keys.live);
    let select = |choices: &[&str]| json!({ "object_type": "contact", "key": "plan", "type": "select", "options": { "choices": choices } });
    let fields = "/v1/schema/fields";
    assert_eq!(live.post(fields, None, &select(&["free", "pro"])).0, 201);
    assert_eq!(test.post(fields, None, &select(&["free", "team"])).0, 201);
    let source = json!({ "object_type": "deal", "key": "source", "type": "text" });
    assert_eq!(test.post(fields, None, &source).0, 201);
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "pro" } });
    assert_eq!(live.post("/v1/contacts", None, &ada).0, 201);
}

#[test]
fn an_operator_plans_and_promotes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    prepare(&server);
    let listed = printed(folder.path(), &["workspaces", "list"]);
    let workspace = listed.split_whitespace().next().unwrap().to_owned();
    let schema = |args: &[&str]| {
        let mut all = vec!["schema"];
        all.extend(args);
        all.extend(["--workspace", &workspace]);
        all.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
    };
    let run = |args: &[&str]| {
        let args = schema(args);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        printed(folder.path(), &args)
    };
    let fail = |args: &[&str]| {
        let args = schema(args);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        failed(folder.path(), &args)
    };
    let planned = run(&["plan"]);
    for line in [
        "+ deal.source  text  \"source\"",
        "~ contact.plan",
        "    pro is removed",
        "  ! 1 contact record has a choice that would be removed",
    ] {
        assert!(planned.contains(line), "{line}: {planned}");
    }
    let name = |said: &str| said.trim().rsplit(' ').next().unwrap().to_owned();
    let plan = name(&planned);
    let differs = fail(&["plan", "--check"]);
    assert!(differs.contains("live mode has not all"), "{differs}");
    let refused = fail(&["apply", "--plan", &plan]);
    assert!(refused.contains("with `--force`"), "{refused}");
    let refused = fail(&["apply", "--plan", "other", "--force"]);
    assert!(refused.contains(&plan), "{refused}");
    let rename = ["--rename", "contact.plan:pro=team"];
    let applied = run(&[&["apply", "--plan", &plan][..], &rename].concat());
    assert!(applied.contains("pro is renamed to team"), "{applied}");
    assert!(applied.contains("applied; records follow"), "{applied}");
    let again: Value = serde_json::from_str(&run(&["plan", "--json"])).unwrap();
    assert_eq!(
        (&again["create"], &again["update"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(again["unchanged"], 2);
    run(&["plan", "--check"]);
    let mut live = Client::connect(server.address, &server.keys.clone().unwrap().live);
    let (_, contacts) = live.get("/v1/contacts");
    assert_eq!(contacts["data"][0]["metadata"]["plan"], "team");
    let (_, events) = live.get("/v1/events?type=field.created&limit=1");
    assert_eq!(
        events["data"][0]["actor"]["name"],
        "relm-server schema apply"
    );
}
