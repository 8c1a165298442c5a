//! What a list is asked for: filters as a request writes them, and the builders of them that the columns give.

use std::borrow::Cow;
use std::fmt::Display;
use std::marker::PhantomData;

use crate::record::column::ColumnType;
use crate::value::from_text::{json_text, named};
use crate::value::id::Id;
use crate::value::time::{Date, Timestamp};

/// The operators of `filter[field][operator]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal; a null field is neither.
    Neq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// SQL's `ILIKE`: the whole value against a pattern of `%` and `_`, without regard to case.
    Ilike,
    /// Equal to one of a comma-separated list.
    In,
    /// Whether the field is null.
    IsNull,
}

impl Operator {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Eq,
        Self::Neq,
        Self::Gt,
        Self::Gte,
        Self::Lt,
        Self::Lte,
        Self::Ilike,
        Self::In,
        Self::IsNull,
    ];

    /// The name in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Ilike => "ilike",
            Self::In => "in",
            Self::IsNull => "is_null",
        }
    }

    /// Whether the operator means something on a column of this type.
    pub const fn applies_to(self, ty: ColumnType) -> bool {
        match self {
            Self::Eq | Self::Neq | Self::In | Self::IsNull => true,
            Self::Gt | Self::Gte | Self::Lt | Self::Lte => !matches!(ty, ColumnType::Boolean),
            Self::Ilike => matches!(ty, ColumnType::Text { .. }),
        }
    }
}

named!(Operator, as_str, "an operator of filters, such as `gte`");
json_text!(Operator, "an operator of filters, such as `gte`");

/// One filter, as a request writes it: `filter[field][operator]=value`.
///
/// Columns build them with names and types that the compiler checks, `Deal::stage().eq("won")`; a
/// [member of `metadata`](crate::Metadata::field) does with whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filter {
    /// `id`, a field of the object, or `metadata.<key>`.
    pub field: String,
    /// The name of an operator; `eq` where a request names none.
    pub operator: String,
    /// What to compare with.
    pub value: String,
}

impl Filter {
    /// A filter by the names that the API has: `Filter::new("stage", "eq", "won")`. What does not exist or does not apply,
    /// the list refuses.
    pub fn new(
        field: impl Into<String>,
        operator: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            operator: operator.into(),
            value: value.into(),
        }
    }
}

/// Something that lists can be filtered by, with values of type `V`: a column, as `Contact::email()` gives it, or a member
/// of `metadata`, as [`Metadata::field`](crate::Metadata::field) does. Each method gives a [`Filter`] for
/// [`ListRequest::filter`](crate::ListRequest::filter).
///
/// ```
/// use std::time::Duration;
///
/// use relm_core::{Contact, Deal, ListRequest, Timestamp};
///
/// let won = ListRequest::default()
///     .filter(Deal::stage().eq("won"))
///     .filter(Deal::value_cents().gte(100_000))
///     .filter(Deal::currency().is_in(["EUR", "USD"]))
///     .filter(Deal::close_date().is_not_null());
/// let week = Duration::from_secs(7 * 24 * 60 * 60);
/// let new = ListRequest::default()
///     .filter(Contact::created_at().gt(Timestamp::now() - week))
///     .filter(Contact::email().ilike("%@example.com"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method such as `eq` makes a filter of it"]
pub struct Filterable<V> {
    field: Cow<'static, str>,
    of: PhantomData<fn(V)>,
}

/// A value that has an order, and so ranges.
///
/// It is implemented for what columns hold, but for `bool`.
pub trait Ordered {}

impl Ordered for String {}
impl Ordered for Id {}
impl Ordered for i64 {}
impl Ordered for Date {}
impl Ordered for Timestamp {}
impl Ordered for MetadataValue {}

impl<V> Filterable<V> {
    pub(crate) const fn column(name: &'static str) -> Self {
        Self {
            field: Cow::Borrowed(name),
            of: PhantomData,
        }
    }

