//! What one step of the work on an import comes to.

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A piece of the work was done.
    Worked,
    /// It is not there any more, has another status by now, or somebody else works on it.
    Lost,
}
