//! The record that an operation names by unique values, in place of its id.

use serde_json::{Map, Value};

use super::name::OperationName;
use super::read::Operation;
use crate::engine::context::Context;
use crate::engine::resources::batch::{ambiguous, not_unique};
use crate::engine::unique_values::holder_of;
use crate::error::{Error, ErrorKind, Result};
use crate::record::hint;
use crate::record::object_type::ObjectType;
use crate::record::unique_member::{UniqueMember, unique_members};
use crate::value::id::Id;

/// Finds the record that has these values. An upsert that finds none makes it, with those of them that it does not say.
///
/// # Errors
/// `not_found`; `ambiguous_match` where several records have one of them each; `unknown_value` for what is not unique.
pub(super) async fn find_matching(
    context: &Context,
    operation: &mut Operation,
    of: ObjectType,
    values: Map<String, Value>,
) -> Result<()> {
    let members = members(context, of, &values).await?;
    let mut found: Vec<Id> = Vec::new();
    for (member, value) in &members {
        let key = member.key_of_value(value, &format!("match.{}", member.path))?;
        let holder = holder_of(context, of, member, key).await?;
        found.extend(holder.filter(|id| !found.contains(id)));
    }
    match found.as_slice() {
        [one] => operation.id = Some(*one),
        [] if operation.name == OperationName::Upsert => {
            if let Some(Value::Object(data)) = &mut operation.data {
                for (member, value) in members {
                    member.set_where_absent(data, value);
                }
            }
        }
        [] => return Err(none(of, &members)),
        _ => return Err(ambiguous("match", found)),
    }
    Ok(())
}

/// The members that are named, each with its value.
async fn members(
    context: &Context,
    of: ObjectType,
    values: &Map<String, Value>,
) -> Result<Vec<(UniqueMember, Value)>> {
    let configuration = context.configuration().await?;
    let found = named(&unique_members(&configuration.fields, of), of, values);
    if found.is_ok() {
        return found;
    }
    // What is remembered may be from before it was unique.
    let configuration = context.reload_configuration().await?;
    named(&unique_members(&configuration.fields, of), of, values)
}

fn named(
    all: &[UniqueMember],
    of: ObjectType,
    values: &Map<String, Value>,
) -> Result<Vec<(UniqueMember, Value)>> {
    let each = values.iter().map(|(name, value)| {
        let found = all
            .iter()
            .find(|member| member.path == *name && member.is_ready);
        let member = found.ok_or_else(|| not_unique(of, all, name, "match"))?;
        Ok((member.clone().with_further(), value.clone()))
    });
    each.collect()
}

fn none(of: ObjectType, members: &[(UniqueMember, Value)]) -> Error {
    let named = members.iter().map(|(member, value)| {
        let path = &member.path;
        format!("`{path}` {}", hint::Shown(value))
    });
    let named: Vec<String> = named.collect();
    let message = format!(
        "There is no {of} with the {} in this workspace and mode.",
        named.join(" or the ")
    );
    let error = Error::new(ErrorKind::NotFound, message);
    match members.first() {
        Some((member, _)) => error.at(format!("match.{}", member.path)),
        None => error,
    }
}
