//! When two texts are the same to a reader, which are currencies, and which option a word was meant to be.

use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::limits::SUGGESTION_CHARS_MAX;

const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();

/// The text without differences of case, by Unicode's full case folding: `Straße` and `STRASSE` are both `strasse`.
///
/// It depends on no locale, and what is folded folds to itself.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        CASES.fold_string(text).into_owned()
    }
}

/// The text without differences of case, character by character (Unicode's simple case folding): `ẞ` is `ß`, and neither is
/// `ss`. It depends on no locale, and what is folded folds to itself.
pub fn fold_simple(text: &str) -> String {
    text.chars().map(|char| CASES.simple_fold(char)).collect()
}

/// The text in Unicode's composed form (NFC): `e` with an accent after it is `é`.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The ISO 4217 code that the text is in any case, in upper case: of money in use, of funds and metals, and of what was
/// lately withdrawn.
pub fn currency(text: &str) -> Option<&'static str> {
    CURRENCIES
        .split_ascii_whitespace()
        .find(|code| code.eq_ignore_ascii_case(text))
}

/// The option that `word` was probably meant to be: the first of those with the fewest typing errors, without regard to
/// case.
///
/// A missing, added, wrong or swapped character is one error. There are at most two, and fewer than half as many as
/// `word` has characters. What has more than [`SUGGESTION_CHARS_MAX`] characters is neither suggested nor compared: to
/// compare takes time for each pair of word and option, and a request holds many of both.
pub fn nearest<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if !has_at_most(word, SUGGESTION_CHARS_MAX) {
        return None;
    }
    let mut folded = Vec::with_capacity(SUGGESTION_CHARS_MAX);
    fold_into(word, &mut folded);
    let word = std::mem::take(&mut folded);
    let errors_max = TYPING_ERRORS_MAX.min(word.len().saturating_sub(1) / 2);
    let candidates = options.into_iter().filter_map(|option| {
        // Nothing is folded that is too long anyway: folding adds characters and takes none away.
        let may_be_near = has_at_most(option, SUGGESTION_CHARS_MAX.min(word.len() + errors_max));
        if !may_be_near {
            return None;
        }
        fold_into(option, &mut folded);
        let (word, folded) = differing(&word, &folded);
        Some((distance(word, folded, errors_max)?, option))
    });
    candidates
        .min_by_key(|(errors, _)| *errors)
        .map(|(_, option)| option)
}

/// The characters of [`fold`], in memory that is there already.
fn fold_into(text: &str, folded: &mut Vec<char>) {
    folded.clear();
    if text.is_ascii() {
        folded.extend(text.chars().map(|char| char.to_ascii_lowercase()));
    } else {
        folded.extend(CASES.fold_string(text).chars());
    }
}

/// What is left of two texts without what both begin and end with, which no error is in.
fn differing<'a>(one: &'a [char], other: &'a [char]) -> (&'a [char], &'a [char]) {
    let same = |(one, other): &(&char, &char)| one == other;
    let begin = one.iter().zip(other).take_while(same).count();
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(same)
        .count();
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// The most errors in a word that is still recognised.
const TYPING_ERRORS_MAX: usize = 2;

fn has_at_most(text: &str, chars_max: usize) -> bool {
    text.len() <= chars_max || text.chars().nth(chars_max).is_none()
}

