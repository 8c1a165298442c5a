//! The documents of workspaces that were asked for last: to make one takes milliseconds of a processor, and whoever generates a
//! client asks again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use relm_core::engine::Definitions;

/// Bytes of documents that are kept. One takes about half a megabyte, and more with each custom field.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Documents by the definitions that they are of, the one that was asked for last first.
#[derive(Default)]
pub(super) struct Kept(Mutex<VecDeque<(Definitions, Bytes)>>);

impl Kept {
    /// The document of these definitions, as it is kept, or else as it is made now.
    pub fn get_or_make(
        &self,
        definitions: Definitions,
        make: impl FnOnce(&Definitions) -> Bytes,
    ) -> Bytes {
        if let Some(kept) = self.get(&definitions) {
            return kept;
        }
        // Not under the lock: documents of others are not waited for.
        let document = make(&definitions);
        self.keep(definitions, document.clone());
        document
    }

    fn get(&self, definitions: &Definitions) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(of, _)| of == definitions)?;
        let found = kept.remove(place)?;
        let document = found.1.clone();
        kept.push_front(found);
        Some(document)
    }

    fn keep(&self, definitions: Definitions, document: Bytes) {
        if document.len() > BYTES_MAX {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != definitions);
        kept.push_front((definitions, document));
        let mut bytes = 0;
        kept.retain(|(_, document)| {
            bytes += document.len();
            bytes <= BYTES_MAX
        });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use relm_core::{FieldInput, FieldType, ObjectType};

    use super::*;

    fn fields(key: &str) -> Definitions {
        pollster::block_on(async {
            let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
            let acme = crm.create_workspace("acme").await.expect("it is made");
            let live = crm.open(acme.id, relm_core::Mode::Live).await;
            let live = live.expect("it is there");
            let input = FieldInput::new(ObjectType::Deal, key, FieldType::Number);
            let defined = live.fields().define(input).await;
            defined.expect("it is valid");
            let definitions = live.fields().definitions().await;
            definitions.expect("the store answers")
        })
    }

    #[test]
    fn a_document_is_made_once_for_the_same_fields_and_again_for_others() {
        let kept = Kept::default();
        let made = Cell::new(0);
        let ask = |definitions: &Definitions| {
            kept.get_or_make(definitions.clone(), |definitions| {
                made.set(made.get() + 1);
                definitions.fields[0].key.clone().into()
            })
        };
        let (seats, plan) = (fields("seats"), fields("plan"));
        assert_eq!(ask(&seats), "seats");
        assert_eq!(ask(&plan), "plan");
        assert_eq!(ask(&seats), "seats");
        assert_eq!(made.get(), 2);
        let mut renamed = seats.clone();
        renamed.fields[0].label = "Seats".to_owned();
        ask(&renamed);
        renamed.strict.push(ObjectType::Deal);
        ask(&renamed);
        assert_eq!(made.get(), 4);
    }

    #[test]
    fn what_was_not_asked_for_leaves_first() {
        let kept = Kept::default();
        let names = ["a", "b", "c"].map(fields);
        let third = || Bytes::from(vec![0; BYTES_MAX / 3]);
        for fields in &names {
            kept.get_or_make(fields.clone(), |_| third());
        }
        assert!(kept.get(&names[0]).is_some());
        kept.get_or_make(fields("d"), |_| third());
        assert!(kept.get(&names[0]).is_some());
        assert!(kept.get(&names[1]).is_none());
        // One that has no room is not kept, and has none leave.
        let large = fields("e");
        kept.get_or_make(large.clone(), |_| Bytes::from(vec![0; BYTES_MAX + 1]));
        assert!(kept.get(&large).is_none() && kept.get(&names[0]).is_some());
    }
}
