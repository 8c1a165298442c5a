//! Random histories of merges, and of what happens to merged records, beside a model of what each id stands for.

use std::collections::{BTreeMap, BTreeSet};

use relm_core::RequestId;
use relm_core::engine::{MergeInput, Scoped};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::object::{Deal, DealInput};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::{Rng, SeededRng};

use super::acme::{Acme, company, phone};
use super::merges::stands_for;
use super::mock_transport::NoSleep;
use super::undone::{request, undo};
use crate::subject::Subject;

/// Histories.
const SEEDS: u64 = 3;
/// Steps of each.
const STEPS: usize = 60;

/// Where a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Live,
    Trash,
    /// It was merged into another.
    Into(Id),
    Purged,
}

/// What there is, as it is said to be.
#[derive(Clone, Debug, Default)]
struct Model {
    contacts: BTreeMap<Id, Place>,
    /// The companies that are linked to a contact, also where it is in the trash.
    linked: BTreeSet<(Id, Id)>,
    /// Which contact each deal names, and whether it is there or in the trash.
    deals: BTreeMap<Id, (Option<Id>, bool)>,
}

impl Model {
    fn place(&self, id: Id) -> Place {
        self.contacts[&id]
    }

    fn merged_into(&self, survivor: Id) -> BTreeSet<Id> {
        let all = self.contacts.iter();
        let merged = all.filter(|(_, place)| **place == Place::Into(survivor));
        merged.map(|(id, _)| *id).collect()
    }

    /// Has the live deals that name a contact name another, or none.
    fn refer(&mut self, from: Id, to: Option<Id>) {
        for (named, is_live) in self.deals.values_mut() {
            if *named == Some(from) && *is_live {
                *named = to;
            }
        }
    }

    /// What a merge is refused with, if it is.
    fn refuses(&self, into: Id, from: &[Id]) -> Option<ErrorKind> {
        match self.place(into) {
            Place::Live => {}
            Place::Into(by) if self.place(by) == Place::Live => return Some(ErrorKind::Conflict),
            Place::Into(_) | Place::Trash | Place::Purged => return Some(ErrorKind::NotFound),
        }
        let refusals = from.iter().map(|id| match self.place(*id) {
            Place::Live => None,
            Place::Into(by) if by == into => None,
            Place::Into(_) => Some(ErrorKind::Conflict),
            Place::Trash | Place::Purged => Some(ErrorKind::InvalidReference),
        });
        refusals.flatten().next()
    }

    fn merge(&mut self, into: Id, from: &[Id]) {
        for id in from {
            if self.place(*id) != Place::Live {
                continue;
            }
            for merged in self.merged_into(*id) {
                self.contacts.insert(merged, Place::Into(into));
            }
            self.contacts.insert(*id, Place::Into(into));
            self.refer(*id, Some(into));
            let moved: Vec<_> = self.linked.iter().copied().collect();
            for (contact, company) in moved.into_iter().filter(|(of, _)| of == id) {
                self.linked.remove(&(contact, company));
                self.linked.insert((into, company));
            }
        }
    }

    fn purge(&mut self, id: Id) {
        let heir = match self.place(id) {
            Place::Purged => return,
            Place::Into(into) => Some(into),
            Place::Live | Place::Trash => None,
        };
        for merged in self.merged_into(id) {
            self.contacts.insert(merged, Place::Purged);
            self.refer(merged, None);
        }
        self.contacts.insert(id, Place::Purged);
        self.refer(id, heir);
        self.linked.retain(|(contact, _)| *contact != id);
    }

    /// What deleting a contact, or restoring it, is refused with, where that is possible in one place alone.
    fn refuses_beside(&self, id: Id, possible: Place) -> Option<ErrorKind> {
        match self.place(id) {
            place if place == possible => None,
            Place::Into(by) if self.place(by) == Place::Live => Some(ErrorKind::Conflict),
            Place::Into(_) | Place::Live | Place::Trash | Place::Purged => {
                Some(ErrorKind::NotFound)
            }
        }
    }
}

