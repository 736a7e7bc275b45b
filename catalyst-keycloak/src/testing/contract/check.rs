//! What the checks are made of.

use std::fmt::Debug;

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::Operator;
use crate::{ClientId, ClientSpec, Owner};

#[track_caller]
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

/// A client that no run before has used.
pub(super) struct Subject {
    pub(super) id: ClientId,
    pub(super) owner: Owner,
    pub(super) other_owner: Owner,
}

impl Subject {
    pub(super) fn new() -> Self {
        let number = fastrand::u64(..);
        Self {
            id: done(format!("contract-{number:016x}").parse(), "a client id for the contract"),
            owner: done("acme/prod/contract".parse(), "an owner for the contract"),
            other_owner: done("acme/prod/somebody-else".parse(), "an owner for the contract"),
        }
    }

    /// A client with a secret, for logins and for itself.
    pub(super) fn spec(&self) -> ClientSpec {
        self.spec_of(self.owner.clone())
    }

    pub(super) fn spec_of(&self, owner: Owner) -> ClientSpec {
        let callback = done("https://app.test/oauth/callback".parse(), "a redirect URI for the contract");
        ClientSpec::new(self.id.clone(), owner).redirect_uri(callback).service_account(true)
    }

    pub(super) async fn shown(&self, operator: &dyn Operator) -> Value {
        let shown = operator.client(&self.id).await;
        assert!(shown.is_object(), "{} is not there", self.id);
        shown
    }
}

/// The texts of a list, in order.
pub(super) fn texts(list: &Value) -> Vec<String> {
    let mut texts: Vec<String> =
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    texts.sort();
    texts
}

/// The mapper that makes `audience` an audience of the client's tokens.
pub(super) fn audience_mapper<'a>(client: &'a Value, audience: &str) -> Option<&'a Value> {
    client["protocolMappers"].as_array()?.iter().find(|mapper| {
        let config = &mapper["config"];
        mapper["protocolMapper"] == "oidc-audience-mapper"
            && (config["included.client.audience"] == audience
                || config["included.custom.audience"] == audience)
    })
}
