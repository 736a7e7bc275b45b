//! The workload that the application runs as: a SPIFFE agent in this process, and the bundle of its trust domain.

use std::sync::Arc;

use catalyst_core::AssertionSource;
use catalyst_core::testing::StubServer;
use catalyst_sdk::bridge::SvidAssertion;
use catalyst_sdk::keycloak::jose::JwkSet;
use catalyst_sdk::spiffe::WorkloadApi;
use catalyst_sdk::spiffe::mock::MockIdentity;
use catalyst_sdk::spiffe::testing::FakeAgent;
use tempfile::TempDir;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::Broken;

/// An agent on a real socket that gives JWT-SVIDs, and what it publishes for those who check them.
pub(crate) struct Workload {
    identity: MockIdentity,
    api: WorkloadApi,
    bundle: StubServer,
    _agent: FakeAgent,
    _folder: TempDir,
}

impl Workload {
    /// What the realm calls the trust domain.
    pub(crate) const ALIAS: &str = "spire";
    /// Who we are.
    pub(crate) const ID: &str = "spiffe://catalyst.local/ns/shop/sa/wordpress";
    /// Who vouches for it.
    pub(super) const TRUST_DOMAIN: &str = "spiffe://catalyst.local";

    pub(super) async fn start() -> Result<Self, Broken> {
        let folder = tempfile::tempdir()?;
        let identity = MockIdentity::new(Self::ID)?;
        let agent = FakeAgent::serving(&folder.path().join("agent.sock"), identity.clone()).await?;
        let api = WorkloadApi::builder(&agent.address())?.connect().await?;
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_raw(identity.jwks_json(), "application/json");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Ok(Self { identity, api, bundle: StubServer::new(server), _agent: agent, _folder: folder })
    }

    /// The JWT-SVIDs of the workload, as the agent gives them.
    pub(crate) fn assertions(&self) -> Arc<dyn AssertionSource> {
        Arc::new(SvidAssertion::new(Arc::new(self.api.clone())))
    }

    /// Where the bundle of the trust domain is.
    pub(super) fn bundle(&self) -> String {
        format!("{}/bundle", self.bundle.uri())
    }

    /// What lies there.
    pub(super) fn keys(&self) -> Result<JwkSet, Broken> {
        Ok(serde_json::from_str(&self.identity.jwks_json())?)
    }
}
