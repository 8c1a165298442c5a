//! Which stages a board has: those that its address names, those of the pipeline, or where none is defined those of the newest deals, in the
//! order in which sales mostly go.

use std::collections::BTreeMap;

use form_urlencoded::byte_serialize;
use relm_core::{Error, Field, ListRequest, Scoped};

/// The parameter that names stages, with commas between them.
pub(super) const CHOSEN: &str = "stages";
/// Deals whose stages make the board where the address names none.
pub(super) const LOOKED_AT: usize = 100;
/// Columns of a board.
const STAGES_MAX: usize = 8;
/// Columns of the board of a pipeline, beside those of deals that are in none of its stages.
const PIPELINE_STAGES_MAX: usize = 12;
/// Bytes of the names of stages that a pipeline lacks: they stand in the address of a list.
const OTHERS_BYTES_MAX: usize = 1024;

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
    /// Stages of the pipeline, or of the newest deals, for which there was no room.
    pub left_out: usize,
    /// Where the stages of deals are defined, their definition.
    pub pipeline: Option<Field>,
    /// Stages of the newest deals that the pipeline has not, as far as there is room for their names.
    pub others: Vec<String>,
}

impl Stages {
    pub async fn of(scoped: &Scoped, chosen: &str) -> Result<Self, Error> {
        let chosen = named(chosen);
        let pipeline = scoped.fields().definitions().await?.pipeline;
        if !chosen.is_empty() {
            return Ok(Self {
                all: chosen,
                are_chosen: true,
                left_out: 0,
                pipeline,
                others: Vec::new(),
            });
        }
        let used = used(scoped).await?;
        Ok(match pipeline {
            Some(pipeline) => Self::of_pipeline(pipeline, used),
            None => {
                let (all, left_out) = most_used(used.into_iter());
                Self {
                    all,
                    are_chosen: false,
                    left_out,
                    pipeline: None,
                    others: Vec::new(),
                }
            }
        })
    }

    /// Those of a pipeline, in its order, whether or not a deal is in them; and what the newest deals have beside them.
    fn of_pipeline(pipeline: Field, used: Vec<String>) -> Self {
        let choices = &pipeline.options.choices;
        let without = used.iter().any(String::is_empty).then(String::new);
        let shown = choices.iter().take(PIPELINE_STAGES_MAX).cloned();
        let all = without.into_iter().chain(shown).collect();
        let is_other =
            |stage: &String| !stage.is_empty() && pipeline.options.choice_of(stage).is_none();
        let mut others: Vec<String> = used.into_iter().filter(is_other).collect();
        others.sort_unstable();
        others.dedup();
        let mut left = OTHERS_BYTES_MAX;
        others.retain(|stage| {
            let rest = left.checked_sub(encoded(stage).len());
            left = rest.unwrap_or(left);
            rest.is_some()
        });
        Self {
            all,
            are_chosen: false,
            left_out: choices.len().saturating_sub(PIPELINE_STAGES_MAX),
            others,
            pipeline: Some(pipeline),
        }
    }

    /// Whether a deal can be moved to this stage: one that the pipeline has, or none where it need not have any.
    pub fn takes(&self, stage: &str) -> bool {
        self.pipeline.as_ref().is_none_or(|pipeline| match stage {
            "" => !pipeline.required,
            stage => pipeline.options.choice_of(stage).is_some(),
        })
    }

    /// How likely deals of a stage are to be won, in percent, where the pipeline says it.
    pub fn probability(&self, stage: &str) -> Option<u8> {
        self.pipeline.as_ref()?.options.probability_of(stage)
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

/// The stages of the newest deals, one for each: nothing, of a deal without one.
async fn used(scoped: &Scoped) -> Result<Vec<String>, Error> {
    let newest = ListRequest::default().limit(LOOKED_AT);
    let newest = scoped.deals().list(&newest).await?.data.into_iter();
    Ok(newest.map(|deal| deal.stage.unwrap_or_default()).collect())
}

/// The stages that most of the newest deals are in, in the order of a sale.
pub(in crate::console) async fn stages_in_use(scoped: &Scoped) -> Result<Vec<String>, Error> {
    let used = used(scoped).await?.into_iter();
    Ok(most_used(used.filter(|stage| !stage.is_empty())).0)
}

/// The filter of a list that shows the deals of any of these stages.
pub(super) fn filter_of(stages: &[String]) -> String {
    let filters = stages
        .iter()
        .map(|stage| format!("filter[stage][in]={}", encoded(&escaped(stage))));
    filters.collect::<Vec<_>>().join("&")
}

/// A stage as one value of a list: a comma in it is no end of it.
pub(super) fn escaped(stage: &str) -> String {
    stage.replace('\\', "\\\\").replace(',', "\\,")
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
    use relm_core::value::id::{Id, Kind};
    use relm_core::{FieldInput, Mode, Timestamp};

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

    fn pipeline(stages: &[String]) -> Field {
        let input = FieldInput::pipeline(stages.iter().map(|stage| (stage.as_str(), Some(10))));
        let now = Timestamp::from_millis(0);
        Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input).unwrap()
    }

    #[test]
    fn a_pipeline_has_its_order_and_what_is_not_in_it_stands_apart() {
        let stages = ["won", "lead"].map(str::to_owned);
        let used = ["old", "lead", "", "a,b", "old"].map(str::to_owned);
        let board = Stages::of_pipeline(pipeline(&stages), used.into());
        assert_eq!(board.all, ["", "won", "lead"]);
        assert_eq!(
            (board.left_out, &board.others[..]),
            (0, &["a,b".to_owned(), "old".to_owned()][..])
        );
        assert_eq!(
            filter_of(&board.others),
            "filter[stage][in]=a%5C%2Cb&filter[stage][in]=old"
        );
        assert!(board.takes("won") && board.takes("") && !board.takes("old"));
        assert_eq!(
            (board.probability("won"), board.probability("old")),
            (Some(10), None)
        );
        let many: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
        let board = Stages::of_pipeline(pipeline(&many), vec!["x".repeat(2000)]);
        assert_eq!((board.all.len(), board.left_out), (PIPELINE_STAGES_MAX, 8));
        assert!(board.others.is_empty(), "no room for such a name");
    }

    #[test]
    fn stages_are_named_with_commas_between_them() {
        assert_eq!(named(" lead,won ,, lead,No go"), ["lead", "won", "No go"]);
        assert!(named(" , ").is_empty());
        assert_eq!(filter("No go+"), "filter[stage]=No%20go%2B");
        assert_eq!(filter(""), "filter[stage][is_null]=true");
    }
}
