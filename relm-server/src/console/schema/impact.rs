//! What a change of a definition means for records: found out by a dry run of it, and shown before it is made.

use relm_core::Field;
use relm_core::engine::Scoped;
use relm_core::{Error, ErrorKind};
use serde_json::Value;

use crate::console::form::Form;
use crate::console::layout::Place;
use crate::console::problem::Problem;
use crate::console::records;
use crate::console::shown::Message;
use crate::status::status_of;

/// What a change means for records.
pub(super) struct Impact {
    /// How many do not keep to it, where any do.
    pub count: Option<String>,
    /// Why it is refused, with each reason.
    refusal: Option<Error>,
    /// The first of these: the id of each, and where it is.
    pub first: Vec<(String, String)>,
    /// The choices that get another name: from, to, and in how many records.
    pub renamed: Vec<(String, String, String)>,
    /// The choices that are removed.
    pub removed: Vec<String>,
    /// The request that was looked at, as it is made where somebody says so.
    pub checked: String,
}

/// What is asked for.
pub(super) struct Asked<'a> {
    /// The body of the request.
    pub body: &'a Value,
    /// The choices that get another name.
    pub renamed: Vec<(String, String)>,
    /// The choices that are removed.
    pub removed: Vec<String>,
    /// Whether records are bound by it that were not before.
    pub binds: bool,
}

/// What it is asked of.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// A definition that is not there yet.
    New,
    /// One that is, in a version.
    Field(&'a Field, i64),
}

impl Impact {
    /// None where it means nothing; and where it is refused for itself, which the change then says.
    pub async fn of(
        scoped: &Scoped,
        place: &Place,
        of: Of<'_>,
        asked: Asked<'_>,
    ) -> Result<Option<Self>, Problem> {
        let Asked {
            body,
            renamed,
            removed,
            binds,
        } = asked;
        let (affected, body) = match tried(scoped, of, body.clone()).await {
            Ok(()) => (None, body.clone()),
            Err(error) if error.count().is_some() => (Some(error), with_force(body)),
            Err(error) if status_of(error.kind()).is_client_error() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if affected.is_none() && !binds && renamed.is_empty() && removed.is_empty() {
            return Ok(None);
        }
        let ids = affected.iter().flat_map(|error| error.ids());
        let first = ids.filter_map(|id| Some((id.text(), records::path_to(place, *id)?)));
        let count = |error: &Error| Some(so_many(error.count()?, error.is_at_least()));
        Ok(Some(Self {
            count: affected.as_ref().and_then(count),
            first: first.collect(),
            refusal: affected,
            renamed: with_holders(scoped, of, renamed).await?,
            removed,
            checked: body.to_string(),
        }))
    }

    pub fn refusal(&self) -> Option<Message<'_>> {
        self.refusal.as_ref().map(Message::of)
    }
}

/// Tries it without doing it.
async fn tried(scoped: &Scoped, of: Of<'_>, body: Value) -> Result<(), Error> {
    let rehearsal = scoped.clone().dry_run();
    let fields = rehearsal.fields();
    match of {
        Of::New => fields.define_json(body).await.map(drop),
        Of::Field(field, version) => {
            let tried = fields.update_json(field.id, body, Some(version)).await;
            tried.map(drop)
        }
    }
}

/// Renamed choices, each with how many records have it.
async fn with_holders(
    scoped: &Scoped,
    of: Of<'_>,
    renamed: Vec<(String, String)>,
) -> Result<Vec<(String, String, String)>, Error> {
    let Of::Field(field, _) = of else {
        return Ok(Vec::new());
    };
    if renamed.is_empty() {
        return Ok(Vec::new());
    }
    let usage = scoped.fields().usage(field.id, None).await?;
    let renamed = renamed.into_iter().map(|(from, to)| {
        let counted = usage.choices.iter().find(|one| one.choice == from);
        let count = so_many(counted.map_or(0, |one| one.count), usage.has_more);
        (from, to, count)
    });
    Ok(renamed.collect())
}

/// The body that a form asks for, and whether what it means was seen: then it is the one that was looked at.
pub(super) fn seen(form: &Form, body: Value) -> (Value, bool) {
    let seen: Option<Value> = serde_json::from_str(form.text("checked")).ok();
    match seen {
        Some(seen) if seen == body || seen == with_force(&body) => (seen, true),
        Some(_) | None => (body, false),
    }
}

/// The status of a page that shows what a change means.
pub(super) fn status(impact: &Impact) -> hyper::StatusCode {
    match &impact.count {
        Some(_) => status_of(ErrorKind::Conflict),
        None => hyper::StatusCode::OK,
    }
}

fn with_force(body: &Value) -> Value {
    let mut forced = body.clone();
    forced["force"] = true.into();
    forced
}

/// So many, or more.
fn so_many(count: usize, at_least: bool) -> String {
    match at_least {
        true => format!("{count} or more"),
        false => count.to_string(),
    }
}
