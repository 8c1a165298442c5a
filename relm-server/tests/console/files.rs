//! Files: whose are taken, and who may read what.

use relm_core::{Kind, ListRequest, ObjectType, Role};
use serde_json::json;

use super::browser::{Browser, CANARY, World, wait};
use super::imports::{
    BOUNDARY, FILE, action, go_on, headers, imports, multipart, upload, work_off,
};
use super::seed;

#[test]
fn a_thousand_columns_are_typed() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let header: Vec<String> = (0..999).map(|n| format!("Column number {n}")).collect();
    let file = format!(
        "Email,{}\nada@example.com,{}\n",
        header.join(","),
        "x,".repeat(998) + "x"
    );
    let sent = upload(
        &mut browser,
        &format!("{}/new", imports(&world)),
        &[],
        ("a.csv", &file),
    );
    let path = sent.location().to_owned();
    work_off(&world);
    let page = browser.get(&path);
    assert!(
        page.text.contains("999 of 1000 columns are left out"),
        "{}",
        page.text
    );
    assert!(page.text.contains("<datalist id=\"members\">"));
    assert_eq!(page.text.matches(" list=\"members\"").count(), 1_000);
    assert!(page.text.len() < 512 * 1024, "{}", page.text.len());
    let fields: Vec<(String, String)> = (0..1_000)
        .map(|n| {
            (
                format!("column.{n}"),
                if n == 0 {
                    "email".to_owned()
                } else {
                    format!("metadata.k{n}")
                },
            )
        })
        .collect();
    let (csrf, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
    let mut all = vec![("csrf", csrf.as_str()), ("nonce", &nonce), ("run", "check")];
    all.extend(fields.iter().map(|(name, value)| (&**name, &**value)));
    let again = browser.post(&path, &all);
    assert_eq!(again.status, 303, "{}", again.text);
}

#[test]
fn a_file_is_taken_of_this_session_alone() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let mut other = world.signed_in("ada@example.com", Role::Owner);
    let mut reader = world.signed_in("bob@example.com", Role::Reader);
    let list = imports(&world);
    let page = browser.get(&format!("{list}/new"));
    let own = action(&page);
    let foreign = action(&other.get(&format!("{list}/new")));
    let csrf = page.hidden("csrf");
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let body = multipart(&[("object", "contacts"), ("csrf", &csrf)], "a.csv", FILE);
    for path in [
        &list,
        &foreign,
        &format!("{list}?upload={csrf}"),
        &format!("{list}?upload="),
    ] {
        let page = browser.send("POST", path, &headers(&content_type), &body);
        assert_eq!(page.status, 403, "{path}");
        assert!(page.text.contains("out of date"), "{}", page.text);
    }
    let evil = [
        ("origin", "https://evil.example"),
        ("content-type", &*content_type),
    ];
    let page = browser.send("POST", &own, &evil, &body);
    assert_eq!(page.status, 403);
    assert!(page.text.contains("another site"), "{}", page.text);
    let page = reader.send("POST", &own, &headers(&content_type), &body);
    assert_eq!(page.status, 403);
    assert!(page.text.contains("You are a reader here"), "{}", page.text);
    let page = Browser::new(&world).send("POST", &own, &headers(&content_type), &body);
    assert_eq!(page.status, 403);
    let scoped = world.scoped();
    let all = wait(async {
        scoped
            .imports()
            .list(&ListRequest::default())
            .documents()
            .await
    });
    assert!(all.unwrap().data.is_empty(), "nothing was begun");
    // The token of a file opens no other form.
    let token = own.split('=').nth(1).unwrap();
    let page = browser.post(&world.keys(), &[("csrf", token), ("access", "full")]);
    assert_eq!(page.status, 403);
    for content_type in [
        "text/csv",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
    ] {
        let page = browser.send("POST", &own, &headers(content_type), FILE);
        assert_eq!(page.status, 415, "{content_type}");
    }
    let cut = &body[..body.len() - 10];
    let page = browser.send("POST", &own, &headers(&content_type), cut);
    assert_eq!(page.status, 400, "{}", page.text);
    let page = browser.send("POST", &own, &headers(&content_type), &body);
    assert_eq!(page.status, 303, "{}", page.text);
}

