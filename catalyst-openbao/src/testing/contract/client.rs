//! The client as a whole: sessions, leases, wrapping, health.
//!
//! The checks need a client that logs in itself, by any method but a static token, and whose policies allow the
//! setting's role, `sys/leases/lookup`, `renew` and `revoke`, and wrapping.

use std::time::Duration;

use catalyst_core::{ErrorKind, Result};

use super::{DynamicSetting, done, fresh, locked_out, refused};
use crate::{
    Credentials, DynamicCredentials, HealthStatus, Lease, LeaseId, Mount, OpenBao, SecretData, SecretPath,
    SecretStore, Standing,
};

/// All checks of this module that leave the client usable, one after the other.
pub async fn all(bao: &OpenBao, database: &Mount, setting: &DynamicSetting<'_>) {
    a_server_that_serves_says_so(bao).await;
    a_wrapped_secret_is_read_once(bao).await;
    a_wrapped_secret_ends_with_its_term(bao).await;
    a_lease_can_be_looked_up_while_it_lasts(bao, database, setting).await;
    a_clipped_renewal_comes_with_a_warning(bao, database, setting).await;
    all_calls_share_one_session_until_a_new_login(bao, database, setting).await;
}

async fn mint(bao: &OpenBao, database: &Mount, setting: &DynamicSetting<'_>) -> Lease<Credentials> {
    done(bao.database(database.clone()).issue(setting.role).await, "issue credentials")
}

/// Health needs no session and names the version.
pub async fn a_server_that_serves_says_so(bao: &OpenBao) {
    let health = done(bao.health().await, "ask for health");
    assert_eq!(health.status, HealthStatus::Active);
    assert!(health.version.starts_with(|first: char| first.is_ascii_digit()), "version {:?}", health.version);
    assert!(health.cluster_name.is_some() && health.cluster_id.is_some());
}

/// A wrapping token tells where it comes from as often as it is asked, and what it wraps once.
pub async fn a_wrapped_secret_is_read_once(bao: &OpenBao) {
    let data = SecretData::from([("password", "wrapped")]);
    let wrapped = done(bao.wrap(Duration::from_secs(60), &data).await, "wrap");
    assert_eq!((wrapped.ttl, wrapped.creation_path.as_str()), (Duration::from_secs(60), "sys/wrapping/wrap"));
    for _ in 0..2 {
        let about = done(bao.lookup_wrapping(&wrapped.token).await, "look up the wrapping token");
        assert_eq!(about.creation_path, "sys/wrapping/wrap");
        assert_eq!((about.creation_ttl, about.created_at), (wrapped.ttl, wrapped.created_at));
    }
    assert_eq!(done(bao.unwrap(&wrapped.token).await, "unwrap"), data);
    refused(bao.unwrap(&wrapped.token).await, ErrorKind::Expired, "wrapping_token_invalid");
    refused(bao.lookup_wrapping(&wrapped.token).await, ErrorKind::Expired, "wrapping_token_invalid");
}

/// After its term a wrapping token is as one that was used.
pub async fn a_wrapped_secret_ends_with_its_term(bao: &OpenBao) {
    let data = SecretData::from([("password", "wrapped")]);
    let wrapped = done(bao.wrap(Duration::from_secs(1), &data).await, "wrap");
    tokio::time::sleep(Duration::from_millis(1300)).await;
    refused(bao.unwrap(&wrapped.token).await, ErrorKind::Expired, "wrapping_token_invalid");
}

/// What the server says of a lease: its rest and its times; of one that was revoked, that there is none.
pub async fn a_lease_can_be_looked_up_while_it_lasts(
    bao: &OpenBao,
    database: &Mount,
    setting: &DynamicSetting<'_>,
) {
    let lease = mint(bao, database, setting).await;
    let status = done(bao.leases().lookup(&lease.id).await, "look up the lease");
    assert_eq!((&status.id, status.renewable, status.overdue), (&lease.id, true, false));
    assert!(status.ttl <= setting.ttl && status.last_renewal.is_none());
    assert!(status.issued_at < status.expires_at);
    done(bao.leases().renew(&lease.id, None).await, "renew");
    let renewed = done(bao.leases().lookup(&lease.id).await, "look up the lease");
    assert!(renewed.last_renewal.is_some() && renewed.expires_at >= status.expires_at);
    done(bao.leases().revoke(&lease.id).await, "revoke");
    refused(bao.leases().lookup(&lease.id).await, ErrorKind::NotFound, "lease_not_found");
    let unknown: LeaseId = done("no/such/lease".parse(), "a lease identifier for the contract");
    refused(bao.leases().lookup(&unknown).await, ErrorKind::NotFound, "lease_not_found");
}

/// The server says in words when it grants less than was asked for.
pub async fn a_clipped_renewal_comes_with_a_warning(
    bao: &OpenBao,
    database: &Mount,
    setting: &DynamicSetting<'_>,
) {
    let mut warnings = bao.warnings();
    let lease = mint(bao, database, setting).await;
    done(bao.leases().renew(&lease.id, Some(setting.max_ttl * 2)).await, "renew beyond the maximum");
    let Ok(Some(warning)) = tokio::time::timeout(super::PATIENCE, warnings.next()).await else {
        panic!("no warning came with a renewal that was clipped")
    };
    assert!(warning.text.contains("exceeded the effective max_ttl"), "it says {:?}", warning.text);
    done(bao.leases().revoke(&lease.id).await, "revoke");
}

