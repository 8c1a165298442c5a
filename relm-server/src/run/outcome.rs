//! What a command writes with, and why it failed.

use std::error::Error;

/// Why a command failed: its text is what the operator reads.
pub(super) type CommandError = Box<dyn Error + Send + Sync>;

/// What is written to stdout with.
pub(super) type Out = std::io::Stdout;
