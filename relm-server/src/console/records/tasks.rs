//! Which of the activities are tasks: those that are open, overdue, and due today.

use relm_core::Timestamp;

use crate::console::listing::{Asked, View, filter_name};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The ways from the list of activities to its tasks.
pub(super) fn views(asked: &Asked, now: Timestamp) -> Vec<View> {
    let all = filters(now).into_iter();
    all.map(|(label, filters)| asked.view(label, &filters))
        .collect()
}

/// Each view by its filters. A day is one of UTC, in which all times of the console are.
fn filters(now: Timestamp) -> [(&'static str, Vec<(String, String)>); 4] {
    let today = now.as_millis().div_euclid(DAY_MS) * DAY_MS;
    let [today, tomorrow] = [today, today + DAY_MS].map(Timestamp::from_millis);
    let due = |operator: &str, value: String| (filter_name("due_at", operator), value);
    let open = (filter_name("done_at", "is_null"), "true".to_owned());
    [
        ("All", vec![]),
        (
            "Open tasks",
            vec![due("is_null", "false".to_owned()), open.clone()],
        ),
        ("Overdue", vec![due("lt", today.to_string()), open.clone()]),
        (
            "Due today",
            vec![
                due("gte", today.to_string()),
                due("lt", tomorrow.to_string()),
                open,
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_utc_also_before_1970() {
        for (millis, today, tomorrow) in [
            (0, "1970-01-01", "1970-01-02"),
            (DAY_MS - 1, "1970-01-01", "1970-01-02"),
            (-1, "1969-12-31", "1970-01-01"),
        ] {
            let [.., (_, overdue), (_, due)] = filters(Timestamp::from_millis(millis));
            let [today, tomorrow] = [today, tomorrow].map(|day| format!("{day}T00:00:00.000Z"));
            assert_eq!(overdue[0].1, today);
            assert_eq!([&due[0].1, &due[1].1], [&today, &tomorrow]);
        }
    }
}
