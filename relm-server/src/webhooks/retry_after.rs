//! How long `Retry-After` asks to be left alone.

use std::time::Duration;

use hyper::header::HeaderValue;
use relm_core::Timestamp;

/// The longest wait that is understood. Who asks for more is given this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Reads the header in either of its forms, seconds or a date (RFC 9110, section 10.2.3). A date that has passed asks
/// for no wait; what is neither form asks for nothing.
pub(super) fn parse(value: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_or(RETRY_AFTER_MAX, Duration::from_secs)
    } else {
        let until = Timestamp::from(httpdate::parse_http_date(text).ok()?);
        let wait_ms = until.as_millis() - now.as_millis();
        Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9110, section 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT.
    const MOMENT_S: i64 = 784_111_777;

    fn parsed(text: &str) -> Option<Duration> {
        let now = Timestamp::from_millis(1_000 * (MOMENT_S - 30));
        parse(&HeaderValue::from_str(text).unwrap(), now)
    }

    #[test]
    fn seconds_are_a_wait() {
        assert_eq!(parsed("0"), Some(Duration::ZERO));
        assert_eq!(parsed("120"), Some(Duration::from_secs(120)));
        assert_eq!(parsed(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(parsed("99999999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(parsed("99999999999999999999999999"), Some(RETRY_AFTER_MAX));
    }

    #[test]
    fn each_of_the_three_forms_of_a_date_is_a_wait_until_then() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parsed(date), Some(Duration::from_secs(30)), "{date}");
        }
        assert_eq!(
            parsed("Fri, 31 Dec 9999 23:59:59 GMT"),
            Some(RETRY_AFTER_MAX)
        );
    }

    #[test]
    fn a_date_that_has_passed_asks_for_no_wait() {
        assert_eq!(
            parsed("Sun, 06 Nov 1994 08:49:00 GMT"),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn what_is_neither_form_asks_for_nothing() {
        for text in [
            "",
            "-1",
            "+5",
            "1.5",
            "5s",
            "soon",
            "0x10",
            "1 2",
            "1994-11-06T08:49:37Z",
            "32 Nov 1994",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
