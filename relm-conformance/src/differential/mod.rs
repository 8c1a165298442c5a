//! The model test: random operations on two stores, which must agree at each step.

mod awaited;
mod commits;
mod records;
mod responses;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use relm_core::query::filter::{self, Filter, Operator};
use relm_core::query::search::SearchTerms;
use relm_core::record::object::ObjectType;
use relm_core::store::{Batch, Configuration, Lease, Query, Queue, Search, Store};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::time::{Rng, SeededRng, Timestamp};

use crate::records::{SCOPE, endpoint, id, insert, workspace};
use crate::subject::NOW;
use crate::{BlockOn, deadline};

/// How much a run draws from.
struct Size {
    ids: u64,
    endpoints: u64,
    /// Writes of one batch.
    writes: u64,
    /// Records of one page.
    page: u64,
    /// How far ahead, in milliseconds, a delivery is planned and a lease ends: few enough that the clock gets there.
    ahead_ms: u64,
    /// Whether most writes are such as the state allows: of hundreds, one that is refused is enough.
    is_careful: bool,
}

/// Few ids and keys, so that operations meet; and fewer endpoints, so that several deliveries wait in one queue.
const SMALL: Size = Size {
    ids: 8,
    endpoints: 2,
    writes: 5,
    page: 6,
    ahead_ms: 40,
    is_careful: false,
};
/// Hundreds of them, so that batches, pages and queues cross the bounds at which a store reads and writes.
const LARGE: Size = Size {
    ids: 700,
    endpoints: 40,
    writes: 500,
    page: 300,
    ahead_ms: 4_000,
    is_careful: true,
};
/// One of so many seeds is of a large run, which takes as long as several small ones.
const SEEDS_PER_LARGE: u64 = 10;
const KINDS: [Kind; 8] = [
    Kind::Contact,
    Kind::Company,
    Kind::Association,
    Kind::Field,
    Kind::Webhook,
    Kind::Delivery,
    Kind::Trashed,
    Kind::UniqueValue,
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
/// `reference` is a store that is known to be correct. `block_on` runs the futures of both, as in
/// [`Case::run`](crate::Case::run).
///
/// # Panics
/// When the two differ, with the seed and the step: the same seed does the same operations again.
pub fn run(
    reference: Arc<dyn Store>,
    under_test: Arc<dyn Store>,
    seed: u64,
    steps: usize,
    block_on: BlockOn,
) {
    let name = format!("the model of seed {seed}");
    deadline::within(&name, under_test, move |under_test| {
        block_on(Box::pin(operate(reference, under_test, seed, steps)));
    });
}

async fn operate(reference: Arc<dyn Store>, under_test: Arc<dyn Store>, seed: u64, steps: usize) {
    let mut model = Model {
        reference,
        under_test,
        dice: SeededRng::new(seed),
        size: match seed.is_multiple_of(SEEDS_PER_LARGE) {
            true => LARGE,
            false => SMALL,
        },
        seed,
        step: 0,
        now: NOW,
        moments: Mutex::default(),
    };
    model.insert_workspace().await;
    for step in 0..steps {
        model.step = step;
        model.now = model
            .now
            .saturating_add_millis(model.below(model.size.ahead_ms / 4).cast_signed());
        let scope = model.scope();
        match model.below(12) {
            0..=4 => model.commit(scope).await,
            5 => model.read(scope).await,
            6..=7 => model.list(scope).await,
            8 => model.search(scope).await,
            9 => model.recall(scope).await,
            _ => model.deliver(scope).await,
        }
        if (step + 1).is_multiple_of(STEPS_PER_COMPARISON) || step + 1 == steps {
            model.compare_whole().await;
        }
    }
}

struct Model {
    reference: Arc<dyn Store>,
    under_test: Arc<dyn Store>,
    dice: SeededRng,
    size: Size,
    seed: u64,
    step: usize,
    now: Timestamp,
    /// When deliveries were ever planned or leases over.
    moments: Mutex<HashSet<Timestamp>>,
}

/// Asks both stores the same, compares the answers, and gives them.
macro_rules! both {
    ($model:expr, $what:expr, $method:ident($($argument:expr),*)) => {{
        let expected = $model.reference.$method($($argument),*).await.expect("the reference answers");
        let answered = $model.under_test.$method($($argument),*).await;
        let answered = answered.unwrap_or_else(|error| $model.differ(&format!("{}: {error:?}", $what)));
        if answered != expected {
            $model.differ(&format!("{}: {answered:?}\ninstead of {expected:?}", $what));
        }
        expected
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

    async fn insert_workspace(&self) {
        let batch = Batch {
            scope: Scope::SYSTEM,
            now: self.now,
            requires: Vec::new(),
            writes: vec![insert(workspace(SCOPE.workspace()))],
        };
        let expected = self.reference.commit(batch.clone()).await;
        expected.expect("the reference is empty");
        let inserted = self.under_test.commit(batch).await;
        inserted.unwrap_or_else(|error| self.differ(&format!("a workspace: {error:?}")));
    }

    fn scope(&self) -> Scope {
        if self.one_in(4) {
            return Scope::new(SCOPE.workspace(), Mode::Test);
        }
        SCOPE
    }

    fn page_limit(&self) -> usize {
        1 + self.below(self.size.page) as usize
    }

    fn some_id(&self, kind: Kind) -> Id {
        id(kind, self.below(self.size.ids))
    }

    async fn read(&self, scope: Scope) {
        let own = self.some_id(self.pick(&KINDS));
        both!(self, format!("get {own}"), get(scope, own));
        let mut keys: Vec<String> = EMAILS.map(relm_core::value::text::fold).to_vec();
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
            let survivor = self.some_id(Kind::Contact).to_string();
            let values = [
                "merged",
                "merging",
                survivor.as_str(),
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
            limit: self.page_limit(),
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
            limit: self.page_limit(),
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

    /// Leases one delivery at a time, since those of one lease would end at one moment.
    async fn deliver(&self, scope: Scope) {
        for _ in 0..=self.below(3) {
            let lease = Lease {
                scope,
                webhook: endpoint(self.below(self.size.endpoints)),
                now: self.now,
                until: self.fresh_moment(),
                limit: 1,
            };
            for leased in both!(self, format!("{lease:?}"), lease(&lease)) {
                if self.one_in(2) {
                    self.record_attempt(scope, &leased).await;
                }
            }
        }
        self.compare_queues().await;
    }

    /// Walks the queues of both stores, each in its own order.
    async fn compare_queues(&self) {
        let limit = self.page_limit();
        let expected = self.walk_queues(&*self.reference, limit).await;
        let walked = self.walk_queues(&*self.under_test, limit).await;
        if walked != expected {
            self.differ(&format!(
                "queues, {limit} at a time: {walked:?}\ninstead of {expected:?}"
            ));
        }
    }

    /// Every queue of a store, sorted.
    async fn walk_queues(&self, store: &dyn Store, limit: usize) -> Vec<Queue> {
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let page = store.queues(after, limit).await;
            let page = page.unwrap_or_else(|error| self.differ(&format!("queues: {error:?}")));
            after = page.last().map(|last| last.key);
            walked.extend(page.iter().copied());
            if page.len() != limit {
                walked.sort_unstable_by_key(|queue| queue.key);
                return walked;
            }
        }
    }

    async fn recall(&self, scope: Scope) {
        for key in KEYS {
            both!(
                self,
                format!("response {key}"),
                response(scope, key, self.now)
            );
        }
        self.compare_responses_about(scope).await;
        self.compare_configuration(scope).await;
    }

    async fn compare_configuration(&self, scope: Scope) {
        // Once whole, and once by a client that knows it or knows an earlier one.
        let version = self.compare_configuration_known(scope, None).await;
        let known = version.saturating_sub(i64::from(self.one_in(2)));
        self.compare_configuration_known(scope, Some(known)).await;
    }

    async fn compare_configuration_known(&self, scope: Scope, known: Option<i64>) -> i64 {
        // What is known has nothing in it, so that it is told from what is read.
        let known = known.map(|version| {
            Arc::new(Configuration {
                version,
                ..Configuration::default()
            })
        });
        let expected = self.reference.configuration(scope, known.clone()).await;
        let expected = expected.expect("the reference answers");
        let answered = self.under_test.configuration(scope, known).await;
        let answered =
            answered.unwrap_or_else(|error| self.differ(&format!("configuration: {error:?}")));
        let parts = |it: &Configuration| (it.version, it.fields.clone(), it.webhooks.clone());
        if parts(&answered) != parts(&expected) {
            self.differ(&format!(
                "configuration: {answered:?}\ninstead of {expected:?}"
            ));
        }
        expected.version
    }

    async fn compare_whole(&self) {
        for scope in [SCOPE, Scope::new(SCOPE.workspace(), Mode::Test)] {
            for kind in KINDS {
                let query = Query {
                    kind,
                    clauses: Vec::new(),
                    after: None,
                    limit: 1_000,
                };
                both!(self, format!("list {query:?}"), list(scope, &query));
            }
            self.recall(scope).await;
            self.read(scope).await;
        }
        self.compare_awaited().await;
        self.compare_queues().await;
    }
}
