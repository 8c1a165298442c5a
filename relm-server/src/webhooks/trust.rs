//! Whose certificates an endpoint may show.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::Uri;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};

use super::target::{Host, Target, UrlError};

/// Why a file of root certificates cannot be used. It is for the operator, and names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read {}: {}", .0.display(), .1)]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file holds no certificate in PEM.
    #[error("{} holds no certificate in PEM", .0.display())]
    Empty(PathBuf),
    /// The file holds something that is no certificate.
    #[error("{} holds what is not a root certificate", .0.display())]
    NotACertificate(PathBuf),
}

/// Mozilla's roots, and those in the operator's file.
pub(super) fn roots(ca_file: Option<&Path>) -> Result<Arc<RootCertStore>, TrustError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = ca_file {
        let pem =
            std::fs::read(path).map_err(|error| TrustError::Unreadable(path.to_owned(), error))?;
        let known = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let wrong = || TrustError::NotACertificate(path.to_owned());
            roots
                .add(certificate.map_err(|_| wrong())?)
                .map_err(|_| wrong())?;
        }
        if roots.len() == known {
            return Err(TrustError::Empty(path.to_owned()));
        }
    }
    Ok(Arc::new(roots))
}

/// A configuration of its own for each client: it remembers sessions, and no mode should resume another's.
pub(super) fn client_config(roots: &Arc<RootCertStore>) -> ClientConfig {
    // The provider is named, so that another crate's choice of a default is not ours.
    ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has a cipher for each default version of TLS")
        .with_root_certificates(Arc::clone(roots))
        .with_no_client_auth()
}

/// The name that a certificate must be for: the host as the guard reads it, whatever its spelling.
pub(super) fn server_name(uri: &Uri) -> Result<ServerName<'static>, UrlError> {
    match Target::of(uri)?.host {
        Host::Address(address) => Ok(ServerName::from(address)),
        Host::Name(name) => {
            let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
            ServerName::try_from(name).map_err(|_| UrlError::Host)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_root_certificate_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let why = |pem: &str| {
            std::fs::write(&path, pem).unwrap();
            let text = roots(Some(&path)).unwrap_err().to_string();
            text.replace(path.to_str().unwrap(), "ca.pem")
        };
        assert_eq!(why("nothing"), "ca.pem holds no certificate in PEM");
        let begin = "-----BEGIN CERTIFICATE-----\n";
        let end = "-----END CERTIFICATE-----\n";
        assert_eq!(
            why(&format!("{begin}AAAA\n{end}")),
            "ca.pem holds what is not a root certificate"
        );
        std::fs::remove_file(&path).unwrap();
        let missing = roots(Some(&path)).unwrap_err();
        assert!(matches!(missing, TrustError::Unreadable(..)), "{missing}");
    }

    #[test]
    fn a_certificate_must_be_for_the_host_without_its_dot_or_odd_spelling() {
        let name = |url: &str| server_name(&url.parse().unwrap()).unwrap();
        assert_eq!(
            name("https://Hooks.Example./"),
            ServerName::try_from("hooks.example").unwrap()
        );
        assert_eq!(
            name("https://127.1/"),
            ServerName::try_from("127.0.0.1").unwrap()
        );
        assert_eq!(name("https://[::1]/"), ServerName::try_from("::1").unwrap());
    }
}
