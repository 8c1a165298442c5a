//! Which types of event an endpoint subscribes to.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::record::event_type::EventType;
use crate::value::excerpt::Quoted;

/// Every type of event, in a subscription.
const EVERYTHING: &str = "*";

/// The types of event that an endpoint subscribes to: some of all, or `"*"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subscription(Vec<String>);

impl Subscription {
    /// Every event.
    pub fn everything() -> Self {
        Self(vec![EVERYTHING.to_owned()])
    }

    /// The events of these names; `"*"` is all of them.
    ///
    /// # Errors
    /// `validation_failed` when there is none, `unknown_value` for a name that is not a type of event.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        let types = EventType::all().map(EventType::as_str);
        let options: Vec<&str> = types.chain([EVERYTHING]).collect();
        let mut chosen: Vec<String> = Vec::new();
        for name in names {
            let name = name.into();
            if !options.contains(&name.as_str()) {
                return Err(unknown(&name, &options));
            }
            if !chosen.contains(&name) {
                chosen.push(name);
            }
        }
        if chosen.is_empty() {
            return Err(Error::invalid(
                "event_types",
                "`event_types` must name one type of event at least.",
            ));
        }
        Ok(Self(chosen))
    }

    /// Whether it is every event, whatever types there will be.
    pub fn is_everything(&self) -> bool {
        self.0.iter().any(|name| name == EVERYTHING)
    }

    /// Whether it includes events of this type. It never includes pings, which go to the endpoint that they try out.
    pub fn includes(&self, event_type: EventType) -> bool {
        if event_type == EventType::Ping {
            return false;
        }
        self.0
            .iter()
            .any(|name| name == EVERYTHING || name == event_type.as_str())
    }
}

fn unknown(name: &str, options: &[&str]) -> Error {
    let message = format!(
        "`event_types` must name types of event, or be [\"*\"] for all; there is no {}.",
        Quoted(name)
    );
    let error = Error::new(ErrorKind::UnknownValue, message).at("event_types");
    let group = name
        .strip_suffix(".*")
        .unwrap_or(name)
        .trim_end_matches('s');
    let of_group = |option: &&&str| {
        option
            .strip_prefix(group)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let named: Vec<&str> = options.iter().filter(of_group).copied().collect();
    if named.is_empty() {
        return error.options(name, options.iter().copied());
    }
    let sentence = format!("Name {}.", named.join(", "));
    error.options("", options.iter().copied()).adding(&sentence)
}
