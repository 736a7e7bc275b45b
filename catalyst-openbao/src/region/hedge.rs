//! How many reads may be asked of two regions.

use std::sync::{Mutex, PoisonError};

/// One read in ten may be asked twice.
const PER_READ: u32 = 1;
const COST: u32 = 10;
const MOST: u32 = 100;

/// Fills with reads, and is spent by hedges, so that a slow region does not double the load of the others.
#[derive(Debug)]
pub(super) struct HedgeBudget(Mutex<u32>);

impl Default for HedgeBudget {
    fn default() -> Self {
        Self(Mutex::new(MOST))
    }
}

impl HedgeBudget {
    pub(super) fn read(&self) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + PER_READ).min(MOST);
    }

    pub(super) fn spend(&self) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = *left >= COST;
        *left -= if enough { COST } else { 0 };
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_long_run_one_read_in_ten_is_hedged() {
        let budget = HedgeBudget::default();
        let mut hedged = 0;
        for _ in 0..1000 {
            budget.read();
            hedged += u32::from(budget.spend());
        }
        assert!((100..=111).contains(&hedged), "{hedged}");
    }
}
