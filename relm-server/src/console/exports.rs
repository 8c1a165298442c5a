//! The records of a list as a file.

use relm_core::engine::ExportOptions;
use relm_core::record::file::FileFormat;

use super::download::Download;
use super::listing::Asked;
use super::objects::{self, plural};
use super::problem::Problem;
use super::records::path_of;
use super::visit::{Opened, Visit};

/// All records that meet the filters in the address, by the same function as `POST /v1/exports`.
pub(super) async fn export(visit: Visit) -> Result<Download, Problem> {
    let object = objects::of_path(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let format = match visit.query.text("format") {
        "ndjson" => FileFormat::Ndjson,
        _ => FileFormat::Csv,
    };
    let asked = Asked::of_export(&visit, object.kind(), &path_of(&place, object));
    let options = ExportOptions::new(object).format(format);
    let filters = asked?.filters.into_iter();
    let options = filters.fold(options, ExportOptions::filter);
    let pieces = scoped.exports().start(options).await?;
    Ok(Download::new(plural(object), format, pieces))
}
