//! What is said of the objects of a type as a whole: whether they take members of `metadata` that no field is for.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definitions::{check_room, insert, replace, replace_unchecked, unknown};
use crate::engine::change::{Operation, Plan};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, Result};
use crate::record::Document;
use crate::record::check;
use crate::record::field::{
    Field, UnknownMembers, definition_of_metadata, pipeline, unknown_members,
};
use crate::record::input::{Reader, read_only};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::store::Write;
use crate::value::id::Kind;

/// What is said of the objects of a type as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ObjectSettings {
    /// Always `object_settings`.
    pub object: ObjectSettingsTag,
    /// The objects.
    pub object_type: ObjectType,
    /// Whether they take members of `metadata` that no custom field is for. Default: `accept`.
    pub unknown_members: UnknownMembers,
}

/// The `object` member of [`ObjectSettings`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ObjectSettingsTag {
    /// Its one value.
    #[default]
    #[serde(rename = "object_settings")]
    ObjectSettings,
}

/// What a workspace and mode has defined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definitions {
    /// The custom fields, in the order in which forms show them.
    pub fields: Vec<Field>,
    /// The stages of deals, where they are defined: the definition of the `stage` that deals have anyway.
    pub pipeline: Option<Field>,
    /// The objects that take no members of `metadata` but those of custom fields.
    pub strict: Vec<ObjectType>,
}

impl Definitions {
    pub(super) fn of(all: &[Field]) -> Self {
        let custom = all.iter().filter(|field| !field.built_in).cloned();
        let mut fields: Vec<Field> = custom.collect();
        fields.sort_by_key(Field::shown_by);
        let is_strict = |of: &ObjectType| unknown_members(all, *of) == UnknownMembers::Reject;
        Self {
            fields,
            pipeline: pipeline(all).cloned(),
            strict: ObjectType::ALL.into_iter().filter(is_strict).collect(),
        }
    }
}

impl ObjectSettings {
    pub(super) fn of(fields: &[Field], of: ObjectType) -> Self {
        Self {
            object: ObjectSettingsTag::ObjectSettings,
            object_type: of,
            unknown_members: unknown_members(fields, of),
        }
    }

    /// The settings as JSON.
    ///
    /// # Errors
    /// None in practice: it is made of texts.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

/// Takes a change of settings from a JSON object, which may say again what is so.
pub(super) fn read_settings(body: Value, now: &ObjectSettings) -> Result<Option<UnknownMembers>> {
    let shown = serde_json::to_value(now).map_err(Error::internal)?;
    Reader::new(body)?.all_of(|reader| {
        let given = reader.text("unknown_members")?;
        let shown = shown.as_object();
        let other = shown.and_then(|shown| reader.take_same(["object", "object_type"], shown));
        if let Some(name) = other {
            return Err(read_only(name));
        }
        match given {
            Patch::Keep => Ok(None),
            given => {
                let options = UnknownMembers::ALL.map(UnknownMembers::as_str);
                let read = |text: &str| text.parse().ok();
                check::required_choice("unknown_members", given, options, &[], read).map(Some)
            }
        }
    })
}

/// Says whether the objects of a type take unknown members.
pub(super) struct SetUnknownMembers {
    pub of: ObjectType,
    /// None where nothing is said of it: it stays, whatever it is by then.
    pub to: Option<UnknownMembers>,
}

#[async_trait]
impl Operation for SetUnknownMembers {
    type Output = Reply<ObjectSettings>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<ObjectSettings>> {
        let fields = &plan.configuration().fields;
        let mut settings = ObjectSettings::of(fields, self.of);
        if let Some(to) = self.to.filter(|to| *to != settings.unknown_members) {
            let (before, after) = drafted(plan, self.of, to).await?;
            match before {
                Some(before) => drop(replace(plan, before, after)?),
                None => {
                    check_room(&plan.configuration().fields, &after)?;
                    insert(plan, after);
                    plan.write(Write::Reconfigure);
                }
            }
            settings.unknown_members = to;
        }
        Ok(Reply::new(Outcome::Done, settings.to_json()?))
    }
}

/// The definition that says so, and that which is there.
async fn drafted(
    plan: &Plan<'_>,
    of: ObjectType,
    to: UnknownMembers,
) -> Result<(Option<(Field, Document)>, Field)> {
    let Some(known) = definition_of_metadata(&plan.configuration().fields, of) else {
        let id = plan.mint(Kind::Field);
        let mode = plan.context().scope().mode();
        return Ok((None, Field::of_metadata(id, mode, of, to)));
    };
    let found = plan.context().document(Kind::Field, known.id).await?;
    let document = found.ok_or_else(unknown)?;
    let before: Field = document.decode()?;
    let mut after = before.clone();
    after.unknown_members = Some(to);
    Ok((Some((before, document)), after))
}

/// Says whether the objects of a type take unknown members, as one of several definitions that were checked.
pub(super) async fn set_unchecked(
    plan: &mut Plan<'_>,
    of: ObjectType,
    to: UnknownMembers,
) -> Result<()> {
    let (before, mut after) = drafted(plan, of, to).await?;
    match before {
        Some(before) => {
            after.touch(plan.now());
            replace_unchecked(plan, before, after)?;
        }
        None => drop(insert(plan, after)),
    }
    Ok(())
}
