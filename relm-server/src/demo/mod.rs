//! Data to look at: four weeks of a sales team, the same every time but for the days, which end with yesterday.
//!
//! It is written through the engine, as programs and people write: by a clock that is set back, each change in its turn, so that
//! records have the age and the history that they would have.

mod day;
mod dice;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use relm_core::engine::Crm;
use relm_core::value::time::ManualClock;
use relm_core::{
    Actor, ActorType, Clock as _, Date, FieldInput, FieldType, Id, ListRequest, Mode, ObjectType,
    Result, Scoped, Timestamp,
};

use self::dice::Dice;
use self::words::{INDUSTRIES, PLANS, SOURCES, TEAM};

/// Days that it tells of.
const DAYS: usize = 28;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// When people begin to work, in UTC.
const MORNING_MS: i64 = 7 * HOUR_MS;
/// What lies between two rounds of changes.
const PAUSE_MS: i64 = 53 * 60 * 1000;
/// Changes that are under way at once: a database commits what waits together.
const AT_ONCE: usize = 32;
/// What its chance begins with.
const SEED: u64 = 20_261_129;

/// How much there is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Companies.
    pub companies: usize,
    /// Contacts.
    pub contacts: usize,
    /// Deals.
    pub deals: usize,
    /// Activities.
    pub activities: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            companies: 420,
            contacts: 10_000,
            deals: 200,
            activities: 1_400,
        }
    }
}

/// Fills a workspace and mode of an engine that goes by this clock, which it sets to each day in its turn; tells whether it did:
/// where there is anything, it leaves everything as it is.
///
/// # Errors
/// Those of the store.
pub async fn fill(
    crm: &Crm,
    clock: &ManualClock,
    (workspace, mode): (Id, Mode),
    size: Size,
) -> Result<bool> {
    let scoped = crm.open(workspace, mode).await?;
    if has_anything(&scoped).await? {
        return Ok(false);
    }
    let today = clock.now().as_millis() / DAY_MS * DAY_MS;
    let first = today - DAY_MS * i64::try_from(DAYS).unwrap_or(0);
    clock.step_millis(first + MORNING_MS - clock.now().as_millis());
    define_fields(&scoped).await?;
    let mut demo = Demo::new(&scoped, clock, size)?;
    for day in 0..DAYS {
        let begun = DAY_MS * i64::try_from(day).unwrap_or(0);
        clock.advance_to(Timestamp::from_millis(first + MORNING_MS + begun));
        demo.spend(day).await?;
    }
    Ok(true)
}

/// Whether there is a record, one in the trash, a field, an event, or an endpoint, which would be sent all of it.
async fn has_anything(scoped: &Scoped) -> Result<bool> {
    let one = ListRequest::default().limit(1);
    let found = [
        !scoped.fields().all().await?.is_empty(),
        !scoped.webhooks().list(&one).await?.data.is_empty(),
        !scoped.contacts().list(&one).await?.data.is_empty(),
        !scoped.companies().list(&one).await?.data.is_empty(),
        !scoped.deals().list(&one).await?.data.is_empty(),
        !scoped.activities().list(&one).await?.data.is_empty(),
        !scoped.events().list(&one).await?.data.is_empty(),
        !scoped.contacts().trash(&one).await?.data.is_empty(),
        !scoped.companies().trash(&one).await?.data.is_empty(),
        !scoped.deals().trash(&one).await?.data.is_empty(),
        !scoped.activities().trash(&one).await?.data.is_empty(),
    ];
    Ok(found.contains(&true))
}

async fn define_fields(scoped: &Scoped) -> Result<()> {
    let field = |object_type, key: &str, label: &str, field_type, choices: &[&str]| FieldInput {
        label: Some(label.to_owned()),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        ..FieldInput::new(object_type, key, field_type)
    };
    let (contact, company, deal) = (ObjectType::Contact, ObjectType::Company, ObjectType::Deal);
    for input in [
        field(contact, "source", "Source", FieldType::Select, &SOURCES),
        field(contact, "newsletter", "Newsletter", FieldType::Bool, &[]),
        field(
            company,
            "industry",
            "Industry",
            FieldType::Select,
            &INDUSTRIES,
        ),
        field(company, "employees", "Employees", FieldType::Number, &[]),
        field(deal, "plan", "Plan", FieldType::Select, &PLANS),
    ] {
        scoped.fields().define(input).await?;
    }
    Ok(())
}

/// What has been made so far.
struct Demo<'a> {
    clock: &'a ManualClock,
    size: Size,
    dice: Dice,
    /// The handle of each of the team.
    team: Vec<Scoped>,
    companies: Vec<Company>,
    contacts: Vec<Contact>,
    /// Addresses that are given away.
    addresses: HashSet<String>,
    /// Deals that are neither won nor lost.
    open: Vec<Deal>,
}

#[derive(Clone)]
struct Company {
    id: Id,
    name: String,
    domain: String,
}

#[derive(Clone, Copy)]
struct Contact {
    id: Id,
    /// Which of the companies they are of.
    company: usize,
}

#[derive(Clone)]
struct Deal {
    id: Id,
    contact: Contact,
    /// Which of the open stages it is in.
    stage: usize,
    /// Which of the team looks after it.
    owner: usize,
}

impl<'a> Demo<'a> {
    fn new(scoped: &Scoped, clock: &'a ManualClock, size: Size) -> Result<Self> {
        let team = TEAM.iter().map(|(id, name)| {
            let (id, name) = (Some((*id).to_owned()), Some((*name).to_owned()));
            let actor = Actor::new(ActorType::User, id, name)?;
            Ok(scoped.clone().acting_as(Arc::new(actor)))
        });
        Ok(Self {
            clock,
            size,
            dice: Dice::new(SEED),
            team: team.collect::<Result<_>>()?,
            companies: Vec::new(),
            contacts: Vec::new(),
            addresses: HashSet::new(),
            open: Vec::new(),
        })
    }

    /// One of the team.
    fn somebody(&mut self) -> usize {
        self.dice.below(self.team.len())
    }

    /// So many days after the day that it is.
    fn day_after(&self, days: usize) -> Option<Date> {
        let at = self.clock.now();
        let at = at.saturating_add_millis(DAY_MS * i64::try_from(days).unwrap_or(0));
        Date::parse(at.to_string().get(..10)?)
    }

    /// Lets some time pass.
    fn pause(&self) {
        self.clock.advance_millis(PAUSE_MS);
    }
}

/// What of a whole is a day's.
fn share(of: usize, day: usize) -> usize {
    of * (day + 1) / DAYS - of * day / DAYS
}

/// Does these at once, as many as are under way at a time; what they give is in their order.
async fn at_once<T, F: Future<Output = Result<T>>>(
    demo: &Demo<'_>,
    all: impl IntoIterator<Item = F>,
) -> Result<Vec<T>> {
    let mut all = all.into_iter().peekable();
    let mut done = Vec::new();
    while all.peek().is_some() {
        let round: Vec<F> = all.by_ref().take(AT_ONCE).collect();
        done.extend(try_join_all(round).await?);
        demo.pause();
    }
    Ok(done)
}
