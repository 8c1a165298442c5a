//! An import: how far it is, what it comes to, and what its columns become.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::engine::ImportPreview;
use relm_core::record::import::{Import, ImportStatus};
use relm_core::{Error, Field, Id};
use serde_json::json;

use super::asked::{Asked, unique};
use super::form::Reading;
use super::mapping::{self, Columns};
use super::{of_path, path_to};
use crate::console::form::{Form, UPLOAD_TOKEN};
use crate::console::layout::{Layout, Place, Section, minute};
use crate::console::objects::plural;
use crate::console::problem::Problem;
use crate::console::records::path_of as path_of_records;
use crate::console::shown::{Message, count, cut};
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::console::{actor, curl};
use crate::html::answer;
use crate::status::status_of;

/// Rows that failed, on the page.
const FAILED_MAX: usize = 10;
/// Characters of what is said of one.
const MESSAGE_CHARS: usize = 400;
/// How often the page of an import that goes on is read anew, in seconds.
const REFRESH_S: u32 = 2;

#[derive(Template)]
#[template(path = "console/import.html")]
struct Page {
    layout: Layout,
    list: String,
    path: String,
    /// The list of the records.
    records: String,
    import: Import,
    who: String,
    began: String,
    ended: Option<String>,
    tallies: Vec<Tally>,
    undone: Vec<Tally>,
    failed: Vec<Failed>,
    /// What its columns become, for whoever may have it done again.
    again: Option<Again>,
    error: Option<Error>,
    call: String,
}

/// A number, and what it counts.
struct Tally {
    number: String,
    word: &'static str,
    /// How it is marked.
    mark: &'static str,
}

/// A row that failed.
struct Failed {
    line: u64,
    field: Option<String>,
    message: String,
}

/// The form by which the same file is tried again, or taken in.
struct Again {
    columns: Columns,
    unique: Vec<(String, String)>,
    dedup_on: String,
    reading: Reading,
    /// Whether its rows are here; otherwise the file is sent again.
    has_rows: bool,
    /// How many rows would be taken in.
    rows: String,
    action: String,
    nonce: String,
}

impl Failed {
    fn message(&self) -> Message<'_> {
        Message(&self.message)
    }
}

impl Page {
    fn title(&self) -> String {
        let what = match self.import.dry_run {
            true => "Dry run of",
            false => "Import of",
        };
        format!("{what} {}", plural(self.import.object_type))
    }

    fn plural(&self) -> &'static str {
        plural(self.import.object_type)
    }

    fn goes_on(&self) -> bool {
        !self.import.status.has_ended()
    }

    fn is_undoing(&self) -> bool {
        self.import.status == ImportStatus::Undoing
    }

    fn is_arriving(&self) -> bool {
        self.import.status == ImportStatus::Receiving
    }

    fn is_undone(&self) -> bool {
        self.import.status == ImportStatus::Undone
    }

    fn is_completed(&self) -> bool {
        self.import.status == ImportStatus::Completed
    }

    /// Whether there is something to be taken back.
    fn can_be_undone(&self) -> bool {
        let has_changed = self.import.created + self.import.updated > 0;
        let is_done = self.import.status.has_ended() && !self.is_undone();
        has_changed && is_done && !self.import.dry_run
    }

    fn refresh_s(&self) -> u32 {
        REFRESH_S
    }

    fn reason(&self) -> Option<Message<'_>> {
        self.import.reason.as_deref().map(Message)
    }

    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }

    /// The rows that were worked on, as people read them; those that were received; and how many a second.
    fn done(&self) -> String {
        count(self.import.rows)
    }

    fn received(&self) -> String {
        count(self.import.rows_received)
    }

    fn rate(&self) -> String {
        count(self.import.rows_per_second)
    }

    fn all_failed(&self) -> String {
        count(self.import.failed)
    }

    /// Whether more rows failed than are listed.
    fn has_more_failed(&self) -> bool {
        usize::try_from(self.import.failed).is_ok_and(|all| all > self.failed.len())
    }

    /// The size of the file.
    fn size(&self) -> String {
        let tenths = |unit: i64| {
            let tenths = self.import.bytes.saturating_mul(10) / unit;
            format!("{}.{}", count(tenths / 10), tenths % 10)
        };
        match self.import.bytes {
            bytes @ ..1024 => format!("{bytes} bytes"),
            ..1_048_576 => format!("{} KiB", tenths(1024)),
            _ => format!("{} MiB", tenths(1_048_576)),
        }
    }
}

pub(in crate::console) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let import = of_path(&visit, &opened.scoped).await?;
    shown(&visit, opened, import, None, None).await
}

/// The page, where what was asked for by its form was refused.
pub(super) async fn refused(
    visit: &Visit,
    opened: Opened,
    id: Id,
    sent: &Form,
    error: Error,
) -> Result<Response<Bytes>, Problem> {
    let import = opened.scoped.imports().get(id).await?;
    let import = import.ok_or_else(Problem::missing)?;
    shown(visit, opened, import, Some(sent), Some(error)).await
}

