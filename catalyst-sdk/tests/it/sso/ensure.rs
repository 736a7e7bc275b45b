//! What one declaration makes, and what a second run leaves alone.

use catalyst_sdk::ErrorKind;
use catalyst_sdk::keycloak::jose::{Algorithm, JwkSet};
use catalyst_sdk::keycloak::mock::{Fault, FaultRule};
use catalyst_sdk::keycloak::{ClientCredential, ClientSecrets, CredentialSource, Outcome};
use catalyst_sdk::openbao::mock as bao;
use catalyst_sdk::sso::SsoCredential;

use super::platform::{DAY, HOUR, Platform, REALM, wordpress};

#[tokio::test]
async fn one_declaration_makes_client_secret_and_settings_and_a_second_run_reads_twice() {
    let platform = Platform::new();
    let first = platform.sso.ensure(&wordpress()).await.unwrap();
    assert_eq!(first.outcome, Outcome::Created);
    assert_eq!(platform.steps(), ["client_ensured", "credential_stored"]);
    assert!(platform.works(&platform.stored_secret().await).await);
    let stored = platform.stored().await.unwrap();
    assert_eq!(stored.get("client_id").unwrap().expose(), "wordpress");
    assert_eq!(stored.get("issuer").unwrap().expose(), "https://auth.example.test/realms/acme-shop");
    for name in ["issued_at", "expires_at"] {
        assert!(stored.get(name).unwrap().expose().ends_with('Z'), "{name} is a date");
    }

    let (requests, kv) = (platform.keycloak.requests(), platform.kv_calls());
    let second = platform.another().ensure(&wordpress()).await.unwrap();
    let now = platform.keycloak.requests();
    assert_eq!((now.reads - requests.reads, now.writes - requests.writes), (1, 0));
    assert_eq!((platform.kv_calls().0 - kv.0, platform.kv_calls().1 - kv.1), (1, 0));
    assert_eq!((second.outcome, second.reads, second.writes), (Outcome::Unchanged, 2, 0));
    assert_eq!(first.stored, second.stored);
    assert_eq!(second.redirect_uris, ["https://blog.acme.test/oauth/callback"]);
}

#[tokio::test]
async fn whichever_call_to_keycloak_fails_the_next_run_finishes() {
    for fault in [Fault::Drop, Fault::DropAnswer] {
        for call in 0..12 {
            let platform = Platform::new();
            platform.keycloak.faults().inject(FaultRule::new(fault.clone()).after(call));
            let first = platform.sso.ensure(&wordpress()).await;
            platform.keycloak.faults().clear();
            platform.another().ensure(&wordpress()).await.unwrap();
            assert!(platform.works(&platform.stored_secret().await).await, "{fault:?} {call}: {first:?}");
        }
    }
}

#[tokio::test]
async fn whichever_call_to_openbao_fails_the_next_run_finishes() {
    for application in [wordpress(), wordpress().credential(SsoCredential::PrivateKeyJwt(Algorithm::Es256))] {
        for fault in [bao::Fault::Drop, bao::Fault::DropAnswer, bao::Fault::Refuse(bao::Refusal::sealed())] {
            for call in 0..5 {
                let platform = Platform::new();
                let rule = bao::FaultRule::new(fault.clone()).after(call);
                platform.bao.model().faults().inject(rule);
                let first = platform.sso.ensure(&application).await;
                platform.bao.model().faults().clear();
                let second = platform.another().ensure(&application).await.unwrap();
                assert!(platform.stored().await.is_some(), "{fault:?} {call}: {first:?}");
                let third = platform.another().ensure(&application).await.unwrap();
                assert_eq!((third.writes, &third.stored), (0, &second.stored), "{fault:?} {call}");
            }
        }
    }
}

