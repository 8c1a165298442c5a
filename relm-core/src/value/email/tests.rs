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
    ("Persian", "مینا@مثال.ایران"),
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

/// Whoever looks at them sees `ada@example.com`, or two addresses of another script that are one.
#[test]
fn an_address_has_no_invisible_twin() {
    for (text, hidden) in [
        ("a\u{200B}da@example.com", '\u{200B}'),
        ("\u{FEFF}ada@example.com", '\u{FEFF}'),
        ("ada\u{200D}@example.com", '\u{200D}'),
        ("a\u{200C}da@example.com", '\u{200C}'),
        ("ad\u{AD}a@example.com", '\u{AD}'),
        ("a\u{FE0F}da@example.com", '\u{FE0F}'),
        ("a\u{34F}da@example.com", '\u{34F}'),
        ("ada\u{202E}@example.com", '\u{202E}'),
        ("ada\u{2066}@example.com", '\u{2066}'),
        ("ada\u{E0061}@example.com", '\u{E0061}'),
        ("\"a\u{2060}da\"@example.com", '\u{2060}'),
        ("ada@exam\u{AD}ple.com", '\u{AD}'),
        ("ada@example.com\u{200B}", '\u{200B}'),
        ("می\u{200C}نا@مثال.ایران", '\u{200C}'),
        ("ක්\u{200D}ෂ@උදාහරණ.ලංකා", '\u{200D}'),
        ("사\u{3164}용자@실례.한국", '\u{3164}'),
        ("ᠠ\u{180B}ᠮ@example.com", '\u{180B}'),
        ("葛\u{E0100}城@例え.テスト", '\u{E0100}'),
    ] {
        assert_eq!(parse(text), Err(EmailError::Invisible(hidden)), "{text:?}");
        let seen: String = text
            .chars()
            .filter(|char| !text::is_invisible(*char))
            .collect();
        assert!(parse(&seen).is_ok(), "{seen}");
    }
    let message = EmailError::Invisible('\u{200B}').to_string();
    assert!(message.ends_with("such as U+200B"), "{message}");
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
        assert_eq!(parse(&text), Err(EmailError::TooLong));
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
