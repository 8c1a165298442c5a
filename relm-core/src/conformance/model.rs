//! The model test: random operations on two stores, which must agree at each step.

use std::collections::HashSet;
use std::mem::discriminant;
use std::sync::Arc;

use serde_json::json;

use super::records::{SCOPE, company, contact, delete, edge, field, id, insert, webhook};
use super::subject::NOW;
use crate::filter::{self, Filter, Operator};
use crate::id::{Id, Kind};
use crate::object::ObjectType;
use crate::record::{Entry, Record};
use crate::scope::{Mode, Scope};
use crate::search::SearchTerms;
use crate::store::{
    Batch, CommitError, Query, Refusal, Require, Search, Store, StoredResponse, Write,
};
use crate::time::{Entropy, SeededEntropy, Timestamp};

/// Few ids and keys, so that operations meet.
const IDS: u64 = 8;
const KINDS: [Kind; 5] = [
    Kind::Contact,
    Kind::Company,
    Kind::Association,
    Kind::Field,
    Kind::Webhook,
];
const EMAILS: [&str; 5] = [
    "ada@example.com",
    "Ada@example.com",
    "bob@example.com",
    "éve@example.com",
    "eve@example.com",
];
const NAMES: [&str; 6] = ["Ada", "ada ", "Åda", "Bob", "", "\u{10000}"];
const KEYS: [&str; 3] = ["one", "One", "two"];
/// How often the whole of both stores is compared.
const STEPS_PER_COMPARISON: usize = 20;

/// Does `steps` random operations on two stores and compares what each of them answers and then holds. Both are empty;
/// `reference` is a store that is known to be correct.
///
/// # Panics
/// When the two differ, with the seed and the step: the same seed does the same operations again.
pub async fn run(reference: Arc<dyn Store>, under_test: Arc<dyn Store>, seed: u64, steps: usize) {
    let mut model = Model {
        reference,
        under_test,
        dice: SeededEntropy::new(seed),
        seed,
        step: 0,
        now: NOW,
    };
    for step in 0..steps {
        model.step = step;
        model.now = model
            .now
            .saturating_add_millis(model.below(10).cast_signed());
        let scope = model.scope();
        match model.below(10) {
            0..=4 => model.commit(scope).await,
            5 => model.read(scope).await,
            6..=7 => model.list(scope).await,
            8 => model.search(scope).await,
            _ => model.recall(scope).await,
        }
        if (step + 1).is_multiple_of(STEPS_PER_COMPARISON) || step + 1 == steps {
            model.compare_whole().await;
        }
    }
}

struct Model {
    reference: Arc<dyn Store>,
    under_test: Arc<dyn Store>,
    dice: SeededEntropy,
    seed: u64,
    step: usize,
    now: Timestamp,
}

/// Asks both stores the same, and compares the answers.
macro_rules! both {
    ($model:expr, $what:expr, $method:ident($($argument:expr),*)) => {{
        let expected = $model.reference.$method($($argument),*).await.expect("the reference answers");
        let answered = $model.under_test.$method($($argument),*).await;
        let answered = answered.unwrap_or_else(|error| $model.differ(&format!("{}: {error:?}", $what)));
        if answered != expected {
            $model.differ(&format!("{}: {answered:?}\ninstead of {expected:?}", $what));
        }
    }};
}

impl Model {
    fn differ(&self, what: &str) -> ! {
        panic!("seed {}, step {}: {what}", self.seed, self.step);
    }

