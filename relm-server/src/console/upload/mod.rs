//! Forms with a file in them, which is taken in as it arrives.
//!
//! Whether such a form is one of this session's is found out before any of it is read: its token is in its address. That token opens nothing
//! else, so that an address that is seen somewhere gives nothing away.

mod multipart;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use hyper::StatusCode;

pub(super) use self::multipart::FileHead;
use self::multipart::{Multipart, MultipartEvent};
use super::form::Form;
use super::problem::Problem;
use super::visit::Visit;
use crate::serve::{FileBody, Refusal};

/// Bytes of a form beside its file.
const BESIDE_BYTES: usize = 1024 * 1024;
/// Bytes of a form with a file.
pub(super) const UPLOAD_BYTES_MAX: usize = relm_core::limits::IMPORT_BYTES_MAX + BESIDE_BYTES;
/// What is read of a file that is not taken in: a browser shows no answer before it has sent all of its form.
const UNTAKEN_BYTES_MAX: usize = 256 * 1024 * 1024;
/// How often it is asked whether whoever sends a file may still do so.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// The body of a form with a file, until somebody reads it.
pub(super) struct Waiting {
    content_type: Option<String>,
    body: Mutex<Option<FileBody>>,
}

impl Waiting {
    pub fn new(content_type: Option<String>) -> Self {
        let body = Mutex::new(None);
        Self { content_type, body }
    }

    /// The same, with its body.
    pub fn arriving(&self, body: FileBody) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }

    fn take(&self) -> Option<FileBody> {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        body.take()
    }
}

/// A form with a file that arrives.
pub(super) struct Upload<'a> {
    visit: &'a Visit,
    form: Multipart,
    body: FileBody,
    asked_at: Instant,
    has_ended: bool,
}

impl<'a> Upload<'a> {
    /// The form of this request.
    pub fn of(visit: &'a Visit) -> Result<Self, Problem> {
        let content_type = visit.upload.content_type.as_deref().unwrap_or_default();
        let form = Multipart::of(content_type).ok_or_else(|| {
            let message = "Send the form as Content-Type: multipart/form-data, with its boundary.";
            Problem::from(Refusal::UnsupportedMediaType(message.into()))
        })?;
        let body = visit.upload.take().ok_or_else(Problem::outcome_unknown)?;
        Ok(Self {
            visit,
            form,
            body,
            asked_at: Instant::now(),
            has_ended: false,
        })
    }

    /// The fields before the file, and what is said of it; none where there is no file.
    pub async fn head(&mut self) -> Result<(Form, Option<FileHead>), Problem> {
        let mut fields = Vec::new();
        loop {
            match self.next_event().await? {
                Some(MultipartEvent::Field(name, value)) => fields.push((name, value)),
                Some(MultipartEvent::File(head)) if !head.name.is_empty() => {
                    return Ok((Form::of_fields(fields), Some(head)));
                }
                Some(
                    MultipartEvent::File(_) | MultipartEvent::Data(_) | MultipartEvent::FileEnd,
                ) => {}
                None => return Ok((Form::of_fields(fields), None)),
            }
        }
    }

    /// The next piece of the file; none once it is whole.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        match self.next_event().await? {
            Some(MultipartEvent::Data(data)) => Ok(Some(data)),
            _ => Ok(None),
        }
    }

    /// Reads what is left, up to where somebody sends more than is worth an answer. Of a file that was taken in, that the form is whole is
    /// found out so.
    pub async fn rest(&mut self) -> Result<(), Problem> {
        let mut left = UNTAKEN_BYTES_MAX;
        while let Some(told) = self.next_event().await? {
            if let MultipartEvent::Data(data) = told {
                left = left.saturating_sub(data.len());
            }
            if left == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn next_event(&mut self) -> Result<Option<MultipartEvent>, Problem> {
        loop {
            if let Some(told) = self.form.next().map_err(malformed)? {
                return Ok(Some(told));
            }
            if self.has_ended {
                return Ok(None);
            }
            let piece = self.body.next().await;
            self.expect_allowed().await?;
            match piece {
                Some(Ok(piece)) => self.form.push(&piece),
                Some(Err(refusal)) => {
                    self.has_ended = true;
                    return Err(refusal.into());
                }
                None => {
                    self.has_ended = true;
                    self.form.finish().map_err(malformed)?;
                }
            }
        }
    }

    /// Refuses what arrives after the session ended, or after its person may change nothing any more.
    async fn expect_allowed(&mut self) -> Result<(), Problem> {
        if self.asked_at.elapsed() < ASK_EVERY {
            return Ok(());
        }
        self.asked_at = Instant::now();
        let signed_in = self.visit.signed_in()?;
        let session = self
            .visit
            .crm()
            .accounts()
            .session(&signed_in.token)
            .await?;
        match session {
            Some((_, user)) if user.role.may_write() => Ok(()),
            Some(_) | None => {
                self.has_ended = true;
                Err(Problem::signed_out())
            }
        }
    }
}

fn malformed(message: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Refused", message)
}
