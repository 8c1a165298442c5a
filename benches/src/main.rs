//! The load driver: the real binary beside its floors, in one run.
//!
//! `cargo run --release -p relm-benches -- http` seeds a database through the API, then drives the same requests at
//! three servers in turn: Relm; hyper with hand-written SQL over a copy of the same database, with the same durability
//! (`floor/sql.rs`); and hyper answering a constant (`floor/constant.rs`). It prints requests per second, latencies
//! and the ratio to each floor. Build the server first: `cargo build --release -p relm-server`.

mod children;
mod floor;
mod growth;
mod http;
mod webhooks;
mod workload;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What goes wrong ends the run.
type Failure = Box<dyn Error + Send + Sync>;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Drives the server and its floors, and prints the table.
    Http {
        /// Contacts in the database before anything is measured.
        #[arg(long, default_value_t = 100_000)]
        rows: usize,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// The server's binary.
        #[arg(long, default_value = "target/release/relm-server")]
        server: PathBuf,
    },
    /// Measures what endpoints cost a create, and how fast events are sent.
    Webhooks {
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// The server's binary.
        #[arg(long, default_value = "target/release/relm-server")]
        server: PathBuf,
    },
    /// Compares reads at a thousand contacts with reads at many, and prints the ratios.
    Growth {
        /// How many are many; a multiple of 500.
        #[arg(long, default_value_t = 1_000_000)]
        rows: usize,
    },
    /// Serves a constant: the first floor.
    FloorConstant {
        /// Where to listen.
        listen: SocketAddr,
    },
    /// Drives the server over PostgreSQL or MariaDB beside hand-written SQL, and prints the table.
    Pooled {
        /// An empty database for Relm, and another for the floor.
        #[arg(num_args = 2, required = true)]
        urls: Vec<String>,
        /// Contacts in each before anything is measured.
        #[arg(long, default_value_t = 100_000)]
        rows: usize,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// The server's binary.
        #[arg(long, default_value = "target/release/relm-server")]
        server: PathBuf,
    },
    /// Serves hand-written SQL over PostgreSQL or MariaDB: their floor.
    FloorPooled {
        /// Where to listen.
        listen: SocketAddr,
        /// A database that Relm made.
        url: String,
    },
    /// Serves hand-written SQL: the second floor.
    FloorSql {
        /// Where to listen.
        listen: SocketAddr,
        /// A database that Relm made.
        database: PathBuf,
    },
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match Cli::parse().command {
        Command::Http {
            rows,
            seconds,
            server,
        } => runtime.block_on(workload::run(rows, seconds, server)),
        Command::Webhooks { seconds, server } => runtime.block_on(webhooks::run(seconds, server)),
        Command::Growth { rows } => runtime.block_on(growth::run(rows)),
        Command::Pooled {
            urls,
            rows,
            seconds,
            server,
        } => runtime.block_on(workload::run_pooled(&urls, rows, seconds, &server)),
        Command::FloorPooled { listen, url } => runtime.block_on(floor::pooled::serve(listen, url)),
        Command::FloorConstant { listen } => runtime.block_on(floor::constant::serve(listen)),
        Command::FloorSql { listen, database } => {
            runtime.block_on(floor::sql::serve(listen, database))
        }
    }
}
