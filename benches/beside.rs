//! Ours beside its bare counterpart, measured in turn in one run, so that whatever else the machine does meets both
//! alike. Shared by the benchmarks of the crates.

/// Nanoseconds of each, and the ratio of the two.
pub(crate) struct Beside {
    ours: f64,
    bare: f64,
    ratio: f64,
}

impl Beside {
    /// Runs both in turn for so many `rounds`; each returns the nanoseconds that it took. The ratio is the median of
    /// the rounds' ratios: what disturbs one round disturbs that round only.
    pub(crate) fn measure(
        rounds: usize,
        mut ours: impl FnMut() -> f64,
        mut bare: impl FnMut() -> f64,
    ) -> Self {
        let mut samples = Vec::with_capacity(rounds);
        for round in 0..rounds {
            // Each goes first as often as the other.
            let first = (round % 2 == 0).then(&mut ours);
            let beside = bare();
            samples.push((first.unwrap_or_else(&mut ours), beside));
        }
        Self {
            ours: median(samples.iter().map(|(ours, _)| *ours)),
            bare: median(samples.iter().map(|(_, bare)| *bare)),
            ratio: median(samples.iter().map(|(ours, bare)| ours / bare)),
        }
    }

    /// Prints a line of the table that [`header`] begins.
    pub(crate) fn print(&self, what: &str, target: Option<f64>) {
        let (ours, bare) = (time(self.ours), time(self.bare));
        println!("{}", line(what, [&ours, &bare], self.ratio, target));
    }
}

/// A line of the table: a text, the two, their ratio, and what it should be at most.
pub(crate) fn line(what: &str, [ours, bare]: [&str; 2], ratio: f64, target: Option<f64>) -> String {
    let verdict = match target {
        Some(target) if ratio <= target => format!("{target:.2} met"),
        Some(target) => format!("{target:.2} missed"),
        None => String::new(),
    };
    format!("{what:<52} {ours:>10} {bare:>10} {ratio:>7.3}   {verdict}").trim_end().to_owned()
}

/// Prints the head of a table.
pub(crate) fn header(title: &str) {
    println!("\n{title:<52} {:>10} {:>10} {:>7}   target", "ours", "bare", "ratio");
}

/// The value in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Nanoseconds, to be read by people.
pub(crate) fn time(nanoseconds: f64) -> String {
    if nanoseconds < 1000.0 {
        format!("{nanoseconds:.1} ns")
    } else if nanoseconds < 10_000_000.0 {
        format!("{:.1} µs", nanoseconds / 1000.0)
    } else {
        format!("{:.1} ms", nanoseconds / 1_000_000.0)
    }
}
