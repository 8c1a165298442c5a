//! `/v1/exports`: records as a file.

use relm_core::engine::ExportOptions;
use relm_core::record::file::FileFormat;
use relm_core::{Error, KeyAction, KeyScope, Quoted};

use super::answer::ApiError;
use super::call::Call;
use super::download::Download;
use super::imports::{take_named, take_object};
use super::scopes::check_scope;
use crate::parameters::{Takes, bad};

pub(super) async fn create(mut call: Call) -> Result<Download, ApiError> {
    call.expect_no_version()?;
    let object = take_object(&mut call.query, Takes::Export)?;
    check_scope(
        &call.principal,
        KeyScope::new(object.into(), KeyAction::Read),
    )?;
    let format = take_named(&mut call.query, "format", &["csv", "ndjson"])?;
    let format = format.unwrap_or(FileFormat::Csv);
    let request = call.query.into_list(object.kind())?;
    // An export is all pages.
    for (name, is_there) in [
        ("limit", request.limit.is_some()),
        ("cursor", request.cursor.is_some()),
    ] {
        if is_there {
            return Err(no_pages(name).into());
        }
    }
    let filters = request.filters.into_iter();
    let options = ExportOptions::new(object).format(format);
    let options = filters.fold(options, ExportOptions::filter);
    let pieces = call.scoped.exports().start(options).await?;
    Ok(Download::new(object.plural(), format, pieces))
}

fn no_pages(name: &str) -> Error {
    let message = format!(
        "There is no parameter {} here: an export has all records.",
        Quoted(name)
    );
    bad(name, message)
}
