//! Passwords: digested by argon2id, on threads of their own, a few at once.
//!
//! A digest takes 19 MiB and some tens of milliseconds on purpose. What is kept is a PHC string: it names its own parameters, so
//! that a later release may ask more of new passwords and still know the old ones.

use std::sync::Arc;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use relm_core::value::time::{Rng, SystemRng};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Characters that a new password has at least.
pub(super) const PASSWORD_CHARS_MIN: usize = 12;
/// Bytes that a password has at most.
pub(super) const PASSWORD_BYTES_MAX: usize = 1_024;
/// Digests that are computed at once: each takes [`MEMORY_KIB`].
const AT_ONCE_MAX: usize = 2;
/// How long a digest may wait for those before it.
const WAIT_MAX: Duration = Duration::from_secs(5);

// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;
/// The most that a stored digest may ask for: a database that somebody wrote to must not take all memory.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 4;

/// Computes digests of passwords.
pub(super) struct Passwords {
    places: Arc<Semaphore>,
}

/// Others hold all places, for longer than anyone should wait.
#[derive(Debug)]
pub(super) struct Busy;

impl Default for Passwords {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
        }
    }
}

impl Passwords {
    /// What is kept of a new password.
    pub async fn digest(&self, password: String) -> Result<String, Busy> {
        self.run(move || {
            let mut salt = [0; SALT_BYTES];
            SystemRng.fill(&mut salt);
            let cost = Cost {
                memory_kib: MEMORY_KIB,
                passes: PASSES,
                lanes: LANES,
            };
            let output = cost.output(&password, &salt);
            let output = output.expect("the parameters are those that argon2 takes");
            let [salt, output] =
                [&salt[..], &output[..]].map(|bytes| STANDARD_NO_PAD.encode(bytes));
            format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${output}")
        })
        .await
    }

    /// Whether a password is the one that a digest was made of. Where there is no digest as much is computed, so that the time
    /// does not tell who is known.
    pub async fn check(&self, password: String, digest: Option<String>) -> Result<bool, Busy> {
        self.run(move || {
            let known = digest.as_deref().and_then(Known::parse);
            let is_known = known.is_some();
            let known = known.unwrap_or_default();
            let output = known.cost.output(&password, &known.salt);
            let is_it = output.is_some_and(|output| bool::from(output[..].ct_eq(&known.output)));
            is_it && is_known
        })
        .await
    }

    /// Runs this on a thread of its own, which holds its place until it is done, whoever still waits for it.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = timeout(WAIT_MAX, Arc::clone(&self.places).acquire_owned()).await;
        // The semaphore is never closed.
        let Ok(Ok(place)) = place else {
            return Err(Busy);
        };
        let done = spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(|_| Busy)
    }
}

/// What a digest costs.
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    fn output(&self, password: &str, salt: &[u8]) -> Option<[u8; OUTPUT_BYTES]> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT_BYTES));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.ok()?);
        let mut output = [0; OUTPUT_BYTES];
        let computed = argon2.hash_password_into(password.as_bytes(), salt, &mut output);
        computed.ok().map(|()| output)
    }
}

/// A digest that was read.
struct Known {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// A digest of no password that anybody knows.
impl Default for Known {
    fn default() -> Self {
        Self {
            cost: Cost {
                memory_kib: MEMORY_KIB,
                passes: PASSES,
                lanes: LANES,
            },
            salt: vec![0; SALT_BYTES],
            output: vec![0; OUTPUT_BYTES],
        }
    }
}

impl Known {
    /// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$output`.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$argon2id$v=19$")?;
        let (cost, rest) = rest.split_once('$')?;
        let (salt, output) = rest.split_once('$')?;
        let mut numbers = cost.split(',');
        let mut number = |name: &str, max: u32| {
            let number = numbers.next()?.strip_prefix(name)?.parse().ok()?;
            (1..=max).contains(&number).then_some(number)
        };
        let cost = Cost {
            memory_kib: number("m=", MEMORY_KIB_MAX)?,
            passes: number("t=", PASSES_MAX)?,
            lanes: number("p=", LANES_MAX)?,
        };
        let output = STANDARD_NO_PAD.decode(output).ok()?;
        let is_whole = output.len() == OUTPUT_BYTES && numbers.next().is_none();
        is_whole.then_some(Self {
            cost,
            salt: STANDARD_NO_PAD.decode(salt).ok()?,
            output,
        })
    }
}

/// Why this may not be a new password of who has this address, if anything.
pub(super) fn why_refused(password: &str, email: Option<&str>) -> Option<String> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN {
        return Some(format!(
            "The password must have {PASSWORD_CHARS_MIN} characters or more; this has {chars}."
        ));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Some(format!(
            "The password must be at most {PASSWORD_BYTES_MAX} bytes; this is {}.",
            password.len()
        ));
    }
    let first = password.chars().next();
    let is_address = email.is_some_and(|email| email.eq_ignore_ascii_case(password));
    if is_address || password.chars().all(|char| Some(char) == first) {
        return Some("This password is guessed at once: choose another one.".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_digest_alone() {
        let passwords = Passwords::default();
        let digest = passwords.digest("correct horse".into()).await.unwrap();
        let other = passwords.digest("correct horse".into()).await.unwrap();
        assert!(digest.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(digest, other, "each has a salt of its own");
        for (password, kept, is_it) in [
            ("correct horse", Some(digest.clone()), true),
            ("correct horsf", Some(digest.clone()), false),
            ("", Some(digest.clone()), false),
            ("correct horse", None, false),
            ("correct horse", Some(digest.replace("t=2", "t=3")), false),
        ] {
            let checked = passwords.check(password.into(), kept.clone()).await;
            assert_eq!(checked.unwrap(), is_it, "{password} {kept:?}");
        }
    }

    #[test]
    fn a_digest_that_is_none_or_asks_for_too_much_is_not_read() {
        for text in [
            "",
            "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAA$AAAA",
            "$argon2id$v=19$m=4000000000,t=2,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=2$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAA$AAAA",
        ] {
            assert!(Known::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_short_or_a_plain_password_is_refused() {
        let refused = |password: &str| why_refused(password, Some("eva@example.com")).is_some();
        for password in ["", "short", "aaaaaaaaaaaaaaaaaa", "Eva@example.com"] {
            assert!(refused(password), "{password}");
        }
        assert!(refused(&"ab".repeat(600)));
        assert!(!refused("correct horse") && !refused("äöüäöüäöüäöü"));
    }
}
