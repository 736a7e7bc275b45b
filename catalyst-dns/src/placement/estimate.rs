//! How long a failover takes.

use std::fmt;
use std::time::Duration;

use crate::Ttl;
use crate::lua::EffectiveCheck;

/// How long clients may be sent to a region that has failed, as the server checks in fact.
///
/// ```
/// # use catalyst_dns::placement::FailoverEstimate;
/// # fn show(estimate: FailoverEstimate) {
/// // down after 2 failed checks, one every 5 s with a timeout of 2 s; clients keep the answer 30 s:
/// // failover in 42 s, in the worst case in 56 s
/// println!("{estimate}");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailoverEstimate {
    check: EffectiveCheck,
    ttl: Ttl,
}

impl FailoverEstimate {
    /// The estimate for records with this check and TTL.
    pub fn new(check: EffectiveCheck, ttl: Ttl) -> Self {
        Self { check, ttl }
    }

    /// How the server checks.
    pub fn check(&self) -> EffectiveCheck {
        self.check
    }

    /// Until servers answer with another region: interval × failures + timeout.
    pub fn detection(&self) -> Duration {
        self.check.detection()
    }

    /// Until the last client has another answer: interval × failures + timeout + TTL.
    pub fn expected(&self) -> Duration {
        self.detection().saturating_add(self.ttl.as_duration())
    }

    /// The same when each check begins late and runs into its timeout.
    pub fn at_most(&self) -> Duration {
        self.check.slowest_detection().saturating_add(self.ttl.as_duration())
    }
}

impl fmt::Display for FailoverEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EffectiveCheck { interval, failures, timeout, .. } = self.check;
        let checks = if failures == 1 { "check" } else { "checks" };
        write!(
            f,
            "down after {failures} failed {checks}, one every {} s with a timeout of {} s; clients keep the answer {} s: \
             failover in {} s, in the worst case in {} s",
            interval.as_secs(),
            timeout.as_secs(),
            self.ttl,
            self.expected().as_secs(),
            self.at_most().as_secs()
        )
    }
}
