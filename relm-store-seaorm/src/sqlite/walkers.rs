//! Threads for reads that may walk a table: a few, so that they cannot starve what is quick.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::spawn::spawn;
use crate::open_error::OpenError;

/// Walks at once; more wait their turn.
const THREADS: usize = 4;

type Walk = Box<dyn FnOnce() + Send>;

pub(super) struct Walkers {
    /// Gone once the store is being dropped.
    walks: Option<Sender<Walk>>,
    threads: Vec<thread::JoinHandle<()>>,
    /// Walks that were handed over and have not ended.
    under_way: Arc<AtomicUsize>,
}

/// A walk's part of [`Walkers::under_way`], from when it is handed over.
pub(super) struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Walkers {
    pub fn start() -> Result<Self, OpenError> {
        let (walks, waiting) = mpsc::channel::<Walk>();
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |_| {
            let waiting = Arc::clone(&waiting);
            spawn("relm-walker", move || run(&waiting))
        };
        let threads = (0..THREADS).map(start).collect::<Result<_, _>>()?;
        Ok(Self {
            walks: Some(walks),
            threads,
            under_way: Arc::default(),
        })
    }

    /// A turn to walk when a thread is free.
    pub fn turn(&self) -> Turn {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Turn(Arc::clone(&self.under_way))
    }

    /// A turn to walk at once, where a thread is free.
    pub fn turn_at_once(&self) -> Option<Turn> {
        let one_more = |walks: usize| (walks < THREADS).then_some(walks + 1);
        let turn = self
            .under_way
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        turn.ok().map(|_| Turn(Arc::clone(&self.under_way)))
    }

    /// Runs a walk. One that cannot run any more is dropped, which its caller sees.
    pub fn run(&self, turn: Turn, walk: impl FnOnce() + Send + 'static) {
        let walk = Box::new(move || {
            let _turn = turn;
            walk();
        });
        if let Some(walks) = &self.walks {
            let _ = walks.send(walk);
        }
    }
}

impl Drop for Walkers {
    fn drop(&mut self) {
        drop(self.walks.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn run(waiting: &Mutex<Receiver<Walk>>) {
    loop {
        let walk = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        match walk {
            // A walk that panics has dropped its caller's channel; the thread goes on.
            Ok(walk) => drop(catch_unwind(AssertUnwindSafe(walk))),
            Err(_) => return,
        }
    }
}
