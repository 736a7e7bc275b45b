//! Users who log in through the server's own form, and out again.

use catalyst_core::testing::StubServer;
use catalyst_keycloak::login::{LoginFlow, LoginFlowBuilder, LoginOptions, PendingLogin, Prompt, Session};
use catalyst_keycloak::testing::{Browser, Visit};
use catalyst_keycloak::token::TokenVerifier;
use catalyst_keycloak::{ClientCredential, ClientRegistrar, ClientSpec, Outcome, Secret};
use catalyst_tests::servers::{keycloak_setup, poll};
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::stage::{OWNER, PATIENCE, Stage, code};

const CALLBACK: &str = "http://127.0.0.1:9/oauth/callback";
const BYE: &str = "http://127.0.0.1:9/bye";
const PASSWORD: &str = "correct horse";

/// A web application with one user, who has its name.
struct Application {
    stage: Stage,
    name: &'static str,
    secret: Secret,
}

impl Application {
    async fn new(name: &'static str) -> Self {
        Self::with(name, |spec| spec).await
    }

    async fn with(name: &'static str, more: impl FnOnce(ClientSpec) -> ClientSpec) -> Self {
        let stage = Stage::plain().await;
        let spec = ClientSpec::new(name.parse().unwrap(), OWNER.parse().unwrap())
            .redirect_uri(CALLBACK.parse().unwrap())
            .post_logout_redirect_uri(BYE.parse().unwrap())
            .role("editor");
        let made = stage.keycloak().registrar(stage.name().clone()).ensure(&more(spec)).await.unwrap();
        assert_eq!(made.outcome, Outcome::Created);
        let realm = stage.name().as_str();
        keycloak_setup::user(&stage.admin, realm, name, &Secret::new(PASSWORD)).await.unwrap();
        Self { stage, name, secret: made.secret.unwrap() }
    }

    fn logins(&self) -> LoginFlowBuilder {
        let client = self.stage.oidc(self.name, ClientCredential::Secret(self.secret.clone()));
        let verifier = TokenVerifier::builder(&self.stage.realm, self.name)
            .client(self.name.parse().unwrap())
            .build()
            .unwrap();
        LoginFlow::builder(client, verifier, CALLBACK).unwrap()
    }

