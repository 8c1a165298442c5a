//! The engine in process, over memory and over SQLite: what a call costs without a wire.

use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, criterion_group, criterion_main};
use pollster::block_on;
use relm_core::engine::{BatchInput, Crm};
use relm_core::{Contact, ContactInput, Id, ListRequest, Mode, Scoped, SearchRequest};
use relm_store_memory::MemoryStore;
use relm_store_seaorm::{SqliteOptions, SqliteStore, Synchronous};

static NUMBER: AtomicU64 = AtomicU64::new(0);

fn contact() -> ContactInput {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    ContactInput {
        email: format!("user{number}@example.com").into(),
        first_name: format!("Given{}", number % 1000).into(),
        last_name: format!("Family{}", number % 200).into(),
        ..Default::default()
    }
}

/// A workspace of so many contacts, and one of them.
fn seeded(crm: &Crm, rows: usize) -> (Scoped, Id) {
    block_on(async {
        let workspace = crm.create_workspace("bench").await.expect("a fresh store");
        let scoped = crm
            .open(workspace.id, Mode::Live)
            .await
            .expect("a workspace");
        for _ in 0..rows / 500 {
            let contacts = (0..500).map(|_| contact()).collect();
            let batch = BatchInput {
                rows: contacts,
                ..Default::default()
            };
            scoped.contacts().batch(batch).await.expect("a batch");
        }
        let some = scoped
            .contacts()
            .create(contact())
            .await
            .expect("a contact");
        (scoped, some.id)
    })
}

fn engine(criterion: &mut Criterion) {
    let memory = Crm::new(MemoryStore::new());
    bench(criterion, "memory", &memory, 1_000);
    for rows in [1_000, 100_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options =
            SqliteOptions::new(folder.path().join("relm.db")).synchronous(Synchronous::Normal);
        let crm = Crm::new(SqliteStore::open(options).expect("a fresh database"));
        bench(criterion, &format!("sqlite, {rows} contacts"), &crm, rows);
    }
}

fn bench(criterion: &mut Criterion, name: &str, crm: &Crm, rows: usize) {
    let (scoped, id) = seeded(crm, rows);
    let contacts = scoped.contacts();
    let mut group = criterion.benchmark_group(name);
    group.sample_size(30);
    group.bench_function("get", |b| b.iter(|| block_on(contacts.get_json(id))));
    group.bench_function("get, typed", |b| b.iter(|| block_on(contacts.get(id))));
    let filtered = ListRequest::default()
        .filter(Contact::last_name().eq("Family7"))
        .limit(50);
    group.bench_function("filtered list of 50", |b| {
        b.iter(|| block_on(contacts.list(&filtered).documents()))
    });
    group.bench_function("filtered list of 50, typed", |b| {
        b.iter(|| block_on(async { contacts.list(&filtered).await }))
    });
    let search = SearchRequest {
        q: "given77".to_owned(),
        ..Default::default()
    };
    group.bench_function("search", |b| {
        b.iter(|| block_on(scoped.search(&search).documents()))
    });
    group.bench_function("create", |b| {
        b.iter(|| block_on(contacts.create(contact())))
    });
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
