//! Logins, good and bad.

use std::time::Duration;

use catalyst_core::Clock;
use catalyst_keycloak::login::{LoginOptions, PendingLogin, Prompt};
use catalyst_keycloak::testing::{Browser, Visit};
use catalyst_keycloak::{ErrorKind, Secret};

use super::{CALLBACK, Stage, log_in};

#[tokio::test]
async fn a_user_logs_in_and_is_known_by_name() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let session = stage.session(&flow).await;
    assert_eq!(session.identity.username(), Some("alice"));
    assert_eq!(session.identity.email(), Some("alice@example.test"));
    assert!(session.identity.session_id().is_some());
    assert!(session.tokens.refresh_token.is_some() && session.tokens.remaining() > Duration::from_secs(290));
    let shown = format!("{session:?}{flow:?}");
    assert!(!shown.contains("hunter2") && !shown.contains(session.tokens.access_token.expose()));
}

#[tokio::test]
async fn a_pending_login_survives_in_a_cookie() {
    let realm = Stage::new().await;
    let flow = realm.logins().build();
    let start = flow.start().await.unwrap();
    let state = start.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert!(!format!("{start:?}").contains(&state));
    let kept = start.pending.expose();
    let callback = Browser::new().unwrap().log_in(&start.url, "alice", "pw").await.unwrap();
    let pending = PendingLogin::restore(&kept).unwrap();
    let session = flow.finish(pending, callback.query().unwrap()).await.unwrap();
    assert_eq!(session.identity.username(), Some("alice"));
}

#[tokio::test]
async fn who_is_known_to_the_realm_logs_in_without_a_form() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let mut browser = Browser::new().unwrap();
    let first = log_in(&flow, &mut browser).await;
    let again = flow.start_with(&LoginOptions::new().prompt(Prompt::Nothing)).await.unwrap();
    let Visit::Away(callback) = browser.open(&again.url).await.unwrap() else { panic!("a form") };
    let second = flow.finish(again.pending, callback.query().unwrap()).await.unwrap();
    assert_eq!(second.identity.session_id(), first.identity.session_id());

    let forced = flow.start_with(&LoginOptions::new().prompt(Prompt::Login)).await.unwrap();
    assert!(matches!(browser.open(&forced.url).await.unwrap(), Visit::Page(_)), "asked although known");

    browser.forget();
    let unknown = flow.start_with(&LoginOptions::new().prompt(Prompt::Nothing)).await.unwrap();
    let Visit::Away(callback) = browser.open(&unknown.url).await.unwrap() else { panic!("a form") };
    let error = flow.finish(unknown.pending, callback.query().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("login_required"));
}

#[tokio::test]
async fn a_pushed_request_is_a_reference_that_is_used_once() {
    let stage = Stage::new().await;
    stage.fake.model().edit_client("acme", "blog", |client| {
        client["attributes"]["require.pushed.authorization.requests"] = "true".into();
    });
    let mut browser = Browser::new().unwrap();
    let plain = stage.logins().build();
    let start = plain.start().await.unwrap();
    let refused = browser.log_in(&start.url, "alice", "pw").await.unwrap();
    let error = plain.finish(start.pending, refused.query().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("login_failed"));
    assert!(error.to_string().contains("Pushed Authorization Request is only allowed"), "{error}");

    let flow = stage.logins().pushed().build();
    let start = flow.start().await.unwrap();
    assert!(start.url.query().unwrap().contains("request_uri=") && !start.url.as_str().contains("nonce"));
    let callback = browser.log_in(&start.url, "alice", "pw").await.unwrap();
    flow.finish(start.pending, callback.query().unwrap()).await.unwrap();
    let error = browser.log_in(&start.url, "alice", "pw").await.unwrap_err();
    assert_eq!(error.server_message(), Some("Invalid Request"));

    let late = flow.start().await.unwrap();
    stage.fake.model().advance(Duration::from_secs(61));
    assert!(browser.log_in(&late.url, "alice", "pw").await.is_err(), "it ends after a minute");
}

#[tokio::test]
async fn an_application_without_a_stored_secret_logs_users_in() {
    use std::sync::Arc;

    use catalyst_keycloak::jose::{Algorithm, SigningKey};
    use catalyst_keycloak::login::LoginFlow;
    use catalyst_keycloak::token::TokenVerifier;
    use catalyst_keycloak::{Authentication, ClientCredential, ClientRegistrar as _, ClientSpec, OidcClient};

    let stage = Stage::new().await;
    let key = Arc::new(SigningKey::generate(Algorithm::Ps256).unwrap());
    let spec = ClientSpec::new("shop".parse().unwrap(), "acme/prod/shop".parse().unwrap())
        .authentication(Authentication::PrivateKeyJwt(key.public_set()))
        .redirect_uri(CALLBACK.parse().unwrap());
    let registrar = stage.fake.keycloak().unwrap().registrar("acme".parse().unwrap());
    registrar.ensure(&spec).await.unwrap();

    let (realm, id) = (stage.fake.realm("acme").unwrap(), spec.id().clone());
    let credential = ClientCredential::PrivateKeyJwt(key);
    let client = OidcClient::builder(realm.clone(), id.clone(), credential).build().unwrap();
    let verifier = TokenVerifier::builder(&realm, "shop").client(id).build().unwrap();
    let flow = LoginFlow::builder(client, verifier, CALLBACK).unwrap().pushed().build();
    let session = stage.session(&flow).await;
    assert_eq!(session.identity.client_id(), Some("shop"));
    flow.refresh(&session).await.unwrap();
}

