//! The quickstart in Rust: its files as they are, compiled among names that lead to the server of the test.

use ::std::sync::OnceLock;

/// Where the server is reached, and a key of it.
static SERVER: OnceLock<(String, String)> = OnceLock::new();

pub fn reach(base: String, key: String) {
    SERVER.set((base, key)).expect("one test asks");
}

/// `ureq`, but for where it asks.
mod ureq {
    use ::ureq::RequestBuilder;
    use ::ureq::typestate::{WithBody, WithoutBody};

    fn there(url: &str) -> String {
        let path = url
            .strip_prefix(crate::DOCUMENTED)
            .expect("the files name the documented address");
        format!("{}{path}", super::SERVER.get().unwrap().0)
    }

    pub fn get(url: &str) -> RequestBuilder<WithoutBody> {
        ::ureq::get(there(url))
    }

    pub fn post(url: &str) -> RequestBuilder<WithBody> {
        ::ureq::post(there(url))
    }
}

/// `std`, but for the environment, which a test cannot set while others run.
mod std {
    pub use ::std::error;

    pub mod env {
        pub fn var(name: &str) -> Result<String, ::std::env::VarError> {
            assert_eq!(name, "RELM_KEY");
            Ok(super::super::SERVER.get().unwrap().1.clone())
        }
    }
}

pub mod create {
    use super::{std, ureq};
    include!("../../../docs/quickstart/rust/create.rs");

    pub fn run() {
        main().unwrap();
    }
}

pub mod list {
    use super::{std, ureq};
    include!("../../../docs/quickstart/rust/list.rs");

    pub fn run() {
        main().unwrap();
    }
}

pub mod upsert {
    use super::{std, ureq};
    include!("../../../docs/quickstart/rust/upsert.rs");

    pub fn run() {
        main().unwrap();
    }
}
