//! What records refer to by custom fields.

use super::values::custom_fields;
use super::{Field, FieldType};
use crate::record::metadata::Metadata;
use crate::record::object_type::ObjectType;
use crate::record::reference::Reference;
use crate::value::id::Kind;
use crate::value::text::nfc;

/// The custom fields by which these objects refer to others, each with the kind of those.
pub(crate) fn referenced(
    fields: &[Field],
    of: ObjectType,
) -> impl Iterator<Item = (&Field, Kind)> + Clone {
    custom_fields(fields, of).filter_map(|field| {
        let to = field.options.object_type?;
        (field.field_type == FieldType::Reference).then_some((field, to.kind()))
    })
}

/// What an object of this metadata refers to by its custom fields; a value that is no id of what its field is for refers to nothing. A text
/// from before the field is compared in its composed form, as filters compare it.
pub(crate) fn custom_references(
    fields: &[Field],
    of: ObjectType,
    metadata: &Metadata,
) -> impl Iterator<Item = Reference> {
    referenced(fields, of).map(|(field, kind)| {
        let value = metadata.as_map().get(&field.key);
        let text = value.and_then(|value| value.as_str());
        Reference {
            name: format!("metadata.{}", field.key).into(),
            kind,
            id: text.and_then(|text| field.options.referenced(&nfc(text))),
        }
    })
}
