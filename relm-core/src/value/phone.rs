//! Which telephone numbers a text has, and the terms by which one is found however it is written.
//!
//! A number is its digits: `+1 (415) 555-0132`, `001-415-555-0132` and `+14155550132` are one. A record has two terms of it,
//! the digits as they are dialled from abroad, and the same from the tail: the last seven, and what is before them backwards.
//! So a tail of seven digits or more is found by how it begins: a display shows `555-0132`, and a number without its country
//! or its trunk zero is a tail too. The seven stand forwards because the numbers of one exchange are then neighbours in an index.

use std::ops::Range;

/// Begins the term of a number from its tail. No word begins with it.
const TAIL_MARK: char = '~';
/// Ends the term of a number from its tail, so that a whole number differs from the tail of a longer one.
const END_MARK: char = '.';
/// Fewer digits are a part of a number, or none at all.
const DIGITS_MIN: usize = 7;
/// What E.164 allows, with an international prefix and a few digits of a switchboard.
const DIGITS_MAX: usize = 20;
/// Fewer digits are no number by which somebody is called from another part of the country.
const NATIONAL_DIGITS_MIN: usize = 8;
/// Digits of the longest number, its country code among them (E.164, section 6).
const E164_DIGITS_MAX: usize = 15;
/// Digits of the longest country code (E.164, section 6.2).
const COUNTRY_CODE_DIGITS_MAX: usize = 3;

/// A number in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Where it stands, its extension included.
    pub range: Range<usize>,
    /// Where its digits and what parts them stand.
    pub digits_range: Range<usize>,
    /// The digits, without a `+` or `00` before them.
    pub digits: String,
    /// What is dialled when the call is answered, where it says so: `ext. 12`, `x12`, `;ext=12`, `#12`.
    pub extension: Option<String>,
}

/// The numbers in a text: each run of digits and of what people write between them.
pub fn numbers(text: &str) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut start = 0;
    let mut is_within_word = false;
    while let Some(char) = text[start..].chars().next() {
        if is_within_word || !is_start(&text[start..]) {
            start += char.len_utf8();
            is_within_word = char.is_alphanumeric();
            continue;
        }
        let (number, end) = number(text, start);
        numbers.extend(number);
        start = end;
        // What stands behind digits without a gap is of their word.
        is_within_word = true;
    }
    numbers
}

/// Whether a text is one number and nothing beside it.
pub fn is_one(text: &str) -> bool {
    whole(text.trim()).is_some()
}

/// A number that is written with its country code, as E.164 writes it: a `+` and at most fifteen digits, with its extension behind it as in
/// `+14155550132 ext. 12`. None where the text is anything else.
pub fn international(text: &str) -> Option<String> {
    let text = text.trim();
    let number = whole(text)?;
    let is_abroad = text.starts_with(['+', '＋']) || {
        let mut written = text.chars().filter_map(digit);
        let begins = (written.next(), written.next());
        begins == (Some('0'), Some('0')) && !number.digits.starts_with("00")
    };
    let Number {
        digits, extension, ..
    } = number;
    let is_e164 = digits.len() <= E164_DIGITS_MAX && !digits.starts_with('0');
    (is_abroad && is_e164).then(|| match extension {
        Some(extension) => format!("+{digits} ext. {extension}"),
        None => format!("+{digits}"),
    })
}

/// The number that a text is as a whole.
fn whole(text: &str) -> Option<Number> {
    let mut numbers = numbers(text).into_iter();
    let number = numbers.next()?;
    let is_all = number.range == (0..text.len()) && number.digits.len() >= DIGITS_MIN;
    (is_all && numbers.next().is_none()).then_some(number)
}

/// Whether a number may begin where this text does: a digit comes next.
fn is_start(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    chars.next_if(|char| matches!(char, '+' | '＋'));
    chars.next_if(|char| matches!(char, '(' | '（'));
    chars.next().is_some_and(|char| digit(char).is_some())
}

/// The number that begins here, if it is one, and where what was looked at ends.
fn number(text: &str, start: usize) -> (Option<Number>, usize) {
    let mut digits = String::new();
    let mut end = start;
    let mut is_word = false;
    for (at, char) in text[start..].char_indices() {
        if let Some(digit) = digit(char) {
            digits.push(digit);
            end = start + at + char.len_utf8();
        } else if !(is_between(char) || at == 0) {
            is_word = char.is_alphanumeric() && start + at == end;
            break;
        }
    }
    let digits_range = start..end;
    let digits = dialled(&text[digits_range.clone()], digits);
    let extended = match digits.len() {
        DIGITS_MIN.. => extension(text, end),
        _ => None,
    };
    // `12ab` is a word, and no number with something behind it.
    if digits.len() > DIGITS_MAX || is_word && extended.is_none() {
        return (None, end);
    }
    let (extension, end) = extended.map_or((None, end), |(digits, end)| (Some(digits), end));
    let number = Number {
        range: start..end,
        digits_range,
        digits,
        extension,
    };
    (Some(number), end)
}

