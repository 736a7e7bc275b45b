//! A cluster with a database behind it, and a client of all its nodes.

use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_openbao::{Login, OpenBao, OpenBaoBuilder, ReadFrom};
use catalyst_tests::servers::setup::{self, APPLICATION_POLICY, DynamicRole};
use catalyst_tests::servers::{ClusterSeal, OpenBaoCluster, PostgresServer, Servers};
use tokio::sync::{Mutex, MutexGuard};

/// What a caller gives each operation.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// The clusters of these tests run one after the other: elections under load are measured.
static TURN: Mutex<()> = Mutex::const_new(());

pub(super) struct Stage {
    pub(super) cluster: OpenBaoCluster,
    pub(super) postgres: PostgresServer,
    login: Login,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    pub(super) async fn start(seal: ClusterSeal) -> Self {
        let turn = TURN.lock().await;
        let (cluster, postgres) =
            tokio::try_join!(OpenBaoCluster::start_with(seal), PostgresServer::start()).unwrap();
        let api = cluster.api(cluster.wait_active().await.unwrap()).unwrap();
        setup::policy(&api, "orders", APPLICATION_POLICY).await.unwrap();
        setup::kv(&api, "secret").await.unwrap();
        setup::database(&api, &postgres).await.unwrap();
        postgres.log_definitions().await.unwrap();
        let hour = Duration::from_hours(1);
        let role = DynamicRole { ttl: hour, max_ttl: hour * 24, ends_sessions: true };
        setup::dynamic_role(&api, Servers::ROLE, role).await.unwrap();
        let (role_id, secret_id) = setup::app_role(&api, "orders", &["orders"], hour).await.unwrap();
        let login = Login::app_role(role_id, secret_id);
        Self { cluster, postgres, login, _turn: turn }
    }

    pub(super) fn builder(&self) -> OpenBaoBuilder {
        OpenBao::builder_for(self.cluster.addresses())
            .unwrap()
            .tls(self.cluster.tls().unwrap())
            .login(self.login.clone())
            .retry(RetryConfig::new(3, DEADLINE))
    }

    pub(super) fn client(&self, read_from: ReadFrom) -> OpenBao {
        self.builder().read_from(read_from).build().unwrap()
    }
}
