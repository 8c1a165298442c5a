//! Scopes by their [keys](Scope::key), as they were met.

use std::mem::size_of;
use std::sync::{PoisonError, RwLock};

use super::second_chance::{SecondChance, Weigh};
use crate::value::scope::Scope;

const BYTES_MAX: usize = 4 * 1024 * 1024;

pub(in crate::engine) struct Scopes(RwLock<SecondChance<i64, Scope>>);

impl Scopes {
    pub fn new() -> Self {
        Self(RwLock::new(SecondChance::new(BYTES_MAX)))
    }

    pub fn get(&self, key: i64) -> Option<Scope> {
        let cache = self.0.read().unwrap_or_else(PoisonError::into_inner);
        cache.get(&key).copied()
    }

    /// Remembers the scope that was looked for, and others as far as there is room.
    pub fn insert(&self, found: Option<Scope>, others: Vec<Scope>) {
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for scope in others {
            cache.offer(scope.key(), scope);
        }
        if let Some(scope) = found {
            cache.insert(scope.key(), scope);
        }
    }
}

impl Weigh for Scope {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}
