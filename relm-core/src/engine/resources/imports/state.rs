//! An import and its pieces as they are kept: how they are read, and how their next states are written.

use crate::engine::change::Plan;
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, Result};
use crate::limits::IMPORTS_UNFINISHED_MAX;
use crate::record::import::{Chunk, Import, ImportPart, PartKey, Work};
use crate::record::{Document, Entry};
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// An import as it was read.
pub(in crate::engine) struct Stored {
    pub import: Import,
    document: Document,
}

/// The document of an import as clients see it.
pub(super) fn shown(document: &Document) -> Result<Document> {
    let mut import: Import = document.decode()?;
    import.work = Work::default();
    let json = serde_json::to_string(&import).map_err(Error::internal)?;
    Ok(Document {
        id: document.id,
        json: json.into(),
    })
}

/// A chunk of an import as it was read.
pub(in crate::engine) struct StoredChunk {
    pub chunk: Chunk,
    part: ImportPart,
    document: Document,
}

impl Stored {
    pub fn of(document: Document) -> Result<Self> {
        Ok(Self {
            import: document.decode()?,
            document,
        })
    }

    /// The import of this id as it is kept, or none.
    pub async fn read(context: &Context, id: Id) -> Result<Option<Self>> {
        let document = context.document(Kind::Import, id).await?;
        document.map(Self::of).transpose()
    }

    /// The import of this id, or none: one that is being deleted is not there any more.
    pub async fn find(context: &Context, id: Id) -> Result<Option<Self>> {
        let found = Self::read(context, id).await?;
        Ok(found.filter(|stored| !stored.import.work.deleting))
    }

    /// The import of this id, which must be there.
    pub async fn require(context: &Context, id: Id) -> Result<Self> {
        let found = Self::find(context, id).await?;
        found.ok_or_else(|| Error::not_found(Kind::Import.noun()))
    }

    /// The imports of the scope that go on, each with the place that it has among them.
    pub async fn unfinished(context: &Context) -> Result<Vec<(i64, Option<Self>)>> {
        let slots: Vec<i64> = (1..=IMPORTS_UNFINISHED_MAX as i64).collect();
        let keys: Vec<String> = slots.iter().map(i64::to_string).collect();
        let storage = context.storage();
        let found = storage.find(context.scope(), Kind::Import, &keys).await?;
        let each = slots.into_iter().zip(found);
        each.map(|(slot, document)| Ok((slot, document.map(Self::of).transpose()?)))
            .collect()
    }

    /// It, as clients see it.
    pub fn shown(&self) -> Result<Document> {
        shown(&self.document)
    }

    /// It, as clients see it, where there is nothing to do.
    pub fn as_it_is(&self) -> Result<Reply<Import>> {
        let shown = self.shown()?;
        Ok(Reply::new(Outcome::Done, shown.json))
    }

    /// Writes what it is from now on, and gives that as clients see it.
    pub fn replace(self, plan: &mut Plan<'_>, after: Import) -> Result<Document> {
        let after = Entry::new(after);
        let shown = shown(&after.document())?;
        plan.write(Write::Replace {
            before: self.into_entry(),
            after,
        });
        Ok(shown)
    }

    /// Deletes it.
    pub fn delete(self, plan: &mut Plan<'_>) {
        plan.write(Write::Delete(self.into_entry()));
    }

    fn into_entry(self) -> Entry {
        Entry {
            record: self.import.into(),
            json: self.document.json,
        }
    }
}

impl StoredChunk {
    /// The chunk of this number, or none where it was removed.
    pub async fn read(context: &Context, import: Id, number: i64) -> Result<Option<Self>> {
        let key = PartKey::Chunk(number).of(import);
        let found = context.holder(Kind::ImportPart, key).await?;
        found.map(Self::of).transpose()
    }

    pub fn of(document: Document) -> Result<Self> {
        let part: ImportPart = document.decode()?;
        Ok(Self {
            chunk: part.read()?,
            part,
            document,
        })
    }

    /// Writes what it says from now on.
    pub fn replace(self, plan: &mut Plan<'_>, after: &Chunk) -> Result<()> {
        let after = Entry::new(self.part.saying(after)?);
        let before = Entry {
            record: self.part.into(),
            json: self.document.json,
        };
        plan.write(Write::Replace { before, after });
        Ok(())
    }
}
