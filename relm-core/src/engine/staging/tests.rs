//! Tests of what becomes of staged changes.

use super::staged::Staged;
use crate::limits::BATCH_RECORDS_MAX;
use crate::record::Entry;
use crate::record::association::{Association, AssociationInput};
use crate::store::{Batch, Require, Write};
use crate::value::id::{Id, Kind};
use crate::value::scope::{Mode, Scope};
use crate::value::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(0);

fn batch(writes: Vec<Write>) -> Batch {
    Batch {
        scope: Scope::SYSTEM,
        now: NOW,
        requires: Vec::new(),
        writes,
    }
}

fn edge() -> Entry {
    let ends = AssociationInput {
        from_id: Id::new(Kind::Contact, 1),
        to_id: Id::new(Kind::Company, 2),
        label: None,
        attributes: Default::default(),
    };
    let id = Id::new(Kind::Association, 3);
    Entry::new(Association::link(id, Mode::Live, NOW, ends).unwrap())
}

#[test]
fn an_association_that_went_and_came_back_is_to_be_there_still() {
    let mut staged = Staged::default();
    staged.apply(batch(vec![Write::Delete(edge())])).unwrap();
    staged.apply(batch(vec![Write::Insert(edge())])).unwrap();
    let all = staged.batch(Scope::SYSTEM, NOW);
    assert!(all.writes.is_empty());
    assert_eq!(all.requires, [Require::Exists(edge().record.id())]);
}

#[test]
fn what_is_made_and_removed_is_neither_written_nor_required() {
    let mut staged = Staged::default();
    staged.apply(batch(vec![Write::Insert(edge())])).unwrap();
    let id = edge().record.id();
    let mut used = batch(vec![Write::Delete(edge())]);
    used.requires.push(Require::Exists(id));
    staged.apply(used).unwrap();
    let all = staged.batch(Scope::SYSTEM, NOW);
    assert!(all.writes.is_empty() && all.requires.is_empty());
    assert_eq!(staged.made_and_removed(), [id]);
}

#[test]
fn what_is_undone_leaves_what_was_staged_before_it() {
    let mut staged = Staged::default();
    staged.apply(batch(vec![Write::Insert(edge())])).unwrap();
    staged.mark();
    staged.apply(batch(vec![Write::Delete(edge())])).unwrap();
    staged.undo();
    let all = staged.batch(Scope::SYSTEM, NOW);
    assert!(matches!(&all.writes[..], [Write::Insert(_)]));
    assert_eq!(staged.records(), 1);
}

#[test]
fn more_than_a_batch_may_write_is_not_staged() {
    let mut staged = Staged::default();
    staged.apply(batch(vec![Write::Insert(edge())])).unwrap();
    assert!(staged.make_room(BATCH_RECORDS_MAX - 1).is_ok() && !staged.is_full);
    assert!(staged.make_room(BATCH_RECORDS_MAX).is_err() && staged.is_full);
    staged.mark();
    assert!(!staged.is_full);
}
