//! Code as HTML, with its comments, texts, numbers and keywords told apart: enough to read examples by, for the languages of
//! the documents, and no more.

/// What is written how in a language.
struct Language {
    /// What begins a comment that ends with its line.
    comment: &'static str,
    /// What texts stand between.
    quotes: &'static [char],
    /// What begins an expression within a text, which ends with `}` and may hold texts.
    expression: Option<&'static str>,
    keywords: &'static [&'static str],
}

const NONE: Language = Language {
    comment: "",
    quotes: &[],
    expression: None,
    keywords: &[],
};

/// The language of a block of Markdown, or of a file's extension.
fn language(name: &str) -> Language {
    let of = |comment, quotes, expression, keywords| Language {
        comment,
        quotes,
        expression,
        keywords,
    };
    match name {
        "sh" | "bash" => of("#", &['"', '\''], None, SHELL),
        "json" => of("", &['"'], None, &["true", "false", "null"]),
        "js" | "ts" => of("//", &['"', '\'', '`'], Some("${"), TYPESCRIPT),
        "py" | "python" => of("#", &['"', '\''], None, PYTHON),
        "rs" | "rust" => of("//", &['"', '\''], None, RUST),
        "go" => of("//", &['"', '`'], None, GO),
        "rb" => of("#", &['"', '\''], Some("#{"), RUBY),
        "php" => of("//", &['"', '\''], Some("{$"), PHP),
        "sql" => of("--", &['\''], None, SQL),
        _ => NONE,
    }
}

const SHELL: &[&str] = &[
    "case", "do", "done", "else", "esac", "export", "fi", "for", "if", "in", "local", "return",
    "then", "while",
];
const TYPESCRIPT: &[&str] = &[
    "await",
    "const",
    "else",
    "false",
    "for",
    "from",
    "function",
    "if",
    "import",
    "let",
    "new",
    "null",
    "of",
    "return",
    "true",
    "undefined",
];
const PYTHON: &[&str] = &[
    "False", "None", "True", "and", "as", "def", "else", "for", "from", "if", "import", "in", "is",
    "not", "or", "return", "while", "with",
];
const RUST: &[&str] = &[
    "async", "await", "else", "false", "fn", "for", "if", "impl", "in", "let", "match", "mod",
    "move", "mut", "pub", "return", "struct", "true", "use", "while",
];
const GO: &[&str] = &[
    "defer", "else", "false", "for", "func", "if", "import", "nil", "package", "range", "return",
    "struct", "true", "type", "var",
];
const RUBY: &[&str] = &[
    "def", "do", "else", "end", "false", "if", "nil", "require", "return", "true", "unless",
];
const PHP: &[&str] = &[
    "array", "as", "bool", "echo", "else", "false", "fn", "foreach", "function", "if", "int",
    "null", "return", "string", "true",
];
const SQL: &[&str] = &[
    "ALL",
    "ALTER",
    "CREATE",
    "DEFAULT",
    "DELETE",
    "GRANT",
    "IN",
    "INSERT",
    "ON",
    "PRIVILEGES",
    "SCHEMA",
    "SELECT",
    "SET",
    "TABLES",
    "TO",
    "UPDATE",
    "USAGE",
];

/// A block of code, which scrolls by keyboard, too, where it is wider than its page.
pub fn block(name: &str, code: &str) -> String {
    let code = highlighted(&language(name), code.trim_end());
    format!("<pre tabindex=\"0\"><code>{code}</code></pre>")
}

fn highlighted(language: &Language, code: &str) -> String {
    let mut out = String::with_capacity(2 * code.len());
    let mut rest = code;
    let mut before = '\n';
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(language, rest, before);
        let (piece, after) = rest.split_at(length.max(first.len_utf8()));
        // In JSON a text before a colon is a name.
        let is_name = class == "s" && language.comment.is_empty() && after.starts_with(':');
        match if is_name { "p" } else { class } {
            "" => escape(piece, &mut out),
            class => {
                out.push_str(&format!("<span class={class}>"));
                escape(piece, &mut out);
                out.push_str("</span>");
            }
        }
        before = piece.chars().next_back().unwrap_or(before);
        rest = after;
    }
    out
}

