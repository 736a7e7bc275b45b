//! What `ensure_client` promises when the server, the network and other people do what they do.

use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_core::testing::LogCapture;
use catalyst_keycloak::mock::{Fault, FaultRule, Route};
use catalyst_keycloak::testing::FakeKeycloak;
use catalyst_keycloak::{
    AdminLogin, AdminRegistrar, Authentication, ClientCredential, ClientRegistrar as _, ClientSecrets as _,
    ClientSpec, ErrorKind, Keycloak, Outcome, Secret,
};
use serde_json::json;

fn spec() -> ClientSpec {
    ClientSpec::new("wordpress".parse().unwrap(), "acme/prod/wordpress".parse().unwrap())
        .redirect_uri("https://blog.acme.test/oauth/callback".parse().unwrap())
        .role("editor")
}

async fn acme() -> (FakeKeycloak, AdminRegistrar) {
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    let keycloak = fake.builder().unwrap().timeout(Duration::from_secs(2)).build().unwrap();
    let registrar = keycloak.registrar("acme".parse().unwrap());
    (fake, registrar)
}

/// How many clients of that name there are, seen from behind.
async fn clients(registrar: &AdminRegistrar) -> usize {
    registrar.list(&"acme/prod/wordpress".parse().unwrap(), 0).await.unwrap().clients.len()
}

