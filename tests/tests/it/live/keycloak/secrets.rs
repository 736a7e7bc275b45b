//! Secrets, under a rotation policy and without one.

use catalyst_keycloak::{ClientRegistrar, ClientSecrets};

use super::stage::{Stage, code, robot};

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn under_the_policy_two_secrets_work_until_the_old_one_is_ended() {
    let stage = Stage::rotating().await;
    let (registrar, id) = (stage.keycloak().registrar(stage.name().clone()), "two".parse().unwrap());
    let first = registrar.ensure(&robot("two")).await.unwrap().secret.unwrap();
    assert!(registrar.overlaps(&id).await.unwrap());
    assert!(!registrar.end_rotated(&id).await.unwrap());

    let second = registrar.regenerate(&id).await.unwrap();
    assert!(stage.lets_in("two", &first).await && stage.lets_in("two", &second).await);
    let pair = registrar.secrets(&id).await.unwrap();
    assert_eq!((&pair.current, pair.rotated.as_ref()), (&second, Some(&first)));
    let (made, ends) = (pair.created_at.unwrap(), pair.expires_at.unwrap());
    assert_eq!(ends.duration_since(made).unwrap().as_secs(), 97 * 24 * 3600);

    // One regeneration more, and the first of three is gone.
    let third = registrar.regenerate(&id).await.unwrap();
    assert!(!stage.lets_in("two", &first).await && stage.lets_in("two", &second).await);
    assert!(registrar.end_rotated(&id).await.unwrap());
    assert!(!registrar.accepts(&id, &second).await.unwrap() && registrar.accepts(&id, &third).await.unwrap());
    assert_eq!(registrar.ensure(&robot("two")).await.unwrap().writes, 0, "a rotation is no drift");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn without_the_policy_the_old_secret_ends_at_once() {
    let stage = Stage::plain().await;
    let (registrar, id) = (stage.keycloak().registrar(stage.name().clone()), "one".parse().unwrap());
    let first = registrar.ensure(&robot("one")).await.unwrap().secret.unwrap();
    assert!(!registrar.overlaps(&id).await.unwrap());
    let second = registrar.regenerate(&id).await.unwrap();
    assert!(!stage.lets_in("one", &first).await && stage.lets_in("one", &second).await);
    assert_eq!(registrar.secrets(&id).await.unwrap().rotated, None);
    let nobody = registrar.secrets(&"nobody".parse().unwrap()).await.unwrap_err();
    assert_eq!(code(&nobody), "client_not_found");
}
