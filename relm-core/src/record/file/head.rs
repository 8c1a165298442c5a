//! The head of a CSV file: what separates its cells, and how its columns are named.

use std::collections::HashSet;

use super::buffer::line_breaks;
use super::options::Delimiter;
use super::scan::{first_row, widths};
use crate::error::{Error, Result};
use crate::limits::{FILE_COLUMNS_MAX, FILE_HEADER_BYTES_MAX};
use crate::value::email;
use crate::value::excerpt::Quoted;

/// What the head of a file says.
#[derive(Debug)]
pub(super) struct Head {
    pub delimiter: Delimiter,
    /// The names of the columns, each of them once.
    pub header: Vec<String>,
    /// What was done to make them so.
    pub notices: Vec<String>,
    /// The bytes of the head, from which on there are rows.
    pub bytes: usize,
}

/// Rows by which it is told what separates cells.
const SAMPLED_ROWS_MAX: usize = 100;

/// Reads the head of the file that `text` begins.
pub(super) fn read(text: &str, is_last: bool, said: Option<Delimiter>) -> Result<Head> {
    let (before, told) = before_header(text)?;
    let rest = &text[before..];
    let delimiter = said.or(told).unwrap_or_else(|| detect(rest, is_last));
    let line = 1 + line_breaks(&text[..before]);
    let (cells, bytes) = match first_row(rest, delimiter, is_last) {
        Some(Ok(row)) => row,
        Some(Err(column)) => {
            return Err(Error::bad_request(format!(
                "The line {line}, which names the columns, has a quote at column {column} that is not closed: close it."
            )));
        }
        None if text.trim().is_empty() && is_last => {
            return Err(Error::bad_request(
                "The file is empty: its first line must name the columns, as in `email,first_name`.",
            ));
        }
        None => {
            return Err(Error::bad_request(format!(
                "The first line of a file names its columns, and that of this one does not end within {FILE_HEADER_BYTES_MAX} bytes."
            )));
        }
    };
    check(&cells, line)?;
    let (header, notices) = distinct(cells);
    Ok(Head {
        delimiter,
        header,
        notices,
        bytes: before + bytes,
    })
}

fn check(cells: &[String], line: u64) -> Result<()> {
    if cells.len() > FILE_COLUMNS_MAX {
        return Err(Error::bad_request(format!(
            "The file has more than {FILE_COLUMNS_MAX} columns: leave out those that are not imported."
        )));
    }
    if cells.iter().any(|cell| cell.contains('\0')) {
        return Err(Error::bad_request(format!(
            "The line {line}, which names the columns, holds the character U+0000, which is in no text: is this a CSV file?"
        )));
    }
    let address = cells.iter().find(|cell| email::parse(cell.trim()).is_ok());
    match address {
        Some(address) => Err(Error::bad_request(format!(
            "The first line must name the columns, as in `email,first_name`, and this one holds an address, {}: put a line of names \
             before it.",
            Quoted(address.trim())
        ))),
        None => Ok(()),
    }
}

/// The bytes before the line that names the columns: a `sep=;`, as Excel has it, with what it says, or the notes of LinkedIn.
fn before_header(text: &str) -> Result<(usize, Option<Delimiter>)> {
    let begin = text.len() - text.trim_start_matches(['\n', '\r']).len();
    let rest = &text[begin..];
    let Some(end) = rest.find(['\n', '\r']) else {
        return Ok((begin, None));
    };
    let first = rest[..end].trim().trim_matches('"');
    if let Some(separator) = first.strip_prefix("sep=").or(first.strip_prefix("SEP=")) {
        let delimiter = match separator.as_bytes() {
            // A tab at its end was trimmed.
            [] => Some(Delimiter::Tab),
            [byte] => Delimiter::of_byte(*byte),
            _ => None,
        };
        let Some(delimiter) = delimiter else {
            return Err(Error::bad_request(format!(
                "The file begins with `sep=` and {}: cells can be separated by `,`, `;`, `|` or a tab.",
                Quoted(separator)
            )));
        };
        return Ok((begin + end, Some(delimiter)));
    }
    let is_notes = first.trim_end_matches([',', ';', '"']) == "Notes:";
    let blank = ["\n\n", "\n\r\n", "\r\r"]
        .iter()
        .filter_map(|blank| rest.find(blank))
        .min();
    Ok(match blank {
        Some(blank) if is_notes => (begin + blank, None),
        Some(_) | None => (begin, None),
    })
}

/// What most rows have as many cells by as the first.
fn detect(text: &str, is_last: bool) -> Delimiter {
    let scores = Delimiter::ALL.map(|delimiter| {
        let widths = widths(text, delimiter, is_last, SAMPLED_ROWS_MAX);
        let (first, rows) = match widths.split_first() {
            Some((Some(first), rows)) => (*first, rows),
            Some((None, _)) | None => return (0, 0, 0),
        };
        let same = rows.iter().filter(|width| **width == Some(first)).count();
        let share = match rows.len() {
            0 => 100,
            all => 100 * same / all,
        };
        (usize::from(first > 1), share, first)
    });
    let best = scores.iter().max().copied().unwrap_or_default();
    // A header with a quote that is amiss is shown as what it was meant to be, rather than as one column.
    let is_amiss = |score: &(usize, usize, usize)| best.0 == 0 && *score == (0, 0, 0);
    let place = scores.iter().position(is_amiss);
    let place = place.or_else(|| scores.iter().position(|score| *score == best));
    Delimiter::ALL[place.unwrap_or_default()]
}

