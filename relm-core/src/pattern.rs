//! Which texts an `ilike` pattern matches.

use crate::text;

/// SQL's `ILIKE`, the same on every store: `%` stands for any run of characters, `_` for one, and `\` takes the next
/// character as it is.
///
/// Pattern and text are compared case-folded, so `_` is one character of the folded text: `STRA__E` matches `Straße`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// `%`; never twice in a row.
    Run,
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
        let mut tokens = Vec::with_capacity(folded.len());
        let mut rest = folded.chars();
        while let Some(char) = rest.next() {
            match char {
                '%' if tokens.last() == Some(&Token::Run) => {}
                '%' => tokens.push(Token::Run),
                '_' => tokens.push(Token::One),
                '\\' => match rest.next() {
                    Some(escaped) => tokens.push(Token::Char(escaped)),
                    None => {
                        return Err(
                            "A pattern cannot end in a single `\\`: write `\\\\` for a backslash.",
                        );
                    }
                },
                _ => tokens.push(Token::Char(char)),
            }
        }
        Ok(Self { tokens })
    }

    /// Whether the pattern matches the whole text.
    ///
    /// It takes at most the product of both lengths: when a character fails, only the last `%` grows by one. An earlier
    /// one never needs to, since what it leaves to the last one is already the longest rest that there is.
    pub fn matches(&self, text: &str) -> bool {
        let folded = text::fold(text);
        let (mut tokens, mut rest) = (self.tokens.as_slice(), folded.chars());
        let mut last_run = None;
        loop {
            match (tokens.split_first(), rest.clone().next()) {
                (Some((Token::Run, after)), _) => {
                    last_run = Some((after, rest.clone()));
                    tokens = after;
                }
                (None, None) => return true,
                (Some((token, after)), Some(char)) if token.is(char) => {
                    rest.next();
                    tokens = after;
                }
                // The text ran out: a longer run would leave even less of it.
                (Some(_), None) => return false,
                (_, Some(_)) => {
                    let Some((after, start)) = &mut last_run else {
                        return false;
                    };
                    start.next();
                    (tokens, rest) = (*after, start.clone());
                }
            }
        }
    }
}

impl Token {
    fn is(self, char: char) -> bool {
        match self {
            Self::Run => false,
            Self::One => true,
            Self::Char(own) => own == char,
        }
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
    fn no_pattern_takes_exponential_time() {
        let pattern = "%a".repeat(200) + "%b";
        assert!(!matches(&pattern, &"a".repeat(20_000)));
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
