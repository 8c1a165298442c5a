//! Dry runs of imports, beside the imports themselves: random files, which come to the same.

use futures_util::TryStreamExt;
use relm_core::Metadata;
use relm_core::engine::{BatchInput, ImportOptions, Importer};
use relm_core::limits::FILE_HEADER_BYTES_MAX;
use relm_core::record::Document;
use relm_core::record::field::{FieldInput, FieldType};
use relm_core::record::file::{FileFormat, FileOptions};
use relm_core::record::import::{Import, ImportStatus};
use relm_core::record::object::{ContactInput, ObjectType};
use relm_core::value::id::{Id, Kind};
use serde_json::{Map, Value};

use super::acme::{Acme, company, contact};
use super::unique::define;
use crate::subject::Subject;

/// Files, unless `RELM_TEST_IMPORT_FILES` says how many: each is seeded by its number.
const FILES: u64 = 40;
/// Longer than rows wait for others to be kept with them.
const KEPT_BY_THEN_MS: i64 = 61_000;
/// Contacts that are there before the first file, with addresses and customer numbers that files name.
const KNOWN: u64 = 12;
/// The columns of a file.
const COLUMNS: [&str; 6] = [
    "email",
    "first_name",
    "phone",
    "company_id",
    "metadata.customer_no",
    "metadata.level",
];
/// What rows may be known by.
const DEDUP_ON: [&[&str]; 4] = [
    &["email"],
    &[],
    &["metadata.customer_no"],
    &["email", "metadata.customer_no"],
];

/// Draws numbers: of the same seed the same ones.
struct Drawn(u64);

impl Drawn {
    fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len() as u64) as usize]
    }
}

/// What a file is sent as: its options, and its pieces, each of which ends a chunk.
struct File {
    options: ImportOptions,
    pieces: Vec<String>,
}

/// A file in which rows meet what is there, and what rows of other chunks made; and some that cannot be taken in.
fn random_file(seed: u64, companies: &[Id]) -> File {
    let mut drawn = Drawn::of(seed);
    let dedup_on = DEDUP_ON[drawn.below(4) as usize];
    let format = match drawn.below(3) {
        0 => FileFormat::Ndjson,
        _ => FileFormat::Csv,
    };
    let options = ImportOptions::new(ObjectType::Contact);
    let options = dedup_on
        .iter()
        .copied()
        .fold(options, ImportOptions::dedup_on);
    let options = options.file(FileOptions {
        format: Some(format),
        ..FileOptions::default()
    });
    let mut pieces = vec![match format {
        // With a blank line as long as it takes for rows to be read before the file ends.
        FileFormat::Csv => format!(
            "{}\n{}\n",
            COLUMNS.join(","),
            " ".repeat(FILE_HEADER_BYTES_MAX)
        ),
        // With a row that has a member.
        _ => "{\"first_name\":\"Ada\"}\n".to_owned(),
    }];
    let mut rows: Vec<String> = Vec::new();
    for _ in 0..2 + drawn.below(5) {
        let mut piece = String::new();
        for _ in 0..4 + drawn.below(12) {
            let before = drawn.below(4 * rows.len() as u64 + 1) as usize;
            let row = match rows.get(before) {
                // One in four says again what another said.
                Some(row) => row.clone(),
                None => random_row(&mut drawn, format, companies),
            };
            piece += &row;
            rows.push(row);
        }
        pieces.push(piece);
    }
    File { options, pieces }
}

fn random_row(drawn: &mut Drawn, format: FileFormat, companies: &[Id]) -> String {
    if drawn.below(25) == 0 {
        return "{ no row, of, either, \"format, at, all, since, it, has, too, many\"\n".to_owned();
    }
    let email = match drawn.below(10) {
        0 => String::new(),
        1 => "nobody".to_owned(),
        2..5 => format!("KNOWN{}@example.com", drawn.below(KNOWN)),
        _ => format!("new{}@example.com", drawn.below(20)),
    };
    let number = match drawn.below(3) {
        0 => String::new(),
        _ => format!("C-{}", drawn.below(25)),
    };
    let company = match drawn.below(8) {
        0 => Id::new(Kind::Company, 7).text(),
        1..3 => companies[drawn.below(companies.len() as u64) as usize].text(),
        _ => String::new(),
    };
    let cells = [
        email,
        drawn.one_of(&["", "Ada", "Eva"]).to_owned(),
        drawn.one_of(&["", "+1 555 0100", "+1 555 0199"]).to_owned(),
        company,
        number,
        drawn.one_of(&["", "", "1", "2", "high"]).to_owned(),
    ];
    if format == FileFormat::Csv {
        return cells.join(",") + "\n";
    }
    let members = COLUMNS.into_iter().zip(cells);
    let members = members.filter(|(_, cell)| !cell.is_empty());
    let members: Map<String, Value> = members
        .map(|(name, cell)| (name.to_owned(), cell.into()))
        .collect();
    Value::Object(members).to_string() + "\n"
}

