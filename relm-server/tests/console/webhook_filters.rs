//! The form of an endpoint, where it asks for what it is sent.

use relm_core::Role;
use serde_json::{Value, json};

use super::browser::{Answered, World, wait};
use super::webhooks::{EVA, URL, all, webhooks};

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (name, character) in [
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
    ] {
        text = text.replace(name, character);
    }
    text
}

/// What a browser sends of the form of an endpoint when nothing is typed: line ends are its own, and a field of one line has none.
fn sent(page: &Answered) -> Vec<(String, String)> {
    let form = page.text.split("class=\"beside\"").nth(1).unwrap();
    let form = form.split("</form>").next().unwrap();
    let value_of = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1);
        unescaped(rest.map_or("", |rest| rest.split('"').next().unwrap()))
    };
    let lines = |text: &str| {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        text.replace('\n', "\r\n")
    };
    let mut fields = Vec::new();
    for part in form.split('<') {
        let Some((tag, text)) = part.split_once('>') else {
            continue;
        };
        let (name, value) = (value_of(tag, "name"), value_of(tag, "value"));
        if tag.starts_with("textarea") {
            let text = unescaped(text);
            fields.push((name, lines(text.strip_prefix('\n').unwrap_or(&text))));
        } else if tag.starts_with("input") {
            let is_of = |ty: &str| tag.contains(&format!("type=\"{ty}\""));
            match () {
                () if is_of("checkbox") && !tag.contains(" checked") => {}
                () if is_of("text") => fields.push((name, value.replace(['\r', '\n'], ""))),
                () => fields.push((name, lines(&value))),
            }
        }
    }
    fields
}

#[test]
fn a_filter_is_typed_shown_and_taken_away() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let webhooks = webhooks(&world);
    let new = format!("{webhooks}/new");
    let fields = |changed, having| {
        [
            ("url", URL),
            ("enabled", "on"),
            ("event_type", "deal.updated"),
            ("changed", changed),
            ("having", having),
        ]
    };
    for (changed, having, said) in [
        ("stag", "", "Did you mean <code>stage</code>?"),
        ("", "stage: won\r\nvalue_cents: much", "needs an integer"),
        ("", "stage", "must name a value"),
    ] {
        let refused = browser.submit(&new, &webhooks, &fields(changed, having));
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
        assert!(refused.text.contains("aria-invalid"));
    }
    let done = browser.submit(
        &new,
        &webhooks,
        &fields("stage, value_cents", "stage: won, lost\r\n"),
    );
    assert_eq!(done.status, 201, "{}", done.text);
    let made = all(&world).remove(0);
    let filter = serde_json::to_value(&made.filter).unwrap();
    let expected = serde_json::json!({ "changed": ["stage", "value_cents"], "where": { "stage": ["won", "lost"] } });
    assert_eq!(filter, expected);
    let path = format!("{webhooks}/{}", made.id);
    let page = browser.get(&path).text;
    assert!(page.contains("stage: won, lost") && page.contains(">value_cents</code>"));
    let edit = format!("{path}/edit");
    let form = browser.get(&edit).text;
    assert!(
        form.contains("value=\"stage, value_cents\"")
            && form.contains(">\nstage: won, lost</textarea>")
    );
    let was = [
        ("was.url", URL),
        ("was.enabled", "on"),
        ("was.event_type", "deal.updated"),
        ("was.changed", "stage, value_cents"),
        ("was.having", "stage: won, lost"),
    ];
    let kept = [&was[..], &fields("stage, value_cents", "stage: won, lost")].concat();
    assert_eq!(browser.submit(&edit, &edit, &kept).status, 303);
    assert_eq!(all(&world)[0].filter, made.filter);
    let none = [&was[..], &fields("", "")].concat();
    assert_eq!(browser.submit(&edit, &edit, &none).status, 303);
    assert_eq!(all(&world)[0].filter, None);
}

/// Filters that people do not type, and whether the fields of the form can say them.
fn nasty() -> Vec<(Value, bool)> {
    let having = |member: &str, values: Value| json!({ "where": { member: values } });
    let plan = |value: &str| having("metadata.plan", json!(["pro", value]));
    vec![
        (plan("a, b"), true),
        (plan(r"c\d\\"), true),
        (plan(r"\, \\,"), true),
        (plan("a: b: c"), true),
        (plan("<i>&amp;\"'"), true),
        (plan("a\u{2028}b é"), true),
        (
            having("metadata.plan", json!([5, true, 1.5, null, "null"])),
            true,
        ),
        (having("metadata.a b.c", json!(["won"])), true),
        (
            json!({ "changed": ["stage", "metadata.a b"], "where": { "stage": ["won"], "metadata.plan": ["pro"] } }),
            true,
        ),
        (plan("won "), false),
        (plan(" won"), false),
        (plan("\u{a0}won"), false),
        (plan(""), false),
        (plan(" "), false),
        (plan("(empty)"), false),
        (plan("a\nb"), false),
        (plan("a\r\nb\n"), false),
        (plan("a\tb"), false),
        (having("metadata.a:b", json!(["won"])), false),
        (having("metadata.a ", json!(["won"])), false),
        (having("metadata.a\nb", json!(["won"])), false),
        (json!({ "changed": ["metadata.a,b"] }), false),
        (json!({ "changed": ["metadata.a\nb", "stage"] }), false),
        (json!({ "changed": ["metadata.a "] }), false),
    ]
}

