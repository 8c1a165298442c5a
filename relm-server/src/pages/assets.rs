//! The style, the script and the icon of all pages, under names that change with them.

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::Response;
use sha2::{Digest as _, Sha256};

use super::{Asked, answer};

/// What the paths of all files begin with.
pub(super) const FOLDER: &str = "/docs/assets/";

/// A file that pages load.
struct Asset {
    /// Such as `/docs/assets/style-0123456789ab.css`.
    path: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// The paths of the files.
pub(super) struct Paths {
    pub style: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset(
            "style",
            "css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/style.css"),
        ),
        asset(
            "script",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/script.js"),
        ),
        asset(
            "icon",
            "svg",
            "image/svg+xml",
            include_bytes!("../../assets/icon.svg"),
        ),
    ]
});

fn asset(name: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    let digest = answer::short_name(&Sha256::digest(bytes));
    Asset {
        path: format!("{FOLDER}{name}-{digest}.{extension}"),
        content_type,
        bytes,
    }
}

pub(super) fn paths() -> Paths {
    let [style, script, icon] = &*ASSETS;
    Paths {
        style: &style.path,
        script: &script.path,
        icon: &icon.path,
    }
}

pub(super) fn file(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.path == asked.head.uri.path())?;
    Some(answer::file(asset.content_type, asset.bytes))
}
