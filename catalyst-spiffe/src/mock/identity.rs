//! The workload side of the mock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::{Clock, Error, ErrorKind, Result};

use super::authority::{Authority, LeafRequest};
use super::{LeafDefect, RawSvid};
use crate::jwt_cache::{Audiences, JwtCache};
use crate::live::{Live, Material};
use crate::{
    BundleSet, IdentityHealth, JwtIdentity, SpiffeId, TrustDomain, Updates, WorkloadIdentity, X509Identity,
};

/// A workload with an identity that the test rotates, withdraws and restores. Cheap to clone; clones are the same
/// workload.
#[derive(Clone, Debug)]
pub struct MockIdentity(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: SpiffeId,
    authority: Arc<Authority>,
    live: Live,
    jwt: JwtCache,
    jwt_signed: AtomicU64,
    settings: Mutex<Settings>,
}

#[derive(Clone, Debug)]
struct Settings {
    ttl: Duration,
    jwt_ttl: Duration,
    dns_names: Vec<String>,
    hint: Option<String>,
    federated: BTreeMap<TrustDomain, Foreign>,
    trusts_own_domain: bool,
    withdrawn: bool,
}

#[derive(Clone, Debug)]
struct Foreign {
    x509: Vec<Vec<u8>>,
    jwks: Arc<str>,
}

/// Settings of a [`MockIdentity`] before it exists.
#[derive(Clone, Debug)]
pub struct MockIdentityBuilder {
    id: SpiffeId,
    clock: Clock,
    authority: Option<Arc<Authority>>,
    settings: Settings,
}

impl MockIdentity {
    /// A workload with an authority of its own, SVIDs that live 5 minutes, and the machine's clock.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `id` is no SPIFFE ID of a workload.
    pub fn new(id: &str) -> Result<Self> {
        Self::builder(id)?.build()
    }

    /// A workload whose settings differ.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `id` is no SPIFFE ID of a workload.
    pub fn builder(id: &str) -> Result<MockIdentityBuilder> {
        Ok(MockIdentityBuilder {
            id: workload_id(id)?,
            clock: Clock::system(),
            authority: None,
            settings: Settings {
                ttl: Duration::from_secs(300),
                jwt_ttl: Duration::from_secs(300),
                dns_names: Vec::new(),
                hint: None,
                federated: BTreeMap::new(),
                trusts_own_domain: true,
                withdrawn: false,
            },
        })
    }

    /// Another workload of the same trust domain: same authority, clock and settings, no DNS names.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `id` is no SPIFFE ID of a workload in this trust domain.
    pub fn sibling(&self, id: &str) -> Result<Self> {
        let id = workload_id(id)?;
        if id.trust_domain() != self.0.id.trust_domain() {
            return Err(Error::new(ErrorKind::Config, "make a sibling identity")
                .with_help("a sibling is in the same trust domain; federate two mocks instead"));
        }
        let settings = Settings { dns_names: Vec::new(), ..self.settings().clone() };
        let authority = Some(Arc::clone(&self.0.authority));
        MockIdentityBuilder { id, clock: self.clock(), authority, settings }.build()
    }

    /// Issues a new SVID, publishes it and returns its serial number.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] while the identity is withdrawn.
    pub fn rotate(&self) -> Result<String> {
        let settings = self.settings().clone();
        if settings.withdrawn {
            return Err(Error::new(ErrorKind::Identity, "rotate a mock identity").with_code("withdrawn"));
        }
        let identity = Arc::new(self.issue(&settings)?);
        let serial = identity.serial().to_owned();
        self.0.live.publish(Material { identity, bundles: Arc::new(self.bundle_set(&settings)) });
        Ok(serial)
    }

    /// Makes a new certificate authority, which issues from now on, and rotates. The old authority stays in the
    /// bundle until [`Self::retire_old_authorities`]. Siblings see both at their next rotation.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] while the identity is withdrawn.
    pub fn rotate_authority(&self) -> Result<String> {
        self.0.authority.rotate(self.now())?;
        self.rotate()
    }

    /// Takes all authorities but the newest out of the bundle.
    pub fn retire_old_authorities(&self) {
        self.0.authority.retire_old();
        self.republish_bundles();
    }

    /// Takes the identity away, as an agent does whose registration entry was deleted.
    pub fn withdraw(&self) {
        self.settings().withdrawn = true;
        self.0.jwt.clear();
        self.0.live.withdraw(
            Error::new(ErrorKind::Identity, "watch the mock identity")
                .with_code("no_identity_issued")
                .with_help("withdrawn by the test"),
        );
    }

