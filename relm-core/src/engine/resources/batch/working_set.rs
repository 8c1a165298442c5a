//! What a batch works on while it is planned: the contacts that its rows meet or make, within bounds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::report::{RowDone, RowStatus};
use crate::engine::change::Plan;
use crate::engine::context::Context;
use crate::engine::resources::drafts::{email_taken, record_event};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_CONTACT_BYTES_MAX, BATCH_TERMS_MAX};
use crate::query::terms::{index_terms, terms_at_most};
use crate::record::object::Contact;
use crate::record::{Change, Document, Entry, previous};
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// Bytes of the largest contact's document, nearly: its metadata, and its texts in characters of four bytes.
const CONTACT_BYTES_EXPECTED_MAX: usize = 32 * 1024;
/// Contacts that are read at once at least: what is read beyond the room for it is no more than these.
const KEYS_READ_MIN: usize = 16;

/// Why a row fails that would go beyond what one commit holds, in a word.
pub(super) const BEYOND_ONE_COMMIT: &str = "beyond_one_commit";

/// A contact that the batch found or made, as the rows so far left it.
struct BatchContact {
    contact: Contact,
    /// Its document: rendered once for the row's answer, its event and the store.
    document: Document,
    /// As the store has it; none for one that the batch makes.
    stored: Option<(Contact, Document)>,
}

/// What one attempt of the batch has gathered.
pub(super) struct WorkingSet {
    /// The contacts, in the order of their first row.
    contacts: Vec<BatchContact>,
    /// The place of the contact with an e-mail key.
    by_email: HashMap<String, usize>,
    /// Who has an e-mail key in the store, where rows do not update whom they meet.
    taken: HashMap<String, Id>,
    /// The e-mail keys that there was no room to look up.
    unread: HashSet<String>,
    events: Vec<(Change, Document, Map<String, Value>)>,
    rows: Vec<Result<RowDone, Arc<Error>>>,
    /// What is left of [`BATCH_CONTACT_BYTES_MAX`].
    contact_bytes_left: usize,
    /// What is left of [`BATCH_TERMS_MAX`].
    terms_left: usize,
    /// Whether all terms were counted one by one. Until there may be too many, it is enough to know that there are not.
    counts_terms: bool,
}

impl WorkingSet {
    /// Reads the contacts that rows of these e-mail keys could meet, in the order of the rows, for as long as there is room
    /// for them. Where rows do not update whom they meet, it is enough to know who that is.
    pub async fn read(context: &Context, keys: &[Option<String>], updates: bool) -> Result<Self> {
        let rows = keys.len();
        let mut seen = HashSet::new();
        let keys = keys.iter().flatten();
        let keys: Vec<String> = keys.filter(|key| seen.insert(*key)).cloned().collect();
        let mut set = Self {
            contacts: Vec::new(),
            by_email: HashMap::with_capacity(keys.len()),
            taken: HashMap::new(),
            unread: HashSet::new(),
            events: Vec::with_capacity(rows),
            rows: Vec::with_capacity(rows),
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
                if updates {
                    bytes_left = bytes_left.saturating_sub(document.json.len());
                    set.insert_stored(key, document)?;
                } else {
                    set.taken.insert(key.clone(), document.id);
                }
            }
            rest = later;
        }
        set.unread.extend(rest.iter().cloned());
        Ok(set)
    }

    fn insert_stored(&mut self, key: &str, document: Document) -> Result<()> {
        let contact: Contact = document.decode()?;
        self.by_email.insert(key.to_owned(), self.contacts.len());
        self.contacts.push(BatchContact {
            contact: contact.clone(),
            document: document.clone(),
            stored: Some((contact, document)),
        });
        Ok(())
    }

    /// The place of the contact that has this e-mail key; none where the key is free.
    pub fn look_up(&self, key: &str) -> Result<Option<usize>> {
        if self.unread.contains(key) {
            return Err(beyond_bytes());
        }
        if let Some(holder) = self.taken.get(key) {
            return Err(email_taken(*holder));
        }
        Ok(self.by_email.get(key).copied())
    }

    /// The contact of this place, as the rows so far left it.
    pub fn contact(&self, place: usize) -> &Contact {
        &self.contacts[place].contact
    }

    /// The document of a contact that a row makes or changes, counted before anything is done with it.
    pub fn render(&mut self, contact: &Contact) -> Result<Document> {
        let json = serde_json::to_string(contact).map_err(Error::internal)?;
        let document = Document {
            id: contact.id,
            json: json.into(),
        };
        self.count_bytes(&document)?;
        self.count_terms(contact)?;
        Ok(document)
    }

    /// Takes in a contact that a row makes.
    pub fn insert(&mut self, key: Option<String>, contact: Contact, document: Document) {
        let place = self.contacts.len();
        self.by_email.extend(key.map(|key| (key, place)));
        self.events
            .push((Change::Created, document.clone(), Map::new()));
        self.contacts.push(BatchContact {
            contact,
            document,
            stored: None,
        });
    }

    /// Takes in what a row makes of a contact, and gives what that was before.
    pub fn replace(&mut self, place: usize, after: Contact, document: Document) -> Result<Contact> {
        let kept = &mut self.contacts[place];
        let old = previous(&kept.document.json, &document.json)?;
        self.events.push((Change::Updated, document.clone(), old));
        kept.document = document;
        Ok(std::mem::replace(&mut kept.contact, after))
    }

    /// The document of a contact that a row leaves as it is, counted once more.
    pub fn repeat(&mut self, place: usize) -> Result<Document> {
        let document = self.contacts[place].document.clone();
        self.count_bytes(&document)?;
        Ok(document)
    }

    /// Takes in what became of the next row.
    pub fn record(&mut self, row: Result<RowDone, Arc<Error>>) {
        self.rows.push(row);
    }

    /// What became of the rows so far.
    pub fn rows(&self) -> &[Result<RowDone, Arc<Error>>] {
        &self.rows
    }

    /// Counts the contact that a row is answered with.
    fn count_bytes(&mut self, document: &Document) -> Result<()> {
        let left = self.contact_bytes_left.checked_sub(document.json.len());
        self.contact_bytes_left = left.ok_or_else(beyond_bytes)?;
        Ok(())
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
            if matches!(row.status, RowStatus::Created | RowStatus::Updated) {
                self.terms_left -= count_of_terms(row.document.decode()?);
            }
        }
        self.count_terms(contact)
    }

    /// Writes each contact once, however many rows it had, and an event for each row that changed something.
    pub fn write(self, plan: &mut Plan<'_>) {
        for batched in self.contacts {
            let BatchContact {
                contact,
                document,
                stored,
            } = batched;
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
    .because(BEYOND_ONE_COMMIT)
}
