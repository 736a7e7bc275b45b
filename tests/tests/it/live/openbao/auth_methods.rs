//! Login methods, their roles, and tokens.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};
use catalyst_keycloak::jose::Algorithm;
use catalyst_openbao::auth_method::{AuthMethodType, JwtConfig, JwtKeys, JwtRole};
use catalyst_openbao::system::MountSettings;
use catalyst_openbao::testing::contract::{self, auth_methods::Issuer};
use catalyst_openbao::{AssertionSource, Login, OpenBao};
use catalyst_spiffe::WorkloadIdentity;
use catalyst_spiffe::mock::MockIdentity;
use catalyst_tests::servers::AssertionIssuer;

use super::super::workload::{mount, role};
use super::system::{connect, start};

const ID: &str = "spiffe://catalyst.test/ns/shop/sa/orders";

#[derive(Debug)]
struct Svids(MockIdentity);

#[async_trait]
impl AssertionSource for Svids {
    async fn assertion(&self, audience: &str) -> Result<Secret> {
        Ok(self.0.jwt(&[audience]).await?.token().clone())
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract_of_login_methods() {
    let (server, bao) = start().await;
    let identity = MockIdentity::builder(ID).unwrap().build().unwrap();
    let (keys, authority) = (JwtKeys::pem([identity.jwt_public_key_pem()]), identity.ca_pem());
    let issuer = Issuer { keys, subject: ID.to_owned(), source: Arc::new(Svids(identity)) };
    contract::auth_methods::all(&bao, &|login| connect(&server, login), &issuer, &authority).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keys_are_fetched_from_a_set_and_from_an_issuer() {
    let (server, bao) = start().await;
    let issuer = AssertionIssuer::start(Algorithm::Es256).await.unwrap();
    let method = bao.jwt_method(mount("jwt"));
    bao.system().enable_auth(&mount("jwt"), &AuthMethodType::Jwt, &MountSettings::new()).await.unwrap();
    method.write_role(&role("app"), &JwtRole::new(["contract"]).bound_subject(ID)).await.unwrap();
    for keys in [JwtKeys::jwks(issuer.jwks()), JwtKeys::discovery(issuer.address())] {
        let config = JwtConfig::new(keys).bound_issuer(issuer.address());
        method.configure(&config).await.unwrap();
        assert!(config.is_met_by(&method.config().await.unwrap().unwrap()));
        let log_in = |subject: &str| {
            let client: OpenBao =
                connect(&server, Login::jwt(role("app"), "contract", Arc::new(issuer.tokens(subject))));
            async move { client.session().await.map(drop) }
        };
        log_in(ID).await.unwrap();
        assert_eq!(log_in("somebody-else").await.unwrap_err().code(), Some("bad_credentials"));
    }
    let unreachable = JwtConfig::new(JwtKeys::jwks("http://127.0.0.1:1/keys"));
    let error = tokio::time::timeout(Duration::from_secs(20), method.configure(&unreachable)).await.unwrap();
    assert_eq!(error.unwrap_err().code(), Some("issuer_unreachable"));
}
