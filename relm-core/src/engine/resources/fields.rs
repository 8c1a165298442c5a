//! Custom fields: defining, changing and removing them, and what they are used for.

mod defining;
pub(super) mod definitions;
mod duplicates;
pub(super) mod ending;
mod holding;
mod impact;
mod inspection;
mod promotion;
mod redefine;
mod renaming;
mod settings;
pub(super) mod uniqueness;
mod usage;

use async_trait::async_trait;
use serde_json::{Map, Value};

use self::defining::define;
use self::definitions::{check_own, record_event, shown, unknown};
use self::ending::{end, take_away_some};
pub use self::promotion::{
    Breach, ChoiceRename, ChoicesChange, FieldName, MemberChange, PromotedField, PromotedSetting,
    Promotion, PromotionInput, PromotionStatus, PromotionTag, RefusedField, RenamedChoice,
};
use self::promotion::{plan, promote};
use self::redefine::redefine;
pub(in crate::engine) use self::renaming::finish_renamings;
pub use self::settings::{Definitions, ObjectSettings, ObjectSettingsTag};
use self::settings::{SetUnknownMembers, read_settings};
pub(in crate::engine) use self::uniqueness::finish_unique_indexes;
use self::usage::usage;
pub use self::usage::{ChoiceUsage, FieldUsage, FieldUsageTag};
use super::drafts::check_version_of;
use super::listing::ListRequest;
use super::pages::Listing;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, refuse_unread};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::record::field::{Field, FieldInput, FieldPatch, UnknownMembers};
use crate::record::input::Reader;
use crate::record::key::Principal;
use crate::record::object_type::ObjectType;
use crate::record::{DefinitionChange, Document, Entry};
use crate::store::Write;
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};

/// The definitions of custom fields, in one scope.
pub struct Fields<'a> {
    context: &'a Context,
}

