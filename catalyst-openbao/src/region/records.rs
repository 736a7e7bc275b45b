//! Where our own notes lie in the KV engine of each region.

use catalyst_core::Result;

use crate::SecretPath;

/// The folder of our own secrets, in the engine that is replicated. Nothing in it is replicated.
pub(crate) const FOLDER: &str = "catalyst-regions";
/// So many journals there are; writers share them.
pub(crate) const JOURNALS: u8 = 16;

/// Who may be written to.
pub(crate) fn fence() -> Result<SecretPath> {
    named("fence")
}

/// How far the replica in this region has come.
pub(crate) fn replica() -> Result<SecretPath> {
    named("replica")
}

/// Which policies the replicator wrote here.
pub(crate) fn policies() -> Result<SecretPath> {
    named("policies")
}

/// The folder of what replicators are about to copy.
pub(crate) fn in_flight() -> Result<SecretPath> {
    named("in-flight")
}

/// One of its secrets.
pub(crate) fn in_flight_slot(slot: &str) -> Result<SecretPath> {
    named(&format!("in-flight/{slot}"))
}

/// The folder of the journals.
pub(crate) fn journals() -> Result<SecretPath> {
    named("journal")
}

/// One journal.
pub(crate) fn journal(slot: &str) -> Result<SecretPath> {
    named(&format!("journal/{slot}"))
}

/// Whether a path, or the name of a folder at the top, is ours.
pub(crate) fn is_ours(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn named(name: &str) -> Result<SecretPath> {
    format!("{FOLDER}/{name}").parse()
}