    pub(crate) const fn named(field: String) -> Self {
        Self {
            field: Cow::Owned(field),
            of: PhantomData,
        }
    }

    /// Records of which it is null.
    pub fn is_null(&self) -> Filter {
        self.with(Operator::IsNull, "true")
    }

    /// Records of which it has a value.
    pub fn is_not_null(&self) -> Filter {
        self.with(Operator::IsNull, "false")
    }

    fn with(&self, operator: Operator, value: impl Into<String>) -> Filter {
        Filter::new(self.field.clone(), operator.as_str(), value)
    }
}

impl<V: Display> Filterable<V> {
    /// Equal; of an e-mail address, a domain and a currency, in whatever spelling.
    pub fn eq(&self, value: impl Into<V>) -> Filter {
        self.compare(Operator::Eq, value)
    }

    /// Not equal; a record of which it is null is neither.
    pub fn ne(&self, value: impl Into<V>) -> Filter {
        self.compare(Operator::Neq, value)
    }

    /// Equal to one of these, of which there may be none: then no record is listed.
    pub fn is_in<T: Into<V>>(&self, values: impl IntoIterator<Item = T>) -> Filter {
        let values: Vec<String> = values.into_iter().map(escaped).collect();
        if values.is_empty() {
            // Every record has an id.
            return Filterable::<Id>::column("id").is_null();
        }
        self.with(Operator::In, values.join(","))
    }

    fn compare(&self, operator: Operator, value: impl Into<V>) -> Filter {
        let value: V = value.into();
        self.with(operator, value.to_string())
    }
}

/// A value in a list that is separated by commas.
fn escaped<V: Display>(value: impl Into<V>) -> String {
    let value: V = value.into();
    value.to_string().replace('\\', r"\\").replace(',', r"\,")
}

impl<V: Display + Ordered> Filterable<V> {
    /// Greater: later, or behind it in the order of code points.
    pub fn gt(&self, value: impl Into<V>) -> Filter {
        self.compare(Operator::Gt, value)
    }

    /// Greater or equal.
    pub fn gte(&self, value: impl Into<V>) -> Filter {
        self.compare(Operator::Gte, value)
    }

    /// Less: earlier, or before it in the order of code points.
    pub fn lt(&self, value: impl Into<V>) -> Filter {
        self.compare(Operator::Lt, value)
    }

    /// Less or equal.
    pub fn lte(&self, value: impl Into<V>) -> Filter {
        self.compare(Operator::Lte, value)
    }
}

impl Filterable<String> {
    /// The whole text against a pattern of `%` and `_`, without regard to case; `\\` escapes the two.
    pub fn ilike(&self, pattern: impl Into<String>) -> Filter {
        self.with(Operator::Ilike, pattern)
    }
}

impl Filterable<MetadataValue> {
    /// The whole text against a pattern of `%` and `_`, without regard to case; `\\` escapes the two.
    pub fn ilike(&self, pattern: impl Into<String>) -> Filter {
        self.with(Operator::Ilike, pattern)
    }
}

/// What the values of a list are compared with, as `Contact::tags()` has them: `eq` asks for records that have the value, `is_in` for those
/// that have one of several, `ne` for those that have others alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListValue(String);

impl Display for ListValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for ListValue {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for ListValue {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What a member of `metadata` is compared with: a text, a number, a truth value, a day, a moment or an id. It is compared
/// as the type of the member, which its definition or its value has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataValue(String);

impl Display for MetadataValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// `metadata_values!(bool)` is `impl From<bool> for MetadataValue`, by the text that it is shown as.
macro_rules! metadata_values {
    ($($ty:ty),+) => {
        $(impl From<$ty> for MetadataValue {
            fn from(value: $ty) -> Self {
                Self(value.to_string())
            }
        })+
    };
}

metadata_values!(&str, &String, bool, i32, u32, i64, f64, Id, Date, Timestamp);

impl From<String> for MetadataValue {
    fn from(text: String) -> Self {
        Self(text)
    }
}
