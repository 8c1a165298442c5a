//! Imports of rows that a dry run kept.

use relm_core::engine::{ImportOptions, Importer, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::import::{Import, ImportStatus};
use relm_core::record::object::ObjectType;
use relm_core::value::id::{Id, Kind};
use serde_json::json;

use super::acme::{Acme, failure};
use crate::subject::Subject;

fn contacts() -> ImportOptions {
    ImportOptions::new(ObjectType::Contact).dedup_on("email")
}

/// A file of so many contacts, of which every hundredth has no address that is one, and some lines that are no rows.
fn file(rows: usize) -> String {
    let mut file = "E-mail,First Name,Fax\n".to_owned();
    for n in 0..rows {
        let at = if n % 100 == 99 { "" } else { "@" };
        file += &format!("c{n}{at}example.com,Name {n},{n}\n");
        if n % 500 == 7 {
            file += "one,two,three,four\n";
        }
    }
    file
}

fn counts(import: &Import) -> [i64; 6] {
    [
        import.rows_received,
        import.rows,
        import.created,
        import.updated,
        import.unchanged,
        import.failed,
    ]
}

async fn start(scoped: &Scoped, options: ImportOptions, file: &str) -> Id {
    let started = scoped.imports().start(options, file.as_bytes()).await;
    started.expect("the file is one").id
}

async fn done(acme: &Acme, id: Id) -> Import {
    let worked = Importer::new(acme.crm.clone()).work_off().await;
    worked.expect("the store answers");
    let found = acme.scoped.imports().get(id).await;
    found.expect("the store answers").expect("it is there")
}

async fn start_from(scoped: &Scoped, from: Id, options: ImportOptions) -> Id {
    let begun = scoped.imports().start_from(from, options).await;
    let begun = begun.expect("its rows are there");
    begun.decode().expect("it is an import").id
}

/// Rows that a dry run kept are imported as if the file was sent again, as often as somebody wants, by whatever mapping; and a preview says what
/// the columns are.
pub(crate) async fn a_dry_run_keeps_its_rows_for_imports(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let kept = start(scoped, contacts().keep_rows(), &file(1_101)).await;
    let dry = done(&acme, kept).await;
    assert!(dry.dry_run && dry.status == ImportStatus::Completed);
    assert_eq!(counts(&dry), [1_104, 1_104, 1_090, 0, 0, 14]);
    let preview = scoped.imports().preview(kept, 5).await;
    let preview = preview.expect("it is there");
    assert!(preview.has_rows && preview.failed.len() == 5);
    let columns = preview.columns.iter();
    let columns: Vec<(&str, Option<&str>, &str)> = columns
        .map(|it| (&*it.header, it.member.as_deref(), &*it.samples[1]))
        .collect();
    let expected = [
        ("E-mail", Some("email"), "c1@example.com"),
        ("First Name", Some("first_name"), "Name 1"),
        ("Fax", None, "1"),
    ];
    assert_eq!(columns, expected);

    let mapping = json!({ "Fax": "metadata.fax" });
    let mapped = contacts().mapping(mapping.as_object().expect("it is one").clone());
    let again = start_from(scoped, kept, mapped.clone().keep_rows()).await;
    let tried = done(&acme, again).await;
    assert_eq!(counts(&tried), counts(&dry));
    assert!(acme.all(&store, Kind::Contact).await.is_empty());
    let real = start_from(scoped, again, mapped).await;
    let real = done(&acme, real).await;
    assert_eq!((counts(&real), real.bytes), (counts(&dry), dry.bytes));
    assert_eq!(real.format, dry.format);
    let made = acme.all(&store, Kind::Contact).await;
    assert_eq!(made.len(), 1_090);
    assert!(made.iter().all(|it| it.json.contains("\"fax\":\"")));
    let once_more = start_from(scoped, kept, contacts()).await;
    let once_more = done(&acme, once_more).await;
    assert_eq!(counts(&once_more), [1_104, 1_104, 0, 0, 1_090, 14]);

    // Rows are there of a dry run that kept them, and has completed.
    let without = start(scoped, contacts().dry_run(), &file(3)).await;
    let waiting = start(scoped, contacts().keep_rows(), &file(3)).await;
    for id in [real.id, without, waiting] {
        let refused = scoped.imports().start_from(id, contacts()).await;
        assert_eq!(failure(refused), ErrorKind::Conflict);
    }
    let deleted = scoped.imports().delete(kept).await;
    deleted.expect("it has ended");
    let refused = scoped.imports().start_from(kept, contacts()).await;
    assert_eq!(failure(refused), ErrorKind::NotFound);
}
