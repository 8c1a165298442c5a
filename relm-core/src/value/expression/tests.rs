//! Which texts expressions match, which are refused, and how large they are.

use super::*;

#[test]
fn a_text_matches_that_has_the_expression_anywhere() {
    for (expression, text, is_match) in [
        ("b", "abc", true),
        ("^b", "abc", false),
        ("^[A-Z]{2}-\\d+$", "AB-17", true),
        ("^[A-Z]{2}-\\d+$", "AB-17\n", false),
        ("^(a|b)(?:c)+?$", "bcc", true),
        ("^\\w+$", "é", false),
        ("^.$", "é", true),
        ("^[^\\s\\-\\]]{2,}$", "a-", false),
        ("^\\u00e9\\x41$", "éA", true),
        ("", "", true),
        ("^\\/\\$$", "/$", true),
        ("^(?:)$", "", true),
        ("^.$", "\n", false),
        ("^.$", "\r", false),
        ("^.$", "\u{2028}", false),
        ("^\\s$", "\u{a0}", true),
        ("^\\s$", "\u{200b}", false),
        ("^\\S$", "\u{3000}", false),
        ("^[^\\s]$", "\u{feff}", false),
        ("^[\\S]$", "\u{2029}", false),
        ("^[\\S]+$", "a\u{10ffff}\u{1f}!", true),
        ("^[\\s\\S]$", "\n", true),
        ("^[--/]$", ".", true),
        ("^[--/]$", "0", false),
        ("^[-a]$", "-", true),
        ("^[a-]$", "-", true),
        ("^[^-a]$", "-", false),
        ("^[a&&b~~c]+$", "&~abc", true),
        ("^[a^]$", "^", true),
        ("^[\\-\\/]+$", "-/", true),
    ] {
        let expression = Expression::from(expression);
        assert_eq!(expression.check(), Ok(()), "{expression:?}");
        assert_eq!(expression.matches(text), is_match, "{expression:?} {text}");
    }
}

#[test]
fn what_others_read_otherwise_is_not_taken() {
    for expression in [
        "(?i)a",
        "(?=a)",
        "(?<n>a)",
        "(?P<n>a)",
        "(a)\\1",
        "\\p{L}",
        "\\A",
        "\\z",
        "\\_",
        "a++",
        "a**",
        "*a",
        "a|*",
        "(*)",
        "^*",
        "\\b+",
        "[[:alpha:]]",
        "[]a]",
        "[]",
        "[^]",
        "[a-b-c]",
        "[\\d-a]",
        "[a-\\s]",
        "[a--]",
        "]",
        "}",
        "{",
        "a{",
        "a{,3}",
        "a{ 2 }",
        "a{1,2,3}",
        "a{3,2}",
        "[z-a]",
        "(",
        ")",
        "\\",
        "[\\",
        "\\x4",
        "\\u{41}",
        "\\ud83d\\ude00",
        "[\\b]",
        "\\b{start}",
    ] {
        let expression = Expression::from(expression);
        let refusal = expression.check();
        assert!(refusal.is_err(), "{expression:?}");
        assert!(!expression.matches("a"), "{expression:?}");
    }
}

#[test]
fn an_expression_is_bounded_however_it_is_written() {
    for (expression, is_taken) in [
        ("[a-z]{1,50}".to_owned(), true),
        ("[a-z]{1,1000}".to_owned(), false),
        ("(a{100}){100}".to_owned(), false),
        ("(?:){999999999}".to_owned(), false),
        ("a".repeat(200), true),
        ("a?".repeat(FIELD_PATTERN_CHARS_MAX / 2 + 1), false),
        ("(".repeat(40) + &")".repeat(40), false),
        ("a{99999999999}".to_owned(), false),
    ] {
        let expression = Expression::from(expression);
        assert_eq!(expression.check().is_ok(), is_taken, "{expression:?}");
    }
}

#[test]
fn of_spaces_and_others_every_character_is_one() {
    let (spaces, others) = (Expression::from("^\\s$"), Expression::from("^[\\S]$"));
    for char in '\0'..=char::MAX {
        let text = char.to_string();
        // What ECMAScript calls white space and ends of lines: Unicode's, without U+0085 and with the byte order mark.
        let is_space = char == '\u{feff}' || char.is_whitespace() && char != '\u{85}';
        assert_eq!(spaces.matches(&text), is_space, "{char:?}");
        assert_eq!(others.matches(&text), !is_space, "{char:?}");
    }
}

#[test]
fn the_size_of_an_expression_grows_with_what_it_is_compiled_to() {
    assert_eq!(Expression::from("a").size(), SIZE_STEP);
    assert_eq!(Expression::from("^[A-Z]{2}-\\d+$").size(), 2 * SIZE_STEP);
    let optional = |count| Expression::from("[a-z]?".repeat(count));
    let taken: Vec<_> = (1..80)
        .map(optional)
        .take_while(|expression| expression.check().is_ok())
        .map(|expression| expression.size())
        .collect();
    assert!(taken.is_sorted(), "{taken:?}");
    assert_eq!(taken.last(), Some(&FIELD_PATTERN_BYTES_MAX));
}

#[test]
fn an_expression_is_one_by_its_text() {
    let expression = Expression::from("^a$");
    assert!(expression.matches("a"));
    assert_eq!(expression, Expression::from("^a$"));
    assert_ne!(expression, Expression::from("^b$"));
    let json = serde_json::to_string(&expression).unwrap();
    assert_eq!(json, "\"^a$\"");
    assert_eq!(
        serde_json::from_str::<Expression>(&json).unwrap(),
        expression
    );
}
