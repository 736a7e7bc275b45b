//! Where the run takes place: the fakes in this process, or the real servers; and what the platform has set up before
//! an application comes.

use std::sync::Arc;

use catalyst_core::Secret;
use catalyst_sdk::keycloak::jose::{Algorithm, SigningKey};
use catalyst_sdk::keycloak::{
    AdminLogin, Authentication, ClientCredential, ClientSpec, IdentityProviderSpec, Keycloak, ManagementRole,
    OrganizationSlug, ProviderKind, Realm, RealmResolver, RealmSpec, SecretRotationPolicy, SharedSovereign,
};
use catalyst_sdk::openbao::SecretStore;

use crate::options::{Credential, Options, Topology};
use catalyst_examples::screen::{Screen, counted};

mod fake;
mod live;
mod resolver;
mod workload;

use fake::Fake;
use live::Live;
pub(crate) use resolver::Resolver;
pub(crate) use workload::Workload;

/// Anything that stops a run before it has a result.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The Organization whose application it is.
pub(crate) const ORGANIZATION: &str = "acme-shop";
/// Who logs in.
pub(crate) const USER: &str = "ada";
/// KV version 2 of the platform.
pub(crate) const MOUNT: &str = "secret";
/// Who registers clients.
const REGISTRAR: &str = "catalyst-registrar";
/// The user that both servers, the fake and the real one, are brought up with.
const ADMIN: (&str, &str) = ("admin", "admin");

/// The servers, and who may use them.
pub(crate) struct Stage {
    servers: Servers,
    pub resolver: Resolver,
    pub realm: Realm,
    pub store: Arc<dyn SecretStore>,
    /// The workload that the application runs as, if it needs to be one.
    pub workload: Option<Workload>,
    password: Secret,
    /// What the registrar proves itself with; it has no secret either.
    registrar: Arc<SigningKey>,
}

enum Servers {
    Fake(Box<Fake>),
    Live(Box<Live>),
}

impl Stage {
    /// Starts the servers, and sets up what belongs to the platform: the realm, its policy for secrets, a user.
    pub(crate) async fn start(options: &Options, screen: &Screen) -> Result<Self, Broken> {
        let (servers, bao) = if options.live {
            let (live, bao) = Live::start().await?;
            (Servers::Live(Box::new(live)), bao)
        } else {
            let (fake, bao) = Fake::start().await?;
            (Servers::Fake(Box::new(fake)), bao)
        };
        let address = servers.keycloak_address();
        let resolver = Resolver::new(options.topology, organization()?, &address);
        let realm = resolver.realm(&organization()?)?;
        let password = Secret::from(format!("{:032x}", fastrand::u128(..)));
        let workload = match options.credential {
            Credential::Spiffe => Some(Workload::start().await?),
            _ => None,
        };
        let store: Arc<dyn SecretStore> = Arc::new(bao.kv(MOUNT.parse()?));
        let registrar = Arc::new(SigningKey::generate(Algorithm::Es256)?);
        let stage = Self { servers, resolver, realm, store, workload, password, registrar };
        screen.tell(&format!("Keycloak at {address}, OpenBao at {}", stage.servers.openbao_address()));
        stage.set_up(options, screen).await?;
        Ok(stage)
    }

    /// As the administrator that a server is brought up with, who is needed no more afterwards.
    async fn set_up(&self, options: &Options, screen: &Screen) -> Result<(), Broken> {
        let login = AdminLogin::bootstrap(ADMIN.0, Secret::new(ADMIN.1));
        let keycloak = Keycloak::builder(self.realm.server().as_str())?.admin(login).build()?;
        if options.topology == Topology::SharedSovereign {
            keycloak.realm(SharedSovereign::ADMIN_REALM.parse()?).ensure(&RealmSpec::new()).await?;
            screen.tell(&format!("realm {} for the Sovereign's own team", SharedSovereign::ADMIN_REALM));
        }
        let realm = keycloak.realm(self.realm.name().clone());
        let made = realm.ensure(&RealmSpec::new().display_name("Acme Shop")).await?;
        let policy = realm.ensure_secret_rotation(&SecretRotationPolicy::default()).await?;
        let writes = counted((made.writes + policy.writes).into(), "write");
        let name = self.realm.name();
        screen.tell(&format!(
            "realm {name} for the Organization {ORGANIZATION}, {}: {writes}",
            options.topology.name()
        ));
        if let Some(workload) = &self.workload {
            self.servers.publish(workload)?;
            let kind = ProviderKind::Spiffe {
                trust_domain: Workload::TRUST_DOMAIN.to_owned(),
                bundle_endpoint: workload.bundle(),
            };
            realm.ensure_identity_provider(&IdentityProviderSpec::new(Workload::ALIAS, kind)).await?;
            screen.tell(&format!("identity provider {} for {}", Workload::ALIAS, Workload::TRUST_DOMAIN));
        }
        let client = ClientSpec::new(REGISTRAR.parse()?, "platform/sso".parse()?)
            .authentication(Authentication::PrivateKeyJwt(self.registrar.public_set()));
        realm.ensure_service_account(&client, &ManagementRole::REGISTRAR).await?;
        screen.tell(&format!(
            "a registrar, {REGISTRAR}, who may manage the clients of this realm and nothing else"
        ));
        self.servers.add_user(name.as_str(), USER, &self.password).await?;
        screen.tell(&format!("a user, {USER}"));
        Ok(())
    }

    /// How the registrar logs in to the realm that it manages.
    pub(crate) fn registrar_login(&self) -> Result<AdminLogin, Broken> {
        let key = ClientCredential::PrivateKeyJwt(Arc::clone(&self.registrar));
        Ok(AdminLogin::service_account(REGISTRAR.parse()?, key).realm(self.realm.name().clone()))
    }

    /// The password of [`USER`].
    pub(crate) fn password(&self) -> &Secret {
        &self.password
    }

    /// How often the servers were written to, by their own count; none if they do not count.
    pub(crate) fn writes(&self) -> Option<u64> {
        match &self.servers {
            Servers::Fake(fake) => Some(fake.writes()),
            Servers::Live(_) => None,
        }
    }

    pub(crate) async fn stop(self) -> Result<(), Broken> {
        match self.servers {
            Servers::Fake(_) => Ok(()),
            Servers::Live(live) => live.stop().await,
        }
    }
}

pub(crate) fn organization() -> Result<OrganizationSlug, Broken> {
    Ok(ORGANIZATION.parse()?)
}

impl Servers {
    fn keycloak_address(&self) -> String {
        match self {
            Self::Fake(fake) => fake.keycloak_address(),
            Self::Live(live) => live.keycloak_address(),
        }
    }

    fn openbao_address(&self) -> String {
        match self {
            Self::Fake(fake) => fake.openbao_address(),
            Self::Live(live) => live.openbao_address(),
        }
    }

    /// Lets the server find the keys of the trust domain; a real one fetches them itself.
    fn publish(&self, workload: &Workload) -> Result<(), Broken> {
        match self {
            Self::Fake(fake) => fake.publish(workload),
            Self::Live(_) => Ok(()),
        }
    }

    async fn add_user(&self, realm: &str, name: &str, password: &Secret) -> Result<(), Broken> {
        match self {
            Self::Fake(fake) => fake.add_user(realm, name, password),
            Self::Live(live) => live.add_user(realm, name, password).await?,
        }
        Ok(())
    }
}
