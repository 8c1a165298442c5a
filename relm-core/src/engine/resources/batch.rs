//! Bulk create and upsert of contacts: up to 500 rows, one commit.

mod report;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::report::RowStatus;
use self::report::report;
use super::drafts::{Draft, build, change, email_taken, record_event, require_references};
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_CONTACT_BYTES_MAX, BATCH_ROWS_MAX, BATCH_TERMS_MAX};
use crate::query::terms::{index_terms, terms_at_most};
use crate::record::hint;
use crate::record::input::Reader;
use crate::record::object::{Contact, ContactInput, Object};
use crate::record::patch::Patch;
use crate::record::reference::lost_reference;
use crate::record::{Change, previous};
use crate::record::{Document, Entry};
use crate::store::{Refusal, Write};
use crate::value::email;
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::spelling::OtherNames;

/// What a batch of contacts asks for.
#[derive(Clone, Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContactBatchCreate")
)]
pub struct BatchInput {
    /// The rows, 1 to 500, applied in order.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<Contact>", length(min = 1, max = BATCH_ROWS_MAX))
    )]
    pub contacts: Vec<ContactInput>,
    /// Whether a row whose e-mail address is known updates that contact, as a PATCH would, instead of failing.
    #[cfg_attr(
        feature = "schema",
        schemars(rename = "dedup_on", with = "Option<Vec<DedupKey>>")
    )]
    pub dedup_on_email: bool,
    /// Whether one failing row fails the whole batch. Default: false.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub atomic: bool,
}

/// What a row can be known by.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum DedupKey {
    #[expect(dead_code, reason = "the schema alone names it")]
    Email,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContactBatch")
)]
#[non_exhaustive]
pub struct BatchReport {
    /// Always `batch`.
    pub object: BatchTag,
    /// The rows, in the order of the input.
    pub data: Vec<BatchRow>,
    /// How many rows made a contact.
    pub created: usize,
    /// How many rows changed one.
    pub updated: usize,
    /// How many rows found everything so already.
    pub unchanged: usize,
    /// How many rows failed.
    pub failed: usize,
}

/// The `object` member of a [`BatchReport`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BatchTag {
    /// Its one value.
    #[default]
    #[serde(rename = "batch")]
    Batch,
}

/// One row of a [`BatchReport`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContactBatchRow")
)]
#[non_exhaustive]
pub struct BatchRow {
    /// Its place in the input, from 0.
    pub index: usize,
    /// What became of it.
    pub status: RowStatus,
    /// The id of the contact that it made, changed or found.
    pub id: Option<Id>,
    /// That contact, as the row left it.
    pub contact: Option<Contact>,
    /// Why it failed; null where it did not.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Error>"))]
    pub error: Option<Value>,
}

/// What other APIs call the members of a batch.
const OTHER_NAMES: OtherNames = &[
    (
        &["data", "rows", "records", "inputs", "items", "objects"],
        &["contacts"],
    ),
    (
        &[
            "dedup",
            "dedupe_on",
            "dedupe",
            "upsert",
            "on_conflict",
            "unique_by",
            "id_property",
        ],
        &["dedup_on"],
    ),
    (
        &["all_or_nothing", "transaction", "transactional"],
        &["atomic"],
    ),
];

/// Bytes of the largest contact's document, nearly: its metadata, and its texts in characters of four bytes.
const CONTACT_BYTES_EXPECTED_MAX: usize = 32 * 1024;
/// Contacts that are read at once at least: what is read beyond the room for it is no more than these.
const KEYS_READ_MIN: usize = 16;

pub(super) struct ContactBatch {
    rows: Vec<Result<Draft<Contact>, Arc<Error>>>,
    dedup_on_email: bool,
    atomic: bool,
    /// References of rows that commits have shown to lead nowhere.
    missing: HashSet<Id>,
}

impl ContactBatch {
    pub fn typed(input: BatchInput) -> Result<Self> {
        let BatchInput {
            contacts,
            dedup_on_email,
            atomic,
        } = input;
        let rows = contacts.into_iter().map(Draft::typed).map(Ok).collect();
        Self::new(rows, dedup_on_email, atomic)
    }

