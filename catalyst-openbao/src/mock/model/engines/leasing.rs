//! Answers that come with a lease.

use catalyst_core::Secret;
use serde_json::Value;

use crate::mock::model::state::{State, full_path};
use crate::mock::model::{MockRole, Refusal};
use crate::mock::wire::{Asked, Content};

/// `data` with a lease of the terms of `wanted`, and a user of the database behind where there is a password. `rest` is
/// the path below the mount.
pub(super) fn leased(
    state: &mut State,
    asked: &Asked,
    rest: &str,
    wanted: &MockRole,
    username: &str,
    password: Option<Secret>,
    data: Value,
) -> Result<Content, Refusal> {
    let mount = asked.path.strip_suffix(rest).unwrap_or_default().trim_end_matches('/');
    let mount = full_path(&asked.call.namespace, mount);
    let (lease_id, ttl) = state.lease(&asked.call, (&asked.path, mount), wanted, username, password)?;
    Ok(Content::Envelope(Content::leased(lease_id, ttl, wanted.can_be_renewed(), data)))
}
