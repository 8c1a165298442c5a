//! Makes pages of the documents in `docs/`: HTML and what a search reads, as Rust that `src/pages/documents.rs` includes.
//!
//! It is done here so that the binary reads no Markdown: what is served is there when it starts.

#[path = "build/highlight.rs"]
mod highlight;
#[path = "build/links.rs"]
mod links;
#[path = "build/markdown.rs"]
mod markdown;
#[path = "build/pages.rs"]
mod pages;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use self::pages::Source;

/// The documents, in the order of the pages.
const SOURCES: [Source; 3] = [
    Source {
        file: "API.md",
        title: "API reference",
        path: "/docs/api",
        has_page_for_each_section: true,
    },
    Source {
        file: "WEBHOOKS.md",
        title: "Webhooks",
        path: "/docs/webhooks",
        has_page_for_each_section: false,
    },
    Source {
        file: "DEPLOY.md",
        title: "Deploying",
        path: "/docs/deploy",
        has_page_for_each_section: false,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let docs = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../docs");
    for changed in ["build.rs", "build"] {
        println!("cargo::rerun-if-changed={changed}");
    }
    let mut texts = Vec::new();
    for source in &SOURCES {
        let file = docs.join(source.file);
        println!("cargo::rerun-if-changed={}", file.display());
        texts.push(fs::read_to_string(file)?);
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let documents = pages::all(&SOURCES, &texts);
    fs::write(out.join("documents.rs"), format!("{documents:#?}"))?;
    let snippets = snippets(&docs.join("quickstart"))?;
    fs::write(out.join("snippets.rs"), format!("&[{snippets}]"))?;
    Ok(())
}

/// The files of the quickstart, by their paths beneath its folder, as HTML.
fn snippets(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut files = Vec::new();
    println!("cargo::rerun-if-changed={}", folder.display());
    for language in fs::read_dir(folder)? {
        for file in fs::read_dir(language?.path())? {
            files.push(file?.path());
        }
    }
    files.sort();
    let mut out = String::new();
    for file in files {
        let name = file.strip_prefix(folder)?.to_string_lossy();
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        let html = highlight::block(&extension, &fs::read_to_string(&file)?);
        write!(out, "({name:?}, {html:?}),")?;
    }
    Ok(out)
}
