//! Every path of the console: what answers there, and what that needs of who asks.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use hyper::Response;

use super::download::Download;
use super::problem::Problem;
use super::visit::Visit;
use super::{
    PATH, account, board, events, exports, imports, keys, link, merging, records, schema, search,
    sign_in, undo, users, webhooks, workspaces,
};

type Answering = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Problem>> + Send>>;

type Downloading = Pin<Box<dyn Future<Output = Result<Download, Problem>> + Send>>;

/// Answers a request.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// With a page, or the way to one; of a form, once it was read.
    Page(fn(Visit) -> Answering),
    /// The same of a form with a file, which it reads itself.
    Upload(fn(Visit) -> Answering),
    /// With a file.
    Download(fn(Visit) -> Downloading),
}

/// What a handler needs of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// Somebody who is signed in.
    Session,
    /// Somebody who may change what a workspace holds.
    Write,
    /// Somebody who may say who signs in.
    Owner,
}

/// What answers at a path.
#[derive(Clone, Copy, Default)]
pub(super) struct Route {
    pub get: Option<(Needs, Handler)>,
    pub post: Option<(Needs, Handler)>,
}

/// Boxes the future of a handler.
macro_rules! handler {
    ($($handler:tt)+) => { Handler::Page(|visit| Box::pin($($handler)+(visit))) };
}

/// The same of one that takes a file.
macro_rules! upload {
    ($($handler:tt)+) => { Handler::Upload(|visit| Box::pin($($handler)+(visit))) };
}

/// The same of one that answers with a file.
macro_rules! download {
    ($($handler:tt)+) => { Handler::Download(|visit| Box::pin($($handler)+(visit))) };
}

fn get(needs: Needs, handler: Handler) -> Route {
    Route {
        get: Some((needs, handler)),
        post: None,
    }
}

fn post(needs: Needs, handler: Handler) -> Route {
    Route::default().and_post(needs, handler)
}

impl Route {
    /// The methods that are answered, as `Allow` lists them.
    pub fn allowed(&self) -> &'static str {
        match (self.get, self.post) {
            (Some(_), Some(_)) => "GET, HEAD, POST",
            (None, Some(_)) => "POST",
            (_, None) => "GET, HEAD",
        }
    }

    fn and_post(self, needs: Needs, handler: Handler) -> Self {
        let post = Some((needs, handler));
        Self { post, ..self }
    }
}

pub(super) fn routes() -> Vec<(&'static str, Route)> {
    [
        of_people(),
        of_workspaces(),
        of_records(),
        of_links(),
        of_merges(),
        of_files(),
        of_webhooks(),
    ]
    .concat()
}

fn of_people() -> Vec<(&'static str, Route)> {
    use Needs::{Nothing, Owner, Session};
    vec![
        (PATH, get(Session, handler!(workspaces::way_in))),
        (
            "/console/workspaces",
            get(Session, handler!(workspaces::page)),
        ),
        (
            "/console/sign-in",
            get(Nothing, handler!(sign_in::form)).and_post(Nothing, handler!(sign_in::submit)),
        ),
        (
            "/console/sign-out",
            post(Session, handler!(sign_in::sign_out)),
        ),
        (
            "/console/link/{user}/{token}",
            get(Nothing, handler!(link::page)).and_post(Nothing, handler!(link::submit)),
        ),
        ("/console/account", get(Session, handler!(account::page))),
        (
            "/console/account/password",
            post(Session, handler!(account::set_password)),
        ),
        (
            "/console/account/sessions/{id}/end",
            post(Session, handler!(account::end_session)),
        ),
        (
            "/console/users",
            get(Session, handler!(users::page)).and_post(Owner, handler!(users::invite)),
        ),
        (
            "/console/users/{id}/link",
            post(Owner, handler!(users::renew_link)),
        ),
        (
            "/console/users/{id}/remove",
            get(Owner, handler!(users::confirm)).and_post(Owner, handler!(users::remove)),
        ),
    ]
}

fn of_workspaces() -> Vec<(&'static str, Route)> {
    use Needs::{Session, Write};
    vec![
        (
            "/console/{workspace}/{mode}",
            get(Session, handler!(workspaces::first_page)),
        ),
        (
            "/console/{workspace}/{mode}/keys",
            get(Session, handler!(keys::list)).and_post(Write, handler!(keys::create)),
        ),
        (
            "/console/{workspace}/{mode}/keys/new",
            get(Write, handler!(keys::form)),
        ),
        (
            "/console/{workspace}/{mode}/keys/{id}/revoke",
            get(Write, handler!(keys::confirm)).and_post(Write, handler!(keys::revoke)),
        ),
        (
            "/console/{workspace}/{mode}/keys/{id}/rotate",
            get(Write, handler!(keys::confirm_rotation)).and_post(Write, handler!(keys::rotate)),
        ),
        (
            "/console/{workspace}/{mode}/schema",
            get(Session, handler!(schema::first)),
        ),
        (
            "/console/{workspace}/{mode}/schema/promotion",
            get(Write, handler!(schema::plan)).and_post(Write, handler!(schema::apply)),
        ),
        (
            "/console/{workspace}/{mode}/schema/{object}",
            get(Session, handler!(schema::list)).and_post(Write, handler!(schema::define)),
        ),
        (
            "/console/{workspace}/{mode}/schema/{object}/new",
            get(Write, handler!(schema::form)),
        ),
        (
            "/console/{workspace}/{mode}/schema/{object}/pipeline",
            get(Write, handler!(schema::edit_pipeline))
                .and_post(Write, handler!(schema::define_pipeline)),
        ),
        (
            "/console/{workspace}/{mode}/schema/{object}/settings",
            post(Write, handler!(schema::set)),
        ),
        (
            "/console/{workspace}/{mode}/schema/{object}/{id}/edit",
            get(Write, handler!(schema::edit)).and_post(Write, handler!(schema::change)),
        ),
        (
            "/console/{workspace}/{mode}/schema/{object}/{id}/remove",
            get(Write, handler!(schema::confirm)).and_post(Write, handler!(schema::remove)),
        ),
    ]
}

