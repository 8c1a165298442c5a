//! Changes of the CRM within a transaction that the program holds, on every database: held to the contract of all stores, and to
//! what such a transaction promises.

mod becoming_unique;
mod bed;
mod commits;
mod conformance;
mod drops;
mod failures;
mod killed;
mod nested;
mod races;
#[path = "../throwaway/mod.rs"]
mod throwaway;

use bed::{Bed, Tested, on_every_database, person, reason};
use throwaway::RUNTIME;
