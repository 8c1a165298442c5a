//! Exports: all records of a type that meet filters, as a file that is made while it is read.

use futures_util::stream::{self, BoxStream, StreamExt};

use crate::engine::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::query::filter::{self, Filter};
use crate::record::Document;
use crate::record::file::{CsvWriter, ExportColumns, FileFormat, NdjsonWriter};
use crate::record::object_type::ObjectType;
use crate::store::Query;

/// Records that are read at once, of which the bytes of a page are the other bound.
const PAGE: usize = 1_000;

/// What an export is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportOptions {
    /// What the rows are.
    pub object_type: ObjectType,
    /// How the file is written: CSV or NDJSON.
    pub format: FileFormat,
    /// Conditions that all hold of each record, as of a [list](crate::ListRequest).
    pub filters: Vec<Filter>,
}

impl ExportOptions {
    /// All records of a type, as CSV.
    pub fn new(object_type: ObjectType) -> Self {
        Self {
            object_type,
            format: FileFormat::Csv,
            filters: Vec::new(),
        }
    }

    /// The same, written so.
    #[must_use]
    pub fn format(mut self, format: FileFormat) -> Self {
        self.format = format;
        self
    }

    /// The same, of those alone that meet this filter too.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }
}

/// The exports of one scope.
pub struct Exports<'a> {
    context: &'a Context,
}

impl<'a> Exports<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The records as a file, in pieces of whole lines, newest first. A piece is made when it is asked for: however many records there are,
    /// no more than a page of them is in memory.
    ///
    /// - A record that was there when this was called and still is when its page is read is in the file once, as it is then. The pages
    ///   are read one after the other: a change that is made meanwhile may be in the file or not.
    /// - A record that is made after this was called is not in it.
    /// - CSV has one column for each member and each custom field that there was then, and one for the rest of `metadata`. An
    ///   [import](super::imports::Imports) reads both formats back.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use futures_util::TryStreamExt;
    /// use relm_core::ObjectType;
    /// use relm_core::engine::ExportOptions;
    ///
    /// let mut file = live.exports().start(ExportOptions::new(ObjectType::Deal)).await?;
    /// while let Some(piece) = file.try_next().await? {
    ///     print!("{piece}");
    /// }
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// `validation_failed` for a format that nothing is exported as; whatever is wrong with the filters. From the stream whatever the store
    /// says: the file is not whole then.
    pub async fn start(
        &self,
        options: ExportOptions,
    ) -> Result<BoxStream<'static, Result<String>>> {
        let ExportOptions {
            object_type,
            format,
            filters,
        } = options;
        let kind = object_type.kind();
        let environment = self.context.environment();
        let query = |clauses| Query {
            kind,
            clauses,
            after: Some(environment.mint(kind, environment.now())),
            limit: PAGE,
        };
        let configuration = self.context.reload_configuration().await?;
        let clauses = filter::parse(kind, &configuration.fields, &filters)?;
        let lines = Lines::of(
            format,
            ExportColumns::of(object_type, &configuration.fields),
        )?;
        let first = stream::iter(lines.first().map(Ok));
        let state = (self.context.clone(), Some(query(clauses)), lines);
        let pages = stream::try_unfold(state, |(context, query, lines)| async move {
            let Some(mut query) = query else {
                return Ok(None);
            };
            let page = context.list(&query).await?;
            let mut text = String::new();
            for document in &page.documents {
                text.push_str(&lines.of_document(document)?);
            }
            query.after = page.documents.last().map(|last| last.id);
            let next = page.more.then_some(query);
            Ok(Some((text, (context, next, lines))))
        });
        Ok(first.chain(pages).boxed())
    }
}

/// How records are written.
enum Lines {
    Csv(CsvWriter),
    Ndjson(NdjsonWriter),
}

impl Lines {
    fn of(format: FileFormat, columns: ExportColumns) -> Result<Self> {
        match format {
            FileFormat::Csv => Ok(Self::Csv(CsvWriter::new(columns))),
            FileFormat::Ndjson => Ok(Self::Ndjson(NdjsonWriter)),
            FileFormat::Vcard => Err(Error::new(
                ErrorKind::UnknownValue,
                "`format` must be `csv` or `ndjson`, not `vcard`.",
            )
            .at("format")
            .options("vcard", ["csv", "ndjson"])),
        }
    }

    fn first(&self) -> Option<String> {
        match self {
            Self::Csv(csv) => Some(csv.header()),
            Self::Ndjson(_) => None,
        }
    }

    fn of_document(&self, document: &Document) -> Result<String> {
        match self {
            Self::Csv(csv) => csv.row(document),
            Self::Ndjson(ndjson) => Ok(ndjson.row(document)),
        }
    }
}
