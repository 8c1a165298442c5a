//! A deal: a sale in progress, won or lost.

use serde::{Deserialize, Serialize};

use super::columns::columns;
use super::interface::{Object, head};
use super::lists::lists;
use super::names::{COMPANY_NAMES, METADATA_NAMES, OWNER_NAMES, TAGS_NAMES};
use crate::error::{Error, Result};
use crate::limits::TEXT_CHARS_MAX;
use crate::record::check;
use crate::record::column::{Identity, Searched};
use crate::record::input::{Reader, read_as_json};
use crate::record::list::{ListInput, TAGS, change_list, or_empty};
use crate::record::metadata::{self, Metadata};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::spelling::OtherNames;
use crate::value::time::{Date, Timestamp};

/// The currency of a value that names none.
const CURRENCY_DEFAULT: &str = "USD";

/// A sale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Deal {
    /// `deal_` and a ULID.
    pub id: Id,
    /// Always `deal`.
    pub object: ObjectType,
    /// What the deal is called.
    pub title: String,
    /// The value in the smallest unit of the currency.
    pub value_cents: Option<i64>,
    /// The ISO 4217 code, in upper case. Default: `USD` where there is a value.
    pub currency: Option<String>,
    /// The stage of the sale: free text such as `won`, or where a pipeline is defined one of its stages.
    pub stage: Option<String>,
    /// The day on which the deal closes or closed.
    pub close_date: Option<Date>,
    /// The company that the deal is with.
    pub company_id: Option<Id>,
    /// The contact that the deal is with.
    pub primary_contact_id: Option<Id>,
    /// Whose deal it is, as free text: an e-mail address, a name, or an id of the program's own.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub owner: Option<String>,
    /// Labels by which records are grouped, each of them once. Absent from what was written before there were tags.
    #[serde(default, deserialize_with = "or_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub tags: Vec<String>,
    /// Custom fields and free-form members.
    pub metadata: Metadata,
    /// Counts the changes: 1 on create, one more with each.
    pub version: i64,
    /// Whether the record is a live or a test one.
    pub mode: Mode,
    /// When the record was created: the moment in the id.
    pub created_at: Timestamp,
    /// When the record was changed last.
    pub updated_at: Timestamp,
}

/// The members that a write sets on a deal.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DealInput {
    /// See [`Deal::title`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub title: Patch<String>,
    /// See [`Deal::value_cents`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub value_cents: Patch<i64>,
    /// See [`Deal::currency`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub currency: Patch<String>,
    /// See [`Deal::stage`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub stage: Patch<String>,
    /// See [`Deal::close_date`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub close_date: Patch<Date>,
    /// See [`Deal::company_id`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub company_id: Patch<Id>,
    /// See [`Deal::primary_contact_id`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub primary_contact_id: Patch<Id>,
    /// See [`Deal::owner`](struct@Deal).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub owner: Patch<String>,
    /// See [`Deal::tags`](struct@Deal). All of them, or those that are added and removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub tags: Patch<ListInput>,
    /// Merged one level deep: a null member removes that key.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Metadata>,
}

read_as_json!(DealInput, |reader| reader.all_of(Deal::read));

/// What other CRMs call the members of a deal.
pub(super) const OTHER_NAMES: OtherNames = &[
    (&["name", "deal_name", "subject"], &["title"]),
    (
        &[
            "amount",
            "amount_cents",
            "amount_in_cents",
            "value",
            "price",
            "total",
            "deal_value",
        ],
        &["value_cents"],
    ),
    (&["currency_code"], &["currency"]),
    (
        &["status", "deal_stage", "stage_id", "pipeline_stage"],
        &["stage"],
    ),
    (
        &[
            "closes_at",
            "closed_at",
            "close",
            "expected_close_date",
            "close_day",
        ],
        &["close_date"],
    ),
    (
        &[
            "contact",
            "contact_id",
            "contacts",
            "person",
            "person_id",
            "customer",
            "customer_id",
        ],
        &["primary_contact_id"],
    ),
    COMPANY_NAMES,
    OWNER_NAMES,
    TAGS_NAMES,
    METADATA_NAMES,
];