impl<'a> Fields<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Defines a field. It binds every write that begins after this returns, on every engine over the same store.
    ///
    /// # Errors
    /// `validation_failed` or `unknown_value` for a bad definition, `conflict` when the object has such a key.
    pub async fn define(&self, input: FieldInput) -> Result<Field> {
        define(self.context, input).await?.decode()
    }

    /// [`define`](Self::define) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `define`, and whatever is wrong with the JSON's members.
    pub async fn define_json(&self, body: serde_json::Value) -> Result<Reply<Field>> {
        match Reader::new(body).and_then(FieldInput::read) {
            Ok(input) => define(self.context, input).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// The definition of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<Field>> {
        match self.get_json(id).await? {
            Some(document) => document.decode().map(Some),
            None => Ok(None),
        }
    }

    /// [`get`](Self::get), as JSON.
    ///
    /// # Errors
    /// As for `get`.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        let found = self.context.document(Kind::Field, id).await?;
        found.as_ref().map(shown).transpose()
    }

    /// Changes a definition: what the patch does not name stays as it is. It binds every write that begins after this returns, on every
    /// engine over the same store; a change that changes nothing is none.
    ///
    /// What records do not keep to is refused: that a choice goes which some have, that the field is required where some have no
    /// value, that it is enforced on each write again. [`FieldPatch::force`] makes such a change all the same. Of the records that are
    /// there as the change is planned, the newest [`FIELD_RECORDS_MAX`](crate::limits::FIELD_RECORDS_MAX) are looked at for what an index does not
    /// find. Those that are written between that and the change are not counted, and are bound from their next writes on.
    ///
    /// A choice that is renamed is renamed in every record that has it, each by a change of its own with its event, by whoever renames
    /// it. The caller waits for [`RENAMING_STEPS_MAX`](crate::limits::RENAMING_STEPS_MAX) steps; what is left is
    /// [`FieldOptions::renaming`](crate::record::field::FieldOptions::renaming), and goes on where the same is asked for again, and by
    /// [`Crm::finish_renamings`](crate::engine::Crm::finish_renamings). Until it ends, writes and filters take either name for the new one.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{ChoiceChange, FieldInput, FieldPatch, FieldType, ObjectType};
    ///
    /// let plan = FieldInput {
    ///     choices: vec!["free".into(), "pro".into()],
    ///     ..FieldInput::new(ObjectType::Contact, "plan", FieldType::Select)
    /// };
    /// let plan = live.fields().define(plan).await?;
    /// let renamed = ChoiceChange::Renamed { from: "pro".into(), to: "team".into() };
    /// let patch = FieldPatch {
    ///     label: "Plan".into(),
    ///     choices: vec!["free".into(), renamed].into(),
    ///     ..Default::default()
    /// };
    /// let plan = live.fields().update(plan.id, patch, Some(plan.version)).await?;
    /// assert_eq!(plan.options.choices, ["free", "team"]);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// `not_found`; `version_conflict` when a version was expected and the definition has another; `conflict` for what records do not keep to,
    /// with [how many](Error::count) and [which](Error::ids), and for what the renaming of a choice is in the way of;
    /// `validation_failed` or `unknown_value` for a bad definition.
    pub async fn update(&self, id: Id, patch: FieldPatch, expected: Option<i64>) -> Result<Field> {
        let reply = redefine(self.context, id, patch, expected).await?;
        reply.decode()
    }

    /// [`update`](Self::update) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `update`, and whatever is wrong with the JSON's members.
    pub async fn update_json(
        &self,
        id: Id,
        body: Value,
        expected: Option<i64>,
    ) -> Result<Reply<Field>> {
        let found = self.get_json(id).await?.ok_or_else(unknown)?;
        let patch = FieldPatch::read(Reader::new(body)?, &found.decode()?)?;
        redefine(self.context, id, patch, expected).await
    }

    /// How many records have a value in a field, and of a `select` which: of the newest
    /// [`FIELD_RECORDS_MAX`](crate::limits::FIELD_RECORDS_MAX) records, or of as many after a cursor. Where
    /// [`next_cursor`](FieldUsage::next_cursor) is there, ask on with it, and add up.
    ///
    /// # Errors
    /// `not_found`; `invalid_cursor`.
    pub async fn usage(&self, id: Id, cursor: Option<&str>) -> Result<FieldUsage> {
        usage(self.context, id, cursor).await
    }

    /// Removes a definition. Stored values stay, unchecked.
    ///
    /// # Errors
    /// `not_found`; `version_conflict` when a version was expected and the definition has another; `conflict` while a choice of it is being
    /// renamed.
    pub async fn remove(&self, id: Id, expected: Option<i64>) -> Result<()> {
        let remove = Remove { id, expected };
        apply_once(self.context, remove).await?;
        take_away_some(self.context).await;
        Ok(())
    }

    /// All definitions of custom fields, in the order in which forms show them: by their positions, and then the older ones first.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn all(&self) -> Result<Vec<Field>> {
        Ok(self.definitions().await?.fields)
    }

    /// All definitions of custom fields, as [`all`](Self::all) gives them, and what is said of their objects.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn definitions(&self) -> Result<Definitions> {
        let configuration = self.context.reload_configuration().await?;
        Ok(Definitions::of(&configuration.fields))
    }

    /// What is said of the objects of a type as a whole.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn settings(&self, of: ObjectType) -> Result<ObjectSettings> {
        let configuration = self.context.reload_configuration().await?;
        Ok(ObjectSettings::of(&configuration.fields, of))
    }

    /// Says whether the objects of a type take members of `metadata` that no field is for. It binds every write that begins after this
    /// returns, on every engine over the same store: one that sets such a member is `unknown_field`. What records have from before stays.
    ///
    /// # Errors
    /// `validation_failed` where there are as many definitions as there can be.
    pub async fn set_unknown_members(
        &self,
        of: ObjectType,
        to: UnknownMembers,
    ) -> Result<ObjectSettings> {
        let set = SetUnknownMembers { of, to: Some(to) };
        apply_once(self.context, set).await?.decode()
    }

    /// [`set_unknown_members`](Self::set_unknown_members) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `set_unknown_members`, and whatever is wrong with the JSON's members.
    pub async fn update_settings_json(
        &self,
        of: ObjectType,
        body: Value,
    ) -> Result<Reply<ObjectSettings>> {
        let now = self.settings(of).await?;
        let to = match read_settings(body, &now) {
            Ok(to) => to,
            Err(error) => return Err(refuse_unread(self.context, error).await),
        };
        apply_once(self.context, SetUnknownMembers { of, to }).await
    }

    /// What it would change in live mode to have its definitions be those of test mode, and what live records would not keep to: of as many
    /// as are looked at when a definition changes. `renamed` are choices that have another name in test mode. Nothing is changed.
    ///
    /// - Fields that live mode alone has stay, whatever test mode says. A field is known by its objects and key.
    /// - The type of a field cannot change: where it is another one, the plan says so, and nothing is promoted.
    /// - Of a new field, records are counted that have no value where it requires one, or another one than it holds.
    ///
    /// # Errors
    /// `forbidden` in test mode; `unknown_value` or `validation_failed` for choices that are not there.
    pub async fn plan_promotion(&self, renamed: &[ChoiceRename]) -> Result<Promotion> {
        plan(self.context, renamed, None).await
    }

    /// [`plan_promotion`](Self::plan_promotion), for a key: it must be one that may read the records of which something is asked.
    ///
    /// # Errors
    /// As for `plan_promotion`; `forbidden` for a key that may not.
    pub async fn plan_promotion_for(&self, by: &Principal) -> Result<Promotion> {
        plan(self.context, &[], Some(by.scopes)).await
    }

    /// Has the definitions of live mode be those of test mode, as a [plan](Self::plan_promotion) said that was read: all in one commit, with
    /// an event for each. It binds every write of live mode that begins after this returns, on every engine over the same store.
    ///
    /// Choices that get another name, and fields that become unique, are [under way](PromotionStatus::UnderWay) then, as where
    /// [one field changes](Self::update): the caller waits for some steps, and [`Crm::finish_renamings`](crate::engine::Crm::finish_renamings)
    /// and [`Crm::finish_unique_indexes`](crate::engine::Crm::finish_unique_indexes) go on.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// use relm_core::engine::PromotionInput;
    /// use relm_core::{FieldInput, FieldType, Mode, ObjectType};
    ///
    /// let test = crm.open(acme.id, Mode::Test).await?;
    /// test.fields().define(FieldInput::new(ObjectType::Contact, "plan", FieldType::Text)).await?;
    ///
    /// let live = crm.open(acme.id, Mode::Live).await?;
    /// let planned = live.fields().plan_promotion(&[]).await?;
    /// assert_eq!(planned.create[0].key, "plan");
    /// live.fields().promote(PromotionInput::new(planned.plan)).await?;
    /// assert!(live.fields().plan_promotion(&[]).await?.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// As for `plan_promotion`; `conflict` where definitions say otherwise than the plan was made of, where a field cannot be promoted, and,
    /// unless it is [forced](PromotionInput::force), for what live records do not keep to, with [how many](Error::count) and
    /// [which](Error::ids). Nothing is promoted then.
    pub async fn promote(&self, input: PromotionInput) -> Result<Promotion> {
        promote(self.context, input, None).await?.decode()
    }

    /// [`promote`](Self::promote) from a JSON object, answered as JSON. Where a key asks for it, it must be one that may read the records of
    /// which something is asked, and write those in which choices are renamed.
    ///
    /// # Errors
    /// As for `promote`, and whatever is wrong with the JSON's members; `forbidden` for a key that may not.
    pub async fn promote_json(
        &self,
        body: Value,
        by: Option<&Principal>,
    ) -> Result<Reply<Promotion>> {
        match PromotionInput::read(body) {
            Ok(input) => promote(self.context, input, by.map(|by| by.scopes)).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// The definitions, newest first; filters such as `object_type` apply. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Field> {
        Listing::of(self.context, Kind::Field, request).shown(shown)
    }
}

