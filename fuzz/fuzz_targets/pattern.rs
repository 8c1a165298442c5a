//! Patterns of `ilike`: what matches is what a plain recursion says, however long runs and texts are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relm_core::value::pattern::Pattern;
use relm_core::value::text::fold;

/// Characters of either: the recursion takes their product.
const CHARS_MAX: usize = 200;

/// Which of a pattern's ends can stand at which place of the text, row by row.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (fold(pattern), fold(text));
    let text: Vec<char> = text.chars().collect();
    let mut at = vec![false; text.len() + 1];
    at[0] = true;
    let mut rest = pattern.chars();
    while let Some(token) = rest.next() {
        let mut next = vec![false; text.len() + 1];
        let literal = match token {
            '%' => {
                let mut reached = false;
                for place in 0..=text.len() {
                    reached |= at[place];
                    next[place] = reached;
                }
                at = next;
                continue;
            }
            '_' => None,
            '\\' => rest.next(),
            other => Some(other),
        };
        for place in 0..text.len() {
            next[place + 1] = at[place] && literal.is_none_or(|it| it == text[place]);
        }
        at = next;
    }
    at[text.len()]
}

fuzz_target!(|input: &str| {
    let (pattern, text) = input.split_once('\n').unwrap_or((input, input));
    if pattern.chars().count() > CHARS_MAX || text.chars().count() > CHARS_MAX {
        return;
    }
    // A `\` at the end escapes nothing, and nothing else is refused.
    let escapes = pattern.len() - pattern.trim_end_matches('\\').len();
    match Pattern::parse(pattern) {
        Ok(parsed) => {
            assert!(escapes.is_multiple_of(2));
            assert_eq!(parsed.matches(text), matches(pattern, text));
        }
        Err(_) => assert!(!escapes.is_multiple_of(2)),
    }
});