columns! { Deal:
    title: text(TEXT_CHARS_MAX, |it: &Self| Some(&it.title)).required().searched(Searched::Name);
    value_cents: integer(|it: &Self| it.value_cents);
    currency: text(3, |it: &Self| it.currency.as_deref())
        .compared_as(Identity::Code)
        .searched(Searched::Words);
    stage: text(TEXT_CHARS_MAX, |it: &Self| it.stage.as_deref()).indexed().searched(Searched::Words);
    close_date: date(|it: &Self| it.close_date).indexed();
    company_id: id(Kind::Company, |it: &Self| it.company_id).indexed();
    primary_contact_id: id(Kind::Contact, |it: &Self| it.primary_contact_id).indexed();
    owner: text(TEXT_CHARS_MAX, |it: &Self| it.owner.as_deref()).indexed();
    metadata: json(|it: &Self| metadata::text_of(it.metadata.as_map()));
    created_at: timestamp(|it: &Self| Some(it.created_at));
    updated_at: timestamp(|it: &Self| Some(it.updated_at)).indexed();
}

lists! { Deal:
    tags: TAGS;
}

impl Object for Deal {
    const TYPE: ObjectType = ObjectType::Deal;
    /// An amount is one of its currency.
    const TOGETHER: &'static [&'static [&'static str]] = &[&["value_cents", "currency"]];
    type Input = DealInput;

    head!();

    fn blank(id: Id, mode: Mode, now: Timestamp) -> Self {
        Self {
            id,
            object: Self::TYPE,
            title: String::new(),
            value_cents: None,
            currency: None,
            stage: None,
            close_date: None,
            company_id: None,
            primary_contact_id: None,
            owner: None,
            tags: Vec::new(),
            metadata: Metadata::new(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        }
    }

    fn read(reader: &mut Reader) -> Result<DealInput> {
        reader.knowing(OTHER_NAMES);
        Ok(DealInput {
            title: reader.text("title")?,
            value_cents: reader.integer("value_cents")?,
            currency: reader.text("currency")?,
            stage: reader.text("stage")?,
            close_date: reader.date("close_date")?,
            company_id: reader.id("company_id", Kind::Company)?,
            primary_contact_id: reader.id("primary_contact_id", Kind::Contact)?,
            owner: reader.text("owner")?,
            tags: reader.list("tags")?,
            metadata: reader.metadata()?,
        })
    }

    fn apply(&mut self, input: DealInput) -> Result<()> {
        let DealInput {
            title,
            value_cents,
            currency,
            stage,
            close_date,
            company_id,
            primary_contact_id,
            owner,
            tags,
            metadata,
        } = input;
        // A deal from before this rule keeps what it has until a write touches one of the two.
        let touches_money = value_cents != Patch::Keep || currency != Patch::Keep;
        let clears_currency_alone = value_cents == Patch::Keep && self.currency.is_some();
        title.apply_required("title", &mut self.title, check::required_text("title"))?;
        value_cents.apply(&mut self.value_cents, check::integer("value_cents"))?;
        currency.apply(&mut self.currency, check::currency)?;
        if touches_money && self.value_cents.is_some() && self.currency.is_none() {
            if clears_currency_alone {
                // To take the default here would make other money of what is there.
                let message = "`currency` cannot be cleared while `value_cents` is there: send a currency such as EUR, or \
                               clear both.";
                return Err(Error::invalid("currency", message));
            }
            self.currency = Some(CURRENCY_DEFAULT.to_owned());
        }
        stage.apply(&mut self.stage, check::short_text("stage"))?;
        close_date.apply(&mut self.close_date, Ok)?;
        company_id.apply(&mut self.company_id, Ok)?;
        primary_contact_id.apply(&mut self.primary_contact_id, Ok)?;
        owner.apply(&mut self.owner, check::short_text("owner"))?;
        change_list(&TAGS, tags, &mut self.tags)?;
        metadata::merge(metadata, &mut self.metadata)
    }

    fn texts_of<'a>(_: &'a DealInput, _: &str) -> Vec<&'a str> {
        Vec::new()
    }

    fn metadata_of(input: &DealInput) -> Option<&Metadata> {
        input.metadata.as_set()
    }

    fn chosen(&self) -> Option<&str> {
        self.stage.as_deref()
    }

    fn choose(&mut self, stage: String) {
        self.stage = Some(stage);
    }

    fn chooses(input: &DealInput) -> bool {
        !input.stage.is_keep()
    }

    fn check_complete(&self) -> Result<()> {
        check::present("title", &self.title)
    }
}