#[tokio::test]
async fn eight_at_once_make_one_client_and_one_record() {
    let platform = Platform::new();
    let all: Vec<_> = (0..8).map(|_| platform.another()).collect();
    let application = wordpress();
    let runs = futures_util::future::join_all(all.iter().map(|sso| sso.ensure(&application))).await;
    for run in runs {
        run.unwrap();
    }
    assert!(platform.works(&platform.stored_secret().await).await);
    let again = platform.another().ensure(&application).await.unwrap();
    assert_eq!((again.outcome, again.writes), (Outcome::Unchanged, 0));
}

#[tokio::test]
async fn a_key_is_made_once_kept_in_openbao_and_its_public_half_registered() {
    let platform = Platform::new();
    let application = wordpress().credential(SsoCredential::PrivateKeyJwt(Algorithm::Es256));
    let settings = platform.sso.ensure(&application).await.unwrap();
    assert_eq!(platform.steps(), ["key_made", "credential_stored", "client_ensured"]);
    let stored = platform.stored().await.unwrap();
    let kid = stored.get("key_id").unwrap().expose().to_owned();
    let client = platform.keycloak.client(REALM, "wordpress").unwrap();
    assert!(client["attributes"]["jwks.string"].as_str().unwrap().contains(&kid));
    assert!(settings.stored.unwrap().properties.contains(&"private_key"));

    let second = platform.another().ensure(&application).await.unwrap();
    assert_eq!((second.reads, second.writes), (2, 0));
    let credential = platform.sso.credential(&application).await.unwrap();
    match credential.credential().unwrap() {
        ClientCredential::PrivateKeyJwt(key) => assert_eq!(key.kid(), kid),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_change_of_kind_replaces_what_is_stored_and_a_change_back_does_too() {
    let platform = Platform::new();
    let with_key = wordpress().credential(SsoCredential::PrivateKeyJwt(Algorithm::EdDsa));
    for _ in 0..2 {
        platform.sso.ensure(&wordpress()).await.unwrap();
        let stored = platform.stored().await.unwrap();
        assert!(stored.get("private_key").is_none());
        assert!(platform.works(&platform.stored_secret().await).await);
        platform.sso.ensure(&with_key).await.unwrap();
        let stored = platform.stored().await.unwrap();
        assert!(stored.get("private_key").is_some() && stored.get("client_secret").is_none());
    }
}

#[tokio::test]
async fn a_federated_client_has_nothing_stored() {
    let platform = Platform::new();
    let subject = "spiffe://acme.test/ns/prod/sa/wordpress".to_owned();
    let application =
        wordpress().credential(SsoCredential::Federated { issuer: "spire".to_owned(), subject });
    let settings = platform.sso.ensure(&application).await.unwrap();
    assert_eq!((settings.stored, platform.kv_calls()), (None, (0, 0)));
    let error = platform.sso.credential(&application).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("no_secret")));
    assert!(platform.sso.rotation(&application).is_err());
}

#[tokio::test]
async fn a_secret_made_by_hand_is_adopted_and_a_deleted_one_written_anew() {
    let platform = Platform::new();
    platform.sso.ensure(&wordpress()).await.unwrap();
    let old = platform.stored_secret().await;
    let made = platform.registrar().regenerate(&"wordpress".parse().unwrap()).await.unwrap();
    platform.sso.ensure(&wordpress()).await.unwrap();
    assert_eq!(platform.stored_secret().await, made);
    assert!(platform.works(&old).await, "applications that have not looked yet go on");

    let path = "org/acme-shop/env/prod/sso/wordpress".parse().unwrap();
    platform.kv().delete(&path, &[]).await.unwrap();
    platform.sso.ensure(&wordpress()).await.unwrap();
    assert_eq!(platform.stored_secret().await, made);
}

#[tokio::test]
async fn what_somebody_else_wrote_there_is_not_overwritten() {
    let platform = Platform::new();
    let path = "org/acme-shop/env/prod/sso/wordpress".parse().unwrap();
    let other = [("user", "somebody")].into();
    platform.kv().write(&path, &other, catalyst_sdk::openbao::WriteMode::Overwrite).await.unwrap();
    let error = platform.sso.ensure(&wordpress()).await.unwrap_err();
    assert_eq!(error.code(), Some("unreadable_record"));
    assert_eq!(platform.stored().await.unwrap().get("user").unwrap().expose(), "somebody");
}

