//! Threads for reads that may walk a table: a few, so that they cannot starve what is quick.

use std::panic::{AssertUnwindSafe, catch_unwind};
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
        })
    }

    /// Runs a walk when a thread is free. One that cannot run any more is dropped, which its caller sees.
    pub fn run(&self, walk: Walk) {
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
