//! How many attempts are under way at once, in all: a bulkhead between the endpoints of one dispatcher.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The attempts that may be under way at once.
pub(super) struct AttemptBudget {
    max: usize,
    under_way: AtomicUsize,
}

impl AttemptBudget {
    pub fn new(max: usize) -> Self {
        Self {
            max,
            under_way: AtomicUsize::new(0),
        }
    }

    /// Permits for as many of the wanted attempts as the budget has left. An endpoint that has none under way gets one in
    /// any case: slow endpoints that hold the whole budget must not keep it from its deliveries.
    pub fn acquire(&self, wanted: usize, has_none: bool) -> Vec<AttemptPermit<'_>> {
        let least = usize::from(has_none);
        let granted = |before: usize| wanted.min(self.max.saturating_sub(before).max(least));
        let count = |before| Some(before + granted(before));
        let counted = self
            .under_way
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        let before = counted.unwrap_or_else(|before| before);
        (0..granted(before)).map(|_| AttemptPermit(self)).collect()
    }
}

/// One attempt's place in the budget, from before its delivery is leased until it has ended or is dropped.
pub(super) struct AttemptPermit<'a>(&'a AttemptBudget);

impl Drop for AttemptPermit<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_spent_budget_leaves_one_attempt_to_each_endpoint_that_has_none() {
        let budget = AttemptBudget::new(3);
        let held = budget.acquire(2, true);
        assert_eq!(held.len(), 2);
        assert_eq!(budget.acquire(5, false).len(), 1);
        let rest = budget.acquire(5, true);
        assert_eq!(rest.len(), 1);
        assert_eq!(budget.acquire(5, false).len(), 0);
        assert_eq!(budget.acquire(5, true).len(), 1);
        assert_eq!(budget.acquire(0, true).len(), 0);
        drop(held);
        assert_eq!(budget.acquire(5, false).len(), 2);
    }

    proptest! {
        /// Beyond the budget, each endpoint has one attempt under way at most.
        #[test]
        fn attempts_beyond_the_budget_are_one_for_each_endpoint(
            max in 0..8_usize,
            steps in prop::collection::vec((0..5_usize, 0..6_usize, any::<bool>()), 1..200),
        ) {
            let budget = AttemptBudget::new(max);
            let mut held: [Vec<AttemptPermit<'_>>; 5] = Default::default();
            for (endpoint, wanted, ends) in steps {
                if ends {
                    held[endpoint].pop();
                    continue;
                }
                let has_none = held[endpoint].is_empty();
                held[endpoint].extend(budget.acquire(wanted, has_none));
                let counts = held.each_ref().map(Vec::len);
                prop_assert_eq!(budget.under_way.load(Ordering::Relaxed), counts.iter().sum::<usize>());
                let beyond_one: usize = counts.iter().map(|count| count.saturating_sub(1)).sum();
                prop_assert!(beyond_one <= max, "{counts:?} of {max}");
                prop_assert!(wanted == 0 || counts[endpoint] > 0);
            }
        }
    }
}
