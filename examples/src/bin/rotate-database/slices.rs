//! Which arm carries the load when: the rotating one around each swap, both in turn in between.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use tokio::time::{sleep_until, timeout};

use crate::load::Load;
use crate::run::Story;
use crate::timeline::{Arm, Life, Moment, Timeline};

/// Before the earliest moment of a rotation: more than the half second that is measured as near.
const BEFORE: Duration = Duration::from_millis(600);
/// After a swap: until the last long query of the old generation is over.
const AFTER: Duration = Duration::from_millis(800);
/// The longest stretch on one arm while no rotation is near, and the longest wait for an old user's end.
const LONGEST: Duration = Duration::from_secs(2);
/// The shortest stretch on the fixed arm, however short the leases are.
const SHORTEST: Duration = Duration::from_millis(250);

/// What one arm has cost this process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub rotating: Duration,
    pub fixed: Duration,
}

/// Switches the load between the arms, for as long as it is polled.
///
/// # Cancel safety
/// The stretch under way is lost from the timeline; [`Switch::finish`] closes it.
pub(crate) struct Switch {
    load: Arc<Load>,
    story: Arc<Story>,
    arm: Arm,
    since: Moment,
    cpu: Duration,
    pub cost: Cost,
}

impl Switch {
    pub(crate) fn new(load: Arc<Load>, story: Arc<Story>) -> Self {
        Self { load, story, arm: Arm::Rotating, since: Moment::ZERO, cpu: cpu_time(), cost: Cost::default() }
    }

    pub(crate) async fn alternate(&mut self) {
        let mut swaps = 0;
        let mut free = self.story.now() + SHORTEST;
        loop {
            let known = |timeline: &Timeline| next_rotation(timeline).is_some();
            self.story.wait_until(known).await;
            self.between(free, self.free_until(free)).await;
            // Around the swap the rotating arm works alone.
            self.story.wait_until(|timeline| timeline.swaps().len() > swaps).await;
            // Dropping a user costs the database something, which the fixed arm is not to pay for.
            let gone = self.story.wait_until(|timeline| timeline.draining() == 0);
            timeout(LONGEST, gone).await.ok();
            let timeline = self.story.timeline();
            swaps = timeline.swaps().len();
            free = self.story.now().max(timeline.swaps().last().copied().unwrap_or_default() + AFTER);
        }
    }

    /// Both arms in turn, from `from` to `until`; the fixed one at least once.
    async fn between(&mut self, from: Moment, until: Moment) {
        let mut at = from;
        while at < until {
            self.at(at, Arm::Fixed).await;
            at = until.min(at + LONGEST);
            self.at(at, Arm::Rotating).await;
            at += LONGEST;
        }
    }

    /// When the load has to be back on the rotating arm.
    fn free_until(&self, from: Moment) -> Moment {
        let next = next_rotation(&self.story.timeline()).unwrap_or_default();
        next.saturating_sub(BEFORE).max(from + SHORTEST)
    }

    async fn at(&mut self, moment: Moment, arm: Arm) {
        sleep_until(self.story.instant(moment)).await;
        self.load.carry(arm);
        self.close(arm);
    }

    /// Closes the stretch under way.
    pub(crate) fn finish(&mut self) {
        self.close(self.arm);
    }

    fn close(&mut self, next: Arm) {
        let (now, cpu) = (self.story.now(), cpu_time());
        let spent = cpu.saturating_sub(self.cpu);
        match self.arm {
            Arm::Rotating => self.cost.rotating += spent,
            Arm::Fixed => self.cost.fixed += spent,
        }
        self.story.timeline().slice(self.arm, self.since, now);
        (self.arm, self.since, self.cpu) = (next, now, cpu);
    }
}

fn next_rotation(timeline: &Timeline) -> Option<Moment> {
    timeline.in_use().and_then(earliest_rotation)
}

/// The SDK's default: ten minutes or a sixth of the TTL before the end, at most half of it, and up to a twelfth
/// (at most five minutes) earlier.
pub(crate) fn earliest_rotation(life: &Life) -> Option<Moment> {
    let (issued, deadline) = (life.issued?, life.deadline?);
    let ttl = deadline.saturating_sub(issued);
    let lead = (ttl / 6).max(Duration::from_mins(10)).min(ttl / 2);
    let spread = (ttl / 12).min(Duration::from_mins(5));
    Some(deadline.saturating_sub(lead + spread))
}

/// Of all threads of this process, in user and in kernel mode.
fn cpu_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
    let time = |value: nix::sys::time::TimeVal| {
        let seconds = u64::try_from(value.tv_sec()).unwrap_or(0);
        let micros = u64::try_from(value.tv_usec()).unwrap_or(0);
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    time(usage.user_time()) + time(usage.system_time())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::tests::{ms, two_rotations};

    #[tokio::test]
    async fn the_earliest_rotation_of_a_short_lease_is_before_its_half() {
        let timeline = two_rotations();
        assert_eq!(earliest_rotation(&timeline.lives[0]), Some(ms(2_500)));
        let hour = Life { issued: Some(ms(0)), deadline: Some(ms(3_600_000)), ..Life::default() };
        assert_eq!(earliest_rotation(&hour), Some(ms(45 * 60_000)));
        assert_eq!(earliest_rotation(&Life::default()), None);
    }
}
