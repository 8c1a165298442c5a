//! The form of the pipeline, and the body of the request that it equals.

use relm_core::Field;
use relm_core::record::field::Enforce;
use serde_json::{Map, Value, json};

use crate::console::form::Form;

/// Rows for more stages.
const MORE: usize = 3;

/// What is in the form.
pub(super) struct PipelineForm {
    pub stages: Vec<StageRow>,
    /// What a new deal gets that has none.
    pub default: String,
    pub is_required: bool,
    /// Whether writes that leave a stage as it is are let be.
    pub on_change: bool,
    /// The version of the definition that is changed.
    pub version: i64,
}

/// A stage as it is typed.
#[derive(Clone, Default)]
pub(super) struct StageRow {
    /// What it is called; nothing, where it is new.
    pub from: String,
    /// What it is to be called; nothing, where it is removed.
    pub name: String,
    /// Where it stands: by number, whatever numbers those are.
    pub place: String,
    /// In percent.
    pub probability: String,
}

impl PipelineForm {
    pub fn of(pipeline: &Field) -> Self {
        let options = &pipeline.options;
        let default = options.default.as_ref().and_then(Value::as_str);
        let stages = options.choices.iter().map(|stage| StageRow {
            from: stage.clone(),
            name: stage.clone(),
            probability: percent(options.probability_of(stage)),
            ..StageRow::default()
        });
        Self {
            stages: stages.collect(),
            default: default.unwrap_or_default().to_owned(),
            is_required: pipeline.required,
            on_change: pipeline.enforce == Enforce::OnChange,
            version: pipeline.version,
        }
    }

    /// One of stages that are in use, or, where there are none, of those that most sales have.
    pub fn proposed(in_use: Vec<String>) -> Self {
        let usual = [
            ("lead", 10),
            ("qualified", 25),
            ("proposal", 50),
            ("won", 100),
            ("lost", 0),
        ];
        let known = |stage: &str| {
            let mut usual = usual.iter();
            let usual = usual.find(|(name, _)| *name == stage.to_lowercase());
            usual.map(|(_, percent)| *percent)
        };
        let names = match in_use.is_empty() {
            true => usual.iter().map(|(name, _)| (*name).to_owned()).collect(),
            false => in_use,
        };
        let stages = names.into_iter().map(|name| StageRow {
            probability: percent(known(&name)),
            name,
            ..StageRow::default()
        });
        Self {
            stages: stages.collect(),
            default: String::new(),
            is_required: false,
            on_change: false,
            version: 0,
        }
    }

    pub fn read(form: &Form) -> Self {
        let named = form.all("from").zip(form.all("stage"));
        let said = form.all("place").zip(form.all("probability"));
        let stages = named
            .zip(said)
            .map(|((from, name), (place, probability))| StageRow {
                from: from.to_owned(),
                name: name.trim().to_owned(),
                place: place.trim().to_owned(),
                probability: probability
                    .trim()
                    .trim_end_matches('%')
                    .trim_end()
                    .to_owned(),
            });
        Self {
            stages: stages
                .filter(|row| !(row.from.is_empty() && row.name.is_empty()))
                .collect(),
            default: form.text("default").trim().to_owned(),
            is_required: form.is_ticked("required"),
            on_change: form.is_ticked("on_change"),
            version: form.text("version").parse().unwrap_or(0),
        }
    }

    /// The rows that are shown: each with its place, and some for more.
    pub fn rows(&self) -> Vec<StageRow> {
        let more = std::iter::repeat_n(StageRow::default(), MORE);
        let mut rows: Vec<StageRow> = self.stages.iter().cloned().chain(more).collect();
        let placed = rows.iter_mut().take(self.stages.len()).zip(1..);
        for (row, place) in placed {
            if row.place.is_empty() {
                row.place = place.to_string();
            }
        }
        rows
    }

    /// The stages that stay, in their order: by their numbers, and then those without.
    fn in_order(&self) -> Vec<&StageRow> {
        let mut rows: Vec<&StageRow> = self
            .stages
            .iter()
            .filter(|row| !row.name.is_empty())
            .collect();
        let number = |row: &StageRow| {
            row.place
                .replace(',', ".")
                .parse::<f64>()
                .unwrap_or(f64::INFINITY)
        };
        rows.sort_by(|one, other| number(one).total_cmp(&number(other)));
        rows
    }

