//! Which words a text has, so that queries and records meet.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::SEARCH_WORD_CHARS_MAX;
use crate::value::text::fold;

/// Hands each word of a record's text to `out`, with repetitions: `ada.lovelace@Köln.example` has the words `ada`,
/// `lovelace`, `koln` and `example`. What apostrophes part is a word as a whole too: `O'Brien` is `o`, `brien` and `obrien`.
///
/// A word is letters and digits alone, folded and without accents, cut to its first [`SEARCH_WORD_CHARS_MAX`] characters;
/// words end where Unicode's word boundaries (UAX 29) are, which also part scripts that write no spaces. The one word of
/// a word is that word, so that queries and records meet.
pub fn words(text: &str, out: &mut impl FnMut(&str)) {
    // Most texts: nothing decomposes in them, no word is joined, and their boundaries are at whatever is no letter or digit.
    if text.is_ascii() && !text.as_bytes().contains(&b'\'') {
        return ascii_words(&text.to_ascii_lowercase(), out);
    }
    let mut whole = String::new();
    asked(text, &mut |word, joined| {
        // What is joined grows to the end of its run, and is found by how it begins.
        if joined.is_none() && !whole.is_empty() {
            out(&whole);
            whole.clear();
        }
        if let Some(joined) = joined {
            whole.clear();
            whole.push_str(joined);
        }
        out(word);
    });
    if !whole.is_empty() {
        out(&whole);
    }
}

fn ascii_words(plain: &str, out: &mut impl FnMut(&str)) {
    let mut start = 0;
    while let Some(rest) = plain.as_bytes().get(start..) {
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric());
        let length = length.count();
        if length > 0 {
            out(&plain[start..start + length.min(SEARCH_WORD_CHARS_MAX)]);
        }
        start += length + 1;
    }
}

/// Hands each word of a query to `out`; with one that stands behind an apostrophe, all of that run so far as one word,
/// which is as good: `o'brien` asks for `o`, and for `brien` or `obrien`.
pub fn asked(text: &str, out: &mut impl FnMut(&str, Option<&str>)) {
    let ascii = text.is_ascii();
    let plain = if ascii {
        text.to_ascii_lowercase()
    } else {
        plain(text)
    };
    // Runs first, then boundaries: what stands beside a run must not decide how it is parted.
    let runs = plain.split(|char: char| !is_letter(char) && !is_apostrophe(char));
    for run in runs.filter(|run| !run.is_empty()) {
        if !run.contains(is_apostrophe) {
            // Between ASCII letters and digits there is no boundary.
            match ascii {
                true => out(truncated(run), None),
                false => run
                    .split_word_bounds()
                    .for_each(|word| out(truncated(word), None)),
            }
            continue;
        }
        let mut joined = String::new();
        let mut is_joined = false;
        let parts = run.split(is_apostrophe).filter(|part| !part.is_empty());
        for (place, part) in parts.enumerate() {
            // No more of it leaves than its beginning, and where that is no word, nothing behind it makes it one.
            if place < 2 || truncated(&joined).len() == joined.len() {
                joined.push_str(part);
                is_joined = place > 0 && is_word(&joined);
            }
            let joined = is_joined.then(|| truncated(&joined));
            part.split_word_bounds()
                .for_each(|word| out(truncated(word), joined));
        }
    }
}

fn is_letter(char: char) -> bool {
    char.is_alphanumeric() && !is_apostrophe(char)
}

/// The apostrophe of a typewriter, of a printer in both directions, and the two that Unicode counts among letters.
fn is_apostrophe(char: char) -> bool {
    matches!(char, '\'' | '‘' | '’' | '\u{2BB}' | '\u{2BC}')
}

fn is_word(text: &str) -> bool {
    text.split_word_bounds().nth(1).is_none()
}

fn truncated(word: &str) -> &str {
    match word.char_indices().nth(SEARCH_WORD_CHARS_MAX) {
        Some((end, _)) => &word[..end],
        None => word,
    }
}

/// The text folded, in compatibility form, and without what only decorates a letter.
fn plain(text: &str) -> String {
    // Folding comes last because decomposition yields capitals (`ℌ`, `İ`); it yields nothing that decomposes further.
    let decomposed: String = text.nfkd().filter(|char| !is_decoration(*char)).collect();
    let mut plain = String::with_capacity(text.len());
    for char in fold(&decomposed).chars() {
        match undecomposed_base(char) {
            Some(base) => plain.push_str(base),
            None => plain.push(char),
        }
    }
    plain
}

/// Accents, points and marks that join or hide. Vowel signs, as Devanagari has them, are letters and stay.
fn is_decoration(char: char) -> bool {
    match char {
        // Soft hyphen, joiners and the byte order mark: invisible, and typed by some and not by others.
        '\u{AD}' | '\u{200C}' | '\u{200D}' | '\u{2060}' | '\u{FEFF}' => true,
        _ if char.is_ascii() => false,
        _ => {
            canonical_combining_class(char) != 0
                || is_combining_mark(char) && !char.is_alphanumeric()
        }
    }
}