    fn new(
        rows: Vec<Result<Draft<Contact>, Arc<Error>>>,
        dedup_on_email: bool,
        atomic: bool,
    ) -> Result<Self> {
        check_count(rows.len())?;
        Ok(Self {
            rows,
            dedup_on_email,
            atomic,
            missing: HashSet::new(),
        })
    }

    pub fn read(body: Value) -> Result<Self> {
        if body.is_array() {
            return Err(Error::bad_request(
                "The body must be a JSON object, not an array: {\"contacts\": […]}.",
            ));
        }
        let mut reader = Reader::new(body)?;
        reader.knowing(OTHER_NAMES);
        let rows = reader.take("contacts");
        let dedup_on_email = match reader.texts("dedup_on")? {
            Patch::Keep | Patch::Clear => false,
            Patch::Set(names) => {
                if let Some(other) = names.iter().find(|name| *name != "email") {
                    let message =
                        format!("`dedup_on` can name `email` alone, not {}.", Quoted(other));
                    return Err(Error::new(ErrorKind::UnknownValue, message)
                        .at("dedup_on")
                        .options(other, ["email"]));
                }
                !names.is_empty()
            }
        };
        let atomic = *reader.boolean("atomic")?.as_set().unwrap_or(&false);
        reader.finish()?;
        let Some(Value::Array(rows)) = rows else {
            return Err(Error::invalid(
                "contacts",
                format!("`contacts` must be a list of 1 to {BATCH_ROWS_MAX} contacts."),
            ));
        };
        check_count(rows.len())?;
        let rows = rows.into_iter().map(|row| read_row(row).map_err(Arc::new));
        Self::new(rows.collect(), dedup_on_email, atomic)
    }
}

fn check_count(rows: usize) -> Result<()> {
    if (1..=BATCH_ROWS_MAX).contains(&rows) {
        return Ok(());
    }
    Err(Error::invalid(
        "contacts",
        format!("`contacts` must hold 1 to {BATCH_ROWS_MAX} rows; it holds {rows}."),
    ))
}

fn read_row(row: Value) -> Result<Draft<Contact>> {
    if row.is_object() {
        return Draft::read(row);
    }
    let message = format!("A row must be an object, not {}.", hint::Shown(&row));
    let error = Error::new(ErrorKind::ValidationFailed, message);
    Err(hint::row_meant(&row).on(error))
}

/// A contact that the batch found or made, as the rows so far left it.
struct Held {
    contact: Contact,
    /// Its document: rendered once for the row's answer, its event and the store.
    document: Document,
    /// As the store has it; none for one that the batch makes.
    stored: Option<(Contact, Document)>,
}

/// What one attempt of the batch has gathered.
struct Attempt {
    /// The contacts, in the order of their first row.
    held: Vec<Held>,
    /// Where the contact with an e-mail key is held.
    by_email: HashMap<String, usize>,
    /// Who has an e-mail key in the store, where rows do not update whom they meet.
    taken: HashMap<String, Id>,
    /// The e-mail keys that there was no room to look up.
    unread: HashSet<String>,
    events: Vec<(Change, Document, Map<String, Value>)>,
    rows: Vec<Result<(RowStatus, Document), Arc<Error>>>,
    /// What is left of [`BATCH_CONTACT_BYTES_MAX`].
    contact_bytes_left: usize,
    /// What is left of [`BATCH_TERMS_MAX`].
    terms_left: usize,
    /// Whether all terms were counted one by one. Until there may be too many, it is enough to know that there are not.
    counts_terms: bool,
}

impl Operation for ContactBatch {
    type Output = Reply<BatchReport>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<BatchReport>> {
        let keys: Vec<Option<String>> = self.rows.iter().map(email_key).collect();
        let mut attempt = self.start(plan.context(), &keys).await?;
        for (row, key) in self.rows.iter().zip(keys) {
            let done = match row {
                Ok(draft) => self.apply(plan, &mut attempt, draft, key).map_err(Arc::new),
                Err(error) => Err(Arc::clone(error)),
            };
            attempt.rows.push(done);
        }
        if self.atomic {
            let failed = attempt.rows.iter().enumerate();
            let mut failed = failed.filter_map(|(index, row)| Some((index, row.as_ref().err()?)));
            if let Some((index, error)) = failed.next() {
                return Err(error.copied().within(&format!("contacts[{index}]")));
            }
        }
        let body = report(&attempt.rows)?;
        attempt.write(plan);
        Ok(Reply::new(Outcome::Done, body))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match refusal {
            // The rows that refer to them fail in the next attempt.
            Refusal::Missing(ids) => {
                self.missing.extend(ids);
                Ok(())
            }
            // Somebody took an address meanwhile: the next attempt finds that contact.
            Refusal::UniqueConflict { .. } => Ok(()),
            Refusal::Configuration
            | Refusal::ResponseExists
            | Refusal::VersionConflict { .. }
            | Refusal::IdConflict { .. } => Err(unexpected(&refusal)),
        }
    }
}

