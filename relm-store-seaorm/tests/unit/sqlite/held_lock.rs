//! The lock that reads share: when it is taken, and what gives way to what.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::database;
use crate::sqlite::connection::has_log;
use crate::sqlite::held_lock::{HELD, HeldLock, READS_MIN};

/// Whether somebody was in the way of a checkpoint, and the pages of the log: all of them, and those that it moved.
fn checkpoint(connection: &Connection, mode: &str) -> (bool, i64, i64) {
    connection.busy_timeout(Duration::ZERO).unwrap();
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let row = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    row.unwrap()
}

fn commit(connection: &Connection, version: i64) {
    let sql = format!("INSERT INTO configurations (scope, version) VALUES ({version}, 1)");
    connection.execute_batch(&sql).unwrap();
}

/// So many reads at one moment.
fn read(lock: &HeldLock, reads: u64, at: Instant) {
    (0..reads).for_each(|_| lock.read(at));
}

#[test]
fn reads_that_come_one_upon_another_share_a_lock() {
    let (folder, connection) = database();
    commit(&connection, 1);
    let lock = HeldLock::new(folder.path().join("relm.db"), has_log(&connection).unwrap());
    let at = Instant::now();
    read(&lock, READS_MIN, at + HELD);
    assert!(!lock.is_held());
    read(&lock, 1, at + 3 * HELD);
    assert!(lock.is_held());
    let (in_the_way, ..) = checkpoint(&connection, "TRUNCATE");
    assert!(in_the_way);
    lock.release();
    assert_eq!(checkpoint(&connection, "TRUNCATE"), (false, 0, 0));
}

#[test]
fn it_is_left_by_reads_that_come_one_by_one_and_not_taken_by_them() {
    let (folder, connection) = database();
    let lock = HeldLock::new(folder.path().join("relm.db"), has_log(&connection).unwrap());
    let at = Instant::now();
    let moment = |number: u32| at + 2 * HELD * number;
    (1..50).for_each(|number| read(&lock, 1, moment(number)));
    assert!(!lock.is_held());
    read(&lock, READS_MIN, moment(50));
    read(&lock, 1, moment(51));
    assert!(lock.is_held());
    read(&lock, 1, moment(52));
    assert!(!lock.is_held());
}

#[test]
fn it_is_taken_anew_at_the_place_that_reads_have_by_then() {
    let (folder, connection) = database();
    let lock = HeldLock::new(folder.path().join("relm.db"), has_log(&connection).unwrap());
    let at = Instant::now();
    commit(&connection, 1);
    read(&lock, READS_MIN, at + HELD);
    read(&lock, READS_MIN, at + 3 * HELD);
    commit(&connection, 2);
    let (_, pages, moved) = checkpoint(&connection, "PASSIVE");
    assert!(moved < pages, "{moved} of {pages}");
    read(&lock, 1, at + 5 * HELD);
    assert!(lock.is_held());
    let (_, pages, moved) = checkpoint(&connection, "PASSIVE");
    assert_eq!(moved, pages);
}

#[test]
fn where_there_is_no_log_none_is_held() {
    let connection = Connection::open("file:/held-lock?vfs=memdb").unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL")
        .unwrap();
    assert!(!has_log(&connection).unwrap());
    let lock = HeldLock::new("file:/held-lock?vfs=memdb".into(), false);
    let at = Instant::now();
    read(&lock, READS_MIN, at + HELD);
    read(&lock, READS_MIN, at + 3 * HELD);
    assert!(!lock.is_held());
}
