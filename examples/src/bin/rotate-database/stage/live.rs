//! The real OpenBao and PostgreSQL, started for this run.

use std::path::PathBuf;
use std::time::Duration;

use catalyst_core::Secret;
use catalyst_tests::servers::setup::{self, LoginRole};
use catalyst_tests::servers::{Servers, ServersOptions, postgres};

use super::{Address, Broken, FIXED_USER, WORKLOAD};
use crate::options::Options;

pub(crate) struct Live {
    servers: Servers,
    fixed_password: Secret,
}

impl Live {
    /// `public_key` is what JWT-SVIDs are signed with.
    pub(super) async fn start(options: &Options, public_key: &str) -> Result<Self, Broken> {
        let lease = ServersOptions::default().lease(options.lease(), options.max_lease());
        let servers = Servers::start(lease).await?;
        let role = LoginRole {
            name: "orders",
            spiffe_id: WORKLOAD,
            policies: &[Servers::POLICY],
            token_ttl: Duration::from_hours(1),
            token_max_ttl: Duration::ZERO,
        };
        setup::jwt_login(&servers.openbao.api()?, public_key, role).await?;

        let fixed_password = super::password();
        let (secret, group) = (fixed_password.expose(), postgres::APPLICATION);
        let create = format!("CREATE ROLE {FIXED_USER} LOGIN PASSWORD '{secret}' IN ROLE {group};");
        servers.postgres.execute(&create).await?;
        Ok(Self { servers, fixed_password })
    }

    pub(super) fn openbao(&self) -> String {
        self.servers.openbao.address().to_owned()
    }

    pub(super) fn ca_file(&self) -> PathBuf {
        self.servers.openbao.ca_file()
    }

    pub(super) fn address(&self) -> Address {
        let (port, password) = (self.servers.postgres.port(), self.fixed_password.clone());
        Address { port, database: postgres::DATABASE, password }
    }

    /// As PostgreSQL's own catalogue lists them.
    pub(super) async fn made_users(&self) -> Result<Vec<String>, Broken> {
        let ours = [FIXED_USER, Servers::STATIC_USER, postgres::APPLICATION];
        Ok(self.servers.postgres.made_users(&ours).await?)
    }

    pub(super) async fn stop(self) -> Result<(), Broken> {
        Ok(self.servers.stop().await?)
    }
}
