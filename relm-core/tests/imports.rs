//! The engine's imports run one way: no room imports one above it, and no files import each other in a circle.
//!
//! A file depends on the files that define what it names, by whatever path it names them. So a file that only re-exports
//! what another one defines depends on nothing by that.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// The rooms of `src`, the lowest first: each may import those before it.
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

/// What a file says, by the path of its module.
struct Source {
    /// Every path that it imports or names in full, absolute.
    named: Vec<String>,
    /// What it gives another path: the name, and where it leads.
    reexports: BTreeMap<String, String>,
}

/// The code of every module beneath a folder, without its tests and comments.
fn read(folder: &Path, module: &str, codes: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("the sources are there").path();
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let inner = [module, name].join("::");
        let inner = inner.trim_start_matches("::");
        match (path.is_dir(), name) {
            (true, _) => read(&path, inner, codes),
            (false, "lib" | "tests") => {}
            (false, _) => {
                let text = fs::read_to_string(&path).expect("the sources are text");
                let code = text
                    .split("#[cfg(test)]\nmod ")
                    .next()
                    .unwrap_or_default()
                    .lines();
                let code: Vec<&str> = code
                    .map(|line| line.split("//").next().unwrap_or_default())
                    .collect();
                let module = if name == "mod" { module } else { inner };
                codes.insert(module.to_owned(), code.join("\n"));
            }
        }
    }
}

/// The paths of a tree of imports: `a::{b, c::{self, d}}` is `a::b`, `a::c` and `a::c::d`.
fn expand(tree: &str, prefix: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((path, branches)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default();
        let path = format!("{prefix}{name}");
        paths.extend((!name.is_empty()).then(|| path.trim_end_matches("::self").to_owned()));
        return;
    };
    let branches = branches
        .strip_suffix('}')
        .expect("a tree ends with its brace");
    let (mut depth, mut start) = (0, 0);
    for (at, char) in branches.char_indices().chain([(branches.len(), ',')]) {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&branches[start..at], &format!("{prefix}{path}"), paths);
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// A path as one from the root of the crate, where it leads into the crate.
fn absolute(path: &str, module: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let (first, rest) = path.split_once("::")?;
    match first {
        "crate" => Some(rest.to_owned()),
        "self" => Some(format!("{module}::{rest}")),
        "super" => {
            let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
            let path = format!("self::{rest}");
            let path = if rest.starts_with("super::") {
                rest
            } else {
                &path
            };
            absolute(path, parent, modules).map(|path| path.trim_start_matches("::").to_owned())
        }
        _ => {
            let child = format!("{module}::{first}");
            modules
                .contains_key(&child)
                .then(|| format!("{child}::{rest}"))
        }
    }
}

fn source(module: &str, codes: &BTreeMap<String, String>) -> Source {
    let code = &codes[module];
    let mut paths = Vec::new();
    let mut reexports = BTreeMap::new();
    let mut rest = String::new();
    let mut statements = Vec::new();
    for part in code.split_inclusive(';') {
        match part.trim_start().split_once("use ") {
            Some((visibility, tree)) if ["", "pub ", "pub(crate) "].contains(&visibility) => {
                statements.push((visibility, tree.trim_end_matches(';')));
            }
            _ => rest.push_str(part),
        }
    }
    for (visibility, tree) in statements {
        let mut named = Vec::new();
        expand(tree, "", &mut named);
        for path in named
            .iter()
            .filter_map(|path| absolute(path, module, codes))
        {
            let name = path.rsplit("::").next().unwrap_or_default().to_owned();
            // A type that is re-exported may be used here, too.
            let is_type = name.starts_with(char::is_uppercase);
            let mut words = rest.split(|char: char| !char.is_alphanumeric());
            if visibility.is_empty() || is_type && words.any(|word| word == name) {
                paths.push(path.clone());
            }
            if !visibility.is_empty() {
                reexports.insert(name, path);
            }
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            let is_path = |it: char| it.is_alphanumeric() || it == '_' || it == ':';
            let path = rest[at..]
                .split(|it| !is_path(it))
                .next()
                .unwrap_or_default();
            paths.extend(absolute(path, module, codes));
        }
    }
    Source {
        named: paths,
        reexports,
    }
}

/// The module that defines what a path leads to.
fn definition(path: &str, sources: &BTreeMap<String, Source>) -> Option<String> {
    let ends = path.match_indices("::").map(|(at, _)| at);
    let ends: Vec<usize> = ends.chain([path.len()]).collect();
    let end = ends
        .into_iter()
        .rev()
        .find(|end| sources.contains_key(&path[..*end]))?;
    let name = path[end..].trim_start_matches("::").split("::").next()?;
    match sources[&path[..end]].reexports.get(name) {
        Some(other) if other != path => definition(other, sources),
        Some(_) | None => Some(path[..end].to_owned()),
    }
}

/// The modules that each module depends on.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let mut codes = BTreeMap::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut codes,
    );
    let sources = codes
        .keys()
        .map(|module| (module.clone(), source(module, &codes)));
    let sources: BTreeMap<String, Source> = sources.collect();
    let of = |module: &String, source: &Source| {
        let defined = source
            .named
            .iter()
            .filter_map(|path| definition(path, &sources));
        defined.filter(|other| other != module).collect()
    };
    sources
        .iter()
        .map(|(module, source)| (module.clone(), of(module, source)))
        .collect()
}

fn room(module: &str) -> usize {
    let room = module.split("::").next().unwrap_or_default();
    let rank = ROOMS.iter().position(|known| *known == room);
    rank.unwrap_or_else(|| panic!("{module} is in no room"))
}

#[test]
fn no_room_imports_one_above_it() {
    let imports = imports();
    assert!(imports.len() > 80 && imports["store"].contains("record::document"));
    for (module, others) in &imports {
        for other in others {
            assert!(
                room(other) <= room(module),
                "{module} imports {other}, which is above it"
            );
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut imports = imports();
    // What imports nothing that is left is in no circle, and neither is what nothing imports that is left.
    loop {
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        let imported: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|module, others| {
            others.retain(|other| left.contains(other));
            !others.is_empty() && imported.contains(module)
        });
        if imports.len() == left.len() {
            break;
        }
    }
    assert!(
        imports.is_empty(),
        "these files are in circles: {imports:#?}"
    );
}

/// The clock is passed in: only the system's own, which is the default, and what a program around the engine asks for
/// read it.
#[test]
fn no_other_file_reads_the_clock_of_the_system() {
    let mut codes = BTreeMap::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read(&sources, "", &mut codes);
    let reads = |code: &String| {
        let clocks = ["SystemTime::now", "Timestamp::now", "Instant::now"];
        clocks.iter().any(|clock| code.contains(clock))
    };
    let readers = codes.iter().filter(|(_, code)| reads(code));
    let readers: Vec<&str> = readers.map(|(module, _)| module.as_str()).collect();
    assert_eq!(readers, ["value::environment", "value::time::timestamp"]);
}
