//! Undos of random requests: each gives back what was there before it, and undone in its turn what it left.

use std::collections::BTreeMap;

use relm_core::engine::{MergeInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::association::{Association, AssociationInput, AssociationPatch};
use relm_core::record::object::ContactInput;
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::{Rng, SeededRng};
use relm_core::{Error, Metadata};
use serde_json::{Value, json};

use super::acme::{Acme, company, contact, said};
use super::merges::stands_for;
use super::undone::{everything, request, undo};
use crate::subject::Subject;

/// Requests of one history.
const REQUESTS: usize = 12;
/// Changes of one request, at most.
const CHANGES_MAX: usize = 5;

/// Who makes random changes.
struct Random {
    rng: SeededRng,
    contacts: Vec<Id>,
    companies: Vec<Id>,
}

impl Random {
    /// A number below `end`.
    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 4];
        self.rng.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % end
    }

    fn one_of(&self, ids: &[Id]) -> Id {
        ids[self.below(ids.len())]
    }

    fn contact(&self) -> Id {
        self.one_of(&self.contacts)
    }

    /// Makes a change, or one that is refused for what is there.
    async fn change(&mut self, scoped: &Scoped, acme: &Acme, store: &Subject) {
        let contacts = scoped.contacts();
        let done = match self.below(11) {
            0 => match contacts.create(self.address()).await {
                Ok(made) => {
                    self.contacts.push(made.id);
                    Ok(())
                }
                Err(error) => Err(error),
            },
            1 => contacts.delete(self.contact(), None).await,
            2 => contacts.restore(self.contact(), None).await.map(drop),
            3 => {
                let change = self.address();
                contacts
                    .update(self.contact(), change, None)
                    .await
                    .map(drop)
            }
            4 => {
                let change = self.members();
                contacts
                    .update(self.contact(), change, None)
                    .await
                    .map(drop)
            }
            5 | 6 => self.link(scoped).await,
            7 => {
                let edges = acme.all(store, Kind::Association).await;
                match edges.is_empty() {
                    true => Ok(()),
                    false => {
                        let edge = edges[self.below(edges.len())].id;
                        scoped.associations().unlink(edge, None).await
                    }
                }
            }
            8 | 9 => {
                let input = MergeInput::new([self.contact()]);
                let merged = contacts.merge(self.contact(), input, None).await;
                merged.map(drop)
            }
            _ => {
                let change = company(&format!("Shop {}", self.below(9)));
                let id = self.one_of(&self.companies);
                scoped.companies().update(id, change, None).await.map(drop)
            }
        };
        is_done_or_in_the_way(done);
    }

    async fn link(&self, scoped: &Scoped) -> Result<(), Error> {
        let ends = [&self.contacts, &self.contacts, &self.companies];
        let input = AssociationInput {
            from_id: self.contact(),
            to_id: self.one_of(ends[self.below(ends.len())]),
            label: [None, Some("a".to_owned())][self.below(2)].clone(),
            attributes: [AssociationPatch::default(), said("b"), said("c")][self.below(3)].clone(),
        };
        let linked: Association = scoped.associations().link(input).await?;
        drop(linked);
        Ok(())
    }

    /// One of few addresses.
    fn address(&self) -> ContactInput {
        contact(&format!("{}@example.com", self.below(12)))
    }

    fn members(&self) -> ContactInput {
        let value = |n: usize| match n {
            0 => Value::Null,
            n => json!(n),
        };
        let members = [("a", self.below(3)), ("b", self.below(3))];
        let metadata: Metadata = members
            .map(|(key, n)| (key, value(n)))
            .into_iter()
            .collect();
        let company = (self.below(2) == 0).then(|| self.one_of(&self.companies));
        ContactInput {
            phone: format!("{}", self.below(5)).into(),
            company_id: company.into(),
            metadata: metadata.into(),
            ..ContactInput::default()
        }
    }
}

/// What there is, and what each of these ids stands for.
async fn all_of(
    acme: &Acme,
    store: &Subject,
    ids: &[Id],
) -> (BTreeMap<String, Value>, Vec<Option<Id>>) {
    let mut stand_for = Vec::new();
    for id in ids {
        let found = stands_for(&acme.scoped, *id).await;
        stand_for.push(found.map(|(id, _)| id));
    }
    (everything(acme, store).await, stand_for)
}

/// What is there, or is not, refuses some changes: none fails otherwise.
fn is_done_or_in_the_way(done: Result<(), Error>) {
    if let Err(error) = done {
        let kind = error.kind();
        let expected = [
            ErrorKind::NotFound,
            ErrorKind::Conflict,
            ErrorKind::InvalidReference,
            ErrorKind::ValidationFailed,
        ];
        assert!(expected.contains(&kind), "{error}");
    }
}

/// Whatever a request did, undone at once it is as it was before, and as it was left where that is undone.
pub(crate) async fn any_request_is_undone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut random = Random {
        rng: SeededRng::new(41),
        contacts: Vec::new(),
        companies: Vec::new(),
    };
    for n in 0..5 {
        let input = contact(&format!("{n}@example.com"));
        let made = scoped.contacts().create(input).await;
        random.contacts.push(made.expect("it is valid").id);
    }
    for name in ["Shop", "Store"] {
        let made = scoped.companies().create(company(name)).await;
        random.companies.push(made.expect("it is valid").id);
    }
    let mut undone = 0;
    for round in 0..REQUESTS {
        let known = random.contacts.clone();
        let before = all_of(&acme, &store, &known).await;
        let (by, id) = request(&acme);
        for _ in 0..=random.below(CHANGES_MAX) {
            random.change(&by, &acme, &store).await;
        }
        let left = all_of(&acme, &store, &random.contacts).await;
        let back = scoped.requests().undo(id).await;
        let back = match back {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                assert_eq!(left, before, "{round}: it changed nothing");
                continue;
            }
            back => back.expect("its events are kept"),
        };
        undone += 1;
        assert_eq!(back.conflicts, [], "{round}");
        let there = all_of(&acme, &store, &known).await;
        assert_eq!(there, before, "{round}: {back:?}");
        if let Some(by) = back.undone_by {
            let again = undo(scoped, by).await;
            assert_eq!(again.conflicts, [], "{round}");
            let there = all_of(&acme, &store, &random.contacts).await;
            assert_eq!(there, left, "{round}: {again:?}");
        }
    }
    assert!(undone > REQUESTS / 2, "{undone}");
}
