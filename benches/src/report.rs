//! The goals, and how what was measured is printed beside them.

use crate::drive::Compared;
use crate::workload::Operation;

/// The most that Relm's p99 may be of the floor's, where there is a goal for it.
const P99_RATIO_MAX: f64 = 1.5;

/// What Relm is to reach beside what it is compared with.
#[derive(Clone, Copy, Default)]
pub struct Goals {
    /// The least ratio of the rates.
    ratio: Option<f64>,
    /// The greatest ratio of the 99th percentiles.
    p99_ratio: Option<f64>,
}

impl Goals {
    pub const fn ratio(ratio: f64) -> Self {
        Self {
            ratio: Some(ratio),
            p99_ratio: None,
        }
    }

    /// The goals beside hand-written statements.
    pub const fn of(operation: Operation, is_sqlite: bool) -> Self {
        let ratio = match (operation, is_sqlite) {
            (Operation::Get | Operation::List | Operation::Search | Operation::Batch, true) => {
                Some(0.50)
            }
            (Operation::Create | Operation::Update, true) => Some(0.60),
            (Operation::Get | Operation::Create, false) => Some(0.35),
            (Operation::Batch, false) => Some(0.40),
            (Operation::List | Operation::Search | Operation::Update, false) => None,
        };
        let p99_ratio = match operation {
            Operation::Get | Operation::List | Operation::Create => Some(P99_RATIO_MAX),
            Operation::Search | Operation::Update | Operation::Batch => None,
        };
        Self { ratio, p99_ratio }
    }
}

pub fn print_head(floor: &str) {
    println!(
        "| operation | conns | Relm /s | p50 µs | p99 µs | {floor} /s | p50 µs | p99 µs | ratio | min–max | goal | | p99 ratio | goal | | CPU ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
}

/// One row: a comparison beside its goals.
pub fn print_row(compared: &Compared, goals: Goals) {
    let operation = compared.operation;
    let [ratio, least, greatest] = compared.ratio(|cell| cell.per_second);
    let [p99_ratio, ..] = compared.ratio(|cell| cell.p99_us);
    let [cpu_ratio, ..] = compared.ratio(|cell| cell.per_cpu_second);
    println!(
        "| {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {ratio:.2} | {least:.2}–{greatest:.2} | {} | {p99_ratio:.2} | {} | {cpu_ratio:.2} |",
        operation.name(),
        operation.connections(),
        compared.ours(|cell| cell.per_second),
        compared.ours(|cell| cell.p50_us),
        compared.ours(|cell| cell.p99_us),
        compared.floor(|cell| cell.per_second),
        compared.floor(|cell| cell.p50_us),
        compared.floor(|cell| cell.p99_us),
        at_least(ratio, goals.ratio),
        at_most(p99_ratio, goals.p99_ratio),
    );
}

/// Two cells: the goal, and whether it was met.
fn at_least(measured: f64, goal: Option<f64>) -> String {
    goal.map_or("– | –".to_owned(), |goal| {
        format!("≥ {goal:.2} | {}", verdict(measured >= goal))
    })
}

fn at_most(measured: f64, goal: Option<f64>) -> String {
    goal.map_or("– | –".to_owned(), |goal| {
        format!("≤ {goal:.2} | {}", verdict(measured <= goal))
    })
}

pub fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**MISSED**" }
}

/// What has no floor: a number beside its goal.
pub struct Figure {
    what: &'static str,
    measured: f64,
    goal: Goal,
    unit: &'static str,
}

enum Goal {
    Least(f64),
    Most(f64),
    Unset,
}

impl Figure {
    pub const fn at_least(
        what: &'static str,
        measured: f64,
        goal: f64,
        unit: &'static str,
    ) -> Self {
        let goal = Goal::Least(goal);
        Self {
            what,
            measured,
            goal,
            unit,
        }
    }

    pub const fn at_most(what: &'static str, measured: f64, goal: f64, unit: &'static str) -> Self {
        let goal = Goal::Most(goal);
        Self {
            what,
            measured,
            goal,
            unit,
        }
    }

    pub const fn without_goal(what: &'static str, measured: f64, unit: &'static str) -> Self {
        let goal = Goal::Unset;
        Self {
            what,
            measured,
            goal,
            unit,
        }
    }
}

pub fn print_figures(figures: &[Figure]) {
    println!("\n| | measured | goal | |\n|---|---|---|---|");
    for Figure {
        what,
        measured,
        goal,
        unit,
    } in figures
    {
        let goal = match goal {
            Goal::Unset => "– | –".to_owned(),
            Goal::Least(least) => format!("≥ {least:.0} | {}", verdict(measured >= least)),
            Goal::Most(most) => format!("≤ {most:.0} | {}", verdict(measured <= most)),
        };
        // Only Linux has of a process what is asked here.
        if measured.is_nan() {
            println!("| {what} | n/a | – | – |");
        } else {
            println!("| {what} | {measured:.1} {unit} | {goal} |");
        }
    }
}
