//! What clients ask about tokens, and for which others they give them.

use catalyst_keycloak::{ExchangeRequest, Introspection, Revocation, Secret, TokenSource};

use super::Stage;

#[tokio::test]
async fn a_token_is_active_for_its_audience_only() {
    let stage = Stage::new().await;
    let (blog, billing) = (stage.client("blog"), stage.client("billing"));
    let token = blog.client_credentials(&[]).await.unwrap().access_token;
    let told = billing.introspect(&token).await.unwrap().active().unwrap();
    assert_eq!(told.client_id.as_deref(), Some("blog"));
    assert!(told.audience.contains(&"billing".to_owned()));
    let own = billing.client_credentials(&[]).await.unwrap().access_token;
    assert!(matches!(blog.introspect(&own).await.unwrap(), Introspection::Inactive), "not in its audience");
    assert!(matches!(blog.introspect(&Secret::new("abc")).await.unwrap(), Introspection::Inactive));
}

#[tokio::test]
async fn a_revoked_token_is_over_and_an_unknown_one_is_no_error() {
    let stage = Stage::new().await;
    let blog = stage.client("blog");
    let token = blog.client_credentials(&[]).await.unwrap().access_token;
    assert_eq!(blog.revoke(&token).await.unwrap(), Revocation::Revoked);
    assert!(blog.introspect(&token).await.unwrap().active().is_none());
    assert_eq!(blog.revoke(&Secret::new("garbage")).await.unwrap(), Revocation::Unknown);
}

#[tokio::test]
async fn a_users_token_is_exchanged_for_one_of_another_audience() {
    let stage = Stage::new().await;
    let session = stage.session(&stage.logins().build()).await;
    let blog = stage.client("blog");
    let request =
        ExchangeRequest::new(session.tokens.access_token.clone()).audience("billing".parse().unwrap());
    let tokens = blog.exchange(&request).await.unwrap();
    assert!(tokens.refresh_token.is_none());
    let told = stage.client("billing").introspect(&tokens.access_token).await.unwrap().active().unwrap();
    assert_eq!(
        (told.audience.as_slice(), told.username.as_deref()),
        (&["billing".to_owned()][..], Some("alice"))
    );

    for (audience, code) in [("nosuch", "unknown_audience"), ("account-console", "invalid_request")] {
        let request =
            ExchangeRequest::new(session.tokens.access_token.clone()).audience(audience.parse().unwrap());
        assert_eq!(blog.exchange(&request).await.unwrap_err().code(), Some(code), "{audience}");
    }
    let own = stage.client("billing").client_credentials(&[]).await.unwrap().access_token;
    let error = blog.exchange(&ExchangeRequest::new(own)).await.unwrap_err();
    assert_eq!(error.code(), Some("permission_denied"), "blog is not in its audience");
}

#[tokio::test]
async fn a_source_of_exchanged_tokens_gets_a_new_subject_when_the_old_one_ended() {
    let stage = Stage::new().await;
    let blog = stage.client("blog");
    let subject = TokenSource::new(blog.clone());
    let source = TokenSource::exchanging(blog.clone(), subject.clone()).audience("billing".parse().unwrap());
    let first = source.get().await.unwrap();
    blog.revoke(&subject.get().await.unwrap().access_token).await.unwrap();
    assert!(source.invalidate(&first));
    let second = source.get().await.unwrap();
    assert_ne!(second.access_token, first.access_token);
}

#[tokio::test]
async fn tokens_are_bound_to_a_key_and_worth_nothing_without_it() {
    use std::sync::Arc;

    use catalyst_keycloak::jose::Algorithm;
    use catalyst_keycloak::token::{DpopKey, TokenVerifier};
    use catalyst_keycloak::{ClientCredential, OidcClient};

    let stage = Stage::new().await;
    stage.fake.model().edit_client("acme", "blog", |client| {
        client["attributes"]["dpop.bound.access.tokens"] = "true".into();
    });
    let error = stage.client("blog").client_credentials(&[]).await.unwrap_err();
    assert!(error.to_string().contains("DPoP proof is missing"), "{error}");

    let key = Arc::new(DpopKey::generate(Algorithm::Es256).unwrap());
    let credential = ClientCredential::Secret(Secret::new("hunter2"));
    let realm = stage.fake.realm("acme").unwrap();
    let client =
        OidcClient::builder(realm.clone(), "blog".parse().unwrap(), credential).dpop(Arc::clone(&key));
    let client = client.build().unwrap();
    let tokens = client.client_credentials(&[]).await.unwrap();
    assert_eq!(tokens.token_type, "DPoP");

    let verifier = TokenVerifier::builder(&realm, "billing").build().unwrap();
    let token = tokens.access_token.expose();
    assert_eq!(verifier.verify_access(token).await.unwrap_err().code(), Some("proof_required"));
    let url = "https://billing.acme.test/invoices".parse().unwrap();
    let proof = client.dpop_key().unwrap().proof("GET", &url, Some(&tokens.access_token), None).unwrap();
    verifier.verify_dpop(token, proof.expose(), "GET", &url).await.unwrap();
}

#[tokio::test]
async fn a_server_that_wants_its_nonce_in_the_proof_gets_it() {
    use std::sync::Arc;

    use catalyst_core::testing::StubServer;
    use catalyst_keycloak::jose::Algorithm;
    use catalyst_keycloak::token::DpopKey;
    use catalyst_keycloak::{ClientCredential, OidcClient, Realm};
    use serde_json::json;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let server = StubServer::new(MockServer::start().await);
    let wants = ResponseTemplate::new(400)
        .insert_header("DPoP-Nonce", "n-1")
        .set_body_json(json!({ "error": "use_dpop_nonce" }));
    Mock::given(any()).respond_with(wants).up_to_n_times(1).mount(&server).await;
    let gives = ResponseTemplate::new(200)
        .set_body_json(json!({ "access_token": "a.b.c", "expires_in": 60, "token_type": "DPoP" }));
    Mock::given(any()).respond_with(gives).mount(&server).await;

    let key = Arc::new(DpopKey::generate(Algorithm::Es256).unwrap());
    let realm = Realm::new("acme".parse().unwrap(), &server.uri()).unwrap();
    let credential = ClientCredential::Secret(Secret::new("hunter2"));
    let client = OidcClient::builder(realm, "blog".parse().unwrap(), credential).dpop(key).build().unwrap();
    client.client_credentials(&[]).await.unwrap();
    client.client_credentials(&[]).await.unwrap();
    let asked = server.received_requests().await.unwrap();
    let nonce = |at: usize| {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let proof = asked[at].headers["dpop"].to_str().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(proof.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&claims).unwrap()["nonce"].clone()
    };
    assert_eq!((asked.len(), nonce(0), nonce(1), nonce(2)), (3, json!(null), json!("n-1"), json!("n-1")));
}