/// The edit distance in which a swap of neighbours counts once (optimal string alignment), where it is at most
/// `errors_max`, which is at most [`TYPING_ERRORS_MAX`].
///
/// Only the cells that can be so low are filled: those at most `errors_max` beside the diagonal (Ukkonen's band), up to
/// the first row that has none.
fn distance(one: &[char], other: &[char], errors_max: usize) -> Option<usize> {
    const WIDTH: usize = 2 * TYPING_ERRORS_MAX + 1;
    if one.len().abs_diff(other.len()) > errors_max {
        return None;
    }
    // The cell at `place` of a row belongs to the column `row + place - errors_max`, and one past the last is beyond
    // the band. So the cell above has the next place in the row before, and the one diagonally above has the same.
    let beyond = errors_max + 1;
    let mut before_last = [beyond; WIDTH + 1];
    let mut last = [beyond; WIDTH + 1];
    for (column, cell) in last[errors_max..=2 * errors_max].iter_mut().enumerate() {
        *cell = column;
    }
    for row in 1..=one.len() {
        let mut current = [beyond; WIDTH + 1];
        for place in 0..=2 * errors_max {
            let Some(column) = (row + place).checked_sub(errors_max) else {
                continue;
            };
            if column > other.len() {
                break;
            }
            let mut least = last[place + 1] + 1;
            if column == 0 {
                current[place] = least.min(row);
                continue;
            }
            let (char, other_char) = (one[row - 1], other[column - 1]);
            least = least.min(last[place] + usize::from(char != other_char));
            if place > 0 {
                least = least.min(current[place - 1] + 1);
            }
            if row > 1 && column > 1 && one[row - 2] == other_char && other[column - 2] == char {
                least = least.min(before_last[place] + 1);
            }
            current[place] = least.min(beyond);
        }
        if current.iter().all(|cell| *cell == beyond) {
            return None;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    let errors = last[other.len() + errors_max - one.len()];
    (errors <= errors_max).then_some(errors)
}

/// The alphabetic codes of ISO 4217, list one, as of 2026; last, those withdrawn since 2020, in which deals were closed.
///
/// Written here because the crate that has them brings two that nobody keeps any more.
const CURRENCIES: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW \
    CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA \
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD \
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD \
    USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX \
    YER ZAR ZMW ZWG \
    ANG BGN CUC HRK SLL ZWL";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding_is_full_and_knows_no_locale() {
        for (text, folded) in [
            ("Ada LOVELACE", "ada lovelace"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("Σίσυφος", "σίσυφοσ"),
            ("ISTANBUL", "istanbul"),
            ("ﬁn", "fin"),
            ("É", "é"),
            ("a\0B", "a\0b"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn both_foldings_are_stable_for_every_character() {
        for char in '\0'..=char::MAX {
            let text = char.to_string();
            for fold in [fold, fold_simple] {
                assert_eq!(fold(&fold(&text)), fold(&text), "{char:?}");
            }
        }
    }

    /// Statuses C and S of <https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt>, and not F and T.
    #[test]
    fn simple_folding_is_one_character_to_one() {
        for (text, folded) in [
            ("Ada LOVELACE", "ada lovelace"),
            ("Straße STRAẞE", "straße straße"),
            ("ſ \u{212A} \u{2126} µ", "s k ω μ"),
            ("ΣΊΣΥΦΟΣ Σίσυφος", "σίσυφοσ σίσυφοσ"),
            ("İ ı I", "İ ı i"),
            ("ᾼ ﬁ ﬅ", "ᾳ ﬁ ﬆ"),
            ("Ꭰ ꭰ", "Ꭰ Ꭰ"),
            ("Ж Ա Ა 𐐀", "ж ա ა 𐐨"),
        ] {
            assert_eq!(fold_simple(text), folded);
        }
    }

    #[test]
    fn full_folding_differs_from_simple_folding_where_one_character_becomes_several() {
        for char in '\0'..=char::MAX {
            let text = char.to_string();
            let full = fold(&text);
            if full.chars().count() == 1 {
                assert_eq!(fold_simple(&text), full, "{char:?}");
            }
        }
    }

    #[test]
    fn a_composed_text_is_as_it_was() {
        assert_eq!(nfc("e\u{301}"), "é");
        assert!(matches!(nfc("é"), Cow::Borrowed("é")));
        // What composition leaves out stays in parts.
        assert_eq!(nfc("\u{958}"), "\u{915}\u{93C}");
    }

    #[test]
    fn a_currency_is_an_iso_4217_code_in_any_case() {
        for (text, code) in [
            ("usd", "USD"),
            ("EUR", "EUR"),
            ("Jpy", "JPY"),
            ("xcg", "XCG"),
            ("ZWG", "ZWG"),
        ] {
            assert_eq!(currency(text), Some(code));
        }
        for text in ["", "US", "USDX", " USD", "ABC", "840", "$", "ÜSD", "ſek"] {
            assert_eq!(currency(text), None, "{text}");
        }
    }

    #[test]
    fn the_nearest_option_is_what_was_meant() {
        let options = ["contact", "company", "deal", "activity", "email", "stage"];
        for (word, expected) in [
            ("contacts", Some("contact")),
            ("EMAIL", Some("email")),
            ("emial", Some("email")),
            ("compnay", Some("company")),
            ("activty", Some("activity")),
            ("dael", Some("deal")),
            ("e-mail", Some("email")),
            ("dog", None),
            ("de", None),
            ("", None),
            ("opportunity", None),
        ] {
            assert_eq!(nearest(word, options), expected, "{word}");
        }
        assert_eq!(nearest("cat", ["bat", "cut"]), Some("bat"));
        assert_eq!(nearest("cat", ["bat", "cut", "cat"]), Some("cat"));
        assert_eq!(nearest("x", []), None);
        assert_eq!(nearest("STRASE", ["Straße"]), Some("Straße"));
    }

    #[test]
    fn a_long_text_is_neither_suggested_nor_compared() {
        let longest = "é".repeat(SUGGESTION_CHARS_MAX);
        let with_error = longest.replacen('é', "e", 1);
        assert_eq!(nearest(&with_error, [&*longest]), Some(&*longest));
        let longer = format!("{longest}é");
        assert_eq!(nearest(&longer, [&*longest, &*longer]), None);
        assert_eq!(nearest(&longest, [&*longer]), None);
    }

    proptest! {
        #[test]
        fn the_folding_of_ascii_is_unicodes(text in "[\0-\x7f]{0,60}") {
            prop_assert_eq!(fold(&text), CASES.fold_string(&text));
        }

        #[test]
        fn the_bounded_distance_is_the_distance(
            one in "[abc]{0,7}",
            other in "[abc]{0,7}",
            errors_max in 0..=TYPING_ERRORS_MAX,
        ) {
            let [one, other] = [one, other].map(|text| text.chars().collect::<Vec<_>>());
            let whole = whole_distance(&one, &other);
            let expected = (whole <= errors_max).then_some(whole);
            prop_assert_eq!(distance(&one, &other, errors_max), expected);
            let (one, other) = differing(&one, &other);
            prop_assert_eq!(distance(one, other, errors_max), expected);
        }
    }

    /// The distance by its definition: every cell of the matrix.
    fn whole_distance(one: &[char], other: &[char]) -> usize {
        let mut matrix = vec![vec![0; other.len() + 1]; one.len() + 1];
        for row in 0..=one.len() {
            for column in 0..=other.len() {
                matrix[row][column] = match (row, column) {
                    (0, errors) | (errors, 0) => errors,
                    _ => {
                        let is_wrong = one[row - 1] != other[column - 1];
                        let is_swapped = row > 1
                            && column > 1
                            && one[row - 1] == other[column - 2]
                            && one[row - 2] == other[column - 1];
                        let replaced = matrix[row - 1][column - 1] + usize::from(is_wrong);
                        let removed = matrix[row - 1][column].min(matrix[row][column - 1]) + 1;
                        let swapped = is_swapped.then(|| matrix[row - 2][column - 2] + 1);
                        replaced.min(removed).min(swapped.unwrap_or(usize::MAX))
                    }
                };
            }
        }
        matrix[one.len()][other.len()]
    }
}
