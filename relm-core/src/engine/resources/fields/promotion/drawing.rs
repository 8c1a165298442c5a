//! What a promotion does with each definition: worked out against both modes, whether or not it is done then.

use super::comparing::{check_rename, input, patch, unknown_field};
use super::drafted::Drafted;
use super::input::ChoiceRename;
use super::report::{Breach, FieldName, PromotedSetting, RefusedField};
use crate::engine::context::Context;
use crate::engine::resources::fields::definitions::{
    check_change, check_number, check_room, check_unique_room,
};
use crate::engine::resources::fields::duplicates::check_values;
use crate::engine::resources::fields::impact::{Budget, Reason, reasons};
use crate::error::{Error, ErrorKind, Result};
use crate::record::Origin;
use crate::record::field::{Field, UniqueIndex, unknown_members};
use crate::record::key::{KeyAction, KeyResource, KeyScope, KeyScopes};
use crate::record::object_type::ObjectType;
use crate::value::id::{Id, Kind};
use crate::value::text::is_same;
use crate::value::time::Timestamp;

/// How many definitions' choices are looked for at most, as one change of a definition looks for them.
const LOST_CHOICES_MAX: usize = 20;
/// How often what has no room is tried beside the others: each time something may make room for something else.
const PASSES_MAX: usize = 4;

/// What is to be written of the definitions of live mode, and what is said of it.
#[derive(Default)]
pub(super) struct Drawn {
    pub create: Vec<Drafted>,
    pub update: Vec<Drafted>,
    pub settings: Vec<PromotedSetting>,
    pub refused: Vec<(RefusedField, Error)>,
    pub left_alone: Vec<FieldName>,
    pub unchanged: usize,
}

/// The definitions of both modes, and who promotes them.
pub(super) struct Drawing<'a> {
    pub context: &'a Context,
    pub origin: Origin,
    pub now: Timestamp,
    pub source: &'a [Field],
    pub target: &'a [Field],
    pub renamed: &'a [ChoiceRename],
    /// What whoever asks may do; none where it is the program itself.
    pub scopes: Option<KeyScopes>,
}

