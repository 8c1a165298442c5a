//! Records side by side: which members they have, in which they differ, and whose value each gets unless somebody chooses another one.

use relm_core::record::column::ColumnType;
use relm_core::record::object::READ_ONLY;
use relm_core::record::{Document, columns, shown_lists};
use relm_core::{Error, Field, FieldType, Id, ObjectType, Result, Scoped, Timestamp};
use serde_json::{Map, Value};

use crate::console::layout::{Place, minute};
use crate::console::listing::label;
use crate::console::objects;
use crate::console::records::names::{Names, of_members, references};
use crate::console::records::{amount, path_to, text_of};
use crate::console::shown::cut;

/// Characters of a value.
const VALUE_CHARS: usize = 160;
/// Members of `metadata` that are compared. What is beyond is merged as it is where nobody chooses.
const METADATA_MAX: usize = 80;

/// One of the records.
pub(super) struct Side {
    pub id: Id,
    pub path: String,
    pub name: String,
    pub version: i64,
    pub created: String,
    pub updated: String,
    members: Map<String, Value>,
}

/// A member, or several that go together, with what each record has.
pub(super) struct Member {
    /// What the form calls it: the name of the first.
    pub name: String,
    pub label: String,
    /// The members of the records, as a merge names them.
    pub names: Vec<String>,
    /// What each record has, in words, in their order.
    pub values: Vec<Shown>,
}

/// A value in words.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub text: String,
    pub is_there: bool,
}

/// A member of the record that they become.
pub(super) struct Fact {
    pub label: String,
    pub text: String,
    /// Whether the record that stays has another one before.
    pub is_new: bool,
}

/// All of them.
pub(super) struct Comparison {
    pub sides: Vec<Side>,
    object: ObjectType,
    fields: Vec<Field>,
    names: Names,
    /// The members in which they differ.
    pub differing: Vec<Member>,
    /// Those in which they do not: what it is called, and the value.
    pub equal: Vec<(String, String)>,
    /// The lists in which they differ, of which the record that stays gets all values.
    pub united: Vec<String>,
}

impl Comparison {
    /// Compares these records, which are of one type.
    pub async fn of(
        scoped: &Scoped,
        place: &Place,
        object: ObjectType,
        documents: &[Document],
    ) -> Result<Self> {
        let sides = documents.iter().map(|document| side(place, document));
        let sides: Vec<Side> = sides.collect::<Result<_>>()?;
        let fields = scoped.fields().all().await?;
        let fields = fields.into_iter().filter(|it| it.object_type == object);
        let fields: Vec<Field> = fields.collect();
        let referred = sides.iter().flat_map(|it| references(object, &it.members));
        let names = Names::of(scoped, referred).await?;
        let (mut differing, mut equal) = (Vec::new(), Vec::new());
        for names_of in members_of(object, &sides) {
            let values = sides
                .iter()
                .map(|side| shown(side, &names_of, &fields, &names));
            let values: Vec<Shown> = values.collect();
            let first = names_of[0].clone();
            let is_same = sides.iter().skip(1).all(|other| {
                let mut all = names_of.iter();
                all.all(|name| value(&sides[0].members, name) == value(&other.members, name))
            });
            let label = label(&first, &fields);
            match (is_same, values.iter().any(|it| it.is_there)) {
                (_, false) => {}
                (true, _) => equal.push((label, values[0].text.clone())),
                (false, _) => differing.push(Member {
                    name: first,
                    label,
                    names: names_of,
                    values,
                }),
            }
        }
        let united = compare_lists(object, &sides, &fields, &mut equal);
        Ok(Self {
            united,
            sides,
            object,
            fields,
            names,
            differing,
            equal,
        })
    }

    /// What a record is called that has these members, and what it has, beside what the one that stays has before.
    pub fn result(&self, target: Id, members: Map<String, Value>) -> (String, Vec<Fact>) {
        let name = of_members(target, &members);
        let result = Side {
            id: target,
            path: String::new(),
            name: String::new(),
            version: 0,
            created: String::new(),
            updated: String::new(),
            members,
        };
        let before = self.sides.iter().find(|side| side.id == target);
        let all = members_of(self.object, std::slice::from_ref(&result));
        let of_lists = shown_lists(self.object.kind());
        let of_lists = of_lists.map(|list| vec![list.name.to_owned()]);
        let facts = all.into_iter().chain(of_lists).filter_map(|names_of| {
            let shown = shown(&result, &names_of, &self.fields, &self.names);
            let is_new = before.is_some_and(|before| {
                let mut all = names_of.iter();
                all.any(|name| value(&before.members, name) != value(&result.members, name))
            });
            shown.is_there.then(|| Fact {
                label: label(&names_of[0], &self.fields),
                text: shown.text,
                is_new,
            })
        });
        (name, facts.collect())
    }

    /// Each record, with what it has of a member.
    pub fn beside<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = (&'a Side, &'a Shown)> {
        self.sides.iter().zip(&member.values)
    }

    pub fn object(&self) -> ObjectType {
        self.object
    }

    /// The versions of the records, as the form repeats them.
    pub fn versions(&self) -> String {
        let all = self.sides.iter();
        let all: Vec<String> = all.map(|it| format!("{}:{}", it.id, it.version)).collect();
        all.join(" ")
    }

