//! Files that are broken: refused as a whole with the place, or read but for the rows that cannot be.

use relm_core::ErrorKind;
use relm_core::limits::{FILE_CELL_BYTES_MAX, FILE_EXCERPT_BYTES_MAX, FILE_ROW_BYTES_MAX};
use relm_core::record::file::{FileFormat, FileOptions, Source};

use super::{Read, read, read_pieces};

/// The messages of the rows that cannot be read, and the lines of those that can.
fn outcome(read: &Read) -> (Vec<String>, Vec<u64>) {
    let errors = read.rows.iter().filter_map(|row| row.as_ref().err());
    let lines = read.rows.iter().filter_map(|row| row.as_ref().ok());
    (
        errors.map(|error| error.message.clone()).collect(),
        lines.map(|row| row.line).collect(),
    )
}

#[test]
fn a_file_that_is_none_of_ours_is_refused_as_a_whole() {
    for (bytes, message) in [
        (
            &b""[..],
            "The file is empty: its first line must name the columns, as in `email,first_name`.",
        ),
        (
            b"\xEF\xBB\xBF\r\n",
            "The file is empty: its first line must name the columns, as in `email,first_name`.",
        ),
        (
            b"ada@example.com;Ada\ngrace@example.com;Grace\n",
            "The first line must name the columns, as in `email,first_name`, and this one holds an address, `ada@example.com`: put a \
             line of names before it.",
        ),
        (
            b"PK\x03\x04\x14\0\x06\0",
            "The file is an Excel workbook or a ZIP file, which is not read: save it as CSV in UTF-8.",
        ),
        (
            b"\x1F\x8B\x08\0\0\0",
            "The file is compressed by gzip, which is not read: save it as CSV in UTF-8.",
        ),
        (
            b"name\nJos\xC3\xA9\nJos\xE9\n",
            "The file is UTF-8, and begins no character with the byte at offset 14, on line 3. Save the file as UTF-8 anew.",
        ),
        (
            b"name\nJos\xE9 \x81\n",
            "The file is neither UTF-8 nor Windows-1252, which has no character for the byte at offset 10, on line 2. Save the file as \
             UTF-8.",
        ),
        (
            b"\xFF\xFEa\0\n\0b",
            "The file is UTF-16, and ends with half a character at offset 6, on line 2. Send the whole of the file.",
        ),
        (
            b"name,\"mail\nAda,ada@example.com\n",
            "The line 1, which names the columns, has a quote at column 6 that is not closed: close it.",
        ),
        (
            b"[{\"email\":\"ada@example.com\"}]",
            "The file begins with `[`, as a JSON array does: NDJSON has an object on each line, with nothing around them.",
        ),
        (
            b"<html><body>Not found</body>",
            "The file begins with `<`, as XML and HTML do: send CSV, NDJSON or vCards.",
        ),
        (
            b"sep=^\na^b\n",
            "The file begins with `sep=` and `^`: cells can be separated by `,`, `;`, `|` or a tab.",
        ),
    ] {
        let error = read(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        assert_eq!(error.message(), message);
    }
}

#[test]
fn a_row_that_cannot_be_read_leaves_the_others() {
    for (file, errors, lines) in [
        (
            "a,b\n1,2,3\n4,5\n",
            vec![
                "Line 2 has 3 cells, and the header has 2: put a cell that holds `,` or a line's end into quotes.",
            ],
            vec![3],
        ),
        (
            "a;b\n1;2\n\"3\"x;4\n5;6\n",
            vec![
                "Line 3, column 1: the quote that opens a cell there is not closed before more text follows it: write a quote within quotes \
                 twice. Close it, or write the cell without quotes.",
            ],
            vec![2, 4],
        ),
        (
            "a,b\n1,\"2\n3,4\n5,6\n",
            vec![
                "Line 2, column 3: the quote that opens a cell there is not closed. Close it, or write the cell without quotes.",
            ],
            vec![3, 4],
        ),
        (
            "a,b\n1,\"2\n3,4\n5,\"6\"\n7\n",
            vec![
                "Line 2, column 3: the quote that opens a cell there is not closed before more text follows it: write a quote within quotes \
                 twice, as line 4 shows. Close it, or write the cell without quotes.",
            ],
            vec![3, 4, 5],
        ),
        (
            "a,b\n\"one\ntwo \"so\" three\n\"4,5\n",
            vec![
                "Line 2, column 1: the quote that opens a cell there is not closed before more text follows it: write a quote within quotes \
                 twice, as line 3 shows. Close it, or write the cell without quotes.",
                "Line 3 has 1 cell, and the header has 2: put a cell that holds `,` or a line's end into quotes.",
                "Line 4, column 1: the quote that opens a cell there is not closed. Close it, or write the cell without quotes.",
            ],
            vec![],
        ),
        (
            "a,b\n1,x\0y\n2,3\n",
            vec!["Line 2, column 4: the character U+0000 is in no text: leave it out."],
            vec![3],
        ),
    ] {
        check(file, &errors, &lines);
    }
}

#[test]
fn an_object_or_a_card_that_cannot_be_read_leaves_the_others() {
    for (file, errors, lines) in [
        (
            "{\"a\":1}\n{\"a\":\n[1]\n\n{\"a\":1,\"a\":2}\n{\"b\":2}\n",
            vec![
                "Line 2 ends before its JSON does: EOF while parsing a value at column 5.",
                "Line 3 must be a JSON object, not an array.",
                "Line 5 is not acceptable JSON: the key `a` appears twice in one object at column 10.",
            ],
            vec![1, 6],
        ),
        (
            "BEGIN:VCARD\nFN:Ada\nBEGIN:VCARD\nFN Bob\nEND:VCARD\nstray\nmore\nBEGIN:VCARD\nFN:Eve\nEND:VCARD\nBEGIN:VCARD\nFN:Cut\n",
            vec![
                "The card that begins on line 1 has no line `END:VCARD`: the file may have been cut.",
                "Line 4, of the card that begins on line 3, has no `:`, as `EMAIL:ada@example.com` has: `FN Bob`.",
                "Line 6 is in no card: each begins with a line `BEGIN:VCARD`, not `stray`.",
                "The card that begins on line 11 has no line `END:VCARD`: the file may have been cut.",
            ],
            vec![8],
        ),
    ] {
        check(file, &errors, &lines);
    }
}

/// What rows a file has that cannot be read, and the lines of those that can.
fn check(file: &str, errors: &[&str], lines: &[u64]) {
    let (messages, read) = outcome(&read(file).expect("the file as a whole is sound"));
    assert_eq!(messages, errors, "{file:?}");
    assert_eq!(read, lines, "{file:?}");
}

#[test]
fn what_is_too_long_is_passed_over_and_costs_no_more_than_a_row() {
    let long = "x".repeat(FILE_ROW_BYTES_MAX);
    let cell = "y".repeat(FILE_CELL_BYTES_MAX + 1);
    let lines = "1,2\n".repeat(FILE_ROW_BYTES_MAX / 4);
    for (file, format, errors, rows) in [
        (
            format!("a,b\n1,{long}\n3,4\n"),
            None,
            vec!["Line 2 is longer than a row can be, 1048576 bytes: shorten its cells."],
            1,
        ),
        (
            format!("a,b\n1,{cell}\n3,4\n"),
            None,
            vec![
                "Line 2: its cell 2 is 262145 bytes long, and 262144 at most are read: shorten it.",
            ],
            1,
        ),
        (
            format!("a,b\n1,\"2\n{lines}3,4\n"),
            None,
            vec![
                "Line 2, column 3: the quote that opens a cell there is not closed within 1048576 bytes. Close it, or write the cell without \
                 quotes.",
            ],
            FILE_ROW_BYTES_MAX / 4 + 1,
        ),
        (
            format!("{{\"a\":\"{long}\"}}\n{{\"a\":1}}\n"),
            Some(FileFormat::Ndjson),
            vec![
                "Line 1 is longer than a row can be, 1048576 bytes: NDJSON has an object on each line.",
            ],
            1,
        ),
        (
            format!(
                "BEGIN:VCARD\nNOTE:{cell}\nEND:VCARD\nBEGIN:VCARD\nPHOTO:{cell}\n {cell}\nFN:Ada\nEND:VCARD\n"
            ),
            None,
            vec![
                "Line 2, of the card that begins on line 1, is longer than a value can be, 262144 bytes.",
            ],
            1,
        ),
    ] {
        let read = read_cut(&file, format);
        let (messages, lines) = outcome(&read);
        assert_eq!(messages, errors);
        assert_eq!(lines.len(), rows);
    }
}

/// What a file comes to, in pieces as in one.
fn read_cut(file: &str, format: Option<FileFormat>) -> Read {
    let options = FileOptions {
        format,
        ..FileOptions::default()
    };
    let read = read_pieces([file.as_bytes()], options.clone()).expect("it is a file");
    let pieces = read_pieces(file.as_bytes().chunks(10_007), options);
    assert!(pieces.expect("it is a file") == read, "cut into pieces");
    let errors = read.rows.iter().filter_map(|row| row.as_ref().err());
    for error in errors {
        assert!(error.text.len() <= FILE_EXCERPT_BYTES_MAX);
    }
    read
}

#[test]
fn short_rows_blank_rows_and_names_that_are_missing_are_no_errors() {
    let read = read("a,,a\r\n1\r\n\r\n,,\r\n2,3,4,,,\r\n\"x \"\"y\"\"\" ,\"\r\n\",5\"6").unwrap();
    assert_eq!(read.header, ["a", "Column 2", "a (2)"]);
    assert_eq!(read.notices.len(), 2);
    assert_eq!(
        read.cells(),
        [["1", "", ""], ["2", "3", "4"], ["x \"y\"", "\r\n", "5\"6"]]
    );
    let lines: Vec<_> = read.sound().iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 5, 6]);
}

#[test]
fn a_reader_whose_rows_nobody_takes_says_so() {
    let mut reader = relm_core::record::file::FileReader::new(FileOptions::default());
    let piece = "1,2\n".repeat(1 << 18);
    reader.push(b"a,b\n").unwrap();
    let pushed = (0..8)
        .map(|_| reader.push(piece.as_bytes()))
        .find_map(Result::err);
    assert_eq!(pushed.unwrap().kind(), ErrorKind::Internal);
}

/// A row of two bytes stays one, however many columns the header has: blank cells at the end are not kept.
#[test]
fn a_short_row_is_not_filled_up() {
    let header = vec!["c"; 1_000].join(",");
    let blank = ",".repeat(900);
    let found = read(format!("{header}\nx\ny,  {blank}\n,z\n")).unwrap();
    let rows = found.sound().into_iter().map(|row| row.source);
    let cells = |cells: &[&str]| Source::Cells(cells.iter().map(|it| (*it).to_owned()).collect());
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [cells(&["x"]), cells(&["y"]), cells(&["", "z"])]
    );
    let card = read("BEGIN:VCARD\nFN:Ada\nEND:VCARD\n").unwrap();
    assert_eq!(card.sound()[0].source, cells(&["Ada"]));
}
