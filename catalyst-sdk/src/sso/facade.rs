//! What brings Keycloak and OpenBao together for applications.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Clock, Error, ErrorKind, Result};
use catalyst_keycloak::RealmResolver;
use catalyst_keycloak::rotation::{NextStep, Policy, SecretRotation};
use catalyst_keycloak::token::TokenVerifier;
use catalyst_openbao::{Mount, SecretStore};

use super::ensure::Ensuring;
use super::outlet::Outlet;
use super::{
    KvRecordStore, Registrars, RotatingCredential, RotationKeeper, SsoApplication, SsoCredential,
    SsoEventKind, SsoObserver, SsoSettings,
};

/// Single sign-on for applications. Cheap to clone.
///
/// ```no_run
/// # async fn example(catalyst: catalyst_sdk::Catalyst) -> catalyst_sdk::Result<()> {
/// use catalyst_sdk::sso::{EnvType, SsoApplication};
///
/// let sso = catalyst.sso()?;
/// let wordpress = SsoApplication::new("acme-shop".parse()?, EnvType::Prod, "wordpress")?
///     .redirect_uri("https://blog.acme.test/oauth/callback".parse()?);
///
/// let settings = sso.ensure(&wordpress).await?; // the client exists, its secret lies in OpenBao
/// println!("log in at {}", settings.endpoints.authorization);
/// if let Some(stored) = &settings.stored {
///     print!("{}", stored.external_secret("wordpress-sso", "acme-shop-prod")?); // for the Git repository
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Sso(Arc<Inner>);

/// Sets up an [`Sso`]; made by [`Sso::builder`].
#[must_use]
pub struct SsoBuilder(Inner);

pub(super) struct Inner {
    realms: Arc<dyn RealmResolver>,
    registrars: Arc<dyn Registrars>,
    store: Arc<dyn SecretStore>,
    pub(super) mount: Mount,
    pub(super) policy: Policy,
    poll: Duration,
    tls: TlsConfig,
    pub(super) clock: Clock,
    pub(super) outlet: Outlet,
    keeper: RotationKeeper,
}

impl Sso {
    /// Clients in the realms that `realms` names, by `registrars`; credentials in `store`, which is KV version 2 at
    /// `mount`.
    pub fn builder(
        realms: impl RealmResolver,
        registrars: impl Registrars,
        store: Arc<dyn SecretStore>,
        mount: Mount,
    ) -> SsoBuilder {
        SsoBuilder(Inner {
            realms: Arc::new(realms),
            registrars: Arc::new(registrars),
            store,
            mount,
            policy: Policy::default(),
            poll: Duration::from_secs(60),
            tls: TlsConfig::new(),
            clock: Clock::system(),
            outlet: Outlet::default(),
            keeper: RotationKeeper::new(Clock::system()),
        })
    }

    /// Makes everything as declared: the client in the Organization's realm, its credential in OpenBao; and gives the
    /// settings. From then on the [`keeper`](Self::keeper) replaces the secret in time.
    ///
    /// Safe to repeat, from several processes at once, and after a failure at any point.
    ///
    /// # Errors
    /// Those of Keycloak, with the role to grant where one is missing; those of OpenBao; code `unreadable_record` or
    /// `unreadable_key` if something else lies where the credential should.
    ///
    /// # Cancel safety
    /// What was done stands, and the next call goes on from there.
    pub async fn ensure(&self, application: &SsoApplication) -> Result<SsoSettings> {
        let inner = &*self.0;
        let ensured = async {
            let settings = inner.ensuring(application)?.run().await?;
            if application.credential == SsoCredential::Secret {
                // Made once, and kept from here on.
                inner.rotation(application)?;
            }
            Ok(settings)
        };
        Box::pin(ensured).await.inspect_err(|error: &Error| {
            let kind = SsoEventKind::Failed { error: error.clone() };
            inner.outlet.tell(application.place(), application.id(), kind);
        })
    }

    /// The rotation of the application's secret; the same one for each call.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if its realm cannot be administered; [`ErrorKind::InvalidRequest`] with code `no_secret`
    /// if it has no secret.
    pub fn rotation(&self, application: &SsoApplication) -> Result<Arc<SecretRotation>> {
        if application.credential != SsoCredential::Secret {
            return Err(no_secret("rotate client secret", "it is declared with another kind of credential"));
        }
        self.0.rotation(application)
    }

    /// Replaces a secret that others know, and ends it at once: applications that have not fetched the new one are
    /// refused until they do. For a replacement without haste see [`SecretRotation::rotate_now`].
    ///
    /// # Errors
    /// As [`SecretRotation::replace_leaked`]. Call it again until it succeeds.
    ///
    /// # Cancel safety
    /// As [`SecretRotation::advance`].
    pub async fn rotate_leaked(&self, application: &SsoApplication) -> Result<NextStep> {
        self.rotation(application)?.replace_leaked().await
    }

    /// Replaces the key of an application that signs assertions: the new public key is registered beside the old one,
    /// then the new private key takes the place of the old one in OpenBao, and the old one is accepted through the
    /// grace. Returns when that ends; [`ensure`](Self::ensure), called then or later, removes it.
    ///
    /// A call while a replacement is under way goes on with it, and makes no other key. The platform leaves the moment
    /// to a person, so nothing here does it by itself.
    ///
    /// # Errors
    /// As [`ensure`](Self::ensure); code `no_key` if the application is declared with another kind of credential.
    ///
    /// # Cancel safety
    /// What was done stands, and the next call goes on from there.
    pub async fn rotate_key(&self, application: &SsoApplication) -> Result<SystemTime> {
        let SsoCredential::PrivateKeyJwt(algorithm) = &application.credential else {
            let error = Error::new(ErrorKind::InvalidRequest, "replace client key").with_code("no_key");
            return Err(error.with_help("it is declared with another kind of credential"));
        };
        let run = self.0.ensuring(application)?;
        Box::pin(run.replace_key(*algorithm)).await
    }

