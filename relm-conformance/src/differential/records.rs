//! The records of the model test.

use std::sync::PoisonError;

use relm_core::record::{DeliveryStatus, Record, Trashed, UniqueValue};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Timestamp;
use serde_json::json;

use super::commits::CARELESS;
use super::{EMAILS, Model, NAMES};
use crate::records::{company, contact, delivery, edge, field, id, merge, webhook, with};

impl Model {
    /// A record of this id that did not exist yet.
    pub(super) fn record(&self, own: Id, n: u64) -> Record {
        match own.kind() {
            Kind::Contact => {
                let mut contact = contact(n);
                contact.email = (!self.one_in(3)).then(|| self.email(n));
                contact.last_name = (!self.one_in(3)).then(|| self.pick(&NAMES).to_owned());
                contact.company_id = self.one_in(2).then(|| self.some_id(Kind::Company));
                let plan = self.pick(&["free", "Free", "5"]);
                let plan = if self.one_in(3) {
                    json!(5.0)
                } else {
                    json!(plan)
                };
                contact.metadata.insert("plan".to_owned(), plan);
                contact.into()
            }
            Kind::Company => {
                let mut company = company(n);
                company.name = self.pick(&NAMES).to_owned();
                company.domain = (!self.one_in(3)).then(|| self.pick(&EMAILS).to_owned());
                company.into()
            }
            Kind::Association => {
                let (from, to) = (self.some_id(Kind::Contact), self.some_id(Kind::Company));
                edge(n, from, to, self.one_in(2).then(|| self.pick(&NAMES))).into()
            }
            Kind::Field => field(n, &format!("k{}", self.field_number(n))).into(),
            Kind::Webhook => webhook(n).into(),
            Kind::Delivery => {
                let mut delivery =
                    delivery(n, self.below(self.size.endpoints), self.fresh_moment());
                if self.one_in(4) {
                    delivery.status = DeliveryStatus::Succeeded;
                    delivery.next_attempt_at = None;
                }
                delivery.into()
            }
            Kind::Trashed => self.trashed(own, n).into(),
            Kind::UniqueValue => self.unique_value(own, n).into(),
            Kind::Deal
            | Kind::Activity
            | Kind::Event
            | Kind::Key
            | Kind::Workspace
            | Kind::User
            | Kind::Session
            | Kind::Import
            | Kind::ImportPart => panic!("{own} is of none of the kinds that are written"),
        }
    }

    fn trashed(&self, own: Id, n: u64) -> Trashed {
        // Of a record that another may be of, too; in a large run seldom.
        let of = match self.size.is_careful && !self.one_in(CARELESS) {
            true => id(Kind::Contact, n),
            false => self.some_id(Kind::Contact),
        };
        let document = json!({ "n": n }).to_string();
        let mut trashed = Trashed::record(own, of, document.into());
        trashed.from_id = self.one_in(2).then(|| self.some_id(Kind::Contact));
        if self.one_in(3) {
            let into = self.some_id(Kind::Contact);
            trashed.merge = Some(merge(into, self.one_in(2)));
        }
        if self.one_in(4) {
            trashed = with!(trashed.into_purged(); version: 1);
        }
        trashed
    }

    fn unique_value(&self, own: Id, n: u64) -> UniqueValue {
        let (index, of) = (id(Kind::UniqueValue, 0), self.some_id(Kind::Contact));
        UniqueValue::of(own, index, format!("v{}", self.field_number(n)), of)
    }

    /// A moment to come that is like no other: of equal ones, a store may lease any first.
    pub(super) fn fresh_moment(&self) -> Timestamp {
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let ahead = 1 + self.below(self.size.ahead_ms).cast_signed();
            let moment = self.now.saturating_add_millis(ahead);
            if moments.insert(moment) {
                return moment;
            }
        }
    }
}
