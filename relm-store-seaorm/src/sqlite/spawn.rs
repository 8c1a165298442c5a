//! Threads of the store, by name.

use std::thread;

use crate::open_error::OpenError;

pub(super) fn spawn(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> Result<thread::JoinHandle<()>, OpenError> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder.spawn(run).map_err(OpenError::Thread)
}