#[test]
fn a_reader_sees_imports() {
    let world = World::new();
    let mut owner = world.signed_in("eva@example.com", Role::Owner);
    let mut reader = world.signed_in("bob@example.com", Role::Reader);
    let list = imports(&world);
    let sent = upload(&mut owner, &format!("{list}/new"), &[], ("a.csv", FILE));
    let path = sent.location().to_owned();
    for is_done in [false, true] {
        if is_done {
            work_off(&world);
        }
        for path in [&list, &path] {
            let page = reader.get(path);
            assert_eq!(page.status, 200);
            let forms = page.text.matches("method=\"post\"").count();
            assert_eq!(forms, 1, "{path}: signing out alone");
            for never in ["/undo", "/delete", "/new", "name=\"run\""] {
                assert!(!page.text.contains(never), "{path}: {never}");
            }
        }
    }
    assert_eq!(reader.get(&format!("{path}/errors")).status, 200);
}

#[test]
fn a_reader_exports_what_is_listed() {
    let world = World::new();
    let mut reader = world.signed_in("bob@example.com", Role::Reader);
    let list = imports(&world);
    for body in [
        json!({ "email": "ada@example.com" }),
        json!({ "email": "=cmd@example.com", "first_name": CANARY }),
    ] {
        seed::make(&world, ObjectType::Contact, body);
    }
    let export = format!("{}/contacts/export", world.place);
    let all = reader.get(&format!("{export}?format=csv"));
    assert_eq!(
        (all.status, all.header("content-type")),
        (200, "text/csv; charset=utf-8")
    );
    assert_eq!(
        all.header("content-disposition"),
        "attachment; filename=\"contacts.csv\""
    );
    assert_eq!(all.header("x-content-type-options"), "nosniff");
    assert_eq!(all.text.lines().count(), 3, "{}", all.text);
    let some = reader.get(&format!(
        "{export}?filter%5Bemail%5D=ada%40example.com&format=ndjson"
    ));
    assert_eq!(some.header("content-type"), "application/x-ndjson");
    assert_eq!(some.text.lines().count(), 1, "{}", some.text);
    assert_eq!(reader.get(&format!("{export}?filter[emial]=x")).status, 400);
    assert_eq!(Browser::new(&world).get(&export).status, 303);
    assert_eq!(
        reader
            .get(&format!("{}/webhooks/export", world.place))
            .status,
        404
    );
    let page = reader.get(&format!(
        "{}/contacts?filter[email]=ada@example.com",
        world.place
    ));
    assert!(
        page.text
            .contains("name=\"filter[email]\" value=\"ada@example.com\""),
        "{}",
        page.text
    );
    let not_one = relm_core::Id::new(Kind::Contact, 1);
    assert_eq!(reader.get(&format!("{list}/{not_one}")).status, 404);
}

/// A column that becomes a member by its header steps back behind one that is named: the page shows it as that member, so that it is
/// refused instead of being left out in silence.
#[test]
fn a_column_that_is_shown_as_a_member_is_not_left_out_in_silence() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let new = format!("{}/new?object=deals", imports(&world));
    let file = "Name,Amount,Fee\nRoof,10.00,500\n";
    let sent = upload(&mut browser, &new, &[("object", "deals")], ("a.csv", file));
    assert_eq!(sent.status, 303, "{}", sent.text);
    let path = sent.location().to_owned();
    work_off(&world);
    let fields = [
        ("run", "import"),
        ("column.2", "value_cents"),
        ("dedup_on", ""),
    ];
    let twice = go_on(&mut browser, &path, 3, &fields);
    assert_eq!(twice.status, 422, "{}", twice.text);
    assert!(twice.text.contains("are both mapped to"), "{}", twice.text);
}
