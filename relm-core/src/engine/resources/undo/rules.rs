//! What a reversal goes by, beside the record.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::record::field::Field;
use crate::record::object_type::ObjectType;
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::time::Timestamp;

/// The records some of whose unique values are others': by which members, and whose.
pub(super) type Taken = BTreeMap<Id, Vec<(String, Id)>>;

/// Of the survivors of records some of which stay away: the states of those that come back.
pub(super) type Givers = BTreeMap<Id, Vec<Map<String, Value>>>;

/// What a reversal goes by, beside the record.
pub(super) struct Rules<'a> {
    pub now: Timestamp,
    /// The definitions that there are after the undo.
    pub fields: &'a [Field],
    /// Whether a record is not there after it, as far as is known.
    pub is_gone: &'a dyn Fn(Id) -> bool,
    /// Whether a record was found not to be there.
    pub is_missing: &'a dyn Fn(Id) -> bool,
    /// Records some of whose unique values other ones have.
    pub taken: &'a Taken,
    /// Who takes back what survivors have of merged records, where not all of those come back.
    pub givers: &'a Givers,
    /// The request that is undone.
    pub request: RequestId,
}

impl Rules<'_> {
    /// The definition that says which values a member can have, where there is one.
    pub fn field_of(&self, of: ObjectType, member: &str) -> Option<&Field> {
        let mut fields = self.fields.iter();
        fields.find(|field| field.is_of(of) && field.path() == member)
    }
}
