//! What is to be done to one secret of a secondary: a pure function of what both sides know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::conflict::Conflict;
use super::mark::{Mark, Origin, Placeholders, origin, without};
use crate::{MetadataUpdate, SecretMetadata, VersionMetadata};

/// As many names as custom metadata may have.
const MAX_NAMES: usize = 64;
/// How many versions a server keeps where nothing is set.
const DEFAULT_KEPT: u64 = 10;

/// One side's secret, and the time of its server, by which versions are deleted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    pub(super) secret: &'a SecretMetadata,
    pub(super) now: SystemTime,
}

/// What comparing the values of both sides has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing was compared.
    Nothing,
    /// All that can be read is equal, but for these versions of the secondary, which hold our placeholder.
    Equal(BTreeSet<u64>),
    /// This version differs.
    Different(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    InSync,
    /// The values of these versions have to be compared before anything is decided.
    Compare(BTreeSet<u64>),
    /// It has to be made anew, for versions cannot be written again.
    Rebuild,
    /// It is gone on the primary.
    Remove,
    Change(Box<Change>),
    Refused(Conflict),
}

/// Steps, in this order. Each can be the last one before a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// Settings that have to be there before the versions.
    pub(super) before: Option<MetadataUpdate>,
    /// The first version to write, and what into it and the following ones.
    pub(super) first: u64,
    pub(super) write: Vec<Content>,
    /// Settings and the mark.
    pub(super) settle: Option<MetadataUpdate>,
    pub(super) undelete: Vec<u64>,
    pub(super) delete: Vec<u64>,
    pub(super) destroy: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// What the primary has.
    Copy,
    /// The primary does not show its value.
    Placeholder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Live,
    Deleted,
    Destroyed,
}

impl Side<'_> {
    pub(super) fn state(&self, version: u64) -> Option<State> {
        self.secret.versions.get(&version).map(|version| state(version, self.now))
    }
}

fn state(version: &VersionMetadata, now: SystemTime) -> State {
    match version.deleted_at {
        _ if version.destroyed => State::Destroyed,
        Some(at) if at <= now => State::Deleted,
        _ => State::Live,
    }
}

/// Plans for one path; at least one side has it. `begun` is the secret that a replicator was about to copy here when it
/// was last heard of, if it was.
pub(super) fn plan(
    source: Option<Side<'_>>,
    target: Option<Side<'_>>,
    begun: Option<Origin>,
    known: &Known,
) -> Plan {
    match (source, target) {
        (None, None) => Plan::InSync,
        (None, Some(target)) => removal(target.secret, begun),
        (Some(source), None) => fresh(source),
        (Some(source), Some(target)) => match (Mark::of(target.secret), target.secret.current_version) {
            (None, 0) => update(source, target, BTreeSet::new()),
            (mark, _) => existing(source, target, mark.as_ref(), begun, known),
        },
    }
}

/// Gone on the primary: removed if all of it is ours.
fn removal(target: &SecretMetadata, begun: Option<Origin>) -> Plan {
    match Mark::of(target) {
        Some(mark) if mark.version == target.current_version => Plan::Remove,
        _ if begun.is_some() => Plan::Remove,
        Some(mark) => {
            Plan::Refused(Conflict::ForeignVersion { found: target.current_version, written: mark.version })
        }
        None => Plan::Refused(Conflict::Foreign),
    }
}

fn fresh(source: Side<'_>) -> Plan {
    let nothing = SecretMetadata {
        created_at: source.now,
        updated_at: source.now,
        current_version: 0,
        oldest_version: 0,
        max_versions: 0,
        cas_required: false,
        delete_version_after: std::time::Duration::ZERO,
        custom: BTreeMap::new(),
        versions: BTreeMap::new(),
    };
    update(source, Side { secret: &nothing, now: source.now }, BTreeSet::new())
}

/// The secondary has versions: are they ours, and of the same secret?
fn existing(
    source: Side<'_>,
    target: Side<'_>,
    mark: Option<&Mark>,
    begun: Option<Origin>,
    known: &Known,
) -> Plan {
    let (ahead, here) = (source.secret.current_version, target.secret.current_version);
    let origin = origin(source.secret);
    let written = mark.map_or(0, |mark| mark.version);
    let same = mark.is_some_and(|mark| mark.origin == origin);
    let accounted = if same { written } else { 0 };
    let foreign = || Plan::Refused(Conflict::ForeignVersion { found: here, written });
    // All of it is ours, and another secret took its path since.
    let outdated = match mark {
        Some(_) => !same && (written == here || begun.is_some()),
        None => begun.is_some_and(|begun| begun != origin),
    };
    if here > ahead {
        return match outdated {
            true => Plan::Rebuild,
            false if accounted == here => {
                Plan::Refused(Conflict::SourceWentBack { source: ahead, copied: here })
            }
            false => foreign(),
        };
    }
    if here < accounted {
        return foreign();
    }
    let mut placeholders = match mark.map(|mark| &mark.placeholders) {
        Some(Placeholders::These(versions)) => versions.clone(),
        Some(Placeholders::Any) => target.secret.versions.keys().copied().collect(),
        None => BTreeSet::new(),
    };
    if accounted < here {
        if outdated && (accounted + 1..=here).any(|version| cannot_be_compared(source, target, version)) {
            return Plan::Rebuild;
        }
        let unproved: BTreeSet<u64> = (accounted + 1..=here)
            .filter(|&version| worth_comparing(source, target, version, mark.is_some() || begun.is_some()))
            .collect();
        match known {
            _ if unproved.is_empty() => {}
            Known::Nothing => return Plan::Compare(unproved),
            Known::Equal(found) => placeholders.extend(found),
            Known::Different(_) if outdated => return Plan::Rebuild,
            Known::Different(_) if mark.is_some() => return foreign(),
            Known::Different(version) => return Plan::Refused(Conflict::Differs { version: *version }),
        }
    }
    match update(source, target, placeholders) {
        Plan::Refused(Conflict::Destroyed { .. }) if outdated => Plan::Rebuild,
        next => next,
    }
}

