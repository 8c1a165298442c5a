//! A statement, and what it must meet.

use crate::sql::Sql;

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub sql: Sql,
    pub expect: Expect,
}

/// What a statement must meet, so that the plan goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expect {
    /// A read that returns so many rows.
    Read(usize),
    /// A write that touches so many rows.
    Touched(usize),
    /// A write that may touch any number.
    Any,
}
