use super::*;

const TYPE: &str = "multipart/form-data; boundary=\"x-9\"";

fn form(file: &str) -> String {
    format!(
        "--x-9\r\nContent-Disposition: form-data; name=\"object\"\r\n\r\ncontacts\r\n--x-9\r\nContent-Disposition: form-data; \
         name=\"empty\"\r\n\r\n\r\n--x-9 \r\ncontent-disposition: form-data; name=\"file\"; filename=\"a;%22b%22 é.csv\"\r\nContent-Type: \
         text/csv\r\n\r\n{file}\r\n--x-9--\r\n"
    )
}

fn read(bytes: &[u8], step: usize) -> Result<(Vec<MultipartEvent>, Vec<u8>), &'static str> {
    let mut form = Multipart::of(TYPE).unwrap();
    let (mut told, mut file) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(step) {
        form.push(piece);
        while let Some(next) = form.next()? {
            match next {
                MultipartEvent::Data(data) => file.extend_from_slice(&data),
                other => told.push(other),
            }
        }
    }
    form.finish()?;
    Ok((told, file))
}

#[test]
fn a_form_says_the_same_however_it_is_cut() {
    let file = "a,b\r\n1,\"\r\n--x-\r\n--x-8\"\r\n\r\n";
    let sent = form(file);
    for step in (1..40).chain([sent.len()]) {
        let (told, received) = read(sent.as_bytes(), step).unwrap();
        assert_eq!(received, file.as_bytes(), "{step}");
        let expected = [
            MultipartEvent::Field("object".into(), "contacts".into()),
            MultipartEvent::Field("empty".into(), String::new()),
            MultipartEvent::File(FileHead {
                field: "file".into(),
                name: "a;\"b\" é.csv".into(),
                content_type: Some("text/csv".into()),
            }),
            MultipartEvent::FileEnd,
        ];
        assert_eq!(told, expected, "{step}");
    }
    assert_eq!(read(form("").as_bytes(), 7).unwrap().1, b"");
}

#[test]
fn what_is_no_form_is_refused() {
    for (expected, sent) in [
        (NOT_WHOLE, String::new()),
        (NOT_WHOLE, form("x").trim_end_matches("--\r\n").to_owned()),
        (NOT_WHOLE, form("x")[..60].to_owned()),
        (MALFORMED, "a,b\r\n".repeat(10_000)),
        (MALFORMED, "--x-9x\r\n\r\n".to_owned()),
        (
            MALFORMED,
            "--x-9\r\nContent-Type: text/csv\r\n\r\nx".to_owned(),
        ),
        (
            TOO_MUCH,
            format!("--x-9\r\nA: {}", "b".repeat(HEAD_BYTES_MAX)),
        ),
        (
            TOO_MUCH,
            form("").replace("contacts", &"c".repeat(FIELDS_BYTES_MAX)),
        ),
        (
            TOO_MUCH,
            "--x-9\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n".repeat(FIELDS_MAX + 2),
        ),
    ] {
        for step in [1, 4096] {
            assert_eq!(read(sent.as_bytes(), step), Err(expected), "{:.80}", sent);
        }
    }
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
        "text/csv; boundary=x",
        &format!("multipart/form-data; boundary={}", "x".repeat(71)),
    ] {
        assert!(Multipart::of(content_type).is_none(), "{content_type}");
    }
}
