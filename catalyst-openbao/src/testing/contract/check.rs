//! What the checks are made of.

use std::fmt::Debug;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

use super::Doorman;
use crate::Credentials;

/// How long the server may take for what it does by itself, such as dropping the user of a lease that ran out.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn done<T>(result: Result<T>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// Fails unless the result is the error with this kind and code, which is told apart from a passing fault.
#[track_caller]
pub(super) fn refused<T: Debug>(result: Result<T>, kind: ErrorKind, code: &str) -> Error {
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
pub(super) fn fresh(name: &str) -> String {
    format!("contract/{:016x}/{name}", fastrand::u64(..))
}

/// The same for what must be one segment.
pub(super) fn fresh_name<T>(name: &str) -> T
where
    T: std::str::FromStr<Err = Error>,
{
    done(format!("contract-{:08x}-{name}", fastrand::u32(..)).parse(), "a name for the contract")
}

/// Asks until the answer is there.
pub(super) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let wait = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let Ok(answer) = tokio::time::timeout(PATIENCE, wait).await else { panic!("in vain: {what}") };
    answer
}

/// Waits until the database no longer lets somebody in.
pub(super) async fn locked_out(database: &dyn Doorman, credentials: &Credentials, why: &str) {
    let wait = async {
        while database.lets_in(credentials).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, wait).await.is_ok();
    assert!(in_time, "{} can still log in although {why}", credentials.username);
}
