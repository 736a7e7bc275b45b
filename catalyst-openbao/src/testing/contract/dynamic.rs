//! Users of the database that end with their lease.

use std::time::Duration;

use catalyst_core::{ErrorKind, RetryAdvice};
use tokio::time::Instant;

use super::{DynamicSetting, done, locked_out, refused};
use crate::{Credentials, DynamicCredentials, Lease, LeaseId, RoleName, Standing};

/// All checks of this module, one after the other. They take some two maxima of the role.
pub async fn all(credentials: &dyn DynamicCredentials, setting: &DynamicSetting<'_>) {
    a_user_is_made_that_can_log_in(credentials, setting).await;
    each_mint_makes_another_user(credentials, setting).await;
    an_unknown_role_is_told_from_a_path_that_cannot_be(credentials).await;
    a_renewal_gives_what_is_asked_for_counted_from_now(credentials, setting).await;
    a_renewal_is_clipped_at_the_maximum_and_that_is_no_error(credentials, setting).await;
    revoking_locks_the_user_out_at_once_and_can_be_repeated(credentials, setting).await;
    a_lease_that_ran_out_is_gone_with_its_user(credentials, setting).await;
}

async fn mint(credentials: &dyn DynamicCredentials, setting: &DynamicSetting<'_>) -> Lease<Credentials> {
    done(credentials.issue(setting.role).await, "issue credentials")
}

fn lease_nobody_has(setting: &DynamicSetting<'_>) -> LeaseId {
    let text = format!("database/creds/{}/AAAAAAAAAAAAAAAAAAAAAAAA", setting.role);
    done(text.parse(), "a lease identifier for the contract")
}

/// The lease has the role's term, counted from before the request, and belongs to a session that stands.
pub async fn a_user_is_made_that_can_log_in(
    credentials: &dyn DynamicCredentials,
    setting: &DynamicSetting<'_>,
) {
    let before = Instant::now();
    let lease = mint(credentials, setting).await;
    assert!(lease.issued_at >= before && lease.issued_at <= Instant::now());
    assert_eq!((lease.term.ttl, lease.term.renewable), (setting.ttl, true));
    assert!(!lease.id.as_str().is_empty() && !lease.value.username.is_empty());
    assert_ne!(lease.session.state().standing, Standing::Lost);
    assert!(setting.database.lets_in(&lease.value).await, "the new user can log in");
    done(credentials.revoke(&lease.id).await, "revoke");
}

/// Nothing is cached: two mints are two users, two passwords and two leases.
pub async fn each_mint_makes_another_user(
    credentials: &dyn DynamicCredentials,
    setting: &DynamicSetting<'_>,
) {
    let (first, second) = (mint(credentials, setting).await, mint(credentials, setting).await);
    assert_ne!(first.id, second.id);
    assert_ne!(first.value.username, second.value.username);
    assert_ne!(first.value.password, second.value.password);
    done(credentials.revoke(&first.id).await, "revoke");
    assert!(setting.database.lets_in(&second.value).await, "the end of one leaves the other alone");
    done(credentials.revoke(&second.id).await, "revoke");
}

/// A role that does not exist may be created; a role's name with a slash leads nowhere. Neither is worth repeating.
pub async fn an_unknown_role_is_told_from_a_path_that_cannot_be(credentials: &dyn DynamicCredentials) {
    for (name, code) in [("no-such-role", "unknown_role"), ("no/such/role", "no_handler")] {
        let role: RoleName = done(name.parse(), "a role for the contract");
        let error = refused(credentials.issue(&role).await, ErrorKind::NotFound, code);
        assert_eq!(error.retry(), RetryAdvice::Never, "{error:?}");
    }
}

/// Less than the rest is granted as well: a renewal can shorten a lease. Without a wish the role's term is given.
pub async fn a_renewal_gives_what_is_asked_for_counted_from_now(
    credentials: &dyn DynamicCredentials,
    setting: &DynamicSetting<'_>,
) {
    let lease = mint(credentials, setting).await;
    let (more, less) = (setting.ttl + Duration::from_secs(1), Duration::from_secs(1));
    for (asked, given) in [(Some(more), more), (None, setting.ttl), (Some(less), less)] {
        let term = done(credentials.renew(&lease.id, asked).await, "renew");
        assert_eq!((term.ttl, term.renewable), (given, true), "asked for {asked:?}");
    }
    done(credentials.revoke(&lease.id).await, "revoke");
}

/// The role's maximum counts from the mint. What lies beyond is cut off, with a success.
pub async fn a_renewal_is_clipped_at_the_maximum_and_that_is_no_error(
    credentials: &dyn DynamicCredentials,
    setting: &DynamicSetting<'_>,
) {
    let lease = mint(credentials, setting).await;
    let more = setting.ttl + Duration::from_secs(1);
    done(credentials.renew(&lease.id, Some(more)).await, "renew below the maximum");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let term =
        done(credentials.renew(&lease.id, Some(setting.max_ttl * 2)).await, "renew beyond the maximum");
    assert!(
        term.ttl < setting.max_ttl && term.ttl + Duration::from_secs(2) >= setting.max_ttl,
        "got {term:?}"
    );
    done(credentials.revoke(&lease.id).await, "revoke");
}

/// When the answer has come, the user is gone. Revoking again, or what nobody has, is a success; renewing is not.
pub async fn revoking_locks_the_user_out_at_once_and_can_be_repeated(
    credentials: &dyn DynamicCredentials,
    setting: &DynamicSetting<'_>,
) {
    let lease = mint(credentials, setting).await;
    done(credentials.revoke(&lease.id).await, "revoke");
    assert!(!setting.database.lets_in(&lease.value).await, "the user can log in after the revocation");
    done(credentials.revoke(&lease.id).await, "revoke again");
    done(credentials.revoke(&lease_nobody_has(setting)).await, "revoke what nobody has");
    refused(credentials.renew(&lease.id, None).await, ErrorKind::NotFound, "lease_not_found");
    refused(
        credentials.renew(&lease_nobody_has(setting), None).await,
        ErrorKind::NotFound,
        "lease_not_found",
    );
}

/// At the end of its term a lease is gone, and its user some moments later at the most.
pub async fn a_lease_that_ran_out_is_gone_with_its_user(
    credentials: &dyn DynamicCredentials,
    setting: &DynamicSetting<'_>,
) {
    let lease = mint(credentials, setting).await;
    tokio::time::sleep(setting.ttl / 2).await;
    assert!(setting.database.lets_in(&lease.value).await, "the lease has not ended yet");
    tokio::time::sleep(setting.ttl / 2 + Duration::from_millis(200)).await;
    locked_out(setting.database, &lease.value, "its lease ran out").await;
    refused(credentials.renew(&lease.id, None).await, ErrorKind::NotFound, "lease_not_found");
    done(credentials.revoke(&lease.id).await, "revoke what ran out");
}
