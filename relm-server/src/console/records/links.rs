//! What a record is linked with: by associations, both ways, and by the references of other records to it.

use bytes::Bytes;
use hyper::Response;
use relm_core::record::column::{Access, ColumnType};
use relm_core::record::columns;
use relm_core::{Association, Date, Error, FieldType, Filter, Id, ListRequest, ObjectType, Scoped};
use serde_json::{Value, json};

use super::edges::SeenFrom;
use super::names::{Names, of_document};
use super::page::text_of;
use super::{page, path_of, path_to};
use crate::console::form::Form;
use crate::console::layout::Place;
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::shown::cut;
use crate::console::visit::{Opened, Visit};
use crate::html::answer;
use crate::status::status_of;

/// Associations on a page.
const LINKS_MAX: usize = 20;
/// Records of each sort that refer to one.
const REFERRING_MAX: usize = 5;
/// Custom fields by which records are looked for that refer to one.
const CUSTOM_REFERRING_MAX: usize = 8;
/// Free-form members of an association that are shown.
const MEMBERS_MAX: usize = 5;
/// Characters of the label of one.
const LABEL_CHARS: usize = 60;

/// What a record is linked with.
#[derive(Default)]
pub(super) struct Links {
    pub associations: Vec<Linked>,
    /// Whether there are more.
    pub has_more: bool,
    pub referring: Vec<Referring>,
}

/// The other end of an association.
pub(super) struct Linked {
    pub association: Id,
    pub object: &'static str,
    pub name: String,
    pub path: Option<String>,
    /// What it means to this record.
    pub label: Option<String>,
    /// From when to when it holds, where that is known.
    pub period: Option<String>,
    /// Free-form members, each with its value.
    pub members: Vec<(String, String)>,
    /// Whether it leads from this record.
    pub is_outgoing: bool,
}

/// Records that refer to one in a field.
pub(super) struct Referring {
    pub title: String,
    pub plural: &'static str,
    pub records: Vec<(String, String)>,
    /// All of them.
    pub all: String,
    pub has_more: bool,
    /// A new one that does.
    pub new: String,
}

/// What a form says of an association beside its label.
#[derive(Default)]
pub(super) struct Said {
    pub inverse_label: String,
    pub since: String,
    pub until: String,
}

impl Said {
    pub const FIELDS: [&str; 3] = ["inverse_label", "since", "until"];

    pub fn read(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            inverse_label: text("inverse_label"),
            since: text("since"),
            until: text("until"),
        }
    }

    pub fn of(edge: &Association) -> Self {
        let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        Self {
            inverse_label: edge.inverse_label.clone().unwrap_or_default(),
            since: day(edge.since),
            until: day(edge.until),
        }
    }
}

/// The form that links.
#[derive(Default)]
pub(super) struct LinkForm {
    pub to_type: String,
    pub to_id: String,
    pub label: String,
    pub said: Said,
}

impl LinkForm {
    pub const FIELDS: [&str; 6] = [
        "to_type",
        "to_id",
        "label",
        "inverse_label",
        "since",
        "until",
    ];

    fn read(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            to_type: text("to_type"),
            to_id: text("to_id"),
            label: text("label"),
            said: Said::read(form),
        }
    }

    pub fn types(&self) -> [(&'static str, bool); 4] {
        ObjectType::ALL.map(|object| (object.as_str(), object.as_str() == self.to_type))
    }

    /// The body of the request to the API.
    fn body(&self, object: ObjectType, id: Id) -> Value {
        let mut body = json!({
            "from_type": object, "from_id": id.text(), "to_type": self.to_type, "to_id": self.to_id,
        });
        let Said {
            inverse_label,
            since,
            until,
        } = &self.said;
        for (name, text) in [
            ("label", &self.label),
            ("inverse_label", inverse_label),
            ("since", since),
            ("until", until),
        ] {
            if !text.is_empty() {
                body[name] = json!(text);
            }
        }
        body
    }
}

