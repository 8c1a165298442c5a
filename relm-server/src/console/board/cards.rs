//! The cards of a board: what is seen of a deal in a column, and how many of them a page has room for.

use relm_core::{Deal, Id};

use crate::console::layout::Place;
use crate::console::records::{Names, amount, path_to};
use crate::console::shown::{bytes_in_page, cut};

/// Bytes of a page that all cards may take.
const CARDS_BYTES: usize = 76 * 1024;
/// Cards of a board: what they refer to is looked up at once.
const CARDS_MAX: usize = 100;
/// Bytes of a card beside its texts.
const CARD_BYTES: usize = 520;
/// Bytes of a way to a stage beside its name.
const WAY_BYTES: usize = 60;
/// Characters of a title, and of whom the deal is with.
const TEXT_CHARS: usize = 48;
/// Characters of the stage of a deal that is in none of the pipeline's.
const STAGE_CHARS: usize = 24;

/// What is seen of a deal.
pub(super) struct Card {
    /// Which of the page's cards it is.
    pub number: usize,
    pub id: Id,
    pub version: i64,
    pub path: String,
    pub title: String,
    pub value: String,
    /// Its stage, as it is seen where a column has deals of several.
    pub stage: String,
    /// Whom it is with.
    pub with: String,
    pub closes: Option<String>,
}

impl Card {
    pub fn of(place: &Place, number: usize, deal: &Deal, names: &Names) -> Self {
        let with = reference(deal).filter(|id| names.has(*id));
        let cents = deal.value_cents.map(i128::from);
        let currency = deal.currency.as_deref().unwrap_or_default();
        Self {
            number,
            id: deal.id,
            version: deal.version,
            path: path_to(place, deal.id).unwrap_or_default(),
            title: cut(&deal.title, TEXT_CHARS),
            value: cents.map_or_else(String::new, |cents| amount(cents, currency)),
            stage: cut(deal.stage.as_deref().unwrap_or_default(), STAGE_CHARS),
            with: with.map_or_else(String::new, |id| cut(&names.get(id), TEXT_CHARS)),
            closes: deal.close_date.map(|day| day.to_string()),
        }
    }
}

/// Whom a deal is with.
pub(super) fn reference(deal: &Deal) -> Option<Id> {
    deal.primary_contact_id.or(deal.company_id)
}

/// The room that a page has for the cards of each column.
#[derive(Clone, Copy)]
pub(super) struct Room {
    cards: usize,
    bytes: usize,
    /// What the ways to all stages take in each card.
    ways: usize,
}

impl Room {
    /// The room beside these stages, which are called so: each stands in the page as it is, twice, and in a link.
    pub fn beside(stages: &[String], names: &[String]) -> Self {
        let columns = stages.len().max(1);
        let spent = stages
            .iter()
            .map(|stage| 2 * bytes_in_page(stage) + 3 * stage.len());
        let ways = names.iter().map(|name| WAY_BYTES + bytes_in_page(name));
        Self {
            cards: CARDS_MAX / columns,
            bytes: CARDS_BYTES.saturating_sub(spent.sum()) / columns,
            ways: ways.sum(),
        }
    }

    /// Those of a column's deals that it is enough for.
    pub fn for_some_of(self, deals: &[Deal]) -> &[Deal] {
        let mut left = self.bytes;
        let fit = deals.iter().take(self.cards).take_while(|deal| {
            let title = bytes_in_page(&cut(&deal.title, TEXT_CHARS));
            // Whom it is with is looked up later.
            let with = (TEXT_CHARS + STAGE_CHARS) * "&#34;".len();
            let rest = left.checked_sub(CARD_BYTES + self.ways + title + with);
            left = rest.unwrap_or(left);
            rest.is_some()
        });
        &deals[..fit.count()]
    }
}
