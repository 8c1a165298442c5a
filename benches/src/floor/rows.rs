//! What the floors write for one contact: the same rows that Relm writes, made by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The values of a new contact, its event and its index terms.
pub struct Made {
    pub id: String,
    pub ulid: String,
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
    pub terms: Vec<String>,
}

impl Made {
    pub fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let (ulid, now) = (next_ulid(), now_ms());
        let id = format!("con_{ulid}");
        let email_key = text("email").to_lowercase();
        let mut doc = row.clone();
        doc["id"] = id.clone().into();
        doc["object"] = "contact".into();
        doc["version"] = 1.into();
        doc["created_at"] = now.into();
        doc["updated_at"] = now.into();
        let doc = doc.to_string();
        let (event_id, event) = event("contact.created", &doc);
        let mut terms: Vec<String> = [
            text("first_name"),
            text("last_name"),
            text("phone"),
            email_key.clone(),
        ]
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .chain([format!("!{email_key}")])
        .collect();
        terms.sort_unstable();
        terms.dedup();
        Self {
            email: text("email"),
            first_name: text("first_name"),
            last_name: text("last_name"),
            phone: text("phone"),
            metadata: row["metadata"].to_string(),
            id,
            ulid,
            now,
            email_key,
            doc,
            event_id,
            event,
            terms,
        }
    }
}

/// The id and the document of an event.
pub fn event(event_type: &str, doc: &str) -> (String, String) {
    let id = format!("evt_{}", next_ulid());
    let event = format!(r#"{{"id":"{id}","type":"{event_type}","data":{doc}}}"#);
    (id, event)
}

pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}

/// As long as a ULID, and growing.
fn next_ulid() -> String {
    format!("7{:025}", NUMBER.fetch_add(1, Ordering::Relaxed))
}
