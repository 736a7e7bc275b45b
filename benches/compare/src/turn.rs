//! Several sides that take turns.

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;

use crate::stage::Stage;

/// One way to make the call.
pub(crate) struct Side<'a> {
    pub(crate) name: &'static str,
    pub(crate) call: Box<dyn Fn() + 'a>,
}

impl<'a> Side<'a> {
    pub(crate) fn new(name: &'static str, call: impl Fn() + 'a) -> Self {
        Self { name, call: Box::new(call) }
    }
}

pub(crate) struct Contest {
    rounds: usize,
}

/// Calls whose allocations are counted.
const COUNTED: u32 = 50;

impl Contest {
    pub(crate) fn new(_prepared: &Stage, rounds: usize) -> Self {
        Self { rounds }
    }

    /// Lets all sides take turns, each as often first as the others, and prints a line for each. The ratio is the
    /// median of the rounds' ratios to the first side, which is the bare one.
    pub(crate) fn run(&self, what: &str, sides: &[Side<'_>]) {
        for side in sides {
            // Connections are made and statements prepared before anybody measures.
            (0..20).for_each(|_| (side.call)());
        }
        let mut samples = vec![Vec::with_capacity(self.rounds); sides.len()];
        for round in 0..self.rounds {
            for turn in 0..sides.len() {
                let at = (round + turn) % sides.len();
                samples[at].push(timed(&sides[at].call));
            }
        }
        let allocations: Vec<f64> = sides.iter().map(|side| counted(&side.call)).collect();
        for (at, side) in sides.iter().enumerate() {
            let ratios = samples[at].iter().zip(&samples[0]).map(|(own, bare)| own / bare);
            println!(
                "{:<26} {:>9.1} us {:>9.3} {:>12.1} {:>9.3}",
                format!("{what}, {}", side.name),
                median(samples[at].iter().copied()) / 1000.0,
                median(ratios),
                allocations[at],
                allocations[at] / allocations[0],
            );
        }
    }
}

/// Nanoseconds of one call.
pub(crate) fn timed(call: &dyn Fn()) -> f64 {
    let start = Instant::now();
    black_box(call());
    start.elapsed().as_nanos() as f64
}

fn counted(call: &dyn Fn()) -> f64 {
    measure(|| (0..COUNTED).for_each(|_| call())).count_total as f64 / f64::from(COUNTED)
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
