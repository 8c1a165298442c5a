//! Who waits for a lane: an endpoint until it is due, and from then on for its turn.

use std::collections::{BTreeSet, HashMap};

use crate::store::QueueKey;
use crate::value::time::Monotonic;

/// The turn that an endpoint had last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine::dispatcher) struct Turn {
    /// Which one of all turns it was; 0 where it had none yet.
    pub number: u64,
    /// Whether what was sent in it came to nothing: it failed, all of it.
    pub took_nothing: bool,
}

/// The endpoints that have something to be delivered and no lane.
#[derive(Default)]
pub(in crate::engine::dispatcher) struct Waiting {
    places: HashMap<QueueKey, Place>,
    /// Those that are not due yet, the next one first.
    later: BTreeSet<(Monotonic, QueueKey)>,
    /// Those that are due, apart by whether they took nothing in their last turn: first the one whose turn is longest ago,
    /// and of those that had none, the one that is longest overdue.
    due: [BTreeSet<(Turn, Monotonic, QueueKey)>; 2],
}

#[derive(Clone, Copy)]
struct Place {
    due_at: Monotonic,
    turn: Turn,
    is_due: bool,
}

impl Waiting {
    /// Adds an endpoint, or has it due earlier where it waits already.
    pub fn add(&mut self, key: QueueKey, due_at: Monotonic, turn: Turn) {
        if let Some(place) = self.places.get(&key) {
            if place.due_at <= due_at {
                return;
            }
            self.remove(key);
        }
        let place = Place {
            due_at,
            turn,
            is_due: false,
        };
        self.places.insert(key, place);
        self.later.insert((due_at, key));
    }

    pub fn remove(&mut self, key: QueueKey) {
        let Some(place) = self.places.remove(&key) else {
            return;
        };
        if place.is_due {
            let due = &mut self.due[usize::from(place.turn.took_nothing)];
            due.remove(&(place.turn, place.due_at, key));
        } else {
            self.later.remove(&(place.due_at, key));
        }
    }

    /// Has those wait for their turn from now on that have fallen due.
    pub fn fall_due(&mut self, now: Monotonic) {
        while let Some((due_at, key)) = self.later.first().copied()
            && due_at <= now
        {
            self.later.pop_first();
            if let Some(place) = self.places.get_mut(&key) {
                place.is_due = true;
                let due = &mut self.due[usize::from(place.turn.took_nothing)];
                due.insert((place.turn, due_at, key));
            }
        }
    }

    /// Whose turn is next; where it is said, of those alone that took something in their last one.
    pub fn next(&self, only_takers: bool) -> Option<(QueueKey, Turn)> {
        let [takers, others] = &self.due;
        let other = others.first().filter(|_| !only_takers);
        let next = takers.first().into_iter().chain(other).min();
        next.map(|(turn, _, key)| (*key, *turn))
    }

    /// Whether anyone is due.
    pub fn is_anyone_due(&self) -> bool {
        self.due.iter().any(|due| !due.is_empty())
    }

    /// When an endpoint that waits is due, or was.
    pub fn due_at(&self, key: QueueKey) -> Option<Monotonic> {
        self.places.get(&key).map(|place| place.due_at)
    }

    /// When the next one falls due of those that are not.
    pub fn next_due(&self) -> Option<Monotonic> {
        self.later.first().map(|(due_at, _)| *due_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::id::{Id, Kind};

    fn key(n: u128) -> QueueKey {
        QueueKey {
            scope_key: 1,
            webhook: Id::new(Kind::Webhook, n),
        }
    }

    fn turn(number: u64, took_nothing: bool) -> Turn {
        Turn {
            number,
            took_nothing,
        }
    }

    fn all(waiting: &mut Waiting, only_takers: bool) -> Vec<QueueKey> {
        let mut all = Vec::new();
        while let Some((key, _)) = waiting.next(only_takers) {
            waiting.remove(key);
            all.push(key);
        }
        all
    }

    #[test]
    fn the_turn_longest_ago_comes_first_and_none_before_any() {
        let at = Monotonic::from_millis;
        let mut waiting = Waiting::default();
        waiting.add(key(1), at(1), turn(8, false));
        waiting.add(key(2), at(2), turn(7, true));
        waiting.add(key(3), at(3), Turn::default());
        waiting.add(key(4), at(2), Turn::default());
        waiting.add(key(5), at(4), Turn::default());
        waiting.fall_due(at(3));
        assert_eq!(waiting.next_due(), Some(at(4)));
        assert_eq!(all(&mut waiting, true), [4, 3, 1].map(key));
        assert!(waiting.is_anyone_due());
        assert_eq!(all(&mut waiting, false), [key(2)]);
        assert!(!waiting.is_anyone_due());
    }

    #[test]
    fn who_waits_already_can_be_due_earlier_and_not_later() {
        let at = Monotonic::from_millis;
        let mut waiting = Waiting::default();
        for due_at in [5, 3, 9] {
            waiting.add(key(1), at(due_at), Turn::default());
        }
        assert_eq!(waiting.next_due(), Some(at(3)));
        waiting.fall_due(at(3));
        waiting.add(key(1), at(9), Turn::default());
        assert_eq!(waiting.next_due(), None);
        assert_eq!(all(&mut waiting, true), [key(1)]);
    }
}
