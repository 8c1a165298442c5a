//! What all lists of the console share: their filters in the address, written as the API's are and read by the same parser, their pages,
//! and the request to the API that they equal.

mod address;

use bytes::Bytes;
use hyper::Response;
use relm_core::limits::FILTER_CLAUSES_MAX;
use relm_core::query::filter::{Filter, Operator};
use relm_core::{Error, Field, Kind, ListRequest, ObjectType};

use self::address::{ADD, Address, NOTICE, written};
use super::curl;
use super::shown::{Message, cut};
use super::visit::Visit;
use crate::html::answer;
use crate::parameters::{Query, filterable};

/// Rows of a page, at most.
pub(super) const PAGE_ROWS: usize = 25;
/// Characters of a filter's value that are shown.
const VALUE_CHARS: usize = 60;

/// The format of an export.
const FORMAT: &str = "format";

/// What the address of a list asks for.
pub(super) struct Asked {
    address: Address,
    kind: Kind,
    /// What the engine is asked for, or why it is asked for nothing.
    pub request: Result<ListRequest, Error>,
    /// What was done that leads here.
    pub notice: Option<String>,
}

/// A list's filters and pages, as its page shows them.
pub(super) struct Frame {
    /// Where the list is.
    pub path: String,
    pub chips: Vec<Chip>,
    /// What is wrong, where it is wrong with none of the filters.
    pub error: Option<Error>,
    /// What can be filtered by.
    pub fields: Vec<Choice>,
    /// What goes with the form that adds a filter.
    pub kept: Vec<(String, String)>,
    pub first: Option<String>,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The request to the API.
    pub call: String,
    /// The filters, as a form has them.
    pub filters: Vec<(String, String)>,
    /// The request to the API that exports what meets them.
    pub export: String,
}

/// A filter that holds.
pub(super) struct Chip {
    pub text: String,
    /// The list without it.
    pub without: String,
    pub error: Option<Error>,
}

/// A list by some filters that many ask for.
pub(super) struct View {
    pub label: &'static str,
    pub href: String,
    /// Whether the page shows this one.
    pub is_here: bool,
}

/// What a filter may be about.
pub(super) struct Choice {
    pub name: String,
    pub label: String,
}

impl Asked {
    /// What is asked for of the records of a kind at `path`; where a filter was added by the form, the address to go on at.
    pub fn read(visit: &Visit, kind: Kind, path: &str) -> Result<Self, Box<Response<Bytes>>> {
        let text = visit.address.query().unwrap_or_default();
        let read = Query::parse(text);
        let pairs = read.as_ref().map(|query| {
            let pairs = query.pairs();
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
        });
        let pairs: Vec<(String, String)> = pairs.map(Iterator::collect).unwrap_or_default();
        let address = Address::new(path.to_owned(), pairs);
        if let Some(field) = address.value(ADD[0]) {
            return Err(Box::new(answer::see_other(&added(&address, field).href())));
        }
        let notice = address.value(NOTICE).map(str::to_owned);
        let request = read.and_then(|_| {
            // The parser sees what a request to the API has, and nothing else.
            let of_api = written(address.of_api());
            let query = Query::parse(of_api.trim_start_matches('?'))?;
            let mut request = query.into_list(kind)?;
            let limit = request.limit.unwrap_or(PAGE_ROWS);
            request.limit = Some(limit.min(PAGE_ROWS));
            Ok(request)
        });
        Ok(Self {
            address,
            kind,
            request,
            notice,
        })
    }

    /// What an export of the list has: its filters, and neither page nor limit.
    pub fn of_export(visit: &Visit, kind: Kind, path: &str) -> Result<ListRequest, Error> {
        let query = Query::parse(visit.address.query().unwrap_or_default())?;
        let pairs = query.pairs();
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let address = Address::new(path.to_owned(), pairs.collect());
        let is_filter = |(name, _): &&(String, String)| name != FORMAT;
        let filters = written(address.filters().filter(is_filter));
        Query::parse(filters.trim_start_matches('?'))?.into_list(kind)
    }

    /// Whether there are filters.
    pub fn is_filtered(&self) -> bool {
        self.address.filters().next().is_some()
    }

