//! Read, modify, write, and look again: the documents have no check-and-set.

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::document::{Policies, Profiles, put};
use crate::RealmChange;
use crate::operation::Operation;
use crate::realm::RealmAdmin;
use crate::realm::work::{ROUNDS, Work};
use crate::refusal::SERVICE;

/// A policy, and the profile that it binds if that is ours too.
pub(super) struct Wanted {
    pub(super) what: &'static str,
    pub(super) profile: Option<Map<String, Value>>,
    pub(super) policy: Map<String, Value>,
}

/// Makes the realm have `wanted`. `check` sees what is there before anything is written.
pub(super) async fn ensure(
    admin: &RealmAdmin,
    wanted: &Wanted,
    check: impl Fn(&Profiles, &Policies) -> Result<Found> + Send,
) -> Result<RealmChange> {
    let mut work = Work::new(admin, wanted.what);
    let mut created = false;
    for _ in 0..ROUNDS {
        let (mut profiles, mut policies) = read(&mut work).await?;
        if check(&profiles, &policies)? == Found::Suffices {
            return Ok(work.finish(created));
        }
        let profile = wanted.profile.as_ref().and_then(|profile| put(&mut profiles.profiles, profile));
        let policy = put(&mut policies.policies, &wanted.policy);
        if profile.is_none() && policy.is_none() {
            return Ok(work.finish(created));
        }
        created |= policy.as_ref().is_some_and(|change| change.ends_with("is missing"));
        // The profile first: a policy that names none that exists is refused.
        if let Some(change) = profile {
            work.note(format!("client profile {change}"));
            let path = work.path(&["client-policies", "profiles"]);
            work.write(Operation::WritePolicies, Method::Put, &path, &profiles).await?;
        }
        if let Some(change) = policy {
            work.note(format!("client policy {change}"));
            let path = work.path(&["client-policies", "policies"]);
            work.write(Operation::WritePolicies, Method::Put, &path, &policies).await?;
        }
    }
    Err(Error::new(ErrorKind::Conflict, Operation::WritePolicies.name())
        .with_service(SERVICE)
        .with_target(format!("{} in realm {}", wanted.what, admin.name()))
        .with_code("changed_meanwhile")
        .with_help("somebody else keeps writing the client policies of the realm; try again later"))
}

/// Whether something has to be done at all.
#[derive(PartialEq, Eq)]
pub(super) enum Found {
    /// What is there does what is wanted, under another name.
    Suffices,
    /// Ours is to be there.
    Ours,
}

pub(super) async fn read(work: &mut Work<'_>) -> Result<(Profiles, Policies)> {
    let path = work.path(&["client-policies", "profiles"]);
    let profiles = work.get(Operation::ReadPolicies, &path, &[]).await?;
    let path = work.path(&["client-policies", "policies"]);
    Ok((profiles, work.get(Operation::ReadPolicies, &path, &[]).await?))
}

/// Removes the policy and the profile that are named `name`. Returns whether one was there.
pub(super) async fn remove(admin: &RealmAdmin, what: &'static str, name: &str) -> Result<bool> {
    let mut work = Work::new(admin, what);
    let (mut profiles, mut policies) = read(&mut work).await?;
    let theirs = |entry: &Map<String, Value>| super::document::name(entry) != name;
    let before = (profiles.profiles.len(), policies.policies.len());
    policies.policies.retain(theirs);
    profiles.profiles.retain(theirs);
    // The policy first: it names the profile.
    if policies.policies.len() != before.1 {
        let path = work.path(&["client-policies", "policies"]);
        work.write(Operation::WritePolicies, Method::Put, &path, &policies).await?;
    }
    if profiles.profiles.len() != before.0 {
        let path = work.path(&["client-policies", "profiles"]);
        work.write(Operation::WritePolicies, Method::Put, &path, &profiles).await?;
    }
    Ok(before != (profiles.profiles.len(), policies.policies.len()))
}
