//! A file that arrives.

use bytes::Bytes;
use hyper::Response;
use relm_core::engine::ImportColumn;
use relm_core::record::import::Import;
use relm_core::{Error, Id, ObjectType, Scoped};

use super::asked::{Asked, file_options, refused};
use super::{form, page, path_to};
use crate::console::form::Form;
use crate::console::problem::Problem;
use crate::console::upload::{FileHead, Upload};
use crate::console::visit::Visit;
use crate::html::answer;
use crate::status::status_of;

/// The field of the import whose file is sent again, with what its columns become.
pub(super) const FROM: &str = "from";

/// Why a file was not taken in.
enum NotTaken {
    /// The engine refuses it.
    Refused(Error),
    /// It did not arrive, or whoever sent it may not.
    Problem(Problem),
}

impl From<Error> for NotTaken {
    fn from(error: Error) -> Self {
        match status_of(error.kind()).is_client_error() {
            true => Self::Refused(error),
            false => Self::Problem(error.into()),
        }
    }
}

impl From<Problem> for NotTaken {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Takes in a file as it arrives, by the same functions as `POST /v1/imports`, and goes on to its page.
pub(in crate::console) async fn receive(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let mut upload = Upload::of(&visit)?;
    let (fields, head) = upload.head().await?;
    let from = fields.trimmed(FROM).and_then(Id::parse);
    match take_in(&visit, &opened.scoped, &mut upload, (&fields, head)).await {
        Ok(import) => Ok(answer::see_other(&path_to(&opened.place, import.id))),
        Err(NotTaken::Problem(problem)) => Err(problem),
        Err(NotTaken::Refused(error)) => {
            // A browser shows no answer before all of its form is read.
            upload.rest().await?;
            let object = form::object_of(&fields).unwrap_or(ObjectType::Contact);
            match from {
                Some(id) => page::refused(&visit, opened, id, &fields, error).await,
                None => form::shown(&visit, opened, object, Some(&fields), Some(error)).await,
            }
        }
    }
}

async fn take_in(
    visit: &Visit,
    scoped: &Scoped,
    upload: &mut Upload<'_>,
    (fields, head): (&Form, Option<FileHead>),
) -> Result<Import, NotTaken> {
    let head = head.ok_or_else(|| refused("file", "Choose a file."))?;
    let (object, columns) = known(scoped, fields).await?;
    let options = Asked::read(object, fields, &columns)?.options();
    let options = options.file(file_options(fields, &head)?);
    let by = visit.signed_in()?.user.id;
    let key = fields.trimmed("nonce");
    let key = key.map(|nonce| format!("console {by} {nonce}"));
    let mut import = scoped.imports().begin(options).await?;
    let arrived = loop {
        match upload.piece().await {
            Ok(Some(piece)) => import.push(&piece).await?,
            Ok(None) => break upload.rest().await,
            Err(problem) => break Err(problem),
        }
    };
    if let Err(problem) = arrived {
        import.abandon("Its file did not arrive whole.").await;
        return Err(problem.into());
    }
    Ok(import.finish(key.as_deref()).await?.decode()?)
}

/// What the rows are, and the columns of the import whose file is sent again.
async fn known(
    scoped: &Scoped,
    fields: &Form,
) -> Result<(ObjectType, Vec<ImportColumn>), NotTaken> {
    if let Some(id) = fields.trimmed(FROM).and_then(Id::parse) {
        let import = scoped.imports().get(id).await?;
        let import = import.ok_or_else(Problem::missing)?;
        let preview = scoped.imports().preview(id, 0).await?;
        return Ok((import.object_type, preview.columns));
    }
    let object = form::object_of(fields).ok_or_else(|| {
        let message = "Say what the rows are: contacts, companies, deals or activities.";
        refused("object", message)
    })?;
    Ok((object, Vec::new()))
}
