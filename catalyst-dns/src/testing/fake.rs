//! The server on the socket.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};
use tokio::sync::OnceCell;

use super::dns::DnsResponder;
use super::socket::serve;
use super::view::{self, ModelView};
use super::wire::{Access, Server};
use crate::mock::{Faults, Model, Requests};
use crate::{PowerDns, PowerDnsBuilder};

/// A PowerDNS on a free port of the loopback interface, over HTTP without TLS. It stops when it is dropped.
///
/// Behind it is a [`Model`], to be set up and observed. Faults are real on the wire: a dropped connection is closed
/// without an answer, a delay is one. As the real server it takes bodies up to 2 MB, ends the connection after each
/// answer, and writes its errors as JSON only to those who ask for it.
///
/// ```
/// use catalyst_dns::testing::FakePowerDns;
/// use catalyst_dns::{DnsZones, ZoneSpec};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// let fake = FakePowerDns::start().await;
/// let dns = fake.client()?;
/// let zone = dns.create_zone(&ZoneSpec::new("acme.test".parse()?, ["ns1.acme.test".parse()?])).await?;
/// assert_eq!(fake.model().serial(&zone.name), Some(zone.serial));
/// # Ok(())
/// # }
/// ```
pub struct FakePowerDns {
    model: Model,
    access: Access,
    server: StubServer,
    dns: OnceCell<DnsResponder>,
}

impl FakePowerDns {
    /// Starts one with a model of its own.
    pub async fn start() -> Self {
        Self::serve(Model::new()).await
    }

    /// Starts one that shows `model` to the world.
    pub async fn serve(model: Model) -> Self {
        let access = Access::new(Secret::new("fake-api-key"));
        let wire = Server::new(model.clone(), access.clone());
        let server = serve(Arc::new(move |request| wire.handle(request))).await;
        Self { model, access, server, dns: OnceCell::new() }
    }

    /// Where it listens: `http://127.0.0.1:…`, without a path.
    pub fn address(&self) -> String {
        self.server.uri()
    }

    /// The key that it takes.
    pub fn api_key(&self) -> Secret {
        self.access.api_key()
    }

    /// From now on it takes this key and no other.
    pub fn set_api_key(&self, api_key: Secret) {
        self.access.set_api_key(api_key);
    }

    /// From now on it wants basic authentication (RFC 7617) beside the key, as behind a proxy that asks for it.
    pub fn require_basic(&self, user: &str, password: Secret) {
        self.access.require_basic(user, password);
    }

    /// A client of it.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn client(&self) -> Result<PowerDns> {
        self.builder()?.build()
    }

    /// The same, to be set up further.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn builder(&self) -> Result<PowerDnsBuilder> {
        Ok(PowerDns::builder(&self.address())?.api_key(self.api_key()))
    }

    /// Its name server over UDP and TCP, which answers for the zones of the model: LUA records with real health checks,
    /// signatures by the zones' own keys. It starts when it is first asked for, with the version and the health checks
    /// (`lua-health-checks-interval`) that the model has then.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn dns(&self) -> Result<&DnsResponder> {
        let start =
            || DnsResponder::start(Arc::new(ModelView(self.model.clone())), view::settings(&self.model));
        self.dns.get_or_try_init(start).await
    }

    /// Where its name server listens.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn dns_address(&self) -> Result<SocketAddr> {
        self.dns().await.map(DnsResponder::address)
    }

    /// The state machine behind.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The script of faults.
    pub fn faults(&self) -> &Faults {
        self.model.faults()
    }

    /// What was asked so far.
    pub fn requests(&self) -> Requests {
        self.model.requests()
    }
}

impl fmt::Debug for FakePowerDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePowerDns")
            .field("address", &self.address())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}
