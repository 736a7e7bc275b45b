//! What every [`WorkloadIdentity`] promises, as checks that panic when it does not keep it.
//!
//! They run on the mock, on [`WorkloadApi`](crate::WorkloadApi) with the fake agent, and with a real agent. Only
//! the [`Operator`] differs: a test drives the first two, a real SPIRE rotates when its time has come and is not
//! withdrawn from here.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "assertions for tests, which panic by purpose"
)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{ErrorKind, Result};
use futures_util::future::join_all;

use crate::{IdentityState, SpiffeId, WorkloadIdentity};

/// Makes happen what the checks observe.
#[async_trait]
pub trait Operator: Send + Sync {
    /// Makes the identity rotate now. Where it rotates by itself, do nothing, and mind [`Self::patience`].
    async fn rotate(&self) -> Result<()> {
        Ok(())
    }

    /// Takes the identity away; false where that cannot be done from here.
    async fn withdraw(&self) -> Result<bool> {
        Ok(false)
    }

    /// Gives it back after [`Self::withdraw`].
    async fn restore(&self) -> Result<()> {
        Ok(())
    }

    /// How long to wait for what was made to happen, or happens by itself.
    fn patience(&self) -> Duration {
        Duration::from_secs(15)
    }
}

/// Makes nothing happen: for a real SPIRE with short-lived SVIDs, which rotates by itself within `patience`.
#[derive(Clone, Copy, Debug)]
pub struct Bystander {
    /// More than half of the SVIDs' life.
    pub patience: Duration,
}

#[async_trait]
impl Operator for Bystander {
    fn patience(&self) -> Duration {
        self.patience
    }
}

/// Drives a [`MockIdentity`](crate::mock::MockIdentity), alone or behind a fake agent.
#[async_trait]
impl Operator for crate::mock::MockIdentity {
    async fn rotate(&self) -> Result<()> {
        Self::rotate(self).map(drop)
    }

    async fn withdraw(&self) -> Result<bool> {
        Self::withdraw(self);
        Ok(true)
    }

    async fn restore(&self) -> Result<()> {
        Self::restore(self).map(drop)
    }
}

/// All checks, one after the other. Leaves the identity usable.
pub async fn all(identity: &dyn WorkloadIdentity, operator: &dyn Operator, expected: &SpiffeId) {
    presents_the_expected_identity(identity, expected);
    brings_the_bundles_of_its_trust_domain(identity, operator).await;
    caches_tokens_by_audiences(identity).await;
    concurrent_callers_share_one_token(identity).await;
    refuses_bad_audiences(identity).await;
    tells_of_a_rotation(identity, operator).await;
    fails_closed_when_withdrawn(identity, operator).await;
}

/// The SVID names `expected`, is valid now, and its fields agree.
pub fn presents_the_expected_identity(identity: &dyn WorkloadIdentity, expected: &SpiffeId) {
    let (clock, svid) = (identity.clock(), identity.x509().expect("an SVID"));
    assert_eq!((&identity.id().expect("an ID"), svid.id()), (expected, expected));
    assert!(svid.not_before() <= clock.now() && clock.now() < svid.not_after(), "not valid now: {svid:?}");
    assert!(svid.remaining(&clock) <= svid.lifetime(), "remaining exceeds the lifetime");
    assert!(!svid.chain().is_empty() && !svid.private_key().expose().is_empty());
    assert!(!svid.serial().is_empty() && svid.serial().bytes().all(|digit| digit.is_ascii_hexdigit()));
    let health = identity.health();
    assert!(health.is_ready(), "not ready: {health}");
    assert!(health.revision > 0 && health.remaining > Duration::ZERO);
}

/// The bundle of its own trust domain holds X.509 authorities at once and JWT authorities soon.
pub async fn brings_the_bundles_of_its_trust_domain(
    identity: &dyn WorkloadIdentity,
    operator: &dyn Operator,
) {
    let domain = identity.id().expect("an ID").trust_domain().clone();
    assert!(!identity.bundles().expect("bundles").x509_authorities(&domain).is_empty());
    until(identity, operator, "JWT authorities", || {
        let bundles = identity.bundles().ok()?;
        let keys: serde_json::Value = serde_json::from_str(bundles.jwt_authorities(&domain)?).expect("JSON");
        (!keys["keys"].as_array().expect("a JWKS document").is_empty()).then_some(())
    })
    .await;
}

