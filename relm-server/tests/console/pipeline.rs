//! The pipeline in the console: the form that defines it, the board that has its stages, and the form of a deal that offers them.

use relm_core::{Field, Id, ObjectType, Role};
use serde_json::{Value, json};

use super::browser::{Browser, CANARY, World, wait};
use super::seed::{make, read};

const EVA: &str = "eva@example.com";

fn path(world: &World) -> String {
    format!("{}/schema/deal/pipeline", world.place)
}

fn board(world: &World) -> String {
    format!("{}/deals/board", world.place)
}

fn there(world: &World) -> Option<Field> {
    wait(world.scoped().fields().definitions())
        .unwrap()
        .pipeline
}

fn deal(world: &World, stage: Value, cents: i64) -> Id {
    world.clock.advance_millis(1);
    let body =
        json!({ "title": "Engine", "stage": stage, "value_cents": cents, "currency": "EUR" });
    make(world, ObjectType::Deal, body)
}

fn define(world: &World, more: &Value) -> Field {
    let mut body = json!({
        "object_type": "deal", "key": "stage",
        "options": { "choices": ["lead", "proposal", "won"], "probabilities": { "lead": 10, "won": 100 } },
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let defined = wait(world.scoped().fields().define_json(body)).unwrap();
    defined.decode().unwrap()
}

/// A row of the form: the name that there is, the new one, its place, its probability.
type Row<'a> = [&'a str; 4];

fn rows<'a>(rows: &[Row<'a>]) -> Vec<(&'a str, &'a str)> {
    let names = ["from", "stage", "place", "probability"];
    let pairs = rows.iter().flat_map(|row| names.into_iter().zip(*row));
    pairs.collect()
}

/// Each column's text, without tags.
fn columns(text: &str) -> Vec<String> {
    let columns = text.split("<section class=\"stage\"").skip(1);
    columns
        .map(|column| {
            let column = column.split("</section>").next().unwrap();
            let texts = column
                .split('<')
                .map(|part| part.split('>').next_back().unwrap().trim());
            let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
            texts.join("|")
        })
        .collect()
}

#[test]
fn deals_alone_have_a_pipeline() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let schema = format!("{}/schema/deal", world.place);
    assert!(browser.get(&schema).text.contains("Define the pipeline"));
    for (object, is_there) in [("contact", false), ("deal", true)] {
        let page = browser.get(&format!("{}/schema/{object}", world.place));
        assert_eq!(page.text.contains("id=\"pipeline\""), is_there, "{object}");
        let form = browser.get(&format!("{}/schema/{object}/pipeline", world.place));
        assert_eq!(form.status == 200, is_there, "{object}");
    }
}

#[test]
fn a_pipeline_is_defined_by_a_form_that_proposes_the_stages_in_use() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let schema = format!("{}/schema/deal", world.place);
    let form = browser.get(&path(&world)).text;
    assert!(
        form.contains("value=\"qualified\"") && form.contains("POST http://"),
        "{form}"
    );
    deal(&world, json!("pilot"), 1);
    deal(&world, json!("won"), 1);
    let form = browser.get(&path(&world)).text;
    assert!(
        form.contains("value=\"pilot\"") && !form.contains("value=\"qualified\""),
        "{form}"
    );
    let mut fields = rows(&[
        ["", "won", "2", "100"],
        ["", "lead", "1", "10 %"],
        ["", "", "", ""],
    ]);
    fields.push(("default", "lead"));
    let page = browser.submit(&path(&world), &path(&world), &fields);
    // A deal is in another stage: that is seen first.
    assert_eq!(page.status, 409, "{}", page.text);
    assert!(
        page.text.contains("<b>1 deals do not keep to this.</b>"),
        "{}",
        page.text
    );
    assert!(page.text.contains("value=\"lead\"") && there(&world).is_none());
    let checked = page.text.split("name=\"checked\" value=\"").nth(1).unwrap();
    let checked = checked.split('"').next().unwrap().replace("&#34;", "\"");
    assert!(checked.contains("\"force\":true"), "{checked}");
    fields.push(("checked", &checked));
    let done = browser.submit(&path(&world), &path(&world), &fields);
    assert_eq!(
        (done.status, done.location()),
        (303, &*format!("{schema}?changed")),
        "{}",
        done.text
    );
    let pipeline = there(&world).unwrap();
    assert_eq!(
        json!(pipeline.options),
        json!({ "choices": ["lead", "won"], "probabilities": { "lead": 10, "won": 100 }, "default": "lead" })
    );
    let page = browser.get(done.location()).text;
    for shown in [
        "<b>lead</b> <span class=\"quiet\">10 %</span>",
        "Change the pipeline",
        "Remove it",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let edit = browser.get(&format!("{schema}/{}/edit", pipeline.id));
    assert_eq!((edit.status, edit.location()), (303, &*path(&world)));
}

