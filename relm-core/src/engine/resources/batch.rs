//! Bulk create and upsert of contacts: up to 500 rows, one commit.

mod report;
mod working_set;

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

pub(super) use self::report::ListedOptions;
pub use self::report::{BatchReport, BatchRow, BatchTag, RowStatus};
use self::report::{RowDone, report};
use self::working_set::{BEYOND_ONE_COMMIT, WorkingSet};
use super::drafts::{Changed, Draft, build, change, email_taken, of_a_row, require_references};
use crate::engine::change::{Operation, Plan};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::BATCH_ROWS_MAX;
use crate::record::hint;
use crate::record::input::{Reader, read_as_json};
use crate::record::object::{Contact, ContactInput, Object};
use crate::record::patch::Patch;
use crate::record::reference::lost_reference;
use crate::store::Refusal;
use crate::value::email;
use crate::value::excerpt::Quoted;
use crate::value::id::Id;
use crate::value::spelling::OtherNames;

/// What a batch of contacts asks for.
#[derive(Clone, Debug, Default, PartialEq)]
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

    pub fn new(
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
        let (rows, dedup_on_email, atomic) = read_members(Reader::new(body)?)?;
        let rows = rows.into_iter().map(|row| read_row(row).map_err(Arc::new));
        Self::new(rows.collect(), dedup_on_email, atomic)
    }
}

/// The rows of a batch, whether it dedups on the address, and whether it is atomic.
fn read_members(mut reader: Reader) -> Result<(Vec<Value>, bool, bool)> {
    reader.knowing(OTHER_NAMES);
    let rows = reader.take("contacts");
    let dedup_on_email = match reader.texts("dedup_on")? {
        Patch::Keep | Patch::Clear => false,
        Patch::Set(names) => {
            if let Some(other) = names.iter().find(|name| *name != "email") {
                let message = format!("`dedup_on` can name `email` alone, not {}.", Quoted(other));
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
    Ok((rows, dedup_on_email, atomic))
}

read_as_json!(BatchInput, |reader| {
    let (rows, dedup_on_email, atomic) = read_members(reader)?;
    let read = |(index, row)| {
        let contact = Reader::new(row).and_then(|row| row.all_of(Contact::read));
        contact.map_err(|error| error.within(&format!("contacts[{index}]")))
    };
    let contacts = rows.into_iter().enumerate().map(read);
    Ok(BatchInput {
        contacts: contacts.collect::<Result<_>>()?,
        dedup_on_email,
        atomic,
    })
});

/// As a request says it.
impl Serialize for BatchInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'a> {
            contacts: &'a [ContactInput],
            dedup_on: &'a [&'a str],
            atomic: bool,
        }
        let Self {
            contacts,
            dedup_on_email,
            atomic,
        } = self;
        let members = Members {
            contacts,
            dedup_on: if *dedup_on_email { &["email"] } else { &[] },
            atomic: *atomic,
        };
        members.serialize(serializer)
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

impl Operation for ContactBatch {
    type Output = Reply<BatchReport>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<BatchReport>> {
        let set = self.work_through(plan).await?;
        if self.atomic {
            let failed = set.rows().iter().enumerate();
            let mut failed = failed.filter_map(|(index, row)| Some((index, row.as_ref().err()?)));
            if let Some((index, error)) = failed.next() {
                return Err(Error::clone(error).within(&format!("contacts[{index}]")));
            }
        }
        let body = report(set.rows())?;
        let shown = set.rows().iter().flatten();
        let shown: Vec<Id> = shown.map(|done| done.document.id).collect();
        set.write(plan);
        Ok(Reply::new(Outcome::Done, body).about(shown))
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
    /// Works on all rows.
    async fn work_through(&self, plan: &mut Plan<'_>) -> Result<WorkingSet> {
        let keys: Vec<Option<String>> = self.rows.iter().map(email_key).collect();
        let mut set = WorkingSet::read(plan.context(), &keys, self.dedup_on_email).await?;
        for (row, key) in self.rows.iter().zip(keys) {
            let done = match row {
                Ok(draft) => self.apply(plan, &mut set, draft, key).map_err(Arc::new),
                Err(error) => Err(Arc::clone(error)),
            };
            set.record(done);
        }
        Ok(set)
    }

    /// Plans the rows for a larger change, and gives what becomes of each: of as many of them, from the first on, as one commit holds.
    pub async fn plan_rows(
        &mut self,
        plan: &mut Plan<'_>,
    ) -> Result<Vec<Result<RowStatus, Arc<Error>>>> {
        loop {
            let set = self.work_through(plan).await?;
            let is_beyond = |row: &Result<RowDone, Arc<Error>>| {
                let error = row.as_ref().err();
                error.is_some_and(|error| error.reason() == Some(BEYOND_ONE_COMMIT))
            };
            // The first row has all the room there is.
            let rows = set.rows().iter().skip(1);
            match rows.clone().position(is_beyond) {
                Some(place) => self.rows.truncate(place + 1),
                None => {
                    let all = set.rows().iter();
                    let statuses = all.map(|row| match row {
                        Ok(done) => Ok(done.status),
                        Err(error) => Err(Arc::clone(error)),
                    });
                    let statuses = statuses.collect();
                    set.write(plan);
                    return Ok(statuses);
                }
            }
        }
    }

    fn apply(
        &self,
        plan: &mut Plan<'_>,
        set: &mut WorkingSet,
        draft: &Draft<Contact>,
        key: Option<String>,
    ) -> Result<RowDone> {
        draft.check_known(&plan.configuration().fields)?;
        let met = match &key {
            Some(key) => set.look_up(key)?,
            None => None,
        };
        match met {
            None => self.create(plan, set, draft, key),
            Some(place) if self.dedup_on_email => self.update(plan, set, draft, place),
            Some(place) => {
                // An earlier row made it, and of an atomic batch that fails no row leaves a contact.
                let taken = email_taken(set.contact(place).id);
                Err(match self.atomic {
                    true => taken.existing(None),
                    false => taken,
                })
            }
        }
    }

    fn create(
        &self,
        plan: &mut Plan<'_>,
        set: &mut WorkingSet,
        draft: &Draft<Contact>,
        key: Option<String>,
    ) -> Result<RowDone> {
        let contact = build(plan, draft)?;
        self.check_references(None, &contact)?;
        let document = set.render(&contact)?;
        require_references(plan, None, &contact);
        set.insert(key, contact, document.clone());
        Ok(RowDone::new(RowStatus::Created, document))
    }

    fn update(
        &self,
        plan: &mut Plan<'_>,
        set: &mut WorkingSet,
        draft: &Draft<Contact>,
        place: usize,
    ) -> Result<RowDone> {
        let before = set.contact(place);
        let Changed { after, warnings } = change(plan, before, draft)?;
        let warnings = of_a_row(warnings);
        let Some(after) = after else {
            let document = set.repeat(place)?;
            let done = RowDone::new(RowStatus::Unchanged, document);
            return Ok(RowDone { warnings, ..done });
        };
        self.check_references(Some(before), &after)?;
        let document = set.render(&after)?;
        let before = set.replace(place, after, document.clone())?;
        require_references(plan, Some(&before), set.contact(place));
        let done = RowDone::new(RowStatus::Updated, document);
        Ok(RowDone { warnings, ..done })
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
