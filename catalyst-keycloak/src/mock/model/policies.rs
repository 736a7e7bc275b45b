//! Client policies and their profiles.

use serde_json::{Value, json};

use super::state::State;
use super::{Caller, Refusal};

/// Executors that the server has; a profile with another one is refused.
const EXECUTORS: [&str; 22] = [
    "confidential-client",
    "consent-required",
    "dpop-bind-enforcer",
    "full-scope-disabled",
    "holder-of-key-enforcer",
    "intent-client-bind-checker",
    "pkce-enforcer",
    "regex-redirect-uris-enforcer",
    "reject-implicit-grant",
    "reject-request",
    "reject-ropc-grant",
    "secret-rotation",
    "secure-ciba-signed-authn-req",
    "secure-client-authentication-assertion",
    "secure-client-authenticator",
    "secure-client-uris",
    "secure-par-content",
    "secure-redirect-uris-enforcer",
    "secure-request-object",
    "secure-response-type",
    "secure-session",
    "secure-signature-algorithm",
];

impl State {
    /// `GET …/client-policies/profiles`, without the global ones that every realm has.
    pub(crate) fn profiles(&self, by: &Caller, realm: &str) -> Result<Value, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &["view-realm", "manage-realm", "view-clients", "manage-clients"])?;
        Ok(home.profiles.clone())
    }

    pub(crate) fn policies(&self, by: &Caller, realm: &str) -> Result<Value, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &["view-realm", "manage-realm", "view-clients", "manage-clients"])?;
        Ok(home.policies.clone())
    }

    /// The profiles are as given afterwards.
    pub(crate) fn set_profiles(&mut self, by: &Caller, realm: &str, wanted: &Value) -> Result<(), Refusal> {
        self.realm(realm)?;
        self.need(by, realm, &["manage-realm"])?;
        let list =
            |of: &Value, name: &str| of.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let executors = list(wanted, "profiles").into_iter().flat_map(|profile| list(&profile, "executors"));
        let known = |executor: &Value| {
            executor.get("executor").and_then(Value::as_str).is_some_and(|name| EXECUTORS.contains(&name))
        };
        if !executors.into_iter().all(|executor| known(&executor)) {
            return Err(Refusal::message(
                400,
                "proposed client profile contains the executor, which does not have valid provider, or has invalid \
                 configuration.",
            ));
        }
        self.realm_mut(realm)?.profiles = json!({ "profiles": list(wanted, "profiles") });
        Ok(())
    }

    /// The policies are as given afterwards.
    pub(crate) fn set_policies(&mut self, by: &Caller, realm: &str, wanted: &Value) -> Result<(), Refusal> {
        self.realm(realm)?;
        self.need(by, realm, &["manage-realm"])?;
        let policies = wanted.get("policies").cloned().unwrap_or_else(|| json!([]));
        self.realm_mut(realm)?.policies = json!({ "policies": policies });
        Ok(())
    }
}
