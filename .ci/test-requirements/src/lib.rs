//! `#[requires(…)]`: a test that needs a server or a program is ignored, with the reason, where there is none.
//!
//! ```text
//! #[requires(postgres)]
//! #[test]
//! fn a_database_that_went_away_is_found_again() { … }
//! ```
//!
//! Without `RELM_TEST_POSTGRES_URL`, `cargo test` prints `… ignored, no server: set RELM_TEST_POSTGRES_URL`. The names are
//! those of `build.rs`. `.ci/run` has everything, and fails when a test was ignored.

use proc_macro::{Ident, TokenStream, TokenTree};

/// What there is to require; with each that is missing, the reason to ignore a test for.
const REQUIREMENTS: &[(&str, Option<&str>)] = include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// Ignores the test beneath it where one of the things that it names is missing.
#[proc_macro_attribute]
pub fn requires(names: TokenStream, test: TokenStream) -> TokenStream {
    // An attribute of tests that was expanded already no longer looks for `#[ignore]`.
    if !has_test_attribute(test.clone()) {
        return error("`#[requires(…)]` stands above the attribute that makes the function a test");
    }
    let names: Vec<Ident> = names.into_iter().filter_map(ident).collect();
    if names.is_empty() {
        return error("`#[requires(…)]` names what the test needs");
    }
    let mut missing = None;
    for name in names {
        let name = name.to_string();
        match REQUIREMENTS.iter().find(|(known, _)| *known == name) {
            Some((_, reason)) => missing = missing.or(*reason),
            None => {
                return error(&format!(
                    "no requirement `{name}` in test-requirements/build.rs"
                ));
            }
        }
    }
    let ignore = missing.map(|reason| parse(&format!("#[ignore = {reason:?}]")));
    ignore.into_iter().flatten().chain(test).collect()
}

/// Whether one of the attributes is `#[test]`, or a path that ends so.
fn has_test_attribute(item: TokenStream) -> bool {
    let mut tokens = item.into_iter();
    while let Some(TokenTree::Punct(hash)) = tokens.next()
        && hash.as_char() == '#'
        && let Some(TokenTree::Group(attribute)) = tokens.next()
    {
        // What a test is given, such as the runtime of `#[tokio::test(…)]`, is a group, and no word of the path.
        if attribute
            .stream()
            .into_iter()
            .filter_map(ident)
            .last()
            .is_some_and(|word| word.to_string() == "test")
        {
            return true;
        }
    }
    false
}

fn ident(token: TokenTree) -> Option<Ident> {
    match token {
        TokenTree::Ident(ident) => Some(ident),
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    }
}

fn error(message: &str) -> TokenStream {
    parse(&format!("::core::compile_error!({message:?});"))
}

fn parse(text: &str) -> TokenStream {
    text.parse().expect("what is written here is Rust")
}
