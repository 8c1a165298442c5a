//! Which endpoints may be made: those that a delivery could reach, by the same rules.

use relm_core::webhook::{Answer, SendError, TargetPolicy as _};
use relm_core::{ErrorKind, Mode};
use relm_server::webhooks::{HttpTransport, Reach, TransportOptions};

use crate::addresses::{LOCALHOSTS, LOOPBACKS, NOT_HOSTS, NOT_PUBLIC};
use crate::endpoint::{Endpoint, Scripted};
use crate::{OK, send};

/// What the same rules say of an endpoint that is made, and of one that is sent to.
async fn outcomes(
    options: &TransportOptions,
    mode: Mode,
    url: &str,
) -> (Result<(), String>, Result<Answer, SendError>) {
    let made = Reach::new(options).check(mode, url);
    let made = made.map_err(|error| {
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::ValidationFailed, Some("url")),
            "{url}"
        );
        error.message().to_owned()
    });
    let transport = HttpTransport::new(options.clone()).unwrap();
    (made, send(&transport, mode, url).await)
}

fn options(allow_nets: &str, allow_loopback: bool) -> TransportOptions {
    TransportOptions {
        allow_nets: allow_nets.parse().unwrap(),
        allow_loopback,
        resolver: Scripted::new(|_: &str, _: usize| Vec::new()),
        ..TransportOptions::default()
    }
}

#[tokio::test]
async fn no_endpoint_is_made_at_what_nothing_is_sent_to() {
    let endpoint = Endpoint::answering(OK).await;
    let port = endpoint.port();
    let hosts = [NOT_PUBLIC, LOOPBACKS, LOCALHOSTS, NOT_HOSTS].concat();
    assert!(hosts.len() > 130);
    for host in hosts {
        for (mode, scheme) in [
            (Mode::Live, "https"),
            (Mode::Live, "http"),
            (Mode::Test, "https"),
            (Mode::Test, "http"),
        ] {
            let url = format!("{scheme}://{host}:{port}/hook");
            let (made, sent) = outcomes(&options("", false), mode, &url).await;
            let message = made.expect_err(&url);
            assert!(sent.is_err(), "{url}: {sent:?}");
            let is_of_address = message.contains("is not a public address");
            assert_eq!(
                is_of_address,
                matches!(sent, Err(SendError::Forbidden(_))),
                "{url}: {message}"
            );
            assert_eq!(
                is_of_address,
                message.contains("RELM_WEBHOOK_ALLOW_NETS"),
                "{url}: {message}"
            );
        }
    }
    assert_eq!(endpoint.connections().await, 0);
}

#[tokio::test]
async fn loopback_is_for_test_mode_where_the_operator_says_so() {
    let endpoint = Endpoint::answering(OK).await;
    let port = endpoint.port();
    let spellings = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "localhost",
        "hooks.localhost.",
    ];
    for host in spellings {
        let url = format!("http://{host}:{port}/hook");
        let (made, sent) = outcomes(&options("", true), Mode::Test, &url).await;
        assert_eq!((made, sent.unwrap().status), (Ok(()), 200), "{url}");
        let (made, sent) = outcomes(&options("", true), Mode::Live, &url).await;
        assert!(made.is_err() && sent.is_err(), "{url}");
        let (made, sent) = outcomes(&options("", false), Mode::Test, &url).await;
        let message = made.expect_err(&url);
        assert!(
            message.contains("RELM_WEBHOOK_ALLOW_LOOPBACK=1"),
            "{message}"
        );
        assert!(sent.is_err(), "{url}");
        // The networks that the operator names hold in both modes, by plain http too.
        for mode in [Mode::Live, Mode::Test] {
            let (made, sent) = outcomes(&options("127.0.0.0/8", false), mode, &url).await;
            assert_eq!((made, sent.unwrap().status), (Ok(()), 200), "{url}");
        }
    }
    assert!(endpoint.connections().await >= spellings.len());
}

#[test]
fn what_a_look_up_decides_is_taken() {
    for (mode, url) in [
        (Mode::Live, "https://hooks.example.com/relm"),
        (Mode::Live, "https://localhost.example.com/"),
        (Mode::Live, "https://mylocalhost/"),
        (Mode::Live, "https://93.184.215.14/"),
        (Mode::Live, "https://[2606:4700::1111]:8443/hook"),
        (Mode::Test, "http://hooks.internal/"),
        (Mode::Test, "http://1.1.1.1/"),
    ] {
        Reach::new(&options("", false)).check(mode, url).expect(url);
    }
    let refused = Reach::new(&options("10.0.0.0/8", false)).check(Mode::Live, "http://1.1.1.1/");
    assert!(
        refused
            .unwrap_err()
            .message()
            .contains("must start with https://")
    );
}
