//! What the writer commits together.

use std::sync::mpsc::channel;

use futures_channel::oneshot;
use relm_core::store::Batch;
use relm_core::{Id, Kind, Mode, Scope, Timestamp};

use crate::plan::{Expect, Step};
use crate::sql::Sql;
use crate::sqlite::writer::{GROUP_MAX, GROUP_VALUES_MAX, Job, Work, gather};

/// A commit whose statement binds so many values.
fn job(values: usize) -> Job {
    let mut sql = Sql::new("");
    for value in 0..values {
        sql.bind(value as i64);
    }
    let scope = Scope::new(Id::new(Kind::Workspace, 1), Mode::Live);
    let batch = Batch {
        scope,
        now: Timestamp::from_millis(0),
        requires: Vec::new(),
        writes: Vec::new(),
    };
    let plan = vec![Step {
        sql,
        expect: Expect::Any,
    }];
    let (answer, _) = oneshot::channel();
    Job {
        work: Work::Commit { plan, batch },
        answer,
    }
}

#[test]
fn a_group_ends_at_a_number_of_batches_and_at_what_they_write() {
    for (values, expected) in [
        (vec![1; GROUP_MAX + 1], GROUP_MAX),
        (vec![GROUP_VALUES_MAX / 2; 5], 2),
        (vec![GROUP_VALUES_MAX, 1], 1),
        (vec![GROUP_VALUES_MAX * 2, 1], 1),
        (vec![1, GROUP_VALUES_MAX, 1], 2),
        (vec![1], 1),
    ] {
        let (sender, jobs) = channel();
        let mut waiting = values.into_iter().map(job);
        let first = waiting.next().expect("there is one");
        waiting.for_each(|job| sender.send(job).expect("it is listened to"));
        assert_eq!(gather(first, &jobs).len(), expected);
    }
}
