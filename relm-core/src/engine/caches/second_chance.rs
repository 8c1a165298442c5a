//! A map within a bound of bytes, which evicts by the second-chance algorithm.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};

/// What an entry takes beside its value: two copies of its key, its place in the map and in the line.
const ENTRY_BYTES: usize = 128;

/// A map that holds so many bytes at most. When it is full, the first entry in line is evicted, but for those that were
/// asked for since they last came first: they go to the end. It is nearly "least recently used", and reading an entry moves
/// nothing.
pub(super) struct SecondChance<K, V> {
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
pub(super) trait Weigh {
    /// Bytes in memory, nearly.
    fn bytes(&self) -> usize;
}

impl<K: Copy + Eq + Hash, V: Weigh> SecondChance<K, V> {
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

    /// Forgets the values that are so.
    pub fn remove_where(&mut self, is_so: impl Fn(&V) -> bool) {
        let known = self.known.iter();
        let found = known.filter(|(_, known)| is_so(&known.value));
        let found: Vec<K> = found.map(|(key, _)| *key).collect();
        found.iter().for_each(|key| self.remove(key));
    }

    /// Evicts entries until no more than so many bytes are left. It ends: the second time around, none was asked for.
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

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    fn known(cache: &SecondChance<u32, usize>, keys: std::ops::Range<u32>) -> Vec<u32> {
        // Looked up without being asked for.
        keys.filter(|key| cache.known.contains_key(key)).collect()
    }

    #[test]
    fn what_was_asked_for_stays_and_what_was_not_leaves() {
        let mut cache = SecondChance::new(4 * (ENTRY_BYTES + 100));
        (0..4).for_each(|key| cache.insert(key, 100));
        assert_eq!(cache.get(&0), Some(&100));
        assert_eq!(cache.get(&2), Some(&100));
        cache.insert(4, 100);
        assert_eq!(known(&cache, 0..6), [0, 2, 3, 4]);
        cache.insert(5, 100);
        assert_eq!(known(&cache, 0..6), [0, 2, 4, 5]);
        assert_eq!(cache.get(&1), None);
    }

    #[test]
    fn it_holds_no_more_than_its_bytes() {
        let bytes_max = 10_000;
        let mut cache = SecondChance::new(bytes_max);
        for step in 0..1_000_u32 {
            let (key, bytes) = (step * 7 % 40, step as usize * 13 % 3_000);
            cache.insert(key, bytes);
            if step % 3 == 0 {
                cache.get(&(step * 11 % 40));
            }
            if step % 10 == 0 {
                cache.remove(&(step % 40));
            }
            let held: usize = cache.known.values().map(|known| known.bytes).sum();
            assert!(held == cache.bytes && held <= bytes_max);
            assert_eq!(cache.known.len(), cache.line.len());
        }
        cache.insert(1, bytes_max);
        assert_eq!(cache.get(&1), None);
        cache.remove_where(|_| true);
        assert_eq!((cache.bytes, cache.line.len()), (0, 0));
    }
}
