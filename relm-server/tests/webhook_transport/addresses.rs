//! Where webhooks cannot lead, however the address is spelt and whatever a name resolves to.

use std::net::IpAddr;

use relm_core::Mode;
use relm_core::webhook::SendError;

use crate::endpoint::{Endpoint, LOOPBACK, OTHER, Scripted, answer_all, one_port};
use crate::{OK, failed, forbidden, send, transport, with_resolver};

/// Spellings of addresses that are not public, loopback aside.
pub const NOT_PUBLIC: &[&str] = &[
    "0",
    "0.0.0.0",
    "0x0",
    "0x",
    "00",
    "0.0.0.1",
    "0.1",
    "0.255.255.255",
    "10.0.0.1",
    "10.1",
    "0xa.1",
    "012.0.0.1",
    "10.255.255.255",
    "167772161",
    "100.64.0.1",
    "100.127.255.255",
    "100.100.100.200",
    "1681915905",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.43518",
    "0xa9fea9fe",
    "2852039166",
    "0xA9.0xFE.0xA9.0xFE",
    "025177524776",
    "172.16.0.1",
    "172.31.255.255",
    "172.1048577",
    "0254.020.0.1",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.1",
    "3232235777",
    "0xc0a80101",
    "192.168.0.1.",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    "[::]",
    "[0:0:0:0:0:0:0:0]",
    "[::0.0.0.0]",
    "[::2]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::FFFF:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:8.8.8.8]",
    "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::8.8.8.8]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::1]",
    "[64:ff9b:1:ffff::10.0.0.1]",
    "[100::1]",
    "[100:0:0:1::1]",
    "[2001::1]",
    "[2001:0:7f00:1::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:1f:ffff::1]",
    "[2001:20::1]",
    "[2001:2f::1]",
    "[2001:db8::1]",
    "[2001:DB8:ffff::1]",
    "[2002:7f00:1::1]",
    "[2002:a00:1::]",
    "[2002:808:808::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
    "[1fff:ffff::1]",
    "[e000::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fdff:ffff::1]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[feff::1]",
    "[ff01::1]",
    "[ff02::1]",
    "[ff05::2]",
    "[ffff::1]",
];

/// Spellings of loopback, which only test mode may reach.
pub const LOOPBACKS: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0x7F.0.0.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.01",
    "127.0.0.1.",
    "127.1.",
    "127.255.255.254",
    "127.0.0.2",
    "127.65535",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
];

/// Names of loopback, whatever a resolver says of them.
pub const LOCALHOSTS: &[&str] = &[
    "localhost",
    "localhost.",
    "LOCALHOST",
    "hooks.localhost",
    "a.b.LocalHost.",
];

/// What is no host at all.
pub const NOT_HOSTS: &[&str] = &[
    "[fe80::1%25lo]",
    "[fe80::1%lo]",
    "[::1%251]",
    "[::1",
    "[127.0.0.1]",
    "[::1]x",
    "[v1.1]",
    "[]",
    "1.2.3.4.5",
    "127.0.0.256",
    "256.1",
    "4294967296",
    "0x100000000",
    "127.0.0.0x",
    "08.0.0.1",
    "127..1",
    "127.0.0.1..",
    "%31%32%37.0.0.1",
    "127%2e0.0.1",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "lo\\calhost",
    "a..b",
    ".",
    "",
    "localhost\\@example.com",
    "a b",
    "a,b",
    "127.0.0.1\u{ad}",
];

/// Names as they come, each with the addresses that it resolves to.
const NAMES: &[&str] = &[
    "LocalHost.LocalDomain",
    "ip6-localhost",
    "localtest.example",
    "metadata.google.internal",
    "metadata",
    "127.0.0.1.nip.example",
    "a_b.example",
    "xn--lcalhost-k1a.example",
    "0x7f.0.0.1.example",
    "kubernetes.default.svc",
];

#[tokio::test]
async fn no_spelling_of_an_address_that_is_not_public_is_connected_to() {
    let endpoint = Endpoint::answering(OK).await;
    let transport = transport("");
    let port = endpoint.port();
    for host in NOT_PUBLIC {
        for (mode, scheme) in [
            (Mode::Live, "https"),
            (Mode::Live, "http"),
            (Mode::Test, "https"),
            (Mode::Test, "http"),
        ] {
            let url = format!("{scheme}://{host}:{port}/hook");
            let sent = send(&transport, mode, &url).await;
            let Err(SendError::Forbidden(why)) = sent else {
                panic!("{mode:?} {url}: {sent:?}");
            };
            assert!(why.ends_with(" is not a public address"), "{url}: {why}");
        }
    }
    for host in LOOPBACKS {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}:{port}/hook");
            let sent = send(&transport, Mode::Live, &url).await;
            assert!(
                matches!(sent, Err(SendError::Forbidden(_))),
                "{url}: {sent:?}"
            );
        }
    }
    assert_eq!(endpoint.connections().await, 0);
    assert!(NOT_PUBLIC.len() + LOOPBACKS.len() >= 100);
}

#[tokio::test]
async fn what_is_no_host_is_said_to_be_none() {
    let endpoint = Endpoint::answering(OK).await;
    // Whatever would be looked up leads to the endpoint: it is not looked up.
    let resolver = Scripted::new(|_: &str, _: usize| vec![LOOPBACK]);
    let transport = with_resolver("127.0.0.0/8", resolver.clone());
    for host in NOT_HOSTS {
        for (mode, scheme) in [(Mode::Live, "https"), (Mode::Test, "http")] {
            let url = format!("{scheme}://{host}:{}/hook", endpoint.port());
            let sent = send(&transport, mode, &url).await;
            assert!(matches!(sent, Err(SendError::Failed(_))), "{url}: {sent:?}");
        }
    }
    assert_eq!((resolver.asked(), endpoint.connections().await), (0, 0));
}