#[test]
fn stages_are_renamed_put_in_order_and_removed_by_the_form() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let pipeline = define(&world, &json!({}));
    let won = deal(&world, json!("won"), 1);
    let form = |browser: &mut Browser<'_>, fields: &[(&str, &str)]| {
        let page = browser.submit(&path(&world), &path(&world), fields);
        (page.status, page.text)
    };
    let version = pipeline.version.to_string();
    let mut fields = rows(&[
        ["lead", "lead", "2", "15"],
        ["proposal", "", "1", ""],
        ["won", "signed", "1", "100"],
        ["", "demo", "1.5", "oft"],
    ]);
    fields.push(("version", &version));
    let (status, page) = form(&mut browser, &fields);
    assert_eq!(status, 422, "{page}");
    assert!(
        page.contains("The probability of") && page.contains("value=\"oft\""),
        "{page}"
    );
    let place = fields.iter().position(|field| field.1 == "oft").unwrap();
    fields[place].1 = "30";
    let (status, page) = form(&mut browser, &fields);
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("<code>won</code> becomes <code>signed</code> in 1 deals"),
        "{page}"
    );
    assert!(
        page.contains("<code>proposal</code> can be chosen no more"),
        "{page}"
    );
    let checked = page.split("name=\"checked\" value=\"").nth(1).unwrap();
    let checked = checked.split('"').next().unwrap().replace("&#34;", "\"");
    let mut again = fields.clone();
    again.push(("checked", &checked));
    let (status, page) = form(&mut browser, &again);
    assert_eq!(status, 303, "{page}");
    let changed = there(&world).unwrap();
    assert_eq!(
        json!(changed.options),
        json!({ "choices": ["signed", "demo", "lead"], "probabilities": { "demo": 30, "lead": 15, "signed": 100 } })
    );
    assert_eq!(read(&world, won)["stage"], "signed");
    // The form of before would remove what is there since.
    let (status, page) = form(&mut browser, &again);
    assert!(
        status == 412 && page.contains("Somebody else has changed the pipeline"),
        "{status} {page}"
    );

    let remove = format!("{}/schema/deal/{}/remove", world.place, pipeline.id);
    let confirm = browser.get(&remove).text;
    assert!(confirm.contains("<code>stage</code>"), "{confirm}");
    assert_eq!(browser.submit(&remove, &remove, &[]).status, 303);
    assert!(there(&world).is_none());
}

