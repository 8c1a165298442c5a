//! The commits of the model test: random batches, and whether what a store says of them is so.

use std::collections::{BTreeSet, HashSet};
use std::mem::discriminant;

use relm_core::record::{Delivery, DeliveryStatus, Document, Entry, Record, Trashed, UniqueValue};
use relm_core::store::{Batch, CommitError, Refusal, Require, StoredResponse, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use serde_json::json;

use super::{EMAILS, KEYS, KINDS, Model, NAMES};
use crate::records::{
    changed_delivery, company, contact, delete, delivery, edge, field, id, insert, replace,
    set_version, webhook,
};

/// In a large run one write of so many may have its batch refused.
const CARELESS: u64 = 2_000;

impl Model {
    /// A record of this id that did not exist yet.
    fn record(&self, own: Id, n: u64) -> Record {
        match own.kind() {
            Kind::Contact => {
                let mut contact = contact(n);
                contact.email = (!self.one_in(3)).then(|| self.email(n));
                contact.last_name = (!self.one_in(3)).then(|| self.pick(&NAMES).to_owned());
                contact.company_id = self.one_in(2).then(|| self.some_id(Kind::Company));
                let plan = self.pick(&["free", "Free", "5"]);
                contact.metadata.insert(
                    "plan".to_owned(),
                    if self.one_in(3) {
                        json!(5.0)
                    } else {
                        json!(plan)
                    },
                );
                contact.into()
            }
            Kind::Company => {
                let mut company = company(n);
                company.name = self.pick(&NAMES).to_owned();
                company.domain = (!self.one_in(3)).then(|| self.pick(&EMAILS).to_owned());
                company.into()
            }
            Kind::Association => {
                let (from, to) = (self.some_id(Kind::Contact), self.some_id(Kind::Company));
                edge(n, from, to, self.one_in(2).then(|| self.pick(&NAMES))).into()
            }
            Kind::Field => field(n, &format!("k{}", self.field_number(n))).into(),
            Kind::Webhook => webhook(n).into(),
            Kind::Delivery => {
                let mut delivery =
                    delivery(n, self.below(self.size.endpoints), self.fresh_moment());
                if self.one_in(4) {
                    delivery.status = DeliveryStatus::Succeeded;
                    delivery.next_attempt_at = None;
                }
                delivery.into()
            }
            Kind::Trashed => {
                // Of a record that another may be of, too; in a large run seldom.
                let of = match self.size.is_careful && !self.one_in(CARELESS) {
                    true => id(Kind::Contact, n),
                    false => self.some_id(Kind::Contact),
                };
                let document = json!({ "n": n }).to_string();
                let mut trashed = Trashed::record(own, of, document.into());
                trashed.from_id = self.one_in(2).then(|| self.some_id(Kind::Contact));
                trashed.into()
            }
            Kind::UniqueValue => self.unique_value(own, n).into(),
            Kind::Deal
            | Kind::Activity
            | Kind::Event
            | Kind::Key
            | Kind::Workspace
            | Kind::User
            | Kind::Session => {
                panic!("{own} is of none of the kinds that are written")
            }
        }
    }

    /// An address that others have as well; in a large run, where one such would have each batch refused, seldom.
    fn email(&self, n: u64) -> String {
        let email = self.pick(&EMAILS);
        match self.size.is_careful && !self.one_in(CARELESS) {
            true => format!("{n}{email}"),
            false => email.to_owned(),
        }
    }

    fn unique_value(&self, own: Id, n: u64) -> UniqueValue {
        let (index, of) = (id(Kind::UniqueValue, 0), self.some_id(Kind::Contact));
        UniqueValue::of(own, index, format!("v{}", self.field_number(n)), of)
    }

    fn field_number(&self, n: u64) -> u64 {
        match self.size.is_careful && !self.one_in(CARELESS) {
            true => n,
            false => self.below(3),
        }
    }

    /// A write that the state allows, as far as it alone decides.
    async fn allowed_write(&self, scope: Scope, own: Id, n: u64) -> Write {
        let stored = self.reference.get(scope, own).await;
        let Some(stored) = stored.expect("the reference answers") else {
            return insert(self.record(own, n));
        };
        let before = stored.into_entry().expect("it was written as an entry");
        let changes = own.kind() != Kind::Association;
        if !changes || self.one_in(4) {
            return Write::Delete(before);
        }
        let mut after = self.record(own, n);
        set_version(&mut after, before.record.version() + 1);
        Write::Replace {
            before,
            after: Entry::new(after),
        }
    }

    /// The record of this id as it is, as it was, or as it never was.
    async fn before(&self, scope: Scope, own: Id, n: u64) -> Record {
        let stored = self
            .reference
            .get(scope, own)
            .await
            .expect("the reference answers");
        let mut record = match stored {
            Some(document) => {
                document
                    .into_entry()
                    .expect("it was written as an entry")
                    .record
            }
            None => self.record(own, n),
        };
        if self.one_in(8) {
            let step = if self.one_in(2) { 1 } else { -1 };
            let version = record.version() + step;
            set_version(&mut record, version);
        }
        record
    }

    async fn some_write(&self, scope: Scope, own: Id, n: u64) -> Write {
        if self.size.is_careful && !self.one_in(CARELESS) {
            return self.allowed_write(scope, own, n).await;
        }
        let changes = own.kind() != Kind::Association;
        match self.below(6) {
            0..=2 => insert(self.record(own, n)),
            3..=4 if changes => {
                let before = self.before(scope, own, n).await;
                let mut after = self.record(own, n);
                set_version(&mut after, before.version() + 1);
                Write::Replace {
                    before: Entry::new(before),
                    after: Entry::new(after),
                }
            }
            _ => delete(self.before(scope, own, n).await),
        }
    }

    async fn some_batch(&self, scope: Scope) -> Batch {
        let (mut writes, mut named) = (Vec::new(), HashSet::new());
        // Edges are unlinked or made, since a batch names a record once.
        let unlinks = self.one_in(2);
        for _ in 0..=self.below(self.size.writes) {
            // Deliveries more often than others, since a lease meets only those that are due.
            let kind = if self.one_in(4) {
                Kind::Delivery
            } else {
                self.pick(&KINDS)
            };
            let n = self.below(self.size.ids);
            let own = id(kind, n);
            if !named.insert(own) {
                continue;
            }
            if kind == Kind::Association && unlinks {
                // It may delete what it unlinks.
                if let Some(edge) = self.stored(scope, own).await {
                    writes.push(delete(edge));
                }
                continue;
            }
            writes.push(self.some_write(scope, own, n).await);
        }
        if unlinks && self.one_in(2) {
            writes.push(Write::Unlink(self.some_id(Kind::Contact)));
        }
        if self.one_in(4) {
            writes.insert(
                self.below(writes.len() as u64 + 1) as usize,
                Write::Reconfigure,
            );
        }
        if self.one_in(4) {
            writes.push(Write::Remember(self.response()));
        } else if self.one_in(3) {
            let about = self.some_id(Kind::Contact);
            writes.extend(self.some_keys().map(|key| Write::Forget { key, about }));
        }
        let requires = self.some_requirements(scope, &named).await;
        Batch {
            scope,
            now: self.now,
            requires,
            writes,
        }
    }

    async fn some_requirements(&self, scope: Scope, named: &HashSet<Id>) -> Vec<Require> {
        let mut requires = Vec::new();
        if self.one_in(4) {
            let now = self
                .reference
                .configuration(scope, None)
                .await
                .expect("the reference answers");
            let off = if self.one_in(4) { 1 } else { 0 };
            requires.push(Require::Configuration(now.version + off));
        }
        for kind in [Kind::Contact, Kind::Company, Kind::Deal] {
            let required = self.some_id(kind);
            let chances = if kind == Kind::Deal { 30 } else { 6 };
            if self.one_in(chances) && !named.contains(&required) {
                requires.push(Require::Exists(required));
            }
        }
        requires
    }

    /// Some of the keys of responses.
    fn some_keys(&self) -> impl Iterator<Item = String> {
        let keys = KEYS.into_iter().filter(|_| self.one_in(2));
        keys.map(str::to_owned)
    }

    fn response(&self) -> StoredResponse {
        let outcome = self.below(100).cast_signed();
        StoredResponse {
            key: self.pick(&KEYS).to_owned(),
            fingerprint: [outcome as u8; 32],
            outcome,
            body: format!("{{\"outcome\": {outcome}}}").into(),
            expires_at: self
                .now
                .saturating_add_millis(1 + self.below(200).cast_signed()),
            about: self.some_contacts(),
        }
    }

    /// None, one or several, each once.
    fn some_contacts(&self) -> Vec<Id> {
        let contacts = (0..self.below(4)).map(|_| self.some_id(Kind::Contact));
        contacts.collect::<BTreeSet<Id>>().into_iter().collect()
    }

    pub(crate) async fn commit(&self, scope: Scope) {
        self.commit_batch(self.some_batch(scope).await).await;
    }

    /// Records an attempt of a delivery that was leased, as a sender does: it is rescheduled, done, or due as it was.
    pub(crate) async fn record_attempt(&self, scope: Scope, leased: &Document) {
        let before: Delivery = leased.decode().expect("a queue holds deliveries");
        let after = changed_delivery(&before, |it| match self.below(3) {
            0 => it.next_attempt_at = Some(self.fresh_moment()),
            1 => it.next_attempt_at = None,
            _ => {}
        });
        let batch = Batch {
            scope,
            now: self.now,
            requires: Vec::new(),
            writes: vec![replace(before, after)],
        };
        self.commit_batch(batch).await;
    }

    async fn commit_batch(&self, batch: Batch) {
        // Checked before the reference changes.
        let answered = match self.under_test.commit(batch.clone()).await {
            Ok(()) => None,
            Err(CommitError::Refused(refusal)) => Some(refusal),
            Err(CommitError::Store(error)) => self.differ(&format!("{batch:?}: {error:?}")),
        };
        let holds = match &answered {
            Some(refusal) => self.holds(&batch, refusal).await,
            None => true,
        };
        let expected = match self.reference.commit(batch.clone()).await {
            Ok(()) => None,
            Err(CommitError::Refused(refusal)) => Some(refusal),
            Err(CommitError::Store(error)) => panic!("the reference failed: {error:?}"),
        };
        let same = answered.as_ref().map(discriminant) == expected.as_ref().map(discriminant);
        if !same || !holds {
            self.differ(&format!("{batch:?}: {answered:?}\ninstead of {expected:?}"));
        }
    }

    /// The record of this id in the reference.
    async fn stored(&self, scope: Scope, id: Id) -> Option<Record> {
        let stored = self.reference.get(scope, id).await;
        let stored = stored.expect("the reference answers")?;
        let entry = stored.into_entry().expect("it was written as an entry");
        Some(entry.record)
    }

    /// Whether what a refusal says is so: of several failures of one variant, a store may report any.
    async fn holds(&self, batch: &Batch, refusal: &Refusal) -> bool {
        let scope = batch.scope;
        match refusal {
            Refusal::Configuration | Refusal::ResponseExists => true,
            Refusal::Missing(ids) => self.are_all_missing(batch, ids).await,
            Refusal::VersionConflict { write } => match &batch.writes[*write] {
                Write::Replace { before: read, .. } | Write::Delete(read) => {
                    let now = self.stored(scope, read.record.id()).await;
                    now.is_none_or(|now| now.version() != read.record.version())
                }
                Write::Insert(_)
                | Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => false,
            },
            Refusal::IdConflict { write } => match &batch.writes[*write] {
                Write::Insert(entry) => self.stored(scope, entry.record.id()).await.is_some(),
                Write::Replace { .. }
                | Write::Delete(_)
                | Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => false,
            },
            Refusal::UniqueConflict { write, holder } => match written(&batch.writes[*write]) {
                Some(record) => self.has_key_of(batch, *holder, record).await,
                None => false,
            },
        }
    }

    /// Whether these are the required records that do not exist.
    async fn are_all_missing(&self, batch: &Batch, ids: &[Id]) -> bool {
        let mut missing = Vec::new();
        for require in &batch.requires {
            if let Require::Exists(id) = require
                && self.stored(batch.scope, *id).await.is_none()
            {
                missing.push(*id);
            }
        }
        missing.sort_unstable();
        let mut reported = ids.to_vec();
        reported.sort_unstable();
        reported == missing
    }

    /// Whether the holder has the unique key of a record of the batch, before the batch or by it.
    async fn has_key_of(&self, batch: &Batch, holder: Id, record: &Record) -> bool {
        let key = record.unique_key();
        let same = |other: &Record| other.kind() == record.kind() && other.unique_key() == key;
        let of_batch = batch
            .writes
            .iter()
            .filter_map(written)
            .find(|other| other.id() == holder);
        let deleted =
            |write: &Write| matches!(write, Write::Delete(entry) if entry.record.id() == holder);
        let holds = match of_batch {
            Some(other) => same(other),
            None if batch.writes.iter().any(deleted) => false,
            None => {
                let stored = self.stored(batch.scope, holder).await;
                stored.is_some_and(|other| same(&other))
            }
        };
        key.is_some() && record.id() != holder && holds
    }
}

/// The record that a write leaves in the store.
fn written(write: &Write) -> Option<&Record> {
    match write {
        Write::Insert(entry) | Write::Replace { after: entry, .. } => Some(&entry.record),
        Write::Delete(_)
        | Write::Unlink(_)
        | Write::Reconfigure
        | Write::Remember(_)
        | Write::Forget { .. } => None,
    }
}
