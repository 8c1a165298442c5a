//! Signature headers: what was signed verifies, and nothing that was changed since does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relm_core::webhook::signature::{sign, verify};

const AT: i64 = 1_751_500_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOLERANCE: i64 = 300;

// The first line is a header, `$` in it the tag of what follows: the body.
fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let header = parts.next().unwrap_or_default();
    let body = parts.next().unwrap_or_default();
    let Ok(header) = std::str::from_utf8(header) else {
        return;
    };
    let signed = sign(SECRET, AT, body);
    let verified = |header: &str, body: &[u8], now| verify(SECRET, header, body, now, TOLERANCE);
    for now in [AT - TOLERANCE, AT, AT + TOLERANCE] {
        assert_eq!(verified(&signed, body, now), Ok(()));
    }
    for now in [i64::MIN, AT - TOLERANCE - 1, AT + TOLERANCE + 1, i64::MAX] {
        assert!(verified(&signed, body, now).is_err(), "at {now}");
    }
    let tag = signed.rsplit('=').next().unwrap_or_default();
    let header = header.replace('$', tag);
    if verified(&header, body, AT).is_ok() {
        // It names the time once, and the one tag that is right.
        let times: Vec<&str> = header
            .split(',')
            .filter_map(|it| it.strip_prefix("t="))
            .collect();
        assert!(matches!(times[..], [t] if t.parse() == Ok(AT)), "{header}");
        let is_right = |it: &str| it.eq_ignore_ascii_case(&format!("v1={tag}"));
        assert!(header.split(',').any(is_right), "{header}");
        assert!(verified(&header, body, AT + TOLERANCE + 1).is_err());
        assert!(verify("whsec_other", &header, body, AT, TOLERANCE).is_err());
        let other = [body, b"x"].concat();
        assert!(verified(&header, &other, AT).is_err(), "{header}");
    }
});
