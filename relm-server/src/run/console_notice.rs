//! What an operator reads of the console once the server listens.

/// With nothing in it, where no console is served.
#[derive(Default)]
pub(super) struct ConsoleNotice {
    /// Where it is.
    pub url: Option<String>,
    /// Where nobody can sign in yet: how the first owner gets in, as sentences.
    pub way_in: Option<String>,
}
