//! What operators do with a whole server, from its first start on.
//!
//! The checks need a server that was never initialised, whose listener allows to generate root tokens without a
//! session, and a client of it for each token: [`Connect`].

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};

use super::{PATIENCE, done, refused};
use crate::{
    HealthStatus, InitRequest, Initialized, KeyKind, KeyShare, KeySplit, OpenBao, RekeyProgress,
    RekeyRequest, RootProgress, VerificationProgress,
};

/// Makes a client of the server: with this token, or one that does not log in.
pub type Connect<'a> = &'a (dyn Fn(Option<&Secret>) -> OpenBao + Send + Sync);

/// A share that has the form of one, and is of no server.
const FOREIGN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff01";

/// All checks, on a server with a Shamir seal.
pub async fn shamir(connect: Connect<'_>) {
    let made = a_server_is_initialised_once(connect, KeyKind::Unseal).await;
    a_wrong_share_resets_the_progress(connect, &made).await;
    enough_shares_unseal_it(connect, &made).await;
    shares_make_a_root_token(connect, &made).await;
    the_keyring_turns(connect, &made.root_token).await;
    let fresh = verified_shares_replace_the_old_ones(connect, &made).await;
    the_old_shares_unseal_nothing_and_the_new_ones_do(connect, &made, &fresh).await;
    the_active_node_steps_down(connect, &made.root_token).await;
}

/// All checks, on a server that unseals itself.
pub async fn automatic(connect: Connect<'_>) {
    let made = a_server_is_initialised_once(connect, KeyKind::Recovery).await;
    assert!(!done(connect(None).operator().seal_status().await, "read its seal").sealed);
    active(connect).await;
    shares_make_a_root_token(connect, &made).await;
    the_keyring_turns(connect, &made.root_token).await;
    let fresh = verified_shares_replace_the_old_ones(connect, &made).await;
    let bao = connect(None);
    refused(bao.operator().generate_root(&made.keys).await, ErrorKind::InvalidRequest, "wrong_share");
    done(bao.operator().generate_root(&fresh).await, "make a root token out of the new shares");
}

/// Health says 501 before, init answers once, and asking for the other kind of key is refused.
pub async fn a_server_is_initialised_once(connect: Connect<'_>, kind: KeyKind) -> Initialized {
    let bao = connect(None);
    let (operator, split) = (bao.operator(), done(KeySplit::new(5, 3), "split"));
    assert_eq!(done(bao.health().await, "ask for health").status, HealthStatus::NotInitialized);
    assert!(!done(operator.is_initialized().await, "ask whether it is initialised"));
    let status = done(operator.seal_status().await, "read its seal");
    assert!(!status.initialized && status.sealed);
    assert_eq!(status.seal.is_automatic(), kind == KeyKind::Recovery);
    refused(operator.unseal(&foreign()).await, ErrorKind::Unavailable, "not_initialized");
    let (ours, other) = match kind {
        KeyKind::Unseal => (InitRequest::shamir(split), InitRequest::auto_unseal(split)),
        KeyKind::Recovery => (InitRequest::auto_unseal(split), InitRequest::shamir(split)),
    };
    refused(operator.initialize(&other).await, ErrorKind::InvalidRequest, "wrong_seal_type");
    let made = done(operator.initialize(&ours).await, "initialise");
    assert_eq!((made.kind, made.keys.len()), (kind, 5));
    assert!(made.root_token.expose().starts_with("s."));
    refused(operator.initialize(&ours).await, ErrorKind::Conflict, "already_initialized");
    assert!(done(operator.is_initialized().await, "ask whether it is initialised"));
    made
}