impl ContactBatch {
    /// Reads the contacts that rows could meet, in the order of the rows, for as long as there is room for them.
    async fn start(&self, context: &Context, keys: &[Option<String>]) -> Result<Attempt> {
        let mut seen = HashSet::new();
        let keys = keys.iter().flatten();
        let keys: Vec<String> = keys.filter(|key| seen.insert(*key)).cloned().collect();
        let mut attempt = Attempt {
            held: Vec::new(),
            by_email: HashMap::with_capacity(keys.len()),
            taken: HashMap::new(),
            unread: HashSet::new(),
            events: Vec::with_capacity(self.rows.len()),
            rows: Vec::with_capacity(self.rows.len()),
            contact_bytes_left: BATCH_CONTACT_BYTES_MAX,
            terms_left: BATCH_TERMS_MAX,
            counts_terms: false,
        };
        let mut bytes_left = BATCH_CONTACT_BYTES_MAX;
        let mut rest = keys.as_slice();
        while !rest.is_empty() && bytes_left > 0 {
            let (asked, later) = rest.split_at(rest.len().min(keys_read_at_once(bytes_left)));
            let storage = context.storage();
            let found = storage.find(context.scope(), Kind::Contact, asked).await?;
            for (key, document) in asked.iter().zip(found) {
                let Some(document) = document else {
                    continue;
                };
                if self.dedup_on_email {
                    bytes_left = bytes_left.saturating_sub(document.json.len());
                    attempt.hold(key, document)?;
                } else {
                    attempt.taken.insert(key.clone(), document.id);
                }
            }
            rest = later;
        }
        attempt.unread.extend(rest.iter().cloned());
        Ok(attempt)
    }

    fn apply(
        &self,
        plan: &mut Plan<'_>,
        attempt: &mut Attempt,
        draft: &Draft<Contact>,
        key: Option<String>,
    ) -> Result<(RowStatus, Document)> {
        draft.check_known(&plan.configuration().fields)?;
        if let Some(key) = &key {
            if attempt.unread.contains(key) {
                return Err(beyond_bytes());
            }
            if let Some(holder) = attempt.taken.get(key) {
                return Err(email_taken(*holder));
            }
        }
        let place = key
            .as_ref()
            .and_then(|key| attempt.by_email.get(key).copied());
        let Some(place) = place else {
            let contact = build(plan, draft)?;
            self.check_references(None, &contact)?;
            let document = attempt.render(&contact)?;
            require_references(plan, None, &contact);
            attempt
                .events
                .push((Change::Created, document.clone(), Map::new()));
            attempt
                .by_email
                .extend(key.map(|key| (key, attempt.held.len())));
            attempt.held.push(Held {
                contact,
                document: document.clone(),
                stored: None,
            });
            return Ok((RowStatus::Created, document));
        };
        let held = &attempt.held[place];
        if !self.dedup_on_email {
            // An earlier row made it, and of an atomic batch that fails no row leaves a contact.
            let taken = email_taken(held.contact.id);
            return Err(match self.atomic {
                true => taken.existing(None),
                false => taken,
            });
        }
        let Some(after) = change(plan, &held.contact, draft)? else {
            let document = held.document.clone();
            attempt.spend(&document)?;
            return Ok((RowStatus::Unchanged, document));
        };
        self.check_references(Some(&held.contact), &after)?;
        let document = attempt.render(&after)?;
        let held = &attempt.held[place];
        let old = previous(&held.document.json, &document.json)?;
        let held = &mut attempt.held[place];
        require_references(plan, Some(&held.contact), &after);
        attempt
            .events
            .push((Change::Updated, document.clone(), old));
        (held.contact, held.document) = (after, document.clone());
        Ok((RowStatus::Updated, document))
    }

