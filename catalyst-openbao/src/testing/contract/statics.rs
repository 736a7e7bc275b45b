//! Users whose password the server changes.

use std::time::Duration;

use catalyst_core::{ErrorKind, RetryAdvice};

use super::{Doorman, done, refused};
use crate::{RoleName, StaticCredentials};

/// The server looks for passwords that are due so often.
const TICK: Duration = Duration::from_secs(5);

/// All checks of this module, one after the other. They take up to one period and some seconds.
pub async fn all(credentials: &dyn StaticCredentials, role: &RoleName, database: &dyn Doorman) {
    an_unknown_role_is_refused(credentials).await;
    the_current_password_is_read_with_its_rest(credentials, role, database).await;
    the_password_changes_after_its_period_and_the_old_one_ends(credentials, role, database).await;
}

/// A role that does not exist.
pub async fn an_unknown_role_is_refused(credentials: &dyn StaticCredentials) {
    let role: RoleName = done("no-such-role".parse(), "a role for the contract");
    let error = refused(credentials.read(&role).await, ErrorKind::NotFound, "unknown_role");
    assert_eq!(error.retry(), RetryAdvice::Never);
}

/// The rest is never longer than the period.
pub async fn the_current_password_is_read_with_its_rest(
    credentials: &dyn StaticCredentials,
    role: &RoleName,
    database: &dyn Doorman,
) {
    let read = done(credentials.read(role).await, "read");
    let Some(period) = read.rotation_period else { panic!("the answer names no rotation period") };
    assert!(read.ttl <= period && !period.is_zero(), "{:?} of {period:?} left", read.ttl);
    assert!(read.last_rotation.is_some());
    assert!(database.lets_in(&read.credentials).await, "the password that was read is good");
}

/// It changes at the first of the server's ticks after its period; until then the rest reads zero and the old password
/// stays good. From then on only the new one is.
pub async fn the_password_changes_after_its_period_and_the_old_one_ends(
    credentials: &dyn StaticCredentials,
    role: &RoleName,
    database: &dyn Doorman,
) {
    let old = done(credentials.read(role).await, "read");
    let wait = async {
        loop {
            let new = done(credentials.read(role).await, "read");
            if new.credentials.password != old.credentials.password {
                return new;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let Ok(new) = tokio::time::timeout(old.ttl + TICK + super::PATIENCE, wait).await else {
        panic!("the password did not change within its period and a tick")
    };
    assert_eq!(new.credentials.username, old.credentials.username);
    assert!(new.last_rotation > old.last_rotation);
    assert!(database.lets_in(&new.credentials).await, "the new password is good");
    assert!(!database.lets_in(&old.credentials).await, "the old password is not");
}
