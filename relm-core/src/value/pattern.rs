//! Which texts an `ilike` pattern matches.

use std::collections::BTreeMap;

use crate::value::text;

/// SQL's `ILIKE`, the same on every store: `%` stands for any run of characters, `_` for one, and `\` takes the next
/// character as it is.
///
/// Pattern and text are compared case-folded, so `_` is one character of the folded text: `STRA__E` matches `Straße`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands before the first `%`.
    head: Piece,
    /// What stands between, and after the last, if there is a `%` at all.
    rest: Option<(Vec<Needle>, Piece)>,
}

/// Tokens that match as many characters.
type Piece = Vec<Token>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// `_`.
    One,
    /// This character, folded.
    Char(char),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// When it ends in a `\` that escapes nothing. The text says what would be right.
    pub fn parse(pattern: &str) -> Result<Self, &'static str> {
        // Folding goes character by character and knows none of `%`, `_` and `\`, so it may come first.
        let folded = text::fold(pattern);
        let (mut pieces, mut piece) = (Vec::new(), Piece::new());
        let mut chars = folded.chars();
        while let Some(char) = chars.next() {
            match char {
                '%' => pieces.push(std::mem::take(&mut piece)),
                '_' => piece.push(Token::One),
                '\\' => match chars.next() {
                    Some(escaped) => piece.push(Token::Char(escaped)),
                    None => {
                        return Err(
                            "A pattern cannot end in a single `\\`: write `\\\\` for a backslash.",
                        );
                    }
                },
                _ => piece.push(Token::Char(char)),
            }
        }
        let mut pieces = pieces.into_iter();
        Ok(match pieces.next() {
            None => Self {
                head: piece,
                rest: None,
            },
            Some(head) => {
                let between = pieces.filter(|piece| !piece.is_empty());
                let between = between.map(Needle::new).collect();
                Self {
                    head,
                    rest: Some((between, piece)),
                }
            }
        })
    }

    /// Whether the pattern matches the whole text.
    ///
    /// It takes time in proportion to the text, times one for each 64 characters of the pattern: a list may match any
    /// number of long texts by any pattern.
    pub fn matches(&self, text: &str) -> bool {
        let folded = text::fold(text);
        let mut rest = folded.chars();
        if !self
            .head
            .iter()
            .all(|token| rest.next().is_some_and(|char| token.is(char)))
        {
            return false;
        }
        let Some((between, tail)) = &self.rest else {
            return rest.next().is_none();
        };
        let mut from_the_end = tail.iter().rev();
        if !from_the_end.all(|token| rest.next_back().is_some_and(|char| token.is(char))) {
            return false;
        }
        // The first position of each is the best: it leaves the longest rest to those after it.
        between.iter().all(|needle| needle.skip_past(&mut rest))
    }
}

impl Token {
    fn is(self, char: char) -> bool {
        match self {
            Self::One => true,
            Self::Char(own) => own == char,
        }
    }
}

/// A piece that is looked for in a text.
///
/// All positions at which it may have begun are followed at once, one bit each (the shift-and algorithm: R. Baeza-Yates and
/// G. Gonnet, "A new approach to text searching", 1992). It knows `_`, and no text makes it go back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needle {
    /// The index of the last token.
    last: usize,
    /// For each character of the piece, in their order, where it or `_` stands: a bit for each token.
    of_chars: Vec<(char, Bits)>,
    /// Where `_` stands: all that any other character can be.
    ones: Bits,
}

type Bits = Vec<u64>;

impl Needle {
    fn new(piece: Piece) -> Self {
        let mut ones = vec![0; piece.len().div_ceil(64)];
        let set = |bits: &mut Bits, index: usize| bits[index / 64] |= 1 << (index % 64);
        let tokens = || piece.iter().enumerate();
        for (index, token) in tokens() {
            if *token == Token::One {
                set(&mut ones, index);
            }
        }
        let mut of_chars = BTreeMap::new();
        for (index, token) in tokens() {
            if let Token::Char(char) = token {
                set(of_chars.entry(*char).or_insert_with(|| ones.clone()), index);
            }
        }
        Self {
            last: piece.len() - 1,
            of_chars: of_chars.into_iter().collect(),
            ones,
        }
    }

