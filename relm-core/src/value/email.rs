//! Which texts are e-mail addresses, and which two are one.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use crate::limits::{EMAIL_BYTES_MAX, EMAIL_LOCAL_BYTES_MAX};
use crate::value::host;
use crate::value::text::{fold_simple, nfc};

/// The e-mail address that the text is: in NFC, without the white space around it. Its case stays.
///
/// Its form is RFC 5321's mailbox with international characters (RFC 6531): a local part of atoms with dots between them, or
/// in quotes, and a domain name. A domain of one label is one (`root@intranet`); a display name (`Ada <ada@example.com>`) and
/// a literal (`ada@[192.0.2.1]`) are refused.
///
/// # Errors
/// When the text has another form or more than [`EMAIL_BYTES_MAX`] bytes. The text says what would be right.
pub fn parse(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let too_long = "An e-mail address must be at most 254 bytes.";
    let trimmed = text.trim();
    // Composing makes a text at most three times as short; measured first, it bounds the work of what follows.
    if trimmed.len() > 3 * EMAIL_BYTES_MAX {
        return Err(too_long);
    }
    let address = nfc(trimmed);
    if address.len() > EMAIL_BYTES_MAX {
        return Err(too_long);
    }
    match address.rsplit_once('@') {
        Some((local, domain)) if is_local_part(local) && host::ascii(domain).is_some() => {
            Ok(address)
        }
        _ => Err("An e-mail address must be one such as ada@example.com."),
    }
}

/// What an address is compared by, and what is unique: two spellings of one mailbox have one key.
///
/// The local part is in NFC with its case folded character by character (Unicode's simple folding, which makes no two names
/// of one length another's: `straße` is not `strasse`), and without quotes that it does not need; the domain is in its
/// [one form](host::ascii). A text that is no address has a key too, since one may be asked for; it begins with no
/// white space either.
pub fn key(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() && !text.contains('"') {
        return text.to_ascii_lowercase();
    }
    let address = nfc(text);
    let Some((local, domain)) = address.rsplit_once('@') else {
        return folded(&address);
    };
    let mut key = folded(&unquoted(local));
    key.push('@');
    match host::ascii(domain) {
        Some(domain) => key.push_str(&domain),
        None => key.push_str(&folded(domain)),
    }
    key
}

/// Folding may leave what composes: `nfc` again makes the key of a key that key.
fn folded(text: &str) -> String {
    nfc(&fold_simple(text)).into_owned()
}

fn is_local_part(local: &str) -> bool {
    let is_long = local.len() > EMAIL_LOCAL_BYTES_MAX;
    !is_long && (is_dot_string(local) || quoted_content(local).is_some())
}

/// `Dot-string` of RFC 5321, section 4.1.2.
fn is_dot_string(text: &str) -> bool {
    text.split('.').all(is_atom)
}

