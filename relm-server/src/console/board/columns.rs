//! The columns of a board: the newest deals of each stage, counted and added up as far as they were read.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use relm_core::{Deal, Error, Filter, Id, ListRequest, ObjectType, Scoped};

use super::cards::{Card, Room, reference};
use super::stages::{Stages, filter};
use crate::console::layout::Place;
use crate::console::records::{Names, amount, path_of};
use crate::console::shown::cut;

/// Deals of a stage that are counted and added up: the newest.
pub(super) const COUNTED_MAX: usize = 50;
/// Characters of the name of a stage.
const NAME_CHARS: usize = 24;

/// The deals of a stage.
pub(super) struct Column {
    /// Nothing, of deals without a stage.
    pub stage: String,
    pub name: String,
    /// Deals that were read.
    pub count: usize,
    /// Whether they are all.
    pub is_all: bool,
    /// What they are worth, in each currency.
    pub sums: Vec<String>,
    pub cards: Vec<Card>,
    /// The list of all of them.
    pub list: String,
}

impl Column {
    pub async fn all(scoped: &Scoped, place: &Place, stages: &Stages) -> Result<Vec<Self>, Error> {
        let read = stages.all.iter().map(|stage| newest(scoped, stage));
        let read = try_join_all(read).await?;
        let names: Vec<String> = stages.all.iter().map(|stage| name_of(stage)).collect();
        let room = Room::beside(&stages.all, &names);
        let shown = read.iter().map(|(deals, _)| room.for_some_of(deals));
        let shown: Vec<&[Deal]> = shown.collect();
        let mut references: Vec<Id> = Vec::new();
        for deals in &shown {
            references.extend(deals.iter().filter_map(reference));
        }
        let with = Names::of(scoped, references).await?;
        let deals = path_of(place, ObjectType::Deal);
        let mut number = 0..;
        let columns = stages.all.iter().zip(names).zip(read.iter().zip(shown));
        let columns = columns.map(|((stage, name), ((deals_read, is_all), shown))| Self {
            stage: stage.clone(),
            name,
            count: deals_read.len(),
            is_all: *is_all,
            sums: sums(deals_read),
            cards: shown
                .iter()
                .zip(number.by_ref())
                .map(|(deal, number)| Card::of(place, number, deal, &with))
                .collect(),
            list: format!("{deals}?{}", filter(stage)),
        });
        Ok(columns.collect())
    }

    /// Whether the page shows fewer deals than were read.
    pub fn is_cut(&self) -> bool {
        self.cards.len() < self.count
    }
}

/// The newest deals of a stage, and whether there are no others.
async fn newest(scoped: &Scoped, stage: &str) -> Result<(Vec<Deal>, bool), Error> {
    let filter = match stage {
        "" => Filter::new("stage", "is_null", "true"),
        stage => Filter::new("stage", "eq", stage),
    };
    let request = ListRequest::default().filter(filter).limit(COUNTED_MAX);
    let page = scoped.deals().list(&request).await?;
    let is_all = !page.has_more();
    Ok((page.data, is_all))
}

fn name_of(stage: &str) -> String {
    match stage {
        "" => "No stage".to_owned(),
        stage => cut(stage, NAME_CHARS),
    }
}

/// What deals are worth, in each currency that they have.
fn sums(deals: &[Deal]) -> Vec<String> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for deal in deals {
        if let Some(cents) = deal.value_cents {
            let currency = deal.currency.as_deref().unwrap_or_default();
            *sums.entry(currency).or_default() += i128::from(cents);
        }
    }
    let sums = sums.into_iter();
    sums.map(|(currency, cents)| amount(cents, currency))
        .collect()
}
