//! The policy under which an old secret works beside its successor.

use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::document::{Policies, Profiles, in_force, text};
use super::ensure::{Found, Wanted, ensure, read};
use crate::RealmChange;
use crate::realm::RealmAdmin;
use crate::realm::work::Work;
use crate::refusal::SERVICE;

/// The name of our policy, and of the profile that it binds.
const NAME: &str = "catalyst-secret-rotation";
const EXECUTOR: &str = "secret-rotation";
const DAY: Duration = Duration::from_secs(86_400);

/// How secrets of confidential clients age. Whole seconds.
///
/// Keycloak never rotates a secret by itself under it: it ends one whose time is up, after which the client cannot log
/// in, and it keeps the one before a rotation valid for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretRotationPolicy {
    /// How long a secret lasts: 97 d, which is the platform's 90 d and a week of slack.
    pub expiration: Duration,
    /// How long the secret before works beside it: the platform's grace of 24 h.
    pub overlap: Duration,
    /// How long before its end an update through dynamic registration makes a new one: 10 d. Below the 14 d that are
    /// left when the platform rotates, so that an update does not do it behind the rotation's back.
    pub remaining: Duration,
}

impl Default for SecretRotationPolicy {
    fn default() -> Self {
        Self { expiration: 97 * DAY, overlap: DAY, remaining: 10 * DAY }
    }
}

impl SecretRotationPolicy {
    fn check(&self) -> Result<()> {
        let fault = |help: &str| {
            Err(Error::new(ErrorKind::InvalidRequest, "ensure secret rotation")
                .with_code("invalid_policy")
                .with_help(help))
        };
        if self.overlap > self.expiration || self.remaining > self.expiration {
            return fault("a secret lasts at least as long as the overlap and the remaining time");
        }
        let all = [self.expiration, self.overlap, self.remaining];
        if all.iter().any(|time| time.subsec_nanos() != 0 || time.as_secs() == 0) {
            return fault("times are whole seconds, at least 1");
        }
        if self.expiration.as_secs() > i32::MAX.unsigned_abs().into() {
            return fault("a secret lasts less than 68 years");
        }
        Ok(())
    }

    fn configuration(&self) -> Value {
        json!({
            "expiration-period": self.expiration.as_secs(),
            "rotated-expiration-period": self.overlap.as_secs(),
            "remaining-rotation-period": self.remaining.as_secs(),
        })
    }

    /// What the server's `configuration` says; its own defaults where it is silent.
    fn of(configuration: &Value) -> Self {
        let time = |key: &str, default: u64| {
            let seconds = configuration.get(key).and_then(|value| text(value).parse().ok());
            Duration::from_secs(seconds.unwrap_or(default))
        };
        Self {
            expiration: time("expiration-period", 2_505_600),
            overlap: time("rotated-expiration-period", 172_800),
            remaining: time("remaining-rotation-period", 864_000),
        }
    }
}

impl RealmAdmin {
    /// Makes the realm keep the secret before a rotation valid for `policy.overlap`. What others wrote into the client
    /// policies is kept. A policy of somebody else that says the same suffices.
    ///
    /// The server has to run with the feature `client-secret-rotation`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with code `invalid_policy` if the times contradict one another;
    /// [`ErrorKind::Conflict`] with code `not_owned` if a policy of somebody else rotates secrets otherwise;
    /// `rotation_unsupported` if the server does not know the executor; [`ErrorKind::PermissionDenied`] naming the role
    /// to grant.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one.
    pub async fn ensure_secret_rotation(&self, policy: &SecretRotationPolicy) -> Result<RealmChange> {
        policy.check()?;
        let wanted = Wanted {
            what: "secret rotation policy",
            profile: Some(object(json!({
                "name": NAME,
                "executors": [{ "executor": EXECUTOR, "configuration": policy.configuration() }],
            }))),
            policy: object(json!({
                "name": NAME,
                "enabled": true,
                "conditions": [
                    { "condition": "client-access-type", "configuration": { "type": ["confidential"] } }
                ],
                "profiles": [NAME],
            })),
        };
        let check = |profiles: &Profiles, policies: &Policies| -> Result<Found> {
            for (owner, configuration) in in_force(profiles, policies, EXECUTOR) {
                if owner != NAME {
                    let found = SecretRotationPolicy::of(configuration);
                    return if found == *policy {
                        Ok(Found::Suffices)
                    } else {
                        Err(theirs(self, owner, found))
                    };
                }
            }
            Ok(Found::Ours)
        };
        ensure(self, &wanted, check).await.map_err(unsupported)
    }

