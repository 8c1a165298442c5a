//! Memory that requests share: budgets of bytes, of which no tenant takes more than half.
//!
//! Whoever needs memory has a [`MemoryPermit`] for as long as it is in use. Waiting for it ends with a bounded time: the
//! request is then turned away, and gives back what it had.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Limits;

/// On whose account memory is taken: a tenant that takes much leaves the others theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tenant(pub u128);

/// Tenants whose shares are remembered though nobody holds any of them; past that, idle ones are forgotten.
const IDLE_SHARES_MAX: usize = 1024;

/// The least that is worth giving back while the rest is in use: most bodies and answers are gone at once.
const SURPLUS_BYTES_MIN: usize = 32 * 1024;

/// Two budgets, so that what is small never waits behind what is large.
pub(super) struct Budgets {
    pub small: Budget,
    pub large: Budget,
}

impl Budgets {
    /// So many bytes in all, a quarter of them for what is small; waiting for them ends after `wait_max`.
    pub fn new(bytes_max: usize, wait_max: Duration) -> Self {
        let small = bytes_max / 4;
        Self {
            small: Budget::new(small, wait_max),
            large: Budget::new(bytes_max - small, wait_max),
        }
    }
}

/// So many bytes, for all who need some at once.
pub(super) struct Budget {
    pool: Arc<Semaphore>,
    /// What one tenant may hold.
    share_bytes: usize,
    shares: Mutex<HashMap<Tenant, Arc<Semaphore>>>,
    wait_max: Duration,
}

/// Bytes of a budget; they go back when this is dropped.
#[derive(Debug)]
pub struct MemoryPermit {
    share: OwnedSemaphorePermit,
    pool: OwnedSemaphorePermit,
}

/// What one tenant may take of the memory of answers, for an answer that goes on: each [piece](super::LivePiece) of it holds its
/// bytes until they are written.
#[derive(Clone)]
pub struct AnswerMemory {
    budgets: Arc<Budgets>,
    tenant: Tenant,
}

impl AnswerMemory {
    pub(super) fn new(budgets: Arc<Budgets>, tenant: Tenant) -> Self {
        Self { budgets, tenant }
    }

    /// That of a tenant which shares the memory with nobody: for whoever answers without sockets.
    pub fn of(limits: &Limits, tenant: Tenant) -> Self {
        let budgets = Budgets::new(limits.answer_bytes_in_flight_max, limits.memory_timeout);
        Self::new(Arc::new(budgets), tenant)
    }

    /// So many bytes, after waiting for them if need be; none where there were none within
    /// [`Limits::memory_timeout`](super::Limits::memory_timeout).
    pub async fn acquire(&self, bytes: usize) -> Option<MemoryPermit> {
        self.budgets.large.acquire(self.tenant, bytes).await
    }

    /// So many bytes, where they are there at once.
    pub fn try_acquire(&self, bytes: usize) -> Option<MemoryPermit> {
        self.budgets.large.try_acquire(self.tenant, bytes)
    }
}

impl Budget {
    /// So many bytes; waiting for them ends after `wait_max`.
    pub fn new(bytes_max: usize, wait_max: Duration) -> Self {
        let bytes_max = bytes_max.min(u32::MAX as usize);
        Self {
            pool: Arc::new(Semaphore::new(bytes_max)),
            share_bytes: bytes_max / 2,
            shares: Mutex::default(),
            wait_max,
        }
    }

    /// Bytes for `tenant`, after waiting for them if need be; none where there were none in time.
    pub async fn acquire(&self, tenant: Tenant, bytes: usize) -> Option<MemoryPermit> {
        if let Some(permit) = self.try_acquire(tenant, bytes) {
            return Some(permit);
        }
        let (share, permits) = (self.share(tenant), self.permits(bytes));
        // The share comes first: a tenant that waits for its own is in nobody else's way.
        let wait = async {
            let share = share.acquire_many_owned(permits).await.ok()?;
            let pool = Arc::clone(&self.pool).acquire_many_owned(permits).await;
            let pool = pool.ok()?;
            Some(MemoryPermit { share, pool })
        };
        timeout(self.wait_max, wait).await.ok().flatten()
    }

    fn try_acquire(&self, tenant: Tenant, bytes: usize) -> Option<MemoryPermit> {
        let permits = self.permits(bytes);
        let share = self.share(tenant).try_acquire_many_owned(permits).ok()?;
        let pool = Arc::clone(&self.pool)
            .try_acquire_many_owned(permits)
            .ok()?;
        Some(MemoryPermit { share, pool })
    }

    /// What is larger than a share takes all of the share.
    fn permits(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.share_bytes)).unwrap_or(u32::MAX)
    }

    fn share(&self, tenant: Tenant) -> Arc<Semaphore> {
        // A panic under the lock leaves whole shares behind.
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= IDLE_SHARES_MAX && !shares.contains_key(&tenant) {
            // Whoever holds some of a share, or waits for it, owns it too.
            shares.retain(|_, share| Arc::strong_count(share) > 1);
        }
        let share = shares.entry(tenant);
        Arc::clone(share.or_insert_with(|| Arc::new(Semaphore::new(self.share_bytes))))
    }
}

impl MemoryPermit {
    /// How many bytes it is.
    pub fn bytes(&self) -> usize {
        self.pool.num_permits()
    }

    /// Comes to be about so many bytes: gives back what is much more, and takes what is missing as far as it is there at
    /// once.
    pub fn resize(&mut self, bytes: usize) {
        if let Some(surplus) = self.bytes().checked_sub(bytes) {
            if surplus >= SURPLUS_BYTES_MIN {
                drop((self.share.split(surplus), self.pool.split(surplus)));
            }
            return;
        }
        let missing = u32::try_from(bytes - self.bytes()).unwrap_or(u32::MAX);
        let more = |permit: &OwnedSemaphorePermit| {
            let semaphore = Arc::clone(permit.semaphore());
            semaphore.try_acquire_many_owned(missing).ok()
        };
        if let Some(share) = more(&self.share)
            && let Some(pool) = more(&self.pool)
        {
            self.merge(Self { share, pool });
        }
    }

    /// Takes in what is held of the same share beside it.
    pub fn merge(&mut self, other: Self) {
        let Self { share, pool } = other;
        self.share.merge(share);
        self.pool.merge(pool);
    }
}
