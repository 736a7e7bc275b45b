//! Clients, their secrets, tokens and logins.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_keycloak::jose::{Algorithm, SigningKey};
use catalyst_keycloak::login::{LoginFlow, PendingLogin};
use catalyst_keycloak::mock::{Fault, FaultRule};
use catalyst_keycloak::rotation::{MemoryRecordStore, Policy, RecordStore, SecretRotation};
use catalyst_keycloak::testing::{Browser, FakeKeycloak};
use catalyst_keycloak::token::TokenVerifier;
use catalyst_keycloak::{
    AdminLogin, AdminRegistrar, Authentication, ClientCredential, ClientRegistrar, ClientSecrets, ClientSpec,
    CredentialSource, OidcClient, Secret, SharedSovereign, TokenSource,
};
use catalyst_openbao::mock::{Fault as BaoFault, FaultRule as BaoRule, Refusal};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{Mount, SecretStore};
use catalyst_sdk::sso::{AdminRegistrars, EnvType, Sso, SsoApplication};

use super::ear::{Canaries, listen};

/// Long enough that it is nobody else's text.
const ADMIN: &str = "canary-admin-password-5c1f";

#[tokio::test]
async fn nothing_of_keycloak_is_ever_printed() {
    let (mut canaries, _guard) = listen();
    let fake = FakeKeycloak::start().await;
    fake.model().set_realm("acme");
    fake.model().set_rotation_policy("acme", true);
    fake.model().set_service_account("acme", "sdk", ADMIN, &["manage-clients", "view-clients", "view-realm"]);
    canaries.plant(ADMIN);

    let registrar = registration(&mut canaries, &fake).await;
    tokens(&mut canaries, &fake, &registrar).await;
    rotation(&mut canaries, &registrar).await;
    keys(&mut canaries, &fake, &registrar).await;
    login(&mut canaries, &fake, &registrar).await;
    sso(&mut canaries, &fake).await;
    faults(&mut canaries, &fake, &registrar).await;

    let said = canaries.said.lock().unwrap().join("\n");
    assert!(!said.is_empty(), "no observer was told anything");
    canaries.logs.add(&said);
    let heard = canaries.logs.text();
    for expected in ["client registered", "request a token", "regenerate client secret"] {
        assert!(heard.contains(expected), "the capture is deaf: {expected}");
    }
    assert!(canaries.secrets.len() >= 9, "{} secrets", canaries.secrets.len());
    let planted: Vec<&str> = canaries.secrets.iter().map(String::as_str).collect();
    canaries.logs.assert_absent(&planted);
}

fn spec() -> ClientSpec {
    ClientSpec::new("wordpress".parse().unwrap(), "acme/prod/wordpress".parse().unwrap())
        .redirect_uri("https://blog.acme.test/oauth/callback".parse().unwrap())
        .service_account(true)
}

async fn registration(canaries: &mut Canaries, fake: &FakeKeycloak) -> AdminRegistrar {
    let login =
        AdminLogin::service_account("sdk".parse().unwrap(), ClientCredential::Secret(Secret::new(ADMIN)))
            .realm("acme".parse().unwrap());
    canaries.debug(&login);
    let retry = RetryConfig::new(2, Duration::from_secs(2));
    let builder = fake.builder().unwrap().admin(login).retry(retry).timeout(Duration::from_millis(500));
    canaries.debug(&builder);
    let keycloak = builder.build().unwrap();
    let registrar = keycloak.registrar("acme".parse().unwrap());
    let made = registrar.ensure(&spec()).await.unwrap();
    canaries.plant(made.secret.as_ref().unwrap().expose());
    canaries.debug(&made);
    canaries.debug(&registrar);
    canaries.debug(&registrar.find(spec().id()).await.unwrap());
    canaries.debug(&registrar.secrets(spec().id()).await.unwrap());
    registrar
}