    /// Whether what a row makes a contact refer to is there, as far as is known. What it referred to before may be gone.
    fn check_references(&self, before: Option<&Contact>, after: &Contact) -> Result<()> {
        let known = before.map(Contact::references).unwrap_or_default();
        for reference in after.references() {
            let is_missing = reference.id.is_some_and(|id| self.missing.contains(&id));
            if is_missing && !known.contains(&reference) {
                return Err(lost_reference(reference));
            }
        }
        Ok(())
    }
}

/// What the address that a row names is compared by, if it is one at all.
fn email_key(row: &Result<Draft<Contact>, Arc<Error>>) -> Option<String> {
    let email = row.as_ref().ok()?.input.email.as_set()?;
    email::parse(email).ok().map(|email| email::key(&email))
}

impl Attempt {
    /// Takes in a contact that the store has.
    fn hold(&mut self, key: &str, document: Document) -> Result<()> {
        let contact: Contact = document.decode()?;
        self.by_email.insert(key.to_owned(), self.held.len());
        self.held.push(Held {
            contact: contact.clone(),
            document: document.clone(),
            stored: Some((contact, document)),
        });
        Ok(())
    }

    /// The document of a contact that a row makes or changes, counted before anything is done with it.
    fn render(&mut self, contact: &Contact) -> Result<Document> {
        let json = serde_json::to_string(contact).map_err(Error::internal)?;
        let document = Document {
            id: contact.id,
            json: json.into(),
        };
        self.spend(&document)?;
        self.count_terms(contact)?;
        Ok(document)
    }

    /// Counts the terms of a contact that a row makes or changes. To find them costs as much as all else that is done for
    /// a row.
    fn count_terms(&mut self, contact: &Contact) -> Result<()> {
        let terms = match terms_at_most(contact) {
            Some(at_most) if !self.counts_terms => at_most,
            Some(_) | None => count_of_terms(contact.clone()),
        };
        if let Some(left) = self.terms_left.checked_sub(terms) {
            self.terms_left = left;
            return Ok(());
        }
        if self.counts_terms {
            let may = format!("have {BATCH_TERMS_MAX} different words in all");
            return Err(too_much(may));
        }
        self.counts_terms = true;
        self.terms_left = BATCH_TERMS_MAX;
        for row in self.rows.iter().flatten() {
            if let (RowStatus::Created | RowStatus::Updated, document) = row {
                self.terms_left -= count_of_terms(document.decode()?);
            }
        }
        self.count_terms(contact)
    }

    /// Counts the contact that a row is answered with.
    fn spend(&mut self, document: &Document) -> Result<()> {
        let left = self.contact_bytes_left.checked_sub(document.json.len());
        self.contact_bytes_left = left.ok_or_else(beyond_bytes)?;
        Ok(())
    }

    /// Writes each contact once, however many rows it had, and an event for each row that changed something.
    fn write(self, plan: &mut Plan<'_>) {
        for held in self.held {
            let Held {
                contact,
                document,
                stored,
            } = held;
            let before = stored.as_ref().map(|(before, _)| before);
            if before == Some(&contact) {
                continue;
            }
            let after = Entry {
                record: contact.into(),
                json: document.json,
            };
            plan.write(match stored {
                None => Write::Insert(after),
                Some((before, document)) => Write::Replace {
                    before: Entry {
                        record: before.into(),
                        json: document.json,
                    },
                    after,
                },
            });
        }
        for (change, document, previous) in self.events {
            record_event::<Contact>(plan, change, document.id, &document.json, previous);
        }
    }
}

fn count_of_terms(contact: Contact) -> usize {
    index_terms(&contact.into()).len()
}

/// How many contacts are read at once where there is room for so many bytes: as many as surely fit, and a few at the end.
fn keys_read_at_once(bytes_left: usize) -> usize {
    (bytes_left / CONTACT_BYTES_EXPECTED_MAX).max(KEYS_READ_MIN)
}

fn beyond_bytes() -> Error {
    too_much(format!("be {BATCH_CONTACT_BYTES_MAX} bytes in all"))
}

/// Why a row fails whose contact is beyond what one commit and one answer are to hold.
fn too_much(may: String) -> Error {
    Error::new(
        ErrorKind::ValidationFailed,
        format!("The contacts of one batch can {may} at most: send this row in another batch."),
    )
}
