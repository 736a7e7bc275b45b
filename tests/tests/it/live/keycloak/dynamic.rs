//! Dynamic registration, as the server sees it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{ErrorKind, Secret};
use catalyst_keycloak::{
    ClientCredential, ClientId, ClientRegistrar, ClientSpec, DynamicRegistrar, ManagementRole,
    MemoryRegistrationStore, Outcome, Owner, RegistrationAccess, RegistrationStore, Result,
    StoredRegistration, TokenSource,
};

use super::stage::{OWNER, Stage, code, robot};

/// One store for several registrars.
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

fn shop(id: &str) -> ClientSpec {
    ClientSpec::new(id.parse().unwrap(), OWNER.parse().unwrap())
        .redirect_uri("https://shop.acme.test/oauth/callback".parse().unwrap())
        .service_account(true)
}

fn registrar(stage: &Stage, access: RegistrationAccess, store: &Shared) -> DynamicRegistrar {
    DynamicRegistrar::builder(stage.realm.clone(), access, store.clone()).build().unwrap()
}

async fn initial(stage: &Stage, registrations: u32) -> RegistrationAccess {
    let realm = stage.keycloak().realm(stage.name().clone());
    let access = realm.create_initial_access(registrations, Duration::from_secs(600)).await.unwrap();
    RegistrationAccess::Initial(access.token.unwrap())
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_client_is_registered_changed_and_removed_with_tokens_only() {
    let stage = Stage::open("dynamic", false).await;
    let store = Shared::default();
    let dynamic = registrar(&stage, initial(&stage, 1).await, &store);
    let realm = stage.keycloak().realm(stage.name().clone());
    realm.allow_audience_mappers().await.unwrap();
    assert!(realm.allow_audience_mappers().await.unwrap().is_unchanged());

    let made = dynamic.ensure(&shop("dynamic-shop")).await.unwrap();
    assert_eq!((made.outcome, made.writes), (Outcome::Created, 1));
    assert!(stage.lets_in("dynamic-shop", &made.secret.unwrap()).await);
    let same = dynamic.ensure(&shop("dynamic-shop")).await.unwrap();
    assert_eq!((same.outcome, same.reads, same.writes), (Outcome::Unchanged, 1, 0), "{:?}", same.changes);
    // Twice, for each update brings another token.
    for audience in ["orders", "invoices"] {
        let changed = dynamic.ensure(&shop("dynamic-shop").audience(audience)).await.unwrap();
        assert_eq!((changed.outcome, changed.writes), (Outcome::Updated, 1));
    }
    let spec = shop("dynamic-shop").audience("invoices");
    let administrator = stage.keycloak().registrar(stage.name().clone());
    let seen = administrator.ensure(&spec).await.unwrap();
    assert_eq!(seen.outcome, Outcome::Unchanged, "both registrars mean the same: {:?}", seen.changes);

    let error = dynamic.ensure(&shop("one-too-many")).await.unwrap_err();
    assert_eq!(code(&error), "initial_token_used_up", "{error}");
    let id: ClientId = "dynamic-shop".parse().unwrap();
    let stranger: Owner = "acme/prod/other".parse().unwrap();
    assert_eq!(code(&dynamic.remove(&id, &stranger).await.unwrap_err()), "not_owned");
    assert!(dynamic.remove(&id, &OWNER.parse().unwrap()).await.unwrap());
    assert!(!dynamic.remove(&id, &OWNER.parse().unwrap()).await.unwrap());
    assert!(stage.client("dynamic-shop").await.is_none());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_realm_that_allows_no_audience_mapper_says_so() {
    let stage = Stage::open("dynamic-strict", false).await;
    let strict = registrar(&stage, initial(&stage, 1).await, &Shared::default());
    let error = strict.ensure(&shop("strict")).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::PermissionDenied, "mapper_not_allowed"), "{error}");
    let stranger = RegistrationAccess::Initial(Secret::new("made-up"));
    let error = registrar(&stage, stranger, &Shared::default()).ensure(&shop("strict")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn six_at_once_make_one_client_whose_token_all_know() {
    let stage = Stage::open("dynamic", false).await;
    stage.keycloak().realm(stage.name().clone()).allow_audience_mappers().await.unwrap();
    let store = Shared::default();
    let access = initial(&stage, 6).await;
    let runs: Vec<_> = (0..6)
        .map(|_| {
            let dynamic = registrar(&stage, access.clone(), &store);
            tokio::spawn(async move { dynamic.ensure(&shop("dynamic-six")).await })
        })
        .collect();
    let mut created = 0;
    for run in runs {
        created += u32::from(run.await.unwrap().unwrap().outcome == Outcome::Created);
    }
    assert_eq!((created, stage.count("dynamic-six").await), (1, 1));
    let named = shop("dynamic-six").name("Six");
    assert_eq!(registrar(&stage, access, &store).ensure(&named).await.unwrap().outcome, Outcome::Updated);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_lost_token_is_told_and_a_service_account_goes_on_without_it() {
    let stage = Stage::open("dynamic", false).await;
    let realm = stage.keycloak().realm(stage.name().clone());
    realm.allow_audience_mappers().await.unwrap();
    let store = Shared::default();
    let dynamic = registrar(&stage, initial(&stage, 2).await, &store);
    dynamic.ensure(&shop("dynamic-lost")).await.unwrap();
    let id: ClientId = "dynamic-lost".parse().unwrap();
    let (kept, version) = store.load(&id).await.unwrap().unwrap();
    let lost = StoredRegistration::new(kept.owner.clone(), Secret::new("lost"));
    store.save(&id, &lost, Some(version)).await.unwrap();
    let error = dynamic.ensure(&shop("dynamic-lost")).await.unwrap_err();
    assert_eq!(code(&error), "registration_token_lost", "{error}");

    for (role, goes_on) in [(ManagementRole::CreateClient, false), (ManagementRole::ManageClients, true)] {
        let name = format!("account-{}", role.as_str());
        let made = realm.ensure_service_account(&robot(&name), &[role]).await.unwrap();
        let account = stage.oidc(&name, ClientCredential::Secret(made.registration.secret.unwrap()));
        let access = RegistrationAccess::ServiceAccount(TokenSource::new(account));
        let dynamic = registrar(&stage, access, &store);
        let own = format!("dynamic-by-{}", role.as_str());
        assert_eq!(dynamic.ensure(&shop(&own)).await.unwrap().outcome, Outcome::Created);
        assert_eq!(dynamic.ensure(&shop(&own)).await.unwrap().outcome, Outcome::Unchanged);
        match dynamic.ensure(&shop("dynamic-lost").name("Found")).await {
            Ok(found) => assert!(goes_on && found.outcome == Outcome::Updated),
            Err(error) => assert!(!goes_on && code(&error) == "registration_token_lost", "{error}"),
        }
    }
    // The token of a client that is stopped is stopped with it.
    let (id, owner): (ClientId, Owner) = ("dynamic-stopped".parse().unwrap(), OWNER.parse().unwrap());
    dynamic.ensure(&shop("dynamic-stopped")).await.unwrap();
    dynamic.set_enabled(&id, &owner, false).await.unwrap();
    let error = dynamic.set_enabled(&id, &owner, true).await.unwrap_err();
    assert_eq!(code(&error), "registration_token_lost", "{error}");
    stage.keycloak().registrar(stage.name().clone()).set_enabled(&id, &owner, true).await.unwrap();
    assert_eq!(dynamic.ensure(&shop("dynamic-stopped")).await.unwrap().outcome, Outcome::Unchanged);
}
