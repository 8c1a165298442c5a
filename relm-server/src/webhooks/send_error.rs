//! What the owner of an endpoint reads when there was no answer.
//!
//! The texts are short and stable, and hold no address, no path and no text of a library. One thing inside they do show: a
//! name that only the server's own resolver knows is "not a public address", one that it does not know is "not found".

use std::error::Error;
use std::io;

use hyper_util::client::legacy;
use relm_core::webhook::SendError;
use rustls::CertificateError;

use super::connect_error::ConnectError;
use super::target::UrlError;

/// What became of a request, from the error that the client gave.
pub(super) fn of(error: &legacy::Error) -> SendError {
    cause(error).unwrap_or_else(|| {
        failed(if error.is_connect() {
            "no connection"
        } else {
            "the exchange broke off"
        })
    })
}

/// A URL that leads nowhere fails; one whose scheme is not for webhooks is forbidden.
pub(super) fn of_url(wrong: UrlError) -> SendError {
    match wrong {
        UrlError::Scheme | UrlError::UserInfo => SendError::Forbidden(wrong.to_string()),
        UrlError::NotAbsolute | UrlError::Host | UrlError::Port => {
            SendError::Failed(wrong.to_string())
        }
    }
}

/// The deepest error that means something to us: those around it only repeat that something went wrong.
fn cause(error: &(dyn Error + 'static)) -> Option<SendError> {
    let inner = match error.downcast_ref::<io::Error>() {
        // The source of an I/O error is the source of what it holds, and skips that itself.
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    };
    inner.and_then(cause).or_else(|| meaning(error))
}

fn meaning(error: &(dyn Error + 'static)) -> Option<SendError> {
    if let Some(error) = error.downcast_ref::<ConnectError>() {
        return of_connection(error);
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(failed(of_tls(error)));
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return of_http(error).map(failed);
    }
    of_io(error.downcast_ref::<io::Error>()?.kind())
}

fn of_connection(error: &ConnectError) -> Option<SendError> {
    match error {
        ConnectError::Url(wrong) => Some(of_url(*wrong)),
        ConnectError::NotPublic(_) | ConnectError::NeedsHttps => {
            Some(SendError::Forbidden(error.to_string()))
        }
        ConnectError::NotFound => Some(failed("name not found")),
        ConnectError::Io(_) => None,
    }
}

fn of_tls(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "TLS: certificate expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "TLS: certificate not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "TLS: certificate for another name"
            }
            _ => "TLS: certificate not trusted",
        },
        rustls::Error::InvalidMessage(_) => "TLS: not spoken at this port",
        rustls::Error::PeerIncompatible(_) => "TLS: no version or cipher in common",
        rustls::Error::AlertReceived(_) => "TLS: refused by the endpoint",
        _ => "TLS: handshake failed",
    }
}

fn of_http(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse_too_large() {
        Some("the head of the answer is too long")
    } else if error.is_parse() {
        Some("the answer is not HTTP/1.1")
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Some("connection closed without an answer")
    } else {
        None
    }
}

fn of_io(kind: io::ErrorKind) -> Option<SendError> {
    use io::ErrorKind as K;
    match kind {
        K::TimedOut => Some(SendError::TimedOut),
        K::ConnectionRefused => Some(failed("connection refused")),
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe => {
            Some(failed("connection reset"))
        }
        K::UnexpectedEof => Some(failed("connection closed without an answer")),
        K::HostUnreachable | K::NetworkUnreachable => Some(failed("network unreachable")),
        _ => None,
    }
}

fn failed(why: &str) -> SendError {
    SendError::Failed(why.to_owned())
}
