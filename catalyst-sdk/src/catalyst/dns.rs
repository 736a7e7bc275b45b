//! Names behind the facade: built from the configuration, with the key of the API followed in OpenBao.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use catalyst_dns::plan::Owner;
use catalyst_dns::{PowerDns, PowerDnsBuilder};
use tokio::sync::OnceCell;

use super::Catalyst;
use super::builder::read;
use crate::config::DnsConfig;
use crate::dns::{Dns, RotatingApiKey};

const BUILD: &str = "set up names";

/// Names that were built, or given.
#[derive(Clone)]
pub(super) struct Names {
    dns: Dns,
    client: Option<PowerDns>,
    /// Ours to stop following.
    key: Option<RotatingApiKey>,
}

/// Those of a platform, once somebody asked for them.
pub(super) type DnsSlot = OnceCell<Names>;

impl Names {
    /// Names that somebody else built.
    pub(super) fn given(dns: Dns) -> Self {
        Self { dns, client: None, key: None }
    }

    /// Stops following the key of the API; the last one serves on.
    pub(super) async fn shutdown(&self, limit: Duration) -> Result<()> {
        match &self.key {
            Some(key) => key.rotating().shutdown(limit).await,
            None => Ok(()),
        }
    }
}

impl Catalyst {
    /// Names of applications, as `dns` in the configuration says. The first call reads the key of the API from OpenBao,
    /// which is followed from then on. Asking again gives the same one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming what is missing; those of OpenBao.
    ///
    /// # Cancel safety
    /// Safe; it reads.
    pub async fn dns(&self) -> Result<Dns> {
        Ok(self.0.dns.get_or_try_init(|| self.build_dns()).await?.dns.clone())
    }

    /// The client of PowerDNS that [`dns`](Self::dns) writes with, for everything else that its API has: zones, keys,
    /// metadata.
    ///
    /// # Errors
    /// As [`dns`](Self::dns); [`ErrorKind::Config`] if the builder was given something else.
    ///
    /// # Cancel safety
    /// Safe; it reads.
    pub async fn powerdns(&self) -> Result<PowerDns> {
        let names = self.0.dns.get_or_try_init(|| self.build_dns()).await?;
        let client = names.client.clone();
        client.ok_or_else(|| missing("the builder was given names of its own, which need no PowerDNS"))
    }

    async fn build_dns(&self) -> Result<Names> {
        let settings = &self.0.config.dns;
        let url = settings.url.as_deref().ok_or_else(|| missing("no PowerDNS address: set POWERDNS_URL"))?;
        let owner = settings.owner.as_deref().ok_or_else(|| {
            missing("nobody to own the names: set CATALYST_SOVEREIGN to the FQDN of the Sovereign")
        })?;
        let (builder, key) = self.with_key(PowerDns::builder(url)?, settings).await?;
        let client = with_login(builder, settings)?.build()?;
        let dns = Dns::builder(Arc::new(client.clone()), Owner::new(owner)?)
            .name_servers(name_servers(settings.nameservers.as_deref().unwrap_or_default())?)
            .build();
        Ok(Names { dns, client: Some(client), key })
    }

    async fn with_key(
        &self,
        builder: PowerDnsBuilder,
        settings: &DnsConfig,
    ) -> Result<(PowerDnsBuilder, Option<RotatingApiKey>)> {
        if let Some(key) = &settings.api_key {
            return Ok((builder.api_key(key.clone()), None));
        }
        let mount = settings.mount.as_deref().unwrap_or("secret").parse()?;
        let path = settings.api_key_path.as_deref().unwrap_or("sovereign/powerdns").parse()?;
        let name = settings.api_key_name.as_deref().unwrap_or("api-key");
        let key = RotatingApiKey::start(Arc::new(self.0.bao.kv(mount)), path, name).await?;
        Ok((builder.api_key_source(Arc::new(key.clone())), Some(key)))
    }
}

fn with_login(mut builder: PowerDnsBuilder, settings: &DnsConfig) -> Result<PowerDnsBuilder> {
    if let Some(file) = &settings.ca_file {
        builder = builder.tls(TlsConfig::new().ca_pem(&read(file)?)?);
    }
    match (&settings.user, &settings.password) {
        (Some(user), Some(password)) => Ok(builder.basic_auth(user.clone(), password.clone())),
        (None, None) => Ok(builder),
        _ => Err(missing("a proxy wants both: set POWERDNS_USER and POWERDNS_PASSWORD, or neither")),
    }
}

/// `192.0.2.53, 198.51.100.53:5353, [2001:db8::53]:53`; the port is 53 if it is not there.
fn name_servers(text: &str) -> Result<Vec<SocketAddr>> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let address = word.parse::<SocketAddr>().ok();
            let plain = || word.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53));
            address.or_else(plain).ok_or_else(|| {
                missing("POWERDNS_NAMESERVERS has addresses such as 192.0.2.53 or 192.0.2.53:5353, with commas between")
            })
        })
        .collect()
}

fn missing(help: &'static str) -> Error {
    Error::new(ErrorKind::Config, BUILD).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_addresses_with_or_without_a_port() {
        let servers = name_servers("192.0.2.53, 198.51.100.53:5353,2001:db8::53, [2001:db8::1]:54 ").unwrap();
        let shown: Vec<_> = servers.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["192.0.2.53:53", "198.51.100.53:5353", "[2001:db8::53]:53", "[2001:db8::1]:54"]);
        assert!(name_servers("").unwrap().is_empty());
        let error = name_servers("ns1.example.org").unwrap_err();
        assert!(error.to_string().contains("POWERDNS_NAMESERVERS"), "{error}");
    }

    #[test]
    fn a_user_without_a_password_is_refused() {
        let builder = || PowerDns::builder("http://127.0.0.1:8081").unwrap();
        let settings = DnsConfig { user: Some("operator".into()), ..DnsConfig::default() };
        let error = with_login(builder(), &settings).unwrap_err();
        assert!(error.to_string().contains("POWERDNS_PASSWORD"), "{error}");
        assert!(with_login(builder(), &DnsConfig::default()).is_ok());
    }

    #[cfg(feature = "mock")]
    #[tokio::test(start_paused = true)]
    async fn a_shutdown_stops_following_the_key_and_the_last_one_serves_on() {
        use crate::rotation::State;
        use catalyst_dns::mock::MockDns;
        use catalyst_openbao::mock::MockOpenBao;
        use catalyst_openbao::{SecretData, SecretStore, WriteMode};

        let store: Arc<dyn SecretStore> = Arc::new(MockOpenBao::new().kv("secret".parse().unwrap()));
        let (path, mut data) = ("sovereign/powerdns".parse().unwrap(), SecretData::new());
        data.insert("api-key", "first");
        store.write(&path, &data, WriteMode::Overwrite).await.unwrap();
        let key = RotatingApiKey::start(store, path, "api-key").await.unwrap();
        let dns = Dns::builder(Arc::new(MockDns::new()), Owner::new("omantel.test").unwrap()).build();
        let names = Names { dns, client: None, key: Some(key.clone()) };
        assert_ne!(key.rotating().health().state, State::Stopped);
        names.shutdown(Duration::from_secs(1)).await.unwrap();
        assert_eq!(key.rotating().health().state, State::Stopped);
        assert_eq!(key.rotating().current().expose(), "first");
    }
}
