//! Who asks: the key of a request, and what is said to those who show none.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::{AUTHORIZATION, HeaderMap};
use relm_core::engine::{Crm, PresentedKey};
use relm_core::{Error, ErrorKind, Principal};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::answer::ApiError;
use super::failed_authentications::FailedAuthentications;
use super::held_key::{HELD_LOOKUPS_MAX, HeldKey};
use crate::serve::Peer;

/// Keys of peers that failed too often that are looked up at once: what they make up is not to fill the store's queue.
const SUSPECT_LOOKUPS_MAX: usize = 2;

/// How long one of those waits for its turn.
const TURN_WAIT_MAX: Duration = Duration::from_secs(1);

/// What every key begins with.
const KEY_START: &str = "sk_";

const HOW: &str = "Send an API key: Authorization: Bearer sk_live_… or sk_test_….";
const WITHOUT_SCHEME: &str = "Put `Bearer ` before the API key: Authorization: Bearer sk_live_….";
const NO_KEY: &str = "An API key begins with sk_live_ or sk_test_; what follows `Bearer` does not.";
const IN_ANOTHER_HEADER: &str =
    "The API key goes into another header: Authorization: Bearer sk_live_… or sk_test_….";
const SEVERAL: &str = "Send one `Authorization` header, with one API key.";
const UNKNOWN: &str = "This API key is not known, was revoked, or has expired.";

/// Schemes that other APIs take, in small letters, and what is said to whoever uses one.
const OTHER_SCHEMES: [(&str, &str); 5] = [
    (
        "token",
        "The scheme is `Bearer`, not `Token`: Authorization: Bearer sk_live_….",
    ),
    (
        "basic",
        "The scheme is `Bearer`, not `Basic`: Authorization: Bearer sk_live_….",
    ),
    (
        "apikey",
        "The scheme is `Bearer`, not `ApiKey`: Authorization: Bearer sk_live_….",
    ),
    (
        "key",
        "The scheme is `Bearer`, not `Key`: Authorization: Bearer sk_live_….",
    ),
    (
        "bearer:",
        "There is no `:` after `Bearer`: Authorization: Bearer sk_live_….",
    ),
];

/// Headers in which other APIs take a key.
const OTHER_HEADERS: [&str; 4] = ["x-api-key", "api-key", "apikey", "x-auth-token"];

/// Tells whose requests are.
#[derive(Debug)]
pub(super) struct Authentication {
    failures: FailedAuthentications,
    suspect_lookups: Semaphore,
    held_lookups: Arc<Semaphore>,
}

impl Default for Authentication {
    fn default() -> Self {
        Self {
            failures: FailedAuthentications::default(),
            suspect_lookups: Semaphore::new(SUSPECT_LOOKUPS_MAX),
            held_lookups: Arc::new(Semaphore::new(HELD_LOOKUPS_MAX)),
        }
    }
}

impl Authentication {
    /// The key of a request that was admitted, and whose answer goes on: to ask time and again whether it is still valid.
    pub fn hold(&self, crm: &Crm, headers: &HeaderMap) -> Result<HeldKey, ApiError> {
        let key = shown_key(headers).ok().and_then(PresentedKey::parse);
        let key = key.ok_or_else(|| Error::new(ErrorKind::Unauthorized, UNKNOWN))?;
        Ok(HeldKey {
            crm: crm.clone(),
            key: key.into_owned(),
            lookups: Arc::clone(&self.held_lookups),
        })
    }

    /// Whose request it is, by its headers alone; whoever shows no valid key is counted by `peer`, if that is known.
    pub async fn authenticate(
        &self,
        crm: &Crm,
        headers: &HeaderMap,
        peer: Option<Peer>,
    ) -> Result<Principal, ApiError> {
        let message = match shown_key(headers) {
            Ok(key) => match self.look_up(crm, key, peer).await? {
                Some(principal) => return Ok(principal),
                None => UNKNOWN,
            },
            Err(message) => message,
        };
        let wait_s = peer.and_then(|peer| self.failures.count(peer, crm.monotonic()));
        Err(match wait_s {
            Some(wait_s) => ApiError::too_many_invalid_keys(wait_s, message),
            None => Error::new(ErrorKind::Unauthorized, message).into(),
        })
    }

    async fn look_up(
        &self,
        crm: &Crm,
        key: &str,
        peer: Option<Peer>,
    ) -> Result<Option<Principal>, ApiError> {
        let Some(key) = PresentedKey::parse(key) else {
            return Ok(None);
        };
        if let Some(principal) = crm.cached_principal(&key) {
            return Ok(Some(principal));
        }
        let is_suspect = peer.is_some_and(|peer| self.failures.is_suspect(peer, crm.monotonic()));
        // Who shares an address with those who make keys up does not wait behind them with one that was valid before.
        let _turn = match is_suspect && !crm.was_valid(&key) {
            true => Some(self.turn().await?),
            false => None,
        };
        let mut look_up = LookUp {
            failures: &self.failures,
            peer: peer.filter(|_| !crm.was_valid(&key)),
            crm,
            has_ended: false,
        };
        let found = crm.look_up(&key).await;
        look_up.has_ended = true;
        Ok(found?)
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        if let Ok(turn) = self.suspect_lookups.try_acquire() {
            return Ok(turn);
        }
        match timeout(TURN_WAIT_MAX, self.suspect_lookups.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            // The semaphore is never closed: it was the time.
            Ok(Err(_)) | Err(_) => Err(ApiError::too_many_lookups()),
        }
    }
}

/// The look-up of a key that may be none. Whoever leaves before it has ended is counted as if it had found nothing: guesses
/// that are not waited for cost the store as much as others.
struct LookUp<'a> {
    failures: &'a FailedAuthentications,
    /// Who is counted, if anyone.
    peer: Option<Peer>,
    crm: &'a Crm,
    has_ended: bool,
}

impl Drop for LookUp<'_> {
    fn drop(&mut self) {
        if let Some(peer) = self.peer.filter(|_| !self.has_ended) {
            self.failures.count(peer, self.crm.monotonic());
        }
    }
}

/// The key that a request shows, or what is wrong with how it does; what was sent is not said again, since it may be
/// secret. The scheme's case does not matter (RFC 9110, section 11.1).
fn shown_key(headers: &HeaderMap) -> Result<&str, &'static str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(without_authorization(headers)),
        (Some(value), None) => value.to_str().map_err(|_| HOW)?,
        (Some(_), Some(_)) => return Err(SEVERAL),
    };
    match value.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => match key.trim() {
            key if key.starts_with(KEY_START) => Ok(key),
            "" => Err(HOW),
            _ => Err(NO_KEY),
        },
        _ if value.starts_with(KEY_START) => Err(WITHOUT_SCHEME),
        Some((scheme, _)) => Err(other_scheme(scheme)),
        None => Err(HOW),
    }
}

fn without_authorization(headers: &HeaderMap) -> &'static str {
    let mut others = OTHER_HEADERS.iter();
    match others.any(|name| headers.contains_key(*name)) {
        true => IN_ANOTHER_HEADER,
        false => HOW,
    }
}

fn other_scheme(scheme: &str) -> &'static str {
    let mut known = OTHER_SCHEMES.iter();
    let known = known.find(|(name, _)| scheme.eq_ignore_ascii_case(name));
    known.map_or(HOW, |(_, message)| message)
}
