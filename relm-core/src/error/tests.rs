use super::*;
use crate::value::id::Kind;

fn bytes(error: &Error) -> usize {
    serde_json::to_string(error).unwrap().len()
}

#[test]
fn an_error_is_at_most_four_kibibytes() {
    let request_id = r#","request_id":"req_01M831K2VY6KP43J43158XNJT9""#.len();
    for long in ["x", "\u{1}", "\"", "é", "😀"].map(|text| text.repeat(1 << 20)) {
        let options = [long.as_str(), "short", &long[..64]].into_iter().cycle();
        let error = Error::new(ErrorKind::IdempotencyConflict, long.as_str())
            .at(long.as_str())
            .options(&long[..64], options.take(1_000))
            .within("contacts[499]")
            .existing(Id::new(Kind::Contact, u128::MAX));
        assert!(bytes(&error) + r#"{"error":}"#.len() + request_id <= ERROR_BYTES_MAX);
        assert!(error.message().ends_with('…'));
        assert!(error.field().unwrap().ends_with('…'));
        assert!(
            error
                .valid_options()
                .iter()
                .all(|option| option.len() <= 64)
        );
        assert!(error.suggestion().is_some());
    }
}

#[test]
fn the_first_options_that_fit_are_listed_in_their_order() {
    let all: Vec<String> = (0..200).map(|number| format!("option {number}")).collect();
    let options = all.iter().map(String::as_str);
    let error = Error::bad_request("No.").options("optoin 150", options);
    assert_eq!(error.valid_options(), &all[..ERROR_OPTIONS_MAX]);
    assert_eq!(error.suggestion(), Some("option 150"));

    let long = "x".repeat(ERROR_OPTIONS_BYTES_MAX);
    let error = Error::bad_request("No.").options("", ["a", &long, "b"]);
    assert_eq!(error.valid_options(), ["a", "b"]);
}

#[test]
fn an_error_reads_back_as_what_it_says_without_its_cause() {
    let cause = std::io::Error::other("a cause");
    let whole = Error::invalid("metadata.plan", "No.")
        .options("por", ["free", "pro"])
        .existing(Id::new(Kind::Contact, 1))
        .because("disk_full")
        .caused_by(cause);
    for error in [whole, Error::not_found("contact")] {
        let json = serde_json::to_string(&error).unwrap();
        let read: Error = serde_json::from_str(&json).unwrap();
        assert_eq!(read, error);
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert!(StdError::source(&error.clone()).is_none());
        assert_ne!(read, error.at("elsewhere"));
    }
}
