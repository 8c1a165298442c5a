//! When two texts are the same to a reader, and which are currencies.

use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use unicode_normalization::{UnicodeNormalization, is_nfc};

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

    proptest! {
        #[test]
        fn the_folding_of_ascii_is_unicodes(text in "[\0-\x7f]{0,60}") {
            prop_assert_eq!(fold(&text), CASES.fold_string(&text));
        }
    }
}