async fn tokens(canaries: &mut Canaries, fake: &FakeKeycloak, registrar: &AdminRegistrar) {
    let realm = fake.realm("acme").unwrap();
    let secret = registrar.secrets(spec().id()).await.unwrap().current;
    let credential = ClientCredential::Secret(secret);
    canaries.debug(&credential);
    let client = OidcClient::builder(realm.clone(), spec().id().clone(), credential).build().unwrap();
    let set = client.client_credentials(&[]).await.unwrap();
    canaries.plant(set.access_token.expose());
    let signature = set.access_token.expose().rsplit('.').next().unwrap();
    canaries.plant(signature);
    canaries.debug(&set);
    canaries.debug(&client);
    let source = TokenSource::new(client.clone());
    canaries.plant(source.get().await.unwrap().access_token.expose());
    canaries.debug(&source);
    canaries.debug(&client.introspect(&set.access_token).await.unwrap());

    let verifier = TokenVerifier::builder(&realm, "wordpress").build().unwrap();
    canaries.debug(&verifier);
    canaries.debug(&verifier.verify_access(set.access_token.expose()).await.unwrap());
    let forged = format!("{}x", set.access_token.expose());
    canaries.error(verifier.verify_access(&forged).await);
    canaries.error(verifier.verify_access(&forged[..40]).await);
    let elsewhere = TokenVerifier::builder(&realm, "billing").build().unwrap();
    canaries.error(elsewhere.verify_access(set.access_token.expose()).await);

    let wrong = Secret::new("canary-wrong-secret-77aa");
    canaries.plant(wrong.expose());
    let stranger = ClientCredential::Secret(wrong);
    let client = OidcClient::builder(realm, spec().id().clone(), stranger).build().unwrap();
    canaries.error(client.client_credentials(&[]).await);
}

async fn rotation(canaries: &mut Canaries, registrar: &AdminRegistrar) {
    let store = Arc::new(MemoryRecordStore::new());
    let policy = Policy::default().grace(Duration::ZERO);
    let seen = Arc::clone(&canaries.said);
    let rotation = SecretRotation::new(
        spec().id().clone(),
        Arc::new(registrar.clone()) as Arc<dyn ClientSecrets>,
        Arc::clone(&store) as Arc<dyn RecordStore>,
        policy,
    )
    .observer(Arc::new(move |event| seen.lock().unwrap().push(format!("{event:?}"))));
    rotation.advance().await.unwrap();
    rotation.rotate_now().await.unwrap();
    canaries.debug(&rotation);
    canaries.debug(&rotation.status().await.unwrap());
    let (record, _) = store.load().await.unwrap().unwrap();
    canaries.plant(record.current.expose());
    canaries.debug(&record);
    canaries.debug(&store);
}

async fn keys(canaries: &mut Canaries, fake: &FakeKeycloak, registrar: &AdminRegistrar) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    // A key would be printed as a list of numbers, or as base64 of its middle.
    let bytes = key.to_pkcs8().expose();
    canaries.plant(&format!("{:?}", &bytes[40..60]).replace(['[', ']'], ""));
    let spec = ClientSpec::new("signer".parse().unwrap(), "acme/prod/signer".parse().unwrap())
        .login(false)
        .service_account(true)
        .authentication(Authentication::PrivateKeyJwt(key.public_set()));
    canaries.debug(&registrar.ensure(&spec).await.unwrap());
    let assertion = key.sign("JWT", &serde_json::json!({ "sub": "canary" })).unwrap();
    canaries.plant(assertion.expose());
    canaries.debug(&assertion);
    canaries.debug(&key);
    let credential = ClientCredential::PrivateKeyJwt(Arc::new(key));
    canaries.debug(&credential);
    let realm = fake.realm("acme").unwrap();
    let client = OidcClient::builder(realm, spec.id().clone(), credential).build().unwrap();
    canaries.plant(client.client_credentials(&[]).await.unwrap().access_token.expose());
}