    /// Gives it back, with a new SVID whose serial number is returned.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if no SVID can be issued.
    pub fn restore(&self) -> Result<String> {
        self.settings().withdrawn = false;
        self.rotate()
    }

    /// Ends the source, as shutdown does: nothing is readable any more.
    pub fn stop(&self) {
        self.0.live.stop();
    }

    /// The life of X.509-SVIDs from the next rotation on, in whole seconds.
    pub fn set_ttl(&self, ttl: Duration) {
        self.settings().ttl = ttl;
    }

    /// The life of JWT-SVIDs from the next one on, in whole seconds.
    pub fn set_jwt_ttl(&self, ttl: Duration) {
        self.settings().jwt_ttl = ttl;
    }

    /// Adds the other's trust domain to this one's bundles, one way.
    pub fn federate(&self, other: &Self) {
        let foreign = Foreign { x509: other.0.authority.bundle(), jwks: other.0.authority.jwks() };
        self.settings().federated.insert(other.0.id.trust_domain().clone(), foreign);
        self.republish_bundles();
    }

    /// Takes the bundle of a trust domain away, federated or our own.
    pub fn remove_bundle(&self, domain: &TrustDomain) {
        let mut settings = self.settings();
        settings.federated.remove(domain);
        settings.trusts_own_domain &= domain != self.0.authority.domain();
        drop(settings);
        self.republish_bundles();
    }

    /// A certificate of this identity that breaks one rule, with its key.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if it cannot be issued.
    pub fn defective(&self, defect: LeafDefect) -> Result<RawSvid> {
        let settings = self.settings().clone();
        let request = LeafRequest {
            dns_names: &settings.dns_names,
            ttl: settings.ttl,
            now: self.now(),
            defect: Some(defect),
        };
        self.0.authority.issue(&self.0.id, &request)
    }

    /// The trust domain's certificate authorities in PEM, for a server that must accept this identity.
    pub fn ca_pem(&self) -> String {
        self.0.authority.bundle_pem()
    }

    /// The key that verifies its JWT-SVIDs, as a PEM `PUBLIC KEY`.
    pub fn jwt_public_key_pem(&self) -> String {
        self.0.authority.jwt_public_key_pem().to_owned()
    }

    /// The same key as a JWKS document.
    pub fn jwks_json(&self) -> String {
        self.0.authority.jwks().as_ref().to_owned()
    }

    /// How many JWT-SVIDs were signed so far.
    pub fn jwt_signed(&self) -> u64 {
        self.0.jwt_signed.load(Ordering::Relaxed)
    }

    /// What a receiver of a JWT-SVID from this trust domain does: checks signature, audience and end.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it is no JWT-SVID, [`ErrorKind::Unauthenticated`] if it must not be accepted.
    pub fn verify_jwt(&self, token: &str, audience: &str) -> Result<JwtIdentity> {
        let refuse = |help: &str| {
            Err(Error::new(ErrorKind::Unauthenticated, "verify JWT-SVID").with_help(help.to_owned()))
        };
        let jwt = JwtIdentity::from_token(token.into(), self.now())?;
        if jwt.id().trust_domain() != self.0.authority.domain() || !self.0.authority.signed(token) {
            refuse("it was not signed by this trust domain")
        } else if !jwt.audience().iter().any(|one| one == audience) {
            refuse("it is for another audience")
        } else if jwt.remaining(self.0.live.clock()).is_zero() {
            refuse("it has expired")
        } else {
            Ok(jwt)
        }
    }

    /// A newly signed JWT-SVID, past the cache.
    pub(crate) fn sign_jwt(&self, audience: &[String]) -> Result<JwtIdentity> {
        self.0.live.id()?;
        self.0.jwt_signed.fetch_add(1, Ordering::Relaxed);
        let now = self.now();
        let claims = serde_json::json!({
            "aud": audience,
            "exp": unix(now + self.settings().jwt_ttl),
            "iat": unix(now),
            "sub": self.0.id.to_string(),
        });
        JwtIdentity::from_token(self.0.authority.sign_jwt(&claims)?, now)
    }

    /// The operator's hint.
    #[cfg(feature = "testing")]
    pub(crate) fn hint(&self) -> Option<String> {
        self.settings().hint.clone()
    }

