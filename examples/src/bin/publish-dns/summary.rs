//! The result of a run, as one line of JSON and as a few lines of text.

use std::time::Duration;

use catalyst_dns::placement::Placement;
use serde::Serialize;

use crate::application::{Applied, Plan, WEIGHTS};
use crate::clients::Seen;
use crate::options::Options;
use crate::outage::Outage;
use crate::signed::Signed;
use catalyst_examples::screen::counted;

/// What `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub mode: &'static str,
    pub placement: &'static str,
    /// Changes, those of marks among them.
    pub planned: usize,
    pub applied: usize,
    /// Reads and writes of the first run, by the SDK's count.
    pub requests: u32,
    pub writes: u32,
    /// Changes of the run that came when all was done.
    pub second_plan: usize,
    pub second_reads: u32,
    pub second_writes: u32,
    /// By the server's own count, where it counts.
    pub second_reads_seen: Option<u64>,
    pub second_writes_seen: Option<u64>,
    pub queries: u32,
    /// Of all answers while both regions were up.
    pub primary_share_before: f64,
    pub standby_share_before: f64,
    /// None if the placement promises no share.
    pub primary_share_expected: Option<f64>,
    /// Until the name server answered without the primary, and what was promised; none if nothing is checked.
    pub failover_ms: Option<u64>,
    pub failover_promised_ms: Option<u64>,
    /// The same for those who keep each answer for its TTL.
    pub failover_cached_ms: Option<u64>,
    pub failover_cached_promised_ms: Option<u64>,
    pub recovery_ms: Option<u64>,
    pub dnssec_valid: bool,
    /// What BIND's validator says, in a live run.
    pub delv_valid: Option<bool>,
    pub withdrawn: usize,
    /// The promises that were not kept.
    pub broken: Vec<String>,
}

/// What a run was made of.
pub(crate) struct Told<'a> {
    pub options: &'a Options,
    pub plan: Plan,
    pub first: Applied,
    pub before: Seen,
    pub outage: Option<Outage>,
    pub second: Applied,
    pub signed: Signed,
    pub withdrawn: Applied,
}

impl Summary {
    pub(crate) fn new(told: &Told<'_>) -> Self {
        let Told { options, plan, first, before, outage, second, signed, withdrawn } = told;
        let outage = outage.as_ref();
        let mut summary = Self {
            mode: options.mode(),
            placement: options.placement.as_str(),
            planned: plan.changes,
            applied: first.changes,
            requests: first.reads + first.writes,
            writes: first.writes,
            second_plan: second.changes,
            second_reads: second.reads,
            second_writes: second.writes,
            second_reads_seen: second.seen.map(|seen| seen.reads),
            second_writes_seen: second.seen.map(|seen| seen.writes),
            queries: before.answers,
            primary_share_before: before.primary_share(),
            standby_share_before: before.standby_share(),
            primary_share_expected: primary_share(options.placement),
            failover_ms: outage.and_then(|outage| outage.failover).map(ms),
            failover_promised_ms: plan.failover.map(|estimate| ms(estimate.detection())),
            failover_cached_ms: outage.and_then(|outage| outage.failover_cached).map(ms),
            failover_cached_promised_ms: plan.failover.map(|estimate| ms(estimate.expected())),
            recovery_ms: outage.and_then(|outage| outage.recovery).map(ms),
            dnssec_valid: signed.valid,
            delv_valid: signed.delv,
            withdrawn: withdrawn.changes,
            broken: Vec::new(),
        };
        summary.broken = broken(told, &summary);
        summary
    }

    /// Whether all promises were kept.
    pub(crate) fn passed(&self) -> bool {
        self.broken.is_empty()
    }

    /// The result in a few sentences.
    pub(crate) fn lines(&self) -> Vec<String> {
        let shown = |time: Option<u64>| time.map_or("never".to_owned(), |time| format!("{time} ms"));
        let mut lines = vec![format!(
            "{} in {}; once more: {} in {} and {}",
            counted(self.applied as u64, "change"),
            counted(self.requests.into(), "request"),
            counted(self.second_plan as u64, "change"),
            counted(self.second_reads.into(), "read"),
            counted(self.second_writes.into(), "write"),
        )];
        lines.push(format!(
            "while all was up, {:.0} % of {} held the primary, {:.0} % the standby",
            100.0 * self.primary_share_before,
            counted(self.queries.into(), "answer"),
            100.0 * self.standby_share_before,
        ));
        if let (Some(promised), Some(cached)) = (self.failover_promised_ms, self.failover_cached_promised_ms)
        {
            lines.push(format!(
                "failover after {} (promised: {promised} ms), with caches {} (promised: {cached} ms); recovery after {}",
                shown(self.failover_ms),
                shown(self.failover_cached_ms),
                shown(self.recovery_ms),
            ));
        }
        lines.push(format!("signed: {}", if self.dnssec_valid { "the chain holds" } else { "BOGUS" }));
        lines.extend(self.broken.iter().map(|broken| format!("NOT KEPT: {broken}")));
        lines
    }
}

