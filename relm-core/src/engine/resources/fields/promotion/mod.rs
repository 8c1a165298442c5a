//! Promotion: the definitions of live mode become those of test mode. First a plan, which says what that would change and what live
//! records would not keep to, and then that plan, in one commit of live mode.
//!
//! A commit is of one scope and cannot require anything of another. What is promoted is what test mode said as the attempt read it, and a
//! plan names what it was made of: where either mode says otherwise by then, nothing is promoted.

mod applying;
mod comparing;
mod drafted;
mod drawing;
mod input;
mod plan_name;
mod planning;
mod report;

pub(super) use self::applying::promote;
pub use self::input::{ChoiceRename, PromotionInput};
pub(super) use self::planning::plan;
pub use self::report::{
    Breach, ChoicesChange, FieldName, MemberChange, PromotedField, PromotedSetting, Promotion,
    PromotionStatus, PromotionTag, RefusedField, RenamedChoice,
};
