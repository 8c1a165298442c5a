//! Which bytes are which text, and which are none.

use super::*;

fn decode(said: Option<Encoding>, pieces: &[&[u8]]) -> Result<String> {
    let mut decoder = Decoder::new(said);
    let mut text = String::new();
    for piece in pieces {
        decoder.push(piece, &mut text)?;
    }
    decoder.finish(&mut text)?;
    Ok(text)
}

fn in_utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn each_encoding_is_found_out_wherever_the_bytes_are_cut() {
    let text = "Name\nJosé 👩 €\n";
    let western = "Name\nJosé € “a”\n";
    let with_mark = |mark: &[u8], bytes: Vec<u8>| [mark.to_vec(), bytes].concat();
    let little = in_utf16(text, u16::to_le_bytes);
    let big = in_utf16(text, u16::to_be_bytes);
    for (bytes, text) in [
        (text.as_bytes().to_vec(), text),
        (with_mark(b"\xEF\xBB\xBF", text.as_bytes().to_vec()), text),
        (with_mark(b"\xFF\xFE", little.clone()), text),
        (with_mark(b"\xFE\xFF", big.clone()), text),
        (little, text),
        (big, text),
        (b"Name\nJos\xE9 \x80 \x93a\x94\n".to_vec(), western),
        (b"a".to_vec(), "a"),
        (b"".to_vec(), ""),
        (b"\xEF\xBB\xBF".to_vec(), ""),
    ] {
        for at in 0..=bytes.len() {
            let (one, other) = bytes.split_at(at);
            assert_eq!(
                decode(None, &[one, other]).unwrap(),
                text,
                "{bytes:?} at {at}"
            );
        }
        let bytes: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(decode(None, &bytes).unwrap(), text);
    }
}

#[test]
fn what_is_no_text_is_refused_with_the_place() {
    let utf8 = Some(Encoding::Utf8);
    for (said, bytes, expected) in [
        (
            None,
            &b"a\nJos\xC3\xA9 \xE9\n"[..],
            "begins no character with the byte at offset 8, on line 2",
        ),
        (
            None,
            b"a\nJos\xE9 \xC3\xA9\n",
            "begins no character with the byte at offset 5. Save",
        ),
        (
            utf8,
            b"Jos\xE9, a",
            "begins no character with the byte at offset 3, on line 1",
        ),
        (None, b"\xEF\xBB\xBFJos\xE9", "at offset 6, on line 1"),
        (
            None,
            b"Jos\xE9 \x81",
            "no character for the byte at offset 5, on line 1",
        ),
        (
            None,
            b"\xFF\xFEa\0\n\0b",
            "ends with half a character at offset 6, on line 2",
        ),
        (
            None,
            b"\xFF\xFEa\0\0\xDC",
            "half a character at offset 4, on line 1",
        ),
        (None, b"PK\x03\x04....", "an Excel workbook"),
        (None, b"\xD0\xCF\x11\xE0..", "an old Excel workbook"),
        (None, b"\xFF\xFE\0\0a", "UTF-32"),
        (utf8, b"\xFF\xFEa\0", "byte order mark of utf-16le"),
    ] {
        for at in 0..=bytes.len() {
            let (one, other) = bytes.split_at(at);
            let error = decode(said, &[one, other]).unwrap_err();
            let message = error.message();
            assert!(
                message.contains(expected),
                "{message} for {bytes:?} at {at}"
            );
        }
    }
    let said = Some(Encoding::Windows1252);
    assert_eq!(decode(said, &[b"Jos\xE9 \xC3\xA9"]).unwrap(), "José Ã©");
}
