//! What is asked of a server: the operations that are measured, and the contacts that they are about.
//!
//! Contacts of one name stay as many, however many contacts there are: a filter and a search find as much among ten thousand
//! as among a million, so that what grows is the database and not the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::http::request;

/// Contacts of one batch.
pub const BATCH_ROWS: u64 = 500;
/// Contacts whose names are their own: each `WINDOW` in a row has others than the next.
const WINDOW: u64 = 10_000;
/// First names in a window: 20 contacts have each, and 200 the ten that a search finds.
const FIRST_NAMES: u64 = 500;
/// Last names in a window: 100 contacts have each.
const LAST_NAMES: u64 = 100;
/// Contacts that are made while something is measured count from here: nobody has their addresses and names.
const MEASURED_FIRST: u64 = 1_000_000_000;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Get,
    List,
    Search,
    Create,
    Update,
    Batch,
}

impl Operation {
    /// In this order: what only reads finds the database as it was seeded.
    pub const ALL: [Self; 6] = [
        Self::Get,
        Self::List,
        Self::Search,
        Self::Create,
        Self::Update,
        Self::Batch,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "filtered list of 50",
            Self::Search => "prefix search",
            Self::Create => "create",
            Self::Update => "update",
            Self::Batch => "batch of 500, rows",
        }
    }

    /// Connections that send it. Batches on many would only queue at a writer.
    pub const fn connections(self) -> usize {
        match self {
            Self::Batch => 1,
            Self::Get | Self::List | Self::Search | Self::Create | Self::Update => 32,
        }
    }

    /// What one request counts for.
    pub const fn rows(self) -> u64 {
        match self {
            Self::Batch => BATCH_ROWS,
            Self::Get | Self::List | Self::Search | Self::Create | Self::Update => 1,
        }
    }
}

/// What requests to one server are made from.
pub struct Material {
    key: String,
    /// The contacts that were seeded.
    ids: Arc<Vec<String>>,
    number: Arc<Numbers>,
}

/// The numbers of contacts that one database was given while something was measured.
pub struct Numbers(AtomicU64);

impl Default for Numbers {
    fn default() -> Self {
        Self(AtomicU64::new(MEASURED_FIRST))
    }
}

impl Material {
    pub fn new(key: &str, ids: Arc<Vec<String>>, number: Arc<Numbers>) -> Self {
        let key = key.to_owned();
        Self { key, ids, number }
    }

    /// The next request; each is another.
    pub fn request(&self, operation: Operation) -> Vec<u8> {
        let rows = operation.rows();
        let number = self.number.0.fetch_add(rows, Ordering::Relaxed);
        // Spread over the contacts without a pattern that a cache would like.
        let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let seeded = spread % (self.ids.len() as u64).max(1);
        let id = || &self.ids[usize::try_from(seeded).unwrap_or(0)];
        let send = |method: &str, path: &str, body: &str| request(method, path, &self.key, body);
        match operation {
            Operation::Get => send("GET", &format!("/v1/contacts/{}", id()), ""),
            Operation::List => {
                let name = last_name(seeded);
                let path = format!("/v1/contacts?limit=50&filter%5Blast_name%5D={name}");
                send("GET", &path, "")
            }
            Operation::Search => {
                let name = first_name(seeded).to_lowercase();
                let path = format!("/v1/search?limit=50&q={}", &name[..name.len() - 1]);
                send("GET", &path, "")
            }
            Operation::Create => send("POST", "/v1/contacts", &contact(number).to_string()),
            Operation::Update => {
                let body = json!({ "phone": format!("+1777{number:010}") });
                let path = format!("/v1/contacts/{}", id());
                send("PATCH", &path, &body.to_string())
            }
            Operation::Batch => send("POST", "/v1/contacts/batch", &batch(number)),
        }
    }
}

/// The body of a batch of contacts, from this one on.
pub fn batch(first: u64) -> String {
    let rows: Vec<Value> = (first..first + BATCH_ROWS).map(contact).collect();
    json!({ "contacts": rows }).to_string()
}

/// The contact of a number.
pub fn contact(number: u64) -> Value {
    let plan = ["free", "pro", "enterprise"][(number % 3) as usize];
    json!({
        "email": format!("user{number}@example.com"),
        "first_name": first_name(number),
        "last_name": last_name(number),
        "phone": format!("+1555{number:010}"),
        "metadata": { "plan": plan },
    })
}

fn first_name(number: u64) -> String {
    let name = number / WINDOW * FIRST_NAMES + number % FIRST_NAMES;
    format!("Given{name:07}")
}

fn last_name(number: u64) -> String {
    let name = number / WINDOW * LAST_NAMES + number % LAST_NAMES;
    format!("Family{name:07}")
}