#[tokio::test]
async fn removal_takes_client_and_secret_and_can_be_repeated() {
    let platform = Platform::new();
    platform.sso.ensure(&wordpress()).await.unwrap();
    assert!(platform.sso.remove(&wordpress()).await.unwrap());
    assert!(platform.keycloak.client(REALM, "wordpress").is_none());
    assert!(platform.stored().await.is_none());
    assert!(!platform.sso.remove(&wordpress()).await.unwrap());
    assert!(platform.sso.keeper().is_empty());
}

/// The identifiers of the keys that are registered.
fn registered(platform: &Platform) -> Vec<String> {
    let client = platform.keycloak.client(REALM, "wordpress").unwrap();
    let keys: JwkSet = serde_json::from_str(client["attributes"]["jwks.string"].as_str().unwrap()).unwrap();
    let mut kids: Vec<_> = keys.keys.into_iter().filter_map(|key| key.kid).collect();
    kids.sort();
    kids
}

async fn key_in_use(platform: &Platform) -> String {
    platform.stored().await.unwrap().get("key_id").unwrap().expose().to_owned()
}

#[tokio::test]
async fn a_key_is_replaced_with_both_registered_until_the_grace_is_over() {
    let platform = Platform::new();
    let application = wordpress().credential(SsoCredential::PrivateKeyJwt(Algorithm::Es256));
    platform.sso.ensure(&application).await.unwrap();
    let old = key_in_use(&platform).await;

    let until = platform.sso.rotate_key(&application).await.unwrap();
    let new = key_in_use(&platform).await;
    assert_ne!(new, old);
    let mut both = [new.clone(), old];
    both.sort();
    assert_eq!(registered(&platform), both);
    assert_eq!(platform.another().rotate_key(&application).await.unwrap(), until, "one at a time");
    platform.another().ensure(&application).await.unwrap();
    assert_eq!(registered(&platform), both, "another run keeps both");

    platform.jump(DAY + HOUR);
    platform.another().ensure(&application).await.unwrap();
    assert_eq!((registered(&platform), key_in_use(&platform).await), (vec![new.clone()], new));
    let settled = platform.another().ensure(&application).await.unwrap();
    assert_eq!((settled.reads, settled.writes), (2, 0));
    let secret = platform.sso.rotate_key(&wordpress()).await.unwrap_err();
    assert_eq!(secret.code(), Some("no_key"));
}

#[tokio::test]
async fn whichever_call_fails_while_a_key_is_replaced_the_key_in_use_is_registered() {
    let application = wordpress().credential(SsoCredential::PrivateKeyJwt(Algorithm::Es256));
    for call in 0..8 {
        for answer_lost in [false, true] {
            let platform = Platform::new();
            platform.sso.ensure(&application).await.unwrap();
            let old = key_in_use(&platform).await;
            let bao_fault = if answer_lost { bao::Fault::DropAnswer } else { bao::Fault::Drop };
            platform.bao.model().faults().inject(bao::FaultRule::new(bao_fault).after(call));
            let fault = if answer_lost { Fault::DropAnswer } else { Fault::Drop };
            platform.keycloak.faults().inject(FaultRule::new(fault).after(call));
            let tried = platform.another().rotate_key(&application).await;
            platform.bao.model().faults().clear();
            platform.keycloak.faults().clear();
            assert!(registered(&platform).contains(&key_in_use(&platform).await), "{call}: {tried:?}");
            platform.another().rotate_key(&application).await.unwrap();
            assert_ne!(key_in_use(&platform).await, old);
            assert_eq!(registered(&platform).len(), 2, "one new key, whatever failed ({call})");
        }
    }
}