struct Remove {
    id: Id,
    expected: Option<i64>,
}

#[async_trait]
impl Operation for Remove {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        // Read from the store and not from what is cached: another engine may have defined it.
        let found = plan.context().document(Kind::Field, self.id).await?;
        let document = found.ok_or_else(unknown)?;
        let mut last: Field = document.decode()?;
        check_version_of(last.version, self.expected)?;
        check_own(&last)?;
        check_no_renaming(&last)?;
        // Its version counts the removal, so that it comes after whatever else is told of it.
        last.touch(plan.now());
        end(plan, &last).await?;
        let json = Entry::new(last).json;
        let entry = document.into_entry()?;
        plan.write(Write::Delete(entry));
        plan.write(Write::Reconfigure);
        record_event(plan, DefinitionChange::Deleted, self.id, &json, Map::new());
        Ok(Reply::new(Outcome::Done, json))
    }
}

/// Whether no choice is being renamed: without the definition, nobody would go on with it.
fn check_no_renaming(field: &Field) -> Result<()> {
    let Some(renaming) = field.options.renaming.first() else {
        return Ok(());
    };
    let message = format!(
        "{} is being renamed to {}, and some records have each name: send the request that renames it again until it is answered with \
         200, and remove the field then.",
        Quoted(&renaming.from),
        Quoted(&renaming.to)
    );
    Err(Error::new(ErrorKind::Conflict, message).at("options.renaming"))
}
