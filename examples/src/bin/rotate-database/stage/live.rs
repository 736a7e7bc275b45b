//! The real OpenBao and PostgreSQL, started for this run.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Secret;
use catalyst_openbao::{DynamicCredentials, Login, OpenBao};
use catalyst_tests::servers::{Servers, ServersOptions, postgres, setup};
use tokio::task::JoinHandle;

use super::{Address, Broken, FIXED_USER};
use crate::options::Options;

pub(crate) struct Live {
    servers: Servers,
    bao: OpenBao,
    maintenance: JoinHandle<()>,
    fixed_password: Secret,
}

impl Live {
    pub(super) async fn start(options: &Options) -> Result<Self, Broken> {
        let lease = ServersOptions::default().lease(options.lease(), options.max_lease());
        let servers = Servers::start(lease).await?;
        let fixed_password = super::password();
        let create = format!(
            "CREATE ROLE {FIXED_USER} LOGIN PASSWORD '{}' IN ROLE {};",
            fixed_password.expose(),
            postgres::APPLICATION
        );
        servers.postgres.execute(&create).await?;

        let hour = Duration::from_hours(1);
        let (role, secret) =
            setup::app_role(&servers.openbao.api()?, "orders", &[Servers::POLICY], hour).await?;
        let builder = OpenBao::builder(servers.openbao.address())?.tls(servers.openbao.tls()?);
        let bao = builder.login(Login::app_role(role, secret)).build()?;
        let maintain = bao.maintain();
        let maintenance = tokio::spawn(async move { match maintain.await {} });
        Ok(Self { servers, bao, maintenance, fixed_password })
    }

    pub(super) fn users(&self) -> Result<Arc<dyn DynamicCredentials>, Broken> {
        Ok(Arc::new(self.bao.database("database".parse()?)))
    }

    pub(super) fn address(&self) -> Address {
        let (port, password) = (self.servers.postgres.port(), self.fixed_password.clone());
        Address { port, database: postgres::DATABASE, user: FIXED_USER, password }
    }

    /// As PostgreSQL's own catalogue lists them.
    pub(super) async fn made_users(&self) -> Result<Vec<String>, Broken> {
        let ours = [FIXED_USER, Servers::STATIC_USER, postgres::APPLICATION];
        Ok(self.servers.postgres.made_users(&ours).await?)
    }

    pub(super) async fn stop(self) -> Result<(), Broken> {
        self.maintenance.abort();
        self.bao.shutdown(Duration::from_secs(5)).await?;
        Ok(self.servers.stop().await?)
    }
}