/// Letters, digits and the punctuation of `atext` (RFC 5322, section 3.2.3). Beyond ASCII RFC 6531 takes every character;
/// here it is letters and digits of every script, the marks on them, and what some scripts write between two of them.
fn is_atom(text: &str) -> bool {
    let mut is_on_letter = false;
    let mut fits = |char: char| {
        let is_part = match char {
            _ if char.is_alphanumeric() => true,
            '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='`' | '{'..='~' => {
                is_on_letter = false;
                return true;
            }
            // Joiners, and the points that RFC 5892, appendix A, takes in context: of Catalan, Greek, Hebrew, Japanese.
            '\u{200C}' | '\u{200D}' | '·' | '\u{375}' | '\u{5F3}' | '\u{5F4}' | '\u{30FB}' => {
                is_on_letter
            }
            _ => is_on_letter && is_combining_mark(char),
        };
        is_on_letter = is_part;
        is_part
    };
    !text.is_empty() && text.chars().all(&mut fits)
}

/// What stands between the quotes of a `Quoted-string` (RFC 5321, section 4.1.2), its escapes undone; none where the text is
/// no such string, or an empty one, which names nobody.
fn quoted_content(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut content = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        let char = match char {
            '"' => return None,
            '\\' => chars.next().filter(|char| matches!(char, ' '..='~'))?,
            ' '..='~' => char,
            _ if char.is_ascii() || char.is_control() => return None,
            _ => char,
        };
        content.push(char);
    }
    (!content.is_empty()).then_some(content)
}

/// A local part without quotes, where it says the same without: `"ada"@example.com` is `ada@example.com`.
fn unquoted(local: &str) -> Cow<'_, str> {
    match quoted_content(local) {
        Some(content) if is_dot_string(&content) => Cow::Owned(content),
        _ => Cow::Borrowed(local),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A local part and a domain in letters of one script each, some with marks; both as they are typed.
    const SCRIPTS: [(&str, &str); 24] = [
        ("Latin", "ada.lovelace+crm@example.com"),
        (
            "Latin, with marks",
            "zoe\u{308}.da\u{327}@bu\u{308}cher.example",
        ),
        ("Vietnamese", "nguyê\u{303}n@đông.example"),
        ("Greek", "σίσυφος@παράδειγμα.ελ"),
        ("Cyrillic", "иван@почта.рф"),
        ("Armenian", "արամ@օրինակ.հայ"),
        ("Georgian", "ნინო@მაგალითი.გე"),
        ("Hebrew", "דָּוִד@דוגמה.קום"),
        ("Arabic", "محمّد@مثال.إختبار"),
        ("Persian", "می\u{200c}نا@مثال.ایران"),
        ("Devanagari", "संपर्क@डाटामेल.भारत"),
        ("Bengali", "যোগাযোগ@উদাহরণ.ভারত"),
        ("Gurmukhi", "ਸੰਪਰਕ@ਉਦਾਹਰਨ.ਭਾਰਤ"),
        ("Gujarati", "સંપર્ક@ઉદાહરણ.ભારત"),
        ("Tamil", "தொடர்பு@உதாரணம்.இந்தியா"),
        ("Telugu", "సంప్రదింపు@ఉదాహరణ.భారత్"),
        ("Kannada", "ಸಂಪರ್ಕ@ಉದಾಹರಣೆ.ಭಾರತ"),
        ("Malayalam", "ബന്ധപ്പെടുക@ഉദാഹരണം.ഭാരതം"),
        ("Sinhala", "සම්බන්ධ@උදාහරණ.ලංකා"),
        ("Thai", "ติดต่อ@ตัวอย่าง.ไทย"),
        ("Khmer", "ទំនាក់@ឧទាហរណ៍.ខ្មែរ"),
        ("Chinese", "用户@例子.中国"),
        ("Japanese", "ユーザー@例え.テスト"),
        ("Korean", "사용자@실례.한국"),
    ];

    #[test]
    fn addresses_of_every_script_are_addresses() {
        for (script, text) in SCRIPTS {
            let address = parse(text).unwrap_or_else(|_| panic!("{script}: {text}"));
            assert_eq!(address, nfc(text), "{script}");
            let (_, domain) = address.rsplit_once('@').unwrap();
            let ascii = host::ascii(domain).unwrap();
            let (local, _) = text.rsplit_once('@').unwrap();
            assert_eq!(key(text), key(&format!("{local}@{ascii}")), "{script}");
        }
    }

    #[test]
    fn what_no_script_writes_is_no_address() {
        for text in [
            // A mark on nothing, or on what is no letter.
            "\u{301}ada@example.com",
            "ada.\u{301}lovelace@example.com",
            "ada+\u{94D}@example.com",
            "\u{94D}क@example.com",
            "ada@\u{301}example.com",
            "ada@exa\u{200D}mple.com",
            "\u{200C}ada@example.com",
            // What cannot be seen, or is a space.
            "a\u{200B}da@example.com",
            "a\u{202E}da@example.com",
            "a\u{AD}da@example.com",
            "a\u{A0}da@example.com",
            "ada\u{3000}lovelace@example.com",
            "a\u{85}da@example.com",
            // Neither letters nor digits.
            "ada™@example.com",
            "❤@example.com",
            "ada＠example.com",
            // Directions that a domain may not mix (RFC 5893).
            "ada@aא.example",
            "ada@xn--a.example",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn spellings_of_one_mailbox_are_one() {
        for (key_of_all, spellings) in [
            (
                "fred.smith@example.com",
                &[
                    "Fred.Smith@Example.COM",
                    " fred.smith@example.com\t",
                    "\"fred.smith\"@example.com",
                    "\"fr\\ed.smith\"@example.com",
                    "FRED.SMITH@EXAMPLE。com",
                ][..],
            ),
            (
                "zoë@xn--bcher-kva.example",
                &[
                    "zoe\u{308}@bücher.example",
                    "ZOË@BU\u{308}CHER.example",
                    "Zoë@XN--BCHER-KVA.example",
                ],
            ),
            (
                "straße@xn--strae-oqa.example",
                &["Straße@straße.example", "STRAẞE@STRAẞE.example"],
            ),
            (
                "σίσυφοσ@example.com",
                &["Σίσυφος@example.com", "ΣΊΣΥΦΟΣ@example.com"],
            ),
            (
                "kelvin@example.com",
                &["\u{212A}elvin@example.com", "Kelvin@ｅｘａｍｐｌｅ.com"],
            ),
            ("sam@example.com", &["ſam@example.com"]),
        ] {
            for text in spellings {
                assert_eq!(key(text), *key_of_all, "{text}");
                assert!(parse(text).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn other_mailboxes_are_others() {
        let texts = [
            "strasse@example.com",
            "straße@example.com",
            "ada@strasse.example",
            "ada@straße.example",
            "ada@bücher.example",
            "ada@bucher.example",
            "ıstanbul@example.com",
            "istanbul@example.com",
            "İstanbul@example.com",
            "ﬁn@example.com",
            "fin@example.com",
            "ada+crm@example.com",
            "ada@example.com",
            "a.da@example.com",
            "\"a da\"@example.com",
            "\"a  da\"@example.com",
            "\"a..da\"@example.com",
            "клава@example.com",
            "клавa@example.com",
        ];
        let mut keys: Vec<String> = texts.into_iter().map(key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), texts.len());
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
            (
                "!#$%&'*+-/=?^_`{|}~@example.com",
                "!#$%&'*+-/=?^_`{|}~@example.com",
            ),
            ("a@1.example", "a@1.example"),
            ("zoe\u{308}@example.com", "zoë@example.com"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(address));
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
            "ada@exam_ple.com",
            "ada@example..com",
            "ada@.example.com",
            "ada@example.com.",
            "ada@-example.com",
            "ada.@example.com",
            ".ada@example.com",
            "a..da@example.com",
            "a(d)a@example.com",
            "ada@[192.0.2.1]",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            "mailto:ada@example.com",
            "ada@example.com, bob@example.com",
            "ada@example.com\r\nBcc: bob@example.com",
            "ada\0@example.com",
            "\"\"@example.com",
            "\"@example.com",
            "\"a\"b\"@example.com",
            "\"a\\\"@example.com",
            "\"a\r\nb\"@example.com",
            "\"a\tb\"@example.com",
            &format!("{}@example.com", "a".repeat(EMAIL_LOCAL_BYTES_MAX + 1)),
            &format!("ada@{}.example", "a".repeat(64)),
        ] {
            assert!(parse(text).is_err(), "{text:?}");
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
        assert_eq!(
            parse(&format!("  {longest}  ")).as_deref(),
            Ok(longest.as_str())
        );
        for text in [format!("a{longest}"), "é".repeat(1_000_000)] {
            assert_eq!(
                parse(&text),
                Err("An e-mail address must be at most 254 bytes.")
            );
        }
    }

    proptest! {
        #[test]
        fn an_address_is_an_address_again(text in "[ a-zA-Z0-9.@\"+éß\u{301}-]{0,20}", other in "\\PC{1,8}@\\PC{1,8}") {
            for text in [text, other] {
                if let Ok(address) = parse(&text) {
                    prop_assert_eq!(&parse(&address), &Ok(address.clone()));
                    prop_assert_eq!(key(&text), key(&address));
                }
            }
        }

        #[test]
        fn the_key_of_a_key_is_that_key(text in "[ a-zA-Z.@\"\\\\éßΣς\u{345}\u{301}]{0,20}", other in "\\PC{0,9}@\\PC{0,9}", any: String) {
            for text in [text, other, any] {
                let once = key(&text);
                prop_assert!(!once.starts_with(char::is_whitespace));
                prop_assert_eq!(key(&once), once);
            }
        }
    }
}