/// One history.
struct History<'a> {
    rng: SeededRng,
    acme: &'a Acme,
    store: &'a Subject,
    companies: Vec<Id>,
    model: Model,
    /// Merges that were done.
    merges: usize,
}

/// Whether a call was done, as it was to be.
fn is_done<T>(outcome: Result<T, Error>, refused: Option<ErrorKind>) -> bool {
    let failed = outcome.err().map(|error| error.kind());
    assert_eq!(failed, refused);
    refused.is_none()
}

impl History<'_> {
    /// A number below `end`.
    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 4];
        self.rng.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % end
    }

    fn contact(&self) -> Id {
        let ids: Vec<Id> = self.model.contacts.keys().copied().collect();
        ids[self.below(ids.len())]
    }

    fn live_contact(&self) -> Option<Id> {
        let all = self.model.contacts.iter();
        let live = all.filter(|(_, place)| **place == Place::Live);
        let live: Vec<Id> = live.map(|(id, _)| *id).collect();
        (!live.is_empty()).then(|| live[self.below(live.len())])
    }

    async fn step(&mut self) {
        let scoped = self.acme.scoped.clone();
        match self.below(12) {
            0 | 1 => {
                let made = scoped.contacts().create(phone("1")).await;
                let made = made.expect("it is valid").id;
                self.model.contacts.insert(made, Place::Live);
            }
            2 => self.deal(&scoped).await,
            3 => self.delete_or_restore_deal(&scoped).await,
            4 => self.link(&scoped).await,
            5 => {
                let id = self.contact();
                let refused = self.model.refuses_beside(id, Place::Live);
                if is_done(scoped.contacts().delete(id, None).await, refused) {
                    self.model.contacts.insert(id, Place::Trash);
                }
            }
            6 => {
                let id = self.contact();
                let refused = self.model.refuses_beside(id, Place::Trash);
                if is_done(scoped.contacts().restore(id, None).await, refused) {
                    self.model.contacts.insert(id, Place::Live);
                }
            }
            7 => {
                let id = self.contact();
                let purged = scoped.contacts().purge(id, None).await;
                assert!(purged.expect("it is known").purged);
                self.model.purge(id);
            }
            _ => self.merge().await,
        }
    }

    async fn deal(&mut self, scoped: &Scoped) {
        let Some(contact) = self.live_contact() else {
            return;
        };
        let input = DealInput {
            title: "Engine".into(),
            primary_contact_id: contact.into(),
            ..DealInput::default()
        };
        let made = scoped.deals().create(input).await;
        let made = made.expect("it is valid").id;
        self.model.deals.insert(made, (Some(contact), true));
    }

    async fn delete_or_restore_deal(&mut self, scoped: &Scoped) {
        let ids: Vec<Id> = self.model.deals.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[self.below(ids.len())];
        let (named, is_live) = self.model.deals[&id];
        let done = match is_live {
            true => scoped.deals().delete(id, None).await,
            false => scoped.deals().restore(id, None).await.map(drop),
        };
        done.expect("it is where it was put");
        self.model.deals.insert(id, (named, !is_live));
    }

    async fn link(&mut self, scoped: &Scoped) {
        let (from_id, to_id) = (self.contact(), self.companies[self.below(2)]);
        let input = AssociationInput {
            from_id,
            to_id,
            label: None,
            attributes: Default::default(),
        };
        let is_live = self.model.place(from_id) == Place::Live;
        let refused = (!is_live).then_some(ErrorKind::InvalidReference);
        if is_done(scoped.associations().link(input).await, refused) {
            self.model.linked.insert((from_id, to_id));
        }
    }

    /// Merges; and sometimes undoes that, and undoes the undo.
    async fn merge(&mut self) {
        let (into, one) = match (self.below(4), self.live_contact(), self.live_contact()) {
            (1.., Some(into), Some(one)) => (into, one),
            _ => (self.contact(), self.contact()),
        };
        let mut from = vec![one];
        if self.below(3) == 0 {
            from.push(self.contact());
        }
        from.retain(|id| *id != into);
        from.dedup();
        if from.is_empty() {
            return;
        }
        let (by, merged) = request(self.acme);
        let input = MergeInput::new(from.iter().copied());
        let refused = self.model.refuses(into, &from);
        let outcome = by.contacts().merge(into, input, None).await;
        if !is_done(outcome, refused) {
            return;
        }
        let before = self.model.clone();
        self.model.merge(into, &from);
        let changes = before.contacts != self.model.contacts;
        self.merges += usize::from(changes);
        if changes && self.below(3) == 0 {
            self.is_as_it_is_said().await;
            let undone = self.undo(merged).await;
            let after = std::mem::replace(&mut self.model, before);
            if self.below(2) == 0 {
                self.is_as_it_is_said().await;
                self.undo(undone).await;
                self.model = after;
            }
        }
    }

    async fn undo(&self, request: RequestId) -> RequestId {
        let undone = undo(&self.acme.scoped, request).await;
        assert_eq!(undone.conflicts, []);
        undone.undone_by.expect("it changed something")
    }

    /// Compares what there is with the model.
    async fn is_as_it_is_said(&self) {
        let (acme, model) = (self.acme, &self.model);
        for (id, place) in &model.contacts {
            let expected = match place {
                Place::Live => Some((*id, BTreeSet::new())),
                Place::Into(by) => {
                    (model.place(*by) == Place::Live).then(|| (*by, model.merged_into(*by)))
                }
                Place::Trash | Place::Purged => None,
            };
            let found = stands_for(&acme.scoped, *id).await;
            let found = found.map(|(id, merged)| (id, merged.into_iter().collect()));
            assert_eq!(found, expected, "{id}");
        }
        let deals = acme.all(self.store, Kind::Deal).await;
        let deals = deals.iter().map(|it| it.decode::<Deal>());
        let named = deals.map(|deal| {
            let deal = deal.expect("it is a deal");
            (deal.id, deal.primary_contact_id)
        });
        let named: BTreeMap<Id, Option<Id>> = named.collect();
        let live = model.deals.iter().filter(|(_, (_, is_live))| *is_live);
        let expected = live.map(|(id, (named, _))| (*id, *named));
        assert_eq!(named, expected.collect());
        let edges = acme.all(self.store, Kind::Association).await;
        let edges = edges.iter().map(|it| it.decode::<Association>());
        let ends = edges.map(|edge| {
            let edge = edge.expect("it is one");
            (edge.from_id, edge.to_id)
        });
        let linked = model.linked.iter().copied();
        let linked = linked.filter(|(contact, _)| model.place(*contact) == Place::Live);
        assert_eq!(ends.collect::<BTreeSet<_>>(), linked.collect());
        assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 0);
    }
}

/// Whatever happens to records and to those that they were merged into, each id stands for what it is said to stand for, and whatever
/// referred to it refers to that.
pub(crate) async fn any_history_of_merges_is_as_it_is_said(store: Subject) {
    let first = Acme::open(store.shared()).await;
    for seed in 0..SEEDS {
        let acme = first.in_another_workspace(&format!("history {seed}")).await;
        let mut companies = Vec::new();
        for name in ["Shop", "Store"] {
            let made = acme.scoped.companies().create(company(name)).await;
            companies.push(made.expect("it is valid").id);
        }
        let made = acme.scoped.contacts().create(phone("1")).await;
        let ada = made.expect("it is valid").id;
        let mut history = History {
            rng: SeededRng::new(seed),
            acme: &acme,
            store: &store,
            companies,
            model: Model {
                contacts: [(ada, Place::Live)].into(),
                ..Model::default()
            },
            merges: 0,
        };
        for _ in 0..STEPS {
            history.step().await;
            history.is_as_it_is_said().await;
        }
        assert!(history.merges > 4, "{seed}: {} merges", history.merges);
    }
}