#[tokio::test]
async fn no_name_leads_to_an_address_that_is_not_public() {
    let endpoint = Endpoint::answering(OK).await;
    let port = endpoint.port();
    let addresses = NOT_PUBLIC.iter().chain(LOOPBACKS).filter_map(|spelling| {
        let bare = spelling.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().ok()
    });
    let mut addresses: Vec<IpAddr> = addresses.collect();
    assert!(addresses.len() >= 70);
    // A name with all of them at once is as closed.
    let mut answers: Vec<Vec<IpAddr>> = addresses.iter().map(|address| vec![*address]).collect();
    addresses.reverse();
    answers.push(addresses);
    let count = answers.len();
    let transport = with_resolver(
        "",
        Scripted::new(move |_: &str, asked: usize| answers[asked].clone()),
    );
    for (name, _) in NAMES.iter().cycle().zip(0..count) {
        let url = format!("https://{name}:{port}/hook");
        let name = name.to_ascii_lowercase();
        let closed = forbidden(format!("{name} is not a public address"));
        assert_eq!(send(&transport, Mode::Live, &url).await, closed);
    }
    assert_eq!(endpoint.connections().await, 0);
}

/// The operator's list makes 127.0.0.2 stand for a public address, so that the test needs no internet; 127.0.0.1 stays
/// what it is, and an endpoint waits at the same port of each.
#[tokio::test]
async fn a_name_that_flips_between_two_answers_is_connected_to_where_it_was_checked() {
    const ROUNDS: usize = 200;
    let (inside, outside) = one_port();
    let inside = Endpoint::on(inside.listen(64).unwrap(), |stream| answer_all(stream, OK));
    let once = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let outside = Endpoint::on(outside.listen(64).unwrap(), move |stream| {
        answer_all(stream, once)
    });
    let resolver = Scripted::new(|_: &str, asked: usize| match asked % 5 {
        0 => vec![OTHER],
        1 => vec![LOOPBACK],
        2 => vec![LOOPBACK, OTHER],
        3 => vec![OTHER, LOOPBACK],
        _ => vec!["::1".parse().unwrap(), LOOPBACK],
    });
    let transport = with_resolver("127.0.0.2", resolver.clone());
    let url = format!("http://rebinding.example:{}/hook", inside.port());
    let closed = forbidden("rebinding.example is not a public address");
    for round in 0..ROUNDS {
        let sent = send(&transport, Mode::Live, &url).await;
        match round % 5 {
            0 | 2 | 3 => assert_eq!(sent.map(|answer| answer.status), Ok(200)),
            _ => assert_eq!(sent, closed),
        }
        // One look-up for one connection: there is no second answer to fall for.
        assert_eq!(resolver.asked(), round + 1);
    }
    assert_eq!(inside.connections().await, 0);
    assert_eq!(outside.connections().await, ROUNDS / 5 * 3);
}

#[tokio::test]
async fn loopback_is_for_test_mode_and_for_whom_the_operator_allows() {
    let endpoint = Endpoint::answering(OK).await;
    let status = async |allow: &str, mode, url: &str| {
        let sent = send(&transport(allow), mode, url).await;
        sent.map(|answer| answer.status)
    };
    let url = endpoint.url();
    assert_eq!(status("", Mode::Test, &url).await, Ok(200));
    let closed = "127.0.0.1 is not a public address".to_owned();
    assert_eq!(
        status("", Mode::Live, &url).await,
        Err(SendError::Forbidden(closed))
    );
    assert_eq!(status("127.0.0.0/8", Mode::Live, &url).await, Ok(200));
    let mapped = url.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    assert!(status("", Mode::Test, &mapped).await.is_err());
    // An operator who allows an address allows it in its other spellings.
    assert_eq!(status("127.0.0.1", Mode::Live, &mapped).await, Ok(200));
    assert!(status("::/0", Mode::Live, &mapped).await.is_err());
    assert_eq!(endpoint.connections().await, 3);
}

#[tokio::test]
async fn names_are_looked_up_whole_and_fail_where_there_is_no_address() {
    let none = send(&transport(""), Mode::Live, "https://nowhere.example/hook").await;
    assert_eq!(none, failed("name not found"));
    let resolver = Scripted::new(|name: &str, _: usize| {
        assert_eq!(name, "hooks.example.");
        Vec::new()
    });
    let transport = with_resolver("", resolver);
    let none = send(&transport, Mode::Live, "https://Hooks.Example./hook").await;
    assert_eq!(none, failed("name not found"));
}

#[tokio::test]
async fn other_schemes_credentials_and_ports_are_refused() {
    let transport = transport("127.0.0.0/8");
    let schemes = "webhooks are sent by https and http alone";
    for (url, refused) in [
        ("ftp://127.0.0.1/", forbidden(schemes)),
        ("file://localhost/etc/passwd", forbidden(schemes)),
        (
            "https://a:b@127.0.0.1/",
            forbidden("the URL holds a user name or password"),
        ),
        (
            "https://example.com@127.0.0.1/",
            forbidden("the URL holds a user name or password"),
        ),
        (
            "https://127.0.0.1:0/",
            failed("the URL's port is not between 1 and 65535"),
        ),
        ("/hook", failed("not an absolute URL")),
        ("http://127.0.0.1/\u{7f}", failed("not a URL")),
        ("", failed("not a URL")),
    ] {
        assert_eq!(send(&transport, Mode::Test, url).await, refused, "{url}");
    }
}