    /// A number below `end`.
    fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.dice.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end
    }

    fn one_in(&self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Copy>(&self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }

    fn scope(&self) -> Scope {
        if self.one_in(4) {
            return Scope::new(SCOPE.workspace(), Mode::Test);
        }
        SCOPE
    }

    fn some_id(&self, kind: Kind) -> Id {
        id(kind, self.below(IDS))
    }

    /// A record of this id that did not exist yet.
    fn record(&self, own: Id, n: u64) -> Record {
        match own.kind() {
            Kind::Contact => {
                let mut contact = contact(n);
                contact.email = (!self.one_in(3)).then(|| self.pick(&EMAILS).to_owned());
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
            Kind::Field => field(n, &format!("k{}", self.below(3))).into(),
            _ => webhook(n).into(),
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
        let changes = matches!(own.kind(), Kind::Contact | Kind::Company | Kind::Webhook);
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
        // Edges are unlinked or written, since a batch names a record once.
        let unlinks = self.one_in(2);
        for _ in 0..=self.below(4) {
            let (kind, n) = (self.pick(&KINDS), self.below(IDS));
            let own = id(kind, n);
            if (kind == Kind::Association && unlinks) || !named.insert(own) {
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
        }
        let mut requires = Vec::new();
        if self.one_in(4) {
            let now = self
                .reference
                .configuration(scope)
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
        Batch {
            scope,
            now: self.now,
            requires,
            writes,
        }
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
        }
    }

    async fn commit(&self, scope: Scope) {
        let batch = self.some_batch(scope).await;
        // Judged before the reference changes.
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

    /// Whether what a refusal says is so: of several failures of one variant, a store may tell any.
    async fn holds(&self, batch: &Batch, refusal: &Refusal) -> bool {
        let stored = async |id: Id| {
            let stored = self
                .reference
                .get(batch.scope, id)
                .await
                .expect("the reference answers");
            stored.map(|document| {
                document
                    .into_entry()
                    .expect("it was written as an entry")
                    .record
            })
        };
        match refusal {
            Refusal::Configuration | Refusal::ResponseExists => true,
            Refusal::Missing(ids) => {
                let mut missing = Vec::new();
                for require in &batch.requires {
                    if let Require::Exists(id) = require
                        && stored(*id).await.is_none()
                    {
                        missing.push(*id);
                    }
                }
                missing.sort_unstable();
                let mut told = ids.clone();
                told.sort_unstable();
                told == missing
            }
            Refusal::Stale { write } => match &batch.writes[*write] {
                Write::Replace { before: read, .. } | Write::Delete(read) => {
                    let now = stored(read.record.id()).await;
                    now.is_none_or(|now| now.version() != read.record.version())
                }
                Write::Insert(_) | Write::Unlink(_) | Write::Reconfigure | Write::Remember(_) => {
                    false
                }
            },
            Refusal::IdTaken { write } => match &batch.writes[*write] {
                Write::Insert(entry) => stored(entry.record.id()).await.is_some(),
                Write::Replace { .. }
                | Write::Delete(_)
                | Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_) => false,
            },
            Refusal::KeyTaken { write, holder } => {
                let Some(record) = written(&batch.writes[*write]) else {
                    return false;
                };
                let key = record.unique_key();
                let same =
                    |other: &Record| other.kind() == record.kind() && other.unique_key() == key;
                let of_batch = batch
                    .writes
                    .iter()
                    .filter_map(written)
                    .find(|other| other.id() == *holder);
                let deleted = |write: &Write| matches!(write, Write::Delete(entry) if entry.record.id() == *holder);
                let holds = match of_batch {
                    Some(other) => same(other),
                    None => {
                        !batch.writes.iter().any(deleted)
                            && stored(*holder).await.is_some_and(|other| same(&other))
                    }
                };
                key.is_some() && record.id() != *holder && holds
            }
        }
    }

    async fn read(&self, scope: Scope) {
        let own = self.some_id(self.pick(&KINDS));
        both!(self, format!("get {own}"), get(scope, own));
        let mut keys: Vec<String> = EMAILS.map(crate::text::fold).to_vec();
        keys.rotate_left(self.below(5) as usize);
        both!(
            self,
            format!("find {keys:?}"),
            find(scope, Kind::Contact, &keys)
        );
    }

    async fn list(&self, scope: Scope) {
        let kind = self.pick(&KINDS);
        let mut filters = Vec::new();
        for _ in 0..self.below(3) {
            let names: Vec<&str> = filter::filterable(kind).chain(["metadata.plan"]).collect();
            let own = self.some_id(kind).to_string();
            let values = [
                "Ada",
                "ada@example.com",
                "free",
                "5",
                "%da%",
                "true",
                "false",
                "2026-07-02T10:00:00Z",
                own.as_str(),
                "Ada,Bob,",
            ];
            filters.push(Filter {
                field: self.pick(&names).to_owned(),
                operator: self.pick(&Operator::ALL).as_str().to_owned(),
                value: self.pick(&values).to_owned(),
            });
        }
        // What makes no sense never gets to a store.
        let clauses = filter::parse(kind, &[], &filters).unwrap_or_default();
        let after = self.one_in(2).then(|| self.some_id(kind));
        let query = Query {
            kind,
            clauses,
            after,
            limit: 1 + self.below(6) as usize,
        };
        both!(self, format!("list {query:?}"), list(scope, &query));
    }

    async fn search(&self, scope: Scope) {
        let own = self.some_id(Kind::Contact).to_string();
        let text = self.pick(&[
            "ada",
            "example",
            "ada@example.com",
            "eve bob",
            "free",
            "b",
            own.as_str(),
        ]);
        let types = if self.one_in(3) {
            vec![ObjectType::Contact]
        } else {
            ObjectType::ALL.to_vec()
        };
        let terms = SearchTerms::parse(text).expect("the query is well-formed");
        let mut search = Search {
            terms,
            types,
            after: None,
            limit: 1 + self.below(4) as usize,
        };
        both!(self, format!("search {search:?}"), search(scope, &search));
        let page = self
            .reference
            .search(scope, &search)
            .await
            .expect("the reference answers");
        search.after = page.last;
        both!(self, format!("search {search:?}"), search(scope, &search));
    }

    async fn recall(&self, scope: Scope) {
        for key in KEYS {
            both!(
                self,
                format!("response {key}"),
                response(scope, key, self.now)
            );
        }
        self.compare_configuration(scope).await;
    }

    async fn compare_configuration(&self, scope: Scope) {
        let expected = self
            .reference
            .configuration(scope)
            .await
            .expect("the reference answers");
        let answered = self.under_test.configuration(scope).await;
        let answered =
            answered.unwrap_or_else(|error| self.differ(&format!("configuration: {error:?}")));
        let same = (answered.version, &answered.fields, &answered.webhooks)
            == (expected.version, &expected.fields, &expected.webhooks);
        if !same {
            self.differ(&format!(
                "configuration: {answered:?}\ninstead of {expected:?}"
            ));
        }
    }

    async fn compare_whole(&self) {
        for scope in [SCOPE, Scope::new(SCOPE.workspace(), Mode::Test)] {
            for kind in KINDS {
                let query = Query {
                    kind,
                    clauses: Vec::new(),
                    after: None,
                    limit: 100,
                };
                both!(self, format!("list {query:?}"), list(scope, &query));
            }
            self.recall(scope).await;
            self.read(scope).await;
        }
    }
}

/// The record that a write leaves in the store.
fn written(write: &Write) -> Option<&Record> {
    match write {
        Write::Insert(entry) | Write::Replace { after: entry, .. } => Some(&entry.record),
        Write::Delete(_) | Write::Unlink(_) | Write::Reconfigure | Write::Remember(_) => None,
    }
}

/// Gives a record another version, where its kind has any.
fn set_version(record: &mut Record, version: i64) {
    match record {
        Record::Contact(contact) => contact.version = version,
        Record::Company(company) => company.version = version,
        Record::Webhook(webhook) => webhook.version = version,
        _ => {}
    }
}
