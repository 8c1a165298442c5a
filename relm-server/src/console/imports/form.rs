//! The form of a file that is to be imported.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::record::file::{CellOptions, DateOrder, DecimalMark, Delimiter, Encoding};
use relm_core::{Error, ObjectType};

use super::asked::{Asked, unique};
use crate::console::form::{Form, UPLOAD_TOKEN};
use crate::console::layout::{Layout, Section};
use crate::console::objects::{one, plural, title};
use crate::console::problem::Problem;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of, status_by};

#[derive(Template)]
#[template(path = "console/import_new.html")]
struct New {
    layout: Layout,
    list: String,
    action: String,
    object: ObjectType,
    nonce: String,
    /// By what a row can find a record, and what is chosen of it.
    unique: Vec<(String, String)>,
    dedup_on: String,
    reading: Reading,
    docs: String,
    call: String,
    error: Option<Error>,
}

/// How a file is to be read: what is chosen where it could be read in two ways.
#[derive(Default)]
pub(super) struct Reading {
    encoding: String,
    delimiter: String,
    date_order: String,
    decimal_mark: String,
}

impl Reading {
    pub fn of_form(form: &Form) -> Self {
        let text = |name| form.text(name).to_owned();
        Self {
            encoding: text("encoding"),
            delimiter: text("delimiter"),
            date_order: text("date_order"),
            decimal_mark: text("decimal_mark"),
        }
    }

    pub fn of_cells(cells: CellOptions) -> Self {
        let date_order = cells.date_order.map(DateOrder::as_str);
        let decimal_mark = cells.decimal_mark.map(DecimalMark::as_str);
        Self {
            date_order: date_order.unwrap_or_default().to_owned(),
            decimal_mark: decimal_mark.unwrap_or_default().to_owned(),
            ..Self::default()
        }
    }

    /// Whether anything is said.
    pub fn is_said(&self) -> bool {
        let all = [
            &self.encoding,
            &self.delimiter,
            &self.date_order,
            &self.decimal_mark,
        ];
        all.iter().any(|said| !said.is_empty())
    }

    /// The lists that are about cells: what each is called, what it is about, its values with their words, and what is chosen.
    pub fn of_cell(&self) -> Vec<List<'_>> {
        let dates = DateOrder::ALL.map(|order| match order {
            DateOrder::DayFirst => (order.as_str(), "day first: 31/12/2026"),
            DateOrder::MonthFirst => (order.as_str(), "month first: 12/31/2026"),
        });
        let marks = DecimalMark::ALL.map(|mark| match mark {
            DecimalMark::Point => (mark.as_str(), "a point: 1,234.50"),
            DecimalMark::Comma => (mark.as_str(), "a comma: 1.234,50"),
        });
        vec![
            List::new("date_order", "Dates", &dates, &self.date_order),
            List::new("decimal_mark", "Decimals", &marks, &self.decimal_mark),
        ]
    }

    /// Those that are about the file, and about its cells.
    fn all(&self) -> Vec<List<'_>> {
        let delimiters = Delimiter::ALL.map(|delimiter| match delimiter {
            Delimiter::Comma => (delimiter.as_str(), "commas"),
            Delimiter::Semicolon => (delimiter.as_str(), "semicolons"),
            Delimiter::Tab => (delimiter.as_str(), "tabs"),
            Delimiter::Pipe => (delimiter.as_str(), "vertical lines"),
        });
        let encodings = Encoding::ALL.map(|encoding| match encoding {
            Encoding::Utf8 => (encoding.as_str(), "UTF-8"),
            Encoding::Utf16Le => (encoding.as_str(), "UTF-16, low byte first"),
            Encoding::Utf16Be => (encoding.as_str(), "UTF-16, high byte first"),
            Encoding::Windows1252 => (encoding.as_str(), "Windows-1252"),
        });
        let mut all = self.of_cell();
        all.push(List::new(
            "delimiter",
            "Between cells",
            &delimiters,
            &self.delimiter,
        ));
        all.push(List::new(
            "encoding",
            "Encoding",
            &encodings,
            &self.encoding,
        ));
        all
    }
}

/// A list of which one is chosen.
pub(super) struct List<'a> {
    pub name: &'static str,
    pub label: &'static str,
    pub values: Vec<(&'static str, &'static str)>,
    pub chosen: &'a str,
}

impl<'a> List<'a> {
    fn new(
        name: &'static str,
        label: &'static str,
        values: &[(&'static str, &'static str)],
        chosen: &'a str,
    ) -> Self {
        Self {
            name,
            label,
            values: values.to_vec(),
            chosen,
        }
    }
}

impl New {
    fn one(&self) -> &'static str {
        one(self.object)
    }

    fn plural(&self) -> &'static str {
        plural(self.object)
    }

    /// The types of record, and where their forms are.
    fn objects(&self) -> [(ObjectType, &'static str, String); 4] {
        ObjectType::ALL.map(|object| {
            let path = format!("{}/new?object={}", self.list, plural(object));
            (object, title(object), path)
        })
    }

    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }
}

/// The form for a file, of contacts where nothing else is said.
pub(in crate::console) async fn new(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let object = object_of(&visit.query).unwrap_or(ObjectType::Contact);
    shown(&visit, opened, object, None, None).await
}

/// The objects that a form is about.
pub(super) fn object_of(form: &Form) -> Option<ObjectType> {
    let named = form.text("object");
    let mut all = ObjectType::ALL.into_iter();
    all.find(|object| plural(*object) == named)
}

/// The form, as it was sent where it was refused.
pub(super) async fn shown(
    visit: &Visit,
    opened: Opened,
    object: ObjectType,
    sent: Option<&Form>,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = opened;
    let fields = scoped.fields().all().await?;
    let unique = unique(object, &fields);
    let dedup_on = match sent {
        Some(form) => form.text(super::asked::DEDUP_ON).to_owned(),
        None => unique
            .first()
            .map(|(name, _)| name.clone())
            .unwrap_or_default(),
    };
    let reading = sent.map(Reading::of_form).unwrap_or_default();
    let asked = Asked {
        object,
        dedup_on: dedup_on.clone(),
        is_real: false,
        cells: CellOptions::default(),
        mapping: None,
    };
    let list = place.path(Section::Imports);
    let page = New {
        action: format!(
            "{list}?{UPLOAD_TOKEN}={}",
            visit.signed_in()?.upload_token()
        ),
        list,
        layout: visit.layout(Section::Imports, Some(place)),
        object,
        nonce: visit.nonce(),
        unique,
        dedup_on,
        reading,
        docs: visit.docs("/docs/api/files"),
        call: asked.call(&visit.api, None),
        error,
    };
    Ok(page_of(status_by(page.error.as_ref()), &page))
}
