//! What a server makes of the options of a check.

use std::time::Duration;

use super::CheckOptions;
use crate::{Capabilities, Version};

/// The timeout of a check where none is set, in seconds.
const DEFAULT_TIMEOUT: u32 = 2;

/// How a server of a certain version and configuration really checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectiveCheck {
    /// From one check to the next.
    pub interval: Duration,
    /// Failed checks in a row until an address is down.
    pub failures: u32,
    /// How long one check may take.
    pub timeout: Duration,
    /// How late a check may begin: the server looks only now and then at what is due.
    pub lateness: Duration,
    per_record: bool,
}

impl CheckOptions {
    /// How a server with these `capabilities` checks: before 5.0 at its own interval, and down after one failure; from
    /// 5.1 at multiples of its own interval.
    pub fn effective(&self, capabilities: &Capabilities) -> EffectiveCheck {
        let server = capabilities.health_check_interval.max(1);
        let per_record = capabilities.lua_check_options();
        let own = self.interval.filter(|_| per_record).unwrap_or(server);
        let rounds = capabilities.version >= Version(5, 1, 0);
        let interval = if rounds { own.div_ceil(server).saturating_mul(server) } else { own };
        let timeout = self.timeout.unwrap_or(DEFAULT_TIMEOUT);
        // Whoever waits for a check that hangs, looks late.
        let lateness = if rounds { server } else { own.min(server) }.max(timeout);
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        EffectiveCheck {
            interval: seconds(interval),
            failures: if per_record { self.minimum_failures } else { 1 },
            timeout: seconds(timeout),
            lateness: seconds(lateness),
            per_record,
        }
    }
}

impl EffectiveCheck {
    /// Until a dead address is found down, as a rule: interval × failures, and the timeout of the last check.
    pub fn detection(&self) -> Duration {
        self.interval.saturating_mul(self.failures).saturating_add(self.timeout)
    }

    /// Until a dead address is found down, in the worst case: every check runs into its timeout and begins late. It
    /// holds as long as no other record's check on the server has a longer timeout, for checks wait for one another.
    pub fn slowest_detection(&self) -> Duration {
        if !self.per_record {
            return self.interval.max(self.timeout).saturating_add(self.timeout);
        }
        let round = self.interval.saturating_add(self.lateness).saturating_add(self.timeout);
        round.saturating_mul(self.failures).saturating_add(self.timeout)
    }
}
