//! What is said of an association, changed from the page of either of its records.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Association, Error, ErrorKind, Id, Scoped};
use serde_json::{Value, json};

use super::edges::SeenFrom;
use super::links::Said;
use super::names::Names;
use super::path_of;
use crate::console::curl;
use crate::console::form::Form;
use crate::console::layout::{Layout, Section};
use crate::console::objects;
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

#[derive(Template)]
#[template(path = "console/link_edit.html")]
struct Page {
    layout: Layout,
    /// The page of the record.
    record: String,
    name: String,
    other: String,
    /// The record that it leads to.
    end: String,
    label: Option<String>,
    is_outgoing: bool,
    form: LinkForm,
    /// What somebody else saved meanwhile.
    now: Option<Said>,
    error: Option<Error>,
    call: String,
}

/// The form, as it was sent or by what is there.
struct LinkForm {
    said: Said,
    /// The version that it is about.
    version: String,
}

impl LinkForm {
    fn read(form: &Form) -> Self {
        Self {
            said: Said::read(form),
            version: form.text("version").trim().to_owned(),
        }
    }

    fn of(edge: &Association) -> Self {
        Self {
            said: Said::of(edge),
            version: edge.version.to_string(),
        }
    }

    /// The body of the request to the API: what is empty is nothing.
    fn body(&self) -> Value {
        let value = |text: &str| match text.is_empty() {
            true => Value::Null,
            false => json!(text),
        };
        let Said {
            inverse_label,
            since,
            until,
        } = &self.said;
        json!({ "inverse_label": value(inverse_label), "since": value(since), "until": value(until) })
    }
}

impl Page {
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref();
        let at = error.filter(|error| error.field() == Some(field));
        at.map(Message::of)
    }

    fn saved_label(&self) -> Option<&str> {
        self.saved(|it| &it.inverse_label)
    }

    fn saved_since(&self) -> Option<&str> {
        self.saved(|it| &it.since)
    }

    fn saved_until(&self) -> Option<&str> {
        self.saved(|it| &it.until)
    }

    /// What somebody else saved of a member, where that is not what is typed.
    fn saved(&self, of: impl Fn(&Said) -> &String) -> Option<&str> {
        let now = of(self.now.as_ref()?);
        (now != of(&self.form.said)).then_some(now)
    }

    /// What is said of the form as a whole.
    fn error(&self) -> Option<Message<'_>> {
        let error = self.error.as_ref();
        let of_none =
            error.filter(|error| !error.field().is_some_and(|at| Said::FIELDS.contains(&at)));
        of_none.map(Message::of)
    }
}

pub(in crate::console) async fn edit_link(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let edge = found(&opened.scoped, &visit).await?;
    let form = LinkForm::of(&edge);
    shown(&visit, opened, (edge, None), form, None).await
}

/// Changes an association, by the same function as `PATCH /v1/associations/:id`.
pub(in crate::console) async fn change_link(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let id = visit.id("id")?;
    let edge = found(&opened.scoped, &visit).await?;
    let mut form = LinkForm::read(&visit.form);
    // A form without a version was never shown: no association has this one.
    let expected = form.version.parse().ok().or(Some(0));
    let associations = opened.scoped.associations();
    let changed = associations
        .update_json(edge.id, form.body(), expected)
        .await;
    match changed {
        Ok(_) => {
            let list = path_of(&opened.place, object);
            let path = format!("{list}/{id}?notice=link_changed#links");
            Ok(answer::see_other(&path))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            let edge = found(&opened.scoped, &visit).await?;
            let mut now = None;
            if error.kind() == ErrorKind::VersionConflict {
                form.version = edge.version.to_string();
                now = Some(Said::of(&edge));
            }
            shown(&visit, opened, (edge, now), form, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The association that the path names, of the record that it names.
async fn found(scoped: &Scoped, visit: &Visit) -> Result<Association, Problem> {
    let (record, id) = (visit.id("id")?, visit.id("link")?);
    let found = scoped.associations().get(id).await?;
    let found = found.filter(|edge| [edge.from_id, edge.to_id].contains(&record));
    found.ok_or_else(Problem::missing)
}

async fn shown(
    visit: &Visit,
    opened: Opened,
    (edge, now): (Association, Option<Said>),
    form: LinkForm,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(visit)?;
    let id: Id = visit.id("id")?;
    let Opened { scoped, place } = opened;
    let seen = SeenFrom::of(&edge, id);
    let (other, _) = seen.other;
    let names = Names::of(&scoped, [id, other]).await?;
    let path = format!("/v1/associations/{}", edge.id);
    let status = status_by(error.as_ref());
    let page = Page {
        record: format!("{}/{id}", path_of(&place, object)),
        name: names.get(id),
        other: names.get(other),
        end: names.get(edge.to_id),
        label: edge.label,
        is_outgoing: seen.is_outgoing,
        call: curl::line(&visit.api, "PATCH", &path, curl::KEY, Some(&form.body())),
        form,
        now,
        error,
        layout: visit.layout(Section::Records(object), Some(place)),
    };
    Ok(page_of(status, &page))
}
