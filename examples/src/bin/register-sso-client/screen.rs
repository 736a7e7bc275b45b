//! The run as it is read: numbered steps, and what happened in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::time::Instant;

/// Where the run is told. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    start: Instant,
    steps: Arc<AtomicU8>,
    /// Where a test reads it.
    #[cfg(test)]
    told: Arc<std::sync::Mutex<String>>,
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            steps: Arc::default(),
            #[cfg(test)]
            told: Arc::default(),
        }
    }

    /// The headline of the next step.
    pub(crate) fn step(&self, what: &str) {
        let number = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        self.say(&format!("\n{number}. {what}"));
    }

    /// What came of the step.
    pub(crate) fn tell(&self, what: &str) {
        self.say(&format!("   {what}"));
    }

    /// What happened at this moment.
    pub(crate) fn happened(&self, what: &str) {
        self.say(&format!("   {:8.3} s  {what}", self.start.elapsed().as_secs_f64()));
    }

    /// A line as it is.
    #[cfg(not(test))]
    #[allow(clippy::unused_self, reason = "a test has one screen for each story")]
    pub(crate) fn say(&self, line: &str) {
        use std::io::Write;
        // A closed pipe ends nothing.
        writeln!(std::io::stdout(), "{line}").ok();
    }

    #[cfg(test)]
    pub(crate) fn say(&self, line: &str) {
        let mut told = self.told.lock().unwrap();
        told.push_str(line);
        told.push('\n');
    }

    #[cfg(test)]
    pub(crate) fn told(&self) -> String {
        self.told.lock().unwrap().clone()
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

/// `1 write`, `2 writes`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_easy_to_read() {
        let told =
            [(0, "0 writes"), (1, "1 write"), (1_234, "1,234 writes"), (1_234_567, "1,234,567 writes")];
        for (number, text) in told {
            assert_eq!(counted(number, "write"), text);
        }
    }
}
