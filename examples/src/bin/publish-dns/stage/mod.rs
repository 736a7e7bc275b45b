//! Where the run takes place: PowerDNS, the fake in this process or the real one, with the zones of the Sovereign; and
//! OpenBao, where the key of its API lies.

use std::net::SocketAddr;
use std::sync::Arc;

use catalyst_core::Secret;
use catalyst_dns::{
    Change, ChangeSet, DnsZones, DomainName, PowerDns, RecordData, RecordSet, Ttl, ZoneName, ZoneSpec,
};
use catalyst_sdk::dns::RotatingApiKey;
use catalyst_sdk::openbao::testing::FakeOpenBao;
use catalyst_sdk::openbao::{SecretData, SecretStore, WriteMode};

use crate::options::Options;
use catalyst_examples::screen::Screen;

mod servers;

use servers::Servers;

/// Anything that stops a run before it has a result.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The Sovereign, whose zone it is.
pub(crate) const DOMAIN: &str = "omantel.platform.test";
/// The zone that delegates it; we serve it, too.
const PARENT: &str = "platform.test";
/// KV version 2 of the platform, and where the key lies in it.
const MOUNT: &str = "secret";
const KEY: (&str, &str) = ("sovereign/powerdns", "api-key");

/// The servers, and what the platform has set up before an application comes.
pub(crate) struct Stage {
    servers: Servers,
    pub powerdns: PowerDns,
    /// Where questions are asked, and what the server is called.
    pub name_server: SocketAddr,
    pub server_name: DomainName,
    pub zone: ZoneName,
    pub parent: ZoneName,
    _bao: FakeOpenBao,
}

/// Requests of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requests {
    pub reads: u64,
    pub writes: u64,
}

impl Requests {
    /// What has come since then.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { reads: self.reads - before.reads, writes: self.writes - before.writes }
    }
}

impl Stage {
    /// Starts the servers, puts the key into OpenBao, and makes the zones.
    pub(crate) async fn start(options: &Options, screen: &Screen) -> Result<Self, Broken> {
        let servers = Servers::start(options.live).await?;
        let name_server = servers.dns_address().await?;
        let bao = FakeOpenBao::start().await;
        let key = follow(&bao, servers.api_key()).await?;
        let powerdns = PowerDns::builder(&servers.address())?.api_key_source(Arc::new(key)).build()?;
        let version = powerdns.capabilities().await?.version;
        screen.tell(&format!(
            "PowerDNS {version} ({}): API at {}, questions to {name_server}",
            options.mode(),
            servers.address()
        ));
        screen.tell(&format!("the key of its API is followed in OpenBao, at {MOUNT}/{}", KEY.0));
        let (zone, parent): (ZoneName, ZoneName) = (DOMAIN.parse()?, PARENT.parse()?);
        let server_name = parent.child("ns1")?;
        let stage = Self { servers, powerdns, name_server, server_name, zone, parent, _bao: bao };
        stage.make_zones().await?;
        screen.tell(&format!("zone {}, delegated by {}", stage.zone, stage.parent));
        Ok(stage)
    }

    /// The Sovereign's zone, and the delegation in its parent.
    async fn make_zones(&self) -> Result<(), Broken> {
        let Self { powerdns, zone, parent, server_name, .. } = self;
        for zone in [parent, zone] {
            powerdns.create_zone(&ZoneSpec::new(zone.clone(), [server_name.clone()])).await?;
        }
        let address = RecordData::from(self.name_server.ip());
        let delegation = RecordData::Ns(server_name.clone());
        let changes = ChangeSet::new([
            Change::Replace(RecordSet::new(server_name.clone(), Ttl::HOUR, [address])?),
            Change::Replace(RecordSet::new(zone.apex().clone(), Ttl::HOUR, [delegation])?),
        ])?;
        powerdns.apply(parent, &changes).await?;
        Ok(())
    }

    /// How often the API was asked, by its own count; none if the server does not count.
    pub(crate) fn requests(&self) -> Option<Requests> {
        self.servers.requests()
    }

    /// What BIND's validator says, in a live run.
    pub(crate) async fn validate(
        &self,
        name: &str,
        kind: &str,
        anchor: &str,
    ) -> Result<Option<String>, Broken> {
        self.servers.validate(name, kind, anchor).await
    }

    pub(crate) async fn stop(self) -> Result<(), Broken> {
        self.servers.stop().await
    }
}

/// Puts the key where the platform has it, and gives what reads it there.
async fn follow(bao: &FakeOpenBao, key: Secret) -> Result<RotatingApiKey, Broken> {
    bao.model().mount_kv(MOUNT);
    let store: Arc<dyn SecretStore> = Arc::new(bao.client()?.kv(MOUNT.parse()?));
    let (path, name) = KEY;
    store.write(&path.parse()?, &SecretData::from([(name, key)]), WriteMode::CreateOnly).await?;
    Ok(RotatingApiKey::start(store, path.parse()?, name).await?)
}
