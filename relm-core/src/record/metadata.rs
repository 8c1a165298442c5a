//! What a record's `metadata` may hold, and how a write merges into it.

mod known_keys;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::known_keys::KnownKeys;
use crate::error::{Error, Result};
use crate::limits::{
    INTEGER_MAX, JSON_DEPTH_MAX, METADATA_BYTES_MAX, METADATA_KEY_CHARS_MAX, METADATA_KEYS_MAX,
};
use crate::record::filter::{Filterable, MetadataValue};
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;
use crate::value::json;
use crate::value::text::{self, nfc};

/// Free-form members of a record, sorted by key. Custom fields live here too.
///
/// A key is one in every composition: who asks for `é` finds what was written as `e` and an accent. The spelling that was
/// there first stays.
///
/// It is JSON, and is read and written by types of one's own:
///
/// ```
/// use relm_core::Metadata;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(rename_all = "snake_case")]
/// enum Plan {
///     Free,
///     Pro,
/// }
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Account {
///     plan: Plan,
///     seats: u32,
/// }
///
/// # fn main() -> relm_core::Result<()> {
/// let metadata = Metadata::try_from(&Account { plan: Plan::Pro, seats: 12 })?;
/// assert_eq!(metadata.get::<Plan>("plan")?, Some(Plan::Pro));
/// assert_eq!(metadata.get::<String>("absent")?, None);
/// assert_eq!(metadata.decode::<Account>()?.seats, 12);
/// assert_eq!(metadata["plan"], "pro");
/// assert_eq!(Metadata::from([("plan", "pro")])["plan"], metadata["plan"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The members that a value serialises to: those of a struct or of a map.
    ///
    /// # Errors
    /// `validation_failed` when it serialises to anything but an object.
    pub fn try_from<T: Serialize + ?Sized>(members: &T) -> Result<Self> {
        let refuse = "`metadata` must be an object, as a struct or a map serialises to.";
        match serde_json::to_value(members) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Error::invalid("metadata", refuse)),
            Err(error) => Err(Error::invalid("metadata", refuse).caused_by(error)),
        }
    }

    /// The member of this key as a value of a type; none where there is no such member.
    ///
    /// # Errors
    /// `validation_failed` when the member is there and does not read as one.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let member = member(&self.0, key).map(|(_, value)| T::deserialize(value));
        let member = member.transpose();
        member.map_err(|error| unlike(format!("metadata.{key}"), error))
    }

    /// All members as one value, such as a struct that names some of them.
    ///
    /// # Errors
    /// `validation_failed` when they do not read as one.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.0).map_err(|error| unlike("metadata".to_owned(), error))
    }

    /// Sets a member, and gives the value that it had. In an input, null removes the key from the record.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let key = key.into();
        let known = member(&self.0, &key).map(|(known, _)| known.clone());
        self.0.insert(known.unwrap_or(key), value.into())
    }

    /// Removes a member, and gives the value that it had. In an input, a key that is absent keeps its value.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let known = member(&self.0, key).map(|(known, _)| known.clone())?;
        self.0.remove(&known)
    }

    /// Whether there is a member of this key.
    pub fn contains_key(&self, key: &str) -> bool {
        member(&self.0, key).is_some()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members as JSON.
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The members, to filter a list by: see [`Filterable`].
    ///
    /// ```
    /// use relm_core::{ListRequest, Metadata};
    ///
    /// let request = ListRequest::default()
    ///     .filter(Metadata::field("plan").is_in(["pro", "team"]))
    ///     .filter(Metadata::field("seats").gte(10));
    /// ```
    pub fn field(key: &str) -> Filterable<MetadataValue> {
        Filterable::named(format!("metadata.{key}"))
    }
}

/// The member of a key, in whatever composition either is written, with the key that it has.
pub(crate) fn member<'a>(
    members: &'a Map<String, Value>,
    key: &str,
) -> Option<(&'a String, &'a Value)> {
    let exact = members.get_key_value(key);
    // Of two keys in ASCII, no two are one.
    let may_be = |other: &str| !(other.is_ascii() && key.is_ascii());
    exact.or_else(|| {
        let mut members = members.iter();
        members.find(|(other, _)| may_be(other) && text::is_same(other, key))
    })
}

/// The members of a record for look-ups by composed keys, as many as there are: a record is gone through once for all of them.
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
    /// Those by their composed keys, where one is not.
    composed: OnceCell<Option<BTreeMap<Cow<'a, str>, &'a Value>>>,
}

impl<'a> Members<'a> {
    pub fn of(metadata: &'a Metadata) -> Self {
        Self {
            members: metadata.as_map(),
            composed: OnceCell::new(),
        }
    }

    /// The value of a key that is composed.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.members.get(key).or_else(|| {
            let composed = self.composed.get_or_init(|| self.compose());
            composed.as_ref()?.get(key).copied()
        })
    }

    fn compose(&self) -> Option<BTreeMap<Cow<'a, str>, &'a Value>> {
        let is_composed = |key: &String| matches!(nfc(key), Cow::Borrowed(_));
        if self.members.keys().all(is_composed) {
            return None;
        }
        let pairs = self.members.iter();
        Some(pairs.map(|(key, value)| (nfc(key), value)).collect())
    }
}

