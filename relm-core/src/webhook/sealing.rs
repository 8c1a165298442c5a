//! Secrets at rest: what a dump of the database must not tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::value::hex::hex;
use crate::value::time::Rng;

/// What a sealed text begins with.
pub(crate) const SEALED: &str = "sealed:";
/// The key id where there is no master key.
const NO_KEY: &str = "-";
const NONCE_BYTES: usize = 12;

/// Seals texts with ChaCha20-Poly1305 (RFC 8439), each purpose under a key of its own.
///
/// A sealed text is `sealed:<key id>:<base64>`. The key id says which master key opens it, so that one key can follow
/// another; `-` is none.
pub(crate) struct Sealer {
    /// Each with its id. The first one seals, all of them open.
    masters: Vec<(String, [u8; 32])>,
}

impl Sealer {
    /// A sealer with these master keys: the first seals, all of them open.
    pub(crate) fn new(masters: Vec<[u8; 32]>) -> Self {
        let named = masters.into_iter().map(|master| (key_id(&master), master));
        Self {
            masters: named.collect(),
        }
    }

    /// Whether a key was given, so that endpoint secrets are sealed at all.
    pub(crate) fn has_key(&self) -> bool {
        !self.masters.is_empty()
    }

    /// Whether a text is sealed with the key that seals now.
    pub(crate) fn is_current(&self, text: &str) -> bool {
        let sealed_with = text
            .strip_prefix(SEALED)
            .and_then(|rest| rest.split_once(':'));
        sealed_with.map(|(id, _)| id) == self.masters.first().map(|(id, _)| id.as_str())
    }

    /// Seals `text` for `purpose`; only the same purpose opens it. `secret` is mixed into the key: with no master key
    /// it is all of it.
    pub(crate) fn seal(
        &self,
        purpose: &str,
        secret: &str,
        text: &str,
        rng: &dyn Rng,
    ) -> Result<String> {
        let mut nonce = [0_u8; NONCE_BYTES];
        rng.fill(&mut nonce);
        let payload = Payload {
            msg: text.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let none = (NO_KEY.to_owned(), [0; 32]);
        let (id, master) = self.masters.first().unwrap_or(&none);
        let sealed = cipher(master, purpose, secret)
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::internal("sealing failed"))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(format!("{SEALED}{id}:{}", STANDARD_NO_PAD.encode(bytes)))
    }

    /// Opens what [`Sealer::seal`] sealed; a text that is not sealed is returned as it is.
    pub(crate) fn open(&self, purpose: &str, secret: &str, text: &str) -> Result<String> {
        let Some(sealed) = text.strip_prefix(SEALED) else {
            return Ok(text.to_owned());
        };
        let unreadable = || Error::internal("a sealed text does not open: is it another key?");
        let (id, encoded) = sealed.split_once(':').ok_or_else(unreadable)?;
        let known = self.masters.iter().find(|(known, _)| known == id);
        let master = match known {
            Some((_, master)) => *master,
            None if id == NO_KEY => [0; 32],
            None => return Err(unreadable()),
        };
        let bytes = STANDARD_NO_PAD.decode(encoded).map_err(|_| unreadable())?;
        let (nonce, msg) = bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(unreadable)?;
        let payload = Payload {
            msg,
            aad: purpose.as_bytes(),
        };
        let opened = cipher(&master, purpose, secret)
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| unreadable())?;
        String::from_utf8(opened).map_err(|_| unreadable())
    }
}

fn cipher(master: &[u8; 32], purpose: &str, secret: &str) -> ChaCha20Poly1305 {
    let key = derive(master, &[purpose.as_bytes(), &[0], secret.as_bytes()]);
    ChaCha20Poly1305::new(&Key::from(key))
}

/// A name for a master key that does not give it away.
fn key_id(master: &[u8; 32]) -> String {
    let digest = derive(master, &[b"\0key id"]);
    hex(&digest[..4])
}

fn derive(master: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(master).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::SeededRng;

    #[test]
    fn only_the_same_purpose_secret_and_key_open_it() {
        let rng = SeededRng::new(1);
        let sealer = Sealer::new(vec![[7; 32]]);
        let sealed = sealer.seal("a", "s", "whsec_x", &rng).unwrap();
        assert!(!sealed.contains("whsec_x"));
        assert_eq!(sealer.open("a", "s", &sealed).unwrap(), "whsec_x");
        assert!(sealer.open("b", "s", &sealed).is_err());
        assert!(sealer.open("a", "t", &sealed).is_err());
        assert!(Sealer::new(Vec::new()).open("a", "s", &sealed).is_err());
        assert!(sealer.open("a", "s", "sealed:AAAA").is_err());
    }

    #[test]
    fn a_former_key_opens_what_it_sealed_and_seals_no_more() {
        let rng = SeededRng::new(1);
        let old = Sealer::new(vec![[7; 32]]);
        let both = Sealer::new(vec![[8; 32], [7; 32]]);
        let sealed = old.seal("a", "", "whsec_x", &rng).unwrap();
        assert_eq!(both.open("a", "", &sealed).unwrap(), "whsec_x");
        assert!(old.is_current(&sealed) && !both.is_current(&sealed));
        let resealed = both.seal("a", "", "whsec_x", &rng).unwrap();
        assert!(both.is_current(&resealed));
        assert!(old.open("a", "", &resealed).is_err());
        assert!(!both.is_current("whsec_x"));
    }

    #[test]
    fn a_text_that_was_never_sealed_is_returned_as_it_is() {
        assert_eq!(
            Sealer::new(Vec::new()).open("a", "", "whsec_x").unwrap(),
            "whsec_x"
        );
    }
}