/// The server cannot tell which share is wrong, and forgets all.
pub async fn a_wrong_share_resets_the_progress(connect: Connect<'_>, made: &Initialized) {
    let operator = connect(None).operator();
    for (given, share) in (1..).zip(&made.keys[..2]) {
        assert_eq!(done(operator.unseal(share).await, "give a share").progress, given);
    }
    let again = done(operator.unseal(&made.keys[0]).await, "give a share again");
    assert_eq!((again.progress, again.sealed), (2, true));
    refused(operator.unseal(&foreign()).await, ErrorKind::InvalidRequest, "wrong_share");
    assert_eq!(done(operator.seal_status().await, "read its seal").progress, 0);
    done(operator.unseal(&made.keys[0]).await, "give a share");
    assert_eq!(done(operator.reset_unseal().await, "reset").progress, 0);
    refused(operator.migrate_seal(&made.keys[0]).await, ErrorKind::InvalidRequest, "no_migration");
    refused(operator.unseal_with(&made.keys[..2]).await, ErrorKind::InvalidRequest, "too_few_shares");
}

/// Shares that others gave before do not spoil ours.
pub async fn enough_shares_unseal_it(connect: Connect<'_>, made: &Initialized) {
    let operator = connect(None).operator();
    done(operator.reset_unseal().await, "reset");
    done(operator.unseal(&foreign()).await, "give a foreign share");
    assert!(!done(operator.unseal_with(&made.keys[2..]).await, "unseal").sealed);
    active(connect).await;
    assert!(!done(operator.unseal(&foreign()).await, "give a share to an unsealed server").sealed);
}

/// Nonces keep attempts apart, a wrong share costs all, and enough right ones make a token that works.
pub async fn shares_make_a_root_token(connect: Connect<'_>, made: &Initialized) {
    let operator = connect(None).operator();
    assert!(!done(operator.root_generation().await, "read root generation").started);
    let attempt = done(operator.start_root_generation().await, "start");
    assert_eq!(attempt.required, 3);
    refused(operator.start_root_generation().await, ErrorKind::Conflict, "attempt_in_progress");
    let mut other = attempt.clone();
    "another".clone_into(&mut other.nonce);
    refused(operator.submit_root_share(&other, &made.keys[0]).await, ErrorKind::Conflict, "nonce_mismatch");
    for share in &made.keys[..2] {
        done(operator.submit_root_share(&attempt, share).await, "give a share");
    }
    let again = operator.submit_root_share(&attempt, &made.keys[0]).await;
    refused(again, ErrorKind::Conflict, "share_repeated");
    let wrong = operator.submit_root_share(&attempt, &foreign()).await;
    refused(wrong, ErrorKind::InvalidRequest, "wrong_share");
    assert_eq!(done(operator.root_generation().await, "read root generation").progress, 0);
    let mut token = None;
    for share in &made.keys[1..4] {
        match done(operator.submit_root_share(&attempt, share).await, "give a share") {
            RootProgress::More { required, .. } => assert_eq!(required, 3),
            RootProgress::Complete(made) => token = Some(made),
        }
    }
    assert!(token.is_some());
    done(connect(token.as_ref()).operator().key_status().await, "use the token");
    refused(operator.submit_root_share(&attempt, &made.keys[0]).await, ErrorKind::NotFound, "no_attempt");
    done(operator.start_root_generation().await, "start another");
    done(operator.cancel_root_generation().await, "cancel");
    assert!(!done(operator.root_generation().await, "read root generation").started);
    refused(operator.generate_root(&made.keys[..1]).await, ErrorKind::InvalidRequest, "too_few_shares");
    assert!(!done(operator.root_generation().await, "read root generation").started, "it was cancelled");
}

/// Each turn is a new key, and needs a session.
pub async fn the_keyring_turns(connect: Connect<'_>, token: &Secret) {
    let operator = connect(Some(token)).operator();
    let before = done(operator.key_status().await, "read key status");
    done(operator.rotate_keyring().await, "rotate");
    assert_eq!(done(operator.key_status().await, "read key status").term, before.term + 1);
}

