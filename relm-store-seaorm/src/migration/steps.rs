//! The steps of the migration, in the order in which a database takes them.
//!
//! A step makes a table or an index of an [entity](crate::entity), and never changes once it is released: a new column is a new
//! step, named in `ADDED` of its entity, so that the step that makes the table leaves it out. Where the engine takes columns, keys or index terms from documents
//! otherwise than before, a step has them derived anew (`derive.rs`).

use crate::dialect::Dialect;
use crate::entity::{
    Table, TableOf, activity, api_key, association, company, configuration, contact, deal,
    delivery, event, event_log, field, import, import_part, response, response_record, session,
    table_of, term, trash, unique_value, user, webhook, workspace,
};

/// One step.
pub(crate) struct Step {
    pub name: &'static str,
    pub work: Work,
}

/// What a step does.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Makes the table of an entity.
    Table(fn() -> TableOf),
    /// Makes the index of this suffix.
    Index(fn() -> TableOf, &'static str),
    /// Adds the column of this name.
    Column(fn() -> TableOf, &'static str),
    /// Gives a new column its values, by a statement that may be run twice.
    Fill(fn(Dialect) -> String),
    /// Has everything derived anew that is derived from documents. Of several such steps the last would do for all.
    Derive,
}

const fn table<E: Table>(name: &'static str) -> Step {
    let work = Work::Table(table_of::<E>);
    Step { name, work }
}

const fn index<E: Table>(name: &'static str, suffix: &'static str) -> Step {
    let work = Work::Index(table_of::<E>, suffix);
    Step { name, work }
}

const fn column<E: Table>(name: &'static str, column: &'static str) -> Step {
    let work = Work::Column(table_of::<E>, column);
    Step { name, work }
}

const fn fill(name: &'static str, statement: fn(Dialect) -> String) -> Step {
    let work = Work::Fill(statement);
    Step { name, work }
}

const fn derive(name: &'static str) -> Step {
    let work = Work::Derive;
    Step { name, work }
}

/// How many steps this program knows.
pub(crate) const KNOWN: usize = STEPS.len();

/// All steps, oldest first. The version of a database is how many it has taken.
pub(crate) const STEPS: &[Step] = &[
    table::<contact::Entity>("contacts"),
    index::<contact::Entity>("contacts by e-mail", "email_key"),
    index::<contact::Entity>("contacts by last name", "last_name"),
    index::<contact::Entity>("contacts by phone", "phone"),
    index::<contact::Entity>("contacts by company", "company_id"),
    index::<contact::Entity>("contacts by change", "updated_at"),
    table::<company::Entity>("companies"),
    index::<company::Entity>("companies by name", "name"),
    index::<company::Entity>("companies by domain", "domain"),
    index::<company::Entity>("companies by change", "updated_at"),
    table::<deal::Entity>("deals"),
    index::<deal::Entity>("deals by stage", "stage"),
    index::<deal::Entity>("deals by close date", "close_date"),
    index::<deal::Entity>("deals by company", "company_id"),
    index::<deal::Entity>("deals by contact", "primary_contact_id"),
    index::<deal::Entity>("deals by change", "updated_at"),
    table::<activity::Entity>("activities"),
    index::<activity::Entity>("activities by type", "type"),
    index::<activity::Entity>("activities by contact", "contact_id"),
    index::<activity::Entity>("activities by deal", "deal_id"),
    index::<activity::Entity>("activities by company", "company_id"),
    index::<activity::Entity>("activities by time", "occurred_at"),
    index::<activity::Entity>("activities by change", "updated_at"),
    table::<association::Entity>("associations"),
    index::<association::Entity>("associations by edge", "edge_key"),
    index::<association::Entity>("associations by start", "from_id"),
    index::<association::Entity>("associations by end", "to_id"),
    table::<field::Entity>("fields"),
    index::<field::Entity>("fields by key", "field_key"),
    table::<webhook::Entity>("webhooks"),
    table::<event::Entity>("events"),
    table::<delivery::Entity>("deliveries"),
    index::<delivery::Entity>("deliveries by webhook", "webhook_id"),
    table::<api_key::Entity>("api keys"),
    index::<api_key::Entity>("api keys by digest", "digest"),
    index::<api_key::Entity>("api keys by workspace", "workspace_id"),
    table::<workspace::Entity>("workspaces"),
    index::<workspace::Entity>("workspaces by name", "name_key"),
    table::<term::Entity>("terms"),
    table::<response::Entity>("responses"),
    index::<response::Entity>("responses by expiry", "expires_at"),
    table::<configuration::Entity>("configurations"),
    index::<delivery::Entity>("deliveries by event", "event_id"),
    index::<delivery::Entity>("deliveries by due time", "due"),
    derive("one identity for addresses, domains and telephone numbers"),
    column::<workspace::Entity>("numbers of scopes", "scope_digits"),
    index::<workspace::Entity>("workspaces by the numbers of their scopes", "scope_digits"),
    column::<event::Entity>("numbers of events", "seq"),
    index::<event::Entity>("events by number", "seq"),
    table::<event_log::Entity>("event logs"),
    index::<event::Entity>("events by record", "record_id"),
    table::<user::Entity>("users"),
    index::<user::Entity>("users by e-mail", "email_key"),
    table::<session::Entity>("sessions"),
    index::<session::Entity>("sessions by digest", "digest"),
    index::<session::Entity>("sessions by user", "user_id"),
    table::<trash::Entity>("trash"),
    index::<trash::Entity>("trash by record", "record_id"),
    index::<trash::Entity>("trash by type", "record_type"),
    index::<trash::Entity>("trash by start", "from_id"),
    index::<trash::Entity>("trash by end", "to_id"),
    table::<response_record::Entity>("records of responses"),
    index::<response_record::Entity>("records of responses by expiry", "expires_at"),
    derive("one identity for names in every composition"),
    column::<event::Entity>("starts of associations that events tell of", "from_id"),
    column::<event::Entity>("ends of associations that events tell of", "to_id"),
    index::<event::Entity>("events by start", "from_id"),
    index::<event::Entity>("events by end", "to_id"),
    column::<event::Entity>("requests that events were made for", "request_id"),
    index::<event::Entity>("events by request", "request_id"),
    table::<unique_value::Entity>("unique values"),
    index::<unique_value::Entity>("unique values by key", "unique_key"),
    index::<unique_value::Entity>("unique values by index", "part_of"),
    index::<unique_value::Entity>("unique values by record", "record_id"),
    table::<import::Entity>("imports"),
    index::<import::Entity>("imports by slot", "slot"),
    table::<import_part::Entity>("parts of imports"),
    index::<import_part::Entity>("parts of imports by key", "part_key"),
    index::<import_part::Entity>("parts of imports by import", "import_id"),
    column::<activity::Entity>("when tasks are due", "due_at"),
    column::<activity::Entity>("when tasks were done", "done_at"),
    column::<activity::Entity>("who tasks are for", "assignee"),
    index::<activity::Entity>("activities by due time", "due_at"),
    index::<activity::Entity>("activities by assignee", "assignee"),
    column::<association::Entity>("first days of associations", "since"),
    column::<association::Entity>("last days of associations", "until"),
    column::<contact::Entity>("who contacts belong to", "owner"),
    column::<company::Entity>("who companies belong to", "owner"),
    column::<deal::Entity>("who deals belong to", "owner"),
    index::<contact::Entity>("contacts by owner", "owner"),
    index::<company::Entity>("companies by owner", "owner"),
    index::<deal::Entity>("deals by owner", "owner"),
    column::<contact::Entity>("whole names of contacts", "name"),
    column::<activity::Entity>("when activities are told of", "notify_at"),
    fill("when activities of before are told of", told_from_now_on),
    index::<activity::Entity>("activities by when they are told of", "notify_at"),
];

/// Has the engine tell of what is due from now on: of what was overdue before there were such events, it tells once that is written again.
fn told_from_now_on(dialect: Dialect) -> String {
    format!(
        "UPDATE activities SET notify_at = CASE WHEN due_at > updated_at THEN due_at ELSE updated_at END \
         WHERE done_at IS NULL AND due_at > ({})",
        dialect.now_millis()
    )
}

/// Whether a step after the one of this number adds a column to a table.
pub(crate) fn is_added_after(step: i64, table: &str, column: &str) -> bool {
    let taken = usize::try_from(step).unwrap_or(0);
    let mut later = STEPS.iter().skip(taken);
    later.any(|step| match step.work {
        Work::Column(of, name) => name == column && of().name == table,
        Work::Table(_) | Work::Index(..) | Work::Fill(_) | Work::Derive => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_added_after_every_step_before_its_own() {
        let own = STEPS
            .iter()
            .position(|step| step.name == "numbers of events");
        let own = own.unwrap() as i64 + 1;
        assert!(is_added_after(own - 1, "events", "seq"));
        assert!(!is_added_after(own, "events", "seq"));
        assert!(!is_added_after(0, "events", "type"), "its table has it");
        assert!(!is_added_after(0, "deliveries", "seq"), "of another table");
    }
}
