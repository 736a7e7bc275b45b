//! What users and clients do at a realm, against the fake.

mod credentials;
mod login;
mod logout;
mod registration;
mod tokens;

use catalyst_keycloak::login::{LoginFlow, LoginFlowBuilder, Session};
use catalyst_keycloak::testing::{Browser, FakeKeycloak};
use catalyst_keycloak::token::TokenVerifier;
use catalyst_keycloak::{ClientCredential, OidcClient, Secret};
use serde_json::json;

const CALLBACK: &str = "http://127.0.0.1:9/oauth/callback";
const BYE: &str = "http://127.0.0.1:9/bye";

/// A realm with the users alice and bob, the web application `blog` and the service `billing`.
struct Stage {
    fake: FakeKeycloak,
}

impl Stage {
    async fn new() -> Self {
        let fake = FakeKeycloak::start().await;
        let model = fake.model();
        model.set_realm("acme");
        for user in ["alice", "bob"] {
            model.set_user("acme", user, "pw");
        }
        for (id, also) in [("blog", &["billing"][..]), ("billing", &[])] {
            let mappers: Vec<_> = [id]
                .iter()
                .chain(also)
                .map(|audience| {
                    json!({ "name": format!("for {audience}"), "protocolMapper": "oidc-audience-mapper", "config": {
                        "included.client.audience": audience, "access.token.claim": "true" } })
                })
                .collect();
            model.set_client("acme", &json!({
                "clientId": id, "secret": "hunter2", "redirectUris": [CALLBACK], "serviceAccountsEnabled": true,
                "attributes": {
                    "pkce.code.challenge.method": "S256", "standard.token.exchange.enabled": "true",
                    "post.logout.redirect.uris": BYE,
                },
                "protocolMappers": mappers,
            }));
        }
        Self { fake }
    }

    fn client(&self, id: &str) -> OidcClient {
        let credential = ClientCredential::Secret(Secret::new("hunter2"));
        OidcClient::builder(self.fake.realm("acme").unwrap(), id.parse().unwrap(), credential)
            .build()
            .unwrap()
    }

    fn logins(&self) -> LoginFlowBuilder {
        let realm = self.fake.realm("acme").unwrap();
        let verifier =
            TokenVerifier::builder(&realm, "blog").client("blog".parse().unwrap()).build().unwrap();
        LoginFlow::builder(self.client("blog"), verifier, CALLBACK).unwrap()
    }

    /// A login of alice, with a new browser.
    async fn session(&self, flow: &LoginFlow) -> Session {
        log_in(flow, &mut Browser::new().unwrap()).await
    }
}

async fn log_in(flow: &LoginFlow, browser: &mut Browser) -> Session {
    let start = flow.start().await.unwrap();
    let callback = browser.log_in(&start.url, "alice", "pw").await.unwrap();
    flow.finish(start.pending, callback.query().unwrap()).await.unwrap()
}