    /// The version of a record.
    pub fn version(&self, id: &Id) -> i64 {
        let mut sides = self.sides.iter();
        sides.find(|side| side.id == *id).map_or(0, |it| it.version)
    }

    /// Whose value a member gets where nobody chooses: that of the first record that has one, beginning with the one that stays.
    pub fn by_default(&self, member: &Member, target: Id) -> Id {
        let order = self.sides.iter().enumerate();
        let (first, others): (Vec<_>, Vec<_>) = order.partition(|(_, side)| side.id == target);
        let order = || first.iter().chain(&others);
        let whole = |side: &Side| member.names.iter().all(|name| has(&side.members, name));
        let part = |side: &Side| member.names.iter().any(|name| has(&side.members, name));
        let found = order()
            .find(|(_, side)| whole(side))
            .or_else(|| order().find(|(_, side)| part(side)));
        found.map_or(target, |(_, side)| side.id)
    }
}

/// The lists in which records differ; those in which they do not are added to what is equal.
fn compare_lists(
    object: ObjectType,
    sides: &[Side],
    fields: &[Field],
    equal: &mut Vec<(String, String)>,
) -> Vec<String> {
    let mut united = Vec::new();
    for list in shown_lists(object.kind()) {
        let of = |side: &Side| {
            let values = value(&side.members, list.name).as_array();
            values.cloned().unwrap_or_default()
        };
        let mut values = sides.iter().map(of);
        let first = values.next().unwrap_or_default();
        let label = label(list.name, fields);
        match values.all(|other| other == first) {
            false => united.push(label),
            true if first.is_empty() => {}
            true => equal.push((label, cut(&text_of(&first.into()), VALUE_CHARS))),
        }
    }
    united
}

fn side(place: &Place, document: &Document) -> Result<Side, Error> {
    let members = objects::members(document)?;
    let moment = |name: &str| {
        let at = members.get(name).and_then(Value::as_str);
        let at = at.and_then(Timestamp::parse);
        at.as_ref().map(minute).unwrap_or_default()
    };
    Ok(Side {
        id: document.id,
        path: path_to(place, document.id).unwrap_or_default(),
        name: of_members(document.id, &members),
        version: members.get("version").and_then(Value::as_i64).unwrap_or(0),
        created: moment("created_at"),
        updated: moment("updated_at"),
        members,
    })
}

/// The members that are compared, those that go together as one: the columns first, then the keys of `metadata`.
fn members_of(object: ObjectType, sides: &[Side]) -> Vec<Vec<String>> {
    let mut own: Vec<Vec<String>> = Vec::new();
    for column in columns(object.kind()) {
        let name = column.name;
        if READ_ONLY.contains(&name) || !column.filterable || name == "currency" {
            continue;
        }
        own.push(match name {
            "value_cents" => vec![name.to_owned(), "currency".to_owned()],
            _ => vec![name.to_owned()],
        });
    }
    let mut keys: Vec<String> = Vec::new();
    for side in sides {
        let metadata = side.members.get("metadata").and_then(Value::as_object);
        for key in metadata.into_iter().flat_map(Map::keys) {
            let name = format!("metadata.{key}");
            if keys.len() < METADATA_MAX && !keys.contains(&name) {
                keys.push(name);
            }
        }
    }
    own.extend(keys.into_iter().map(|name| vec![name]));
    own
}

fn value<'a>(members: &'a Map<String, Value>, name: &str) -> &'a Value {
    let found = match name.strip_prefix("metadata.") {
        Some(key) => members.get("metadata").and_then(|it| it.get(key)),
        None => members.get(name),
    };
    found.unwrap_or(&Value::Null)
}

fn has(members: &Map<String, Value>, name: &str) -> bool {
    match value(members, name) {
        Value::Null => false,
        Value::String(text) => !text.is_empty() || name.starts_with("metadata."),
        Value::Array(values) => !values.is_empty() || name.starts_with("metadata."),
        _ => true,
    }
}

fn shown(side: &Side, names_of: &[String], fields: &[Field], names: &Names) -> Shown {
    let name = names_of[0].as_str();
    let given = value(&side.members, name);
    let text = match name {
        "value_cents" => given.as_i64().map_or_else(String::new, |cents| {
            let currency = side.members.get("currency").and_then(Value::as_str);
            amount(cents.into(), currency.unwrap_or_default())
        }),
        _ => in_words(side, name, given, fields, names),
    };
    Shown {
        is_there: has(&side.members, name),
        text: cut(&text, VALUE_CHARS),
    }
}

fn in_words(side: &Side, name: &str, given: &Value, fields: &[Field], names: &Names) -> String {
    let is_moment = match name.strip_prefix("metadata.") {
        Some(key) => {
            let mut fields = fields.iter();
            fields.any(|it| it.key == key && it.field_type == FieldType::Datetime)
        }
        None => {
            let mut columns = columns(side.id.kind()).iter();
            let column = columns.find(|column| column.name == name);
            if column.is_some_and(|it| matches!(it.ty, ColumnType::Id(_)))
                && let Some(id) = given.as_str().and_then(Id::parse)
            {
                return names.get(id);
            }
            column.is_some_and(|it| it.ty == ColumnType::Timestamp)
        }
    };
    let at = given.as_str().filter(|_| is_moment);
    match at.and_then(Timestamp::parse) {
        Some(at) => minute(&at),
        None => text_of(given),
    }
}
