//! Defining a field: one commit; of one that is to be unique, the steps after it.

use async_trait::async_trait;

use super::definitions::{check_room, insert};
use super::duplicates::check_values;
use super::impact::check_new;
use super::redefine::redefine;
use super::uniqueness::{begin, make};
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, replayed};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::record::field::{Field, FieldInput, FieldPatch};
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// Defines a field; of a member that the objects have anyway, changes what is known of it. One that is to be unique becomes so as far as
/// its caller can wait for that.
pub(super) async fn define(context: &Context, input: FieldInput) -> Result<Reply<Field>> {
    let unique = input.unique;
    input.check_built_in()?;
    let is_about_unique = input.built_in && !input.is_pipeline();
    if is_about_unique && let Some(known) = built_in(context, &input).await? {
        if !unique {
            // Whoever leaves `unique` out may mean a custom field of that name: nothing ends by that.
            return Err(defined_already(&input, known));
        }
        let patch = FieldPatch {
            unique: true.into(),
            ..FieldPatch::default()
        };
        return redefine(context, known, patch, None).await;
    }
    if is_about_unique && !unique {
        let message = format!(
            "`unique` of `{}`, which every {} has, is false until it is made true: there is nothing else to define of it.",
            input.key, input.object_type
        );
        return Err(Error::invalid("unique", message));
    }
    let define = Define {
        input: input.clone(),
    };
    if !unique {
        return apply_once(context, define).await;
    }
    if let Some(reply) = replayed(context).await? {
        return Ok(reply);
    }
    let error = match apply(context, define).await {
        Ok(reply) => return make(context, reply.decode()?, true).await,
        Err(error) => error,
    };
    // Sent again, it goes on with what it began.
    match begun(context, &error, input).await? {
        Some(field) => make(context, field, false).await,
        None => Err(error),
    }
}

/// The definition that this one is refused for, where it says the same, and its field is being made unique.
async fn begun(context: &Context, error: &Error, input: FieldInput) -> Result<Option<Field>> {
    let (ErrorKind::Conflict, Some(id)) = (error.kind(), error.existing_id()) else {
        return Ok(None);
    };
    let Some(document) = context.document(Kind::Field, id).await? else {
        return Ok(None);
    };
    let field: Field = document.decode()?;
    let goes_on = field.is_becoming_unique() && field.is_defined_by(input);
    Ok(goes_on.then_some(field))
}

/// That there is a definition of this key.
fn defined_already(input: &FieldInput, existing: Id) -> Error {
    let FieldInput {
        object_type, key, ..
    } = input;
    let message = match input.built_in {
        true if input.is_pipeline() => format!(
            "There is a pipeline already: change its `options` by a PATCH, or say the `type` of a custom field `{key}`."
        ),
        true => format!(
            "There is a definition of `{key}`, which every {object_type} has, already: change its `unique` by a PATCH, or say the `type` \
             of a custom field of that name."
        ),
        false => format!("The {object_type} has a field `{key}` already."),
    };
    let error = Error::new(ErrorKind::Conflict, message).at("key");
    error.existing(existing)
}

/// What is known of a member that objects have anyway.
async fn built_in(context: &Context, input: &FieldInput) -> Result<Option<Id>> {
    let configuration = context.reload_configuration().await?;
    let mut fields = configuration.fields.iter();
    let known = fields.find(|field| {
        field.built_in && field.object_type == input.object_type && field.key == input.key
    });
    Ok(known.map(|field| field.id))
}

struct Define {
    input: FieldInput,
}

#[async_trait]
impl Operation for Define {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        let id = plan.mint(Kind::Field);
        let mode = plan.context().scope().mode();
        let mut field = Field::define(id, mode, id.timestamp(), self.input.clone())?;
        let fields = &plan.configuration().fields;
        // The configuration is the one that the commit requires: nobody can define the same key meanwhile.
        let same_key = |other: &&Field| other.field_key() == field.field_key();
        if let Some(other) = fields.iter().find(same_key) {
            return Err(defined_already(&self.input, other.id));
        }
        check_room(fields, &field)?;
        // Deals have stages before anybody says which there are; what is in a new member of `metadata` nobody asked for.
        if field.is_pipeline() && !self.input.force {
            check_new(plan.context(), &field).await?;
        }
        if self.input.unique {
            begin(plan, &mut field)?;
            check_values(plan.context(), &field).await?;
        }
        let json = insert(plan, field);
        plan.write(Write::Reconfigure);
        Ok(Reply::new(Outcome::Created, json))
    }
}
