//! Imports: a file is tried, mapped and taken in, and taken back; by forms alone.

use relm_core::engine::Importer;
use relm_core::{ListRequest, Role};
use serde_json::{Value, json};

use super::browser::{Answered, Browser, CANARY, ORIGIN, World, wait};

pub const BOUNDARY: &str = "----WebKitFormBoundaryx9";

/// What a browser sends of a form with a file, the fields in their order before it.
pub fn multipart(fields: &[(&str, &str)], file_name: &str, file: &str) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let file_name = file_name.replace('"', "%22");
    body += &format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: \
         application/octet-stream\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
    );
    body
}

/// The headers of such a form.
pub fn headers(content_type: &str) -> [(&str, &str); 2] {
    [("origin", ORIGIN), ("content-type", content_type)]
}

/// Where the form of a page is sent that has a file.
pub fn action(page: &Answered) -> String {
    let path = page.text.split("?upload=").next().unwrap();
    let path = path.rsplit('"').next().unwrap();
    let token = page.text.split("?upload=").nth(1).unwrap();
    format!("{path}?upload={}", token.split('"').next().unwrap())
}

pub fn imports(world: &World) -> String {
    format!("{}/imports", world.place)
}

/// Chooses a file in the form of a type, and sends it.
pub fn upload(
    browser: &mut Browser<'_>,
    new: &str,
    fields: &[(&str, &str)],
    (name, file): (&str, &str),
) -> Answered {
    let page = browser.get(new);
    assert_eq!(page.status, 200, "{}", page.text);
    let (nonce, object) = (page.hidden("nonce"), page.hidden("object"));
    let mut all = vec![("nonce", nonce.as_str()), ("object", &object)];
    all.extend_from_slice(fields);
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    browser.send(
        "POST",
        &action(&page),
        &headers(&content_type),
        &multipart(&all, name, file),
    )
}

pub fn work_off(world: &World) {
    wait(Importer::new(world.crm.clone()).work_off()).unwrap();
}

fn contacts(world: &World) -> Vec<Value> {
    let request = ListRequest::default();
    let scoped = world.scoped();
    let listed = wait(async { scoped.contacts().list(&request).documents().await });
    let listed = listed.unwrap().data;
    let read = |json: &str| serde_json::from_str(json).unwrap();
    listed.iter().map(|document| read(&document.json)).collect()
}

/// The member that a column is to become, as the form shows it.
#[track_caller]
pub fn chosen(page: &Answered, column: usize) -> String {
    let list = page.text.split(&format!("name=\"column.{column}\"")).nth(1);
    let list = list.unwrap().split("</select>").next().unwrap();
    let chosen = list
        .split("\" selected")
        .next()
        .filter(|before| before.len() < list.len());
    chosen
        .map_or("", |before| before.rsplit('"').next().unwrap())
        .to_owned()
}

/// Sends the form of a page of an import, with what was chosen anew.
pub fn go_on(
    browser: &mut Browser<'_>,
    path: &str,
    columns: usize,
    chosen_anew: &[(&str, &str)],
) -> Answered {
    let page = browser.get(path);
    let mut fields = vec![
        ("csrf".to_owned(), page.hidden("csrf")),
        ("nonce".to_owned(), page.hidden("nonce")),
        ("dedup_on".to_owned(), "email".to_owned()),
    ];
    for column in 0..columns {
        fields.push((format!("column.{column}"), chosen(&page, column)));
    }
    for (name, value) in chosen_anew {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    browser.post(path, &fields)
}

pub const FILE: &str = "E-mail,First Name,Fax,Notes\nada@example.com,Ada,+44 1,first\ngrace@example.com,Grace,+1 2,\nno address,Eva,,\n";

#[test]
fn a_file_is_tried_mapped_taken_in_and_taken_back() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Editor);
    let list = imports(&world);
    assert!(browser.get(&list).text.contains("No import yet."));
    let records = browser.get(&format!("{}/contacts", world.place));
    assert!(records.text.contains("/imports/new?object=contacts\""));
    let sent = upload(
        &mut browser,
        &format!("{list}/new"),
        &[("dedup_on", "email")],
        ("a.csv", FILE),
    );
    assert_eq!(sent.status, 303, "{}", sent.text);
    let path = sent.location().to_owned();
    let waits = browser.get(&path);
    assert!(waits.text.contains("http-equiv=\"refresh\" content=\"2\""));
    assert!(waits.text.contains("<b>0</b> of 3 rows") && waits.text.contains("Cancel it"));
    work_off(&world);

    let real = try_and_take_in(&world, &mut browser, &path);
    failed_rows_are_downloaded(&mut browser, &real);
    take_back(&world, &mut browser, (&list, &real));
}

