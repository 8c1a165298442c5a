//! Keys that are one in every composition, looked up as a record writes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::value::text::nfc;

/// The keys that a record has before a patch, by what they are composed; none where no key of either needs composing.
pub(super) struct KnownKeys(BTreeMap<String, String>);

impl KnownKeys {
    pub fn of(members: &Map<String, Value>, patch: &Map<String, Value>) -> Self {
        let keys = members.keys();
        if keys.clone().chain(patch.keys()).all(|key| key.is_ascii()) {
            return Self(BTreeMap::new());
        }
        let composed = |key: &String| (nfc(key).into_owned(), key.clone());
        Self(keys.map(composed).collect())
    }

    /// The key as the record writes it, if it has it. A record from before keys were one in every composition may have two of them: the
    /// one that is named is meant.
    pub fn as_known(&self, members: &Map<String, Value>, key: String) -> String {
        if self.0.is_empty() || members.contains_key(&key) {
            return key;
        }
        self.0.get(&*nfc(&key)).cloned().unwrap_or(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(keys: &[&str]) -> Map<String, Value> {
        let member = |key: &&str| ((*key).to_owned(), Value::Null);
        keys.iter().map(member).collect()
    }

    #[test]
    fn a_key_is_known_as_the_record_writes_it() {
        let (composed, apart) = ("\u{e9}", "e\u{301}");
        for (kept, given, expected) in [
            (&[composed][..], apart, composed),
            (&[apart], composed, apart),
            (&["e"], apart, apart),
            // A sign whose composed form is ASCII.
            (&["K"], "\u{212A}", "K"),
            (&["\u{212A}"], "K", "\u{212A}"),
            // A record of before may have both.
            (&[composed, apart], composed, composed),
            (&[composed, apart], apart, apart),
        ] {
            let (kept, patch) = (members(kept), members(&[given]));
            let known = KnownKeys::of(&kept, &patch).as_known(&kept, given.to_owned());
            assert_eq!(known, expected, "{given} in {kept:?}");
        }
    }
}
