//! What `tracing` sees of the engine, behind the feature of that name.
#![cfg(feature = "tracing")]

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use relm_core::{ContactInput, Crm, ListRequest, Mode};
use relm_store_memory::MemoryStore;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Keeps the name and the fields of every span of the engine.
#[derive(Clone, Default)]
struct Spans {
    seen: Arc<Mutex<Vec<String>>>,
    ids: Arc<AtomicU64>,
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a String takes it");
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("relm_core")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut span = attributes.metadata().name().to_owned();
        attributes.record(&mut Fields(&mut span));
        self.seen.lock().expect("no test panicked").push(span);
        Id::from_u64(self.ids.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_change_a_list_and_each_call_of_the_store_are_spans_without_values() {
    let spans = Spans::default();
    let seen = Arc::clone(&spans.seen);
    let workspace = tracing::subscriber::with_default(spans, || {
        pollster::block_on(async {
            let crm = Crm::new(MemoryStore::new());
            let acme = crm.create_workspace("acme").await.unwrap();
            let test = crm.open(acme.id, Mode::Test).await.unwrap();
            seen.lock().unwrap().clear();
            let input = ContactInput {
                email: "ada@example.com".into(),
                ..Default::default()
            };
            test.contacts().create(input).await.unwrap();
            let all = ListRequest::default();
            test.contacts().list(&all).await.unwrap();
            acme.id
        })
    });
    let seen = seen.lock().unwrap();
    let of = format!("workspace={workspace} mode=test");
    let expected = [
        format!("relm.change change=Create<Contact> {of}"),
        r#"relm.store call="configuration""#.to_owned(),
        r#"relm.store call="commit""#.to_owned(),
        format!(r#"relm.list of="contact" {of}"#),
        r#"relm.store call="list""#.to_owned(),
    ];
    assert_eq!(*seen, expected);
}
