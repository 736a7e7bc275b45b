//! `ensure` and its like, as the server sees them.

use catalyst_core::{ErrorKind, Secret};
use catalyst_keycloak::{
    AdminLogin, ClientCredential, ClientRegistrar, ClientSpec, Keycloak, Outcome, Registration,
};
use catalyst_tests::servers::keycloak_setup;
use serde_json::json;

use super::stage::{OWNER, Stage, administrator, code, robot};
use super::wire::Wire;

fn shop(id: &str) -> ClientSpec {
    ClientSpec::new(id.parse().unwrap(), OWNER.parse().unwrap())
        .name("The shop")
        .redirect_uri("https://shop.acme.test/oauth/callback".parse().unwrap())
        .audience("orders-api")
        .role("editor")
        .service_account(true)
}

fn cost(registration: &Registration) -> (Outcome, u32, u32) {
    (registration.outcome, registration.reads, registration.writes)
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_second_run_is_one_read_and_no_write() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let spec = shop("twice").attribute("team", "shop").optional_scope("phone");
    let first = registrar.ensure(&spec).await.unwrap();
    assert_eq!(first.outcome, Outcome::Created);
    let second = registrar.ensure(&spec).await.unwrap();
    assert_eq!(cost(&second), (Outcome::Unchanged, 1, 0), "{:?}", second.changes);
    assert_eq!(first.secret, second.secret);
    assert!(stage.lets_in("twice", &second.secret.unwrap()).await);

    let client = stage.client("twice").await.unwrap();
    assert_eq!(client["redirectUris"], json!(["https://shop.acme.test/oauth/callback"]));
    let audiences = client["protocolMappers"].as_array().unwrap().iter();
    let mut audiences: Vec<_> = audiences
        .filter(|mapper| mapper["protocolMapper"] == "oidc-audience-mapper")
        .filter_map(|mapper| {
            let config = &mapper["config"];
            config["included.client.audience"].as_str().or(config["included.custom.audience"].as_str())
        })
        .collect();
    audiences.sort_unstable();
    assert_eq!(audiences, ["orders-api", "twice"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn six_at_once_make_one_client() {
    let stage = Stage::plain().await;
    let runs: Vec<_> = (0..6)
        .map(|_| {
            // Each with a login of its own, as six processes have.
            let registrar = stage.keycloak().registrar(stage.name().clone());
            tokio::spawn(async move { registrar.ensure(&shop("six")).await })
        })
        .collect();
    let mut secrets = Vec::new();
    for run in runs {
        secrets.extend(run.await.unwrap().unwrap().secret);
    }
    assert_eq!((secrets.len(), stage.count("six").await), (6, 1));
    assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    assert!(stage.lets_in("six", &secrets[0]).await);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_create_whose_answer_was_lost_is_found_and_not_repeated() {
    let stage = Stage::plain().await;
    let create = format!("POST /admin/realms/{}/clients ", stage.name());
    let wire = Wire::to(stage.server.address(), &create).await;
    let keycloak = Keycloak::builder(wire.address()).unwrap().admin(administrator()).build().unwrap();
    let registrar = keycloak.registrar(stage.name().clone());
    wire.cut(1);
    let made = registrar.ensure(&shop("lost")).await.unwrap();
    assert_eq!((made.outcome, wire.left()), (Outcome::Created, 0));
    assert_eq!(stage.count("lost").await, 1);
    assert!(stage.lets_in("lost", &made.secret.unwrap()).await);
    assert_eq!(cost(&registrar.ensure(&shop("lost")).await.unwrap()), (Outcome::Unchanged, 1, 0));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn drift_is_told_and_undone_and_the_rest_is_kept() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let before = registrar.ensure(&shop("drift")).await.unwrap();
    stage
        .admin
        .edit_client(stage.name().as_str(), "drift", |client| {
            client["redirectUris"] = json!(["https://evil.test/*"]);
            client["protocolMappers"] = json!([]);
            client["consentRequired"] = json!(true);
            client["attributes"]["by.hand"] = json!("kept");
        })
        .await
        .unwrap();
    let undone = registrar.ensure(&shop("drift")).await.unwrap();
    assert_eq!(undone.outcome, Outcome::Updated);
    let told = undone.changes.join("\n");
    assert!(told.contains("redirectUris") && told.contains("audience"), "{told}");
    assert_eq!(undone.secret, before.secret);

    let client = stage.client("drift").await.unwrap();
    assert_eq!(client["redirectUris"], json!(["https://shop.acme.test/oauth/callback"]));
    assert_eq!(client["attributes"]["by.hand"], "kept");
    assert_eq!(client["consentRequired"], true, "nobody declared that");
    assert_eq!(cost(&registrar.ensure(&shop("drift")).await.unwrap()), (Outcome::Unchanged, 1, 0));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_missing_role_is_named() {
    let stage = Stage::plain().await;
    let (realm, secret) = (stage.name().as_str(), Secret::new("s3cret"));
    for (id, roles, needed) in [
        ("may-look", &["view-clients"][..], "manage-clients"),
        ("may-nothing", &["view-events"], "view-clients"),
    ] {
        keycloak_setup::service_account(&stage.admin, realm, id, &secret, roles).await.unwrap();
        let login =
            AdminLogin::service_account(id.parse().unwrap(), ClientCredential::Secret(secret.clone()))
                .realm(stage.name().clone());
        let keycloak = Keycloak::builder(stage.server.address()).unwrap().admin(login).build().unwrap();
        let error = keycloak.registrar(stage.name().clone()).ensure(&shop("forbidden")).await.unwrap_err();
        assert_eq!(
            (error.kind(), code(&error)),
            (ErrorKind::PermissionDenied, "permission_denied"),
            "{error}"
        );
        assert!(error.help().unwrap().contains(needed), "{error}");
    }
    assert_eq!(stage.client("forbidden").await, None);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_service_account_of_the_realm_with_two_roles_is_enough() {
    let stage = Stage::plain().await;
    let (realm, secret) = (stage.name().as_str(), Secret::new("s3cret"));
    let roles = ["view-clients", "manage-clients"];
    keycloak_setup::service_account(&stage.admin, realm, "registrar", &secret, &roles).await.unwrap();
    let login = AdminLogin::service_account("registrar".parse().unwrap(), ClientCredential::Secret(secret))
        .realm(stage.name().clone());
    let keycloak = Keycloak::builder(stage.server.address()).unwrap().admin(login).build().unwrap();
    let registrar = keycloak.registrar(stage.name().clone());
    assert_eq!(registrar.ensure(&shop("by-robot")).await.unwrap().outcome, Outcome::Created);
    let (id, owner) = ("by-robot".parse().unwrap(), OWNER.parse().unwrap());
    assert!(registrar.remove(&id, &owner).await.unwrap());
    assert!(!registrar.remove(&id, &owner).await.unwrap());
    assert_eq!(stage.client("by-robot").await, None);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn what_belongs_to_others_is_left_alone_and_found_by_no_listing() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    registrar.ensure(&robot("theirs")).await.unwrap();
    let other = ClientSpec::new("theirs".parse().unwrap(), "bank/prod/shop".parse().unwrap())
        .login(false)
        .service_account(true);
    let error = registrar.ensure(&other).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Conflict, "not_owned"), "{error}");
    let error = registrar.remove(&"account".parse().unwrap(), other.owner()).await.unwrap_err();
    assert_eq!(code(&error), "not_owned", "{error}");

    let mut listed = Vec::new();
    let mut from = Some(0);
    while let Some(position) = from {
        let page = registrar.list(&OWNER.parse().unwrap(), position).await.unwrap();
        listed.extend(page.clients.into_iter().map(|client| client.id.to_string()));
        from = page.next;
    }
    assert!(listed.contains(&"theirs".to_owned()) && !listed.contains(&"account".to_owned()), "{listed:?}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_disabled_client_gets_no_token_until_it_is_enabled() {
    let stage = Stage::plain().await;
    let registrar = stage.keycloak().registrar(stage.name().clone());
    let secret = registrar.ensure(&robot("paused")).await.unwrap().secret.unwrap();
    let client = stage.oidc("paused", ClientCredential::Secret(secret));
    let (id, owner) = ("paused".parse().unwrap(), OWNER.parse().unwrap());
    registrar.set_enabled(&id, &owner, false).await.unwrap();
    assert_eq!(code(&client.client_credentials(&[]).await.unwrap_err()), "bad_credentials");
    assert!(!registrar.find(&id).await.unwrap().unwrap().enabled);
    registrar.set_enabled(&id, &owner, true).await.unwrap();
    client.client_credentials(&[]).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_realm_that_is_not_there_is_told_from_a_client_that_is_not() {
    let stage = Stage::plain().await;
    let keycloak = stage.keycloak();
    let error = keycloak.registrar("nowhere".parse().unwrap()).ensure(&shop("x")).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::NotFound, "realm_not_found"), "{error}");
    let found = keycloak.registrar(stage.name().clone()).find(&"nobody".parse().unwrap()).await.unwrap();
    assert!(found.is_none());
}
