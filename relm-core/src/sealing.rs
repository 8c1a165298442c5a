//! Secrets at rest: what a dump of the database must not tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::time::Entropy;

/// What a sealed text begins with.
const SEALED: &str = "sealed:";
const NONCE_BYTES: usize = 12;

/// Seals texts with ChaCha20-Poly1305 (RFC 8439), each purpose under a key of its own.
pub(crate) struct Sealer {
    master: Option<[u8; 32]>,
}

impl Sealer {
    pub(crate) fn new(master: Option<[u8; 32]>) -> Self {
        Self { master }
    }

    /// Whether a key was given, so that endpoint secrets are sealed at all.
    pub(crate) fn has_key(&self) -> bool {
        self.master.is_some()
    }

    /// Seals `text` for `purpose`; only the same purpose opens it. `secret` is mixed into the key: with no master key
    /// it is all of it.
    pub(crate) fn seal(
        &self,
        purpose: &str,
        secret: &str,
        text: &str,
        entropy: &dyn Entropy,
    ) -> Result<String> {
        let mut nonce = [0_u8; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let payload = Payload {
            msg: text.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = self
            .cipher(purpose, secret)
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::internal("sealing failed"))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(format!("{SEALED}{}", STANDARD_NO_PAD.encode(bytes)))
    }

    /// Opens what [`Sealer::seal`] sealed; a text that is not sealed is returned as it is.
    pub(crate) fn open(&self, purpose: &str, secret: &str, text: &str) -> Result<String> {
        let Some(encoded) = text.strip_prefix(SEALED) else {
            return Ok(text.to_owned());
        };
        let unreadable = || Error::internal("a sealed text does not open: is it another key?");
        let bytes = STANDARD_NO_PAD.decode(encoded).map_err(|_| unreadable())?;
        let (nonce, msg) = bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(unreadable)?;
        let payload = Payload {
            msg,
            aad: purpose.as_bytes(),
        };
        let opened = self
            .cipher(purpose, secret)
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| unreadable())?;
        String::from_utf8(opened).map_err(|_| unreadable())
    }

    fn cipher(&self, purpose: &str, secret: &str) -> ChaCha20Poly1305 {
        let master = self.master.unwrap_or_default();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&master)
            .expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(secret.as_bytes());
        let key: [u8; 32] = mac.finalize().into_bytes().into();
        ChaCha20Poly1305::new(&Key::from(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededEntropy;

    #[test]
    fn only_the_same_purpose_secret_and_key_open_it() {
        let entropy = SeededEntropy::new(1);
        let sealer = Sealer::new(Some([7; 32]));
        let sealed = sealer.seal("a", "s", "whsec_x", &entropy).unwrap();
        assert!(!sealed.contains("whsec_x"));
        assert_eq!(sealer.open("a", "s", &sealed).unwrap(), "whsec_x");
        assert!(sealer.open("b", "s", &sealed).is_err());
        assert!(sealer.open("a", "t", &sealed).is_err());
        assert!(Sealer::new(None).open("a", "s", &sealed).is_err());
        assert!(sealer.open("a", "s", "sealed:AAAA").is_err());
    }

    #[test]
    fn a_text_that_was_never_sealed_is_returned_as_it_is() {
        assert_eq!(
            Sealer::new(None).open("a", "", "whsec_x").unwrap(),
            "whsec_x"
        );
    }
}
