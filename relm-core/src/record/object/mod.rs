//! The four things that a CRM is about, and what the engine needs to know of each.

mod activity;
mod columns;
mod company;
mod contact;
mod deal;
mod interface;
mod lists;
mod names;

pub use activity::{Activity, ActivityInput};
pub use company::{Company, CompanyInput};
pub use contact::{Contact, ContactInput};
pub use deal::{Deal, DealInput};
pub use interface::{Object, READ_ONLY};

pub use crate::record::object_type::ObjectType;
pub use crate::record::postal::{AddressesInput, PostalAddress};
pub use crate::record::several::{EmailAddress, PhoneNumber};

use crate::value::spelling::OtherNames;

/// What other CRMs call the members of the records of a type.
pub(crate) const fn other_names(object_type: ObjectType) -> OtherNames {
    match object_type {
        ObjectType::Contact => names::CONTACT_NAMES,
        ObjectType::Company => company::OTHER_NAMES,
        ObjectType::Deal => deal::OTHER_NAMES,
        ObjectType::Activity => activity::OTHER_NAMES,
    }
}

#[cfg(test)]
mod tests;
