//! The real Keycloak and OpenBao, started for this run.

use std::time::Duration;

use catalyst_core::Secret;
use catalyst_sdk::openbao::{Login, OpenBao};
use catalyst_tests::servers::{KeycloakServer, OpenBaoServer, keycloak_setup, setup};

use super::{Broken, MOUNT};

/// All that a registration may do at OpenBao.
const POLICY: &str = r#"
path "secret/data/org/+/env/+/sso/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/org/+/env/+/sso/*" { capabilities = ["read"] }
"#;

pub(super) struct Live {
    keycloak: KeycloakServer,
    bao: OpenBaoServer,
}

impl Live {
    pub(super) async fn start() -> Result<(Self, OpenBao), Broken> {
        let (keycloak, bao) = tokio::try_join!(KeycloakServer::start(), OpenBaoServer::start())?;
        let api = bao.api()?;
        setup::kv(&api, MOUNT).await?;
        setup::policy(&api, "sso", POLICY).await?;
        let token = setup::token(&api, &["sso"], Duration::from_hours(1)).await?;
        let client = OpenBao::builder(bao.address())?.tls(bao.tls()?).login(Login::token(token)).build()?;
        Ok((Self { keycloak, bao }, client))
    }

    pub(super) fn keycloak_address(&self) -> String {
        self.keycloak.address().to_owned()
    }

    pub(super) fn openbao_address(&self) -> String {
        self.bao.address().to_owned()
    }

    pub(super) async fn add_user(&self, realm: &str, name: &str, password: &Secret) -> Result<(), Broken> {
        Ok(keycloak_setup::user(&self.keycloak.admin()?, realm, name, password).await?)
    }

    pub(super) async fn stop(mut self) -> Result<(), Broken> {
        self.keycloak.stop().await?;
        Ok(self.bao.stop().await?)
    }
}
