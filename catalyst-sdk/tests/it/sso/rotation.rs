//! Secrets that change while logins go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use catalyst_sdk::keycloak::rotation::{NextStep, Phase};
use catalyst_sdk::keycloak::{ClientCredential, CredentialSource};
use catalyst_sdk::openbao::mock::{Fault, FaultRule, MockOpenBao, Operation, Refusal};
use catalyst_sdk::openbao::{Mount, OpenBao};
use catalyst_sdk::sso::RotatingCredential;
use catalyst_sdk::{Catalyst, Secret, config::Config};
use tokio_util::sync::CancellationToken;

use super::platform::{DAY, HOUR, Platform, wordpress};

fn secret(credential: &RotatingCredential) -> Secret {
    match credential.credential().unwrap() {
        ClientCredential::Secret(secret) => secret,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn while_64_users_log_in_all_the_time_a_rotation_refuses_none() {
    let platform = Arc::new(Platform::new());
    platform.sso.ensure(&wordpress()).await.unwrap();
    let old = platform.stored_secret().await;
    let (stop, logins) = (CancellationToken::new(), Arc::new(AtomicU32::new(0)));
    // Eight replicas with eight users each.
    let mut users = Vec::new();
    for _ in 0..8 {
        let credential = platform.another().credential(&wordpress()).await.unwrap();
        for number in 0..8_u64 {
            let (platform, credential, stop, logins) =
                (Arc::clone(&platform), credential.clone(), stop.clone(), Arc::clone(&logins));
            users.push(tokio::spawn(async move {
                while !stop.is_cancelled() {
                    let held = secret(&credential);
                    // A request that takes its time.
                    tokio::time::sleep(Duration::from_secs(60 + number * 20)).await;
                    assert!(platform.works(&held).await, "a login was refused");
                    logins.fetch_add(1, Ordering::Relaxed);
                }
                secret(&credential)
            }));
        }
    }
    platform.pass(HOUR).await;
    let rotation = platform.sso.rotation(&wordpress()).unwrap();
    rotation.rotate_now().await.unwrap();
    let new = platform.stored_secret().await;
    platform.pass(25 * HOUR).await;
    rotation.advance().await.unwrap();
    assert!(!platform.works(&old).await, "the old one ended after its grace");
    platform.pass(HOUR).await;
    stop.cancel();
    for user in users {
        assert_eq!(user.await.unwrap(), new);
    }
    assert!(logins.load(Ordering::Relaxed) > 64 * 27 * 3600 / 220, "{logins:?}");
}

#[tokio::test(start_paused = true)]
async fn an_application_has_the_new_secret_after_a_minute_and_the_last_one_while_openbao_is_sealed() {
    let platform = Platform::new();
    platform.sso.ensure(&wordpress()).await.unwrap();
    let credential = platform.sso.credential(&wordpress()).await.unwrap();
    let old = secret(&credential);
    platform.sso.rotation(&wordpress()).unwrap().rotate_now().await.unwrap();
    assert_eq!(secret(&credential), old);
    platform.pass(Duration::from_secs(75)).await;
    let new = platform.stored_secret().await;
    assert!(secret(&credential) == new && new != old);
    assert_eq!(credential.rotating().generation(), 2, "one change, one generation");

    platform.bao.model().seal();
    platform.pass(30 * HOUR).await;
    assert_eq!(secret(&credential), new);
    assert!(credential.rotating().health().is_usable());
}

#[tokio::test(start_paused = true)]
async fn the_facade_replaces_a_secret_that_is_due_and_stops_with_it() {
    let platform = Platform::new();
    let mut config = Config::default();
    config.openbao.token = Some(Secret::new("unused"));
    let mount: Mount = "database".parse().unwrap();
    let catalyst = Catalyst::builder(config)
        .openbao(OpenBao::builder("http://127.0.0.1:1").unwrap().build().unwrap())
        .database_credentials(Arc::new(MockOpenBao::new().database(mount)))
        .sso(platform.sso.clone())
        .connect()
        .await
        .unwrap();
    let sso = catalyst.sso().unwrap();
    sso.ensure(&wordpress()).await.unwrap();
    let old = platform.stored_secret().await;
    platform.pass(HOUR).await;
    assert_eq!(platform.stored_secret().await, old, "nothing is due");

    platform.jump(84 * DAY);
    platform.pass(2 * HOUR).await;
    let new = platform.stored_secret().await;
    assert!(new != old && platform.works(&old).await && platform.works(&new).await);
    platform.pass(26 * HOUR).await;
    assert!(!platform.works(&old).await && platform.works(&new).await);
    let status = sso.rotation(&wordpress()).unwrap().status().await.unwrap().unwrap();
    assert_eq!((status.phase, status.number), (Phase::Idle, 2));
    catalyst.shutdown().await.ok();

    platform.jump(84 * DAY);
    platform.pass(3 * HOUR).await;
    assert_eq!(platform.stored_secret().await, new, "nobody looks after it any more");
}

#[tokio::test(start_paused = true)]
async fn a_new_secret_that_openbao_did_not_take_is_stored_later_and_not_made_again() {
    for fault in [Fault::Refuse(Refusal::sealed()), Fault::Drop, Fault::DropAnswer] {
        let platform = Platform::new();
        platform.sso.ensure(&wordpress()).await.unwrap();
        let old = platform.stored_secret().await;
        // The first write takes the lock; the second one would store the new secret.
        let rule = FaultRule::new(fault.clone()).on(Operation::KvWrite).after(1);
        platform.bao.model().faults().inject(rule);
        let rotation = platform.sso.rotation(&wordpress()).unwrap();
        assert!(rotation.rotate_now().await.is_err(), "{fault:?}");
        assert!(platform.works(&old).await);

        platform.jump(HOUR);
        let another = platform.another();
        let rotation = another.rotation(&wordpress()).unwrap();
        rotation.advance().await.unwrap();
        let new = platform.stored_secret().await;
        assert!(platform.works(&old).await && platform.works(&new).await && new != old, "{fault:?}");
        assert_eq!(rotation.status().await.unwrap().unwrap().number, 2, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_leaked_secret_ends_at_once() {
    let platform = Platform::new();
    platform.sso.ensure(&wordpress()).await.unwrap();
    let leaked = platform.stored_secret().await;
    let next = platform.sso.rotate_leaked(&wordpress()).await.unwrap();
    assert!(matches!(next, NextStep::At(when) if when > platform.clock.now() + 80 * DAY));
    assert!(!platform.works(&leaked).await && platform.works(&platform.stored_secret().await).await);
    assert!(platform.steps().ends_with(&["old_refused", "finished"]));
}

#[tokio::test(start_paused = true)]
async fn without_the_realms_policy_a_rotation_is_refused_and_logins_go_on() {
    let platform = Platform::new();
    platform.keycloak.set_rotation_policy(super::platform::REALM, false);
    platform.sso.ensure(&wordpress()).await.unwrap();
    let error = platform.sso.rotation(&wordpress()).unwrap().rotate_now().await.unwrap_err();
    assert_eq!(error.code(), Some("rotation_unsupported"));
    assert!(platform.works(&platform.stored_secret().await).await);
}
