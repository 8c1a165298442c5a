//! When two texts are the same to a reader, and which are currencies.

use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use unicode_normalization::{UnicodeNormalization, is_nfc};

const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();
const INVISIBLE: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<DefaultIgnorableCodePoint>();

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

/// Whether nothing is shown for a character by itself: a soft hyphen, a space or joiner of no width, a control of direction, a
/// selector of variants, a filler (Unicode's `Default_Ignorable_Code_Point`). Two texts that differ in one look the same.
pub fn is_invisible(char: char) -> bool {
    !char.is_ascii() && INVISIBLE.contains(char)
}

/// The first [invisible](is_invisible) character of a text.
pub fn invisible(text: &str) -> Option<char> {
    match text.is_ascii() {
        true => None,
        false => text.chars().find(|char| is_invisible(*char)),
    }
}

/// Whether two texts are one: in their composed form they are equal.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || nfc(one) == nfc(other)
}

/// What a name is unique by, where case makes no difference: folded and composed. The key of a key is that key.
pub fn name_key(name: &str) -> String {
    // Folding may leave what composes, and one that is composed may fold otherwise.
    nfc(&fold(&nfc(name))).into_owned()
}

/// The ISO 4217 code that the text is in any case, in upper case: of money in use, of funds and metals, and of what was
/// lately withdrawn.
pub fn currency(text: &str) -> Option<&'static str> {
    CURRENCIES
        .split_ascii_whitespace()
        .find(|code| code.eq_ignore_ascii_case(text))
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
    fn a_name_is_one_in_every_case_and_composition() {
        for (name, other) in [
            ("Zoë", "ZOE\u{308}"),
            ("e\u{301}cole", "ÉCOLE"),
            ("ǰ", "J\u{30C}"),
            ("Łódź", "łO\u{301}dz\u{301}"),
            ("\u{212A}elvin", "kelvin"),
            ("각", "\u{1100}\u{1161}\u{11A8}"),
            ("\u{1F80}", "\u{3B1}\u{345}\u{313}"),
        ] {
            assert_eq!(name_key(name), name_key(other), "{name} {other}");
            assert_eq!(name_key(&name_key(name)), name_key(name), "{name}");
        }
        assert_ne!(name_key("Zoë"), name_key("Zoe"));
    }

    #[test]
    fn what_cannot_be_seen_is_known() {
        for char in [
            '\u{AD}',
            '\u{34F}',
            '\u{61C}',
            '\u{115F}',
            '\u{17B4}',
            '\u{180B}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{200E}',
            '\u{202E}',
            '\u{2060}',
            '\u{2066}',
            '\u{3164}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{FFA0}',
            '\u{E0061}',
            '\u{E0100}',
        ] {
            assert!(is_invisible(char), "{char:?}");
            assert_eq!(invisible(&format!("añ{char}b\u{200B}")), Some(char));
        }
        for text in [
            "",
            "ada",
            "a b\n",
            "é",
            "e\u{301}",
            "हिन्दी",
            "שָׁלוֹם",
            "用户",
            "👩",
            "\u{A0}",
        ] {
            assert_eq!(invisible(text), None, "{text:?}");
        }
    }

    #[test]
    fn texts_are_one_in_every_composition_and_no_other_case() {
        assert!(is_same("é", "e\u{301}"));
        assert!(is_same("e\u{323}\u{307}", "e\u{307}\u{323}"));
        assert!(!is_same("é", "É"));
        assert!(!is_same("é", "e"));
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

    proptest! {
        #[test]
        fn the_folding_of_ascii_is_unicodes(text in "[\0-\x7f]{0,60}") {
            prop_assert_eq!(fold(&text), CASES.fold_string(&text));
        }
    }
}