fn of_records() -> Vec<(&'static str, Route)> {
    use Needs::{Session, Write};
    vec![
        (
            "/console/{workspace}/{mode}/search",
            get(Session, handler!(search::page)),
        ),
        (
            "/console/{workspace}/{mode}/events",
            get(Session, handler!(events::list)),
        ),
        (
            "/console/{workspace}/{mode}/events/{id}",
            get(Session, handler!(events::page)),
        ),
        (
            "/console/{workspace}/{mode}/requests/{request}/undo",
            get(Write, handler!(undo::confirm)).and_post(Write, handler!(undo::undo)),
        ),
        (
            "/console/{workspace}/{mode}/deals/board",
            get(Session, handler!(board::board)).and_post(Write, handler!(board::move_deal)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}",
            get(Session, handler!(records::list)).and_post(Write, handler!(records::create)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/new",
            get(Write, handler!(records::new)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/trash",
            get(Session, handler!(records::trash)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/{id}",
            get(Session, handler!(records::page)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/{id}/edit",
            get(Write, handler!(records::edit)).and_post(Write, handler!(records::change)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/{id}/delete",
            get(Write, handler!(records::confirm)).and_post(Write, handler!(records::remove)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/{id}/restore",
            post(Write, handler!(records::restore)),
        ),
    ]
}

fn of_links() -> Vec<(&'static str, Route)> {
    use Needs::Write;
    vec![
        (
            "/console/{workspace}/{mode}/{objects}/{id}/links",
            post(Write, handler!(records::link)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/{id}/links/{link}",
            get(Write, handler!(records::edit_link))
                .and_post(Write, handler!(records::change_link)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/{id}/links/{link}/remove",
            post(Write, handler!(records::unlink)),
        ),
    ]
}

fn of_merges() -> Vec<(&'static str, Route)> {
    use Needs::{Session, Write};
    vec![
        (
            "/console/{workspace}/{mode}/{objects}/duplicates",
            get(Session, handler!(merging::list)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/merge",
            get(Write, handler!(merging::compare)).and_post(Write, handler!(merging::merge)),
        ),
        (
            "/console/{workspace}/{mode}/{objects}/{id}/merge",
            get(Write, handler!(merging::find)),
        ),
    ]
}

fn of_files() -> Vec<(&'static str, Route)> {
    use Needs::{Session, Write};
    vec![
        (
            "/console/{workspace}/{mode}/{objects}/export",
            get(Session, download!(exports::export)),
        ),
        (
            "/console/{workspace}/{mode}/imports",
            get(Session, handler!(imports::list)).and_post(Write, upload!(imports::receive)),
        ),
        (
            "/console/{workspace}/{mode}/imports/new",
            get(Write, handler!(imports::new)),
        ),
        (
            "/console/{workspace}/{mode}/imports/{id}",
            get(Session, handler!(imports::page)).and_post(Write, handler!(imports::go_on)),
        ),
        (
            "/console/{workspace}/{mode}/imports/{id}/errors",
            get(Session, download!(imports::errors)),
        ),
        (
            "/console/{workspace}/{mode}/imports/{id}/conflicts",
            get(Session, download!(imports::conflicts)),
        ),
        (
            "/console/{workspace}/{mode}/imports/{id}/cancel",
            post(Write, handler!(imports::cancel)),
        ),
        (
            "/console/{workspace}/{mode}/imports/{id}/undo",
            get(Write, handler!(imports::confirm_undo)).and_post(Write, handler!(imports::undo)),
        ),
        (
            "/console/{workspace}/{mode}/imports/{id}/delete",
            get(Write, handler!(imports::confirm_delete))
                .and_post(Write, handler!(imports::delete)),
        ),
    ]
}

fn of_webhooks() -> Vec<(&'static str, Route)> {
    use Needs::{Session, Write};
    vec![
        (
            "/console/{workspace}/{mode}/webhooks",
            get(Session, handler!(webhooks::list)).and_post(Write, handler!(webhooks::create)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/new",
            get(Write, handler!(webhooks::new)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}",
            get(Session, handler!(webhooks::page)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}/edit",
            get(Write, handler!(webhooks::edit)).and_post(Write, handler!(webhooks::change)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}/rotate",
            get(Write, handler!(webhooks::rotate_form)).and_post(Write, handler!(webhooks::rotate)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}/recover",
            get(Write, handler!(webhooks::recover_form))
                .and_post(Write, handler!(webhooks::recover)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}/delete",
            get(Write, handler!(webhooks::confirm)).and_post(Write, handler!(webhooks::remove)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}/test",
            post(Write, handler!(webhooks::test)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}/deliveries/{delivery}",
            get(Session, handler!(webhooks::delivery)),
        ),
        (
            "/console/{workspace}/{mode}/webhooks/{id}/deliveries/{delivery}/replay",
            post(Write, handler!(webhooks::replay)),
        ),
    ]
}
