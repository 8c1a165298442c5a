//! What commits mean to the rest of one engine: who is woken, who is told, what is read anew.

use std::collections::BTreeSet;

use crate::record::Event;
use crate::store::QueueKey;
use crate::value::id::Id;
use crate::value::scope::Scope;

/// What is done about commits once they are seen by everybody.
#[derive(Default)]
pub(super) struct Effects {
    /// The queues that they added to.
    pub queues: BTreeSet<QueueKey>,
    /// What happened, as far as somebody in this process listens.
    pub events: Vec<(Scope, Vec<Event>)>,
    /// The scopes whose logs they added to.
    pub logged: BTreeSet<Scope>,
    /// The scopes whose configurations they changed.
    pub reconfigured: BTreeSet<Scope>,
    /// The keys that they revoked, or gave another end.
    pub revoked: BTreeSet<Id>,
}

impl Effects {
    /// Adds what later commits mean.
    pub fn extend(&mut self, later: Self) {
        let Self {
            queues,
            events,
            logged,
            reconfigured,
            revoked,
        } = later;
        self.queues.extend(queues);
        self.events.extend(events);
        self.logged.extend(logged);
        self.reconfigured.extend(reconfigured);
        self.revoked.extend(revoked);
    }
}
