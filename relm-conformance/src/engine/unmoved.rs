//! A merge that was broken off before anything was moved.

use std::sync::Arc;

use relm_core::RequestId;
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, phone};
use super::broken_off::BreaksOff;
use super::merge_steps::{Before, call, ends, merge_json, referring};
use super::merges::{create, stands_for};
use crate::intercept::Intercepted;
use crate::subject::Subject;

/// A merge of which all is left to be moved: two calls refer to the merged record, and associations lead from it and to it.
pub(super) struct Unmoved {
    pub ada: Id,
    pub bob: Id,
    pub eve: Id,
    calls: Vec<Id>,
    /// The request that merged them.
    pub request: RequestId,
}

impl Unmoved {
    pub async fn merge(acme: &Acme, store: &Subject, seed: u64) -> Self {
        let scoped = &acme.scoped;
        let ada = create(scoped, phone("1")).await.id;
        let bob = create(scoped, phone("2")).await.id;
        let eve = create(scoped, phone("3")).await.id;
        let edges = [(bob, eve), (eve, bob), (ada, bob)];
        let before: Vec<Id> = activities(acme, store).await;
        let late = Before::merge(scoped, vec![call(bob), call(bob)], &edges);
        let inner = Intercepted {
            store: store.shared(),
            by: Arc::new(late),
        };
        let breaking = Arc::new(Intercepted {
            store: Arc::new(inner),
            by: Arc::new(BreaksOff::after(1)),
        });
        let request = acme.crm.request_id();
        let merging = acme.beside(breaking, seed).await.for_request(request);
        merge_json(&merging, ada, bob).await;
        assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
        assert_eq!(referring(acme, store, bob).await, 2);
        let mut calls = activities(acme, store).await;
        calls.retain(|id| !before.contains(id));
        Self {
            ada,
            bob,
            eve,
            calls,
            request,
        }
    }

    /// The contacts to which its calls refer, and between which associations lead.
    pub async fn leads_to(&self, acme: &Acme, store: &Subject) -> (Vec<Option<Id>>, Vec<(Id, Id)>) {
        let mut of_calls = Vec::new();
        for id in &self.calls {
            let call = acme.scoped.activities().get(*id).await;
            let call = call.expect("it reads").expect("it is there");
            of_calls.push(call.contact_id);
        }
        let own = [self.ada, self.bob, self.eve];
        let mut edges = ends(acme, store).await;
        edges.retain(|(from, to)| own.contains(from) || own.contains(to));
        edges.sort_unstable();
        (of_calls, edges)
    }
}

async fn activities(acme: &Acme, store: &Subject) -> Vec<Id> {
    let all = acme.all(store, Kind::Activity).await;
    all.iter().map(|it| it.id).collect()
}
