//! The amounts that changes tell of, which are numbers of the smallest unit of a currency that may change as well.

use relm_core::record::HistoryEntry;
use serde_json::Value;

use super::money::amount;
use super::page::text_of;

/// The member that says which one it is.
const CURRENCY: &str = "currency";

/// The currency of a record, from its newest change back; none where it is not known.
pub(super) struct Currencies(pub Option<String>);

/// The currencies of a record before a change and after it.
pub(super) struct CurrencyChange {
    before: Option<String>,
    after: Option<String>,
}

impl Currencies {
    /// Those of a change, after which the last one is that of the changes before it.
    pub fn before(&mut self, change: &HistoryEntry) -> CurrencyChange {
        let changed = change.changes.get(CURRENCY);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let after = changed.map_or_else(|| self.0.clone(), |changed| text(&changed.to));
        let before = changed.map_or_else(|| after.clone(), |changed| text(&changed.from));
        self.0.clone_from(&before);
        CurrencyChange { before, after }
    }
}

impl CurrencyChange {
    /// Values in the smallest unit, as people read them.
    pub fn said(&self, from: &Value, to: &Value) -> (String, String) {
        let said = |value: &Value, currency: &Option<String>| {
            let known = value.as_i64().zip(currency.as_ref());
            known.map_or_else(
                || text_of(value),
                |(smallest, currency)| amount(smallest.into(), currency),
            )
        };
        (said(from, &self.before), said(to, &self.after))
    }
}