/// Makes what files refer to, and gives the companies.
async fn prepare(acme: &Acme) -> Vec<Id> {
    define(&acme.scoped, "customer_no", FieldType::Text).await;
    let level = FieldInput::new(ObjectType::Contact, "level", FieldType::Number);
    let defined = acme.scoped.fields().define(level).await;
    defined.expect("it is new");
    let known = (0..KNOWN).map(|n| ContactInput {
        metadata: Metadata::from([("customer_no", format!("C-{n}"))]).into(),
        ..contact(&format!("known{n}@example.com"))
    });
    let batch = BatchInput {
        rows: known.collect(),
        ..BatchInput::default()
    };
    let made = acme.scoped.contacts().batch(batch).await;
    made.expect("all are valid");
    let mut companies = Vec::new();
    for name in ["Acme", "Globex"] {
        let made = acme.scoped.companies().create(company(name)).await;
        companies.push(made.expect("it is valid").id);
    }
    companies
}

/// What an import came to: its counts, and the file of its failed rows.
type Outcome = ([i64; 5], String);

async fn import(acme: &Acme, options: ImportOptions, pieces: &[String]) -> (Id, Outcome) {
    let imports = acme.scoped.imports();
    let mut upload = imports.begin(options).await.expect("there is room");
    let id = upload.id();
    for piece in pieces {
        acme.clock.advance_millis(KEPT_BY_THEN_MS);
        let pushed = upload.push(piece.as_bytes()).await;
        pushed.expect("it is text");
    }
    upload.finish(None).await.expect("the file is one");
    let worked = Importer::new(acme.crm.clone()).work_off().await;
    worked.expect("the store answers");
    let done = imports.get(id).await.expect("the store answers");
    let done = done.expect("it is there");
    assert_eq!(done.status, ImportStatus::Completed, "{done:?}");
    let failed = imports.errors_csv(id).await.expect("it is there");
    let failed: Vec<String> = failed.try_collect().await.expect("the store answers");
    (id, (counts(&done), failed.concat()))
}

fn counts(import: &Import) -> [i64; 5] {
    [
        import.rows,
        import.created,
        import.updated,
        import.unchanged,
        import.failed,
    ]
}

async fn records(acme: &Acme, store: &Subject) -> [Vec<Document>; 4] {
    [
        acme.all(store, Kind::Contact).await,
        acme.all(store, Kind::Company).await,
        acme.all(store, Kind::UniqueValue).await,
        acme.all(store, Kind::Event).await,
    ]
}

/// A dry run keeps nothing, and has the counts and the failed rows, each with its reason, that the import has: whatever rows are known by,
/// and however they meet each other across chunks.
pub(crate) async fn a_dry_run_of_an_import_comes_to_the_same(store: Subject) {
    let told = std::env::var("RELM_TEST_IMPORT_FILES").ok();
    let files = told.and_then(|told| told.parse().ok()).unwrap_or(FILES);
    let mut sums = [0; 5];
    let first = Acme::open(store.shared()).await;
    for seed in 1..=files {
        // In one workspace files would find more contacts each time.
        let acme = first.in_another_workspace(&format!("w{seed}")).await;
        let companies = prepare(&acme).await;
        let File { options, pieces } = random_file(seed, &companies);
        let before = records(&acme, &store).await;
        let (dry, said) = import(&acme, options.clone().dry_run(), &pieces).await;
        assert_eq!(records(&acme, &store).await, before, "{seed}");
        let (_, real) = import(&acme, options, &pieces).await;
        assert_eq!(said, real, "{seed}: {pieces:?}");
        for (sum, count) in sums.iter_mut().zip(real.0) {
            *sum += count;
        }
        let deleted = acme.scoped.imports().delete(dry).await;
        deleted.expect("it has ended");
        let there = acme.scoped.imports().get(dry).await;
        assert_eq!(there.expect("the store answers"), None);
    }
    let is_varied = sums.iter().all(|sum| *sum >= FILES as i64);
    assert!(files < FILES || is_varied, "{sums:?}");
}