    /// How secrets age in the realm now; `None` if there is no policy, and an old secret ends with its rotation.
    ///
    /// # Errors
    /// Those of the server.
    ///
    /// # Cancel safety
    /// Safe: it reads.
    pub async fn secret_rotation(&self) -> Result<Option<SecretRotationPolicy>> {
        let (profiles, policies) = read(&mut Work::new(self, "secret rotation policy")).await?;
        let mut all = in_force(&profiles, &policies, EXECUTOR);
        Ok(all.next().map(|(_, configuration)| SecretRotationPolicy::of(configuration)))
    }

    /// Removes the policy that [`ensure_secret_rotation`](Self::ensure_secret_rotation) made; those of others stay.
    /// Secrets that were made under it keep the end that it gave them. Returns whether it was there.
    ///
    /// # Errors
    /// Those of the server.
    ///
    /// # Cancel safety
    /// As for [`ensure_secret_rotation`](Self::ensure_secret_rotation).
    pub async fn remove_secret_rotation(&self) -> Result<bool> {
        super::ensure::remove(self, "secret rotation policy", NAME).await
    }
}

fn theirs(admin: &RealmAdmin, owner: &str, found: SecretRotationPolicy) -> Error {
    let help = format!(
        "the client policy {owner:?} rotates secrets already, with other times (a secret lasts {} s, the overlap {} s); \
         ask for those, or remove it",
        found.expiration.as_secs(),
        found.overlap.as_secs()
    );
    Error::new(ErrorKind::Conflict, "ensure secret rotation")
        .with_service(SERVICE)
        .with_target(format!("realm {}", admin.name()))
        .with_code("not_owned")
        .with_help(help)
}

fn unsupported(error: Error) -> Error {
    // The same words for an executor that is unknown and for one that is configured wrongly; the latter was checked.
    if error.server_message().is_some_and(|said| said.contains("does not have valid provider")) {
        return error
            .with_code("rotation_unsupported")
            .with_help("start the server with the feature client-secret-rotation");
    }
    error
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_in_force_is_found_whoever_wrote_it_and_however() {
        let profiles: Profiles = serde_json::from_value(json!({ "profiles": [
            { "name": "off", "executors": [{ "executor": EXECUTOR, "configuration": { "expiration-period": 1 } }] },
            { "name": "by hand", "executors": [
                { "executor": "pkce-enforcer" },
                { "executor": EXECUTOR, "configuration": { "expiration-period": "8380800" } },
            ] },
        ] }))
        .unwrap();
        let policies: Policies = serde_json::from_value(json!({ "policies": [
            { "name": "a", "enabled": false, "profiles": ["off"] },
            { "name": "b", "enabled": true, "profiles": ["gone", "by hand"] },
        ] }))
        .unwrap();
        let (policy, configuration) = in_force(&profiles, &policies, EXECUTOR).next().unwrap();
        assert_eq!(policy, "b");
        let found = SecretRotationPolicy::of(configuration);
        assert_eq!(
            (found.expiration, found.overlap),
            (97 * DAY, 2 * DAY),
            "the server's default where silent"
        );
    }

    #[test]
    fn times_that_contradict_one_another_are_refused_before_anything_is_asked() {
        let good = SecretRotationPolicy::default();
        assert!(good.check().is_ok());
        for bad in [
            SecretRotationPolicy { overlap: 98 * DAY, ..good },
            SecretRotationPolicy { remaining: 98 * DAY, ..good },
            SecretRotationPolicy { overlap: Duration::from_millis(1500), ..good },
            SecretRotationPolicy { overlap: Duration::ZERO, ..good },
        ] {
            assert_eq!(bad.check().unwrap_err().code(), Some("invalid_policy"), "{bad:?}");
        }
    }
}