    /// The application's credential, followed from here on: after a rotation, its next token request uses the new
    /// secret. Needs no access to Keycloak's administration.
    ///
    /// # Errors
    /// Those of OpenBao; `no_secret` if nothing is stored for this kind of credential, or nothing yet.
    ///
    /// # Cancel safety
    /// Safe; it reads.
    pub async fn credential(&self, application: &SsoApplication) -> Result<RotatingCredential> {
        if !matches!(application.credential, SsoCredential::Secret | SsoCredential::PrivateKeyJwt(_)) {
            return Err(no_secret(
                "follow client credential",
                "nothing is stored for this kind of credential",
            ));
        }
        let name = format!("sso/{}", application.place());
        RotatingCredential::start(self.0.records(application)?, name, self.0.poll).await
    }

    /// Verifies the tokens that are meant for the application: access tokens whose audience is its client id, ID and
    /// logout tokens of its logins. The same one for each call. While the [`keeper`](Self::keeper) runs, the realm's
    /// keys are fetched ahead of time, and no verification waits for them.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if its realm has no usable address; [`ErrorKind::Tls`] if the TLS settings cannot work.
    pub fn verifier(&self, application: &SsoApplication) -> Result<TokenVerifier> {
        let inner = &*self.0;
        let realm = inner.realms.realm(application.place().organization())?;
        inner.keeper.verifier(application.place(), || {
            let id = application.id();
            let builder = TokenVerifier::builder(&realm, id.as_str()).client(id.clone());
            builder.tls(inner.tls.clone()).clock(inner.clock.clone()).build()
        })
    }

    /// Removes the client, if it is the application's, and then its credential with all versions. What is not there
    /// is a success. Returns whether the client was there.
    ///
    /// # Errors
    /// Code `not_owned` if the client belongs to somebody else; those of Keycloak and OpenBao.
    ///
    /// # Cancel safety
    /// What was removed stays removed; call it again for the rest.
    pub async fn remove(&self, application: &SsoApplication) -> Result<bool> {
        let (inner, place) = (&*self.0, application.place());
        let realm = inner.realms.realm(place.organization())?;
        inner.keeper.forget(place);
        let registrar = inner.registrars.of(&realm)?;
        let owner = application.client.owner();
        let client_existed = registrar.clients.remove(application.id(), owner).await?;
        inner.records(application)?.remove().await?;
        inner.outlet.tell(place, application.id(), SsoEventKind::Removed { client_existed });
        Ok(client_existed)
    }

    /// What replaces the secrets of all applications that were [ensured](Self::ensure) here. A
    /// [`Catalyst`](crate::Catalyst) runs it; without one, run it yourself.
    pub fn keeper(&self) -> &RotationKeeper {
        &self.0.keeper
    }
}

impl Inner {
    fn ensuring<'a>(&'a self, application: &'a SsoApplication) -> Result<Ensuring<'a>> {
        let realm = self.realms.realm(application.place().organization())?;
        let registrar = self.registrars.of(&realm)?;
        let records = self.records(application)?;
        Ok(Ensuring { sso: self, application, realm, registrar, records, reads: 0, writes: 0 })
    }

    fn records(&self, application: &SsoApplication) -> Result<KvRecordStore> {
        Ok(KvRecordStore::new(Arc::clone(&self.store), application.place().secret_path()?))
    }

    pub(super) fn rotation(&self, application: &SsoApplication) -> Result<Arc<SecretRotation>> {
        let place = application.place();
        let realm = self.realms.realm(place.organization())?;
        let secrets = self.registrars.of(&realm)?.secrets;
        let records = Arc::new(self.records(application)?);
        let id = application.id().clone();
        Ok(self.keeper.keep(place, || {
            SecretRotation::new(id, secrets, records, self.policy.clone())
                .clock(self.clock.clone())
                .observer(self.outlet.of_rotation(place.clone()))
        }))
    }
}

impl SsoBuilder {
    /// When secrets are replaced, and how long their predecessors are kept; the platform's rules if not set.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.0.policy = policy;
        self
    }

    /// How often a [`RotatingCredential`] looks for a new secret; every minute if not set, at least every second.
    /// Stay well below the grace.
    pub fn poll(mut self, interval: Duration) -> Self {
        self.0.poll = interval.max(Duration::from_secs(1));
        self
    }

    /// How the servers of realms are checked when their keys are fetched.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.0.tls = tls;
        self
    }

    /// Tells `observer` of every step.
    pub fn observer(mut self, observer: SsoObserver) -> Self {
        self.0.outlet.observer = Some(observer);
        self
    }

    /// The wall clock; for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.0.outlet.clock = clock.clone();
        self.0.keeper = RotationKeeper::new(clock.clone());
        self.0.clock = clock;
        self
    }

    /// Everything is set.
    #[must_use]
    pub fn build(self) -> Sso {
        Sso(Arc::new(self.0))
    }
}

fn no_secret(operation: &'static str, help: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, operation).with_code("no_secret").with_help(help)
}

impl fmt::Debug for Sso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sso")
            .field("realms", &self.0.realms)
            .field("mount", &self.0.mount)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SsoBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoBuilder").field("realms", &self.0.realms).finish_non_exhaustive()
    }
}