/// Maps a column of a file that was tried, tries it again, and takes it in; gives where that is.
fn try_and_take_in(world: &World, browser: &mut Browser<'_>, path: &str) -> String {
    look_at_dry_run(world, browser, path);
    let again = go_on(
        browser,
        path,
        4,
        &[("run", "check"), ("column.2", "metadata.Fax")],
    );
    assert_eq!(again.status, 303, "{}", again.text);
    let second = again.location().to_owned();
    assert_ne!(second, path);
    work_off(world);
    let tried = browser.get(&second);
    assert_eq!(chosen(&tried, 2), "metadata.Fax");
    assert!(
        tried
            .text
            .contains("mapping=%7B%22Fax%22%3A%22metadata.Fax%22%7D"),
        "{}",
        tried.text
    );
    assert!(contacts(world).is_empty());

    let begun = go_on(browser, &second, 4, &[("run", "import")]);
    assert_eq!(begun.status, 303, "{}", begun.text);
    let real = begun.location().to_owned();
    work_off(world);
    let done = browser.get(&real);
    assert!(done.text.contains("The file is taken in."), "{}", done.text);
    let taken = contacts(world);
    assert_eq!(taken.len(), 2);
    assert_eq!(
        (&taken[1]["email"], &taken[1]["metadata"]),
        (&json!("ada@example.com"), &json!({ "Fax": "+44 1" }))
    );
    let events = browser.get(&format!("{}/events", world.place));
    assert!(
        events.text.contains("eva@example.com"),
        "it is the person's doing"
    );
    real
}

/// What the page of the dry run says, as it is.
fn look_at_dry_run(world: &World, browser: &mut Browser<'_>, path: &str) {
    let tried = browser.get(path);
    assert!(!tried.text.contains("http-equiv=\"refresh\""));
    for shown in [
        "Dry run of contacts",
        "Nothing has changed.",
        "Import 2 rows",
        "no address",
        "+44 1 · +1 2",
        "2 of 4 columns are left out",
    ] {
        assert!(tried.text.contains(shown), "{shown}: {}", tried.text);
    }
    let by_itself: Vec<String> = (0..4).map(|column| chosen(&tried, column)).collect();
    assert_eq!(by_itself, ["email", "first_name", "", ""]);
    assert!(contacts(world).is_empty());
}

fn failed_rows_are_downloaded(browser: &mut Browser<'_>, real: &str) {
    let failed = browser.get(&format!("{real}/errors"));
    assert_eq!(
        failed.header("content-disposition"),
        "attachment; filename=\"failed-rows.csv\""
    );
    assert_eq!(failed.header("content-type"), "text/csv; charset=utf-8");
    assert!(
        failed
            .text
            .starts_with("line,code,field,reason,unread,E-mail"),
        "{}",
        failed.text
    );
    assert_eq!(failed.text.lines().count(), 2);
}

fn take_back(world: &World, browser: &mut Browser<'_>, (list, real): (&str, &str)) {
    let undo = format!("{real}/undo");
    let confirmed = browser.get(&undo);
    assert!(
        confirmed
            .text
            .contains("2 contacts that it created go to the trash")
    );
    let undone = browser.submit(&undo, &undo, &[]);
    assert_eq!((undone.status, undone.location()), (303, real));
    work_off(world);
    assert!(contacts(world).is_empty());
    assert!(
        browser
            .get(real)
            .text
            .contains("What it changed is taken back")
    );
    assert_eq!(
        browser.get(&format!("{real}/conflicts")).text,
        "id,member,code,reason\r\n"
    );

    let delete = format!("{real}/delete");
    let deleted = browser.submit(&delete, &delete, &[]);
    assert_eq!(
        (deleted.status, deleted.location()),
        (303, &*format!("{list}?notice=deleted"))
    );
    assert_eq!(browser.get(real).status, 404);
    let left = browser.get(list);
    assert_eq!(
        left.text.matches("class=\"name\"").count(),
        2,
        "{}",
        left.text
    );
}