/// Letters with a stroke and ligatures, which Unicode does not decompose and few keyboards have: `lodz` finds `Łódź`.
fn undecomposed_base(char: char) -> Option<&'static str> {
    match char {
        'æ' => Some("ae"),
        'đ' => Some("d"),
        'ħ' => Some("h"),
        'ı' => Some("i"),
        'ł' => Some("l"),
        'ø' => Some("o"),
        'œ' => Some("oe"),
        'ŧ' => Some("t"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn words_of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, &mut |word| found.push(word.to_owned()));
        found
    }

    #[test]
    fn a_text_gives_its_words() {
        for (text, expected) in [
            ("", ""),
            ("… --- !", ""),
            ("ada.lovelace@Example.com", "ada lovelace example com"),
            ("Ada Lovelace, Countess", "ada lovelace countess"),
            ("O'Brien’s co-op", "o brien s obriens co op"),
            ("3.14 v2 snake_case", "3 14 v2 snake case"),
            ("+44 (0)20 7946 0958", "44 0 20 7946 0958"),
            ("to be to BE", "to be to be"),
        ] {
            assert_eq!(words_of(text).join(" "), expected);
        }
    }

    #[test]
    fn words_have_no_accents() {
        for (text, expected) in [
            ("Crème BRÛLÉE", "creme brulee"),
            ("cre\u{300}me", "creme"),
            ("Straße İstanbul ﬁn ℌ", "strasse istanbul fin h"),
            ("Łódź Søren Đặng Æsir Œuvre", "lodz soren dang aesir oeuvre"),
            ("Ελληνικά", "ελληνικα"),
            ("שָׁלוֹם", "שלום"),
            ("co\u{AD}operate", "cooperate"),
            ("１２３ＡＢＣ", "123abc"),
            ("हिन्दी", "हिनदी"),
        ] {
            assert_eq!(words_of(text).join(" "), expected);
        }
    }

    #[test]
    fn scripts_without_spaces_are_parted() {
        assert_eq!(words_of("東京タワー"), ["東", "京", "タワー"]);
    }

    #[test]
    fn a_long_word_is_cut() {
        assert_eq!(
            words_of(&"a".repeat(100)),
            ["a".repeat(SEARCH_WORD_CHARS_MAX)]
        );
        assert_eq!(
            words_of(&"é".repeat(100)),
            ["e".repeat(SEARCH_WORD_CHARS_MAX)]
        );
        assert_eq!(
            words_of(&"я".repeat(100)),
            ["я".repeat(SEARCH_WORD_CHARS_MAX)]
        );
    }

    #[test]
    fn what_very_many_apostrophes_part_is_found_by_how_it_begins() {
        for part in ["a'", "㌖'"] {
            let found = words_of(&part.repeat(10_000));
            let begins = plain(part).replace('\'', "").repeat(SEARCH_WORD_CHARS_MAX);
            let begins = truncated(&begins);
            assert_eq!(found.last().map(String::as_str), Some(begins));
            let of_parts = found.iter().filter(|word| *word != begins).count();
            assert_eq!(of_parts, found.len() - 1);
        }
    }

    /// The words of a run as they are defined: each part, and after each part all of the run so far, where that is one word.
    fn words_by_definition(run: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let (mut joined, mut whole) = (String::new(), None);
        for part in run.split('\'').filter(|part| !part.is_empty()) {
            found.extend(part.split_word_bounds().map(truncated).map(str::to_owned));
            joined.push_str(part);
            let is_whole = joined.len() > part.len() && is_word(&joined);
            let before = std::mem::replace(&mut whole, is_whole.then(|| joined.clone()));
            found.extend(before.filter(|_| !is_whole));
        }
        found.extend(whole);
        found
            .iter()
            .map(|word| truncated(word).to_owned())
            .collect()
    }

    #[test]
    fn plain_text_is_stable_for_every_character() {
        for char in '\0'..=char::MAX {
            let text = plain(&char.to_string());
            assert_eq!(plain(&text), text, "{char:?}");
        }
    }

    proptest! {
        #[test]
        fn the_word_of_a_word_is_that_word(text: String, latin in "[a-zÀ-ž0-9 '._-]{0,30}") {
            for word in words_of(&text).into_iter().chain(words_of(&latin)) {
                prop_assert_eq!(words_of(&word), [word]);
            }
        }

        #[test]
        fn a_run_has_the_words_that_are_defined(run in "[a-bя-яぁ東タ']{0,90}") {
            let found: BTreeSet<String> = words_of(&run).into_iter().collect();
            prop_assert_eq!(found, words_by_definition(&plain(&run)));
        }

        #[test]
        fn ascii_has_the_words_that_unicode_gives_it(text in "[ -~\t\n]{0,60}") {
            let mut fast = words_of(&text);
            fast.push("e".to_owned());
            prop_assert_eq!(words_of(&(text + " é")), fast);
        }
    }
}
