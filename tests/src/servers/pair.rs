//! OpenBao and PostgreSQL, ready for an application.

use std::time::Duration;

use catalyst_core::Result;

use super::setup::{self, DynamicRole};
use super::{Lifetime, OpenBaoServer, PostgresServer};

/// What [`Servers`] are started with; every value has a default.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServersOptions {
    /// How long a user of the role `orders-rw` lives; 1 h.
    pub lease_ttl: Duration,
    /// How long it lives with renewals; 24 h.
    pub lease_max_ttl: Duration,
    /// How long the servers run; with this value.
    pub lifetime: Lifetime,
}

impl Default for ServersOptions {
    fn default() -> Self {
        let hour = Duration::from_hours(1);
        Self { lease_ttl: hour, lease_max_ttl: 24 * hour, lifetime: Lifetime::default() }
    }
}

impl ServersOptions {
    /// Sets how long a user of the role `orders-rw` lives, without and with renewals.
    #[must_use]
    pub fn lease(mut self, ttl: Duration, max_ttl: Duration) -> Self {
        (self.lease_ttl, self.lease_max_ttl) = (ttl, max_ttl);
        self
    }

    /// Sets how long the servers run.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }
}

/// Both servers. In OpenBao are: KV version 2 at `secret`; at `database` the dynamic roles
/// [`Servers::ROLE`] (its end closes open sessions), [`Servers::DEFAULT_REVOCATION_ROLE`] (the plugin's default end)
/// and the static role [`Servers::STATIC_ROLE`]; and the policy [`Servers::POLICY`]. Logins are added by
/// [`setup::jwt_login`] and its like.
#[derive(Debug)]
pub struct Servers {
    /// With TLS, Raft, audit and Shamir seal.
    pub openbao: OpenBaoServer,
    /// The database that `openbao` makes users for.
    pub postgres: PostgresServer,
}

impl Servers {
    /// The dynamic role of the example.
    pub const ROLE: &str = "orders-rw";
    /// The same with the plugin's default revocation.
    pub const DEFAULT_REVOCATION_ROLE: &str = "orders-rw-default-revocation";
    /// A static role; its password changes every hour.
    pub const STATIC_ROLE: &str = "reports";
    /// The database user of the static role.
    pub const STATIC_USER: &str = "reports_user";
    /// What an application may do.
    pub const POLICY: &str = "orders";

    /// Starts and configures both. Takes some 5 s, installations not counted.
    ///
    /// # Errors
    /// If one of them does not start, or refuses its configuration.
    ///
    /// # Cancel safety
    /// Servers that were started end.
    pub async fn start(options: ServersOptions) -> Result<Self> {
        let (openbao, postgres) = tokio::try_join!(
            OpenBaoServer::start_for(options.lifetime),
            PostgresServer::start_for(options.lifetime)
        )?;
        let api = openbao.api()?;
        setup::policy(&api, Self::POLICY, setup::APPLICATION_POLICY).await?;
        setup::kv(&api, "secret").await?;
        setup::database(&api, &postgres).await?;
        for (name, ends_sessions) in [(Self::ROLE, true), (Self::DEFAULT_REVOCATION_ROLE, false)] {
            let role = DynamicRole { ttl: options.lease_ttl, max_ttl: options.lease_max_ttl, ends_sessions };
            setup::dynamic_role(&api, name, role).await?;
        }
        let hour = Duration::from_hours(1);
        setup::static_role(&api, &postgres, Self::STATIC_ROLE, Self::STATIC_USER, hour).await?;
        Ok(Self { openbao, postgres })
    }

    /// Takes both out of this value's hands, each as [`OpenBaoServer::leave_running`] does.
    pub fn leave_running(self) {
        self.openbao.leave_running();
        self.postgres.leave_running();
    }

    /// Ends both in good order; dropping the value ends them too.
    ///
    /// # Errors
    /// If one of the processes does not end.
    ///
    /// # Cancel safety
    /// What still runs ends with the value.
    pub async fn stop(mut self) -> Result<()> {
        self.openbao.stop().await?;
        self.postgres.stop().await
    }
}
