//! One secret, brought from one side to the other.

use std::collections::BTreeSet;
use std::time::SystemTime;

use catalyst_core::{Error, ErrorKind, Result};

use super::conflict::Conflict;
use super::mark::{Origin, origin};
use super::plan::{Change, Content, Known, Plan, Side, State, plan};
use crate::{Kv2, SecretData, SecretMetadata, SecretPath, SecretStore, WriteMode};

/// What stands in a version whose value the primary does not show.
const PLACEHOLDER: &str = "catalyst-placeholder";
/// A path is looked at this often at most in a row, when it changes under our hands.
const LOOKS: usize = 8;

/// The engines of both sides.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub(super) source: Kv2,
    pub(super) target: Kv2,
}

/// What both sides know of a path, as far as it is known already, and the clocks of their servers.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) source: Option<SecretMetadata>,
    pub(super) target: Option<SecretMetadata>,
    pub(super) source_now: SystemTime,
    pub(super) target_now: SystemTime,
    /// What a replicator was about to copy here when it was last heard of.
    pub(super) begun: Option<Origin>,
}

/// What became of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    InSync,
    Copied {
        versions: usize,
        /// The newest version, and the custom metadata with the mark, where they were written.
        settled: Option<(u64, std::collections::BTreeMap<String, String>)>,
    },
    Removed,
    /// It changed under our hands, over and over.
    Moving,
    Refused(Conflict),
}

/// What one try came to.
enum Step {
    Done(Outcome),
    /// The sides are no more what they were.
    Again,
}

impl Look {
    pub(super) fn plan(&self, known: &Known) -> Plan {
        let source = self.source.as_ref().map(|secret| Side { secret, now: self.source_now });
        let target = self.target.as_ref().map(|secret| Side { secret, now: self.target_now });
        plan(source, target, self.begun, known)
    }
}

impl Look {
    /// The secret of the primary that is about to be copied, if it is certain that only ours is in its place.
    pub(super) fn begins(&self) -> Option<Origin> {
        match self.plan(&Known::Nothing) {
            Plan::Change(_) | Plan::Rebuild => self.source.as_ref().map(origin),
            _ => None,
        }
    }
}

impl Ends {
    /// Makes the secondary's secret what the primary's is.
    pub(super) async fn bring(&self, path: &SecretPath, mut look: Look) -> Result<Outcome> {
        let mut copied = 0;
        for _ in 0..LOOKS {
            match self.carry_out(path, &look, &mut copied).await? {
                Step::Done(outcome) => return Ok(outcome),
                Step::Again => {
                    (look.source, look.target) =
                        tokio::try_join!(known(&self.source, path), known(&self.target, path))?;
                }
            }
        }
        Ok(Outcome::Moving)
    }

    async fn carry_out(&self, path: &SecretPath, look: &Look, copied: &mut usize) -> Result<Step> {
        let mut next = look.plan(&Known::Nothing);
        if let Plan::Compare(versions) = next {
            let Some(known) = self.compare(path, look, &versions).await? else { return Ok(Step::Again) };
            next = look.plan(&known);
        }
        match next {
            Plan::InSync if *copied > 0 => {
                Ok(Step::Done(Outcome::Copied { versions: *copied, settled: None }))
            }
            Plan::InSync => Ok(Step::Done(Outcome::InSync)),
            Plan::Refused(conflict) => Ok(Step::Done(Outcome::Refused(conflict))),
            Plan::Remove => {
                self.target.delete_metadata(path).await?;
                Ok(Step::Done(Outcome::Removed))
            }
            Plan::Rebuild => {
                self.target.delete_metadata(path).await?;
                Ok(Step::Again)
            }
            Plan::Change(change) => {
                if !self.change(path, &change).await? {
                    return Ok(Step::Again);
                }
                *copied += change.write.len().max(1);
                let custom = change.settle.and_then(|settle| settle.custom);
                let version = look.source.as_ref().map(|secret| secret.current_version);
                let settled = version.zip(custom);
                Ok(Step::Done(Outcome::Copied { versions: *copied, settled }))
            }
            // Comparing settles what is to be compared.
            Plan::Compare(_) => Ok(Step::Again),
        }
    }

    /// Whether it could be done; if not, something moved, and what was done stays.
    async fn change(&self, path: &SecretPath, change: &Change) -> Result<bool> {
        if let Some(before) = &change.before {
            self.target.write_metadata(path, before).await?;
        }
        for (number, content) in (change.first..).zip(&change.write) {
            let data = match content {
                Content::Placeholder => SecretData::from([(PLACEHOLDER, "")]),
                Content::Copy => match self.source.read(path, Some(number)).await {
                    Ok(version) => version.data,
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                    Err(error) => return Err(error),
                },
            };
            let mode = if number == 1 { WriteMode::CreateOnly } else { WriteMode::IfVersion(number - 1) };
            match self.target.write(path, &data, mode).await {
                Ok(_) => {}
                // Somebody wrote, or we did and did not hear of it: the next look tells.
                Err(error) if error.code() == Some("cas_mismatch") || error.outcome_unknown() => {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(settle) = &change.settle {
            self.target.write_metadata(path, settle).await?;
        }
        if !change.undelete.is_empty() {
            self.target.undelete(path, &change.undelete).await?;
        }
        if !change.delete.is_empty() {
            self.target.delete(path, &change.delete).await?;
        }
        if !change.destroy.is_empty() {
            self.target.destroy(path, &change.destroy).await?;
        }
        Ok(true)
    }

    /// Compares the values of `versions`. None if one is no longer what it was.
    async fn compare(
        &self,
        path: &SecretPath,
        look: &Look,
        versions: &BTreeSet<u64>,
    ) -> Result<Option<Known>> {
        let mut placeholders = BTreeSet::new();
        let shown = look.source.as_ref().map(|secret| Side { secret, now: look.source_now });
        for &version in versions {
            let Some(there) = readable(self.target.read(path, Some(version)).await)? else { return Ok(None) };
            if is_placeholder(&there) {
                placeholders.insert(version);
                continue;
            }
            if shown.and_then(|side| side.state(version)) != Some(State::Live) {
                if look.begun.is_some() {
                    // We copied it while it was shown.
                    continue;
                }
                return Ok(Some(Known::Different(version)));
            }
            let Some(here) = readable(self.source.read(path, Some(version)).await)? else { return Ok(None) };
            if here != there {
                return Ok(Some(Known::Different(version)));
            }
        }
        Ok(Some(Known::Equal(placeholders)))
    }
}

/// What is known of a path now; none if nothing is there.
pub(super) async fn known(kv: &Kv2, path: &SecretPath) -> Result<Option<SecretMetadata>> {
    match kv.metadata(path).await {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.code() == Some("secret_not_found") => Ok(None),
        Err(error) => Err(error),
    }
}

fn readable(read: Result<crate::Versioned, Error>) -> Result<Option<SecretData>> {
    match read {
        Ok(version) => Ok(Some(version.data)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_placeholder(data: &SecretData) -> bool {
    data.len() == 1 && data.get(PLACEHOLDER).is_some_and(|value| value.expose().is_empty())
}
