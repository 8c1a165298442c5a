//! Which files of a crate depend on which others, read from their text.
//!
//! A file depends on the files that define what it names, by whatever path it names them. So a file that only re-exports what another one
//! defines depends on nothing by that. Tests within a file, and files of tests, count for nothing.

mod path;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::path::{join, name_of};
use crate::source::Source;

/// Modules by their paths from the root of the crate, whose own is empty; of each, the modules that it depends on.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// The code of every module beneath a folder of sources, without its tests and comments. A crate's `main.rs` is left out.
///
/// # Panics
/// Where the folder cannot be read.
pub fn codes(sources: &Path) -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    read(sources, "", &mut codes);
    codes
}

fn read(folder: &Path, module: &str, codes: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("the sources are there").path();
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        match (path.is_dir(), name) {
            (_, "tests" | "main") => {}
            (true, _) => read(&path, &join(module, name), codes),
            (false, _) if !is_rust => {}
            (false, _) => {
                let text = fs::read_to_string(&path).expect("the sources are text");
                let module = match name {
                    "lib" | "mod" => module.to_owned(),
                    _ => join(module, name),
                };
                codes.insert(module, source::without_tests(&text));
            }
        }
    }
}

/// The modules that each module of a folder of sources depends on.
///
/// # Panics
/// Where the folder cannot be read.
pub fn imports(sources: &Path) -> Imports {
    let codes = codes(sources);
    let sources = codes
        .keys()
        .map(|module| (module.clone(), Source::read(module, &codes)));
    let sources: BTreeMap<String, Source> = sources.collect();
    let mut imports = Imports::new();
    for (module, source) in &sources {
        let named = source.named.iter();
        let others: BTreeSet<String> = named.map(|path| definition(path, &sources)).collect();
        let others = others.into_iter().filter(|other| other != module);
        imports.insert(module.clone(), others.collect());
    }
    imports
}

/// The module that defines what a path leads to.
fn definition(path: &str, sources: &BTreeMap<String, Source>) -> String {
    let (module, rest) = path::split(path, |module| sources.contains_key(module));
    match sources[module].given.get(name_of(rest)) {
        Some(other) if other != path => definition(other, sources),
        Some(_) | None => module.to_owned(),
    }
}

/// The groups of modules of which each reaches each other one.
pub fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|module| (module.as_str(), reached_from(module, imports)))
        .collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (module, others) in &reached {
        let is_new = circles.iter().all(|circle| !circle.contains(*module));
        if is_new && others.contains(module) {
            let back = others
                .iter()
                .filter(|other| reached[**other].contains(module));
            circles.push(back.map(|other| (*other).to_owned()).collect());
        }
    }
    circles
}

fn reached_from<'a>(module: &str, imports: &'a Imports) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = imports[module].iter().map(String::as_str).collect();
    while let Some(other) = next.pop() {
        if reached.insert(other) {
            next.extend(imports[other].iter().map(String::as_str));
        }
    }
    reached
}
