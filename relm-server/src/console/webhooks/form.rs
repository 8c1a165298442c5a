//! The form of an endpoint, and the body of the request that it equals.

use std::collections::BTreeSet;

use relm_core::record::EventType;
use serde_json::{Map, Value, json};

use super::{Endpoint, filter};
use crate::console::form::Form;

/// What is in the form.
#[derive(Default)]
pub(super) struct WebhookForm {
    pub settings: Settings,
    /// A header field for each line, `Name: value`. Those that are there already are named, and their values are never shown.
    pub headers: String,
    /// The names of header fields that go.
    pub removed: Vec<String>,
    /// The filter of the endpoint as JSON, where no fields can say it: it is shown, and stays as it is.
    pub kept_filter: Option<String>,
    /// What the form showed when it was made: only what was changed since is sent, so that nothing undoes what somebody else, or the server,
    /// changed meanwhile. None of a new endpoint.
    pub was: Option<Settings>,
}

/// What of an endpoint is in its form.
#[derive(Clone)]
pub(super) struct Settings {
    pub url: String,
    pub description: String,
    /// The types that are ticked: none is all of them.
    pub event_types: Vec<String>,
    /// The members of which an update must change one, with commas between them.
    pub changed: String,
    /// A member to a line, with the values that it may have.
    pub having: String,
    pub enabled: bool,
}

/// A row of checkboxes: the events of one type of record.
pub(super) struct TypeRow {
    pub object: &'static str,
    pub ticks: Vec<Option<(&'static str, bool)>>,
}

/// The types of event, each with what it is about and what happens.
fn types() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    EventType::all().map(|event_type| {
        let name = event_type.as_str();
        let (object, change) = name.split_once('.').unwrap_or((name, ""));
        (name, object, change)
    })
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: String::new(),
            description: String::new(),
            event_types: Vec::new(),
            changed: String::new(),
            having: String::new(),
            enabled: true,
        }
    }
}

impl Settings {
    /// Those that a form sent, in fields whose names begin so.
    fn read(form: &Form, prefix: &str) -> Self {
        let field = |name: &str| format!("{prefix}{name}");
        Self {
            url: form.text(&field("url")).to_owned(),
            description: form.text(&field("description")).to_owned(),
            event_types: form.all(&field("event_type")).map(str::to_owned).collect(),
            changed: form.text(&field("changed")).to_owned(),
            having: form.text(&field("having")).replace('\r', ""),
            enabled: form.is_ticked(&field("enabled")),
        }
    }

    fn of(endpoint: &Endpoint) -> Self {
        let (changed, having) = endpoint.filter_fields();
        Self {
            changed,
            having,
            url: endpoint.url.clone(),
            description: endpoint.description.clone().unwrap_or_default(),
            event_types: match endpoint.gets_everything() {
                true => Vec::new(),
                false => endpoint.event_types.clone(),
            },
            enabled: endpoint.enabled,
        }
    }

    /// The types that are ticked, in whatever order.
    fn ticked(&self) -> BTreeSet<&str> {
        self.event_types.iter().map(String::as_str).collect()
    }

    /// Those that were typed, or could have been, without the white space around texts; what a browser shows in one line is one.
    fn trimmed(self) -> Self {
        let line = |text: &str| text.replace(['\r', '\n'], "").trim().to_owned();
        Self {
            url: line(&self.url),
            description: line(&self.description),
            changed: self.changed.trim().to_owned(),
            having: self.having.trim().to_owned(),
            ..self
        }
    }
}

impl WebhookForm {
    pub fn read(form: &Form) -> Self {
        Self {
            settings: Settings::read(form, "").trimmed(),
            headers: form.text("headers").replace('\r', ""),
            removed: form.all("remove_header").map(str::to_owned).collect(),
            was: form
                .is_ticked("was.url")
                .then(|| Settings::read(form, "was.").trimmed()),
            kept_filter: None,
        }
    }

    /// The form of an endpoint that is there.
    pub fn of(endpoint: &Endpoint) -> Self {
        let settings = Settings::of(endpoint);
        Self {
            was: Some(settings.clone()),
            settings,
            kept_filter: endpoint.filter_beyond_fields(),
            ..Self::default()
        }
    }