#[test]
fn a_form_that_is_sent_twice_is_one_import() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let page = browser.get(&format!("{}/new", imports(&world)));
    let fields = [
        ("nonce", page.hidden("nonce")),
        ("object", "contacts".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let body = multipart(&fields, "a.csv", FILE);
    let mut send = || browser.send("POST", &action(&page), &headers(&content_type), &body);
    let (first, second) = (send(), send());
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.location(), second.location());
    let path = first.location().to_owned();
    work_off(&world);
    let page = browser.get(&path);
    let fields = [
        ("csrf", page.hidden("csrf")),
        ("nonce", page.hidden("nonce")),
        ("run", "import".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let (first, second) = (browser.post(&path, &fields), browser.post(&path, &fields));
    assert_eq!(first.location(), second.location());
    work_off(&world);
    assert_eq!(contacts(&world).len(), 2);
}

#[test]
fn what_is_wrong_with_a_file_or_a_mapping_is_said() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let new = format!("{}/new", imports(&world));
    let wide: Vec<String> = (0..1_001).map(|n| format!("c{n}")).collect();
    for (name, file, fields, said) in [
        (
            "a.csv",
            "x,y\n1,2\n",
            &[][..],
            "No column of the file is a member of a contact",
        ),
        ("a.xlsx", "PK\u{3}\u{4}", &[], "workbook"),
        ("", "", &[], "Choose a file."),
        ("a.csv", &wide.join(","), &[], "1000"),
        ("a.csv", FILE, &[("dedup_on", "phone")], "phone"),
        ("a.csv", FILE, &[("encoding", "klingon")], "klingon"),
    ] {
        let page = upload(&mut browser, &new, fields, (name, file));
        assert!((400..500).contains(&page.status), "{said}: {}", page.status);
        assert!(
            page.text.contains("role=\"alert\"") && page.text.contains(said),
            "{said}: {}",
            page.text
        );
        assert!(
            page.text.contains("type=\"file\""),
            "the form is there again"
        );
    }
    let sent = upload(&mut browser, &new, &[], ("a.csv", FILE));
    let path = sent.location().to_owned();
    work_off(&world);
    let twice = go_on(
        &mut browser,
        &path,
        4,
        &[("run", "check"), ("column.3", "email")],
    );
    assert_eq!(twice.status, 422, "{}", twice.text);
    assert!(twice.text.contains("are both mapped to"), "{}", twice.text);
    assert_eq!(chosen(&twice, 3), "email", "what was chosen is there");
    let none = go_on(
        &mut browser,
        &path,
        4,
        &[("run", "check"), ("column.3", "emial")],
    );
    assert_eq!(none.status, 422, "{}", none.text);
}

#[test]
fn whatever_is_in_a_file_is_shown_as_text() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let new = format!("{}/new", imports(&world));
    let quoted = CANARY.replace('"', "\"\"");
    let file =
        format!("Email,\"{quoted}\"\n\"{quoted}\",\"{quoted}\"\nada@example.com,\"{quoted}\"\n");
    let sent = upload(&mut browser, &new, &[], (CANARY, &file));
    assert_eq!(sent.status, 303, "{}", sent.text);
    let path = sent.location().to_owned();
    work_off(&world);
    browser.get(&path).shows_as_text(CANARY);
    let refused = go_on(
        &mut browser,
        &path,
        2,
        &[("run", "check"), ("column.1", CANARY)],
    );
    assert_eq!(refused.status, 422);
    refused.shows_as_text(CANARY);
    let refused = upload(&mut browser, &new, &[("dedup_on", CANARY)], (CANARY, &file));
    assert_eq!(refused.status, 422, "{}", refused.text);
    refused.shows_as_text(CANARY);
    let none = upload(
        &mut browser,
        &new,
        &[],
        (CANARY, &format!("\"{quoted}\"\nx\n")),
    );
    none.shows_as_text(CANARY);
    browser.get(&imports(&world)).shows_as_text_or_nothing();
}

impl Answered {
    /// Whether nothing on it would run.
    #[track_caller]
    fn shows_as_text_or_nothing(&self) {
        assert!(!self.text.contains("<script>alert") && !self.text.contains("<img src=x"));
    }
}