    fn issue(&self, settings: &Settings) -> Result<X509Identity> {
        let request =
            LeafRequest { dns_names: &settings.dns_names, ttl: settings.ttl, now: self.now(), defect: None };
        let raw = self.0.authority.issue(&self.0.id, &request)?;
        Ok(X509Identity::from_der(raw.chain, raw.key)?.with_hint(settings.hint.as_deref()))
    }

    fn bundle_set(&self, settings: &Settings) -> BundleSet {
        let mut set = BundleSet::default();
        if settings.trusts_own_domain {
            let domain = self.0.authority.domain();
            set.insert_x509(domain.clone(), self.0.authority.bundle());
            set.insert_jwks(domain.clone(), self.0.authority.jwks());
        }
        for (domain, foreign) in &settings.federated {
            set.insert_x509(domain.clone(), foreign.x509.clone());
            set.insert_jwks(domain.clone(), Arc::clone(&foreign.jwks));
        }
        set
    }

    fn republish_bundles(&self) {
        let settings = self.settings().clone();
        self.0.live.publish_bundles(|_| self.bundle_set(&settings));
    }

    fn now(&self) -> SystemTime {
        self.0.live.clock().now()
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.0.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MockIdentityBuilder {
    /// The life of an X.509-SVID, in whole seconds.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = ttl;
        self
    }

    /// The life of a JWT-SVID, in whole seconds.
    #[must_use]
    pub fn jwt_ttl(mut self, ttl: Duration) -> Self {
        self.settings.jwt_ttl = ttl;
        self
    }

    /// Adds a DNS name to the SVID. The first one is also its common name, which OpenBao's certificate login needs.
    #[must_use]
    pub fn dns_name(mut self, name: &str) -> Self {
        self.settings.dns_names.push(name.to_owned());
        self
    }

    /// The operator's hint of this identity.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.settings.hint = Some(hint.to_owned());
        self
    }

    /// The clock that certificates and tokens are issued and judged by.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the authority, unless it is shared, and the first SVID.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if a DNS name is not valid.
    pub fn build(self) -> Result<MockIdentity> {
        let Self { id, clock, authority, settings } = self;
        let authority = match authority {
            Some(shared) => shared,
            None => Arc::new(Authority::new(id.trust_domain().clone(), clock.now())?),
        };
        let mock = MockIdentity(Arc::new(Inner {
            id,
            authority,
            live: Live::new(clock.clone()),
            jwt: JwtCache::new(clock),
            jwt_signed: AtomicU64::new(0),
            settings: Mutex::new(Settings { withdrawn: false, ..settings }),
        }));
        mock.rotate()?;
        Ok(mock)
    }
}

#[async_trait]
impl WorkloadIdentity for MockIdentity {
    fn id(&self) -> Result<SpiffeId> {
        self.0.live.id()
    }

    fn x509(&self) -> Result<Arc<X509Identity>> {
        self.0.live.x509()
    }

    fn bundles(&self) -> Result<Arc<BundleSet>> {
        self.0.live.bundles()
    }

    async fn jwt(&self, audience: &[&str]) -> Result<Arc<JwtIdentity>> {
        let (audiences, id) = (Audiences::new(audience)?, self.0.live.id()?);
        let fetch = || async { self.sign_jwt(audiences.as_slice()) };
        let token = self.0.jwt.get(&id, &audiences, fetch).await?;
        self.0.live.id().map(|_present| token)
    }

    fn updates(&self) -> Updates {
        self.0.live.updates()
    }

    fn health(&self) -> IdentityHealth {
        self.0.live.health()
    }

    fn clock(&self) -> Clock {
        self.0.live.clock().clone()
    }
}

