//! The columns of a board: the newest deals of each stage, counted and added up as far as they were read.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use relm_core::{Deal, Error, Filter, Id, ListRequest, ObjectType, Scoped};

use super::cards::{Card, Room, reference};
use super::stages::{Stages, escaped, filter, filter_of};
use crate::console::layout::Place;
use crate::console::records::{Names, amount, path_of};
use crate::console::shown::cut;

/// Deals of a stage that are counted and added up: the newest.
pub(super) const COUNTED_MAX: usize = 50;
/// Characters of the name of a stage.
const NAME_CHARS: usize = 24;

/// The deals of a stage, or those that are in none of the pipeline's.
pub(super) struct Column {
    /// Which of the page's columns it is.
    pub number: usize,
    /// Nothing, of deals without a stage, and of those of several stages.
    pub stage: String,
    pub name: String,
    /// Whether these are the deals whose stages the pipeline has not.
    pub is_of_others: bool,
    /// Whether deals can be moved to it.
    pub takes: bool,
    /// How likely its deals are to be won, in percent, where the pipeline says it.
    pub probability: Option<u8>,
    /// Deals that were read.
    pub count: usize,
    /// Whether they are all.
    pub is_all: bool,
    /// What they are worth, in each currency.
    pub sums: Vec<String>,
    /// The same, times their probability.
    pub weighted: Vec<String>,
    pub cards: Vec<Card>,
    /// The list of all of them.
    pub list: String,
}

impl Column {
    pub async fn all(scoped: &Scoped, place: &Place, stages: &Stages) -> Result<Vec<Self>, Error> {
        let mut sought: Vec<&[String]> = stages.all.chunks(1).collect();
        sought.extend((!stages.others.is_empty()).then_some(&stages.others[..]));
        let read = sought.iter().map(|stages| newest(scoped, stages));
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
        let mut card = 0..;
        let columns = sought.into_iter().zip(read.iter().zip(shown)).enumerate();
        let columns = columns.map(|(number, (sought, ((read, is_all), shown)))| {
            let of_one = (number < stages.all.len()).then(|| sought[0].clone());
            let probability = of_one.as_ref().and_then(|stage| stages.probability(stage));
            let worth = worth(read);
            Self {
                number,
                name: match &of_one {
                    Some(stage) => name_of(stage),
                    None => "Not in the pipeline".to_owned(),
                },
                is_of_others: of_one.is_none(),
                takes: of_one.as_ref().is_some_and(|stage| stages.takes(stage)),
                probability,
                count: read.len(),
                is_all: *is_all,
                sums: amounts(worth.iter().map(|(code, cents)| (*code, *cents))),
                weighted: probability.map_or_else(Vec::new, |percent| weighted(&worth, percent)),
                cards: shown
                    .iter()
                    .zip(card.by_ref())
                    .map(|(deal, number)| Card::of(place, number, deal, &with))
                    .collect(),
                list: match &of_one {
                    Some(stage) => format!("{deals}?{}", filter(stage)),
                    None => format!("{deals}?{}", filter_of(sought)),
                },
                stage: of_one.unwrap_or_default(),
            }
        });
        Ok(columns.collect())
    }

    /// Whether the page shows fewer deals than were read.
    pub fn is_cut(&self) -> bool {
        self.cards.len() < self.count
    }
}

/// The newest deals of any of these stages, and whether there are no others.
async fn newest(scoped: &Scoped, stages: &[String]) -> Result<(Vec<Deal>, bool), Error> {
    let mut request = ListRequest::default().limit(COUNTED_MAX);
    match stages {
        [stage] if stage.is_empty() => {
            request = request.filter(Filter::new("stage", "is_null", "true"));
        }
        [stage] => request = request.filter(Filter::new("stage", "eq", stage.as_str())),
        several => {
            for stage in several {
                request = request.filter(Filter::new("stage", "in", escaped(stage)));
            }
        }
    }
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
fn worth(deals: &[Deal]) -> BTreeMap<&str, i128> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for deal in deals {
        if let Some(cents) = deal.value_cents {
            let currency = deal.currency.as_deref().unwrap_or_default();
            *sums.entry(currency).or_default() += i128::from(cents);
        }
    }
    sums
}

/// What that comes to where of a hundred such deals so many are won: to the nearest smallest unit of each currency.
fn weighted(worth: &BTreeMap<&str, i128>, percent: u8) -> Vec<String> {
    let part = |cents: i128| (cents * i128::from(percent) + 50).div_euclid(100);
    amounts(worth.iter().map(|(code, cents)| (*code, part(*cents))))
}

fn amounts<'a>(worth: impl Iterator<Item = (&'a str, i128)>) -> Vec<String> {
    worth
        .map(|(currency, cents)| amount(cents, currency))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weighted_sum_is_of_each_currency_and_to_its_smallest_unit() {
        let worth = BTreeMap::from([("EUR", 1_005), ("JPY", -15)]);
        assert_eq!(weighted(&worth, 10), ["1.01 EUR", "\u{2212}1 JPY"]);
        assert_eq!(weighted(&worth, 0), ["0.00 EUR", "0 JPY"]);
        assert_eq!(weighted(&worth, 100), ["10.05 EUR", "\u{2212}15 JPY"]);
    }
}
