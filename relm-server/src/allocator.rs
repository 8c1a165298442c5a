//! Memory that was freed goes back to the system, also when nobody asks for more.
//!
//! mimalloc gives freed pages back a second after they were freed, but looks for such pages only when some are taken or
//! freed. A server that was busy and is now idle would keep what it had at its busiest.

use std::hint::black_box;
use std::time::Duration;

/// How often mimalloc is made to look.
const PAUSE: Duration = Duration::from_secs(2);
/// More than it takes from a page that it has already. Nothing is written to it, so that no memory is used.
const PROBE_BYTES: usize = 4 * 1024 * 1024;

/// Sees to it, for as long as it is polled.
pub async fn give_back_freed_memory() {
    loop {
        tokio::time::sleep(PAUSE).await;
        // The compiler would leave out what nobody looks at.
        drop(black_box(Vec::<u8>::with_capacity(PROBE_BYTES)));
    }
}