/// Tries the rows of a dry run again, or takes them in, as the form says.
pub(in crate::console) async fn go_on(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let import = of_path(&visit, &opened.scoped).await?;
    let preview = opened.scoped.imports().preview(import.id, 0).await?;
    let asked = Asked::read(import.object_type, &visit.form, &preview.columns);
    let begun = match asked {
        Ok(asked) => {
            let once = json!(["import", import.id.text(), asked.told()]);
            let scoped = visit.once(opened.scoped.clone(), &once)?;
            let begun = scoped
                .imports()
                .start_from(import.id, asked.options())
                .await;
            begun.and_then(|reply| reply.decode())
        }
        Err(error) => Err(error),
    };
    match begun {
        Ok(begun) => Ok(answer::see_other(&path_to(&opened.place, begun.id))),
        Err(error) if status_of(error.kind()).is_client_error() => {
            let sent = Some(&visit.form);
            shown(&visit, opened, import, sent, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn shown(
    visit: &Visit,
    opened: Opened,
    import: Import,
    sent: Option<&Form>,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = opened;
    let fields = scoped.fields().all().await?;
    // Of one that goes on the page is read every few seconds.
    let preview = match import.status.has_ended() {
        true => Some(scoped.imports().preview(import.id, FAILED_MAX).await?),
        false => None,
    };
    let layout = visit.layout(Section::Imports, Some(place.clone()));
    let again = preview.as_ref().filter(|_| layout.may_write());
    let again = again.filter(|preview| !preview.columns.is_empty());
    let again = again.filter(|_| import.dry_run || import.status == ImportStatus::Failed);
    let again = match again {
        Some(preview) => Some(Again::of(visit, &place, &import, preview, &fields, sent)?),
        None => None,
    };
    let path = format!("/v1/imports/{}", import.id);
    let call = match preview.as_ref().filter(|_| again.is_some()) {
        Some(preview) => asked_next(&import, preview).call(&visit.api, import.format),
        None => curl::line(&visit.api, "GET", &path, curl::KEY, None),
    };
    let page = Page {
        list: place.path(Section::Imports),
        path: path_to(&place, import.id),
        records: path_of_records(&place, import.object_type),
        who: actor::name(&import.actor),
        began: minute(&import.created_at),
        ended: import.ended_at.as_ref().map(minute),
        tallies: tallies(&import),
        undone: undone(&import),
        failed: failed(preview.as_ref()),
        again,
        layout,
        import,
        error,
        call,
    };
    Ok(page_of(status_by(page.error.as_ref()), &page))
}

/// What the form asks for as it is, with the rows taken in.
fn asked_next(import: &Import, preview: &ImportPreview) -> Asked {
    Asked {
        object: import.object_type,
        dedup_on: import.dedup_on.join(","),
        is_real: true,
        cells: preview.cells,
        mapping: mapping::differing(&preview.columns),
    }
}

impl Again {
    fn of(
        visit: &Visit,
        place: &Place,
        import: &Import,
        preview: &ImportPreview,
        fields: &[Field],
        sent: Option<&Form>,
    ) -> Result<Self, Problem> {
        let dedup_on = match sent {
            Some(form) => form.text(super::asked::DEDUP_ON).to_owned(),
            None => import.dedup_on.first().cloned().unwrap_or_default(),
        };
        let token = visit.signed_in()?.upload_token();
        Ok(Self {
            columns: Columns::of(preview, fields, sent),
            unique: unique(import.object_type, fields),
            dedup_on,
            reading: match sent {
                Some(form) => Reading::of_form(form),
                None => Reading::of_cells(preview.cells),
            },
            has_rows: preview.has_rows,
            rows: count(import.rows - import.failed),
            action: match preview.has_rows {
                true => path_to(place, import.id),
                false => format!("{}?{UPLOAD_TOKEN}={token}", place.path(Section::Imports)),
            },
            nonce: visit.nonce(),
        })
    }
}

fn tally(number: i64, word: &'static str, mark: &'static str) -> Tally {
    Tally {
        number: count(number),
        word,
        mark: if number == 0 { "" } else { mark },
    }
}

fn tallies(import: &Import) -> Vec<Tally> {
    vec![
        tally(import.created, "created", "good"),
        tally(import.updated, "updated", "good"),
        tally(import.unchanged, "unchanged", ""),
        tally(import.failed, "failed", "bad"),
    ]
}

fn undone(import: &Import) -> Vec<Tally> {
    let Some(undo) = import.undo else {
        return Vec::new();
    };
    vec![
        tally(undo.reverted, "reverted", "good"),
        tally(undo.unchanged, "as before already", ""),
        tally(undo.conflicts, "left as they are", "bad"),
    ]
}

fn failed(preview: Option<&ImportPreview>) -> Vec<Failed> {
    let failed = preview.into_iter().flat_map(|preview| &preview.failed);
    let failed = failed.map(|row| Failed {
        line: row.line,
        field: row.field.as_deref().map(|field| cut(field, 80)),
        message: cut(&row.message, MESSAGE_CHARS),
    });
    failed.collect()
}
