//! The files that these pages load.

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::Response;

use super::Asked;
use crate::html::assets::{Files, Paths};

/// What the paths of all files begin with.
pub(super) const FOLDER: &str = "/docs/assets/";

static FILES: LazyLock<Files> =
    LazyLock::new(|| Files::new(FOLDER, include_str!("../../assets/style.css")));

pub(super) fn paths() -> Paths {
    FILES.paths()
}

pub(super) fn file(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    FILES.find(asked.head.uri.path())
}
