//! What the floors write for a contact: the same rows that Relm writes, made by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use relm_core::value::time::{Clock, SystemClock};
use relm_core::{Id, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// A contact as a request says it. Texts are borrowed: the driver sends none that is escaped.
#[derive(Deserialize)]
pub struct Sent<'a> {
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    phone: &'a str,
    metadata: BTreeMap<&'a str, &'a str>,
}

/// A batch of them.
#[derive(Deserialize)]
pub struct SentBatch<'a> {
    #[serde(borrow)]
    pub contacts: Vec<Sent<'a>>,
}

/// What a change says.
#[derive(Deserialize)]
pub struct SentChange<'a> {
    pub phone: &'a str,
}

/// A contact's document.
#[derive(Serialize, Deserialize)]
struct Contact<'a> {
    id: &'a str,
    object: &'a str,
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    phone: &'a str,
    company_id: Option<&'a str>,
    #[serde(borrow)]
    metadata: BTreeMap<&'a str, &'a str>,
    version: i64,
    mode: &'a str,
    created_at: &'a str,
    updated_at: &'a str,
}

/// The values of a new contact, its event and its index terms.
pub struct Made {
    pub id: String,
    pub now: i64,
    pub email: String,
    pub email_key: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: String,
    pub metadata: String,
    pub doc: String,
    pub event_id: String,
    pub event: String,
    pub terms: BTreeSet<String>,
}

impl Made {
    pub fn of(sent: &Sent<'_>) -> Result<Self, Failure> {
        let (id, now) = next_id(Kind::Contact);
        let at = Timestamp::from_millis(now).to_string();
        let contact = Contact {
            id: &id,
            object: "contact",
            email: sent.email,
            first_name: sent.first_name,
            last_name: sent.last_name,
            phone: sent.phone,
            company_id: None,
            metadata: sent.metadata.clone(),
            version: 1,
            mode: "live",
            created_at: &at,
            updated_at: &at,
        };
        let doc = serde_json::to_string(&contact)?;
        let (event_id, event) = event("contact.created", &at, &doc, "{}");
        Ok(Self {
            email: sent.email.to_owned(),
            email_key: sent.email.to_lowercase(),
            first_name: sent.first_name.to_owned(),
            last_name: sent.last_name.to_owned(),
            phone: sent.phone.to_owned(),
            metadata: serde_json::to_string(&sent.metadata)?,
            terms: contact.terms(),
            id,
            now,
            doc,
            event_id,
            event,
        })
    }

    /// The part of the id that terms refer to.
    pub fn ulid(&self) -> &str {
        ulid(&self.id)
    }
}

/// The values of a contact that has another phone, its event, and the terms that it is found by no more and from now on.
pub struct Changed {
    pub now: i64,
    pub version: i64,
    pub phone: String,
    pub doc: String,
    pub event_id: String,
    pub event: String,
    pub dropped: Vec<String>,
    pub added: Vec<String>,
}

impl Changed {
    pub fn of(before: &str, phone: &str) -> Result<Self, Failure> {
        let now = SystemClock.now().as_millis();
        let at = Timestamp::from_millis(now).to_string();
        let mut contact: Contact<'_> = serde_json::from_str(before)?;
        let known = contact.terms();
        let previous = format!(r#"{{"phone":"{}"}}"#, contact.phone);
        contact.phone = phone;
        contact.version += 1;
        contact.updated_at = &at;
        let terms = contact.terms();
        let doc = serde_json::to_string(&contact)?;
        let (event_id, event) = event("contact.updated", &at, &doc, &previous);
        Ok(Self {
            now,
            version: contact.version,
            phone: phone.to_owned(),
            dropped: known.difference(&terms).cloned().collect(),
            added: terms.difference(&known).cloned().collect(),
            doc,
            event_id,
            event,
        })
    }
}

impl Contact<'_> {
    /// What a search and a filter find it by.
    fn terms(&self) -> BTreeSet<String> {
        let texts = [self.email, self.first_name, self.last_name, self.phone];
        let values = self.metadata.values().copied();
        let words = texts.into_iter().chain(values).flat_map(|text| {
            let words = text.split(|char: char| !char.is_alphanumeric());
            words.filter(|word| !word.is_empty())
        });
        let mut terms: BTreeSet<String> = words.map(str::to_lowercase).collect();
        // The number from its tail, as the engine has it: the last seven digits, what is before them backwards, the end.
        let digits = self.phone.trim_start_matches('+');
        if let Some((rest, tail)) = digits.len().checked_sub(7).map(|at| digits.split_at(at)) {
            let rest: String = rest.chars().rev().collect();
            terms.insert(format!("~{tail}{rest}."));
        }
        let values = self.metadata.iter();
        terms.extend(values.map(|(key, value)| format!("={key}={value}")));
        terms
    }
}

/// Who made each change, as an event has it.
const ACTOR: &str = r#"{"type":"api_key","id":"key_01M831G4WQ8N3K6T0V5X9Z2B7D","name":"default"}"#;

/// An event's id and document.
fn event(event_type: &str, at: &str, doc: &str, previous: &str) -> (String, String) {
    let (id, _) = next_id(Kind::Event);
    let request = ulid(&id);
    let event = format!(
        r#"{{"id":"{id}","object":"event","type":"{event_type}","created_at":"{at}","mode":"live","api_version":"2026-07-02","actor":{ACTOR},"request_id":"req_{request}","data":{doc},"previous":{previous}}}"#
    );
    (id, event)
}

pub fn ulid(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, ulid)| ulid)
}

/// The next id, and the moment in it, in milliseconds.
fn next_id(kind: Kind) -> (String, i64) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let now = SystemClock.now().as_millis();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let ulid = u128::from(now.unsigned_abs()) << 80 | u128::from(number);
    (Id::new(kind, ulid).to_string(), now)
}

/// Documents as a page of at most 50. One more says that there are others, and the last id of the page where they begin.
pub struct Page {
    json: Vec<u8>,
    rows: usize,
    last: usize,
}

impl Page {
    const ROWS_MAX: usize = 50;

    pub fn new() -> Self {
        let mut json = Vec::with_capacity(20 * 1024);
        json.extend_from_slice(br#"{"object":"list","data":["#);
        Self {
            json,
            rows: 0,
            last: 0,
        }
    }

    pub fn push(&mut self, doc: &[u8]) {
        self.rows += 1;
        if self.rows <= Self::ROWS_MAX {
            if self.rows > 1 {
                self.json.push(b',');
            }
            self.last = self.json.len();
            self.json.extend_from_slice(doc);
        }
    }

    pub fn end(mut self) -> Vec<u8> {
        if self.rows <= Self::ROWS_MAX {
            self.json
                .extend_from_slice(br#"],"has_more":false,"next_cursor":null}"#);
            return self.json;
        }
        // A document begins with `{"id":"con_…"`.
        let id = self.last + 7..self.last + 37;
        self.json
            .extend_from_slice(br#"],"has_more":true,"next_cursor":""#);
        self.json.extend_from_within(id);
        self.json.extend_from_slice(br#""}"#);
        self.json
    }
}