#[tokio::test]
async fn a_callback_of_another_login_is_refused() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let (one, two) = (flow.start().await.unwrap(), flow.start().await.unwrap());
    let callback = Browser::new().unwrap().log_in(&one.url, "alice", "pw").await.unwrap();
    let error = flow.finish(two.pending, callback.query().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("login_state_mismatch")));
    // Nothing was sent: the code still serves the login that it belongs to.
    flow.finish(one.pending, callback.query().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_callback_that_is_shown_twice_ends_what_the_first_gave() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let start = flow.start().await.unwrap();
    let stolen = PendingLogin::restore(&start.pending.expose()).unwrap();
    let callback = Browser::new().unwrap().log_in(&start.url, "alice", "pw").await.unwrap();
    let session = flow.finish(start.pending, callback.query().unwrap()).await.unwrap();
    let error = flow.finish(stolen, callback.query().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_grant"));
    let told = flow.client().introspect(&session.tokens.access_token).await.unwrap();
    assert!(told.active().is_none(), "the access token is as good as stolen");
    assert_eq!(flow.refresh(&session).await.unwrap_err().code(), Some("invalid_grant"));
}

#[tokio::test]
async fn one_wrong_verifier_burns_the_code() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let start = flow.start().await.unwrap();
    let text = start.pending.expose();
    let mut parts: Vec<&str> = text.expose().split('.').collect();
    let other = "x".repeat(43);
    parts[3] = &other;
    let wrong = PendingLogin::restore(&Secret::from(parts.join("."))).unwrap();
    let callback = Browser::new().unwrap().log_in(&start.url, "alice", "pw").await.unwrap();
    let error = flow.finish(wrong, callback.query().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("PKCE"), "{error}");
    let error = flow.finish(start.pending, callback.query().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_grant"));
}

#[tokio::test]
async fn an_id_token_with_another_nonce_is_refused() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let start = flow.start().await.unwrap();
    let text = start.pending.expose();
    let mut parts: Vec<&str> = text.expose().split('.').collect();
    let other = "y".repeat(22);
    parts[2] = &other;
    let wrong = PendingLogin::restore(&Secret::from(parts.join("."))).unwrap();
    let callback = Browser::new().unwrap().log_in(&start.url, "alice", "pw").await.unwrap();
    let error = flow.finish(wrong, callback.query().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("wrong_nonce"));
}

#[tokio::test]
async fn a_login_that_took_too_long_is_over() {
    let stage = Stage::new().await;
    let (clock, hand) = Clock::manual();
    let flow = stage.logins().clock(clock).build();
    let start = flow.start().await.unwrap();
    let callback = Browser::new().unwrap().log_in(&start.url, "alice", "pw").await.unwrap();
    hand.advance(Duration::from_secs(601));
    let asked = stage.fake.model().requests().tokens;
    let error = flow.finish(start.pending, callback.query().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Expired, Some("login_expired")));
    assert_eq!(stage.fake.model().requests().tokens, asked, "the code was not even sent");
}

#[tokio::test]
async fn what_the_realm_refuses_is_told_in_its_words() {
    let stage = Stage::new().await;
    let mut browser = Browser::new().unwrap();
    let flow = stage.logins().build();
    let start = flow.start().await.unwrap();
    let error = browser.log_in(&start.url, "alice", "wrong").await.unwrap_err();
    assert_eq!(error.server_message(), Some("Invalid username or password."));

    let scoped = stage.logins().scope("nosuch").build();
    let start = scoped.start().await.unwrap();
    let callback = browser.log_in(&start.url, "alice", "pw").await.unwrap();
    let error = scoped.finish(start.pending, callback.query().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("login_failed"));
    assert!(error.to_string().contains("invalid_scope: Invalid scopes: openid nosuch"), "{error}");

    stage
        .fake
        .model()
        .edit_client("acme", "blog", |client| client["redirectUris"] = [CALLBACK[1..].to_owned()].into());
    let start = flow.start().await.unwrap();
    let error = browser.log_in(&start.url, "alice", "pw").await.unwrap_err();
    assert_eq!(
        (error.status(), error.server_message()),
        (Some(400), Some("Invalid parameter: redirect_uri"))
    );
}

#[tokio::test]
async fn keys_that_were_rotated_since_are_fetched() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    stage.session(&flow).await;
    stage.fake.model().rotate_keys("acme");
    stage.fake.model().drop_old_keys("acme");
    let session = stage.session(&flow).await;
    assert_eq!(session.identity.username(), Some("alice"), "without a restart");
}

#[tokio::test]
async fn a_code_whose_answer_was_lost_is_not_sent_again() {
    use catalyst_keycloak::mock::{Fault, FaultRule, Route};
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let start = flow.start().await.unwrap();
    let callback = Browser::new().unwrap().log_in(&start.url, "alice", "pw").await.unwrap();
    let before = stage.fake.model().requests().tokens;
    stage.fake.faults().inject(FaultRule::new(Fault::DropAnswer).on(Route::Token));
    let error = flow.finish(start.pending, callback.query().unwrap()).await.unwrap_err();
    assert!(error.outcome_unknown(), "{error:?}");
    assert_eq!(stage.fake.model().requests().tokens, before + 1);
}
