//! OpenBao and PostgreSQL in this process.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Secret;
use catalyst_openbao::mock::{LoginRule, MockRole, Model, TokenGrant, UserChange};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_tests::postgres::{FakePostgres, OnDrop, Shutdown, Users};
use tokio::task::JoinHandle;

use super::{AUDIENCE, Address, Broken, FIXED_USER, ROLE, WORKLOAD};
use crate::options::Options;

pub(crate) struct Fake {
    bao: FakeOpenBao,
    postgres: Arc<FakePostgres>,
    fixed_password: Secret,
    expiry: JoinHandle<()>,
}

impl Fake {
    pub(super) async fn start(options: &Options) -> Result<Self, Broken> {
        let bao = FakeOpenBao::start().await;
        let model = bao.model();
        let role = MockRole::new(options.lease()).max_ttl(options.max_lease());
        model.set_role("database", ROLE, role);
        let token = TokenGrant::new(Duration::from_hours(1));
        model.allow_login("jwt", "orders", LoginRule::jwt_of(AUDIENCE, WORKLOAD), token);

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

    pub(super) fn openbao(&self) -> String {
        self.bao.address()
    }

    pub(super) fn address(&self) -> Address {
        let (port, password) = (self.postgres.address().port(), self.fixed_password.clone());
        Address { port, database: "app", password }
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