/// The share of the answers that holds the primary while all regions are up. Without a database of places the nearest
/// region is any of those that are up.
fn primary_share(placement: Placement) -> Option<f64> {
    match placement {
        Placement::ActiveActiveNearest => None,
        Placement::WeightedCanary => Some(f64::from(WEIGHTS[0]) / f64::from(WEIGHTS.iter().sum::<u32>())),
        _ => Some(1.0),
    }
}

/// How far from its share a sample may be: five standard deviations, so that it never is by chance.
fn tolerance(share: f64, answers: u32) -> f64 {
    5.0 * (share * (1.0 - share) / f64::from(answers.max(1))).sqrt()
}

/// What was promised and not kept.
fn broken(told: &Told<'_>, summary: &Summary) -> Vec<String> {
    let Told { options, before, outage, second, .. } = told;
    let mut broken = Vec::new();
    let mut promise = |kept: bool, what: &str| {
        if !kept {
            broken.push(what.to_owned());
        }
    };
    promise(summary.planned > 0 && summary.applied == summary.planned, "what was planned is applied");
    let silent = second.seen.is_none_or(|seen| (seen.reads, seen.writes) == (1, 0));
    let nothing = (second.changes, second.reads, second.writes) == (0, 1, 0);
    promise(nothing && silent, "a name that is as declared costs one read and no write");
    promise(before.answers > 0 && before.foreign == 0, "answers hold what was published");
    if let Some(share) = summary.primary_share_expected {
        let off = (before.primary_share() - share).abs();
        promise(off <= tolerance(share, before.answers), "the primary has its share of the answers");
    }
    let standby_share = match options.placement {
        Placement::SingleRegion | Placement::ActiveHotStandby | Placement::ActivePassiveWarm => {
            before.standby == 0
        }
        Placement::ActiveActive => before.standby == before.answers,
        _ => before.primary + before.standby == before.answers,
    };
    promise(standby_share, "the standby has its share of the answers");
    if told.plan.failover.is_some() {
        let within = |time: Option<u64>, limit: Option<u64>| {
            time.zip(limit).is_some_and(|(time, limit)| time <= limit)
        };
        promise(within(summary.failover_ms, summary.failover_promised_ms), "failover in time");
        let caches = within(summary.failover_cached_ms, summary.failover_cached_promised_ms);
        promise(caches, "failover in time for those who keep answers");
        let during = outage.as_ref().is_some_and(|outage| {
            outage.during.standby == outage.during.answers && outage.during.foreign == 0
        });
        promise(during, "while the primary is down, every answer holds the standby");
        promise(summary.recovery_ms.is_some(), "the primary comes back");
    }
    promise(summary.dnssec_valid && summary.delv_valid != Some(false), "the chain of signatures holds");
    promise(summary.withdrawn == summary.applied, "what was published can be withdrawn");
    broken
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn summary(before: Seen, second_writes: u32) -> Summary {
        let options = Options::parse_from(["publish-dns"]);
        let applied = |changes, reads, writes| Applied { changes, reads, writes, seen: None };
        Summary::new(&Told {
            options: &options,
            plan: Plan { changes: 2, failover: None },
            first: applied(2, 3, 1),
            before,
            outage: None,
            second: applied(0, 1, second_writes),
            signed: Signed { valid: true, delv: None },
            withdrawn: applied(2, 3, 1),
        })
    }

    #[test]
    fn a_standby_that_answers_beside_the_primary_is_no_hot_standby() {
        let seen = |primary, standby| Seen { answers: 40, primary, standby, foreign: 0 };
        assert!(summary(seen(40, 0), 0).passed());
        // What `selector='pickfirst'` did on a real server.
        let broken = summary(seen(16, 24), 0).broken;
        assert_eq!(broken.len(), 2, "{broken:?}");
        assert_eq!(
            summary(seen(40, 0), 1).broken,
            ["a name that is as declared costs one read and no write"]
        );
        assert!(!summary(Seen { foreign: 1, ..seen(40, 0) }, 0).passed());
    }

    #[test]
    fn a_sample_may_be_off_and_a_certainty_may_not() {
        assert!(tolerance(1.0, 200) < f64::EPSILON);
        assert!((0.14..0.15).contains(&tolerance(0.8, 200)), "{}", tolerance(0.8, 200));
    }
}