/// A new login makes the old session end, and leaves its leases alone while they are held.
pub async fn all_calls_share_one_session_until_a_new_login(
    bao: &OpenBao,
    database: &Mount,
    setting: &DynamicSetting<'_>,
) {
    let session = done(bao.session().await, "get the session");
    let lease = mint(bao, database, setting).await;
    assert_eq!(
        (session.id(), lease.session.id()),
        (lease.session.id(), done(bao.session().await, "again").id())
    );
    let fresh = done(bao.login_anew().await, "log in anew");
    assert_ne!(fresh.id(), session.id());
    assert_eq!(session.state().standing, Standing::Ending);
    assert_ne!(fresh.state().standing, Standing::Lost);
    done(bao.leases().renew(&lease.id, None).await, "renew the lease of the old session from the new one");
    assert!(setting.database.lets_in(&lease.value).await, "the lease of the old session lives on");
    done(bao.leases().revoke(&lease.id).await, "revoke");
}

/// Everything below a prefix ends, segment by segment, and nothing beside it; nothing there is a success. The policies
/// must allow `sys/leases/revoke-prefix` with `sudo`. Others must not use the role meanwhile.
pub async fn a_prefix_of_leases_is_revoked_together(
    bao: &OpenBao,
    database: &Mount,
    setting: &DynamicSetting<'_>,
) {
    let (first, second) = (mint(bao, database, setting).await, mint(bao, database, setting).await);
    let beside: SecretPath =
        done(format!("{database}/creds/{}-and-more", setting.role).parse(), "a prefix for the contract");
    done(bao.leases().revoke_prefix(&beside).await, "revoke where nothing is");
    assert!(setting.database.lets_in(&first.value).await, "a prefix ends at a slash");
    let prefix = done(format!("{database}/creds/{}", setting.role).parse(), "a prefix for the contract");
    done(bao.leases().revoke_prefix(&prefix).await, "revoke the prefix");
    for lease in [&first, &second] {
        locked_out(setting.database, &lease.value, "the prefix of its lease was revoked").await;
        refused(bao.leases().lookup(&lease.id).await, ErrorKind::NotFound, "lease_not_found");
    }
}

/// What no policy allows is refused as that, and not as a bad token; the session and its leases survive the refusal.
/// The policies must not allow to read `forbidden`.
pub async fn what_no_policy_allows_is_told_from_a_bad_token(
    bao: &OpenBao,
    database: &Mount,
    setting: &DynamicSetting<'_>,
    forbidden: (&Mount, &SecretPath),
) {
    let lease = mint(bao, database, setting).await;
    let (mount, path) = forbidden;
    for _ in 0..2 {
        let read = bao.kv(mount.clone()).read(path, None).await;
        refused(read, ErrorKind::PermissionDenied, "permission_denied");
    }
    assert_ne!(lease.session.state().standing, Standing::Lost);
    assert!(setting.database.lets_in(&lease.value).await, "the refusal ended a lease");
    done(bao.leases().revoke(&lease.id).await, "revoke");
}

/// Where nothing is mounted, that is said. The policies must allow everything: to others it is forbidden.
pub async fn an_unknown_mount_is_told_from_an_unknown_secret(bao: &OpenBao) {
    let mount: Mount = done("no-such-mount".parse(), "a mount for the contract");
    let path = done(fresh("x").parse(), "a path for the contract");
    refused(bao.kv(mount.clone()).read(&path, None).await, ErrorKind::NotFound, "unknown_mount");
    let role = done("any".parse(), "a role for the contract");
    refused(bao.database(mount).issue(&role).await, ErrorKind::NotFound, "unknown_mount");
}

/// Shutting down revokes the session's token, and with it every lease; after it, every call is refused. It can be
/// repeated. The client is of no use afterwards.
pub async fn a_shutdown_takes_all_leases_along(
    bao: &OpenBao,
    database: &Mount,
    setting: &DynamicSetting<'_>,
) {
    let lease = mint(bao, database, setting).await;
    done(bao.shutdown(super::PATIENCE).await, "shut down");
    assert_eq!(lease.session.state().standing, Standing::Lost);
    locked_out(setting.database, &lease.value, "the client was shut down").await;
    let after: Result<_> = bao.database(database.clone()).issue(setting.role).await;
    assert_eq!(after.err().map(|error| error.kind()), Some(ErrorKind::Closed));
    done(bao.shutdown(super::PATIENCE).await, "shut down again");
}

/// A token that was revoked behind the client's back is replaced at the next call; the session says that it is lost.
/// `revoke` revokes all tokens of the client.
pub async fn a_lost_session_is_replaced<F: Future<Output = ()>>(
    bao: &OpenBao,
    database: &Mount,
    setting: &DynamicSetting<'_>,
    revoke: impl FnOnce() -> F,
) {
    let lost = mint(bao, database, setting).await;
    revoke().await;
    locked_out(setting.database, &lost.value, "the token of its session was revoked").await;
    let next = mint(bao, database, setting).await;
    assert_ne!(next.session.id(), lost.session.id());
    assert_eq!(lost.session.state().standing, Standing::Lost);
    assert!(setting.database.lets_in(&next.value).await);
    done(bao.leases().revoke(&next.id).await, "revoke");
}