/// The class and the length of what the code begins with; `before` is the character in front of it.
fn token(language: &Language, code: &str, before: char) -> (&'static str, usize) {
    let first = code.chars().next().unwrap_or_default();
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let run = |goes_on: fn(char) -> bool| code.find(|char| !goes_on(char)).unwrap_or(code.len());
    let comment = language.comment;
    let is_parted = before.is_whitespace() || comment != "#";
    if !comment.is_empty() && code.starts_with(comment) && is_parted {
        return ("c", code.find('\n').unwrap_or(code.len()));
    }
    if comment == "//" && code.starts_with("/*") {
        return ("c", code.find("*/").map_or(code.len(), |end| end + 2));
    }
    // A URL is one thing, in which `//` begins no comment and a port is no number.
    if code.starts_with("http://") || code.starts_with("https://") {
        return (
            "",
            run(|char| !char.is_whitespace() && !"\"'`".contains(char)),
        );
    }
    if language.quotes.contains(&first) {
        return match text_length(language, code, first) {
            Some(length) => ("s", length),
            None => ("", 1),
        };
    }
    if first.is_ascii_digit() && !is_word(before) {
        return ("n", run(|char| char.is_ascii_alphanumeric() || char == '.'));
    }
    if is_word(first) {
        let length = run(|char| char.is_alphanumeric() || char == '_');
        let is_keyword = language.keywords.contains(&&code[..length]) && before != '.';
        return (if is_keyword { "k" } else { "" }, length);
    }
    ("", first.len_utf8())
}

/// How long the text is that the code begins with; none where the quote begins no text, such as a lifetime of Rust.
fn text_length(language: &Language, code: &str, quote: char) -> Option<usize> {
    let mut depth = 0_usize;
    let mut chars = code.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => {
                chars.next();
            }
            '}' if depth > 0 => depth -= 1,
            '{' if depth > 0 => depth += 1,
            '{' | '$' | '#' if starts_expression(language, &code[at..], quote) => {
                depth = 1;
                chars.next();
            }
            char if char == quote && depth == 0 => {
                let is_character = quote == '\'' && language.keywords == RUST;
                return (!is_character || at <= 4).then_some(at + 1);
            }
            _ => {}
        }
    }
    None
}

fn starts_expression(language: &Language, code: &str, quote: char) -> bool {
    let has_expressions = quote == '"' || quote == '`';
    let expression = language.expression.filter(|_| has_expressions);
    expression.is_some_and(|expression| code.starts_with(expression))
}

/// As the text of an element.
pub fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(name: &str, code: &str) -> String {
        let html = highlighted(&language(name), code);
        html.replace("<span class=", "[")
            .replace("</span>", "]")
            .replace('>', " ")
    }

    #[test]
    fn what_is_between_quotes_is_one_text() {
        assert_eq!(marked("py", "a = 'x # y'"), "a = [s 'x # y']");
        assert_eq!(
            marked("rb", r##""a #{b("c")} d" e"##),
            r##"[s "a #{b("c")} d"] e"##
        );
        assert_eq!(
            marked("ts", "`t ${a ? `b` : {}} c`;"),
            "[s `t ${a ? `b` : {}} c`];"
        );
        assert_eq!(marked("php", r#""{$a["b"]}""#), r#"[s "{$a["b"]}"]"#);
        assert_eq!(marked("js", r#""a\"b" c"#), r#"[s "a\"b"] c"#);
        assert_eq!(
            marked("rs", "fn f<'a>(x: &'a str, c: char) { '=' }"),
            "[k fn] f&lt;'a&gt;(x: &amp;'a str, c: char) { [s '='] }"
        );
    }

    #[test]
    fn a_url_stays_whole() {
        let call = "curl http://127.0.0.1:8080/v1 \\";
        assert_eq!(marked("sh", call), call);
    }

    #[test]
    fn comments_names_and_numbers_are_told_apart() {
        assert_eq!(marked("sh", "curl $# # it\nx"), "curl $# [c # it]\nx");
        assert_eq!(
            marked("json", r#"{"a": 1, "b": "c", "d": null}"#),
            r#"{[p "a"]: [n 1], [p "b"]: [s "c"], [p "d"]: [k null]}"#
        );
        assert_eq!(
            marked("go", "/* a */ x1 := 2.5 // b"),
            "[c /* a */] x1 := [n 2.5] [c // b]"
        );
        assert_eq!(marked("", "<a> & 'b"), "&lt;a&gt; &amp; 'b");
    }
}