    /// Takes a form that does not say what it was made of for one that was made now. One in which no filter was typed leaves one that its
    /// fields cannot say alone.
    pub fn made_of(mut self, endpoint: &Endpoint) -> Self {
        self.was
            .get_or_insert_with(|| Settings::of(endpoint).trimmed());
        if !self.changes_filter() {
            self.kept_filter = endpoint.filter_beyond_fields();
        }
        if self.kept_filter.is_some() {
            for settings in self.was.iter_mut().chain([&mut self.settings]) {
                settings.changed.clear();
                settings.having.clear();
            }
        }
        self
    }

    /// Whether the fields of the filter say something else than they did.
    fn changes_filter(&self) -> bool {
        let (was, now) = (self.was.as_ref(), &self.settings);
        let was = was.map_or(("", ""), |was| (was.changed.as_str(), was.having.as_str()));
        was != (now.changed.as_str(), now.having.as_str())
    }

    /// The body of the request to the API, which judges all of it: of a new endpoint, what is said; of one that is there, what is changed.
    pub fn body(&self) -> Value {
        let (was, now) = (self.was.as_ref(), &self.settings);
        let mut body = Map::new();
        if was.is_none_or(|was| was.url != now.url) {
            body.insert("url".to_owned(), json!(now.url));
        }
        let everything = ["*".to_owned()];
        let types = match now.event_types.is_empty() {
            true => &everything[..],
            false => &now.event_types,
        };
        if was.is_none_or(|was| was.ticked() != now.ticked()) {
            body.insert("event_types".to_owned(), json!(types));
        }
        if self.changes_filter() {
            body.insert("filter".to_owned(), filter::body(&now.changed, &now.having));
        }
        let described = was.map_or("", |was| was.description.as_str());
        if described != now.description {
            let description = Some(&now.description).filter(|text| !text.is_empty());
            body.insert("description".to_owned(), json!(description));
        }
        if was.map_or(!now.enabled, |was| was.enabled != now.enabled) {
            body.insert("enabled".to_owned(), json!(now.enabled));
        }
        let headers = self.header_changes();
        if !headers.is_empty() {
            body.insert("headers".to_owned(), Value::Object(headers));
        }
        Value::Object(body)
    }

