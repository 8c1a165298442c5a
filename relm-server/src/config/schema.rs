//! `relm-server schema`: what is said of definitions.

use clap::{Args, Subcommand};
use relm_core::engine::ChoiceRename;
use relm_core::{Id, ObjectType};

use super::values::parse_id;

/// What to do with the definitions of custom fields.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Print what it would change in live mode to have the definitions of test mode there, and the name of that plan. Nothing is changed.
    Plan {
        /// Of what, and what is called otherwise.
        #[command(flatten)]
        of: PromotionArgs,
        /// End with status 1 where anything is to be promoted, or cannot be: for scripts.
        #[arg(long)]
        check: bool,
    },
    /// Promote the definitions of test mode to live mode, as a plan says that was read: all of it, or nothing.
    Apply {
        /// Of what, and what is called otherwise.
        #[command(flatten)]
        of: PromotionArgs,
        /// The plan's name, as `plan` prints it. Where definitions are others by now, nothing is changed and the new plan is printed.
        #[arg(long, value_name = "NAME")]
        plan: String,
        /// Promote what live records do not keep to: it binds each of them from its next write on.
        #[arg(long)]
        force: bool,
    },
}

/// Of what, and what is called otherwise.
#[derive(Debug, Args)]
pub struct PromotionArgs {
    /// The workspace.
    #[arg(long, value_parser = parse_id)]
    pub workspace: Id,
    /// A choice of live mode and what it is called in test mode, such as `contact.plan:pro=team`; may be given more than once.
    #[arg(long, value_name = "FIELD:FROM=TO", value_parser = parse_rename)]
    pub rename: Vec<ChoiceRename>,
    /// Print the plan as JSON, as the API has it.
    #[arg(long)]
    pub json: bool,
}

fn parse_rename(text: &str) -> Result<ChoiceRename, String> {
    let read = || {
        let (field, names) = text.split_once(':')?;
        let (object, key) = field.split_once('.')?;
        let (from, to) = names.split_once('=')?;
        Some(ChoiceRename {
            object_type: ObjectType::parse(object)?,
            key: key.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        })
    };
    read().ok_or_else(|| {
        "it must be an object, a key and two names, such as `contact.plan:pro=team`".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_choice_is_named_with_its_field() {
        let rename = parse_rename("contact.plan:pro=team=2").unwrap();
        assert_eq!(
            (rename.object_type, &*rename.key, &*rename.from, &*rename.to),
            (ObjectType::Contact, "plan", "pro", "team=2")
        );
        for wrong in [
            "plan:pro=team",
            "contact.plan",
            "lead.plan:a=b",
            "contact.plan:a",
        ] {
            assert!(parse_rename(wrong).is_err(), "{wrong}");
        }
    }
}