fn workload_id(text: &str) -> Result<SpiffeId> {
    let id: SpiffeId = text.parse()?;
    if id.path().is_empty() {
        return Err(Error::new(ErrorKind::Config, "make a mock identity")
            .with_help("the SPIFFE ID of a workload has a path"));
    }
    Ok(id)
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdentityState;
    use crate::leaf;

    const ORDERS: &str = "spiffe://catalyst.local/ns/shop/sa/orders";

    #[test]
    fn rotation_publishes_a_new_svid_that_lives_as_long_as_asked() {
        let mock = MockIdentity::builder(ORDERS).unwrap().ttl(Duration::from_secs(60)).build().unwrap();
        let (first, updates) = (mock.x509().unwrap(), mock.updates());
        assert_eq!((first.id().to_string(), first.lifetime()), (ORDERS.to_owned(), Duration::from_secs(70)));
        let before = updates.revision();
        let serial = mock.rotate().unwrap();
        assert_eq!(mock.x509().unwrap().serial(), serial);
        assert_ne!(first.serial(), serial);
        assert!(updates.revision() > before);
        assert_eq!(mock.health().state, IdentityState::Healthy);
    }

    #[tokio::test]
    async fn withdrawal_takes_everything_away_until_it_is_restored() {
        let mock = MockIdentity::new(ORDERS).unwrap();
        mock.jwt(&["bao"]).await.unwrap();
        mock.withdraw();
        assert_eq!(mock.x509().unwrap_err().code(), Some("withdrawn"));
        assert!(mock.id().is_err() && mock.bundles().is_err() && mock.jwt(&["bao"]).await.is_err());
        assert_eq!(mock.health().state, IdentityState::Withdrawn);
        assert!(!mock.health().is_ready() && mock.rotate().is_err());
        let serial = mock.restore().unwrap();
        assert_eq!(mock.x509().unwrap().serial(), serial);
        mock.stop();
        assert_eq!(mock.x509().unwrap_err().kind(), ErrorKind::Closed);
    }

    #[test]
    fn an_expired_svid_is_not_handed_out() {
        let (clock, hand) = Clock::manual();
        let mock = MockIdentity::builder(ORDERS).unwrap().clock(clock).build().unwrap();
        hand.advance(Duration::from_secs(250));
        assert_eq!(mock.health().state, IdentityState::Degraded);
        assert!(mock.x509().is_ok());
        hand.advance(Duration::from_secs(50));
        assert_eq!(mock.x509().unwrap_err().code(), Some("expired"));
        assert_eq!(mock.health().state, IdentityState::Expired);
    }

    #[tokio::test]
    async fn jwts_are_cached_by_audiences_and_refreshed_at_half_life() {
        let (clock, hand) = Clock::manual();
        let mock = MockIdentity::builder(ORDERS).unwrap().clock(clock).build().unwrap();
        let first = mock.jwt(&["a", "b"]).await.unwrap();
        assert_eq!(mock.jwt(&["b", "a"]).await.unwrap().token(), first.token());
        let alone = mock.jwt(&["a"]).await.unwrap();
        assert_ne!(alone.token(), first.token());
        mock.verify_jwt(alone.token().expose(), "a").unwrap();
        assert!(mock.verify_jwt(alone.token().expose(), "b").is_err());
        let stranger = MockIdentity::new(ORDERS).unwrap();
        assert!(stranger.verify_jwt(alone.token().expose(), "a").is_err());
        assert_eq!(mock.jwt_signed(), 2);
        // The host slept: only the wall clock went on.
        hand.advance(Duration::from_secs(301));
        let second = mock.jwt(&["a", "b"]).await.unwrap();
        assert!(second.remaining(&mock.clock()) > Duration::from_secs(298));
    }

    #[test]
    fn each_defect_but_age_and_issuer_shows_in_the_leaf_itself() {
        let mock = MockIdentity::builder(ORDERS).unwrap().dns_name("orders").build().unwrap();
        for defect in LeafDefect::ALL {
            let raw = mock.defective(defect).unwrap();
            let fault = leaf::identity(&raw.chain[0]);
            match defect {
                LeafDefect::Expired | LeafDefect::UnknownIssuer => assert!(fault.is_ok()),
                _ => {
                    assert!(fault.is_err(), "{defect:?}");
                    assert!(X509Identity::from_der(raw.chain, raw.key).is_err());
                }
            }
        }
    }

    #[test]
    fn federated_bundles_stay_apart() {
        let (ours, theirs) =
            (MockIdentity::new(ORDERS).unwrap(), MockIdentity::new("spiffe://b.test/x").unwrap());
        ours.federate(&theirs);
        let bundles = ours.bundles().unwrap();
        let (home, away) = (ours.id().unwrap(), theirs.id().unwrap());
        assert_eq!(bundles.trust_domains().count(), 2);
        assert_eq!(
            bundles.x509_authorities(away.trust_domain()),
            theirs.bundles().unwrap().x509_authorities(away.trust_domain())
        );
        assert_eq!(bundles.jwt_authorities(home.trust_domain()).unwrap(), ours.jwks_json());
        ours.remove_bundle(away.trust_domain());
        assert!(ours.bundles().unwrap().x509_authorities(away.trust_domain()).is_empty());
    }
}