impl Links {
    pub async fn of(
        scoped: &Scoped,
        place: &Place,
        object: ObjectType,
        id: Id,
    ) -> Result<Self, Error> {
        let request = ListRequest::default()
            .filter(Filter::new("record_id", "eq", id.text()))
            .limit(LINKS_MAX);
        let page = scoped.associations().list(&request).await?;
        let has_more = page.has_more();
        let others = page.data.iter().map(|edge| SeenFrom::of(edge, id).other.0);
        let names = Names::of(scoped, others).await?;
        let associations = page.data.into_iter().map(|edge| {
            let seen = SeenFrom::of(&edge, id);
            let (end, object) = seen.other;
            let members = edge.metadata.into_iter().take(MEMBERS_MAX);
            Linked {
                association: edge.id,
                object: object.as_str(),
                name: names.get(end),
                path: path_to(place, end),
                period: period(edge.since, edge.until),
                members: members
                    .map(|(key, value)| {
                        (cut(&key, LABEL_CHARS), cut(&text_of(&value), LABEL_CHARS))
                    })
                    .collect(),
                label: seen.label,
                is_outgoing: seen.is_outgoing,
            }
        });
        Ok(Self {
            associations: associations.collect(),
            has_more,
            referring: referring(scoped, place, object, id).await?,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.associations.is_empty()
    }
}

/// From when to when an association holds, in words.
fn period(since: Option<Date>, until: Option<Date>) -> Option<String> {
    match (since, until) {
        (Some(since), Some(until)) => Some(format!("{since} to {until}")),
        (Some(since), None) => Some(format!("since {since}")),
        (None, Some(until)) => Some(format!("until {until}")),
        (None, None) => None,
    }
}

/// The records that refer to one, by each field in which they may: by as many custom fields as are looked at.
async fn referring(
    scoped: &Scoped,
    place: &Place,
    object: ObjectType,
    id: Id,
) -> Result<Vec<Referring>, Error> {
    let mut ways = Vec::new();
    for other in ObjectType::ALL {
        let refers = columns(other.kind()).iter().find(|column| {
            column.ty == ColumnType::Id(Some(object.kind())) && column.access == Access::Indexed
        });
        ways.extend(refers.map(|column| (other, column.name.to_owned(), title(other).to_owned())));
    }
    let fields = scoped.fields().all().await?.into_iter();
    let custom = fields.filter(|field| {
        field.field_type == FieldType::Reference && field.options.object_type == Some(object)
    });
    let custom = custom.take(CUSTOM_REFERRING_MAX).map(|field| {
        let of = title(field.object_type);
        let label = cut(&field.label, LABEL_CHARS);
        let name = format!("metadata.{}", field.key);
        (field.object_type, name, format!("{of}, {label}"))
    });
    ways.extend(custom);
    let mut all = Vec::new();
    for (other, name, title) in ways {
        let request = ListRequest::default()
            .filter(Filter::new(name.as_str(), "eq", id.text()))
            .limit(REFERRING_MAX);
        let page = objects::list(scoped, other, &request).await?;
        let records = page.data.iter().map(|document| {
            let path = path_to(place, document.id).unwrap_or_default();
            Ok((path, of_document(document)?))
        });
        let path = path_of(place, other);
        all.push(Referring {
            title,
            plural: plural(other),
            records: records.collect::<Result<_, Error>>()?,
            all: format!("{path}?filter[{name}]={id}"),
            has_more: page.has_more(),
            new: format!("{path}/new?{name}={id}"),
        });
    }
    Ok(all)
}

/// Links two records, by the same function as `POST /v1/associations`.
pub(in crate::console) async fn link(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let id = visit.id("id")?;
    let form = LinkForm::read(&visit.form);
    let body = form.body(object, id);
    match opened.scoped.associations().link_json(body).await {
        Ok(_) => {
            let path = format!(
                "{}/{id}?notice=linked#links",
                path_of(&opened.place, object)
            );
            Ok(answer::see_other(&path))
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            page::shown(&visit, opened, None, form, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes a link, by the same function as `DELETE /v1/associations/:id`.
pub(in crate::console) async fn unlink(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let Opened { scoped, place } = visit.open().await?;
    let id = visit.id("id")?;
    scoped
        .associations()
        .unlink(visit.id("link")?, None)
        .await?;
    let list = path_of(&place, object);
    let path = format!("{list}/{id}?notice=unlinked#links");
    Ok(answer::see_other(&path))
}
