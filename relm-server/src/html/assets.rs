//! The style, the script and the icon of pages, under names that change with them.

use bytes::Bytes;
use hyper::Response;
use sha2::{Digest as _, Sha256};

use super::answer;

/// A file that pages load.
struct Asset {
    /// Such as `/docs/assets/style-0123456789ab.css`.
    path: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// The files that the pages of one transport load.
pub(crate) struct Files([Asset; 3]);

/// The paths of the files.
pub(crate) struct Paths {
    pub style: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
}

impl Files {
    /// The files in a folder, such as `/docs/assets/`: a style, and what is the same for all pages.
    pub fn new(folder: &str, style: &'static str) -> Self {
        let script = include_bytes!("../../assets/script.js");
        let icon = include_bytes!("../../assets/icon.svg");
        let asset = |name: &str, extension: &str, content_type, bytes| {
            let digest = answer::short_name(&Sha256::digest(bytes));
            Asset {
                path: format!("{folder}{name}-{digest}.{extension}"),
                content_type,
                bytes,
            }
        };
        Self([
            asset("style", "css", "text/css; charset=utf-8", style.as_bytes()),
            asset("script", "js", "text/javascript; charset=utf-8", script),
            asset("icon", "svg", "image/svg+xml", icon),
        ])
    }

    pub fn paths(&'static self) -> Paths {
        let [style, script, icon] = &self.0;
        Paths {
            style: &style.path,
            script: &script.path,
            icon: &icon.path,
        }
    }

    /// The file at a path.
    pub fn find(&self, path: &str) -> Option<Response<Bytes>> {
        let asset = self.0.iter().find(|asset| asset.path == path)?;
        Some(answer::file(asset.content_type, asset.bytes))
    }
}
