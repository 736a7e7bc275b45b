//! Keycloak and OpenBao in this process.

use catalyst_core::Secret;
use catalyst_sdk::keycloak::testing::FakeKeycloak;
use catalyst_sdk::openbao::OpenBao;
use catalyst_sdk::openbao::testing::FakeOpenBao;

use super::{Broken, MOUNT, Workload};

pub(super) struct Fake {
    keycloak: FakeKeycloak,
    bao: FakeOpenBao,
}

impl Fake {
    pub(super) async fn start() -> Result<(Self, OpenBao), Broken> {
        let bao = FakeOpenBao::start().await;
        bao.model().mount_kv(MOUNT);
        let client = bao.client()?;
        Ok((Self { keycloak: FakeKeycloak::start().await, bao }, client))
    }

    pub(super) fn keycloak_address(&self) -> String {
        self.keycloak.address()
    }

    pub(super) fn openbao_address(&self) -> String {
        self.bao.address()
    }

    pub(super) fn publish(&self, workload: &Workload) -> Result<(), Broken> {
        self.keycloak.model().set_issuer_keys(&workload.bundle(), workload.keys()?);
        Ok(())
    }

    pub(super) fn add_user(&self, realm: &str, name: &str, password: &Secret) {
        self.keycloak.model().set_user(realm, name, password.expose());
    }

    pub(super) fn writes(&self) -> u64 {
        use catalyst_sdk::openbao::mock::Operation;
        let model = self.bao.model();
        let written = [Operation::KvWrite, Operation::KvDelete].map(|operation| model.calls(operation));
        self.keycloak.model().requests().writes + written.iter().sum::<u64>()
    }
}
