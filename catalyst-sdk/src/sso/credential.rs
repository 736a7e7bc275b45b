//! The credential of a running application, which changes under it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use catalyst_keycloak::rotation::Record;
use catalyst_keycloak::{ClientCredential, CredentialSource};
use catalyst_openbao::SecretData;
use tokio::time::{Instant, sleep_until};

use super::{KvRecordStore, key};
use crate::rotation::{self, Backing, Granted, Policy, Rotating, Source, Term};

/// A client's credential as it lies in OpenBao, read again from time to time. Cheap to clone.
///
/// As [`CredentialSource`] of an [`OidcClient`](catalyst_keycloak::OidcClient) it makes the next token request use
/// the new secret after a rotation. While OpenBao cannot be reached, the last one serves.
#[derive(Clone)]
pub struct RotatingCredential(Rotating<ClientCredential>);

impl RotatingCredential {
    pub(super) async fn start(records: KvRecordStore, name: String, poll: Duration) -> Result<Self> {
        let source = StoredSource { records, name, poll };
        rotation::start(source, Policy::default()).await.map(Self)
    }

    /// The rotation behind it: its events, its health, its end.
    pub fn rotating(&self) -> &Rotating<ClientCredential> {
        &self.0
    }

    /// Has OpenBao looked at now, because the realm refused the credential.
    pub fn report_refused(&self) {
        self.0.report_refused(self.0.generation());
    }
}

impl CredentialSource for RotatingCredential {
    fn credential(&self) -> Result<ClientCredential> {
        Ok(self.0.current().clone())
    }
}

impl fmt::Debug for RotatingCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RotatingCredential").field(&self.0).finish()
    }
}

/// The engine's view of it: a grant is lost when another lies in its place.
struct StoredSource {
    records: KvRecordStore,
    name: String,
    poll: Duration,
}

struct Stored {
    /// What tells one from the next: the secret, or the private key.
    material: Secret,
    credential: ClientCredential,
    replaced: AtomicBool,
    next_look: Mutex<Instant>,
}

/// The credential is read anew after this even if nothing seems to have changed.
const TERM: Duration = Duration::from_secs(86_400);

impl StoredSource {
    async fn look(&self) -> Result<(SecretData, Secret)> {
        let nothing = || {
            Error::new(ErrorKind::NotFound, "read client credential")
                .with_target(&*self.name)
                .with_code("no_secret")
                .with_help("no credential is stored for this application; ensure it first")
        };
        let (data, _) = self.records.read().await?.ok_or_else(nothing)?;
        let material = data.get(key::PRIVATE_KEY).or_else(|| data.get(Record::SECRET)).cloned();
        Ok((data, material.ok_or_else(nothing)?))
    }

    fn next_look(&self) -> Instant {
        // Spread, so that a hundred replicas do not ask together.
        Instant::now() + self.poll.mul_f64(0.9 + fastrand::f64() / 5.0)
    }
}

impl Source for StoredSource {
    type Value = ClientCredential;
    type Grant = Arc<Stored>;

    fn name(&self) -> &str {
        &self.name
    }

    async fn issue(&self) -> Result<Granted<Self::Grant>> {
        let issued_at = Instant::now();
        let (data, material) = self.look().await?;
        let (credential, label) = if let Some(key) = key::read(&data)? {
            let label = key.kid().to_owned();
            (ClientCredential::PrivateKeyJwt(Arc::new(key)), label)
        } else {
            let number = super::kv_record::record(&data)?.number;
            (ClientCredential::Secret(material.clone()), format!("secret {number}"))
        };
        let next_look = Mutex::new(self.next_look());
        let grant = Arc::new(Stored { material, credential, replaced: AtomicBool::new(false), next_look });
        Ok(Granted { grant, term: Term { issued_at, ttl: TERM, renewable: true }, label })
    }

    async fn prepare(
        &self,
        grant: &Self::Grant,
        _previous: Option<&ClientCredential>,
        _within: Duration,
    ) -> Result<ClientCredential> {
        Ok(grant.credential.clone())
    }

    /// It is not OpenBao's to end: while nothing else can be read, it goes on.
    async fn renew(&self, _grant: &Self::Grant) -> Result<Term> {
        Ok(Term { issued_at: Instant::now(), ttl: TERM, renewable: true })
    }

    async fn idle(&self, _value: &ClientCredential) {}

    fn end(&self, _value: &ClientCredential, _why: &Error) {}

    async fn revoke(&self, _grant: &Self::Grant) -> Result<()> {
        Ok(())
    }

    fn backing(&self, grant: &Self::Grant) -> Backing {
        if grant.replaced.load(Ordering::Acquire) { Backing::Lost } else { Backing::Independent }
    }

    async fn backing_changed(&self, grant: &Self::Grant, seen: Backing) {
        while self.backing(grant) == seen {
            if seen == Backing::Lost {
                return std::future::pending().await;
            }
            // Kept in the grant: the engine asks anew more often than we look.
            let next = *grant.next_look.lock().unwrap_or_else(PoisonError::into_inner);
            sleep_until(next).await;
            *grant.next_look.lock().unwrap_or_else(PoisonError::into_inner) = self.next_look();
            match self.look().await {
                Ok((_, material)) => {
                    grant.replaced.fetch_or(material != grant.material, Ordering::AcqRel);
                }
                Err(error) => {
                    tracing::debug!(name = self.name.as_str(), %error, "the credential could not be looked at");
                }
            }
        }
    }
}
