//! What the next step of a rotation is, and when. Pure: no I/O, and the time is given.
//!
//! A verifier holds the keys of a realm for a while. If a new key signed the moment it is made, tokens would be refused
//! until every verifier has fetched it; so it is published first, with a priority at which it does not sign.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::component::{Key, Mark};
use crate::jose::Algorithm;

/// How keys follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct KeyPolicy {
    pub(super) algorithm: Algorithm,
    pub(super) settle: Duration,
    pub(super) token_life: Duration,
}

impl KeyPolicy {
    /// The keys that sign with `algorithm`; a new one begins to sign after 1 h, and an old one is removed 24 h after
    /// it has signed its last token.
    pub fn new(algorithm: Algorithm) -> Self {
        let (settle, token_life) = (Duration::from_secs(3600), Duration::from_secs(86_400));
        Self { algorithm, settle, token_life }
    }

    /// How long a new key is published before it signs: at least the time for which the slowest verifier trusts the
    /// keys that it fetched. This crate's own ask again after 5 min, and at once for a key that they do not know.
    pub fn settle(mut self, time: Duration) -> Self {
        self.settle = time;
        self
    }

    /// How long the longest token lives that was signed with the old key. Refresh tokens do not count, for the realm
    /// signs those with a key that it keeps to itself; ID tokens that are shown at a logout do.
    pub fn token_life(mut self, time: Duration) -> Self {
        self.token_life = time;
        self
    }
}

/// A step of a rotation. Each is one write, and what is there afterwards tells what comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyStep {
    /// A new key is made and published; the old one signs on.
    Publish,
    /// The new key signs from now on.
    Activate,
    /// The old key may not sign any more; its tokens are still verified.
    Retire,
    /// The old key is withdrawn, and removed if the server made it.
    Remove,
    /// A second new key, which another process published at the same time, is removed; it has signed nothing.
    Discard,
}

/// A step, with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Publish { priority: i64, mark: Mark },
    Activate { id: String, priority: i64, mark: Mark },
    Retire { id: String },
    Disable { id: String },
    Delete { id: String, discard: bool },
}

impl Action {
    pub(super) fn step(&self) -> KeyStep {
        match self {
            Self::Publish { .. } => KeyStep::Publish,
            Self::Activate { .. } => KeyStep::Activate,
            Self::Retire { .. } => KeyStep::Retire,
            Self::Disable { .. } | Self::Delete { discard: false, .. } => KeyStep::Remove,
            Self::Delete { discard: true, .. } => KeyStep::Discard,
        }
    }
}

/// What to do now, and what will be due later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Act(Action),
    Wait(KeyStep, SystemTime),
    Nothing,
}

/// The priority of the first key of an algorithm: that of the server's own.
const FIRST: i64 = 100;

/// What comes next for the keys of one algorithm. `start`: a rotation begins if none is under way.
pub(super) fn next(policy: &KeyPolicy, keys: &[Key], start: bool, now: SystemTime) -> Next {
    let pending = |key: &&Key| key.enabled && key.mark.is_some_and(|mark| mark.activated.is_none());
    // All who look choose the same one.
    let order = |key: &&Key| (key.mark.map(|mark| mark.published), key.id.clone());
    let candidate = keys.iter().filter(pending).min_by_key(order);
    if let (Some(chosen), Some(mark)) = (candidate, candidate.and_then(|key| key.mark)) {
        if let Some(extra) = keys.iter().filter(pending).find(|key| key.id != chosen.id) {
            return Next::Act(Action::Delete { id: extra.id.clone(), discard: true });
        }
        let due = at(mark.published, policy.settle);
        if now < due {
            return Next::Wait(KeyStep::Activate, due);
        }
        let mark = Mark { activated: Some(seconds(now)), ..mark };
        let highest = keys.iter().map(|key| key.priority).max().unwrap_or(FIRST);
        let priority = highest.max(chosen.priority).saturating_add(10);
        return Next::Act(Action::Activate { id: chosen.id.clone(), priority, mark });
    }
    if start {
        let signing = keys.iter().filter(|key| key.enabled && key.active).map(|key| key.priority).min();
        let priority = signing.map_or(FIRST, |lowest| lowest.saturating_sub(1));
        let mark = Mark { published: seconds(now), activated: None };
        return Next::Act(Action::Publish { priority, mark });
    }
    retire(policy, keys, now)
}

/// What is left to do with the keys that came before the one that signs.
fn retire(policy: &KeyPolicy, keys: &[Key], now: SystemTime) -> Next {
    let signing = keys.iter().filter(|key| key.enabled && key.active).max_by_key(|key| key.priority);
    // Only a key that we activated tells since when the others have signed nothing.
    let Some((signing, activated)) =
        signing.and_then(|key| key.mark.and_then(|mark| mark.activated).map(|since| (key, since)))
    else {
        return Next::Nothing;
    };
    let due = at(activated, policy.token_life);
    let mut old: Vec<_> = keys.iter().filter(|key| key.id != signing.id && key.enabled).collect();
    old.sort_by_key(|key| (key.active, key.priority, key.id.clone()));
    if let Some(key) = old.iter().find(|key| key.active) {
        return Next::Act(Action::Retire { id: key.id.clone() });
    }
    match old.first() {
        None => Next::Nothing,
        Some(_) if now < due => Next::Wait(KeyStep::Remove, due),
        Some(key) if key.generated => Next::Act(Action::Delete { id: key.id.clone(), discard: false }),
        Some(key) => Next::Act(Action::Disable { id: key.id.clone() }),
    }
}

fn at(seconds: u64, after: Duration) -> SystemTime {
    // A name that says nonsense counts as long ago rather than stopping a rotation for ever.
    UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .and_then(|time| time.checked_add(after))
        .unwrap_or(UNIX_EPOCH)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