/// The digits without an international prefix, and without the zero of `+44 (0)20`, which nobody dials from abroad.
fn dialled(written: &str, digits: String) -> String {
    let is_long = digits.len() >= DIGITS_MIN + 2;
    let prefix = if written.starts_with(['+', '＋']) {
        0
    } else if is_long && digits.starts_with("00") {
        2
    } else {
        return digits;
    };
    match written.split_once("(0)") {
        Some((country, _)) => {
            let zero = country.chars().filter_map(digit).count();
            digits[prefix..zero.max(prefix)].to_owned() + &digits[(zero + 1).max(prefix)..]
        }
        None => digits[prefix..].to_owned(),
    }
}

/// The extension behind a number that ends here, and where it ends itself.
fn extension(text: &str, number_end: usize) -> Option<(String, usize)> {
    let is_pause = |char: char| matches!(char, ' ' | '\u{A0}' | ',' | ';' | '.' | ':' | '=');
    let rest = text[number_end..].trim_start_matches(is_pause);
    let mark = ["extension", "ext", "x", "#"].into_iter().find(|mark| {
        let begins = rest.get(..mark.len());
        begins.is_some_and(|begins| begins.eq_ignore_ascii_case(mark))
    })?;
    let rest = rest[mark.len()..].trim_start_matches(is_pause);
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at(length);
    let is_one = !digits.is_empty() && !after.starts_with(char::is_alphanumeric);
    is_one.then(|| (digits.to_owned(), text.len() - after.len()))
}

/// What people write between the digits of a number.
fn is_between(char: char) -> bool {
    // The dashes of print, and the minus sign.
    let is_dash = matches!(
        char,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}'
    );
    is_dash || char.is_whitespace() || matches!(char, '(' | ')' | '.' | '/' | '（' | '）')
}

/// A decimal digit of a script that telephone numbers are written in.
fn digit(char: char) -> Option<char> {
    let zero = match char {
        '0'..='9' => return Some(char),
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6F0}'..='\u{6F9}' => 0x6F0,
        '\u{966}'..='\u{96F}' => 0x966,
        '\u{9E6}'..='\u{9EF}' => 0x9E6,
        '\u{FF10}'..='\u{FF19}' => 0xFF10,
        _ => return None,
    };
    char::from_digit(u32::from(char) - zero, 10)
}

impl Number {
    /// Hands the terms by which a record is found that has this number to `out`.
    pub fn terms(&self, out: &mut impl FnMut(String)) {
        out(self.digits.clone());
        if let Some(mut whole) = from_tail(&self.digits) {
            whole.push(END_MARK);
            out(whole);
        }
        self.extension.iter().cloned().for_each(out);
    }

    /// What a term of a record that has this number begins with: one of these. Empty where the number is too short to be one.
    ///
    /// It finds the number however it is written, a longer one that ends so, and the same without its country.
    pub fn beginnings(&self) -> Vec<String> {
        let Some(tail) = from_tail(&self.digits) else {
            return Vec::new();
        };
        let mut beginnings = vec![self.digits.clone(), tail];
        let dialled = without_trunk(&self.digits);
        for country_code in 1..=COUNTRY_CODE_DIGITS_MAX {
            let national = without_trunk(&dialled[country_code..]);
            if national.len() >= NATIONAL_DIGITS_MIN {
                beginnings.extend(from_tail(national).map(|mut whole| {
                    whole.push(END_MARK);
                    whole
                }));
            }
        }
        beginnings.sort_unstable();
        beginnings.dedup();
        beginnings
    }
}