    async fn log_in(&self, flow: &LoginFlow, browser: &mut Browser) -> Session {
        let start = flow.start().await.unwrap();
        let callback = browser.log_in(&start.url, self.name, PASSWORD).await.unwrap();
        flow.finish(start.pending, callback.query().unwrap()).await.unwrap()
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_user_logs_in_is_known_by_name_and_stays_logged_in() {
    let app = Application::new("blog").await;
    let (flow, mut browser) = (app.logins().build(), Browser::new().unwrap());
    let session = app.log_in(&flow, &mut browser).await;
    assert_eq!(session.identity.username(), Some("blog"));
    assert_eq!(session.identity.email(), Some("blog@example.test"));
    let verifier = TokenVerifier::builder(&app.stage.realm, "blog").build().unwrap();
    verifier.verify_access(session.tokens.access_token.expose()).await.unwrap();

    let refreshed = flow.refresh(&session).await.unwrap();
    assert_ne!(refreshed.tokens.access_token, session.tokens.access_token);
    assert_eq!(refreshed.identity.session_id(), session.identity.session_id());

    let again = flow.start_with(&LoginOptions::new().prompt(Prompt::Nothing)).await.unwrap();
    let Visit::Away(callback) = browser.open(&again.url).await.unwrap() else { panic!("a form") };
    let second = flow.finish(again.pending, callback.query().unwrap()).await.unwrap();
    assert_eq!(second.identity.session_id(), session.identity.session_id());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_wrong_password_shows_the_form_again_and_no_session_is_told_as_such() {
    let app = Application::new("typo").await;
    let (flow, mut browser) = (app.logins().build(), Browser::new().unwrap());
    let start = flow.start().await.unwrap();
    let error = browser.log_in(&start.url, "typo", "wrong").await.unwrap_err();
    assert_eq!(code(&error), "browser_page", "{error}");

    let quiet = flow.start_with(&LoginOptions::new().prompt(Prompt::Nothing)).await.unwrap();
    let Visit::Away(callback) = Browser::new().unwrap().open(&quiet.url).await.unwrap() else {
        panic!("a form")
    };
    let error = flow.finish(quiet.pending, callback.query().unwrap()).await.unwrap_err();
    assert_eq!(code(&error), "login_required", "{error}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_code_serves_one_login_and_once() {
    let app = Application::new("codes").await;
    let flow = app.logins().build();
    let (one, two) = (flow.start().await.unwrap(), flow.start().await.unwrap());
    let copy = PendingLogin::restore(&one.pending.expose()).unwrap();
    let callback = Browser::new().unwrap().log_in(&one.url, "codes", PASSWORD).await.unwrap();
    let query = callback.query().unwrap();
    assert_eq!(code(&flow.finish(two.pending, query).await.unwrap_err()), "login_state_mismatch");
    let session = flow.finish(one.pending, query).await.unwrap();
    assert_eq!(code(&flow.finish(copy, query).await.unwrap_err()), "invalid_grant");
    // What the code gave is as good as stolen.
    let told = flow.client().introspect(&session.tokens.access_token).await.unwrap();
    assert!(told.active().is_none());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_realm_that_wants_pushed_requests_gets_them() {
    let app = Application::new("pushed").await;
    app.stage
        .admin
        .edit_client(app.stage.name().as_str(), "pushed", |client| {
            client["attributes"]["require.pushed.authorization.requests"] = "true".into();
        })
        .await
        .unwrap();
    let (plain, mut browser) = (app.logins().build(), Browser::new().unwrap());
    let start = plain.start().await.unwrap();
    let refused = browser.log_in(&start.url, "pushed", PASSWORD).await.unwrap();
    let error = plain.finish(start.pending, refused.query().unwrap()).await.unwrap_err();
    assert_eq!(code(&error), "login_failed", "{error}");

    let flow = app.logins().pushed().build();
    let session = app.log_in(&flow, &mut browser).await;
    assert_eq!(session.identity.username(), Some("pushed"));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_logout_in_the_browser_ends_the_session_and_returns() {
    let app = Application::new("leaving").await;
    let (flow, mut browser) = (app.logins().build(), Browser::new().unwrap());
    let session = app.log_in(&flow, &mut browser).await;
    let url = flow.logout_url(&session, &BYE.parse().unwrap(), Some("s1")).unwrap();
    let Visit::Away(back) = browser.open(&url).await.unwrap() else { panic!("a page") };
    assert_eq!(back, format!("{BYE}?state=s1").parse::<Url>().unwrap());
    assert_eq!(code(&flow.refresh(&session).await.unwrap_err()), "invalid_grant");

    let other = app.log_in(&flow, &mut browser).await;
    flow.end(&other).await.unwrap();
    assert_eq!(code(&flow.refresh(&other).await.unwrap_err()), "invalid_grant");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_end_of_a_session_is_told_to_the_application() {
    let listener = StubServer::new(MockServer::start().await);
    let told = Mock::given(method("POST")).and(path("/logout")).respond_with(ResponseTemplate::new(200));
    told.mount(&listener).await;
    let address = format!("{}/logout", listener.uri());
    let app = Application::with("told", |spec| spec.back_channel_logout(address.parse().unwrap())).await;
    let (flow, mut browser) = (app.logins().build(), Browser::new().unwrap());
    let session = app.log_in(&flow, &mut browser).await;
    flow.end(&session).await.unwrap();
    let body = poll::until("the server to tell", PATIENCE, async || {
        let mut requests = listener.received_requests().await.unwrap_or_default();
        Ok(requests.pop().map(|request| request.body))
    })
    .await
    .unwrap();
    let notice = flow.back_channel_logout(&body).await.unwrap();
    assert_eq!(notice.session_id.as_deref(), session.identity.session_id());
    assert_eq!(code(&flow.back_channel_logout(&body).await.unwrap_err()), "replayed");
}
