//! axe-core on every page of the console, in both schemes of colours, on a telephone and on a desk.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use relm_core::record::field::Enforce;
use relm_core::{FieldInput, ObjectType, Role};
use relm_server::serve::{Limits, serve};
use serde_json::{Value, json};
use test_requirements::requires;
use tokio::net::TcpListener;

use super::driver::Chromium;
use super::hand::{Hand, Person};
use crate::browser::{Browser, CANARY, PASSWORD, RUNTIME, World, path_of, wait};
use crate::pages::crawl;
use crate::seed;

const OWNER: &str = "eva@example.com";
const WIDTHS: [u32; 2] = [1280, 360];
/// The rules of axe that a scheme can change anything about.
const OF_COLOURS: [&str; 2] = ["color-contrast", "link-in-text-block"];

/// What axe finds, each with where it is. It loads nothing that the page has not.
const FIND: &str = "
    const [rules, done] = arguments;
    const options = { preload: false, resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
    axe.run(document, options).then(
        ({ violations }) => done(violations.flatMap(({ id, help, nodes }) =>
            nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`))),
        (error) => done([String(error)]));
";
/// A page on which there is something to find, in each scheme.
const WRONG: &str = "data:text/html,<title>x</title><meta name='color-scheme' content='light dark'><p style='color:rgb(119,119,119)'>faint";

#[requires(chromium, chromedriver, axe)]
#[test]
fn machines_find_nothing_wrong_with_any_page() {
    let source = std::env::var("RELM_TEST_AXE").unwrap();
    let axe = std::fs::read_to_string(source).unwrap();
    let world = World::new();
    let mut owner = world.signed_in(OWNER, Role::Owner);
    canaries(&world, &mut owner);
    let mut paths = one_of_each(crawl(&mut owner, vec![world.keys()]).into_keys());
    assert!(paths.len() >= 30, "{paths:#?}");
    let place = world.place.clone();
    paths.extend([
        format!("{place}/search?q=alert"),
        format!("{place}/contacts?filter[emial]=x"),
        format!("{place}/deals/board?stages=won,lost"),
        format!("{place}/nothing"),
        format!("{place}/deals").replace("/test/", "/live/"),
    ]);
    println!("pages that are looked at: {}", paths.len());
    let invited = wait(world.crm.accounts().invite(relm_core::UserInput {
        email: "bob@example.com".to_owned(),
        name: None,
        role: Role::Reader,
    }));
    let address = begin(world);
    let browser = Chromium::start();
    browser.run_in_every_page(&axe);
    browser.open(WRONG);
    let found = look(&browser, "the wrong page").join("\n");
    for rule in [
        "html-has-lang",
        "light, 1280: color-contrast",
        "dark, 360: color-contrast",
    ] {
        assert!(found.contains(rule), "it finds what there is: {found}");
    }
    let mut found = Vec::new();
    for path in [path_of(&invited.unwrap()), "/console/sign-in".to_owned()] {
        browser.open(&format!("http://{address}{path}"));
        found.extend(look(&browser, &path));
    }
    let person = Person {
        browser,
        hand: Hand::Pointer,
    };
    person.fill("email", OWNER);
    person.fill("password", PASSWORD);
    person.press("Sign in");
    person.is_at("Contacts");
    for path in &paths {
        person.browser.open(&format!("http://{address}{path}"));
        found.extend(look(&person.browser, path));
    }
    found.extend(look_at_answers(
        &person,
        &format!("http://{address}{place}"),
    ));
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    let violations = person.browser.violations();
    assert!(violations.is_empty(), "{violations:#?}");
}

/// What axe finds on the page that is shown, in each width and scheme, and whether it is wider than its window. In the dark, what is
/// about colours is asked alone: everything else is as it was.
fn look(browser: &Chromium, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for width in WIDTHS {
        for (scheme, rules) in [("light", Value::Null), ("dark", json!(OF_COLOURS))] {
            browser.show_as(width, scheme);
            let wrong = browser.run_until_done(FIND, &[rules]);
            let wrong = wrong.as_array().unwrap().iter();
            found
                .extend(wrong.map(|wrong| {
                    format!("{path}: {scheme}, {width}: {}", wrong.as_str().unwrap())
                }));
        }
        let is_wider = browser.run(
            "return document.documentElement.scrollWidth > innerWidth",
            &[],
        );
        if is_wider == json!(true) {
            found.push(format!("{path} is wider than {width}"));
        }
    }
    found
}

/// The same on pages that no link leads to: those that forms are answered with.
fn look_at_answers(person: &Person, place: &str) -> Vec<String> {
    let browser = &person.browser;
    let mut found = Vec::new();
    browser.open(&format!("{place}/keys/new"));
    person.press("Create key");
    person.is_at("Your new API key");
    found.extend(look(browser, "a new key"));
    browser.open(&format!("{place}/webhooks/new"));
    person.fill("url", "https://hooks.example.com/other");
    person.press("Add endpoint");
    person.is_at("The signing secret");
    found.extend(look(browser, "a new secret"));
    browser.open(&format!("{place}/contacts/new"));
    person.fill("email", "no address");
    person.press("Create contact");
    browser.find("//input[@name='email'][@aria-invalid='true']");
    found.extend(look(browser, "a form that was refused"));
    browser.open(&format!("{place}/companies/duplicates"));
    person.press_that_begins("Compare");
    person.press("Show the result");
    browser.find("//button[starts-with(normalize-space(), 'Merge into')]");
    found.extend(look(browser, "the result of a merge"));
    found
}

/// Records whose every text would run if a page showed it as anything but text, beside those of each kind.
fn canaries(world: &World, owner: &mut Browser<'_>) {
    seed::everything(world, owner);
    let keys = world.keys();
    owner.submit(
        &format!("{keys}/new"),
        &keys,
        &[("access", "full"), ("name", CANARY)],
    );
    let field = json!({ "object_type": "deal", "key": "canary", "label": CANARY, "type": "select", "options": { "choices": [CANARY] } });
    wait(world.scoped().fields().define_json(field)).unwrap();
    let texts = |texts: &[&str]| -> Value {
        let members = texts.iter().map(|name| ((*name).to_owned(), json!(CANARY)));
        Value::Object(members.collect())
    };
    let company = texts(&["name"]);
    seed::make(world, ObjectType::Company, company.clone());
    let company = seed::make(world, ObjectType::Company, company);
    let mut contact = texts(&["first_name", "last_name", "phone"]);
    contact["metadata"] = json!({ CANARY: CANARY });
    contact["company_id"] = json!(company.text());
    let contact = seed::make(world, ObjectType::Contact, contact);
    let mut deal = texts(&["title", "stage"]);
    deal["metadata"] = json!({ "canary": CANARY });
    deal["primary_contact_id"] = json!(contact.text());
    let deal = seed::make(world, ObjectType::Deal, deal);
    // The stage that the deal has, one that none has, and a deal that has another.
    let stages = FieldInput {
        enforce: Enforce::OnChange,
        ..FieldInput::pipeline([(CANARY, Some(40)), ("won", Some(100))])
    };
    seed::make(
        world,
        ObjectType::Deal,
        json!({ "title": "Mill", "stage": "old" }),
    );
    wait(world.scoped().fields().define(stages)).unwrap();
    let mut activity = texts(&["type", "subject", "body"]);
    activity["deal_id"] = json!(deal.text());
    seed::make(world, ObjectType::Activity, activity);
    seed::link(world, company, deal, Some(CANARY));
}

/// What the types of record are called in paths.
const TYPES: [&str; 8] = [
    "contacts",
    "companies",
    "deals",
    "activities",
    "contact",
    "company",
    "deal",
    "activity",
];
/// The last words of paths whose pages are the same for each of them.
const OF_EACH_TYPE: [&str; 5] = ["new", "edit", "delete", "remove", "trash"];

/// Of pages that differ in nothing but whose they are, the one that has most to show: that of the records with canaries, which are
/// the youngest of theirs.
fn one_of_each(paths: impl DoubleEndedIterator<Item = String>) -> Vec<String> {
    let mut kinds = BTreeSet::new();
    let mut kept = Vec::new();
    for path in paths.rev() {
        let (path_alone, query) = path.split_once('?').unwrap_or((&path, ""));
        let last = path_alone.rsplit('/').next().unwrap_or_default();
        let is_of_each = OF_EACH_TYPE.contains(&last) || path_alone.contains("/schema/");
        let words = path_alone.split('/').map(|word| match word {
            word if word.len() > 26 => word.split('_').next().unwrap_or(word),
            word if is_of_each && TYPES.contains(&word) => "type",
            "live" => "test",
            word => word,
        });
        let mut kind: Vec<&str> = words.collect();
        if is_of_each {
            kind.retain(|word| !["con", "cmp", "deal", "act"].contains(word));
        }
        let asked = query.split('=').next().unwrap_or_default().to_owned();
        if kinds.insert((kind.join("/"), asked)) {
            kept.push(path);
        }
    }
    kept
}

/// Serves the console of a world.
fn begin(world: World) -> SocketAddr {
    let listener = wait(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    RUNTIME.spawn(serve(
        listener,
        Arc::new(world.site),
        Limits::default(),
        std::future::pending(),
    ));
    address
}
