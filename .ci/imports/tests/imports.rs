//! The imports of every crate run one way: no files of one import each other in a circle, and no room of the engine one above it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use imports::{circles, codes, imports};

/// Folders of a crate whose own files may import each other, where they are there, and why.
const EXCEPTIONS: [(&str, &str, &str); 4] = [
    (
        "relm-server",
        "pages",
        "a page is a handler of the table in `mod.rs`, and takes the `Asked` that is made there; a document is in the \
         layout of all pages, and has it",
    ),
    (
        "relm-server",
        "console",
        "a page is a handler of the table of routes, and takes what is made there; a page of what went wrong leads on to others",
    ),
    (
        "relm-server",
        "metrics",
        "`Metrics` holds what each file counts, and gives it out",
    ),
    (
        "relm-store-seaorm",
        "pooled",
        "a store begins transactions, and a transaction runs what the store runs, on its own connection",
    ),
];

/// The folders of the engine's `src`, the lowest first: each may import those before it. The root re-exports all.
const ROOMS: [&str; 9] = [
    "limits",
    "value",
    "error",
    "webhook",
    "record",
    "query",
    "store",
    "preconditions",
    "engine",
];

fn sources(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.join(name).join("src")
}

fn no_circles(name: &str) {
    let mut imports = imports(&sources(name));
    assert!(imports.len() > 3, "{name} has files");
    for (module, others) in &mut imports {
        // Tables that refer to each other say so as SeaORM has them say it, by each other's `Entity`.
        others.retain(|other| !(is_table(module) && is_table(other)));
    }
    let circles = circles(&imports);
    let (excepted, found): (Vec<_>, Vec<_>) = circles
        .iter()
        .partition(|circle| exceptions(name).any(|folder| is_within(circle, folder)));
    let mut said = String::new();
    for circle in found {
        said += "a circle:\n";
        for module in circle {
            for other in imports[module].intersection(circle) {
                said += &format!("  {name}::{module} -> {other}\n");
            }
        }
    }
    assert!(said.is_empty(), "files import each other in\n{said}");
    let there = exceptions(name).filter(|folder| sources(name).join(folder).is_dir());
    for folder in there {
        let is_needed = excepted.iter().any(|circle| is_within(circle, folder));
        assert!(is_needed, "{name}/src/{folder} needs no exception any more");
    }
}

fn exceptions(name: &str) -> impl Iterator<Item = &'static str> {
    let of_crate = EXCEPTIONS.iter().filter(move |(of, ..)| *of == name);
    of_crate.map(|(_, folder, _)| *folder)
}

fn is_within(circle: &BTreeSet<String>, folder: &str) -> bool {
    let mut modules = circle.iter();
    modules.all(|module| Path::new(&module.replace("::", "/")).starts_with(folder))
}

fn is_table(module: &str) -> bool {
    module.starts_with("entity::")
}

/// Makes a test for each crate.
macro_rules! no_circles {
    ($($test:ident $name:literal)*) => {
        $(
            #[test]
            fn $test() {
                no_circles($name);
            }
        )*
    };
}

no_circles! {
    no_files_of_the_engine_are_in_a_circle "relm-core"
    no_files_of_the_suite_are_in_a_circle "relm-conformance"
    no_files_of_the_reference_store_are_in_a_circle "relm-store-memory"
    no_files_of_the_sql_store_are_in_a_circle "relm-store-seaorm"
    no_files_of_the_server_are_in_a_circle "relm-server"
}

#[test]
fn no_room_of_the_engine_imports_one_above_it() {
    let imports = imports(&sources("relm-core"));
    assert!(imports.len() > 80 && imports["store"].contains("record::document"));
    let room = |module: &str| {
        let room = module.split("::").next().unwrap_or_default();
        let rank = ROOMS.iter().position(|known| *known == room);
        rank.unwrap_or_else(|| panic!("{module} is in no room"))
    };
    for (module, others) in imports.iter().filter(|(module, _)| !module.is_empty()) {
        for other in others {
            assert!(
                room(other) <= room(module),
                "{module} imports {other}, which is above it"
            );
        }
    }
}

/// The clock is passed in: only the system's own, which is the default, and what a program around the engine asks for
/// read it.
#[test]
fn no_other_file_of_the_engine_reads_the_clock_of_the_system() {
    let codes = codes(&sources("relm-core"));
    let reads = |code: &String| {
        let clocks = ["SystemTime::now", "Timestamp::now", "Instant::now"];
        clocks.iter().any(|clock| code.contains(clock))
    };
    let readers = codes.iter().filter(|(_, code)| reads(code));
    let readers: Vec<&str> = readers.map(|(module, _)| module.as_str()).collect();
    assert_eq!(readers, ["value::environment", "value::time::timestamp"]);
}