/// Whether the secondary keeps a value that may be the one of an older secret, which a later undeletion would show.
fn cannot_be_compared(source: Side<'_>, target: Side<'_>, version: u64) -> bool {
    matches!(
        (source.state(version), target.state(version)),
        (Some(State::Deleted), Some(State::Live | State::Deleted))
            | (Some(State::Live), Some(State::Deleted))
    )
}

/// Whether the values of a version tell anything. Where the primary shows none, a version of a former primary is
/// taken as it is; one that we should have written has to hold our placeholder.
fn worth_comparing(source: Side<'_>, target: Side<'_>, version: u64, ours: bool) -> bool {
    let shown = source.state(version) == Some(State::Live);
    match target.state(version) {
        Some(State::Live) => shown || ours,
        _ => false,
    }
}

/// Brings a secret of ours up to date.
fn update(source: Side<'_>, target: Side<'_>, mut placeholders: BTreeSet<u64>) -> Plan {
    let (ahead, here) = (source.secret.current_version, target.secret.current_version);
    let oldest = source.secret.versions.keys().next().copied().unwrap_or(ahead + 1);
    let mut change = Change { first: here + 1, ..Change::default() };
    for version in here + 1..=ahead {
        let shown = source.state(version) == Some(State::Live);
        change.write.push(if shown { Content::Copy } else { Content::Placeholder });
        match source.state(version) {
            Some(State::Deleted) => {
                placeholders.insert(version);
                change.delete.push(version);
            }
            Some(State::Destroyed) => change.destroy.push(version),
            None if version + kept_at_least(source.secret, target.secret) > ahead => {
                change.destroy.push(version);
            }
            _ => {}
        }
    }
    placeholders.retain(|version| (oldest..=ahead).contains(version));
    for &version in target.secret.versions.keys().take_while(|&&version| version <= here) {
        match (source.state(version), target.state(version)) {
            (Some(State::Live), _) if placeholders.contains(&version) => return Plan::Rebuild,
            (Some(State::Live), Some(State::Deleted)) => change.undelete.push(version),
            (Some(State::Deleted), Some(State::Live)) => change.delete.push(version),
            (Some(State::Live | State::Deleted), Some(State::Destroyed)) => {
                return Plan::Refused(Conflict::Destroyed { version });
            }
            (Some(State::Destroyed) | None, Some(State::Live | State::Deleted)) => {
                change.destroy.push(version);
            }
            _ => {}
        }
    }
    settle(source.secret, target.secret, oldest, placeholders, &mut change);
    match change {
        Change { settle: None, write, undelete, delete, destroy, .. }
            if write.is_empty() && undelete.is_empty() && delete.is_empty() && destroy.is_empty() =>
        {
            Plan::InSync
        }
        change if custom_names(source.secret) >= MAX_NAMES && change.settle.is_some() => {
            Plan::Refused(Conflict::NoRoomForMark)
        }
        change => Plan::Change(Box::new(change)),
    }
}

/// A version at least this near the newest is still there after all are written, whatever the mounts say.
fn kept_at_least(source: &SecretMetadata, target: &SecretMetadata) -> u64 {
    let set = |secret: &SecretMetadata| match secret.max_versions {
        0 => DEFAULT_KEPT,
        versions => versions,
    };
    set(source).max(set(target)).max(DEFAULT_KEPT)
}

/// The settings, before the versions as far as they matter for them, and after.
fn settle(
    source: &SecretMetadata,
    target: &SecretMetadata,
    oldest: u64,
    placeholders: BTreeSet<u64>,
    change: &mut Change,
) {
    let mark = Mark {
        origin: origin(source),
        version: source.current_version,
        placeholders: Placeholders::These(placeholders),
    };
    let mut custom = without(&source.custom);
    custom.insert(super::mark::NAME.to_owned(), mark.to_string());
    let mut max_versions = target.max_versions;
    if !change.write.is_empty() {
        let span = (source.current_version + 1).saturating_sub(oldest);
        let holds = if max_versions == 0 { DEFAULT_KEPT } else { max_versions };
        let ages = source.delete_version_after != target.delete_version_after;
        if span > holds || ages {
            max_versions = if span > holds { span } else { max_versions };
            let before = MetadataUpdate::new()
                .max_versions(max_versions)
                .delete_version_after(source.delete_version_after);
            change.before = Some(before);
        }
    }
    let same = max_versions == source.max_versions
        && (target.cas_required, target.delete_version_after)
            == (source.cas_required, source.delete_version_after)
        && target.custom == custom;
    if !same {
        change.settle = Some(
            MetadataUpdate::new()
                .max_versions(source.max_versions)
                .cas_required(source.cas_required)
                .delete_version_after(source.delete_version_after)
                .custom(custom),
        );
    }
}

fn custom_names(secret: &SecretMetadata) -> usize {
    without(&secret.custom).len()
}