#[test]
fn a_filter_that_the_form_cannot_say_stays_as_it_is() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let scoped = world.scoped();
    let body = json!({ "url": URL, "event_types": ["deal.updated"] });
    let made = wait(scoped.webhooks().subscribe_json(body)).unwrap();
    let id = made.decode().unwrap().id;
    let edit = format!("{}/{id}/edit", webhooks(&world));
    for (filter, is_said) in nasty() {
        let set = json!({ "filter": filter, "description": " the\nshop " });
        wait(scoped.webhooks().update_json(id, set)).unwrap();
        let asked = all(&world).remove(0).filter;
        assert_eq!(serde_json::to_value(&asked).unwrap(), filter);
        let page = browser.get(&edit);
        let shown = serde_json::to_string_pretty(&asked).unwrap();
        let is_json = unescaped(&page.text).contains(&format!("<code>{shown}</code>"));
        assert_eq!(is_json, !is_said, "{filter}: {}", page.text);
        assert_eq!(page.text.contains("name=\"having\""), is_said);

        // Nothing is typed, then a description.
        let mut fields = sent(&page);
        for described in ["theshop", "the books"] {
            let field = fields.iter_mut().find(|(name, _)| name == "description");
            described.clone_into(&mut field.unwrap().1);
            let saved = browser.post(&edit, &borrowed(&fields));
            assert_eq!(saved.status, 303, "{filter}: {}", saved.text);
            let endpoint = all(&world).remove(0);
            assert_eq!(endpoint.filter, asked, "{filter}");
            let expected = match described {
                "theshop" => " the\nshop ",
                other => other,
            };
            assert_eq!(endpoint.description.as_deref(), Some(expected));
        }

        // Sent as if it had been typed, what the fields say is the filter.
        fields.retain(|(name, _)| !["was.changed", "was.having"].contains(&name.as_str()));
        assert_eq!(browser.post(&edit, &borrowed(&fields)).status, 303);
        let typed = all(&world).remove(0).filter;
        match filter["where"]["metadata.plan"][0].is_number() {
            true => {
                let texts =
                    json!({ "where": { "metadata.plan": ["5", "true", "1.5", null, "null"] } });
                assert_eq!(serde_json::to_value(&typed).unwrap(), texts);
            }
            false => assert_eq!(typed, asked, "{filter}"),
        }
    }
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[test]
fn two_lines_of_a_member_are_one_and_an_error_of_a_kept_filter_is_said() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let list = webhooks(&world);
    let fields = [
        ("url", URL),
        ("enabled", "on"),
        ("event_type", "deal.updated"),
        ("having", "stage: won\r\ncurrency: EUR\r\nstage: lost, won"),
    ];
    let done = browser.submit(&format!("{list}/new"), &list, &fields);
    assert_eq!(done.status, 201, "{}", done.text);
    let endpoint = all(&world).remove(0);
    let filter = json!({ "where": { "stage": ["won", "lost"], "currency": ["EUR"] } });
    assert_eq!(serde_json::to_value(&endpoint.filter).unwrap(), filter);

    let kept = json!({ "filter": { "where": { "stage": ["won "] } } });
    wait(world.scoped().webhooks().update_json(endpoint.id, kept)).unwrap();
    let edit = format!("{list}/{}/edit", endpoint.id);
    let mut fields = sent(&browser.get(&edit));
    for (name, value) in &mut fields {
        if name == "event_type" {
            "contact.created".clone_into(value);
        }
    }
    let refused = browser.post(&edit, &borrowed(&fields));
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused
            .text
            .contains("<p class=\"error\" id=\"filter-hint\">")
    );
    let fields = sent(&refused);
    assert!(fields.iter().all(|(name, _)| name != "having"));
    let stays = serde_json::to_value(&all(&world)[0].filter).unwrap();
    assert_eq!(stays, json!({ "where": { "stage": ["won "] } }));
}
