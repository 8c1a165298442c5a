//! Which stages a board has: those that its address names, or those of the newest deals, in the order in which sales mostly go.

use std::collections::BTreeMap;

use form_urlencoded::byte_serialize;
use relm_core::{Error, ListRequest, Scoped};

/// The parameter that names stages, with commas between them.
pub(super) const CHOSEN: &str = "stages";
/// Deals whose stages make the board where the address names none.
pub(super) const LOOKED_AT: usize = 100;
/// Columns of a board.
const STAGES_MAX: usize = 8;

/// What stages are mostly called, in the order of a sale. Whatever else there is stands between those that are open and those that
/// are over.
const OPEN: [&str; 19] = [
    "new",
    "lead",
    "prospect",
    "contacted",
    "connected",
    "qualified",
    "qualification",
    "discovery",
    "meeting",
    "demo",
    "trial",
    "evaluation",
    "proposal",
    "quote",
    "negotiation",
    "contract",
    "commit",
    "closing",
    "signed",
];
const OVER: [&str; 7] = [
    "won",
    "closed won",
    "closed_won",
    "lost",
    "closed lost",
    "closed_lost",
    "abandoned",
];

/// The stages of a board.
pub(super) struct Stages {
    /// In the order of the columns; the empty text is that of deals without one.
    pub all: Vec<String>,
    /// Whether the address names them.
    pub are_chosen: bool,
    /// Stages of the newest deals for which there was no room.
    pub left_out: usize,
}

impl Stages {
    pub async fn of(scoped: &Scoped, chosen: &str) -> Result<Self, Error> {
        let chosen = named(chosen);
        if !chosen.is_empty() {
            return Ok(Self {
                all: chosen,
                are_chosen: true,
                left_out: 0,
            });
        }
        let newest = ListRequest::default().limit(LOOKED_AT);
        let newest = scoped.deals().list(&newest).await?.data;
        let stages = newest
            .into_iter()
            .map(|deal| deal.stage.unwrap_or_default());
        let (all, left_out) = most_used(stages);
        Ok(Self {
            all,
            are_chosen: false,
            left_out,
        })
    }

    /// What the address of this board says of them.
    pub fn query(&self) -> String {
        match self.are_chosen {
            true => format!("?{CHOSEN}={}", encoded(&self.all.join(","))),
            false => String::new(),
        }
    }

    /// The stages as the form that chooses them has them: those that can be named there.
    pub fn typed(&self) -> String {
        let can_be_named = |stage: &&String| !stage.is_empty() && !stage.contains(',');
        let named = self.all.iter().filter(can_be_named);
        let named: Vec<&str> = named.map(String::as_str).collect();
        named.join(", ")
    }
}

/// The filter of a list that shows the deals of a stage, as the API writes it.
pub(super) fn filter(stage: &str) -> String {
    match stage {
        "" => "filter[stage][is_null]=true".to_owned(),
        stage => format!("filter[stage]={}", encoded(stage)),
    }
}

fn encoded(text: &str) -> String {
    let encoded: String = byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// The stages that somebody named, each once.
fn named(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for stage in text.split(',').map(str::trim) {
        if !stage.is_empty() && !all.iter().any(|known| known == stage) {
            all.push(stage.to_owned());
        }
    }
    all.truncate(STAGES_MAX);
    all
}

/// Those that most deals are in, in the order of a sale, and how many others there are.
fn most_used(stages: impl Iterator<Item = String>) -> (Vec<String>, usize) {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for stage in stages {
        *uses.entry(stage).or_default() += 1;
    }
    let mut all: Vec<(String, usize)> = uses.into_iter().collect();
    all.sort_by_key(|(_, uses)| std::cmp::Reverse(*uses));
    let left_out = all.len().saturating_sub(STAGES_MAX);
    all.truncate(STAGES_MAX);
    let mut all: Vec<String> = all.into_iter().map(|(stage, _)| stage).collect();
    all.sort_by_key(|stage| (place_of(stage), stage.to_lowercase()));
    (all, left_out)
}

/// Where a stage stands in a sale.
fn place_of(stage: &str) -> usize {
    let stage = stage.to_lowercase();
    let is = |known: &&str| *known == stage;
    let unknown = OPEN.len() + 1;
    match (OPEN.iter().position(is), OVER.iter().position(is)) {
        _ if stage.is_empty() => 0,
        (Some(place), _) => place + 1,
        (None, Some(place)) => unknown + 1 + place,
        (None, None) => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(stages: &[&str]) -> (Vec<String>, usize) {
        most_used(stages.iter().map(|stage| (*stage).to_owned()))
    }

    #[test]
    fn stages_stand_in_the_order_of_a_sale() {
        let stages = [
            "won",
            "Lead",
            "lost",
            "",
            "pilot",
            "negotiation",
            "audit",
            "lead",
        ];
        let (all, left_out) = used(&stages);
        let expected = [
            "",
            "Lead",
            "lead",
            "negotiation",
            "audit",
            "pilot",
            "won",
            "lost",
        ];
        assert_eq!((all, left_out), (expected.map(str::to_owned).into(), 0));
    }

    #[test]
    fn what_has_no_room_is_what_is_used_least() {
        let many: Vec<String> = (0..10)
            .flat_map(|stage| vec![format!("s{stage}"); 10 - stage])
            .collect();
        let (all, left_out) = most_used(many.into_iter());
        assert_eq!((all.len(), left_out), (STAGES_MAX, 2));
        assert!(!all.contains(&"s9".to_owned()) && all.contains(&"s7".to_owned()));
    }

    #[test]
    fn stages_are_named_with_commas_between_them() {
        assert_eq!(named(" lead,won ,, lead,No go"), ["lead", "won", "No go"]);
        assert!(named(" , ").is_empty());
        assert_eq!(filter("No go+"), "filter[stage]=No%20go%2B");
        assert_eq!(filter(""), "filter[stage][is_null]=true");
    }
}
