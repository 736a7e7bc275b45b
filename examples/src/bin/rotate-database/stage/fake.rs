//! OpenBao and PostgreSQL in this process.

use std::sync::Arc;

use catalyst_core::Secret;
use catalyst_openbao::DynamicCredentials;
use catalyst_openbao::mock::{MockOpenBao, MockRole, Model, UserChange};
use catalyst_tests::postgres::{FakePostgres, OnDrop, Shutdown, Users};
use tokio::task::JoinHandle;

use super::{Address, Broken, FIXED_USER, ROLE};
use crate::options::Options;

pub(crate) struct Fake {
    bao: MockOpenBao,
    postgres: Arc<FakePostgres>,
    fixed_password: Secret,
    expiry: JoinHandle<()>,
}

impl Fake {
    pub(super) async fn start(options: &Options) -> Result<Self, Broken> {
        let bao = MockOpenBao::new();
        let model = bao.model();
        let role = MockRole::new(options.lease()).max_ttl(options.max_lease());
        model.set_role("database", ROLE, role);

        let users = Users::in_front_of(Arc::new(model.clone()));
        let fixed_password = super::password();
        users.create(FIXED_USER, fixed_password.clone());
        let postgres = FakePostgres::builder(Arc::new(users)).max_connections(options.connections());
        let postgres = Arc::new(postgres.on_drop(OnDrop::SessionsEnd).start().await?);
        end_sessions_of_dropped_users(model, &postgres);

        let clock = model.clone();
        // Leases run out when they are due, as on a server.
        let expiry = tokio::spawn(async move { match clock.expire_in_time().await {} });
        Ok(Self { bao, postgres, fixed_password, expiry })
    }

    pub(super) fn users(&self) -> Result<Arc<dyn DynamicCredentials>, Broken> {
        Ok(Arc::new(self.bao.database("database".parse()?)))
    }

    pub(super) fn address(&self) -> Address {
        let (port, password) = (self.postgres.address().port(), self.fixed_password.clone());
        Address { port, database: "app", user: FIXED_USER, password }
    }

    pub(super) fn made_users(&self) -> Vec<String> {
        self.bao.model().live_users()
    }

    pub(super) async fn stop(self) {
        self.expiry.abort();
        self.postgres.stop(Shutdown::Fast).await;
    }
}

/// As the revocation statements of the real role do.
fn end_sessions_of_dropped_users(model: &Model, postgres: &Arc<FakePostgres>) {
    let postgres = Arc::downgrade(postgres);
    model.on_user_event(move |event| {
        if let (UserChange::Dropped, Some(postgres)) = (event.change, postgres.upgrade()) {
            postgres.user_dropped(&event.username);
        }
    });
}
