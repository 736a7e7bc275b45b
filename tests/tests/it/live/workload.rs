//! A workload with an identity, before an OpenBao that knows it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, Result, Secret};
use catalyst_openbao::{AssertionSource, Login, Mount, OpenBao, OpenBaoBuilder, RoleName, SecretPath};
use catalyst_spiffe::WorkloadIdentity;
use catalyst_spiffe::mock::MockIdentity;
use catalyst_spiffe::tls::identity_source;
use catalyst_tests::servers::setup::{self, AUDIENCE, LoginRole};
use catalyst_tests::servers::{OpenBaoServer, Servers, ServersOptions};

/// The role of both login methods.
pub(super) const ROLE: &str = "orders";
const ID: &str = "spiffe://catalyst.test/ns/shop/sa/orders";

/// The servers, and one identity that both login methods accept.
#[derive(Debug)]
pub(super) struct Workload {
    pub(super) servers: Servers,
    pub(super) identity: MockIdentity,
}

impl Workload {
    pub(super) async fn start(options: ServersOptions) -> Self {
        let identity =
            MockIdentity::builder(ID).unwrap().dns_name("orders.shop.catalyst.test").build().unwrap();
        let servers = Servers::start(options).await.unwrap();
        admit(&servers.openbao, &identity.jwt_public_key_pem(), &identity.ca_pem(), ID).await;
        Self { servers, identity }
    }

    /// Logs in by JWT-SVID.
    pub(super) fn by_jwt(&self) -> OpenBao {
        by_jwt(&self.servers.openbao, Arc::new(self.identity.clone()))
    }

    /// Logs in by X.509-SVID.
    pub(super) fn by_certificate(&self) -> OpenBao {
        by_certificate(&self.servers.openbao, Arc::new(self.identity.clone()))
    }
}

/// Lets the holder of `id` log in by both methods. The token lives for a minute.
pub(super) async fn admit(openbao: &OpenBaoServer, public_key_pem: &str, ca_pem: &str, id: &str) {
    let api = openbao.api().unwrap();
    let role = LoginRole {
        name: ROLE,
        spiffe_id: id,
        policies: &[Servers::POLICY],
        token_ttl: Duration::from_mins(1),
        token_max_ttl: Duration::ZERO,
    };
    setup::jwt_login(&api, public_key_pem, role).await.unwrap();
    setup::certificate_login(&api, ca_pem, role).await.unwrap();
}

pub(super) fn builder(openbao: &OpenBaoServer) -> OpenBaoBuilder {
    OpenBao::builder(openbao.address()).unwrap().tls(openbao.tls().unwrap())
}

pub(super) fn by_jwt(openbao: &OpenBaoServer, identity: Arc<dyn WorkloadIdentity>) -> OpenBao {
    let login = Login::jwt(role(ROLE), AUDIENCE, Arc::new(JwtSvid(identity)));
    builder(openbao).login(login).build().unwrap()
}

pub(super) fn by_certificate(openbao: &OpenBaoServer, identity: Arc<dyn WorkloadIdentity>) -> OpenBao {
    let tls = openbao.tls().unwrap().identity(identity_source(identity));
    builder(openbao).tls(tls).login(Login::certificate(Some(role(ROLE)))).build().unwrap()
}

pub(super) fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

pub(super) fn mount(name: &str) -> Mount {
    name.parse().unwrap()
}

pub(super) fn path(name: &str) -> SecretPath {
    name.parse().unwrap()
}

/// The stable word for the cause of an error.
pub(super) fn code(error: &Error) -> &'static str {
    error.code().unwrap_or("none")
}

/// JWT-SVIDs as the assertions that OpenBao asks for.
#[derive(Debug)]
struct JwtSvid(Arc<dyn WorkloadIdentity>);

#[async_trait]
impl AssertionSource for JwtSvid {
    async fn assertion(&self, audience: &str) -> Result<Secret> {
        Ok(self.0.jwt(&[audience]).await?.token().clone())
    }
}
