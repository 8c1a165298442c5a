//! Whose certificates are believed.

use std::io::Write;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use relm_core::Mode;
use relm_core::webhook::{Message, SendError, Transport};
use relm_server::webhooks::{HttpTransport, TransportOptions};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::endpoint::{Endpoint, LOOPBACK, MOMENT, Scripted, answer_all, outlast, read_request};
use crate::{OK, failed, send};

/// An authority that no browser knows.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            file,
        }
    }

    /// An https endpoint whose certificate is for `name`.
    async fn endpoint(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Endpoint {
        let acceptor = self.acceptor(name, change);
        Endpoint::start(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer_all(stream, OK).await;
                }
            }
        })
        .await
    }

    fn acceptor(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A transport to which every name is loopback, which the operator allows.
fn trusting(ca_file: Option<&Path>) -> HttpTransport {
    HttpTransport::new(TransportOptions {
        allow_nets: "127.0.0.1".parse().unwrap(),
        ca_file: ca_file.map(Into::into),
        resolver: Scripted::new(|_: &str, _: usize| vec![LOOPBACK] as Vec<IpAddr>),
        allow_loopback: true,
        ..TransportOptions::default()
    })
    .unwrap()
}

fn url(endpoint: &Endpoint, host: &str) -> String {
    format!("https://{host}:{}/hook", endpoint.port())
}

#[tokio::test]
async fn an_authority_of_the_operator_s_is_trusted_and_no_other() {
    let authority = Authority::new();
    let endpoint = authority.endpoint("hooks.example", |_| {}).await;
    let trusted = trusting(Some(authority.file.path()));
    for host in ["hooks.example", "HOOKS.example", "hooks.example."] {
        let sent = send(&trusted, Mode::Live, &url(&endpoint, host)).await;
        assert_eq!(sent.map(|answer| answer.body), Ok(b"ok".to_vec()), "{host}");
    }
    let untrusted = failed("TLS: certificate not trusted");
    let other = Authority::new();
    for transport in [trusting(None), trusting(Some(other.file.path()))] {
        for mode in [Mode::Live, Mode::Test] {
            let sent = send(&transport, mode, &url(&endpoint, "hooks.example")).await;
            assert_eq!(sent, untrusted);
        }
    }
}

#[tokio::test]
async fn a_certificate_must_be_for_the_host_and_of_today() {
    let authority = Authority::new();
    let transport = trusting(Some(authority.file.path()));
    let text = async |endpoint: &Endpoint, host: &str| {
        let sent = send(&transport, Mode::Live, &url(endpoint, host)).await;
        sent.map(|answer| answer.status)
            .map_err(|error| error.to_string())
    };
    let endpoint = authority.endpoint("hooks.example", |_| {}).await;
    let other = Err("TLS: certificate for another name".to_owned());
    assert_eq!(text(&endpoint, "other.example").await, other);
    assert_eq!(text(&endpoint, "127.0.0.1").await, other);
    let old = authority.endpoint("hooks.example", |params| {
        params.not_after = date_time_ymd(2020, 1, 1)
    });
    let expired = Err("TLS: certificate expired".to_owned());
    assert_eq!(text(&old.await, "hooks.example").await, expired);
    let new = authority.endpoint("hooks.example", |params| {
        params.not_before = date_time_ymd(4000, 1, 1)
    });
    let early = Err("TLS: certificate not valid yet".to_owned());
    assert_eq!(text(&new.await, "hooks.example").await, early);
}

#[tokio::test]
async fn an_address_may_have_a_certificate_whatever_its_spelling() {
    let authority = Authority::new();
    let transport = trusting(Some(authority.file.path()));
    let endpoint = authority.endpoint("127.0.0.1", |_| {}).await;
    for host in ["127.0.0.1", "127.1", "0x7f000001"] {
        let sent = send(&transport, Mode::Live, &url(&endpoint, host)).await;
        assert_eq!(sent.map(|answer| answer.status), Ok(200), "{host}");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_apart() {
    // It speaks first, as a server of HTTP does once it cannot read a greeting of TLS.
    let blunt = Endpoint::start(async |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        outlast(&mut stream).await;
    })
    .await;
    let transport = trusting(None);
    let sent = send(&transport, Mode::Live, &url(&blunt, "hooks.example")).await;
    assert_eq!(sent, failed("TLS: not spoken at this port"));
    let mute = Endpoint::start(async |stream| drop(stream)).await;
    let sent = send(&transport, Mode::Live, &url(&mute, "hooks.example")).await;
    let Err(SendError::Failed(why)) = sent else {
        panic!("{sent:?}");
    };
    assert!(why.starts_with("connection "), "{why}");
}

/// Of two sends, the second begins a connection, whose TLS hangs, and is served by the first's when that is free. What
/// it began goes on in the background, and must end by its deadline there.
#[tokio::test]
async fn a_handshake_that_nobody_waits_for_ends_by_its_deadline() {
    let authority = Authority::new();
    let acceptor = authority.acceptor("hooks.example", |_| {});
    let (served, second) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let first_asks = Arc::new(Notify::new());
    let asked = Arc::clone(&first_asks);
    let mut endpoint = Endpoint::start(move |stream| {
        let (acceptor, second, asked) = (acceptor.clone(), second.clone(), asked.clone());
        let before = served.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut stream = stream;
            if before > 0 {
                second.notify_one();
                return outlast(&mut stream).await;
            }
            let mut stream = acceptor.accept(stream).await.unwrap();
            read_request(&mut stream).await;
            asked.notify_one();
            second.notified().await;
            stream.write_all(OK.as_bytes()).await.unwrap();
            answer_all(&mut stream, OK).await;
        }
    })
    .await;
    let transport = trusting(Some(authority.file.path()));
    let message =
        |timeout| Message::new(url(&endpoint, "hooks.example"), Mode::Live, "{}", timeout);
    let second = async {
        first_asks.notified().await;
        transport.send(message(Duration::from_secs(2))).await
    };
    let (first, second) = tokio::join!(transport.send(message(MOMENT)), second);
    assert_eq!(first.map(|answer| answer.status), Ok(200));
    assert_eq!(second.map(|answer| answer.status), Ok(200));
    // The first connection is idle and open: what ends is the second.
    endpoint.ended().await;
}