#[tokio::test]
async fn unchanged_costs_one_read_and_no_write() {
    let (fake, registrar) = acme().await;
    let first = registrar.ensure(&spec()).await.unwrap();
    assert_eq!((first.outcome, first.writes), (Outcome::Created, 2), "the client and its role");
    let before = fake.model().requests();
    let second = registrar.ensure(&spec()).await.unwrap();
    let after = fake.model().requests();
    assert_eq!((second.outcome, second.reads, second.writes), (Outcome::Unchanged, 1, 0));
    assert_eq!((after.reads - before.reads, after.writes - before.writes), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_at_once_make_one_client_and_agree_on_its_secret() {
    let (_fake, registrar) = acme().await;
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let registrar = registrar.clone();
        runs.spawn(async move { registrar.ensure(&spec()).await.unwrap() });
    }
    let results = runs.join_all().await;
    let created = results.iter().filter(|it| it.outcome == Outcome::Created).count();
    assert_eq!(created, 1);
    assert!(results.iter().all(|it| it.secret == results[0].secret));
    assert_eq!(clients(&registrar).await, 1);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_adopted_and_not_repeated() {
    for fault in [Fault::DropAnswer, Fault::NoAnswer, Fault::HalfBody] {
        let (fake, registrar) = acme().await;
        fake.faults().inject(FaultRule::new(fault.clone()).writes().path("/admin/realms/acme/clients"));
        let made = registrar.ensure(&spec()).await.unwrap();
        assert!(matches!(made.outcome, Outcome::Created), "{fault:?}: {:?}", made.outcome);
        assert_eq!(clients(&registrar).await, 1, "{fault:?}");
        assert_eq!(registrar.ensure(&spec()).await.unwrap().outcome, Outcome::Unchanged);
    }
}

#[tokio::test]
async fn drift_is_reported_then_mended_and_the_secret_stays() {
    let (fake, registrar) = acme().await;
    let secret = registrar.ensure(&spec()).await.unwrap().secret.unwrap();
    fake.model().edit_client("acme", "wordpress", |client| {
        client["redirectUris"] = json!(["https://evil.test/*"]);
        client["protocolMappers"] = json!([]);
        client["description"] = json!("by hand");
    });
    let mended = registrar.ensure(&spec()).await.unwrap();
    assert_eq!((mended.outcome, mended.writes), (Outcome::Updated, 1));
    assert!(mended.changes.iter().any(|change| change.contains("https://evil.test/*")), "{mended:?}");
    let client = fake.model().client("acme", "wordpress").unwrap();
    assert_eq!(client["redirectUris"], json!(["https://blog.acme.test/oauth/callback"]));
    assert_eq!(client["description"], "by hand", "what was not declared is kept");
    assert_eq!(client["secret"], secret.expose());
}

#[tokio::test]
async fn a_client_that_was_deleted_by_hand_is_made_again() {
    let (fake, registrar) = acme().await;
    let first = registrar.ensure(&spec()).await.unwrap();
    fake.model().remove_client("acme", "wordpress");
    let second = registrar.ensure(&spec()).await.unwrap();
    assert_eq!(second.outcome, Outcome::Created);
    assert_ne!(first.secret, second.secret, "the caller sees that the secret is another one");
}

#[tokio::test]
async fn a_realm_that_is_gone_is_said_by_name() {
    let (fake, registrar) = acme().await;
    fake.model().remove_realm("acme");
    let error = registrar.ensure(&spec()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("realm_not_found")));
    assert!(error.to_string().contains("acme"), "{error}");
}

#[tokio::test]
async fn a_missing_role_is_named_for_reading_and_for_writing() {
    let (fake, _) = acme().await;
    for (roles, missing) in [(vec![], "view-clients"), (vec!["view-clients"], "manage-clients")] {
        fake.model().set_service_account("acme", "sdk", "canary-sdk-secret", &roles);
        let credential = ClientCredential::Secret(Secret::new("canary-sdk-secret"));
        let login =
            AdminLogin::service_account("sdk".parse().unwrap(), credential).realm("acme".parse().unwrap());
        let keycloak = Keycloak::builder(&fake.address()).unwrap().admin(login).build().unwrap();
        let error = keycloak.registrar("acme".parse().unwrap()).ensure(&spec()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().contains(missing), "{error}");
    }
}

#[tokio::test]
async fn two_workloads_of_one_subject_are_refused_before_anything_is_written() {
    let (fake, registrar) = acme().await;
    let federated = |id: &str| {
        let (issuer, subject) = ("spire".to_owned(), "spiffe://example.test/ns/a/sa/web".to_owned());
        ClientSpec::new(id.parse().unwrap(), "acme/prod/wordpress".parse().unwrap())
            .login(false)
            .service_account(true)
            .authentication(Authentication::Federated { issuer, subject })
    };
    registrar.ensure(&federated("web")).await.unwrap();
    let written = fake.model().requests().writes;
    let error = registrar.ensure(&federated("copy")).await.unwrap_err();
    assert_eq!(error.code(), Some("duplicate_subject"));
    assert!(error.to_string().contains("the client web"), "{error}");
    assert_eq!(fake.model().requests().writes, written);
    assert!(registrar.find(&"copy".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn disabling_and_removing_ask_who_owns_the_client() {
    let (_fake, registrar) = acme().await;
    registrar.ensure(&spec()).await.unwrap();
    let (id, owner) = ("wordpress".parse().unwrap(), "acme/prod/wordpress".parse().unwrap());
    let stranger = "acme/dev/other".parse().unwrap();
    for refused in
        [registrar.set_enabled(&id, &stranger, false).await, registrar.remove(&id, &stranger).await.map(drop)]
    {
        assert_eq!(refused.unwrap_err().code(), Some("not_owned"));
    }
    registrar.set_enabled(&id, &owner, false).await.unwrap();
    assert!(!registrar.find(&id).await.unwrap().unwrap().enabled);
    assert_eq!(registrar.ensure(&spec()).await.unwrap().outcome, Outcome::Unchanged, "it stays disabled");
    assert!(registrar.remove(&id, &owner).await.unwrap());
    assert!(!registrar.remove(&id, &owner).await.unwrap());
}

#[tokio::test]
async fn listing_goes_on_over_pages_of_a_large_realm() {
    let (fake, registrar) = acme().await;
    for n in 0..230 {
        fake.model().set_client("acme", &json!({ "clientId": format!("a-{n:03}") }));
    }
    registrar.ensure(&spec()).await.unwrap();
    let (mut from, mut found, mut pages) = (0, Vec::new(), 0);
    loop {
        let page = registrar.list(&"acme/prod/wordpress".parse().unwrap(), from).await.unwrap();
        found.extend(page.clients);
        pages += 1;
        match page.next {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(found.iter().map(|client| client.id.as_str()).collect::<Vec<_>>(), ["wordpress"]);
    assert_eq!(pages, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admin_tokens_of_a_minute_are_renewed_once_for_all() {
    let (fake, registrar) = acme().await;
    let ask = async || {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let registrar = registrar.clone();
            calls.spawn(async move { registrar.find(&"wordpress".parse().unwrap()).await.map(drop) });
        }
        calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        fake.model().requests().tokens
    };
    assert_eq!(ask().await, 1, "32 cold calls, one login");
    assert_eq!(ask().await, 1, "32 warm calls, none");
    fake.model().advance(Duration::from_secs(61));
    assert_eq!(ask().await, 2, "32 refusals of one token, one login more");
    assert_eq!(ask().await, 2);
}

#[tokio::test]
async fn faults_are_typed_bounded_and_pass() {
    let (fake, _) = acme().await;
    let retry = RetryConfig::new(2, Duration::from_secs(5));
    let keycloak = fake.builder().unwrap().timeout(Duration::from_millis(300)).retry(retry).build().unwrap();
    let registrar = keycloak.registrar("acme".parse().unwrap());
    registrar.ensure(&spec()).await.unwrap();
    let cases = [
        (FaultRule::status(503), ErrorKind::Unavailable),
        (FaultRule::status(429), ErrorKind::RateLimited),
        (FaultRule::new(Fault::Delay(Duration::from_secs(1))), ErrorKind::Timeout),
        (FaultRule::new(Fault::HalfBody), ErrorKind::Decode),
        (FaultRule::new(Fault::NotJson), ErrorKind::Decode),
        (FaultRule::new(Fault::OversizedBody(9 << 20)), ErrorKind::Decode),
    ];
    for (rule, kind) in cases {
        fake.faults().inject(rule.clone().reads().times(2));
        let error = registrar.ensure(&spec()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{rule:?}: {error:?}");
        fake.faults().clear();
        assert_eq!(registrar.ensure(&spec()).await.unwrap().outcome, Outcome::Unchanged);
    }
    fake.faults().inject(FaultRule::status(503).reads().times(1));
    registrar.ensure(&spec()).await.unwrap();
}

#[tokio::test]
async fn an_update_that_renews_an_ended_secret_gives_the_new_one() {
    let (fake, registrar) = acme().await;
    fake.model().set_rotation_policy("acme", true);
    let old = registrar.ensure(&spec()).await.unwrap().secret;
    fake.model().edit_client("acme", "wordpress", |client| {
        client["attributes"]["client.secret.expiration.time"] = json!("1000000000");
    });
    let renamed = registrar.ensure(&spec().name("Blog")).await.unwrap();
    let pair = registrar.secrets(spec().id()).await.unwrap();
    assert_ne!(old.as_ref(), Some(&pair.current), "the realm made a new one");
    assert_eq!(renamed.secret, Some(pair.current));
    assert!(renamed.changes.iter().any(|change| change.contains("had ended")), "{renamed:?}");
}

#[tokio::test]
async fn a_new_secret_is_never_asked_for_twice_in_doubt() {
    let (fake, registrar) = acme().await;
    fake.model().set_rotation_policy("acme", true);
    registrar.ensure(&spec()).await.unwrap();
    for rule in [FaultRule::status(503), FaultRule::status(502), FaultRule::new(Fault::DropAnswer)] {
        let before = fake.model().requests().of(Route::ClientSecret);
        fake.faults().inject(rule.clone().on(Route::ClientSecret).writes());
        let error = registrar.regenerate(spec().id()).await.unwrap_err();
        assert!(error.outcome_unknown(), "{rule:?}: {error:?}");
        assert_eq!(fake.model().requests().of(Route::ClientSecret) - before, 1, "{rule:?}");
    }
}

#[tokio::test]
async fn no_secret_is_printed_on_any_of_these_ways() {
    let logs = LogCapture::default();
    let _listening = logs.listen();
    let (fake, registrar) = acme().await;
    fake.model().set_rotation_policy("acme", true);
    let made = registrar.ensure(&spec()).await.unwrap();
    let first = made.secret.clone().unwrap();
    let second = registrar.regenerate(spec().id()).await.unwrap();
    let pair = registrar.secrets(spec().id()).await.unwrap();
    assert_eq!((&pair.current, pair.rotated.as_ref()), (&second, Some(&first)));
    let id = spec().id().clone();
    fake.faults().inject(FaultRule::new(Fault::HalfBody).on(Route::ClientSecret).times(3));
    let half = registrar.regenerate(&id).await.unwrap_err();
    assert!(half.outcome_unknown(), "{half:?}");
    let third = registrar.secrets(&id).await.unwrap().current;
    fake.model().edit_client("acme", "wordpress", |client| client["enabled"] = json!(false));
    let refused = registrar.accepts(&id, &third).await;
    let shown = format!("{made:?} {pair:?} {half} {half:?} {refused:?} {registrar:?} {:?}", spec());
    for secret in [&first, &second, &third] {
        assert!(!shown.contains(secret.expose()));
        logs.assert_absent(&[secret.expose()]);
    }
    logs.assert_absent(&["admin:admin", "password=admin"]);
    assert!(logs.text().contains("client registered"));
}