    /// Takes characters until the piece has been among them; whether it was.
    fn skip_past(&self, chars: &mut impl Iterator<Item = char>) -> bool {
        let mut begun = vec![0_u64; self.ones.len()];
        chars.any(|char| {
            let own = self.of_chars.binary_search_by_key(&char, |(own, _)| *own);
            let fits = own.map_or(&self.ones, |own| &self.of_chars[own].1);
            // Each beginning is a position further, and a new one stands at the first.
            let mut carry = 1;
            for (word, fits) in begun.iter_mut().zip(fits) {
                let next = *word >> 63;
                *word = (*word << 1 | carry) & fits;
                carry = next;
            }
            begun[self.last / 64] >> (self.last % 64) & 1 == 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    /// The definition, word for word.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['%', rest @ ..], text) => (0..=text.len()).any(|start| naive(rest, &text[start..])),
            (['_', rest @ ..], [_, after @ ..]) => naive(rest, after),
            (['\\', escaped, rest @ ..], [char, after @ ..]) => {
                escaped == char && naive(rest, after)
            }
            ([own, rest @ ..], [char, after @ ..]) => own == char && naive(rest, after),
            ([_, ..], []) => false,
        }
    }

    #[test]
    fn a_pattern_covers_the_whole_value() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("ada", "ada", true),
            ("ada", "adam", false),
            ("da", "ada", false),
            ("%", "", true),
            ("%", "anything\nat all", true),
            ("a%", "ada", true),
            ("%da", "ada", true),
            ("%d%", "ada", true),
            ("a%a", "a", false),
            ("%ab%ab", "abab", true),
            ("%ab%ab", "aab", false),
            ("%%a%%", "bab", true),
            ("_", "", false),
            ("_", "ab", false),
            ("_%_", "a", false),
            ("_%_", "ab", true),
            ("%_", "ab", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_backslash_takes_the_next_character_as_it_is() {
        assert!(matches(r"100\%", "100%"));
        assert!(!matches(r"100\%", "1000"));
        assert!(matches(r"a\_b", "A_B"));
        assert!(!matches(r"a\_b", "axb"));
        assert!(matches(r"a\\%", r"a\b"));
        assert!(matches(r"\A\d\a", "ada"));
        assert!(matches(r"\%%", "%x"));
    }

    #[test]
    fn a_lone_backslash_at_the_end_is_refused() {
        assert!(Pattern::parse(r"a\").is_err());
        assert!(Pattern::parse(r"a\\\").is_err());
        assert!(Pattern::parse(r"a\\").is_ok());
    }

    #[test]
    fn case_is_folded_on_both_sides() {
        assert!(matches("STRASSE", "Straße"));
        assert!(matches("straße", "STRASSE"));
        assert!(matches("stra__e", "STRAẞE"));
        assert!(matches("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"));
        assert!(matches("%É%", "café au lait"));
        assert!(!matches("cafe", "café"));
    }

    #[test]
    fn folding_makes_no_wildcards() {
        for char in '\0'..=char::MAX {
            let folded = text::fold(&char.to_string());
            let wild = folded.contains(['%', '_', '\\']);
            assert!(!wild || folded.chars().eq([char]), "{char:?}");
        }
    }

    #[test]
    fn an_underscore_is_one_character_however_many_bytes_it_has() {
        assert!(matches("_", "😀"));
        assert!(matches("__", "日本"));
        assert!(!matches("___", "日本"));
    }

    #[test]
    fn no_pattern_and_text_take_the_product_of_their_lengths() {
        let text = "a".repeat(1 << 20);
        for pattern in [
            "%a".repeat(200) + "%b",
            "%".to_owned() + &"a".repeat(498) + "b%",
            "%".to_owned() + &"_".repeat(497) + "ab%",
            "%".to_owned() + &"a_".repeat(248) + "b",
        ] {
            assert!(!matches(&pattern, &text));
            assert!(matches(&pattern, &(text.clone() + "b")));
        }
    }

    #[test]
    fn a_piece_of_more_than_a_machine_word_is_found() {
        for length in [1, 63, 64, 65, 127, 128, 129, 300] {
            let piece = "x".repeat(length - 1) + "y";
            let wild = "_".repeat(length - 1) + "y";
            for before in [0, 1, 64, 70] {
                let text = "x".repeat(before) + &piece + "xyz";
                assert!(matches(&format!("%{piece}%z"), &text), "{length} {before}");
                assert!(matches(&format!("%{wild}x%"), &text), "{length} {before}");
                assert!(!matches(&format!("%{piece}%y{piece}%"), &text));
            }
        }
    }

    proptest! {
        #[test]
        fn it_matches_what_the_definition_matches(pattern in r"([ab%_]|\\[ab%_\\]){0,8}", text in r"[ab%_\\]{0,10}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), naive(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn every_text_matches_itself_escaped(text: String, cut in 0_usize..10) {
            let escaped: String = text.chars().flat_map(|char| ['\\', char]).collect();
            prop_assert!(matches(&escaped, &text));
            let beginning: String = text.chars().take(cut).flat_map(|char| ['\\', char]).collect();
            prop_assert!(matches(&(beginning.clone() + "%"), &text));
            let (within, longer) = (format!("%{escaped}%"), format!("x{text}y"));
            prop_assert!(matches(&within, &longer));
        }

        #[test]
        fn case_never_matters_to_a_match(text in "[a-zA-ZäÄßẞſσΣς]{0,12}") {
            prop_assert!(matches(&text, &text::fold(&text)));
            prop_assert!(matches(&text::fold(&text), &text));
        }
    }
}
