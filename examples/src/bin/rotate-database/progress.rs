//! The run as it is watched: live on a terminal, in plain lines anywhere else.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::timeline::{Entry, Step};

/// The state of the run in one glance.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub generation: u64,
    pub age: Duration,
    /// Until the next rotation at the earliest.
    pub next: Option<Duration>,
    pub rotations: usize,
    pub rate: u64,
    pub queries: u64,
    pub failed: u64,
    pub draining: usize,
    pub p99_rotating: Option<u64>,
    pub p99_fixed: Option<u64>,
}

/// Where the run is shown. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Screen(Kind);

#[derive(Clone)]
enum Kind {
    Terminal(Arc<Lines>),
    Plain,
    #[cfg(test)]
    Silent,
}

struct Lines {
    all: MultiProgress,
    rotations: ProgressBar,
    generation: ProgressBar,
    load: ProgressBar,
    cleared: AtomicBool,
}

impl Screen {
    /// Live if standard output is a terminal.
    pub(crate) fn new(rotations: u32) -> Self {
        if !std::io::stdout().is_terminal() {
            return Self(Kind::Plain);
        }
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stdout_with_hz(10));
        let bar = |template: &str| {
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            all.add(ProgressBar::new(rotations.into()).with_style(style.progress_chars("━╸ ")))
        };
        let lines = Lines {
            rotations: bar("{bar:32.green/dim} {pos} of {len} rotations"),
            generation: bar("{wide_msg}"),
            load: bar("{wide_msg}"),
            cleared: AtomicBool::new(false),
            all: all.clone(),
        };
        Self(Kind::Terminal(Arc::new(lines)))
    }

    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self(Kind::Silent)
    }

    /// Brings the live part up to date.
    pub(crate) fn show(&self, view: &View) {
        let Kind::Terminal(lines) = &self.0 else { return };
        if lines.cleared.load(Ordering::Relaxed) {
            return;
        }
        lines.rotations.set_position(u64::try_from(view.rotations).unwrap_or(u64::MAX));
        lines.generation.set_message(generation(view));
        lines.load.set_message(load(view));
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        match &self.0 {
            Kind::Terminal(lines) if !lines.cleared.load(Ordering::Relaxed) => {
                lines.all.println(line).ok();
            }
            // A closed pipe ends nothing.
            Kind::Terminal(_) | Kind::Plain => {
                writeln!(std::io::stdout(), "{line}").ok();
            }
            #[cfg(test)]
            Kind::Silent => {}
        }
    }

    /// A step in the life of a credential, as a line that stays.
    pub(crate) fn tell(&self, entry: &Entry) {
        self.say(&sentence(entry));
    }

    /// Takes the live part away; what was said stays.
    pub(crate) fn clear(&self) {
        if let Kind::Terminal(lines) = &self.0 {
            lines.cleared.store(true, Ordering::Relaxed);
            for bar in [&lines.rotations, &lines.generation, &lines.load] {
                bar.finish_and_clear();
            }
            lines.all.clear().ok();
        }
    }
}

fn generation(view: &View) -> String {
    let next = match view.next {
        Some(next) if next.is_zero() => "any moment".to_owned(),
        Some(next) => format!("in {:.1} s or a little later", next.as_secs_f64()),
        None => "unknown".to_owned(),
    };
    let age = view.age.as_secs_f64();
    format!("generation {} in use, {age:.1} s old · next rotation {next}", view.generation)
}

fn load(view: &View) -> String {
    let p99 = |value: Option<u64>| value.map_or("–".to_owned(), millis);
    format!(
        "{} queries/s · {} queries · {} failed · {} old pools draining · p99 {} (fixed credential {})",
        view.rate,
        grouped(view.queries),
        view.failed,
        view.draining,
        p99(view.p99_rotating),
        p99(view.p99_fixed),
    )
}

fn sentence(entry: &Entry) -> String {
    let (at, number, user) = (entry.at.as_secs_f64(), entry.generation, &entry.user);
    let what = match &entry.step {
        Step::Issued { ttl } => format!("generation {number} issued for {} s: {user}", ttl.as_secs()),
        Step::Rotated => format!("generation {number} in use"),
        Step::Drained => format!("generation {number} drained"),
        Step::Ended { why } => format!("generation {number} ended while in use: {why}"),
        Step::Renewed { ttl } => format!("generation {number} renewed for {} s", ttl.as_secs()),
        Step::Revoked => format!("generation {number} revoked: {user} is gone"),
        Step::Failed { why } => format!("generation {number}: a step failed: {why}"),
        Step::Recovered => format!("generation {number}: it works again"),
    };
    format!("{at:8.3} s  {what}")
}

/// Microseconds as people read them.
pub(crate) fn millis(micros: u64) -> String {
    let millis = micros as f64 / 1_000.0;
    match micros {
        0..10_000 => format!("{millis:.2} ms"),
        10_000..100_000 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}

/// 12345 as 12,345.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(
            (grouped(7), grouped(1_234), grouped(1_234_567)),
            ("7".into(), "1,234".into(), "1,234,567".into())
        );
        assert_eq!(
            (millis(850), millis(12_340), millis(812_300)),
            ("0.85 ms".into(), "12.3 ms".into(), "812 ms".into())
        );
    }

    #[test]
    fn a_step_is_told_with_its_time_and_its_user() {
        let entry = Entry {
            at: Duration::from_millis(3_104),
            generation: 2,
            user: "v-orders-2".to_owned(),
            step: Step::Issued { ttl: Duration::from_secs(6) },
        };
        assert_eq!(sentence(&entry), "   3.104 s  generation 2 issued for 6 s: v-orders-2");
    }
}
