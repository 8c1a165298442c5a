//! The form of a new key, and the body of the request that it equals.

use relm_core::{Error, ErrorKind, KeyAction, KeyResource, KeyScope, Timestamp};
use serde_json::{Value, json};

use crate::console::form::Form;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is in the form.
pub(super) struct KeyForm {
    pub name: String,
    /// What the form is for: it is chosen before, so that nothing else in it can say otherwise.
    pub access: Access,
    /// The scopes that are ticked.
    pub scopes: Vec<String>,
    /// The day on which the key ends; empty for one that does not.
    pub day: String,
}

/// What a key may do, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Access {
    #[default]
    Full,
    ReadOnly,
    Chosen,
}

impl Access {
    pub const ALL: [Self; 3] = [Self::Full, Self::ReadOnly, Self::Chosen];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Chosen => "chosen",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Full => "Everything",
            Self::ReadOnly => "Read everything",
            Self::Chosen => "Only this",
        }
    }

    /// What is said of it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Full => "It may do whatever this workspace and mode hold, API keys among it.",
            Self::ReadOnly => "It may read everything, and changes nothing.",
            Self::Chosen => {
                "It may do what is ticked: the least that the program needs. To write does not include to read."
            }
        }
    }

    /// The one of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|access| access.as_str() == text)
    }
}

/// A row of checkboxes: what a key may do with one resource.
pub(super) struct ResourceRow {
    pub name: &'static str,
    pub read: Option<Tick>,
    pub write: Option<Tick>,
}

/// A checkbox.
pub(super) struct Tick {
    pub scope: String,
    pub is_ticked: bool,
}

impl KeyForm {
    /// The form of a new key that may do this.
    pub fn of(access: Access) -> Self {
        Self {
            name: String::new(),
            access,
            scopes: Vec::new(),
            day: String::new(),
        }
    }

    /// What was sent, and what is wrong with it where no form of a key sends it: that it is about something that its form does not
    /// show.
    pub fn read(form: &Form) -> (Self, Option<Error>) {
        let access = Access::parse(form.text("access"));
        let scopes: Vec<String> = form.all("scope").map(str::to_owned).collect();
        let message = match access {
            None => Some("Choose what the key may do."),
            Some(Access::Full | Access::ReadOnly) if !scopes.is_empty() => {
                Some("Scopes are ticked for a key that may do \"Only this\": choose again.")
            }
            Some(Access::Full | Access::ReadOnly | Access::Chosen) => None,
        };
        let error =
            message.map(|message| Error::new(ErrorKind::UnknownValue, message).at("scopes"));
        let form = Self {
            name: form.text("name").trim().to_owned(),
            access: match (&error, access) {
                (None, Some(access)) => access,
                (Some(_), _) | (_, None) => Access::Chosen,
            },
            scopes,
            day: form.text("day").trim().to_owned(),
        };
        (form, error)
    }

    /// What the form asks for, whenever it is sent.
    pub fn request(&self) -> Value {
        json!([self.name, self.access.as_str(), self.scopes, self.day])
    }

    /// The body of the request to the API, which judges all of it.
    pub fn body(&self) -> Value {
        let mut body = json!({});
        if !self.name.is_empty() {
            body["name"] = json!(self.name);
        }
        match self.access {
            Access::Full => {}
            Access::ReadOnly => body["scopes"] = json!(["*:read"]),
            Access::Chosen => body["scopes"] = json!(self.scopes),
        }
        if !self.day.is_empty() {
            // Until the end of that day, wherever in the world somebody takes it for today.
            body["expires_at"] = json!(format!("{}T23:59:59Z", self.day));
        }
        body
    }

    /// Days to choose from, with what people call them.
    pub fn days(now: Timestamp) -> [(String, &'static str); 4] {
        [
            (7, "In 7 days"),
            (30, "In 30 days"),
            (90, "In 90 days"),
            (365, "In a year"),
        ]
        .map(|(days, title)| {
            let at = now.saturating_add_millis(days * DAY_MS).to_string();
            (at.get(..10).unwrap_or_default().to_owned(), title)
        })
    }

    /// A body that shows what one looks like, where the form makes none yet.
    pub fn example() -> Value {
        json!({ "name": "nightly import", "scopes": ["contacts:read", "contacts:write"] })
    }

    /// Whether nothing was typed or chosen.
    pub fn is_untouched(&self) -> bool {
        self.request() == Self::of(self.access).request()
    }

    /// The checkboxes.
    pub fn resources(&self) -> Vec<ResourceRow> {
        let tick = |resource, action| {
            let scope = KeyScope::new(resource, action);
            let can_be = KeyScope::all().any(|one| one == scope);
            let scope = scope.to_string();
            can_be.then(|| Tick {
                is_ticked: self.scopes.contains(&scope),
                scope,
            })
        };
        let row = |resource: KeyResource| ResourceRow {
            name: resource.as_str(),
            read: tick(resource, KeyAction::Read),
            write: tick(resource, KeyAction::Write),
        };
        let resources = KeyResource::ALL.into_iter();
        let each = resources.filter(|resource| *resource != KeyResource::All);
        each.map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_request() {
        for (fields, expected) in [
            ("name=+x+&access=full", json!({"name": "x"})),
            ("access=read_only&day=", json!({"scopes": ["*:read"]})),
            (
                "access=chosen&scope=deals%3Aread&scope=deals%3Awrite",
                json!({"scopes": ["deals:read", "deals:write"]}),
            ),
            (
                "access=full&day=2030-01-02",
                json!({"expires_at": "2030-01-02T23:59:59Z"}),
            ),
            ("access=chosen", json!({"scopes": []})),
        ] {
            let (form, error) = KeyForm::read(&Form::parse(fields.as_bytes()));
            assert!(error.is_none(), "{fields}");
            assert_eq!(form.body(), expected, "{fields}");
        }
        for fields in ["access=all", "", "access=full&scope=deals%3Aread"] {
            let (form, error) = KeyForm::read(&Form::parse(fields.as_bytes()));
            assert_eq!(error.unwrap().field(), Some("scopes"), "{fields}");
            assert_eq!(form.access, Access::Chosen);
        }
    }

    #[test]
    fn days_are_counted_from_now() {
        let [week, .., year] = KeyForm::days(Timestamp::from_millis(0));
        assert_eq!(
            (week.0.as_str(), year.0.as_str()),
            ("1970-01-08", "1971-01-01")
        );
    }
}