    fn header_changes(&self) -> Map<String, Value> {
        let removed = self.removed.iter().map(|name| (name.clone(), Value::Null));
        let lines = self.headers.lines().map(str::trim);
        let set = lines.filter(|line| !line.is_empty()).map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.trim().to_owned(), json!(value.trim()))
        });
        removed.chain(set).collect()
    }

    /// The body, as it may be shown to whoever does not know the values of headers.
    pub fn shown_body(&self) -> Value {
        let mut body = self.body();
        if let Some(Value::Object(headers)) = body.get_mut("headers") {
            for value in headers.values_mut().filter(|value| !value.is_null()) {
                *value = json!("…");
            }
        }
        body
    }

    /// What happens to records, as the columns of the checkboxes are headed.
    pub fn changes(&self) -> Vec<&'static str> {
        let mut changes = Vec::new();
        for (_, _, change) in types() {
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        changes
    }

    /// The checkboxes: a row for each type of record, in which what cannot happen to it has none.
    pub fn types(&self) -> Vec<TypeRow> {
        let changes = self.changes();
        let is_ticked = |name: &str| self.settings.event_types.iter().any(|it| it == name);
        let mut rows: Vec<TypeRow> = Vec::new();
        for (name, object, change) in types() {
            if rows.last().is_none_or(|row| row.object != object) {
                let ticks = vec![None; changes.len()];
                rows.push(TypeRow { object, ticks });
            }
            let place = changes.iter().position(|it| *it == change);
            let tick = rows.last_mut().zip(place);
            if let Some(tick) = tick.and_then(|(row, place)| row.ticks.get_mut(place)) {
                *tick = Some((name, is_ticked(name)));
            }
        }
        rows
    }

    /// A body that shows what one looks like, where nothing is typed yet.
    pub fn example() -> Value {
        json!({ "url": "https://example.com/relm", "event_types": ["contact.created"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_request() {
        for (fields, body) in [
            (
                "url=+https%3A%2F%2Fx.example%2Fa+&enabled=on",
                json!({ "url": "https://x.example/a", "event_types": ["*"] }),
            ),
            (
                "url=u&description=d&event_type=deal.created&event_type=deal.updated&headers=X-Key%3A+a%3Ab%0D%0A%0D%0AY",
                json!({
                    "url": "u", "description": "d", "event_types": ["deal.created", "deal.updated"],
                    "enabled": false, "headers": { "X-Key": "a:b", "Y": "" },
                }),
            ),
        ] {
            let form = WebhookForm::read(&Form::parse(fields.as_bytes()));
            assert_eq!(form.body(), body, "{fields}");
            assert!(!form.shown_body().to_string().contains("a:b"));
        }
    }

    #[test]
    fn a_change_names_what_is_changed() {
        let endpoint: Endpoint = serde_json::from_value(json!({
            "id": "wh_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", "url": "u", "event_types": ["*"], "description": null, "enabled": true,
            "disabled_reason": null, "failing_since": null, "previous_secret_expires_at": null, "header_names": ["x-key"],
            "mode": "test", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        assert_eq!(WebhookForm::of(&endpoint).body(), json!({}));
        for (fields, body) in [
            ("url=u&enabled=on", json!({})),
            ("url=u", json!({ "enabled": false })),
            (
                "url=u&enabled=on&changed=stage&having=stage%3A+won",
                json!({ "filter": { "changed": ["stage"], "where": { "stage": ["won"] } } }),
            ),
            (
                "url=u&enabled=on&was.changed=+stage+&was.having=a%3A+b%0D%0A&changed=stage&having=a%3A+b&description=+d+&was.event_type=x&was.event_type=y&event_type=y&event_type=x",
                json!({ "description": "d" }),
            ),
            (
                "url=v&enabled=on&event_type=deal.created&description=d&remove_header=x-key",
                json!({ "url": "v", "event_types": ["deal.created"], "description": "d", "headers": { "x-key": null } }),
            ),
        ] {
            let fields = format!("was.url=u&was.description=&was.enabled=on&{fields}");
            let form = WebhookForm::read(&Form::parse(fields.as_bytes()));
            assert_eq!(form.body(), body, "{fields}");
        }
    }
    #[test]
    fn what_fields_cannot_say_is_never_sent() {
        let endpoint = |filter: Value| -> Endpoint {
            serde_json::from_value(json!({
                "id": "wh_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", "url": "u", "event_types": ["*"], "filter": filter, "description": " a\nb ",
                "enabled": true, "disabled_reason": null, "failing_since": null, "previous_secret_expires_at": null,
                "header_names": [], "mode": "test", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            }))
            .unwrap()
        };
        let kept = endpoint(json!({ "where": { "stage": ["won "] } }));
        let form = WebhookForm::of(&kept);
        assert!(form.kept_filter.is_some() && form.settings.having.is_empty());
        let read = |fields: &str| WebhookForm::read(&Form::parse(fields.as_bytes()));
        // Whether the form knows what it was made of or not, and whatever the filter was then.
        for (fields, body) in [
            ("url=u&enabled=on&description=ab", json!({})),
            (
                "url=u&enabled=on&was.url=u&was.enabled=on&was.description=+a%0D%0Ab+&description=ab",
                json!({}),
            ),
            (
                "url=u&enabled=on&was.url=u&was.enabled=on&was.having=stage%3A+won&having=stage%3A+won&description=c",
                json!({ "description": "c" }),
            ),
        ] {
            let form = read(fields).made_of(&kept);
            assert!(form.kept_filter.is_some());
            assert_eq!(form.body(), body, "{fields}");
        }
        let form = read("url=u&enabled=on&having=stage%3A+won&description=ab").made_of(&kept);
        assert_eq!(form.kept_filter, None);
        let typed = json!({ "filter": { "where": { "stage": ["won"] } } });
        assert_eq!(form.body(), typed);
        let said = endpoint(json!({ "where": { "stage": ["won"] } }));
        let form = WebhookForm::of(&said);
        assert_eq!(
            (form.kept_filter, form.settings.having.as_str()),
            (None, "stage: won")
        );
    }
}
