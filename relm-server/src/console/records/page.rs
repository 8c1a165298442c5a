//! The page of a record: what it has, what it is linked with, and what happened to it.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::record::column::ColumnType;
use relm_core::record::list::ListMember;
use relm_core::record::{Document, columns, lists};
use relm_core::{Error, Field, FieldType, Id, ObjectType, Scoped, Timestamp};
use serde_json::{Map, Value};

use super::entries::{entry_of, in_one_line};
use super::links::{LinkForm, Links};
use super::money::amount;
use super::names::{self, Names};
use super::path_of;
use super::postal;
use super::rows::{self, moment};
use super::timeline::{self, Timeline};
use crate::console::layout::{Layout, Place, Section, minute};
use crate::console::listing::{filtered, label};
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::shown::{Message, cut};
use crate::console::visit::{Opened, Visit, page_of, status_by};
use crate::console::{curl, records};

/// Characters of a value of a field.
const VALUE_CHARS: usize = 500;
/// Characters of a long text.
const TEXT_CHARS: usize = 3_000;
/// Characters of a value of metadata.
const METADATA_CHARS: usize = 100;

#[derive(Template)]
#[template(path = "console/record.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    /// Where the list is.
    list: String,
    path: String,
    id: Id,
    name: String,
    /// None where the record is deleted, or merged.
    shown: Option<Shown>,
    /// Where the record is that it was merged into, and its name.
    merged_into: Option<(String, String)>,
    links: Links,
    form: LinkForm,
    error: Option<Error>,
    timeline: Timeline,
    /// Whether it may be in the trash, where it is deleted.
    may_be_restored: bool,
    notice: Option<&'static str>,
    /// The page that undoes the merge that the notice tells of.
    undo: Option<String>,
    call: String,
}

/// What a record has.
struct Shown {
    own: Vec<Fact>,
    custom: Vec<Fact>,
    other: Vec<Fact>,
    version: i64,
    created: String,
    updated: String,
}

/// A member, in words.
struct Fact {
    label: String,
    text: String,
    href: Option<String>,
    /// Whether its lines are kept.
    is_long: bool,
    /// The values of a list.
    marks: Vec<Mark>,
}

/// One of several values.
struct Mark {
    text: String,
    href: String,
}

impl Page {
    fn title(&self) -> &'static str {
        title(self.object)
    }

    /// What is said at a field of the form that links.
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref();
        let at = error.filter(|error| error.field() == Some(field));
        at.map(Message::of)
    }

    /// What is said of the form as a whole.
    fn error(&self) -> Option<Message<'_>> {
        let known = LinkForm::FIELDS;
        let error = self.error.as_ref();
        let of_none = error.filter(|error| !error.field().is_some_and(|at| known.contains(&at)));
        of_none.map(Message::of)
    }
}

pub(in crate::console) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let notice = match visit.query.text("notice") {
        "created" => Some("It was created."),
        "saved" => Some("It was saved."),
        "restored" => Some("It is back from the trash, with its links."),
        "linked" => Some("The two are linked."),
        "merged" => Some("The records are one now, with all that belonged to each of them."),
        "merging" => Some(
            "The records are one now. What referred to the others is being moved here, which ends within the hour.",
        ),
        "link_changed" => Some("The link was changed."),
        "unlinked" => Some("The link was removed. Both records stay."),
        _ => None,
    };
    shown(&visit, opened, notice, LinkForm::default(), None).await
}