/// The old shares are good until enough of the new ones were given back.
pub async fn verified_shares_replace_the_old_ones(connect: Connect<'_>, made: &Initialized) -> Vec<KeyShare> {
    let rekey = connect(Some(&made.root_token)).operator().rekey(made.kind);
    let request = RekeyRequest::new(done(KeySplit::new(3, 2), "split")).verified();
    assert_eq!(done(rekey.attempt().await, "read rekeying"), None);
    let first = done(rekey.start(&request).await, "start");
    refused(rekey.start(&request).await, ErrorKind::Conflict, "attempt_in_progress");
    let mut other = first.clone();
    "another".clone_into(&mut other.nonce);
    refused(rekey.submit(&other, &made.keys[0]).await, ErrorKind::Conflict, "nonce_mismatch");
    done(rekey.submit(&first, &made.keys[0]).await, "give a share");
    refused(rekey.submit(&first, &made.keys[0]).await, ErrorKind::Conflict, "share_repeated");
    done(rekey.submit(&first, &made.keys[1]).await, "give a share");
    refused(rekey.submit(&first, &foreign()).await, ErrorKind::InvalidRequest, "wrong_share");
    assert_eq!(done(rekey.attempt().await, "read rekeying").map(|attempt| attempt.progress), Some(0));
    done(rekey.cancel().await, "cancel");
    assert_eq!(done(rekey.attempt().await, "read rekeying"), None);

    let attempt = done(rekey.start(&request).await, "start again");
    let mut fresh = Vec::new();
    for share in &made.keys[..3] {
        if let RekeyProgress::Complete(new) = done(rekey.submit(&attempt, share).await, "give a share") {
            assert!(new.to_be_verified);
            fresh = new.keys;
        }
    }
    assert_eq!(fresh.len(), 3);
    let verification = done(rekey.verification().await, "read verification");
    done(rekey.verify(&verification, &fresh[0]).await, "give a new share back");
    let wrong = rekey.verify(&verification, &foreign()).await;
    refused(wrong, ErrorKind::InvalidRequest, "wrong_share");
    let stale = rekey.verify(&verification, &fresh[0]).await;
    refused(stale, ErrorKind::Conflict, "nonce_mismatch");
    done(rekey.restart_verification().await, "restart");
    let verification = done(rekey.verification().await, "read verification");
    assert_eq!((verification.progress, verification.required), (0, 2));
    done(rekey.verify(&verification, &fresh[2]).await, "give a new share back");
    let last = done(rekey.verify(&verification, &fresh[0]).await, "give a new share back");
    assert_eq!(last, VerificationProgress::Complete);
    refused(rekey.verification().await, ErrorKind::NotFound, "no_attempt");
    fresh
}

/// Sealing needs a session, and unsealing the shares of now.
pub async fn the_old_shares_unseal_nothing_and_the_new_ones_do(
    connect: Connect<'_>,
    made: &Initialized,
    fresh: &[KeyShare],
) {
    done(connect(Some(&made.root_token)).operator().seal().await, "seal");
    let operator = connect(None).operator();
    let sealed = async {
        while !done(operator.seal_status().await, "read its seal").sealed {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, sealed).await.is_ok(), "it seals itself");
    refused(operator.root_generation().await, ErrorKind::Unavailable, "sealed");
    refused(operator.unseal_with(&made.keys).await, ErrorKind::InvalidRequest, "wrong_share");
    done(operator.unseal_with(fresh).await, "unseal with the new shares");
    active(connect).await;
}

/// A node alone takes its place again.
pub async fn the_active_node_steps_down(connect: Connect<'_>, token: &Secret) {
    done(connect(Some(token)).operator().step_down().await, "step down");
    active(connect).await;
}

fn foreign() -> KeyShare {
    done(FOREIGN.parse(), "read the foreign share")
}

/// Waits until the server serves: after it was unsealed or stepped down it takes a while.
async fn active(connect: Connect<'_>) {
    let bao = connect(None);
    let wait = async {
        while !bao.health().await.is_ok_and(|health| health.status == HealthStatus::Active) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE * 2, wait).await.is_ok(), "it does not become active");
}