#[test]
fn the_board_has_the_stages_in_their_order_and_what_they_are_worth_by_their_probability() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    deal(&world, json!("old, one"), 100);
    deal(&world, json!("lead"), 1_005);
    define(&world, &json!({ "force": true }));
    let engine = deal(&world, json!("lead"), 1_000);
    deal(&world, Value::Null, 7);
    let page = browser.get(&board(&world));
    assert_eq!(
        columns(&page.text),
        [
            "No stage|1|0.07 EUR|Engine|0.07 EUR|Move|lead|proposal|won",
            "lead|10 %|2|20.05 EUR|weighted|2.01 EUR|Engine|10.00 EUR|Move|No stage|proposal|won|Engine|10.05 EUR|Move|No stage|proposal|won",
            "proposal|0|No deal.",
            "won|100 %|0|No deal.",
            "Not in the pipeline|1|1.00 EUR|Engine|1.00 EUR|Stage|old, one|Move|No stage|lead|proposal|won",
        ]
    );
    assert!(
        page.text
            .contains("The last column has deals whose stages are not in the pipeline")
    );
    assert!(page.text.contains("Weighted is what"));
    let chosen = browser.get(&format!("{}?stages=won,other", board(&world)));
    assert_eq!(
        columns(&chosen.text),
        ["won|100 %|0|No deal.", "other|0|No deal."]
    );
    // A card is moved by a form, as before.
    let card = page
        .text
        .split(&format!("<li id=\"{engine}\""))
        .nth(1)
        .unwrap();
    let button = card.split("\">won</button>").next().unwrap();
    let to = button.rsplit("value=\"").next().unwrap().to_owned();
    let hidden = format!("deal.{}", to.split('.').next().unwrap());
    let version = format!("{engine}:1");
    let stages = ["", "lead", "proposal", "won", ""].map(|stage| ("stage", stage));
    let mut fields = vec![("to", to.as_str()), (hidden.as_str(), version.as_str())];
    fields.extend(stages);
    let moved = browser.submit(&board(&world), &board(&world), &fields);
    assert_eq!(moved.status, 303, "{}", moved.text);
    assert_eq!(read(&world, engine)["stage"], "won");
    // Who has to have a stage cannot be moved to none.
    let pipeline = there(&world).unwrap();
    let required = json!({ "required": true, "force": true });
    wait(
        world
            .scoped()
            .fields()
            .update_json(pipeline.id, required, None),
    )
    .unwrap();
    let page = browser.get(&board(&world));
    assert!(!page.text.contains("\">No stage</button>"), "{}", page.text);
}

#[test]
fn the_form_of_a_deal_offers_the_stages_and_what_it_has_from_before() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let old = deal(&world, json!("old"), 1);
    let path = format!("{}/deals", world.place);
    let free = browser.get(&format!("{path}/new")).text;
    assert!(free.contains("<input id=\"f-stage\""), "{free}");
    define(&world, &json!({ "force": true, "label": "Phase" }));
    let form = browser.get(&format!("{path}/new")).text;
    assert!(
        form.contains("<select id=\"f-stage\"") && form.contains(">Phase <"),
        "{form}"
    );
    let options = form.split("<select id=\"f-stage\"").nth(1).unwrap();
    let options = options.split("</select>").next().unwrap();
    assert_eq!(options.matches("<option").count(), 4, "{options}");
    let edit = browser.get(&format!("{path}/{old}/edit")).text;
    assert!(
        edit.contains("<option value=\"old\" selected>old</option>"),
        "{edit}"
    );
    let made = browser.submit(
        &format!("{path}/new"),
        &path,
        &[("title", "Mill"), ("stage", "gone")],
    );
    assert_eq!(made.status, 422, "{}", made.text);
    assert!(made.text.contains("id=\"f-stage-hint\""), "{}", made.text);
    let made = browser.submit(
        &format!("{path}/new"),
        &path,
        &[("title", "Mill"), ("stage", "won")],
    );
    assert_eq!(made.status, 303, "{}", made.text);
}

#[test]
fn whatever_a_stage_is_called_is_text_and_the_board_of_many_stays_small() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let long = "\"".repeat(30);
    let stages: Vec<String> = (0..100).map(|n| format!("{n}{CANARY}{long}")).collect();
    let probabilities: serde_json::Map<String, Value> = stages
        .iter()
        .take(20)
        .map(|it| (it.clone(), json!(50)))
        .collect();
    let other = format!("other{CANARY}");
    for n in 0..50 {
        deal(&world, json!(stages[n % 12]), 1);
        deal(&world, json!(format!("{other}{n}")), 1);
    }
    let options = json!({ "choices": stages, "probabilities": probabilities });
    define(&world, &json!({ "options": options, "force": true }));
    for path in [
        board(&world),
        path(&world),
        format!("{}/schema/deal", world.place),
    ] {
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{path}");
        page.shows_as_text(CANARY);
        assert!(page.text.len() <= 200 * 1024, "{path}: {}", page.text.len());
    }
    let page = browser.get(&board(&world));
    assert!(page.text.len() <= 100 * 1024, "{}", page.text.len());
    assert_eq!(columns(&page.text).len(), 13);
    assert!(
        page.text
            .contains("88 more stages of the pipeline had no room")
    );
}