impl Drawing<'_> {
    /// Works it out; `counts` says whether the records are counted that do not keep to it. Whether values are shared that are to be
    /// unique is looked at in any case.
    ///
    /// # Errors
    /// `unknown_value` or `validation_failed` for choices that are said to be renamed and are not there; `forbidden`, before any record is
    /// looked at, for whoever may not read those of which something is asked, or not write those in which choices are renamed.
    pub async fn draw(&self, counts: bool) -> Result<Drawn> {
        self.check_renamed()?;
        let mut drawn = Drawn::default();
        // All that there are once it is done: each definition is held to the bounds beside the others.
        let mut all = self.target.to_vec();
        let fields = self
            .source
            .iter()
            .filter(|field| !field.is_made_by_engine());
        let mut waiting: Vec<&Field> = fields.collect();
        // What has no room may have it once the others are as they are to be.
        for _ in 0..PASSES_MAX {
            let without_room = self.draft(&waiting, &mut all, &mut drawn);
            let is_same = without_room.len() == waiting.len();
            waiting = without_room.iter().map(|(source, _)| *source).collect();
            let refused = without_room.into_iter();
            drawn.refused = refused
                .map(|(source, error)| (refused_by(source, &error), error))
                .collect();
            if is_same {
                break;
            }
        }
        self.settings(&mut drawn, &all);
        self.left_alone(&mut drawn);
        self.check_scopes(&drawn)?;
        self.find_breaches(&mut drawn, counts).await?;
        Ok(drawn)
    }

    /// Drafts these definitions one after the other, and gives those that are refused beside all that there are by then.
    fn draft<'f>(
        &self,
        fields: &[&'f Field],
        all: &mut Vec<Field>,
        drawn: &mut Drawn,
    ) -> Vec<(&'f Field, Error)> {
        let mut refused = Vec::new();
        for source in fields.iter().copied() {
            let same = |field: &&Field| field.field_key() == source.field_key();
            let drafted = match self.target.iter().find(same) {
                Some(before) => self.changed(before, source, all),
                // Of a member that is not unique there is nothing to say.
                None if source.built_in && !source.is_pipeline() && !source.unique => Ok(None),
                None => self.made(source, all).map(Some),
            };
            match drafted {
                Ok(None) => drawn.unchanged += 1,
                Ok(Some(drafted)) => {
                    all.retain(|field| field.field_key() != drafted.after.field_key());
                    all.push(drafted.after.clone());
                    match drafted.before {
                        Some(_) => drawn.update.push(drafted),
                        None => drawn.create.push(drafted),
                    }
                }
                Err(error) => refused.push((source, error)),
            }
        }
        refused
    }

    /// Refuses whoever would learn of records, or change some, that they may not read or write.
    fn check_scopes(&self, drawn: &Drawn) -> Result<()> {
        let Some(scopes) = self.scopes else {
            return Ok(());
        };
        for drafted in drawn.create.iter().chain(&drawn.update) {
            let resource = KeyResource::from(drafted.after.object_type);
            let needed = [
                (drafted.asks(), KeyAction::Read),
                (drafted.renames(), KeyAction::Write),
            ];
            let needed = needed.into_iter().filter(|(is_needed, _)| *is_needed);
            let mut needed = needed.map(|(_, action)| KeyScope::new(resource, action));
            if let Some(missing) = needed.find(|scope| !scopes.cover(*scope)) {
                let message = format!(
                    "This promotion needs the scope `{missing}`, which this API key has not: nothing was promoted."
                );
                return Err(Error::new(ErrorKind::Forbidden, message));
            }
        }
        Ok(())
    }

    /// Whether everything that is said to be renamed is a choice in its mode, and nothing is renamed twice.
    fn check_renamed(&self) -> Result<()> {
        for (index, one) in self.renamed.iter().enumerate() {
            let twice = |of: fn(&ChoiceRename) -> &str| {
                let mut before = self.renamed[..index].iter();
                before.any(|it| {
                    it.object_type == one.object_type
                        && it.key == one.key
                        && is_same(of(it), of(one))
                })
            };
            for (member, is_twice) in [("from", twice(|it| &it.from)), ("to", twice(|it| &it.to))] {
                if is_twice {
                    let message =
                        format!("`{member}` is that of another renamed choice of the field.");
                    return Err(Error::invalid(
                        format!("renamed[{index}].{member}"),
                        message,
                    ));
                }
            }
            let found = |fields: &'_ [Field]| {
                let mut fields = fields.iter();
                fields.find(|field| self.is_named(field, one)).cloned()
            };
            let checked = match (found(self.target), found(self.source)) {
                (Some(before), Some(source)) => check_rename(&before, &source, one),
                (None, _) => Err(unknown_field(one, "live")),
                (_, None) => Err(unknown_field(one, "test")),
            };
            checked.map_err(|error| error.within(&format!("renamed[{index}]")))?;
        }
        Ok(())
    }

    /// Whether a renamed choice is one of this field: of a custom field, and where live mode has none of that key, of the pipeline.
    fn is_named(&self, field: &Field, one: &ChoiceRename) -> bool {
        let (of, key) = (one.object_type, &*one.key);
        let is_pipeline = field.is_pipeline() && field.object_type == of && field.key == key;
        let mut others = self.target.iter();
        field.is_custom(of, key) || (is_pipeline && !others.any(|it| it.is_custom(of, key)))
    }

    fn changed(&self, before: &Field, source: &Field, all: &[Field]) -> Result<Option<Drafted>> {
        if before.field_type != source.field_type {
            return Err(other_type(before, source));
        }
        if before.options.object_type != source.options.object_type {
            return Err(other_object(before, source));
        }
        let of_field = |one: &&ChoiceRename| self.is_named(source, one);
        let renamed: Vec<&ChoiceRename> = self.renamed.iter().filter(of_field).collect();
        let patch = patch(before, source, &renamed);
        let mut after = before.patched(&patch, &self.origin)?;
        let unique = patch.unique.as_set().copied();
        let (begins_unique, ends_unique) = (unique == Some(true), unique == Some(false));
        if begins_unique {
            check_unique_room(all, after.object_type)?;
            after.kept_apart_by(Some(to_be_made()));
        } else if ends_unique {
            after.kept_apart_by(None);
        }
        if after == *before {
            return Ok(None);
        }
        after.touch(self.now);
        check_change(all, before, &after)?;
        Ok(Some(Drafted {
            before: Some(before.clone()),
            after,
            begins_unique,
            ends_unique,
            breaks: Vec::new(),
        }))
    }

    fn made(&self, source: &Field, all: &[Field]) -> Result<Drafted> {
        let mode = self.context.scope().mode();
        let id = Id::new(Kind::Field, 0);
        let mut after = Field::define(id, mode, self.now, input(source))?;
        if source.unique {
            check_unique_room(all, after.object_type)?;
            after.kept_apart_by(Some(to_be_made()));
        }
        check_room(all, &after)?;
        Ok(Drafted {
            before: None,
            after,
            begins_unique: source.unique,
            ends_unique: false,
            breaks: Vec::new(),
        })
    }

    fn settings(&self, drawn: &mut Drawn, all: &[Field]) {
        let mut others = all.len();
        for of in ObjectType::ALL {
            let from = unknown_members(self.target, of);
            let to = unknown_members(self.source, of);
            if from == to {
                continue;
            }
            // What says it is a definition, which is among those that there can be.
            let is_new = !self
                .target
                .iter()
                .any(|it| it.is_of_metadata() && it.object_type == of);
            let room = match is_new {
                true => check_number(others),
                false => Ok(()),
            };
            match room {
                Ok(()) => {
                    others += usize::from(is_new);
                    drawn.settings.push(PromotedSetting {
                        object_type: of,
                        member: "unknown_members".to_owned(),
                        from,
                        to,
                    });
                }
                Err(error) => {
                    let field = RefusedField {
                        object_type: of,
                        key: "metadata".to_owned(),
                        member: Some("unknown_members".to_owned()),
                        message: error.message().to_owned(),
                    };
                    drawn.refused.push((field, error));
                }
            }
        }
    }

    fn left_alone(&self, drawn: &mut Drawn) {
        let is_alone = |field: &&Field| {
            let same = |source: &Field| source.field_key() == field.field_key();
            let is_said = !field.built_in || field.is_pipeline() || field.unique_index.is_some();
            is_said && !field.is_made_by_engine() && !self.source.iter().any(same)
        };
        let alone = self.target.iter().filter(is_alone);
        drawn.left_alone = alone
            .map(|field| FieldName {
                field_id: field.id,
                object_type: field.object_type,
                key: field.key.clone(),
                label: field.label.clone(),
            })
            .collect();
    }

    /// Finds what live records do not keep to: the records of each type are gone through once for all its definitions, and once more for
    /// each that is to be unique.
    async fn find_breaches(&self, drawn: &mut Drawn, counts: bool) -> Result<()> {
        let mut budget = Budget::of(LOST_CHOICES_MAX);
        for of in ObjectType::ALL {
            let mut drafted: Vec<&mut Drafted> = drawn
                .create
                .iter_mut()
                .chain(&mut drawn.update)
                .filter(|it| it.after.object_type == of)
                .collect();
            let former: Vec<Field> = drafted.iter().map(|it| it.former()).collect();
            let of = former.iter().zip(drafted.iter().map(|it| &it.after));
            let of: Vec<_> = of.collect();
            let found = match counts {
                true => reasons(self.context, &of, &mut budget).await?,
                false => of.iter().map(|_| Vec::new()).collect(),
            };
            for (drafted, reasons) in drafted.iter_mut().zip(found) {
                // Of a new field only what was found is said: whoever has more records than are looked at could promote none otherwise.
                let is_new = drafted.before.is_none();
                let is_said =
                    |it: &Reason| it.affected.count > 0 || !is_new || it.member == "required";
                for reason in reasons.into_iter().filter(is_said) {
                    let message = reason.sentence(&drafted.after);
                    drafted.breaks.push(Breach {
                        member: reason.member.to_owned(),
                        message,
                        count: reason.affected.count,
                        at_least: reason.affected.at_least,
                        ids: reason.affected.ids,
                        duplicates: Vec::new(),
                    });
                }
                if drafted.begins_unique {
                    drafted
                        .breaks
                        .extend(shared(self.context, &drafted.after).await?);
                }
            }
        }
        Ok(())
    }
}

