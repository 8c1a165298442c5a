//! What a batch works on while it is planned: the records that its rows meet or make, within bounds.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::claims::{Claimed, Claims, Failing};
use super::report::{RowDone, RowStatus};
use crate::engine::change::Plan;
use crate::engine::resources::drafts::record_event;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_CONTACT_BYTES_MAX, BATCH_TERMS_MAX};
use crate::query::terms::{index_terms, terms_at_most};
use crate::record::object::Object;
use crate::record::reference::Reference;
use crate::record::unique_member::UniqueMember;
use crate::record::{Change, Document, Entry, Record, previous};
use crate::store::Write;
use crate::value::id::Id;

/// Why a row fails that would go beyond what one commit holds, in a word.
pub(super) const BEYOND_ONE_COMMIT: &str = "beyond_one_commit";

/// A record that the batch found or made, as the rows so far left it.
pub(super) struct Batched<T> {
    pub record: T,
    /// Its document: rendered once for the row's answer, its event and the store.
    document: Document,
    /// As the store has it; none for one that the batch makes.
    stored: Option<(T, Document)>,
}

impl<T> Batched<T> {
    /// Whether the batch makes it.
    pub fn is_made(&self) -> bool {
        self.stored.is_none()
    }
}

/// What one attempt of the batch has gathered.
pub(in crate::engine::resources) struct WorkingSet<T> {
    /// The records, in the order of their first row.
    pub(super) records: Vec<Batched<T>>,
    /// The places of those that the store has.
    pub(super) stored: HashMap<Id, usize>,
    /// Who has which unique value.
    pub(super) claimed: Claimed,
    /// What the rows have records refer to that did not before.
    references: BTreeSet<Id>,
    events: Vec<(Change, Document, Map<String, Value>)>,
    rows: Vec<Result<RowDone, Arc<Error>>>,
    /// What is left of [`BATCH_CONTACT_BYTES_MAX`].
    bytes_left: usize,
    /// What is left of [`BATCH_TERMS_MAX`].
    terms_left: usize,
    /// Whether all terms were counted one by one. Until there may be too many, it is enough to know that there are not.
    counts_terms: bool,
}

impl<T: Object + Into<Record>> WorkingSet<T> {
    /// One without records yet.
    pub fn new(members: &[UniqueMember], dedup: &[usize], rows: usize, claims: Claims) -> Self {
        Self {
            records: Vec::new(),
            stored: HashMap::new(),
            claimed: Claimed::new(members, dedup, rows, claims),
            references: BTreeSet::new(),
            events: Vec::with_capacity(rows),
            rows: Vec::with_capacity(rows),
            bytes_left: BATCH_CONTACT_BYTES_MAX,
            terms_left: BATCH_TERMS_MAX,
            counts_terms: false,
        }
    }

    /// Takes in a record as the store has it, and gives its place.
    pub fn insert_stored(&mut self, record: T, document: Document) -> usize {
        self.stored.insert(document.id, self.records.len());
        self.records.push(Batched {
            record: record.clone(),
            document: document.clone(),
            stored: Some((record, document)),
        });
        self.records.len() - 1
    }

    /// The record of this place, as the rows so far left it.
    pub fn record_at(&self, place: usize) -> &T {
        &self.records[place].record
    }

    /// The document of a record that a row makes or changes, counted before anything is done with it.
    fn render(&mut self, record: &T) -> Result<Document> {
        let json = serde_json::to_string(record).map_err(Error::internal)?;
        let document = Document {
            id: record.id(),
            json: json.into(),
        };
        self.count_bytes(&document)?;
        self.count_terms(record)?;
        Ok(document)
    }

    /// Takes in a record that a row makes.
    pub fn insert(&mut self, record: T, failing: Failing) -> Result<Document> {
        let claim = self.claim(None, &record, failing)?;
        let document = self.render(&record)?;
        self.claimed.apply(claim, self.records.len());
        let created = (Change::Created, document.clone(), Map::new());
        self.events.push(created);
        self.records.push(Batched {
            record,
            document: document.clone(),
            stored: None,
        });
        Ok(document)
    }

    /// Takes in what a row makes of a record.
    pub fn replace(&mut self, place: usize, after: T, failing: Failing) -> Result<Document> {
        let claim = self.claim(Some(place), &after, failing)?;
        let document = self.render(&after)?;
        let old = previous(&self.records[place].document.json, &document.json)?;
        let updated = (Change::Updated, document.clone(), old);
        self.events.push(updated);
        self.claimed.apply(claim, place);
        let kept = &mut self.records[place];
        kept.document = document.clone();
        kept.record = after;
        Ok(document)
    }

    /// The document of a record that a row leaves as it is, counted once more.
    pub fn repeat(&mut self, place: usize) -> Result<Document> {
        let document = self.records[place].document.clone();
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

    /// The version that a record has in the store; none for one that the rows make.
    pub fn stored_version(&self, id: Id) -> Option<i64> {
        let found = self.records.iter().find(|it| it.record.id() == id)?;
        found.stored.as_ref().map(|(stored, _)| stored.version())
    }

    /// Notes what a row has a record refer to that it did not before.
    pub fn refer(&mut self, new: &[Reference]) {
        let ids = new.iter().filter_map(|reference| reference.id);
        self.references.extend(ids);
    }

    /// Counts the record that a row is answered with.
    fn count_bytes(&mut self, document: &Document) -> Result<()> {
        let left = self.bytes_left.checked_sub(document.json.len());
        self.bytes_left = left.ok_or_else(beyond_bytes::<T>)?;
        Ok(())
    }

    /// Counts the terms of a record that a row makes or changes. To find them costs as much as all else that is done for
    /// a row.
    fn count_terms(&mut self, record: &T) -> Result<()> {
        let terms = match terms_at_most(record) {
            Some(at_most) if !self.counts_terms => at_most,
            Some(_) | None => count_of_terms(record.clone()),
        };
        if let Some(left) = self.terms_left.checked_sub(terms) {
            self.terms_left = left;
            return Ok(());
        }
        if self.counts_terms {
            let may = format!("have {BATCH_TERMS_MAX} different words in all");
            return Err(too_much::<T>(may));
        }
        self.counts_terms = true;
        self.terms_left = BATCH_TERMS_MAX;
        for row in self.rows.iter().flatten() {
            if matches!(row.status, RowStatus::Created | RowStatus::Updated) {
                self.terms_left -= count_of_terms(row.document.decode::<T>()?);
            }
        }
        self.count_terms(record)
    }

    /// Writes each record once, however many rows it had, and an event for each row that changed something.
    pub fn write(self, plan: &mut Plan<'_>) {
        plan.require_each(self.references);
        for batched in self.records {
            let Batched {
                record,
                document,
                stored,
            } = batched;
            let before = stored.as_ref().map(|(before, _)| before);
            if before == Some(&record) {
                continue;
            }
            let after = Entry {
                record: record.into(),
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
            record_event::<T>(plan, change, document.id, &document.json, previous);
        }
    }
}

fn count_of_terms<T: Into<Record>>(record: T) -> usize {
    index_terms(&record.into()).len()
}

pub(super) fn beyond_bytes<T: Object>() -> Error {
    too_much::<T>(format!("be {BATCH_CONTACT_BYTES_MAX} bytes in all"))
}

/// Why a row fails whose record is beyond what one commit and one answer are to hold.
fn too_much<T: Object>(may: String) -> Error {
    let all = T::TYPE.plural();
    Error::new(
        ErrorKind::ValidationFailed,
        format!("The {all} of one batch can {may} at most: send this row in another batch."),
    )
    .because(BEYOND_ONE_COMMIT)
}
