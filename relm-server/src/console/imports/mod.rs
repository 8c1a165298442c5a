//! Imports: a file is sent once, as a dry run that keeps its rows; its page shows what it would come to, and what each column becomes; and
//! from there the same rows are tried again, or taken in.

mod act;
mod asked;
mod form;
mod list;
mod mapping;
mod page;
mod receive;

pub(super) use self::act::{cancel, confirm_delete, confirm_undo, conflicts, delete, errors, undo};
pub(super) use self::form::new;
pub(super) use self::list::list;
pub(super) use self::page::{go_on, page};
pub(super) use self::receive::receive;

use relm_core::record::import::Import;
use relm_core::{Id, Kind, Scoped};

use super::layout::{Place, Section};
use super::problem::Problem;
use super::visit::Visit;

/// Where an import is.
fn path_to(place: &Place, id: Id) -> String {
    format!("{}/{id}", place.path(Section::Imports))
}

/// The import that the path names.
async fn of_path(visit: &Visit, scoped: &Scoped) -> Result<Import, Problem> {
    let id = visit.id("id")?;
    if id.kind() != Kind::Import {
        return Err(Problem::missing());
    }
    let found = scoped.imports().get(id).await?;
    found.ok_or_else(Problem::missing)
}
