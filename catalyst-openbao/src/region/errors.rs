//! The errors of regions, each with its code.

use catalyst_core::{Error, ErrorKind};

use crate::RegionName;
use crate::refusal::SERVICE;

fn error(kind: ErrorKind, operation: &'static str, code: &'static str, help: String) -> Error {
    Error::new(kind, operation).with_service(SERVICE).with_code(code).with_help(help)
}

pub(crate) fn split_brain(operation: &'static str, epoch: u64) -> Error {
    let help = format!(
        "two regions have it on record that they are primary in epoch {epoch}; nothing is written until one of them is \
         promoted again by a person who has looked at both"
    );
    error(ErrorKind::Conflict, operation, "split_brain", help)
}

pub(crate) fn fenced(operation: &'static str, epoch: u64, by: &RegionName) -> Error {
    let help = format!(
        "region {by} is primary since epoch {epoch}; make it the configured primary, or promote another region"
    );
    error(ErrorKind::Conflict, operation, "fenced", help)
}

pub(crate) fn not_primary(operation: &'static str, source: &RegionName) -> Error {
    let help = format!(
        "region {source} has no record that it is primary; promote it, or claim the first epoch for it where there was \
         never a primary"
    );
    error(ErrorKind::Conflict, operation, "not_primary", help)
}

pub(crate) fn forgotten(operation: &'static str, primary: &RegionName, epoch: u64) -> Error {
    let help = format!(
        "region {primary} is primary in epoch {epoch} and does not know it, as after a restore; look at its data, and \
         promote it again"
    );
    error(ErrorKind::Conflict, operation, "fence_unreadable", help)
}

pub(crate) fn promoting(operation: &'static str) -> Error {
    let help = "a region is being promoted; writes go on when that is done".to_owned();
    error(ErrorKind::Unavailable, operation, "promotion_in_progress", help)
}

pub(crate) fn primary_down(operation: &'static str, primary: &RegionName) -> Error {
    let help = format!("the primary region {primary} does not answer; reads go on; promote another to write");
    error(ErrorKind::Unavailable, operation, "primary_unreachable", help)
}

pub(crate) fn stale(operation: &'static str) -> Error {
    let help = "no region that answers is known to be as fresh as was demanded".to_owned();
    error(ErrorKind::Unavailable, operation, "too_stale", help)
}

pub(crate) fn not_yet(operation: &'static str) -> Error {
    let help = "the write has not reached a region that answers, and the primary does not".to_owned();
    error(ErrorKind::Unavailable, operation, "not_yet_replicated", help)
}

pub(crate) fn unknown_region(operation: &'static str, name: &RegionName) -> Error {
    error(ErrorKind::Config, operation, "unknown_region", format!("no region {name} was configured"))
}
