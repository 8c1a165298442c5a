//! Who in this process is to hear of what is committed, scope by scope.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::value::scope::Scope;

/// Whoever hears of the commits of a scope.
pub(super) struct Registry<T> {
    /// How many there are: a commit that nobody hears of asks no more than this.
    count: AtomicUsize,
    entries: Mutex<Vec<(Scope, Arc<T>)>>,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            entries: Mutex::default(),
        }
    }
}

impl<T> Registry<T> {
    pub fn add(&self, scope: Scope, entry: Arc<T>) {
        let mut entries = self.lock();
        entries.push((scope, entry));
        self.count.store(entries.len(), Ordering::Relaxed);
    }

    pub fn remove(&self, entry: &Arc<T>) {
        let mut entries = self.lock();
        entries.retain(|(_, other)| !Arc::ptr_eq(other, entry));
        self.count.store(entries.len(), Ordering::Relaxed);
    }

    /// Whether anybody hears of a scope.
    pub fn has(&self, scope: Scope) -> bool {
        !self.is_empty() && self.lock().iter().any(|(of, _)| *of == scope)
    }

    /// What `hear` makes of each who hears of a scope. It is called for all of them before anybody else's commit is heard of, and
    /// is to do no more than take note: whoever is woken is woken afterwards.
    pub fn each<R>(&self, scope: Scope, hear: impl FnMut(&Arc<T>) -> Option<R>) -> Vec<R> {
        if self.is_empty() {
            return Vec::new();
        }
        let entries = self.lock();
        let of_scope = entries.iter().filter(|(of, _)| *of == scope);
        of_scope.map(|(_, entry)| entry).filter_map(hear).collect()
    }

    /// Everybody, who hears of nothing any more.
    pub fn take(&self) -> Vec<Arc<T>> {
        let entries = std::mem::take(&mut *self.lock());
        self.count.store(0, Ordering::Relaxed);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Scope, Arc<T>)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
