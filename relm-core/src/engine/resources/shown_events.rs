//! Events as the API shows them: as they were recorded, byte for byte, and what is known of them beside.

use crate::engine::context::Context;
use crate::error::{Error, Result};
use crate::record::{Document, Event};
use crate::value::id::Id;

/// An event with its number in the log, where it has one by now, and the names of the fields in `previous`.
pub(super) fn shown(document: &Document, seq: Option<i64>) -> Result<Document> {
    let event: Event = document.decode()?;
    let names: Vec<&String> = event.previous.keys().collect();
    let names = serde_json::to_string(&names).map_err(Error::internal)?;
    let recorded = document.json.strip_suffix('}');
    let recorded = recorded.ok_or_else(|| Error::internal("an event is an object"))?;
    let unknown = match (&event.actor, event.request_id) {
        (None, None) => r#","actor":null,"request_id":null"#,
        (Some(_), _) | (_, Some(_)) => "",
    };
    let seq = seq.map_or_else(|| "null".to_owned(), |seq| seq.to_string());
    Ok(Document {
        id: document.id,
        json: format!("{recorded}{unknown},\"seq\":{seq},\"changed_fields\":{names}}}").into(),
    })
}

/// These events, with whatever numbers they have by now.
pub(super) async fn all_shown(context: &Context, documents: &[Document]) -> Result<Vec<Document>> {
    let ids: Vec<Id> = documents.iter().map(|document| document.id).collect();
    let numbers = context.storage().numbers(context.scope(), &ids).await?;
    let shown = documents
        .iter()
        .zip(numbers)
        .map(|(document, seq)| shown(document, seq));
    shown.collect()
}
