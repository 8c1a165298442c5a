use super::*;
use proptest::prelude::*;

#[test]
fn what_a_spreadsheet_would_run_is_defused() {
    for (text, cell) in [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-5", "'-5"),
        ("@ada", "'@ada"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        ("'x", "''x"),
        ("", ""),
        (" ", "' "),
        ("O'Brien", "O'Brien"),
        ("\"=1\"", "'\"=1\""),
        ("x;=1+1;y", "x;'=1+1;y"),
        ("x\n=1+1", "x\n'=1+1"),
        ("x\r\ny", "x\r\ny"),
        ("x\t\"@y", "x\t'\"@y"),
        ("a|'b", "a|''b"),
        ("a,-b", "a,'-b"),
        ("a=b", "a=b"),
    ] {
        assert_eq!(defused(text), cell);
    }
}

#[test]
fn cells_are_quoted_where_they_need_it() {
    let line = csv_line(["a", "b,c", "say \"hi\"", "x\r\ny", "", "ä;"]);
    assert_eq!(line, "a,\"b,c\",\"say \"\"hi\"\"\",\"x\r\ny\",,\"ä;\"\r\n");
}

/// The cells that a program with this delimiter makes of a line, which it ends where a line ends. Quotes count at the beginning of a cell.
fn split_with_quotes(file: &str, delimiter: char) -> Vec<String> {
    let mut cells = Vec::new();
    let mut rest = file.chars().peekable();
    while rest.peek().is_some() {
        let mut cell = String::new();
        if rest.next_if_eq(&'"').is_some() {
            while let Some(next) = rest.next() {
                match next {
                    '"' if rest.next_if_eq(&'"').is_some() => cell.push('"'),
                    '"' => break,
                    _ => cell.push(next),
                }
            }
        }
        for next in rest.by_ref() {
            if next == delimiter || matches!(next, '\r' | '\n') {
                break;
            }
            cell.push(next);
        }
        cells.push(cell);
    }
    cells
}

/// The same where quotes count for nothing, and are taken away.
fn split_without_quotes(file: &str, delimiter: char) -> Vec<String> {
    let cells = file.split([delimiter, '\r', '\n']);
    cells
        .map(|cell| cell.trim_matches('"').to_owned())
        .collect()
}

fn wild() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[=+@'\",;|\t\r\n -]{0,4}[=@'\";|,a\r\n\t-]{0,12}"
    ]
}

#[test]
fn json_is_defused_and_comes_back() {
    let value = serde_json::json!({ "a": "x;=1+1", "b": [1, -5, "@x"] });
    let cell = json(&value);
    assert!(cell.contains("x;'=1+1"), "{cell}");
    assert_eq!(undefused(&cell), value.to_string());
}

proptest! {
    #[test]
    fn what_is_defused_comes_back(text in wild()) {
        let cell = defused(&text);
        prop_assert_eq!(undefused(&cell), text.as_str());
        let twice = defused(&cell);
        prop_assert_eq!(undefused(&twice), cell.as_ref());
    }

    #[test]
    fn no_program_runs_a_cell_whatever_it_takes_for_a_delimiter(texts in prop::collection::vec(wild(), 1..4)) {
        let cells: Vec<_> = texts.iter().map(|text| defused(text)).collect();
        let line = csv_line(cells.iter().map(AsRef::as_ref));
        for delimiter in [',', ';', '\t', '|'] {
            let split = [split_with_quotes(&line, delimiter), split_without_quotes(&line, delimiter)];
            for cell in split.concat() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@']), "{delimiter:?} {line:?}: {cell:?}");
            }
        }
    }
}

#[test]
fn what_is_known_of_a_member_is_no_column_of_its_own() {
    use crate::record::field::FieldInput;
    use crate::value::id::{Id, Kind};
    use crate::value::scope::Mode;
    use crate::value::time::Timestamp;

    let input = FieldInput::built_in(ObjectType::Company, "domain");
    let (id, now) = (Id::new(Kind::Field, 1), Timestamp::from_millis(0));
    let domain = Field::define(id, Mode::Live, now, input).unwrap();
    let columns = ExportColumns::of(ObjectType::Company, &[domain]);
    assert_eq!(columns, ExportColumns::of(ObjectType::Company, &[]));
}
