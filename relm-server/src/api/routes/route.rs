//! A line of the table: an operation, and what answers it.

use std::future::Future;
use std::pin::Pin;

use hyper::Method;
use relm_core::KeyScope;

use crate::api::answer::Outcome;
use crate::api::call::{Call, Open};
use crate::api::download::Downloading;
use crate::api::operation::{Access, Operation};

/// An operation, and what answers it.
pub(in crate::api) struct Route {
    pub operation: Operation,
    pub handler: Handler,
}

/// What answers.
#[derive(Clone, Copy)]
pub(in crate::api) enum Handler {
    /// Whoever shows a valid key that has this scope.
    Keyed(KeyScope, fn(Call) -> Answering),
    /// Whoever shows a valid key. It holds the key to the scopes of what the request names.
    KeyedByContent(fn(Call) -> Answering),
    /// The same, with a file.
    DownloadByContent(fn(Call) -> Downloading),
    /// Anyone.
    Open(fn(Open) -> Answering),
}

pub(in crate::api) type Answering = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Names the scope that a handler needs, and boxes its future: `keyed!(Fields: Read, fields::list)` is
/// `Handler::Keyed(KeyScope::new(…), |call| Box::pin(fields::list(call)))`.
macro_rules! keyed {
    ($resource:ident: $action:ident, $($handler:tt)+) => {
        $crate::api::routes::Handler::Keyed(
            relm_core::KeyScope::new(
                relm_core::KeyResource::$resource,
                relm_core::KeyAction::$action,
            ),
            |call| Box::pin($($handler)+(call)),
        )
    };
}
pub(super) use keyed;

pub(super) fn route(handler: Handler, operation: Operation) -> Route {
    let access = match handler {
        Handler::Keyed(scope, _) => Access::Keyed(scope),
        Handler::KeyedByContent(_) | Handler::DownloadByContent(_) => Access::KeyedByContent,
        Handler::Open(_) => Access::Open,
    };
    Route {
        operation: Operation {
            access,
            ..operation
        },
        handler,
    }
}

pub(super) fn get(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::GET, path)
}

pub(super) fn post(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::POST, path)
}

pub(super) fn put(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::PUT, path)
}

pub(super) fn patch(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::PATCH, path)
}

pub(super) fn delete(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::DELETE, path).gives(200, "Deleted")
}
