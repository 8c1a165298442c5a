//! The quickstart: the same four steps in each language, from the files in `docs/quickstart`, which the tests run.

use askama::Template;
use bytes::Bytes;
use hyper::Response;

use super::Asked;
use super::layout::Layout;

/// A language of the quickstart.
pub(super) struct Language {
    /// The page.
    pub path: &'static str,
    pub title: &'static str,
    /// The folder of its files.
    folder: &'static str,
    extension: &'static str,
    /// What it takes, as HTML.
    needs: &'static str,
    /// What to know of its fourth step, as HTML.
    verifying: &'static str,
}

/// A file of the quickstart, and its text as HTML.
pub(super) type Snippet = (&'static str, &'static str);

static SNIPPETS: &[Snippet] = include!(concat!(env!("OUT_DIR"), "/snippets.rs"));

const BYTES: &str = "Give it the body as it came, before anything has parsed it.";

/// The languages, of which the first is shown where none was chosen.
pub(super) static LANGUAGES: &[Language] = &[
    language(
        "/docs/quickstart/curl",
        "curl",
        "curl",
        "sh",
        "curl, and for the last step bash and openssl.",
        "For looking into a request by hand: it is no receiver, since it does not compare in constant time. The body is a file.",
    ),
    language(
        "/docs/quickstart/typescript",
        "TypeScript",
        "typescript",
        "ts",
        "Node.js 18 or later, as a module; nothing to install.",
        BYTES,
    ),
    language(
        "/docs/quickstart/python",
        "Python",
        "python",
        "py",
        "Python 3.8 or later; nothing to install.",
        BYTES,
    ),
    language(
        "/docs/quickstart/rust",
        "Rust",
        "rust",
        "rs",
        "<code>cargo add ureq --features json</code> and <code>cargo add serde_json hmac sha2</code>. \
         A program can also embed the engine, without HTTP.",
        BYTES,
    ),
    language(
        "/docs/quickstart/go",
        "Go",
        "go",
        "go",
        "Go 1.18 or later; nothing to install.",
        BYTES,
    ),
    language(
        "/docs/quickstart/ruby",
        "Ruby",
        "ruby",
        "rb",
        "Ruby 3.0 or later; nothing to install.",
        BYTES,
    ),
    language(
        "/docs/quickstart/php",
        "PHP",
        "php",
        "php",
        "PHP 8.0 or later; nothing to install.",
        BYTES,
    ),
];

const fn language(
    path: &'static str,
    title: &'static str,
    folder: &'static str,
    extension: &'static str,
    needs: &'static str,
    verifying: &'static str,
) -> Language {
    Language {
        path,
        title,
        folder,
        extension,
        needs,
        verifying,
    }
}

#[derive(Template)]
#[template(path = "quickstart.html")]
struct Quickstart {
    layout: Layout,
    languages: &'static [Language],
    language: &'static Language,
}

impl Quickstart {
    fn code(&self, step: &str) -> &'static Snippet {
        snippet(self.language, step)
    }
}

/// The file of a step.
pub(super) fn snippet(language: &Language, step: &str) -> &'static Snippet {
    let name = format!("{}/{step}.{}", language.folder, language.extension);
    let mut snippets = SNIPPETS.iter();
    snippets
        .find(|(file, _)| *file == name)
        .expect("each language has each step: a test asks for all pages")
}

/// The page of the first language.
pub(super) fn first(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    Some(shown(asked, &LANGUAGES[0]))
}

pub(super) fn page(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    let path = asked.head.uri.path();
    let language = LANGUAGES.iter().find(|language| language.path == path)?;
    Some(shown(asked, language))
}

fn shown(asked: &Asked<'_>, language: &'static Language) -> Response<Bytes> {
    asked.rendered(language.path, || Quickstart {
        layout: Layout::of(language.path),
        languages: LANGUAGES,
        language,
    })
}
