//! Webhooks over HTTP: how a delivery's request reaches its endpoint, and nothing else that the server can reach.
//!
//! Whoever may subscribe an endpoint chooses a URL that this server then asks: server-side request forgery, if it is let
//! be. `target.rs` reads what a URL names, `resolve.rs` looks names up, `public.rs` knows the addresses that are nobody's
//! on the internet, `allow.rs` those that the operator lets webhooks reach all the same. `reach.rs` puts them together: it
//! refuses an endpoint that nothing could be sent to, and `guard.rs` asks it where a connection is made, so that what was checked
//! is what is connected to. `transport.rs` is the
//! [`Transport`](relm_core::webhook::Transport) around it, `send_error.rs` what the owner of an endpoint reads.

mod allow;
mod connect_error;
mod deadline;
mod guard;
mod options;
mod public;
mod reach;
mod resolve;
mod retry_after;
mod send_error;
mod target;
mod transport;
mod trust;

pub use allow::{AllowNets, AllowNetsError};
pub use options::TransportOptions;
pub use public::is_public;
pub use reach::Reach;
pub use resolve::{Resolve, SystemResolver};
pub use transport::HttpTransport;
pub use trust::TrustError;
