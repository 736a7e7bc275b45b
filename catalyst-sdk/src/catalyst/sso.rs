//! Single sign-on behind the facade: built from the configuration, its keeper run in the background.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_keycloak::OrganizationSlug;
use catalyst_keycloak::{
    AdminLogin, ClientCredential, PerOrganization, Realm, RealmResolver, SharedSovereign,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Catalyst;
use super::builder::read;
use crate::bridge::SvidAssertion;
use crate::config::{KeycloakConfig, KeycloakTopology};
use crate::sso::{AdminRegistrars, Sso};

const BUILD: &str = "set up single sign-on";

impl Catalyst {
    /// Single sign-on for applications, as `keycloak` in the configuration says. What was ensured through it has its
    /// secret replaced in time while this lives. Asking again gives the same one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming what is missing.
    pub fn sso(&self) -> Result<Sso> {
        let mut running = self.0.sso.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*running {
            return Ok(running.sso.clone());
        }
        let sso = self.build_sso()?;
        *running = Some(Running::start(sso.clone()));
        Ok(sso)
    }

    fn build_sso(&self) -> Result<Sso> {
        let settings = &self.0.config.keycloak;
        let mut registrars =
            AdminRegistrars::new(self.admin(settings)?).in_each_realm(settings.admin.realm.is_none());
        let mut tls = TlsConfig::new();
        if let Some(file) = &settings.ca_file {
            tls = tls.ca_pem(&read(file)?)?;
        }
        registrars = registrars.tls(tls.clone());
        let mount = settings.mount.as_deref().unwrap_or("secret").parse::<catalyst_openbao::Mount>()?;
        let store = Arc::new(self.0.bao.kv(mount.clone()));
        Ok(Sso::builder(Layout::of(settings)?, registrars, store, mount).tls(tls).build())
    }

    fn admin(&self, settings: &KeycloakConfig) -> Result<AdminLogin> {
        let admin = &settings.admin;
        let client =
            admin.client_id.as_deref().ok_or_else(|| missing("set KEYCLOAK_ADMIN_CLIENT_ID"))?.parse()?;
        let credential = match (&admin.client_secret, &self.0.identity) {
            (Some(secret), _) => ClientCredential::Secret(secret.clone()),
            (None, Some(identity)) => {
                ClientCredential::JwtSvid(Arc::new(SvidAssertion::new(Arc::clone(identity))))
            }
            (None, None) => {
                return Err(missing(
                    "set SPIFFE_ENDPOINT_SOCKET, or KEYCLOAK_ADMIN_CLIENT_SECRET for development",
                ));
            }
        };
        let login = AdminLogin::service_account(client, credential);
        Ok(match &admin.realm {
            Some(realm) => login.realm(realm.parse()?),
            None => login,
        })
    }
}

/// The configured topology.
#[derive(Debug)]
enum Layout {
    Shared(SharedSovereign),
    Each(PerOrganization),
}

impl Layout {
    fn of(settings: &KeycloakConfig) -> Result<Self> {
        let url = settings.url.as_deref().ok_or_else(|| missing("no Keycloak address: set KEYCLOAK_URL"))?;
        let slot = url.contains("{organization}");
        let implied =
            if slot { KeycloakTopology::PerOrganization } else { KeycloakTopology::SharedSovereign };
        Ok(match (settings.topology.unwrap_or(implied), &settings.back_channel_url) {
            (KeycloakTopology::PerOrganization, None) => Self::Each(PerOrganization::new(url)?),
            (KeycloakTopology::PerOrganization, Some(back)) => {
                Self::Each(PerOrganization::new(url)?.back_channel(back)?)
            }
            (KeycloakTopology::SharedSovereign, None) => Self::Shared(SharedSovereign::new(url)),
            (KeycloakTopology::SharedSovereign, Some(back)) => {
                Self::Shared(SharedSovereign::new(url).back_channel(back))
            }
        })
    }
}

impl RealmResolver for Layout {
    fn realm(&self, organization: &OrganizationSlug) -> Result<Realm> {
        match self {
            Self::Shared(shared) => shared.realm(organization),
            Self::Each(each) => each.realm(organization),
        }
    }
}

/// The one that runs, if one was asked for.
#[derive(Default)]
pub(super) struct SsoSlot(Mutex<Option<Running>>);

struct Running {
    sso: Sso,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Running {
    fn start(sso: Sso) -> Self {
        let stop = CancellationToken::new();
        let (keeper, stopped) = (sso.keeper().clone(), stop.clone());
        let task = tokio::spawn(async move { keeper.run_until(stopped.cancelled()).await });
        Self { sso, stop, task: Some(task) }
    }
}

impl SsoSlot {
    /// Runs this one.
    pub(super) fn with(sso: Sso) -> Self {
        Self(Mutex::new(Some(Running::start(sso))))
    }

    /// Lets the step under way finish, within `limit`. What is left is gone on with by whoever runs next.
    pub(super) async fn shutdown(&self, limit: Duration) {
        let task = {
            let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            running.as_mut().and_then(|running| {
                running.stop.cancel();
                running.task.take()
            })
        };
        if let Some(task) = task {
            let abort = task.abort_handle();
            if tokio::time::timeout(limit, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn missing(help: &'static str) -> Error {
    Error::new(ErrorKind::Config, BUILD).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> KeycloakConfig {
        KeycloakConfig { url: Some(url.to_owned()), ..KeycloakConfig::default() }
    }

    fn issuer(settings: &KeycloakConfig) -> String {
        let realm = Layout::of(settings).unwrap().realm(&"acme-shop".parse().unwrap()).unwrap();
        realm.issuer().to_string()
    }

    #[test]
    fn the_topology_follows_from_the_address() {
        assert_eq!(issuer(&settings("https://auth.test")), "https://auth.test/realms/acme-shop");
        assert_eq!(
            issuer(&settings("https://auth.{organization}.test")),
            "https://auth.acme-shop.test/realms/acme-shop"
        );
    }

    #[test]
    fn calls_go_to_the_back_channel() {
        let mut settings = settings("https://auth.{organization}.test");
        settings.back_channel_url = Some("http://keycloak.{organization}.svc:8080".to_owned());
        let realm = Layout::of(&settings).unwrap().realm(&"acme-shop".parse().unwrap()).unwrap();
        assert_eq!(realm.server().as_str(), "http://keycloak.acme-shop.svc:8080/");
    }

    #[test]
    fn what_is_missing_or_contradicts_itself_is_named() {
        let error = Layout::of(&KeycloakConfig::default()).unwrap_err();
        assert!(error.to_string().contains("KEYCLOAK_URL"), "{error}");
        let mut each = settings("https://auth.test");
        each.topology = Some(KeycloakTopology::PerOrganization);
        assert_eq!(Layout::of(&each).unwrap_err().kind(), ErrorKind::Config);
    }
}