    /// The body of the request to the API: what differs from the pipeline as it is, or all of a new one.
    pub fn body(&self, pipeline: Option<&Field>) -> Value {
        let rows = self.in_order();
        let choices = rows
            .iter()
            .map(|row| match row.from.is_empty() || row.from == row.name {
                true => json!(row.name),
                false => json!({ "from": row.from, "to": row.name }),
            });
        let choices: Vec<Value> = choices.collect();
        let is = pipeline.map(Self::of);
        let mut options = Map::new();
        let known = pipeline.map(|it| it.options.choices.iter().map(|choice| json!(choice)));
        if known.is_none_or(|known| !known.eq(choices.iter().cloned())) {
            options.insert("choices".to_owned(), choices.into());
        }
        let changed = rows.iter().filter_map(|row| {
            let former = is.as_ref().and_then(|is| {
                let mut rows = is.stages.iter();
                rows.find(|known| known.from == row.from)
            });
            let former = former.map_or("", |known| &*known.probability);
            (former != row.probability).then(|| (row.name.clone(), number(&row.probability)))
        });
        let changed: Map<String, Value> = changed.collect();
        if !changed.is_empty() {
            options.insert("probabilities".to_owned(), changed.into());
        }
        let is_default = is.as_ref().map_or("", |is| &*is.default);
        if self.default != is_default {
            let default = match &*self.default {
                "" => Value::Null,
                stage => stage.into(),
            };
            options.insert("default".to_owned(), default);
        }
        let mut body = match pipeline {
            Some(_) => json!({}),
            None => json!({ "object_type": "deal", "key": "stage" }),
        };
        if !options.is_empty() {
            body["options"] = options.into();
        }
        if self.is_required != is.as_ref().is_some_and(|is| is.is_required) {
            body["required"] = self.is_required.into();
        }
        if self.on_change != is.as_ref().is_some_and(|is| is.on_change) {
            body["enforce"] = json!(match self.on_change {
                true => Enforce::OnChange,
                false => Enforce::Always,
            });
        }
        body
    }

    /// The stages that get another name.
    pub fn renamed(&self) -> Vec<(String, String)> {
        let rows = self.stages.iter();
        let renamed =
            rows.filter(|row| !row.from.is_empty() && !row.name.is_empty() && row.from != row.name);
        renamed
            .map(|row| (row.from.clone(), row.name.clone()))
            .collect()
    }

    /// The stages that are removed.
    pub fn removed(&self) -> Vec<String> {
        let rows = self.stages.iter().filter(|row| row.name.is_empty());
        rows.map(|row| row.from.clone()).collect()
    }
}

fn percent(percent: Option<u8>) -> String {
    percent.map_or_else(String::new, |it| it.to_string())
}

/// What is no whole number is sent as it was typed, and the API says so.
fn number(text: &str) -> Value {
    match text {
        "" => Value::Null,
        text => text
            .parse::<i64>()
            .map_or_else(|_| text.into(), Value::from),
    }
}

#[cfg(test)]
mod tests {
    use relm_core::value::id::{Id, Kind};
    use relm_core::{FieldInput, Mode, Timestamp};

    use super::*;

    fn read(fields: &str) -> PipelineForm {
        PipelineForm::read(&Form::parse(fields.as_bytes()))
    }

    #[test]
    fn a_form_is_the_definition_of_a_pipeline() {
        let form = read(
            "from=&stage=won&place=2&probability=100+%25&from=&stage=+lead&place=1&probability=10&from=&stage=&place=3&probability=\
             &from=&stage=late&place=&probability=&default=lead&required=on&version=0",
        );
        assert_eq!(
            form.body(None),
            json!({
                "object_type": "deal", "key": "stage", "required": true,
                "options": {
                    "choices": ["lead", "won", "late"], "probabilities": { "lead": 10, "won": 100 }, "default": "lead",
                },
            })
        );
        let proposed = PipelineForm::proposed(vec!["Won".to_owned(), "pilot".to_owned()]);
        let rows = proposed.rows();
        let said: Vec<_> = rows
            .iter()
            .map(|row| (&*row.name, &*row.place, &*row.probability))
            .collect();
        assert_eq!(
            said[..3],
            [("Won", "1", "100"), ("pilot", "2", ""), ("", "", "")]
        );
        assert_eq!(PipelineForm::proposed(Vec::new()).stages.len(), 5);
    }

    #[test]
    fn a_form_says_what_differs() {
        let input =
            FieldInput::pipeline([("lead", Some(10)), ("won", Some(100)), ("gone", Some(0))]);
        let now = Timestamp::from_millis(0);
        let pipeline = Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input).unwrap();
        let form = PipelineForm::of(&pipeline);
        assert_eq!(form.body(Some(&pipeline)), json!({}));
        let form = read(
            "from=lead&stage=lead&place=3&probability=&from=won&stage=signed&place=2&probability=100&from=gone&stage=&place=1&probability=0\
             &from=&stage=demo&place=1&probability=often&default=&version=1&on_change=on",
        );
        assert_eq!(
            form.body(Some(&pipeline)),
            json!({
                "enforce": "on_change",
                "options": {
                    "choices": ["demo", { "from": "won", "to": "signed" }, "lead"],
                    "probabilities": { "demo": "often", "lead": null },
                },
            })
        );
        assert_eq!(form.renamed(), [("won".to_owned(), "signed".to_owned())]);
        assert_eq!(form.removed(), ["gone"]);
    }
}
