//! What the engine remembers of the store: so many bytes of it, and what is asked for rather than what is not.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::record::Webhook;
use crate::record::field::Field;
use crate::record::key::Principal;
use crate::record::workspace::Workspace;
use crate::store::Configuration;
use crate::value::scope::Scope;
use crate::value::time::Monotonic;

/// For the configurations of scopes.
pub(in crate::engine) const CONFIGURATIONS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// For the workspaces themselves.
pub(in crate::engine) const WORKSPACES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// For the scopes of keys.
pub(in crate::engine) const SCOPES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// For API keys that were found valid.
pub(in crate::engine) const PRINCIPALS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What an entry takes beside its value: two copies of its key, its place in the map and in the line.
const ENTRY_BYTES: usize = 128;

/// A map that holds so many bytes at most. When it is full, whoever stands first in line leaves, but for those that were
/// asked for since they last came first: they go to the end (the second-chance algorithm, which is nearly "least recently
/// used" and changes nothing when something is read).
pub(in crate::engine) struct Recent<K, V> {
    bytes_max: usize,
    bytes: usize,
    known: HashMap<K, Known<V>>,
    line: VecDeque<K>,
}

struct Known<V> {
    value: V,
    bytes: usize,
    was_asked_for: AtomicBool,
}

/// What remembering a value takes.
pub(in crate::engine) trait Weigh {
    /// Bytes in memory, nearly.
    fn bytes(&self) -> usize;
}

impl<K: Copy + Eq + Hash, V: Weigh> Recent<K, V> {
    /// An empty map that holds at most so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            bytes: 0,
            known: HashMap::new(),
            line: VecDeque::new(),
        }
    }

    /// The value of a key, if it is remembered.
    pub fn get(&self, key: &K) -> Option<&V> {
        let known = self.known.get(key)?;
        // Read first: what everybody asks for is written by nobody.
        if !known.was_asked_for.load(Ordering::Relaxed) {
            known.was_asked_for.store(true, Ordering::Relaxed);
        }
        Some(&known.value)
    }

    /// Remembers a value where there is room for it and nothing is known of its key: nobody leaves for it.
    pub fn offer(&mut self, key: K, value: V) {
        let bytes = value.bytes() + ENTRY_BYTES;
        if self.bytes + bytes <= self.bytes_max && !self.known.contains_key(&key) {
            self.add(key, value, bytes);
        }
    }

    /// Remembers a value. One that is larger than the map is not remembered.
    pub fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        let bytes = value.bytes() + ENTRY_BYTES;
        if bytes > self.bytes_max {
            return;
        }
        self.make_room(self.bytes_max - bytes);
        self.add(key, value, bytes);
    }

    fn add(&mut self, key: K, value: V, bytes: usize) {
        self.bytes += bytes;
        self.line.push_back(key);
        let known = Known {
            value,
            bytes,
            was_asked_for: AtomicBool::new(false),
        };
        self.known.insert(key, known);
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &K) {
        if let Some(known) = self.known.remove(key) {
            self.bytes -= known.bytes;
            self.line.retain(|other| other != key);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.bytes, self.known, self.line) = (0, HashMap::new(), VecDeque::new());
    }

    /// Lets entries go until no more than so many bytes are left. It ends: in the second round nobody was asked for.
    fn make_room(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max
            && let Some(key) = self.line.pop_front()
        {
            match self.known.get(&key) {
                Some(known) if known.was_asked_for.swap(false, Ordering::Relaxed) => {
                    self.line.push_back(key);
                }
                Some(known) => {
                    self.bytes -= known.bytes;
                    self.known.remove(&key);
                }
                None => {}
            }
        }
    }
}

impl Weigh for Arc<Configuration> {
    fn bytes(&self) -> usize {
        let Configuration {
            version: _,
            fields,
            webhooks,
        } = self.as_ref();
        let text = |text: &String| size_of::<String>() + text.len();
        let field = |field: &Field| {
            let choices: usize = field.options.choices.iter().map(text).sum();
            size_of::<Field>() + field.key.len() + field.label.len() + choices
        };
        let webhook = |webhook: &Webhook| {
            let description = webhook.description.as_ref().map_or(0, String::len);
            size_of::<Webhook>() + webhook.url.len() + description + WEBHOOK_REST_BYTES
        };
        size_of::<Configuration>()
            + fields.iter().map(field).sum::<usize>()
            + webhooks.iter().map(webhook).sum::<usize>()
    }
}

/// What an endpoint's event types and secrets take: both are few and short.
const WEBHOOK_REST_BYTES: usize = 1024;

impl Weigh for Arc<Workspace> {
    fn bytes(&self) -> usize {
        size_of::<Workspace>() + self.name.len() + self.cursor_key.len()
    }
}

impl Weigh for Scope {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Weigh for (Principal, Monotonic) {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    fn known(recent: &Recent<u32, usize>, keys: std::ops::Range<u32>) -> Vec<u32> {
        // Looked up without being asked for.
        keys.filter(|key| recent.known.contains_key(key)).collect()
    }

    #[test]
    fn what_was_asked_for_stays_and_what_was_not_leaves() {
        let mut recent = Recent::new(4 * (ENTRY_BYTES + 100));
        (0..4).for_each(|key| recent.insert(key, 100));
        assert_eq!(recent.get(&0), Some(&100));
        assert_eq!(recent.get(&2), Some(&100));
        recent.insert(4, 100);
        assert_eq!(known(&recent, 0..6), [0, 2, 3, 4]);
        recent.insert(5, 100);
        assert_eq!(known(&recent, 0..6), [0, 2, 4, 5]);
        assert_eq!(recent.get(&1), None);
    }

    #[test]
    fn nobody_leaves_for_what_is_offered() {
        let mut recent = Recent::new(2 * (ENTRY_BYTES + 100));
        recent.insert(0, 100);
        recent.offer(0, 50);
        assert_eq!(recent.get(&0), Some(&100));
        (1..4).for_each(|key| recent.offer(key, 100));
        assert_eq!(known(&recent, 0..4), [0, 1]);
    }

    #[test]
    fn it_holds_no_more_than_its_bytes() {
        let bytes_max = 10_000;
        let mut recent = Recent::new(bytes_max);
        for round in 0..1_000_u32 {
            let (key, bytes) = (round * 7 % 40, round as usize * 13 % 3_000);
            recent.insert(key, bytes);
            if round % 3 == 0 {
                recent.get(&(round * 11 % 40));
            }
            if round % 10 == 0 {
                recent.remove(&(round % 40));
            }
            let held: usize = recent.known.values().map(|known| known.bytes).sum();
            assert!(held == recent.bytes && held <= bytes_max);
            assert_eq!(recent.known.len(), recent.line.len());
        }
        recent.insert(1, bytes_max);
        assert_eq!(recent.get(&1), None);
        recent.clear();
        assert_eq!((recent.bytes, recent.line.len()), (0, 0));
    }
}