/// The names with nothing around them, each of them once; a column without a name is called by its place.
fn distinct(cells: Vec<String>) -> (Vec<String>, Vec<String>) {
    let mut notices = Vec::new();
    let names: HashSet<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
    let mut taken = HashSet::new();
    let mut header: Vec<String> = Vec::with_capacity(cells.len());
    for (place, cell) in cells.iter().enumerate() {
        let name = cell.trim();
        let place = place + 1;
        let stem = match name {
            "" => format!("Column {place}"),
            name => name.to_owned(),
        };
        let is_free = |candidate: &str, taken: &HashSet<String>| {
            !taken.contains(candidate) && (candidate == name || !names.contains(candidate))
        };
        let mut candidate = stem.clone();
        let mut number = 2;
        while !is_free(&candidate, &taken) {
            candidate = format!("{stem} ({number})");
            number += 1;
        }
        if candidate != name {
            notices.push(match name {
                "" => format!(
                    "The column {place} has no name: it is called {}.",
                    Quoted(&candidate)
                ),
                name => format!(
                    "The column {place} has the name of one before it, {}: it is called {}.",
                    Quoted(name),
                    Quoted(&candidate)
                ),
            });
        }
        taken.insert(candidate.clone());
        header.push(candidate);
    }
    (header, notices)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Head> {
        read(text, true, None)
    }

    #[test]
    fn the_delimiter_is_what_makes_rows_as_wide_as_the_header() {
        for (text, delimiter, header) in [
            ("a,b\n1,2\n", Delimiter::Comma, vec!["a", "b"]),
            (
                "a;b\n1,5;2,5\n1,5;2,5\n",
                Delimiter::Semicolon,
                vec!["a", "b"],
            ),
            ("a\tb\n1,5\t2\n", Delimiter::Tab, vec!["a", "b"]),
            ("a|b\n1|2\n", Delimiter::Pipe, vec!["a", "b"]),
            ("\"a;b\",c\n\"1;2\",3\n", Delimiter::Comma, vec!["a;b", "c"]),
            (
                "Name, full;Mail\nAda;ada\n",
                Delimiter::Semicolon,
                vec!["Name, full", "Mail"],
            ),
            (
                "Name\nDoe, Jane\nRoe, Max\n",
                Delimiter::Semicolon,
                vec!["Name"],
            ),
            ("Name\nAda\n", Delimiter::Comma, vec!["Name"]),
            ("a;b,c\n", Delimiter::Comma, vec!["a;b", "c"]),
            ("sep=;\r\na;b\r\n1;2", Delimiter::Semicolon, vec!["a", "b"]),
            ("\"sep=|\"\na|b,c\n", Delimiter::Pipe, vec!["a", "b,c"]),
            ("sep=\t\na\tb\n", Delimiter::Tab, vec!["a", "b"]),
            ("\n\r\n a , b \n1,2\n", Delimiter::Comma, vec!["a", "b"]),
        ] {
            let head = head(text).unwrap();
            assert_eq!(head.delimiter, delimiter, "{text:?}");
            assert_eq!(head.header, header, "{text:?}");
        }
        let said = read("a,b;c\n1,2;3\n", true, Some(Delimiter::Semicolon)).unwrap();
        assert_eq!(said.header, ["a,b", "c"]);
    }

    #[test]
    fn what_linkedin_writes_before_its_header_is_passed_over() {
        for end in ["\n", "\r\n", "\r"] {
            let text = [
                "Notes:",
                "\"When exporting, you may notice, that\"",
                "",
                "First Name,Company",
                "Ada,Acme",
            ]
            .join(end);
            let head = head(&text).unwrap();
            assert_eq!(head.header, ["First Name", "Company"]);
            assert_eq!(text[head.bytes..].trim(), "Ada,Acme");
        }
        assert_eq!(head("Notes:\nx\n").unwrap().header, ["Notes:"]);
    }

    #[test]
    fn each_name_is_there_once() {
        let head = head("Email,,Email,Email (2),Email\na,b,c,d,e\n").unwrap();
        assert_eq!(
            head.header,
            ["Email", "Column 2", "Email (3)", "Email (2)", "Email (4)"]
        );
        assert_eq!(
            head.notices,
            [
                "The column 2 has no name: it is called `Column 2`.",
                "The column 3 has the name of one before it, `Email`: it is called `Email (3)`.",
                "The column 5 has the name of one before it, `Email`: it is called `Email (4)`.",
            ]
        );
    }

    #[test]
    fn a_header_that_names_nothing_is_refused() {
        let wide = vec!["a"; FILE_COLUMNS_MAX + 1].join(",");
        for (text, expected) in [
            ("", "The file is empty"),
            ("\n \n", "The file is empty"),
            (
                "ada@example.com,Ada\n",
                "holds an address, `ada@example.com`",
            ),
            ("a,\"b\n1,2\n", "has a quote at column 3 that is not closed"),
            ("sep=#\na#b\n", "`sep=` and `#`"),
            ("a\0,b\n", "U+0000"),
            (&wide, "more than 1000 columns"),
        ] {
            let error = head(text).unwrap_err();
            assert!(
                error.message().contains(expected),
                "{} for {text:?}",
                error.message()
            );
        }
        let unending = "a".repeat(FILE_HEADER_BYTES_MAX);
        let error = read(&unending, false, None).unwrap_err();
        assert!(error.message().contains("does not end within 65536 bytes"));
    }
}