async fn login(canaries: &mut Canaries, fake: &FakeKeycloak, registrar: &AdminRegistrar) {
    let password = "canary-user-password-91ab";
    canaries.plant(password);
    fake.model().set_user("acme", "maria", password);
    let realm = fake.realm("acme").unwrap();
    let secret = registrar.secrets(spec().id()).await.unwrap().current;
    let client = OidcClient::builder(realm.clone(), spec().id().clone(), ClientCredential::Secret(secret))
        .build()
        .unwrap();
    let verifier = TokenVerifier::builder(&realm, "wordpress").client(spec().id().clone()).build().unwrap();
    let flow = LoginFlow::builder(client, verifier, "https://blog.acme.test/oauth/callback").unwrap().build();
    canaries.debug(&flow);

    let start = flow.start().await.unwrap();
    canaries.debug(&start.pending);
    canaries.plant(start.pending.expose().expose());
    let mut browser = Browser::new().unwrap();
    let back = browser.log_in(&start.url, "maria", password).await.unwrap();
    let query = back.query().unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    canaries.plant(&code);
    let kept = PendingLogin::restore(&start.pending.expose()).unwrap();
    let session = flow.finish(start.pending, query).await.unwrap();
    let tokens = &session.tokens;
    let given = [Some(&tokens.access_token), tokens.refresh_token.as_ref(), tokens.id_token.as_ref()];
    for token in given.into_iter().flatten() {
        canaries.plant(token.expose());
    }
    canaries.debug(&session);
    let refreshed = flow.refresh(&session).await.unwrap();
    canaries.debug(&refreshed);
    flow.end(&refreshed).await.unwrap();
    canaries.error(flow.refresh(&refreshed).await);
    canaries.error(flow.finish(kept, query).await);
    let start = flow.start().await.unwrap();
    canaries.error(flow.finish(start.pending, query).await);
}

async fn sso(canaries: &mut Canaries, fake: &FakeKeycloak) {
    let bao = FakeOpenBao::start().await;
    let mount: Mount = "secret".parse().unwrap();
    let store: Arc<dyn SecretStore> = Arc::new(bao.client().unwrap().kv(mount.clone()));
    let admin = AdminLogin::bootstrap("admin", Secret::new("admin"));
    let seen = Arc::clone(&canaries.said);
    let sso = Sso::builder(SharedSovereign::new(fake.address()), AdminRegistrars::new(admin), store, mount)
        .observer(Arc::new(move |event| seen.lock().unwrap().push(format!("{event:?}"))))
        .build();
    canaries.debug(&sso);
    let app = SsoApplication::new("acme".parse().unwrap(), EnvType::Prod, "blog")
        .unwrap()
        .redirect_uri("https://blog.acme.test/oauth/callback".parse().unwrap())
        .client(|client| client.service_account(true));
    let settings = sso.ensure(&app).await.unwrap();
    canaries.debug(&settings);
    let yaml = settings.stored.as_ref().unwrap().external_secret("blog-sso", "acme-prod").unwrap();
    canaries.show(&yaml);
    let credential = sso.credential(&app).await.unwrap();
    canaries.debug(&credential);
    let ClientCredential::Secret(secret) = credential.credential().unwrap() else { panic!("not a secret") };
    canaries.plant(secret.expose());
    sso.rotate_leaked(&app).await.unwrap();
    canaries.plant(fake.model().client("acme", "blog").unwrap()["secret"].as_str().unwrap());
    bao.faults().inject(BaoRule::new(BaoFault::Refuse(Refusal::sealed())).until_cleared());
    canaries.error(sso.ensure(&app).await);
}

async fn faults(canaries: &mut Canaries, fake: &FakeKeycloak, registrar: &AdminRegistrar) {
    let id = spec().id().clone();
    let faults = [
        Fault::Drop,
        Fault::DropAnswer,
        Fault::HalfBody,
        Fault::NotJson,
        Fault::Delay(Duration::from_secs(1)),
        Fault::OversizedBody(9 << 20),
    ];
    for fault in faults {
        fake.faults().inject(FaultRule::new(fault).until_cleared());
        canaries.error(registrar.secrets(&id).await);
        canaries.error(registrar.regenerate(&id).await);
        canaries.error(registrar.ensure(&spec()).await);
        fake.faults().clear();
        canaries.plant(registrar.secrets(&id).await.unwrap().current.expose());
    }
    fake.model().remove_client("acme", "wordpress");
    canaries.error(registrar.secrets(&id).await);
}
