//! The whole platform on fakes: an agent, an OpenBao and a Postgres, each on its own wire.

use std::sync::Arc;
use std::time::Duration;

use catalyst_openbao::mock::{LoginRule, MockRole, TokenGrant};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_sdk::Catalyst;
use catalyst_sdk::config::{Config, DatabaseConfig};
use catalyst_spiffe::testing::FakeAgent;
use catalyst_tests::postgres::{FakePostgres, OnDrop};
use tempfile::TempDir;

pub(crate) const ID: &str = "spiffe://sovereign.test/ns/shop/sa/orders";

pub(crate) struct Stage {
    pub(crate) agent: FakeAgent,
    pub(crate) bao: FakeOpenBao,
    pub(crate) postgres: Arc<FakePostgres>,
    _folder: TempDir,
}

impl Stage {
    /// Users of `orders-rw` live for `ttl`, tokens for an hour.
    pub(crate) async fn open(ttl: Duration) -> Self {
        Self::with_tokens(ttl, TokenGrant::new(Duration::from_secs(3600))).await
    }

    pub(crate) async fn with_tokens(ttl: Duration, tokens: TokenGrant) -> Self {
        let folder = TempDir::new().unwrap();
        let identity = catalyst_spiffe::mock::MockIdentity::new(ID).unwrap();
        let agent = FakeAgent::serving(&folder.path().join("workload.sock"), identity).await.unwrap();
        let bao = FakeOpenBao::start().await;
        let model = bao.model();
        model.mount_kv("secret");
        model.mount_database("database");
        model.set_role("database", "orders-rw", MockRole::new(ttl));
        // The role that a service account gets by default is its own name.
        model.allow_login("jwt", "orders", LoginRule::jwt_of("openbao", ID), tokens);
        let builder = FakePostgres::builder(Arc::new(model.clone())).on_drop(OnDrop::SessionsEnd);
        let postgres = Arc::new(builder.start().await.unwrap());
        let ended = Arc::clone(&postgres);
        model.on_user_event(move |event| {
            if event.change == catalyst_openbao::mock::UserChange::Dropped {
                ended.user_dropped(&event.username);
            }
        });
        Self { agent, bao, postgres, _folder: folder }
    }

    /// What an application's environment would say.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::default();
        config.identity.endpoint = Some(self.agent.address());
        config.openbao.address = Some(self.bao.address());
        let mut orders = DatabaseConfig::default();
        let port = self.postgres.address().port();
        orders.url = Some(format!("postgres://127.0.0.1:{port}/app?sslmode=disable").into());
        config.databases.insert("orders-rw".to_owned(), orders);
        config
    }

    pub(crate) async fn connect(&self) -> Catalyst {
        Catalyst::builder(self.config()).connect().await.unwrap()
    }
}
