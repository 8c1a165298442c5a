//! However a file is cut into pieces, its rows are the same.

use proptest::prelude::*;
use relm_core::record::file::FileOptions;

use super::{read, read_pieces};

const FIXTURES: [&[u8]; 7] = [
    include_bytes!("fixtures/hubspot-contacts.csv"),
    include_bytes!("fixtures/salesforce-opportunities.csv"),
    include_bytes!("fixtures/pipedrive-people.csv"),
    include_bytes!("fixtures/google-contacts.csv"),
    include_bytes!("fixtures/outlook-contacts.csv"),
    include_bytes!("fixtures/linkedin-connections.csv"),
    include_bytes!("fixtures/contacts.vcf"),
];

fn check(bytes: &[u8]) {
    let whole = read(bytes);
    for at in 0..=bytes.len() {
        let (one, other) = bytes.split_at(at);
        let cut = read_pieces([one, other], FileOptions::default());
        assert_eq!(cut, whole, "cut at {at}");
    }
    let single = read_pieces(bytes.chunks(1), FileOptions::default());
    assert_eq!(single, whole, "byte by byte");
}

#[test]
fn an_export_of_another_program_is_cut_at_every_byte() {
    for bytes in FIXTURES {
        check(bytes);
        let text = String::from_utf8_lossy(bytes);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let whole = read(&wide);
        for size in [1, 2, 3, 7] {
            let cut = read_pieces(wide.chunks(size), FileOptions::default());
            assert_eq!(cut, whole);
        }
    }
    check(b"{\"a\":\"\xC3\xA9\"}\r\n\r\n{\"a\":2}\rx\n{\"a\":3}");
    check(b"<\0\0\x01\x82\0\0\x80\0\xC2\x80\0");
    check(b"a,b\r\"x\r\ry\",1\r\r\n2,\"\"\"\"\r\n");
}

#[test]
fn a_long_file_is_judged_by_its_beginning_however_it_is_cut() {
    // Within the first 64 KiB a comma separates, after them a semicolon.
    let file = "a;b,c\n".to_owned() + &"1;2,3\n".repeat(12_000) + &"1;2;3\n".repeat(12_000);
    let blank = " \n".repeat(40_000) + "BEGIN:VCARD\nFN:Ada\nEND:VCARD\n";
    for file in [file, blank] {
        let whole = read(&file);
        for size in [1_000, 65_535, 65_536, 65_537, 100_000] {
            let cut = read_pieces(file.as_bytes().chunks(size), FileOptions::default());
            assert!(cut == whole, "in pieces of {size}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_arrives_is_read_or_refused_the_same_however_it_is_cut(
        text in "([,;\t|\"\r\n a\u{e9}\u{0}=]|BEGIN:VCARD|END:VCARD|\\{\"a\":1\\}){0,40}",
        size in 1_usize..9,
    ) {
        let whole = read(&text);
        let cut = read_pieces(text.as_bytes().chunks(size), FileOptions::default());
        prop_assert_eq!(cut, whole);
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused_the_same_however_they_are_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        size in 1_usize..9,
    ) {
        let whole = read(&bytes);
        let cut = read_pieces(bytes.chunks(size), FileOptions::default());
        prop_assert_eq!(cut, whole);
    }
}