fn unlike(path: String, error: serde_json::Error) -> Error {
    let message = format!("`{path}` is not of the type that was asked for.");
    Error::invalid(path, message).caused_by(error)
}

/// The value of a member that is there.
///
/// # Panics
/// Where there is no such member: [`get`](Metadata::get) gives none instead.
impl Index<&str> for Metadata {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        match member(&self.0, key) {
            Some((_, value)) => value,
            None => &self.0[key],
        }
    }
}

impl From<Map<String, Value>> for Metadata {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl From<Metadata> for Map<String, Value> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        let members = members.into_iter();
        Self(
            members
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl<K: Into<String>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Metadata {
    fn from(members: [(K, V); N]) -> Self {
        members.into_iter().collect()
    }
}

impl IntoIterator for Metadata {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Metadata {
    type Item = (&'a String, &'a Value);
    type IntoIter = serde_json::map::Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Merges `patch` one level deep: a null member removes that key, a cleared patch empties the whole.
pub(crate) fn merge(patch: Patch<Metadata>, metadata: &mut Metadata) -> Result<()> {
    match patch {
        Patch::Keep => return Ok(()),
        Patch::Clear => metadata.0.clear(),
        Patch::Set(members) => {
            check_distinct(&members)?;
            // Those of the patch are looked up among those that are there, and never among each other: they are distinct.
            let known = KnownKeys::of(metadata.as_map(), members.as_map());
            for (key, value) in members {
                check_key(&key)?;
                let key = known.as_known(metadata.as_map(), key);
                if value.is_null() {
                    metadata.0.remove(&key);
                } else {
                    check_value(&key, &value, 2)?;
                    metadata.0.insert(key, value);
                }
            }
        }
    }
    if metadata.len() > METADATA_KEYS_MAX {
        return Err(Error::invalid(
            "metadata",
            format!(
                "`metadata` must have at most {METADATA_KEYS_MAX} keys; it would have {}.",
                metadata.len()
            ),
        ));
    }
    let bytes = text_of(metadata.as_map()).len();
    if bytes > METADATA_BYTES_MAX {
        return Err(Error::invalid(
            "metadata",
            format!(
                "`metadata` must be at most {METADATA_BYTES_MAX} bytes of JSON; it would be {bytes}."
            ),
        ));
    }
    Ok(())
}

/// The canonical text that stores keep.
pub fn text_of(members: &Map<String, Value>) -> String {
    serde_json::to_string(members).expect("a JSON map with text keys always serialises")
}

/// Whether a member can have this name, which is as long as the longer of its spellings.
pub(crate) fn check_key(key: &str) -> Result<()> {
    let chars = key.chars().count().max(nfc(key).chars().count());
    let fits = (1..=METADATA_KEY_CHARS_MAX).contains(&chars);
    if fits && !key.contains('\0') {
        return Ok(());
    }
    let given = match chars {
        0 => "not empty".to_owned(),
        _ if fits => format!("not {}", Quoted(key)),
        _ => format!("not {} of {chars}", Quoted(key)),
    };
    Err(Error::invalid(
        "metadata",
        format!(
            "A `metadata` key must be 1 to {METADATA_KEY_CHARS_MAX} characters without U+0000, {given}."
        ),
    ))
}

/// Refuses one key in two compositions.
fn check_distinct(members: &Metadata) -> Result<()> {
    if members.as_map().keys().all(|key| key.is_ascii()) {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    let mut composed = members.as_map().keys().map(|key| (key, nfc(key)));
    match composed.find(|(_, composed)| !seen.insert(composed.clone())) {
        None => Ok(()),
        Some((key, _)) => Err(Error::invalid(
            format!("metadata.{key}"),
            format!(
                "`metadata` has the key {} twice, in two spellings of the same letters.",
                Quoted(key)
            ),
        )),
    }
}

/// What the reader of requests refuses, a Rust caller could still pass.
fn check_value(key: &str, value: &Value, depth: usize) -> Result<()> {
    let refuse = |message: String| Err(Error::invalid(format!("metadata.{key}"), message));
    if depth > JSON_DEPTH_MAX && (value.is_array() || value.is_object()) {
        return refuse(format!(
            "`metadata.{key}` must not nest deeper than {JSON_DEPTH_MAX} levels."
        ));
    }
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) if json::check_number(number) => Ok(()),
        Value::Number(_) => refuse(format!(
            "`metadata.{key}` must hold numbers between -{INTEGER_MAX} and {INTEGER_MAX}: write a longer one as a string."
        )),
        Value::String(text) if text.contains('\0') => refuse(format!(
            "`metadata.{key}` must not contain the character U+0000."
        )),
        Value::String(_) => Ok(()),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check_value(key, item, depth + 1)),
        Value::Object(members) => members.iter().try_for_each(|(name, item)| {
            if name.contains('\0') {
                return refuse(format!(
                    "`metadata.{key}` must not contain the character U+0000."
                ));
            }
            check_value(key, item, depth + 1)
        }),
    }
}
