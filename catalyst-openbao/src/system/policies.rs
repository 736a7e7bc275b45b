//! ACL policies.

use std::time::SystemTime;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::{PolicyDocument, PolicyName, System};
use crate::operation::Subject;
use crate::settings::maybe_text;
use crate::wire::MaybeTime;

/// A policy as the server keeps it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredPolicy {
    /// What it allows.
    pub document: PolicyDocument,
    /// Counts its writes.
    pub version: u64,
    /// Whether a write must name the version that it replaces.
    pub cas_required: bool,
    /// When it was written last, by the server's clock.
    pub modified_at: Option<SystemTime>,
    /// When it ends, by the server's clock.
    pub expires_at: Option<SystemTime>,
}

impl System {
    /// The names of all policies, `default` and `root` among them. `LIST sys/policies/acl`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn policies(&self) -> Result<Vec<String>> {
        let path = ["sys/policies/acl"];
        self.api.at(Subject::System, "list policies", &path).list().await
    }

    /// A policy, or none if there is none. `GET sys/policies/acl/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn policy(&self, name: &PolicyName) -> Result<Option<StoredPolicy>> {
        let path = ["sys/policies/acl/", name.escaped()];
        let found = self.api.at(Subject::System, "read policy", &path).read_maybe::<PolicyWire>().await?;
        found.map(PolicyWire::stored).transpose()
    }

    /// Writes a policy in place of the one of that name. Tokens that have it are bound by the new one at once.
    /// `POST sys/policies/acl/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Codes `invalid_policy` with the place of the fault; `cas_required` if it takes only writes that name its
    /// version.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_policy(&self, name: &PolicyName, policy: &PolicyDocument) -> Result<()> {
        let path = ["sys/policies/acl/", name.escaped()];
        let body = Write { policy: policy.as_str(), cas: None };
        self.api.at(Subject::System, "write policy", &path).write(&body).await
    }

    /// Writes a policy in place of that `version`; zero is for one that does not exist yet.
    /// `POST sys/policies/acl/:name`; not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `cas_mismatch` if somebody wrote first, and `invalid_policy`.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn replace_policy(
        &self,
        name: &PolicyName,
        policy: &PolicyDocument,
        version: u64,
    ) -> Result<()> {
        let path = ["sys/policies/acl/", name.escaped()];
        let body = Write { policy: policy.as_str(), cas: Some(version) };
        self.api.at(Subject::System, "write policy", &path).once().write(&body).await
    }

    /// Deletes a policy; tokens that have it lose what it allowed. None there is a success.
    /// `DELETE sys/policies/acl/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` for `default` and `root`.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_policy(&self, name: &PolicyName) -> Result<()> {
        let path = ["sys/policies/acl/", name.escaped()];
        self.api.at(Subject::System, "delete policy", &path).delete().await
    }
}

#[derive(Serialize)]
struct Write<'a> {
    policy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cas: Option<u64>,
}

#[derive(Deserialize)]
struct PolicyWire {
    #[serde(default, deserialize_with = "maybe_text")]
    policy: Option<String>,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    cas_required: bool,
    #[serde(default)]
    modified: MaybeTime,
    #[serde(default)]
    expiration: MaybeTime,
}

impl PolicyWire {
    fn stored(self) -> Result<StoredPolicy> {
        Ok(StoredPolicy {
            // The policy `root` has no text.
            document: self.policy.map(|text| text.parse()).transpose()?.unwrap_or_default(),
            version: self.version,
            cas_required: self.cas_required,
            modified_at: self.modified.0,
            expires_at: self.expiration.0,
        })
    }
}