/// The page, with the form that links as it was sent, and what is wrong with it.
pub(super) async fn shown(
    visit: &Visit,
    opened: Opened,
    notice: Option<&'static str>,
    form: LinkForm,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(visit)?;
    let id = visit.id("id")?;
    let Opened { scoped, place } = opened;
    let found = objects::get(&scoped, object, id).await?;
    let fields = scoped.fields().all().await?;
    let fields = fields
        .into_iter()
        .filter(|field| field.object_type == object);
    let fields: Vec<Field> = fields.collect();
    let currency = found.as_ref().map(currency_of).transpose()?.flatten();
    let cursor = visit.query.trimmed("history");
    let from = timeline::Start {
        // What it was on a page further back, that page tells.
        currency: currency.as_deref().filter(|_| cursor.is_none()),
        cursor,
        until: visit.query.trimmed("until").and_then(Timestamp::parse),
    };
    let timeline = Timeline::of(&scoped, &place, (object, id), &fields, from).await?;
    let (name, record) = match &found {
        Some(document) => (
            names::of_document(document)?,
            Some(record(&scoped, &place, object, document, &fields).await?),
        ),
        None => (id.text(), None),
    };
    let merged_into = match &found {
        Some(_) => None,
        None => survivor(&scoped, &place, object, id).await?,
    };
    let links = match &found {
        Some(_) => Links::of(&scoped, &place, object, id).await?,
        None => Links::default(),
    };
    let list = path_of(&place, object);
    let status = status_by(error.as_ref());
    let call = format!("/v1/{}/{id}", plural(object));
    let is_merged = visit.query.text("notice").starts_with("merg");
    let page = Page {
        layout: visit.layout(Section::Records(object), Some(place)),
        object,
        path: format!("{list}/{id}"),
        list,
        id,
        name,
        shown: record,
        merged_into,
        links,
        form,
        error,
        may_be_restored: visit.crm().keeps_trash() && !timeline.is_of_purged(),
        undo: timeline.undo_of_merge().filter(|_| is_merged),
        timeline,
        notice,
        call: curl::line(&visit.api, "GET", &call, curl::KEY, None),
    };
    Ok(page_of(status, &page))
}

fn currency_of(document: &Document) -> Result<Option<String>, Error> {
    let members = objects::members(document)?;
    let currency = members.get("currency").and_then(Value::as_str);
    Ok(currency.map(str::to_owned))
}

/// Where the record is that this one was merged into, and its name.
async fn survivor(
    scoped: &Scoped,
    place: &Place,
    object: ObjectType,
    id: Id,
) -> Result<Option<(String, String)>, Error> {
    let Some(survivor) = objects::resolve(scoped, object, id).await? else {
        return Ok(None);
    };
    let path = format!("{}/{}", path_of(place, object), survivor.id);
    Ok(Some((path, names::of_document(&survivor)?)))
}