/// What stands for the index that is made once the promotion is done.
fn to_be_made() -> UniqueIndex {
    UniqueIndex::making(Id::new(Kind::UniqueValue, 0))
}

/// Values that records share, where a field is to be unique.
async fn shared(context: &Context, field: &Field) -> Result<Option<Breach>> {
    let error = match check_values(context, field).await {
        Ok(()) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::Conflict => error,
        Err(error) => return Err(error),
    };
    Ok(Some(Breach {
        member: "unique".to_owned(),
        message: error.message().to_owned(),
        count: error.count().unwrap_or_default(),
        at_least: error.is_at_least(),
        ids: error.ids().to_vec(),
        duplicates: error.duplicates().to_vec(),
    }))
}

fn other_type(before: &Field, source: &Field) -> Error {
    let message = format!(
        "`{}` of a {} is `{}` in live mode and `{}` in test mode, and the type of a field cannot be changed: give the field of test mode another \
         key, or remove that of live mode, whose values stay, and promote then.",
        before.key, before.object_type, before.field_type, source.field_type
    );
    Error::new(ErrorKind::Conflict, message).at("type")
}

fn other_object(before: &Field, source: &Field) -> Error {
    let of = |field: &Field| field.options.object_type.map_or("", ObjectType::as_str);
    let message = format!(
        "`{}` of a {} names a {} in live mode and a {} in test mode, and what a reference names cannot be changed: give the field of test mode \
         another key, or remove that of live mode, whose values stay, and promote then.",
        before.key,
        before.object_type,
        of(before),
        of(source)
    );
    Error::new(ErrorKind::Conflict, message).at("options.object_type")
}

fn refused_by(source: &Field, error: &Error) -> RefusedField {
    RefusedField {
        object_type: source.object_type,
        key: source.key.clone(),
        member: error.field().map(str::to_owned),
        message: error.message().to_owned(),
    }
}
