//! Secrets, and the overlap in which two of them work.

use catalyst_core::{ErrorKind, Secret};

use super::{Operator, Subject, done, refused};
use crate::jose::{Algorithm, SigningKey};
use crate::{Authentication, ClientRegistrar, ClientSecrets, Outcome};

/// All checks for a realm without the policy, one after the other.
pub async fn without_policy(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    a_new_secret_ends_the_old_one_at_once(registrar, secrets, operator).await;
    a_secret_is_told_from_a_wrong_one(registrar, secrets, operator).await;
    a_client_without_a_secret_has_none_to_rotate(registrar, secrets, operator).await;
    a_client_that_is_not_there_has_no_secrets(secrets).await;
}

/// All checks for a realm with the policy, one after the other.
pub async fn with_policy(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    the_old_secret_works_until_it_is_ended(registrar, secrets, operator).await;
    only_the_latest_two_work(registrar, secrets, operator).await;
    registration_keeps_both_secrets(registrar, secrets, operator).await;
}

async fn begin(registrar: &dyn ClientRegistrar, subject: &Subject) -> Secret {
    let made = done(registrar.ensure(&subject.spec()).await, "ensure");
    assert_eq!(made.outcome, Outcome::Created);
    match made.secret {
        Some(secret) => secret,
        None => panic!("a client with a secret comes with it"),
    }
}

/// Without the policy there is no overlap, and that can be asked.
pub async fn a_new_secret_ends_the_old_one_at_once(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    let subject = Subject::new();
    let old = begin(registrar, &subject).await;
    assert!(!done(secrets.overlaps(&subject.id).await, "ask for the policy"));
    let new = done(secrets.regenerate(&subject.id).await, "regenerate");
    assert_ne!(old, new);
    assert!(operator.lets_in(&subject.id, &new).await && !operator.lets_in(&subject.id, &old).await);
    let pair = done(secrets.secrets(&subject.id).await, "read the secrets");
    assert!(pair.current == new && pair.rotated.is_none() && pair.expires_at.is_none());
    assert!(!done(secrets.end_rotated(&subject.id).await, "end nothing"));
    operator.remove(&subject.id).await;
}

/// Whether a secret works is an answer, not an error.
pub async fn a_secret_is_told_from_a_wrong_one(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    let subject = Subject::new();
    let secret = begin(registrar, &subject).await;
    assert!(done(secrets.accepts(&subject.id, &secret).await, "try the secret"));
    for wrong in ["wrong", "with spaces & signs=+%", ""] {
        assert!(
            !done(secrets.accepts(&subject.id, &Secret::new(wrong)).await, "try a wrong secret"),
            "{wrong:?}"
        );
    }
    done(registrar.set_enabled(&subject.id, &subject.owner, false).await, "disable");
    assert!(!done(secrets.accepts(&subject.id, &secret).await, "try the secret of a disabled client"));
    operator.remove(&subject.id).await;
    assert!(!done(secrets.accepts(&subject.id, &secret).await, "try the secret of a client that is gone"));
}

/// The server keeps a secret for such a client, too; it is of no use.
pub async fn a_client_without_a_secret_has_none_to_rotate(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    let subject = Subject::new();
    let key = done(SigningKey::generate(Algorithm::Es256), "make a key");
    let spec = subject.spec().authentication(Authentication::PrivateKeyJwt(key.public_set()));
    assert!(done(registrar.ensure(&spec).await, "ensure").secret.is_none());
    refused(secrets.secrets(&subject.id).await, ErrorKind::InvalidRequest, "no_secret");
    refused(secrets.regenerate(&subject.id).await, ErrorKind::InvalidRequest, "no_secret");
    operator.remove(&subject.id).await;
}

/// Nothing is guessed.
pub async fn a_client_that_is_not_there_has_no_secrets(secrets: &dyn ClientSecrets) {
    let subject = Subject::new();
    refused(secrets.secrets(&subject.id).await, ErrorKind::NotFound, "client_not_found");
    refused(secrets.regenerate(&subject.id).await, ErrorKind::NotFound, "client_not_found");
    refused(secrets.end_rotated(&subject.id).await, ErrorKind::NotFound, "client_not_found");
}

/// Both work; ending the old one takes effect at once and can be repeated.
pub async fn the_old_secret_works_until_it_is_ended(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    let subject = Subject::new();
    let old = begin(registrar, &subject).await;
    assert!(done(secrets.overlaps(&subject.id).await, "ask for the policy"));
    assert!(!done(secrets.end_rotated(&subject.id).await, "end nothing"));
    let new = done(secrets.regenerate(&subject.id).await, "regenerate");
    assert!(operator.lets_in(&subject.id, &old).await && operator.lets_in(&subject.id, &new).await);
    let pair = done(secrets.secrets(&subject.id).await, "read the secrets");
    assert!(pair.current == new && pair.rotated.as_ref() == Some(&old));
    assert!(pair.created_at.is_some() && pair.expires_at > pair.created_at, "{pair:?}");
    assert!(
        pair.rotated_expires_at > pair.created_at && pair.rotated_expires_at < pair.expires_at,
        "{pair:?}"
    );
    assert!(done(secrets.end_rotated(&subject.id).await, "end the old one"));
    assert!(!done(secrets.end_rotated(&subject.id).await, "end it again"));
    assert!(!operator.lets_in(&subject.id, &old).await && operator.lets_in(&subject.id, &new).await);
    assert!(done(secrets.secrets(&subject.id).await, "read the secrets").rotated.is_none());
    operator.remove(&subject.id).await;
}

/// One more regeneration ends the oldest: why a rotation must never begin twice.
pub async fn only_the_latest_two_work(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    let subject = Subject::new();
    let first = begin(registrar, &subject).await;
    let second = done(secrets.regenerate(&subject.id).await, "regenerate");
    let third = done(secrets.regenerate(&subject.id).await, "regenerate again");
    let mut in_force = Vec::new();
    for secret in [&first, &second, &third] {
        in_force.push(done(secrets.accepts(&subject.id, secret).await, "try a secret"));
    }
    assert_eq!(in_force, [false, true, true]);
    operator.remove(&subject.id).await;
}

/// An update in the middle of a rotation ends neither.
pub async fn registration_keeps_both_secrets(
    registrar: &dyn ClientRegistrar,
    secrets: &dyn ClientSecrets,
    operator: &dyn Operator,
) {
    let subject = Subject::new();
    let old = begin(registrar, &subject).await;
    let new = done(secrets.regenerate(&subject.id).await, "regenerate");
    let unchanged = done(registrar.ensure(&subject.spec()).await, "ensure");
    assert_eq!((unchanged.outcome, unchanged.secret.as_ref() == Some(&new)), (Outcome::Unchanged, true));
    let updated = done(registrar.ensure(&subject.spec().description("changed")).await, "update");
    assert_eq!((updated.outcome, updated.secret.as_ref() == Some(&new)), (Outcome::Updated, true));
    assert!(operator.lets_in(&subject.id, &old).await && operator.lets_in(&subject.id, &new).await);
    operator.remove(&subject.id).await;
}
