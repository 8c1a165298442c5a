//! Several processes of the real binary over one database server: what one promises, all of them keep.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../process/client.rs"]
mod client;
mod cluster;
mod databases;
mod due;
mod feed;
mod full_disk;
mod hang;
mod mariadb;
mod outage;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../process/receiver.rs"]
mod receiver;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../process/server.rs"]
mod server;
mod storms;
mod tmpfs;
mod views;

use databases::{MARIADB, POSTGRES};
use test_requirements::requires;

#[requires(postgres)]
#[test]
fn replicas_of_postgres_that_are_killed_lose_nothing() {
    POSTGRES.run(|url| storms::kills(url, 8));
}

#[requires(mariadb)]
#[test]
fn replicas_of_mariadb_that_are_killed_lose_nothing() {
    MARIADB.run(|url| storms::kills(url, 6));
}

#[requires(postgres)]
#[test]
fn a_storm_over_replicas_of_postgres_has_one_effect_and_one_answer() {
    POSTGRES.run(storms::one_key);
}

#[requires(mariadb)]
#[test]
fn a_storm_over_replicas_of_mariadb_has_one_effect_and_one_answer() {
    MARIADB.run(storms::one_key);
}

#[requires(postgres)]
#[test]
fn replicas_of_postgres_start_together() {
    POSTGRES.run(views::start_together);
}

#[requires(mariadb)]
#[test]
fn replicas_of_mariadb_start_together() {
    MARIADB.run(views::start_together);
}

#[requires(postgres)]
#[test]
fn what_is_due_is_told_of_once_by_replicas_of_postgres_that_are_killed() {
    POSTGRES.run(due::told_once);
}

#[requires(mariadb)]
#[test]
fn what_is_due_is_told_of_once_by_replicas_of_mariadb_that_are_killed() {
    MARIADB.run(due::told_once);
}

#[requires(postgres)]
#[test]
fn a_definition_binds_every_replica() {
    POSTGRES.run(views::definitions_bind);
}

#[requires(postgres)]
#[test]
fn a_revoked_key_stops_on_every_replica() {
    POSTGRES.run(views::revocations_bind);
}

#[requires(postgres)]
#[test]
fn replicas_share_deliveries() {
    POSTGRES.run(views::deliveries_are_shared);
}

#[requires(postgres)]
#[test]
fn the_rate_limit_holds_over_all_replicas() {
    POSTGRES.run(views::the_rate_limit_holds);
}

#[requires(initdb)]
#[test]
fn a_postgres_that_went_away_is_found_again() {
    outage::restart(outage::Postgres::start());
}

#[requires(mariadbd, mariadb_install_db)]
#[test]
fn a_mariadb_that_went_away_is_found_again() {
    outage::restart(mariadb::MariaDb::start());
}

#[requires(initdb)]
#[test]
fn a_postgres_that_hangs_is_given_up_in_time_and_come_back_to() {
    hang::stop_and_go_on(outage::Postgres::start());
}

#[requires(mariadbd, mariadb_install_db)]
#[test]
fn a_mariadb_that_hangs_is_given_up_in_time_and_come_back_to() {
    hang::stop_and_go_on(mariadb::MariaDb::start());
}

#[requires(tmpfs)]
#[test]
fn a_full_disk_under_sqlite_is_told_and_got_over() {
    full_disk::sqlite();
}

#[requires(tmpfs, initdb)]
#[test]
fn a_full_disk_under_postgres_is_told_and_got_over() {
    full_disk::postgres();
}

#[requires(tmpfs, mariadbd, mariadb_install_db)]
#[test]
fn a_full_disk_under_mariadb_is_told_and_got_over() {
    full_disk::mariadb();
}