/// A number without the zeros before it: a trunk prefix is not dialled from abroad.
fn without_trunk(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

/// The number from its tail, where it has so many digits.
fn from_tail(digits: &str) -> Option<String> {
    let digits = without_trunk(digits);
    let (rest, tail) = digits.split_at(digits.len().checked_sub(DIGITS_MIN)?);
    let mut term = String::with_capacity(digits.len() + 2);
    term.push(TAIL_MARK);
    term.push_str(tail);
    term.extend(rest.chars().rev());
    Some(term)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<String> {
        let number = |number: Number| match number.extension {
            Some(extension) => format!("{} x {extension}", number.digits),
            None => number.digits,
        };
        numbers(text).into_iter().map(number).collect()
    }

    #[test]
    fn a_number_is_its_digits() {
        for (text, expected) in [
            ("+1 (415) 555-0132", &["14155550132"][..]),
            ("+14155550132", &["14155550132"]),
            ("001.415.555.0132", &["14155550132"]),
            ("(415) 555‑0132", &["4155550132"]),
            ("+33 1 23 45 67 89", &["33123456789"]),
            ("0033 1 23 45 67 89", &["33123456789"]),
            ("+44 (0)20 7946 0958", &["442079460958"]),
            ("0044 (0) 20 7946 0958", &["442079460958"]),
            ("(0)20 7946 0958", &["02079460958"]),
            ("030/1234567", &["0301234567"]),
            ("＋８１ ３（１２３４）５６７８", &["81312345678"]),
            ("٠٥٥-٥٠١٣٢", &["05550132"]),
            (
                "+1 415 555 0132/+1 415 555 0133",
                &["14155550132", "14155550133"],
            ),
            ("555-0132, 555-0133", &["5550132", "5550133"]),
            ("call 555-0132 at 10", &["5550132", "10"]),
            ("415 555", &["415555"]),
            ("", &[]),
            ("+", &[]),
            ("(", &[]),
            ("+ 415 555 0132", &["4155550132"]),
            ("none", &[]),
            ("a1234567", &[]),
            ("1234567b", &[]),
            ("4111 1111 1111 1111 1111 1", &[]),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn an_extension_is_apart() {
        for text in [
            "555-0132 ext. 12",
            "555-0132x12",
            "555-0132 X 12",
            "555-0132;ext=12",
            "555-0132, Extension: 12",
            "555-0132 #12",
        ] {
            let [number] = &numbers(text)[..] else {
                panic!("{text}");
            };
            assert_eq!(number.range, 0..text.len());
            assert_eq!(shown(text), ["5550132 x 12"], "{text}");
        }
        assert_eq!(shown("555-0132 exit 12"), ["5550132", "12"]);
        assert_eq!(shown("555-0132 x12y"), ["5550132"]);
    }

    /// Whether whoever writes one finds a record that has the other.
    fn finds(query: &str, record: &str) -> bool {
        let mut terms = Vec::new();
        for number in numbers(record) {
            number.terms(&mut |term| terms.push(term));
        }
        let beginnings = numbers(query).remove(0).beginnings();
        let begins = |term: &String| beginnings.iter().any(|begin| term.starts_with(begin));
        terms.iter().any(begins)
    }

    #[test]
    fn a_number_is_found_in_its_spellings() {
        let abroad = [
            "+14155550132",
            "+1 (415) 555-0132",
            "001 415 555 0132",
            "1-415-555-0132",
        ];
        let home = ["(415) 555-0132", "4155550132", "415.555.0132"];
        for one in abroad.iter().chain(&home) {
            for other in abroad.iter().chain(&home) {
                assert!(finds(one, other), "{one} finds {other}");
            }
            assert!(finds("555-0132", one), "the tail of {one}");
        }
        for (query, record) in [
            ("+1 415 555", "+14155550132"),
            ("030 1234567", "+49 30 1234567"),
            ("+49 30 1234567", "030/1234567"),
            ("06 12345678", "+39 06 12345678"),
            ("+39 06 12345678", "06 12345678"),
            ("+44 20 7946 0958", "+44 (0)20 7946 0958"),
            ("020 7946 0958", "+44 (0)20 7946 0958"),
            ("+14155550132", "415 555 0132 ext. 9"),
        ] {
            assert!(finds(query, record), "{query} finds {record}");
        }
        for (query, record) in [
            ("+14155550132", "+14155550133"),
            ("4155550132", "+1 415 555 0132 2"),
            ("+14155550132", "555-0132"),
            ("555-0132", "555-013"),
        ] {
            assert!(!finds(query, record), "{query} does not find {record}");
        }
        assert!(numbers("415 555").remove(0).beginnings().is_empty());
        assert!(numbers("0000000").remove(0).beginnings().is_empty());
    }

    proptest! {
        #[test]
        fn any_text_has_its_numbers_in_order(text in "[+0-9() .xe#/a;=é٣-]{0,40}", any: String) {
            for text in [text, any] {
                let mut end = 0;
                for number in numbers(&text) {
                    prop_assert!(end <= number.range.start && number.range.end <= text.len());
                    prop_assert!(number.digits.bytes().all(|byte| byte.is_ascii_digit()));
                    prop_assert!(text.get(number.range.clone()).is_some());
                    number.beginnings();
                    end = number.range.end;
                }
            }
        }
    }
}
