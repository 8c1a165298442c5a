//! Endpoints: how each is doing, what was sent to it and what it answered, and whatever can be done about that.

mod act;
mod delivery;
mod edit;
mod filter;
mod form;
mod list;
mod page;

pub(super) use self::act::{
    confirm, recover, recover_form, remove, replay, rotate, rotate_form, test,
};
pub(super) use self::delivery::delivery;
pub(super) use self::edit::{change, create, edit, new};
pub(super) use self::list::list;
pub(super) use self::page::page;

use std::collections::BTreeMap;

use relm_core::record::DisabledReason;
use relm_core::{Id, Scoped, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::layout::{Place, Section, minute};
use super::problem::Problem;
use super::shown::cut;
use super::visit::Visit;

/// Characters of a URL.
const URL_CHARS: usize = 200;

/// An endpoint as its owner sees it.
#[derive(Deserialize)]
struct Endpoint {
    id: Id,
    url: String,
    event_types: Vec<String>,
    #[serde(default)]
    filter: Option<Filter>,
    description: Option<String>,
    enabled: bool,
    disabled_reason: Option<DisabledReason>,
    failing_since: Option<Timestamp>,
    previous_secret_expires_at: Option<Timestamp>,
    header_names: Vec<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What it asks of events beside their types.
#[derive(Deserialize, Serialize)]
struct Filter {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changed: Vec<String>,
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    having: BTreeMap<String, Vec<Value>>,
}

/// How an endpoint is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Healthy,
    Failing,
    Disabled,
}

impl Health {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "enabled",
            Self::Failing => "failing",
            Self::Disabled => "disabled",
        }
    }
}

impl Endpoint {
    fn health(&self) -> Health {
        match (self.enabled, self.failing_since) {
            (false, _) => Health::Disabled,
            (true, Some(_)) => Health::Failing,
            (true, None) => Health::Healthy,
        }
    }

    /// What there is to say of that.
    fn said(&self) -> Option<String> {
        let since = self.failing_since.as_ref().map(minute);
        match (self.enabled, self.disabled_reason, since) {
            (true, _, Some(since)) => Some(format!("since {since}")),
            (true, _, None) => None,
            (false, Some(DisabledReason::Gone), _) => {
                Some("it answered 410, that it is gone".to_owned())
            }
            (false, Some(DisabledReason::Failing), Some(since)) => {
                Some(format!("it failed since {since}"))
            }
            (false, Some(DisabledReason::Failing), None) => Some("it failed for days".to_owned()),
            (false, Some(DisabledReason::Requested) | None, _) => {
                Some("as somebody asked".to_owned())
            }
        }
    }

    /// Whether it gets everything.
    fn gets_everything(&self) -> bool {
        self.event_types.iter().any(|name| name == "*")
    }

    /// What the fields of the form say of its filter: nothing where there is none, or where they cannot say it.
    fn filter_fields(&self) -> (String, String) {
        let filter = self.filter.as_ref();
        filter.and_then(filter::fields).unwrap_or_default()
    }

    /// Its filter as JSON, where the fields of the form cannot say it.
    fn filter_beyond_fields(&self) -> Option<String> {
        let filter = self.filter.as_ref();
        let filter = filter.filter(|it| filter::fields(it).is_none())?;
        serde_json::to_string_pretty(filter).ok()
    }

    /// A line for each member that must have some value.
    fn asked_to_have(&self) -> Vec<String> {
        let having = self.filter.iter().flat_map(|it| &it.having);
        having
            .map(|(name, values)| filter::line(name, values))
            .collect()
    }

    fn url(&self) -> String {
        cut(&self.url, URL_CHARS)
    }

    fn created(&self) -> String {
        minute(&self.created_at)
    }

    fn updated(&self) -> String {
        minute(&self.updated_at)
    }

    fn old_secret_until(&self) -> Option<String> {
        self.previous_secret_expires_at.as_ref().map(minute)
    }

    fn path(&self, place: &Place) -> String {
        path_to(place, self.id)
    }
}

fn path_to(place: &Place, id: Id) -> String {
    format!("{}/{id}", place.path(Section::Webhooks))
}

/// The endpoint of the path, as its owner sees it.
async fn of_path(visit: &Visit, scoped: &Scoped) -> Result<Endpoint, Problem> {
    let found = scoped.webhooks().get_json(visit.id("id")?).await?;
    let document = found.ok_or_else(Problem::missing)?;
    Ok(document.decode()?)
}
