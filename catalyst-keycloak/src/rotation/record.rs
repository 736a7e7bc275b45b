//! What is written down about the secret of one client.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use catalyst_core::Secret;

use super::Policy;
use super::dates::{later, whole};
use crate::SecretPair;

/// The secret of a client, and how far its rotation has come. `Debug` shows no secret.
///
/// It lies where applications read their secret, so that what they get and what the rotation believes cannot differ.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The secret that applications use.
    pub current: Secret,
    /// The one before, until it has been shown to be refused.
    pub previous: Option<Secret>,
    /// How many secrets the client has had, this one included.
    pub number: u64,
    /// When the current one was made.
    pub issued_at: SystemTime,
    /// When its life ends: by our rules or by the realm's, whichever is sooner.
    pub expires_at: SystemTime,
    /// How far the rotation has come.
    pub phase: Phase,
    /// Why the last rotation was begun.
    pub reason: Reason,
    /// When the current secret was written down.
    pub rotated_at: Option<SystemTime>,
    /// Until when the previous one is kept.
    pub grace_ends_at: Option<SystemTime>,
    /// Who works on it.
    pub lock: Option<Lock>,
    /// How the last rotation ended.
    pub outcome: Option<Outcome>,
    /// What else lies beside it, such as the client's id and the issuer; kept as it is.
    pub other: BTreeMap<String, Secret>,
}

/// How far a rotation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Nothing is under way.
    #[default]
    Idle,
    /// A new secret is being made. Whether it was, the realm knows.
    Regenerating,
    /// The new secret is written down, and not yet tried.
    Verifying,
    /// The new secret works; the old one is kept for those who still have it.
    Grace,
    /// The old secret is being ended.
    Ending,
}

/// Why a rotation was begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Its time had come.
    #[default]
    Due,
    /// Somebody asked for it.
    Asked,
    /// The secret is known to others: no grace.
    Leaked,
    /// The realm's secret was another than the recorded one.
    Drift,
}

/// How a rotation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The new secret works, the old one is refused, and both worked in between.
    Rotated,
    /// As above, but the old one ended at once: the realm has no overlap, and a cut-over was declared.
    CutOver,
    /// A secret that somebody else had made was taken over.
    Adopted,
}

/// Who works on a rotation, and how long others stay away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The worker; not the same again after a restart.
    pub holder: String,
    /// When others may take over.
    pub ends_at: SystemTime,
}

impl Record {
    /// The first record of a client that has `current`, made at `issued_at`.
    pub fn first(current: Secret, issued_at: SystemTime, policy: &Policy) -> Self {
        let issued_at = whole(issued_at);
        Self {
            current,
            previous: None,
            number: 1,
            issued_at,
            expires_at: later(issued_at, policy.every),
            phase: Phase::Idle,
            reason: Reason::Due,
            rotated_at: None,
            grace_ends_at: None,
            lock: None,
            outcome: None,
            other: BTreeMap::new(),
        }
    }

    /// The first record of a client that has secrets already, as the realm tells them at `now`.
    pub fn adopting(seen: &SecretPair, now: SystemTime, policy: &Policy) -> Self {
        let mut record = Self::first(seen.current.clone(), seen.created_at.unwrap_or(now), policy);
        record.expires_at = ends(seen, record.issued_at, policy);
        if let Some(rotated) = working_rotated(seen, now) {
            record.previous = Some(rotated.clone());
            record.reason = Reason::Drift;
            record.phase = Phase::Verifying;
            record.grace_ends_at = Some(whole(later(now, policy.grace)));
        }
        record
    }
}

/// The old secret, if it still works.
pub(super) fn working_rotated(seen: &SecretPair, now: SystemTime) -> Option<&Secret> {
    seen.rotated.as_ref().filter(|_| seen.rotated_expires_at.is_none_or(|end| end > now))
}

/// When the life of a secret ends: by our rules or by the realm's.
pub(super) fn ends(seen: &SecretPair, issued_at: SystemTime, policy: &Policy) -> SystemTime {
    let ours = later(issued_at, policy.every);
    whole(seen.expires_at.map_or(ours, |end| end.min(ours)))
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("number", &self.number)
            .field("has_previous", &self.previous.is_some())
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .field("phase", &self.phase)
            .field("reason", &self.reason)
            .field("grace_ends_at", &self.grace_ends_at)
            .field("lock", &self.lock)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
