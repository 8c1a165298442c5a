//! When two texts are the same to a reader, what words a text has, and which texts are e-mail addresses and currencies.

use caseless::Caseless;
use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{EMAIL_BYTES_MAX, SEARCH_WORD_CHARS_MAX, SUGGESTION_CHARS_MAX};

/// The text without differences of case, by Unicode's full case folding: `Straße` and `STRASSE` are both `strasse`.
///
/// It depends on no locale, and what is folded folds to itself.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        caseless::default_case_fold_str(text)
    }
}

/// Hands each word of the text to `out`, in order and with repetitions: `ada.lovelace@Köln.example` has the words `ada`,
/// `lovelace`, `koln` and `example`.
///
/// A word is letters and digits alone, folded and without accents, cut to its first [`SEARCH_WORD_CHARS_MAX`] characters;
/// words end where Unicode's word boundaries (UAX 29) are, which also part scripts that write no spaces. The one word of
/// a word is that word, so that queries and records meet.
pub fn words(text: &str, out: &mut impl FnMut(&str)) {
    let ascii = text.is_ascii();
    let plain = if ascii {
        text.to_ascii_lowercase()
    } else {
        plain(text)
    };
    // Runs first, then boundaries: what stands beside a run must not decide how it is parted.
    let runs = plain.split(|char: char| !char.is_alphanumeric());
    for run in runs.filter(|run| !run.is_empty()) {
        if ascii {
            // Between ASCII letters and digits there is no boundary.
            out(truncated(run));
        } else {
            run.split_word_bounds()
                .for_each(|word| out(truncated(word)));
        }
    }
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
    let folded = text
        .nfkd()
        .filter(|char| !is_decoration(*char))
        .default_case_fold();
    let mut plain = String::with_capacity(text.len());
    for char in folded {
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

/// The e-mail address that the text is, without the white space around it; its case stays.
///
/// Its form is RFC 5321's mailbox with international characters (RFC 6531) and a domain name. A domain of one label is
/// one (`root@intranet`); a display name (`Ada <ada@example.com>`) and a literal (`ada@[192.0.2.1]`) are refused.
///
/// # Errors
///
/// When the text has another form or more than [`EMAIL_BYTES_MAX`] bytes. The text says what would be right.
pub fn email(text: &str) -> Result<&str, &'static str> {
    let trimmed = text.trim();
    // Measured first: it is cheap, and bounds the work of what follows.
    if trimmed.len() > EMAIL_BYTES_MAX {
        return Err("An e-mail address must be at most 254 bytes.");
    }
    let options = Options::default()
        .without_display_text()
        .without_domain_literal();
    match EmailAddress::parse_with_options(trimmed, options) {
        Ok(_) => Ok(trimmed),
        Err(_) => Err("An e-mail address must be one such as ada@example.com."),
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
        folded.extend(text.chars().default_case_fold());
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

    fn words_of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, &mut |word| found.push(word.to_owned()));
        found
    }

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
    fn a_text_gives_its_words() {
        for (text, expected) in [
            ("", ""),
            ("… --- !", ""),
            ("ada.lovelace@Example.com", "ada lovelace example com"),
            ("Ada Lovelace, Countess", "ada lovelace countess"),
            ("O'Brien’s co-op", "o brien s co op"),
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
    fn folding_and_plain_text_are_stable_for_every_character() {
        for char in '\0'..=char::MAX {
            let text = char.to_string();
            let (folded, plain_text) = (fold(&text), plain(&text));
            assert_eq!(fold(&folded), folded, "{char:?}");
            assert_eq!(plain(&plain_text), plain_text, "{char:?}");
        }
    }

    #[test]
    fn addresses_are_trimmed_and_keep_their_case() {
        for (text, address) in [
            ("ada@example.com", "ada@example.com"),
            (
                " Ada.Lovelace+crm@Example.COM\n",
                "Ada.Lovelace+crm@Example.COM",
            ),
            ("root@intranet", "root@intranet"),
            (
                "\"ada lovelace\"@example.com",
                "\"ada lovelace\"@example.com",
            ),
            ("用户@例え.jp", "用户@例え.jp"),
            ("a@1.example", "a@1.example"),
        ] {
            assert_eq!(email(text), Ok(address));
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            " ",
            "ada",
            "@example.com",
            "ada@",
            "ada@@example.com",
            "ada lovelace@example.com",
            "ada@exam ple.com",
            "ada@example..com",
            "ada@.example.com",
            "ada@example.com.",
            "ada@-example.com",
            "ada.@example.com",
            ".ada@example.com",
            "ada@[192.0.2.1]",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            "mailto:ada@example.com",
            "ada@example.com, bob@example.com",
            "ada@example.com\r\nBcc: bob@example.com",
            "ada\0@example.com",
            "\"a\r\nb\"@example.com",
        ] {
            assert!(email(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_has_at_most_254_bytes() {
        let label = "d".repeat(61);
        let domain = format!("{label}.{label}.{label}.example");
        let longest = format!(
            "{}@{domain}",
            "a".repeat(EMAIL_BYTES_MAX - domain.len() - 1)
        );
        assert_eq!(email(&format!("  {longest}  ")), Ok(longest.as_str()));
        assert_eq!(
            email(&format!("a{longest}")),
            Err("An e-mail address must be at most 254 bytes.")
        );
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
        fn the_word_of_a_word_is_that_word(text: String, latin in "[a-zÀ-ž0-9 '._-]{0,30}") {
            for word in words_of(&text).into_iter().chain(words_of(&latin)) {
                prop_assert_eq!(words_of(&word), [word]);
            }
        }

        #[test]
        fn ascii_has_the_words_that_unicode_gives_it(text in "[ -~\t\n]{0,60}") {
            let mut fast = words_of(&text);
            fast.push("e".to_owned());
            prop_assert_eq!(words_of(&(text + " é")), fast);
        }

        #[test]
        fn the_folding_of_ascii_is_unicodes(text in "[\0-\x7f]{0,60}") {
            prop_assert_eq!(fold(&text), caseless::default_case_fold_str(&text));
        }

        #[test]
        fn an_address_is_an_address_again(text in "[ a-zA-Z0-9.@\"+é-]{0,20}") {
            if let Ok(address) = email(&text) {
                prop_assert_eq!(email(address), Ok(address));
            }
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
