//! The run as it is read: numbered steps, and what happened in them.

use std::io::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

/// Where the run is told. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Screen {
    start: Instant,
    steps: Arc<AtomicU8>,
    /// In place of the terminal, for tests.
    kept: Option<Arc<Mutex<String>>>,
}

impl Screen {
    /// The terminal.
    pub fn new() -> Self {
        Self { start: Instant::now(), steps: Arc::default(), kept: None }
    }

    /// One that shows nothing and keeps everything; see [`told`](Self::told).
    pub fn kept() -> Self {
        Self { kept: Some(Arc::default()), ..Self::new() }
    }

    /// The headline of the next step.
    pub fn step(&self, what: &str) {
        let number = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        self.say(&format!("\n{number}. {what}"));
    }

    /// What came of the step.
    pub fn tell(&self, what: &str) {
        self.say(&format!("   {what}"));
    }

    /// What happened at this moment.
    pub fn happened(&self, what: &str) {
        self.say(&format!("   {:8.3} s  {what}", self.start.elapsed().as_secs_f64()));
    }

    /// A line as it is.
    pub fn say(&self, line: &str) {
        match &self.kept {
            // A closed pipe ends nothing.
            None => drop(writeln!(std::io::stdout(), "{line}")),
            Some(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }

    /// What was told so far, where it is kept.
    pub fn told(&self) -> String {
        let kept = self.kept.as_ref();
        kept.map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

/// 12345 as 12,345.
pub fn grouped(number: u64) -> String {
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
pub fn counted(number: u64, thing: &str) -> String {
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