    /// The list by these filters.
    pub fn view(&self, label: &'static str, filters: &[(String, String)]) -> View {
        let path = self.address.path().to_owned();
        View {
            label,
            href: Address::new(path, filters.to_vec()).href(),
            is_here: self.address.filters().eq(filters),
        }
    }

    /// Whether there are more filters than a request to the API may have.
    fn has_too_many(&self) -> bool {
        self.address.filters().count() > FILTER_CLAUSES_MAX
    }

    /// Whether this is the first page.
    pub fn is_first(&self) -> bool {
        self.address.value("cursor").is_none()
    }

    /// How the page shows it: `next` is the cursor of the page after it, `error` what the engine says of the request. `api` is where the
    /// API has the list.
    pub fn frame(
        &self,
        visit: &Visit,
        api: &str,
        fields: &[Field],
        next: Option<&str>,
        error: Option<&Error>,
    ) -> Frame {
        let request = self.request.as_ref();
        let filters = request.map_or(&[][..], |request| &request.filters[..]);
        if self.has_too_many() {
            // A link for each, without it, would be a page of the product of both.
            let chip = Chip {
                text: format!("{} filters", self.address.filters().count()),
                without: self.address.without_filters().href(),
                error: error.cloned(),
            };
            return self.frame_with(visit, api, fields, next, (vec![chip], None));
        }
        let chips = self.address.filters().enumerate().map(|(place, pair)| {
            let filter = filters.get(place);
            Chip {
                text: chip(pair, filter, fields),
                without: self.address.without(pair).href(),
                error: error.filter(|error| is_about(error, pair, filter)).cloned(),
            }
        });
        let chips: Vec<Chip> = chips.collect();
        let is_said = chips.iter().any(|chip| chip.error.is_some());
        let error = error.filter(|_| !is_said).cloned();
        self.frame_with(visit, api, fields, next, (chips, error))
    }

    fn frame_with(
        &self,
        visit: &Visit,
        api: &str,
        fields: &[Field],
        next: Option<&str>,
        (chips, error): (Vec<Chip>, Option<Error>),
    ) -> Frame {
        let kept = match self.has_too_many() {
            true => self.address.without_filters(),
            false => self.address.first(),
        };
        let limit = self.request.as_ref().ok().and_then(|request| request.limit);
        let mut of_api: Vec<(String, String)> = self.address.of_api().cloned().collect();
        if let Some(limit) = limit {
            of_api.retain(|(name, _)| name != "limit");
            of_api.push(("limit".to_owned(), limit.to_string()));
        }
        let mut parameters = written(of_api.iter());
        if api.contains('?') {
            parameters = parameters.replacen('?', "&", 1);
        }
        let call = format!("{api}{parameters}");
        let filters: Vec<(String, String)> = match self.has_too_many() {
            true => Vec::new(),
            false => self.address.filters().cloned().collect(),
        };
        let object = api.rsplit('/').next().unwrap_or_default();
        let export = written(filters.iter()).replacen('?', "&", 1);
        let export = format!("/v1/exports?object={object}{export}");
        Frame {
            path: self.address.path().to_owned(),
            chips,
            error,
            fields: choices(self.kind, fields),
            kept: kept.of_api().cloned().collect(),
            first: (!self.is_first()).then(|| self.address.first().href()),
            previous: self.address.previous().map(|page| page.href()),
            next: next.map(|cursor| self.address.next(cursor).href()),
            call: curl::line(&visit.api, "GET", &call, curl::KEY, None),
            export: curl::file_from(&visit.api, &export, &format!("{object}.csv")),
            filters,
        }
    }
}

impl Frame {
    pub fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }

    /// The operators of filters, in words.
    pub fn operators(&self) -> [(&'static str, &'static str); 9] {
        Operator::ALL.map(|operator| (operator.as_str(), words(operator)))
    }

    /// Whether something is wrong with what is asked for.
    pub fn is_wrong(&self) -> bool {
        self.error.is_some() || self.chips.iter().any(|chip| chip.error.is_some())
    }

    /// Whether there is another page.
    pub fn has_pages(&self) -> bool {
        self.first.is_some() || self.next.is_some()
    }
}

