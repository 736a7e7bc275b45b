//! What only a broken line shows; the rest runs against the fake and the real server.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::testing::StubServer;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    DynamicRegistrar, MemoryRegistrationStore, RegistrationAccess, RegistrationStore, StoredRegistration,
};
use crate::{ClientId, ClientRegistrar, ClientSpec, Outcome, Realm, Result, Secret};

const ALL: &str = "/realms/acme/clients-registrations/default";
const ONE: &str = "/realms/acme/clients-registrations/default/shop";

#[derive(Clone, Debug, Default)]
struct Shared(Arc<MemoryRegistrationStore>);

#[async_trait]
impl RegistrationStore for Shared {
    async fn load(&self, id: &ClientId) -> Result<Option<(StoredRegistration, u64)>> {
        self.0.load(id).await
    }

    async fn save(&self, id: &ClientId, kept: &StoredRegistration, expected: Option<u64>) -> Result<u64> {
        self.0.save(id, kept, expected).await
    }

    async fn remove(&self, id: &ClientId, expected: u64) -> Result<()> {
        self.0.remove(id, expected).await
    }
}

fn spec() -> ClientSpec {
    ClientSpec::new("shop".parse().unwrap(), "acme/prod/shop".parse().unwrap())
        .redirect_uri("https://shop.test/cb".parse().unwrap())
}

/// As the server answers a registration of `spec`.
fn shown(spec: &ClientSpec, token: &str) -> Value {
    let mut body = Value::Object(crate::client::plan::create(spec).unwrap());
    body["id"] = json!("3c5cc6fa");
    body["secret"] = json!("s3cret");
    body["registrationAccessToken"] = json!(token);
    body
}

async fn server() -> StubServer {
    StubServer::new(MockServer::start().await)
}

fn registrar(server: &StubServer, store: &Shared) -> DynamicRegistrar {
    let realm = Realm::new("acme".parse().unwrap(), &server.uri()).unwrap();
    let access = RegistrationAccess::Initial(Secret::new("initial"));
    DynamicRegistrar::builder(realm, access, store.clone()).build().unwrap()
}

async fn kept(store: &Shared) -> Option<String> {
    let kept = store.load(&"shop".parse().unwrap()).await.unwrap();
    kept.map(|(kept, _)| kept.token.expose().to_owned())
}

async fn answer(server: &StubServer, verb: &str, at: &str, token: &str, answer: ResponseTemplate) {
    let bearer = format!("Bearer {token}");
    Mock::given(method(verb))
        .and(path(at))
        .and(header("authorization", bearer.as_str()))
        .respond_with(answer)
        .mount(server)
        .await;
}

fn refused() -> ResponseTemplate {
    ResponseTemplate::new(401).set_body_json(json!({ "error": "invalid_token" }))
}

#[tokio::test]
async fn each_update_brings_a_token_that_is_kept() {
    let (server, store) = (server().await, Shared::default());
    let registrar = registrar(&server, &store);
    let created = ResponseTemplate::new(201).set_body_json(shown(&spec(), "first"));
    answer(&server, "POST", ALL, "initial", created).await;
    let made = registrar.ensure(&spec()).await.unwrap();
    assert_eq!((made.outcome, made.secret), (Outcome::Created, Some(Secret::new("s3cret"))));
    assert_eq!(kept(&store).await.as_deref(), Some("first"));

    answer(&server, "GET", ONE, "first", ResponseTemplate::new(200).set_body_json(shown(&spec(), "first")))
        .await;
    let same = registrar.ensure(&spec()).await.unwrap();
    assert_eq!((same.outcome, same.reads, same.writes), (Outcome::Unchanged, 1, 0));

    let named = spec().name("Shop");
    answer(&server, "PUT", ONE, "first", ResponseTemplate::new(200).set_body_json(shown(&named, "second")))
        .await;
    let changed = registrar.ensure(&named).await.unwrap();
    assert_eq!((changed.outcome, changed.writes), (Outcome::Updated, 1));
    assert_eq!(kept(&store).await.as_deref(), Some("second"));
    assert!(!format!("{registrar:?} {changed:?} {store:?}").contains("s3cret"));
}

#[tokio::test]
async fn an_update_without_an_answer_is_told_from_one_that_took_effect() {
    let (server, store) = (server().await, Shared::default());
    let registrar = registrar(&server, &store);
    let id = "shop".parse().unwrap();
    let first = StoredRegistration::new("acme/prod/shop".parse().unwrap(), Secret::new("first"));
    store.save(&id, &first, None).await.unwrap();
    let current = ResponseTemplate::new(200).set_body_json(shown(&spec(), "first"));
    let broken = ResponseTemplate::new(502);
    answer(&server, "PUT", ONE, "first", broken).await;

    // The old token still works: nothing happened, and nothing is lost.
    answer(&server, "GET", ONE, "first", current.clone()).await;
    let error = registrar.ensure(&spec().name("Shop")).await.unwrap_err();
    assert_eq!(error.code(), Some("bad_gateway"));
    assert_eq!(kept(&store).await.as_deref(), Some("first"));

    // It does not any more: the next one was in the answer that never came.
    server.reset().await;
    answer(&server, "PUT", ONE, "first", ResponseTemplate::new(502)).await;
    let bearer = "Bearer first";
    let once = Mock::given(method("GET")).and(path(ONE)).and(header("authorization", bearer));
    once.respond_with(current).up_to_n_times(1).mount(&server).await;
    answer(&server, "GET", ONE, "first", refused()).await;
    let error = registrar.ensure(&spec().name("Shop")).await.unwrap_err();
    assert_eq!(error.code(), Some("registration_token_lost"));
}

#[tokio::test]
async fn a_client_that_was_removed_is_registered_again() {
    let (server, store) = (server().await, Shared::default());
    let registrar = registrar(&server, &store);
    let first = StoredRegistration::new("acme/prod/shop".parse().unwrap(), Secret::new("first"));
    store.save(&"shop".parse().unwrap(), &first, None).await.unwrap();
    answer(&server, "GET", ONE, "first", refused()).await;
    let created = ResponseTemplate::new(201).set_body_json(shown(&spec(), "anew"));
    answer(&server, "POST", ALL, "initial", created).await;
    assert_eq!(registrar.ensure(&spec()).await.unwrap().outcome, Outcome::Created);
    assert_eq!(kept(&store).await.as_deref(), Some("anew"));
}

#[tokio::test]
async fn what_registration_cannot_say_and_what_is_not_ours_is_refused_before_anything_is_asked() {
    let (server, store) = (server().await, Shared::default());
    let registrar = registrar(&server, &store);
    let error = registrar.ensure(&spec().role("editor")).await.unwrap_err();
    assert_eq!(error.code(), Some("unsupported_by_registration"));
    let theirs = StoredRegistration::new("acme/prod/other".parse().unwrap(), Secret::new("t"));
    store.save(&"shop".parse().unwrap(), &theirs, None).await.unwrap();
    assert_eq!(registrar.ensure(&spec()).await.unwrap_err().code(), Some("not_owned"));
    assert!(server.received_requests().await.unwrap().is_empty());
}
