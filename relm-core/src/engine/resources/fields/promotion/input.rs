//! What a promotion is asked for.

use serde::Serialize;
use serde_json::{Map, Value};

use super::plan_name::is_name;
use crate::error::{Error, Result};
use crate::limits::FIELDS_MAX;
use crate::record::input::{Reader, type_name};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;

/// What a promotion is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PromotionInput {
    /// The [plan](super::Promotion::plan) that was read. Definitions that are others by now are not promoted.
    pub plan: String,
    /// Choices of live mode that are called otherwise in test mode. One that is not named goes, where test mode has none of its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<ChoiceRename>,
    /// Whether to promote what live records do not keep to. It binds each of them from its next write on.
    #[serde(default)]
    pub force: bool,
}

/// That a choice of a live field has another name in test mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChoiceRename {
    /// The objects that the field is on.
    pub object_type: ObjectType,
    /// Its key.
    pub key: String,
    /// What the choice is called in live mode.
    pub from: String,
    /// What it is called in test mode.
    pub to: String,
}

const RENAMED_EXAMPLE: &str =
    r#"[{"object_type":"contact","key":"plan","from":"pro","to":"team"}]"#;

impl PromotionInput {
    /// The promotion of what this plan names.
    pub fn new(plan: impl Into<String>) -> Self {
        Self {
            plan: plan.into(),
            ..Self::default()
        }
    }

    /// Takes it from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_value` or `unknown_field`, naming the member.
    pub fn read(body: Value) -> Result<Self> {
        Reader::new(body)?.all_of(|reader| {
            let plan = reader.text("plan")?;
            let renamed = reader.take("renamed");
            let force = *reader.boolean("force")?.as_set().unwrap_or(&false);
            Ok((plan, renamed, force))
        })
        .and_then(|(plan, renamed, force)| {
            let Patch::Set(plan) = plan else {
                let message = "`plan` must be that of the promotion which was read: `GET /v1/schema/promotion` gives it.";
                return Err(Error::invalid("plan", message));
            };
            if !is_name(&plan) {
                let message = format!(
                    "`plan` must be the name of a plan as `GET /v1/schema/promotion` gives it, `plan_` and 32 digits, not {}.",
                    Quoted(&plan)
                );
                return Err(Error::invalid("plan", message));
            }
            let renamed = renamed.map(read_renamed).transpose()?;
            Ok(Self {
                plan,
                renamed: renamed.unwrap_or_default(),
                force,
            })
        })
    }
}

fn read_renamed(value: Value) -> Result<Vec<ChoiceRename>> {
    let given = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(all) => all,
        other => {
            let given = type_name(&other);
            let message =
                format!("`renamed` must be a list such as {RENAMED_EXAMPLE}, not {given}.");
            return Err(Error::invalid("renamed", message));
        }
    };
    if given.len() > FIELDS_MAX {
        let message = format!("`renamed` can name {FIELDS_MAX} choices at most.");
        return Err(Error::invalid("renamed", message));
    }
    let given = given.into_iter().enumerate();
    let read = given.map(|(index, one)| {
        let read = match one {
            Value::Object(members) => read_one(members),
            other => Err(Error::invalid(
                "",
                format!(
                    "What is renamed must be an object such as {}, not {}.",
                    &RENAMED_EXAMPLE[1..RENAMED_EXAMPLE.len() - 1],
                    type_name(&other)
                ),
            )),
        };
        let at = format!("renamed[{index}]");
        read.map_err(|error| match error.field() {
            Some("") => error.at(at),
            _ => error.within(&at),
        })
    });
    read.collect()
}

fn read_one(members: Map<String, Value>) -> Result<ChoiceRename> {
    let mut reader = Reader::new(Value::Object(members))?;
    let object_type = reader.text("object_type")?;
    let [key, from, to] = ["key", "from", "to"].map(|name| (name, reader.text(name)));
    reader.finish()?;
    let text = |(name, given): (&str, Result<Patch<String>>)| match given? {
        Patch::Set(text) => Ok(text),
        Patch::Keep | Patch::Clear => {
            Err(Error::invalid(name, format!("`{name}` must be a text.")))
        }
    };
    Ok(ChoiceRename {
        object_type: ObjectType::required("object_type", object_type)?,
        key: text(key)?,
        from: text(from)?,
        to: text(to)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAN: &str = "plan_6f1d0a9b7c3e4d5f8a2b1c0d9e8f7a6b";

    #[test]
    fn a_promotion_is_read() {
        let read = PromotionInput::read(json!({
            "plan": PLAN, "force": true,
            "renamed": [{ "object_type": "deal", "key": "plan", "from": "a", "to": "b" }],
        }));
        let renamed = ChoiceRename {
            object_type: ObjectType::Deal,
            key: "plan".into(),
            from: "a".into(),
            to: "b".into(),
        };
        let expected = PromotionInput {
            plan: PLAN.into(),
            renamed: vec![renamed],
            force: true,
        };
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, at) in [
            (json!({}), "plan"),
            (json!({ "plan": null }), "plan"),
            (json!({ "plan": "p" }), "plan"),
            (json!({ "plan": PLAN, "renamed": {} }), "renamed"),
            (json!({ "plan": PLAN, "renamed": [1] }), "renamed[0]"),
            (
                json!({ "plan": PLAN, "renamed": [{ "object_type": "deal", "from": "a", "to": "b" }] }),
                "renamed[0].key",
            ),
            (
                json!({ "plan": PLAN, "renamed": [{ "object_type": "lead", "key": "k", "from": "a", "to": "b" }] }),
                "renamed[0].object_type",
            ),
            (json!({ "plan": PLAN, "forced": true }), "forced"),
        ] {
            let error = PromotionInput::read(body.clone()).unwrap_err();
            assert_eq!(error.field(), Some(at), "{body}");
        }
    }
}