impl Chip {
    pub fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }
}

/// The address with the filter that was added by the form.
fn added(address: &Address, field: &str) -> Address {
    let [_, operator, value] = ADD.map(|name| address.value(name).unwrap_or_default());
    let first = address.first();
    if field.is_empty() || value.is_empty() {
        return first;
    }
    first.with(&filter_name(field, operator), value)
}

/// The parameter of a filter.
pub(super) fn filter_name(field: &str, operator: &str) -> String {
    match operator {
        "" | "eq" => format!("filter[{field}]"),
        operator => format!("filter[{field}][{operator}]"),
    }
}

/// The list at a path of the records that have a value in a field.
pub(super) fn filtered(path: String, field: &str, value: &str) -> String {
    let filter = (filter_name(field, Operator::Eq.as_str()), value.to_owned());
    Address::new(path, vec![filter]).href()
}

/// Whether an error is about this filter.
fn is_about(error: &Error, (name, _): &(String, String), filter: Option<&Filter>) -> bool {
    let Some(field) = error.field() else {
        return false;
    };
    match filter {
        Some(filter) => filter.field == field,
        None => name == field || name.contains(&format!("[{field}]")),
    }
}

/// What a filter says, in words.
fn chip((name, value): &(String, String), filter: Option<&Filter>, fields: &[Field]) -> String {
    let Some(filter) = filter else {
        return cut(&format!("{name}={value}"), VALUE_CHARS);
    };
    let label = label(&filter.field, fields);
    let operator = filter.operator.parse::<Operator>();
    let value = cut(&filter.value, VALUE_CHARS);
    match operator {
        Ok(Operator::IsNull) if filter.value == "true" => format!("{label} is empty"),
        Ok(Operator::IsNull) if filter.value == "false" => format!("{label} is not empty"),
        Ok(operator) => format!("{label} {} {value}", words(operator)),
        Err(_) => format!("{label} {} {value}", filter.operator),
    }
}

const fn words(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "is",
        Operator::Neq => "is not",
        Operator::Gt => "is more than",
        Operator::Gte => "is at least",
        Operator::Lt => "is less than",
        Operator::Lte => "is at most",
        Operator::Ilike => "is like (% for any text)",
        Operator::In => "is one of (a,b,c)",
        Operator::IsNull => "is empty (true or false)",
    }
}

/// What a field is called: a custom field by its label, another by its name in words.
pub(super) fn label(name: &str, fields: &[Field]) -> String {
    if let Some(key) = name.strip_prefix("metadata.") {
        let mut fields = fields.iter();
        let field = fields.find(|field| field.key == key);
        return field.map_or_else(
            || cut(key, VALUE_CHARS),
            |field| cut(&field.label, VALUE_CHARS),
        );
    }
    let meant = match name {
        "id" => return "ID".to_owned(),
        "url" => return "URL".to_owned(),
        "email" => "e-mail",
        "emails" => "all e-mail addresses",
        "phones" => "all phones",
        "value_cents" => "value",
        "company_id" => "company",
        "contact_id" => "contact",
        "deal_id" => "deal",
        "primary_contact_id" => "contact",
        "record_id" => "record",
        "from_id" => "from",
        "to_id" => "to",
        "occurred_at" => "when",
        "due_at" => "due",
        "done_at" => "done",
        "created_at" => "created",
        "updated_at" => "updated",
        other => other,
    };
    let words = meant.replace('_', " ");
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => words,
    }
}

fn choices(kind: Kind, fields: &[Field]) -> Vec<Choice> {
    let own = filterable::names(kind).map(|name| Choice {
        name: name.to_owned(),
        label: label(name, fields),
    });
    let of_kind = fields
        .iter()
        .filter(|field| Some(field.object_type) == ObjectType::of(kind));
    let custom = of_kind.take(CHOICES_MAX).map(|field| Choice {
        name: format!("metadata.{}", field.key),
        label: cut(&field.label, VALUE_CHARS),
    });
    own.chain(custom).collect()
}

/// Custom fields that the form of a filter offers.
const CHOICES_MAX: usize = 60;
