//! How a client proves who it is: every way that needs no stored secret.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::ErrorKind;
use catalyst_keycloak::jose::{Algorithm, SigningKey};
use catalyst_keycloak::{
    Authentication, ClientCredential, ClientRegistrar, ClientSpec, OidcClient, Outcome, Profile, TokenSet,
};
use catalyst_tests::servers::{AssertionIssuer, keycloak_setup};
use serde_json::{Value, json};

use super::stage::{OWNER, Stage, code, robot};

fn claims(token: &TokenSet) -> Value {
    let body = token.access_token.expose().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

fn federated(id: &str, issuer: &str, subject: &str) -> ClientSpec {
    let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
    robot(id).authentication(Authentication::Federated { issuer, subject })
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_private_key_logs_in_with_every_algorithm_and_another_key_does_not() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    for algorithm in [Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256, Algorithm::EdDsa] {
        let id = format!("key-{}", algorithm.as_str().to_lowercase());
        let key = Arc::new(SigningKey::generate(algorithm).unwrap());
        let spec = robot(&id).authentication(Authentication::PrivateKeyJwt(key.public_set()));
        let made = registrar.ensure(&spec).await.unwrap();
        assert_eq!((made.outcome, made.secret), (Outcome::Created, None));
        let client = stage.oidc(&id, ClientCredential::PrivateKeyJwt(key));
        // Twice, for each assertion is good for one use.
        client.client_credentials(&[]).await.unwrap();
        assert_eq!(claims(&client.client_credentials(&[]).await.unwrap())["azp"], id.as_str());

        let other = Arc::new(SigningKey::generate(algorithm).unwrap());
        let refused = stage.oidc(&id, ClientCredential::PrivateKeyJwt(other)).client_credentials(&[]).await;
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), code(&error)), (ErrorKind::Unauthenticated, "bad_credentials"), "{error}");
        assert_eq!(registrar.ensure(&spec).await.unwrap().outcome, Outcome::Unchanged, "{algorithm}");
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_new_key_is_an_update_and_the_old_one_ends() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let keys = [0, 1].map(|_| Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()));
    let clients =
        [0, 1].map(|n| stage.oidc("rekeyed", ClientCredential::PrivateKeyJwt(Arc::clone(&keys[n]))));
    for (now, before) in [(0, 1), (1, 0)] {
        let keys = keys[now].public_set();
        registrar
            .ensure(&robot("rekeyed").authentication(Authentication::PrivateKeyJwt(keys)))
            .await
            .unwrap();
        clients[now].client_credentials(&[]).await.unwrap();
        let refused = clients[before].client_credentials(&[]).await.unwrap_err();
        assert_eq!(code(&refused), "bad_credentials", "{refused}");
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_svid_logs_in_with_nothing_stored() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let issuer = AssertionIssuer::start(algorithm).await.unwrap();
        let name = algorithm.as_str().to_lowercase();
        let (alias, id) = (format!("spire-{name}"), format!("svid-{name}"));
        let domain = format!("spiffe://{name}.test");
        let config = json!({ "trustDomain": domain, "bundleEndpoint": issuer.bundle() });
        let realm = stage.name().as_str();
        keycloak_setup::assertion_issuer(&stage.admin, realm, &alias, "spiffe", config).await.unwrap();

        let subject = format!("{domain}/ns/shop/sa/orders");
        let spec = federated(&id, &alias, &subject);
        let made = registrar.ensure(&spec).await.unwrap();
        assert_eq!((made.outcome, made.secret), (Outcome::Created, None));
        let client = stage.oidc(&id, ClientCredential::JwtSvid(Arc::new(issuer.svids(&subject))));
        client.client_credentials(&[]).await.unwrap();
        assert_eq!(claims(&client.client_credentials(&[]).await.unwrap())["azp"], id.as_str());
        assert_eq!(registrar.ensure(&spec).await.unwrap().outcome, Outcome::Unchanged);

        let stranger = issuer.svids(&format!("{domain}/ns/shop/sa/stranger"));
        let error =
            stage.oidc(&id, ClientCredential::JwtSvid(Arc::new(stranger))).client_credentials(&[]).await;
        assert_eq!(code(&error.unwrap_err()), "bad_credentials");
        let error = registrar.ensure(&federated(&format!("{id}-again"), &alias, &subject)).await.unwrap_err();
        assert_eq!((error.kind(), code(&error)), (ErrorKind::Conflict, "duplicate_subject"), "{error}");
        assert!(error.to_string().contains(&id), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_service_account_of_kubernetes_and_another_issuer_log_in() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let issuer = AssertionIssuer::start(Algorithm::Es256).await.unwrap();
    let address = issuer.address();
    let oidc = json!({
        "issuer": address,
        "authorizationUrl": format!("{address}/auth"),
        "tokenUrl": format!("{address}/token"),
        "jwksUrl": issuer.jwks(),
        "useJwksUrl": "true",
        "validateSignature": "true",
        "clientId": "keycloak",
        "clientSecret": "unused",
        "supportsClientAssertions": "true",
        "syncMode": "IMPORT",
    });
    // Each has the issuer for itself: the server finds the provider by it.
    let cluster = AssertionIssuer::start(Algorithm::Rs256).await.unwrap();
    let kubernetes = json!({ "issuer": cluster.address() });
    let cases = [
        ("kubernetes", kubernetes, cluster, "system:serviceaccount:shop:orders"),
        ("oidc", oidc, issuer, "workload-1"),
    ];
    for (provider, config, issuer, subject) in cases {
        let (alias, id) = (format!("from-{provider}"), format!("client-of-{provider}"));
        let realm = stage.name().as_str();
        keycloak_setup::assertion_issuer(&stage.admin, realm, &alias, provider, config).await.unwrap();
        registrar.ensure(&federated(&id, &alias, subject)).await.unwrap();
        let client = stage.oidc(&id, ClientCredential::Federated(Arc::new(issuer.tokens(subject))));
        client.client_credentials(&[]).await.unwrap();
        assert_eq!(claims(&client.client_credentials(&[]).await.unwrap())["azp"], id.as_str());
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_certificate_logs_in_and_a_fapi_client_binds_its_tokens_to_it() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let subject = "CN=payments".to_owned();
    let spec = ClientSpec::new("payments".parse().unwrap(), OWNER.parse().unwrap())
        .redirect_uri("https://payments.acme.test/callback".parse().unwrap())
        .service_account(true)
        .profile(Profile::Fapi2)
        .authentication(Authentication::MutualTls { subject });
    registrar.ensure(&spec).await.unwrap();
    let realm = stage.realm.clone().back_channel(stage.server.tls_address()).unwrap();
    let by = |name: &str| {
        let certificate = Arc::new(stage.server.client_certificate(name).unwrap());
        let tls = stage.server.tls().unwrap().identity(certificate);
        OidcClient::builder(realm.clone(), "payments".parse().unwrap(), ClientCredential::MutualTls)
            .tls(tls)
            .build()
            .unwrap()
    };
    let token = claims(&by("payments").client_credentials(&[]).await.unwrap());
    assert_eq!(token["iss"], stage.realm.issuer().as_str());
    assert!(token["cnf"]["x5t#S256"].is_string(), "{token}");
    assert_eq!(code(&by("stranger").client_credentials(&[]).await.unwrap_err()), "bad_credentials");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn an_administrator_needs_no_stored_secret_either() {
    use catalyst_keycloak::{AdminLogin, Keycloak};
    let stage = Stage::plain().await;
    let (realm, id) = (stage.name().as_str(), "keyless-registrar");
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let secret = "unused".into();
    let roles = ["view-clients", "manage-clients"];
    keycloak_setup::service_account(&stage.admin, realm, id, &secret, &roles).await.unwrap();
    stage
        .admin
        .edit_client(realm, id, |client| {
            client["clientAuthenticatorType"] = json!("client-jwt");
            client["attributes"]["use.jwks.string"] = json!("true");
            client["attributes"]["jwks.string"] = json!(serde_json::to_string(&key.public_set()).unwrap());
        })
        .await
        .unwrap();
    let login = AdminLogin::service_account(id.parse().unwrap(), ClientCredential::PrivateKeyJwt(key))
        .realm(stage.name().clone());
    let keycloak = Keycloak::builder(stage.server.address()).unwrap().admin(login).build().unwrap();
    let made = keycloak.registrar(stage.name().clone()).ensure(&robot("by-keyless")).await.unwrap();
    assert!(stage.lets_in("by-keyless", &made.secret.unwrap()).await);
}