async fn record(
    scoped: &Scoped,
    place: &Place,
    object: ObjectType,
    document: &Document,
    fields: &[Field],
) -> Result<Shown, Error> {
    let mut members = objects::members(document)?;
    let metadata = match members.remove("metadata") {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    let referred = names::references(object, &members).into_iter();
    let referred = referred.chain(names::custom_references(fields, &metadata));
    let names = Names::of(scoped, referred).await?;
    let own = own_facts(place, object, &members, &names);
    let (created, updated) = (
        moment(&members, "created_at"),
        moment(&members, "updated_at"),
    );
    let version = members.get("version").and_then(Value::as_i64).unwrap_or(0);
    let (mut custom, mut other) = (Vec::new(), Vec::new());
    for (key, value) in &metadata {
        match fields.iter().find(|field| field.key == *key) {
            Some(field) => custom.push(custom_fact(place, field, value, &names)),
            None => other.push(Fact {
                label: cut(key, METADATA_CHARS),
                ..fact(value, METADATA_CHARS)
            }),
        }
    }
    Ok(Shown {
        own,
        custom,
        other,
        version,
        created,
        updated,
    })
}

/// The fields that every record of the type has, with the names of the records that it refers to.
fn own_facts(
    place: &Place,
    object: ObjectType,
    members: &Map<String, Value>,
    names: &Names,
) -> Vec<Fact> {
    // The currency stands beside the value.
    const ELSEWHERE: [&str; 3] = ["created_at", "updated_at", "currency"];
    let own = columns(object.kind()).iter().filter_map(|column| {
        let is_own = column.filterable && !ELSEWHERE.contains(&column.name);
        let value = members.get(column.name).filter(|_| is_own)?;
        let mut fact = Fact {
            label: label(column.name, &[]),
            ..fact(value, VALUE_CHARS)
        };
        match column.ty {
            ColumnType::Id(_) => {
                let id = value.as_str().and_then(Id::parse);
                if let Some(id) = id.filter(|id| names.has(*id)) {
                    fact.text = names.get(id);
                    fact.href = records::path_to(place, id);
                }
            }
            ColumnType::Timestamp => fact.text = moment(members, column.name),
            ColumnType::Integer => fact.text = rows::value(members),
            ColumnType::Text { chars_max } if chars_max > VALUE_CHARS => {
                fact.text = cut(value.as_str().unwrap_or_default(), TEXT_CHARS);
                fact.is_long = true;
            }
            ColumnType::Text { .. } | ColumnType::Boolean | ColumnType::Date | ColumnType::Json => {
            }
        }
        Some(fact)
    });
    let lists = lists(object.kind()).iter();
    let lists = lists.filter_map(|list| {
        let values = members.get(list.name).and_then(Value::as_array);
        let values = values.into_iter().flatten().filter_map(Value::as_str);
        let marks: Vec<Mark> = values
            .map(|value| mark(place, object, list, value))
            .collect();
        (!marks.is_empty()).then(|| Fact {
            label: label(list.name, &[]),
            marks,
            ..fact(&Value::Null, VALUE_CHARS)
        })
    });
    let several = ["emails", "phones"].into_iter().filter_map(|name| {
        let values = members.get(name)?.as_array()?;
        // One alone is the primary one.
        let is_more = values.len() > 1 || values.iter().any(|it| !it["label"].is_null());
        let lines = values.iter().map(|value| entry_of(name, value));
        let text = lines.collect::<Vec<_>>().join("\n");
        is_more.then(|| Fact {
            label: label(name, &[]),
            is_long: true,
            ..fact(&text.into(), TEXT_CHARS)
        })
    });
    own.chain(lists)
        .chain(several)
        .chain(addresses_fact(members))
        .collect()
}

/// The postal addresses, one to a line.
fn addresses_fact(members: &Map<String, Value>) -> Option<Fact> {
    let values = members.get("addresses")?.as_array()?;
    let lines: Vec<String> = values.iter().map(postal::shown).collect();
    (!lines.is_empty()).then(|| Fact {
        label: label("addresses", &[]),
        is_long: true,
        ..fact(&lines.join("\n").into(), TEXT_CHARS)
    })
}

/// A value of a list, with the way to all records that have it.
fn mark(place: &Place, object: ObjectType, list: &ListMember, value: &str) -> Mark {
    Mark {
        text: cut(value, METADATA_CHARS),
        href: filtered(path_of(place, object), list.name, value),
    }
}

/// The value of a custom field: a moment as people read it, of a reference the name of the record.
fn custom_fact(place: &Place, field: &Field, value: &Value, names: &Names) -> Fact {
    let mut fact = Fact {
        label: cut(&field.label, METADATA_CHARS),
        ..fact(value, METADATA_CHARS)
    };
    let text = value.as_str();
    if field.field_type == FieldType::Datetime
        && let Some(at) = text.and_then(Timestamp::parse)
    {
        fact.text = minute(&at);
    }
    if field.field_type == FieldType::Reference
        && let Some(id) = text.and_then(Id::parse).filter(|id| names.has(*id))
    {
        fact.text = names.get(id);
        fact.href = records::path_to(place, id);
    }
    fact
}

fn fact(value: &Value, chars_max: usize) -> Fact {
    Fact {
        label: String::new(),
        text: cut(&text_of(value), chars_max),
        href: None,
        is_long: false,
        marks: Vec::new(),
    }
}

/// A value as people read it: a text without quotes, nothing as nothing, and what has members as JSON.
pub(in crate::console) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if !values.is_empty() && values.iter().all(Value::is_string) => {
            let texts = values.iter().filter_map(Value::as_str);
            texts.collect::<Vec<_>>().join(", ")
        }
        Value::Array(values) => in_one_line(values).unwrap_or_else(|| value.to_string()),
        Value::Object(members) => money(members).unwrap_or_else(|| value.to_string()),
        Value::Number(_) => value.to_string(),
    }
}

/// An amount of a custom field.
fn money(members: &Map<String, Value>) -> Option<String> {
    let smallest = members.get("amount_minor")?.as_i64()?;
    let currency = members.get("currency")?.as_str()?;
    (members.len() == 2).then(|| amount(smallest.into(), currency))
}
