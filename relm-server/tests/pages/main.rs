//! The pages as a browser meets them: whole requests, whole answers, no socket.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod awaited;
mod browsers;
mod bytes_and_headers;
mod html;
mod links;
mod places;
mod search;
mod site;
