//! The forms that make and change a record. The engine judges what they send, by the same functions as the API.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, ErrorKind, Id, ObjectType};
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::input::InputType;
use super::names;
use super::{path_of, path_to};
use crate::console::curl;
use crate::console::layout::{Layout, Section};
use crate::console::objects::{self, one, plural, title};
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::html::answer;
use crate::status::status_of;

#[derive(Template)]
#[template(path = "console/record_form.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    list: String,
    /// Where the form is sent, and where whoever leaves it goes.
    action: String,
    cancel: String,
    /// What the record is called; none of a new one.
    name: Option<String>,
    version: i64,
    nonce: String,
    fields: Fields,
    /// What is said of the form as a whole.
    error: Option<Error>,
    /// The record that has what must be unique.
    existing: Option<String>,
    /// Whether somebody else saved the record since the form was made.
    is_conflict: bool,
    docs: String,
    call: String,
}

impl Page {
    fn title(&self) -> &'static str {
        title(self.object)
    }

    fn one(&self) -> &'static str {
        one(self.object)
    }

    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }
}

/// A record that is being changed, and what its form was made of.
struct Changing {
    id: Id,
    name: String,
    version: i64,
}

pub(in crate::console) async fn new(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let defined = opened.scoped.fields().definitions().await?;
    let mut fields = Fields::of(object, &defined, &Map::new());
    fields.preset(&visit.query);
    shown(&visit, opened, object, fields, None, None)
}

/// Makes a record. Sent again, the form makes no other.
pub(in crate::console) async fn create(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let defined = opened.scoped.fields().definitions().await?;
    let mut fields = Fields::of(object, &defined, &Map::new());
    fields.read(&visit.form);
    let created = match fields.body() {
        Ok(body) => {
            let once = json!(["create", object, body]);
            let scoped = visit.once(opened.scoped.clone(), &once)?;
            objects::create(&scoped, object, body).await
        }
        Err(error) => Err(error),
    };
    match created {
        Ok(id) => {
            let path = format!("{}/{id}?notice=created", path_of(&opened.place, object));
            Ok(answer::see_other(&path))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            shown(&visit, opened, object, fields, None, Some(error))
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::console) async fn edit(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let (changing, fields) = read(&visit, &opened, object).await?;
    shown(&visit, opened, object, fields, Some(changing), None)
}

/// Changes what was typed over, unless somebody else saved the record meanwhile: then nothing is changed, and the form tells both.
pub(in crate::console) async fn change(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let (changing, mut fields) = read(&visit, &opened, object).await?;
    fields.read(&visit.form);
    let expected = visit.form.text("version").parse().ok();
    // A field that was defined or removed meanwhile changes what its form is about, and no version.
    if fields.has_meanwhile() {
        let message = "What was typed over was changed meanwhile.";
        let conflict = Error::new(ErrorKind::VersionConflict, message);
        return shown(
            &visit,
            opened,
            object,
            fields,
            Some(changing),
            Some(conflict),
        );
    }
    if expected != Some(changing.version) && fields.are_as_typed() {
        // Somebody saved the same, or this form was sent twice.
        return Ok(saved(&opened, changing.id));
    }
    let changed = match fields.body() {
        Ok(body) => {
            let expected = expected.or(Some(0));
            objects::update(&opened.scoped, object, changing.id, body, expected).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => Ok(saved(&opened, changing.id)),
        Err(error) if error.kind() == ErrorKind::VersionConflict => {
            // It may have been saved after it was read here.
            let (changing, mut fields) = read(&visit, &opened, object).await?;
            fields.read(&visit.form);
            if fields.are_as_typed() {
                return Ok(saved(&opened, changing.id));
            }
            shown(&visit, opened, object, fields, Some(changing), Some(error))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            shown(&visit, opened, object, fields, Some(changing), Some(error))
        }
        Err(error) => Err(error.into()),
    }
}

fn saved(opened: &Opened, id: Id) -> Response<Bytes> {
    let path = path_to(&opened.place, id).unwrap_or_default();
    answer::see_other(&format!("{path}?notice=saved"))
}

/// The record of the path, and the fields that show it.
async fn read(
    visit: &Visit,
    opened: &Opened,
    object: ObjectType,
) -> Result<(Changing, Fields), Problem> {
    let id = visit.id("id")?;
    let found = objects::get(&opened.scoped, object, id).await?;
    let document = found.ok_or_else(Problem::missing)?;
    let members = objects::members(&document)?;
    let defined = opened.scoped.fields().definitions().await?;
    let version = members.get("version").and_then(Value::as_i64).unwrap_or(0);
    let changing = Changing {
        id,
        name: names::of_members(id, &members),
        version,
    };
    Ok((changing, Fields::of(object, &defined, &members)))
}

fn shown(
    visit: &Visit,
    opened: Opened,
    object: ObjectType,
    mut fields: Fields,
    changing: Option<Changing>,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let place = opened.place;
    let status = status_by(error.as_ref());
    let list = path_of(&place, object);
    let existing = error.as_ref().and_then(Error::existing_id);
    let is_conflict = error
        .as_ref()
        .is_some_and(|error| error.kind() == ErrorKind::VersionConflict);
    let body = fields.body().ok();
    let body = body.filter(|body| body.as_object().is_some_and(|members| !members.is_empty()));
    let body = body.unwrap_or_else(|| example(object, changing.is_some()));
    let api = format!("/v1/{}", plural(object));
    let (method, api, action, cancel) = match &changing {
        Some(Changing { id, .. }) => {
            let record = format!("{list}/{id}");
            (
                "PATCH",
                format!("{api}/{id}"),
                format!("{record}/edit"),
                record,
            )
        }
        None => ("POST", api, list.clone(), list.clone()),
    };
    let error = match is_conflict {
        true => None,
        false => error.and_then(|error| fields.say(error)),
    };
    let page = Page {
        existing: existing.and_then(|id| path_to(&place, id)),
        layout: visit.layout(Section::Records(object), Some(place)),
        object,
        list,
        action,
        cancel,
        version: changing.as_ref().map_or(0, |changing| changing.version),
        name: changing.map(|changing| changing.name),
        nonce: visit.nonce(),
        fields,
        error,
        is_conflict,
        docs: visit.docs(&format!("/docs/api/{}", plural(object))),
        call: curl::line(&visit.api, method, &api, curl::KEY, Some(&body)),
    };
    Ok(page_of(status, &page))
}

/// A body that shows what one looks like, where nothing is typed yet.
fn example(object: ObjectType, is_change: bool) -> Value {
    match (object, is_change) {
        (ObjectType::Contact, true) => json!({ "phone": "+44 20 7946 0000" }),
        (ObjectType::Contact, false) => json!({ "email": "ada@example.com", "first_name": "Ada" }),
        (ObjectType::Company, true) => json!({ "domain": "example.com" }),
        (ObjectType::Company, false) => json!({ "name": "Acme", "domain": "example.com" }),
        (ObjectType::Deal, true) => json!({ "stage": "won" }),
        (ObjectType::Deal, false) => {
            json!({ "title": "Analytical engine", "value_cents": 150_000 })
        }
        (ObjectType::Activity, true) => json!({ "subject": "Second call" }),
        (ObjectType::Activity, false) => json!({ "type": "call", "subject": "First call" }),
    }
}