/// A token names who and for whom, is returned again for the same audiences in any order, and not for others.
pub async fn caches_tokens_by_audiences(identity: &dyn WorkloadIdentity) {
    let first = identity.jwt(&["contract-a", "contract-b"]).await.expect("a JWT-SVID");
    assert_eq!(first.id(), &identity.id().expect("an ID"));
    let named: BTreeSet<&str> = first.audience().iter().map(String::as_str).collect();
    assert_eq!(named, BTreeSet::from(["contract-a", "contract-b"]));
    assert!(first.remaining(&identity.clock()) > Duration::ZERO && first.issued_at() < first.expires_at());
    let again = identity.jwt(&["contract-b", "contract-a"]).await.expect("the same JWT-SVID");
    assert_eq!(again.token(), first.token(), "asked for again although it is fresh");
    let other = identity.jwt(&["contract-a"]).await.expect("another JWT-SVID");
    assert_ne!(other.token(), first.token());
    assert_eq!(other.audience(), ["contract-a"]);
}

/// Many who ask at the same time get the same token.
pub async fn concurrent_callers_share_one_token(identity: &dyn WorkloadIdentity) {
    let asked = join_all((0..100).map(|_| identity.jwt(&["contract-concurrent"]))).await;
    let tokens: Vec<_> = asked.into_iter().map(|token| token.expect("a JWT-SVID")).collect();
    assert!(tokens.windows(2).all(|pair| pair[0].token() == pair[1].token()), "several tokens were fetched");
}

/// No audience, an empty one, or an oversized one is the caller's mistake and asks nobody.
pub async fn refuses_bad_audiences(identity: &dyn WorkloadIdentity) {
    let long = "x".repeat(4096);
    for bad in [&[][..], &[""], &["a", ""], &[&long]] {
        assert_eq!(identity.jwt(bad).await.expect_err("a bad audience").kind(), ErrorKind::Config);
    }
}

/// After a rotation there is another certificate of the same name, and every subscriber is told.
pub async fn tells_of_a_rotation(identity: &dyn WorkloadIdentity, operator: &dyn Operator) {
    let before = identity.x509().expect("an SVID");
    let (mut updates, revision) = (identity.updates(), identity.updates().revision());
    operator.rotate().await.expect("a rotation");
    let after = until(identity, operator, "a rotated SVID", || {
        identity.x509().ok().filter(|svid| svid.serial() != before.serial())
    })
    .await;
    assert_eq!(after.id(), before.id());
    assert!(after.not_after() >= before.not_after(), "the new SVID ends earlier");
    assert_ne!(after.private_key(), before.private_key(), "the key was not replaced");
    let told =
        tokio::time::timeout(operator.patience(), updates.changed()).await.expect("no update was told");
    assert!(told.expect("the source lives") > revision);
    assert_eq!(identity.health().state, IdentityState::Healthy);
}

/// A withdrawn identity can be read in no way, and comes back when it is restored. Skipped where the operator
/// cannot withdraw.
pub async fn fails_closed_when_withdrawn(identity: &dyn WorkloadIdentity, operator: &dyn Operator) {
    identity.jwt(&["contract-withdrawn"]).await.expect("a JWT-SVID");
    if !operator.withdraw().await.expect("a withdrawal") {
        return;
    }
    until(identity, operator, "the withdrawal", || identity.x509().err()).await;
    for error in [
        identity.x509().expect_err("withdrawn"),
        identity.id().expect_err("withdrawn"),
        identity.bundles().expect_err("withdrawn"),
        identity.jwt(&["contract-withdrawn"]).await.expect_err("withdrawn"),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Identity, Some("withdrawn")), "{error}");
    }
    let health = identity.health();
    assert_eq!((health.state, health.is_ready()), (IdentityState::Withdrawn, false));
    assert!(health.last_error.is_some());
    operator.restore().await.expect("a restoration");
    until(identity, operator, "the identity to come back", || identity.x509().ok()).await;
    assert!(identity.health().is_ready());
}

/// Waits until `probe` finds something, looking at each update.
async fn until<T: Debug>(
    identity: &dyn WorkloadIdentity,
    operator: &dyn Operator,
    what: &str,
    mut probe: impl FnMut() -> Option<T>,
) -> T {
    let mut updates = identity.updates();
    let found = tokio::time::timeout(operator.patience(), async {
        loop {
            if let Some(found) = probe() {
                return found;
            }
            updates.changed().await.expect("the source ended");
        }
    });
    let found = found.await.ok();
    found.unwrap_or_else(|| panic!("waited in vain for {what}; health: {}", identity.health()))
}
