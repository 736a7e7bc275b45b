//! What holds on the mock, on the fake and on OpenBao 2.7.2 alike, as checks that panic when it does not.
//!
//! Each check names the fact that it pins, and was passed by the real server. Where time must pass, the checks sleep
//! on tokio's clock: paused, they take no time. They leave nothing behind but leases of seconds.
//!
//! | module | over | needs |
//! | --- | --- | --- |
//! | [`store`] | [`SecretStore`](crate::SecretStore) | a KV engine, version 2, without check-and-set demanded |
//! | [`dynamic`] | [`DynamicCredentials`](crate::DynamicCredentials) | a [`DynamicSetting`] |
//! | [`statics`] | [`StaticCredentials`](crate::StaticCredentials) | a static role with a short period |
//! | [`client`] | [`OpenBao`](crate::OpenBao) | a [`DynamicSetting`], and what each check says |

#![allow(clippy::panic, clippy::missing_panics_doc, reason = "assertions for tests, which panic by purpose")]

pub mod client;
pub mod dynamic;
pub mod statics;
pub mod store;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use crate::mock::Model;
use crate::{Credentials, RoleName};

/// Tells whether the database lets somebody in.
#[async_trait]
pub trait Doorman: Send + Sync {
    /// Whether a new connection with these credentials succeeds.
    async fn lets_in(&self, credentials: &Credentials) -> bool;
}

#[async_trait]
impl Doorman for Model {
    async fn lets_in(&self, credentials: &Credentials) -> bool {
        self.password_of(&credentials.username).as_ref() == Some(&credentials.password)
    }
}

/// A dynamic role whose leases last seconds, and the database behind it.
#[derive(Clone, Copy)]
pub struct DynamicSetting<'a> {
    /// The role.
    pub role: &'a RoleName,
    /// Its `default_ttl`: at least two seconds.
    pub ttl: Duration,
    /// Its `max_ttl`: at least two seconds more.
    pub max_ttl: Duration,
    /// The database.
    pub database: &'a dyn Doorman,
}

impl Debug for DynamicSetting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamicSetting")
            .field("role", &self.role)
            .field("ttl", &self.ttl)
            .field("max_ttl", &self.max_ttl)
            .finish_non_exhaustive()
    }
}

/// How long the server may take for what it does by itself, such as dropping the user of a lease that ran out.
const PATIENCE: Duration = Duration::from_secs(10);

fn done<T>(result: Result<T>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// Fails unless the result is the error with this kind and code, which is told apart from a passing fault.
#[track_caller]
fn refused<T: Debug>(result: Result<T>, kind: ErrorKind, code: &str) -> Error {
    match result {
        Ok(value) => panic!("expected the error {code}, and it succeeded: {value:?}"),
        Err(error) => {
            assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error:?}");
            assert!(!error.outcome_unknown(), "a refusal leaves no doubt: {error:?}");
            error
        }
    }
}

/// A name that no run before has used.
fn fresh(name: &str) -> String {
    format!("contract/{:016x}/{name}", fastrand::u64(..))
}

/// Waits until the database no longer lets somebody in.
async fn locked_out(database: &dyn Doorman, credentials: &Credentials, why: &str) {
    let wait = async {
        while database.lets_in(credentials).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, wait).await.is_ok();
    assert!(in_time, "{} can still log in although {why}", credentials.username);
}
