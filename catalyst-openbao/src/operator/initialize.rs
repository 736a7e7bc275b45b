//! Initialising a server: once in its life.

use catalyst_core::http::{Method, Request};
use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::client::{call, call_with};
use super::{KeyKind, KeyShare, KeySplit, Operator};

/// How a server is to be initialised.
///
/// ```
/// use catalyst_openbao::{InitRequest, KeySplit};
///
/// let five_of_which_three_unseal = InitRequest::shamir(KeySplit::new(5, 3)?);
/// let unseals_itself = InitRequest::auto_unseal(KeySplit::WHOLE);
/// # let _ = (five_of_which_three_unseal, unseals_itself);
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is given to Operator::initialize"]
pub struct InitRequest {
    kind: KeyKind,
    split: KeySplit,
    pgp_keys: Vec<String>,
    root_token_pgp_key: Option<String>,
}

impl InitRequest {
    /// A server with a Shamir seal: the shares unseal it.
    pub fn shamir(split: KeySplit) -> Self {
        Self { kind: KeyKind::Unseal, split, pgp_keys: Vec::new(), root_token_pgp_key: None }
    }

    /// A server that unseals itself, by a static key or a service that keeps its key: the shares are for recovery.
    pub fn auto_unseal(split: KeySplit) -> Self {
        Self { kind: KeyKind::Recovery, ..Self::shamir(split) }
    }

    /// Encrypts the shares, one for each of these public PGP keys in base64. The answer then holds only what their
    /// owners can read.
    pub fn pgp_keys(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        self.pgp_keys = keys.into_iter().collect();
        self
    }

    /// Encrypts the root token for this public PGP key in base64.
    pub fn root_token_pgp_key(mut self, key: String) -> Self {
        self.root_token_pgp_key = Some(key);
        self
    }

    /// What the shares will be good for.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }
}

/// What the server gives when it is initialised, and never again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Initialized {
    /// What the shares are good for.
    pub kind: KeyKind,
    /// The shares; encrypted if that was asked for.
    pub keys: Vec<KeyShare>,
    /// The token that may do everything; encrypted if that was asked for.
    pub root_token: Secret,
}

impl Operator {
    /// Whether the server was ever initialised (`GET sys/init`), without a session. Repeated after passing faults.
    ///
    /// # Errors
    /// No connection, no answer in time, or one that is not OpenBao's.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn is_initialized(&self) -> Result<bool> {
        let call = call("read whether it is initialised", Method::Get, &["sys/init"]);
        Ok(self.anonymous::<InitStatus>(call).await?.initialized)
    }

    /// Initialises the server (`PUT sys/init`), without a session. A server with a Shamir seal is sealed after it.
    ///
    /// It answers once. Never repeated once its outcome is unknown: if the answer is lost, so is the key, and the
    /// server's storage is to be wiped. The module `bootstrap` plans for that.
    ///
    /// # Errors
    /// Code `already_initialized`; `wrong_seal_type` if the server has the other kind of seal.
    ///
    /// # Cancel safety
    /// The server may be initialised, and its key lost.
    pub async fn initialize(&self, request: &InitRequest) -> Result<Initialized> {
        let body = |wire: Request| wire.json(&InitBody::from(request));
        let call = call_with("initialise", &["sys/init"], &body).once();
        let wire: InitAnswer = self.anonymous(call).await?;
        let keys = match request.kind {
            KeyKind::Unseal => wire.keys_base64,
            KeyKind::Recovery => wire.recovery_keys_base64,
        };
        Ok(Initialized { kind: request.kind, keys, root_token: wire.root_token })
    }
}

#[derive(Deserialize)]
struct InitStatus {
    initialized: bool,
}

#[derive(Serialize)]
struct InitBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_shares: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_threshold: Option<u8>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pgp_keys: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_shares: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_threshold: Option<u8>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    recovery_pgp_keys: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    root_token_pgp_key: Option<&'a str>,
}

impl<'a> From<&'a InitRequest> for InitBody<'a> {
    fn from(request: &'a InitRequest) -> Self {
        let (unseal, recovery) = match request.kind {
            KeyKind::Unseal => (Some(request.split), None),
            KeyKind::Recovery => (None, Some(request.split)),
        };
        Self {
            secret_shares: unseal.map(KeySplit::shares),
            secret_threshold: unseal.map(KeySplit::threshold),
            pgp_keys: if unseal.is_some() { &request.pgp_keys } else { &[] },
            recovery_shares: recovery.map(KeySplit::shares),
            recovery_threshold: recovery.map(KeySplit::threshold),
            recovery_pgp_keys: if recovery.is_some() { &request.pgp_keys } else { &[] },
            root_token_pgp_key: request.root_token_pgp_key.as_deref(),
        }
    }
}

#[derive(Deserialize)]
struct InitAnswer {
    #[serde(default)]
    keys_base64: Vec<KeyShare>,
    #[serde(default)]
    recovery_keys_base64: Vec<KeyShare>,
    root_token: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;
    use serde_json::json;

    #[test]
    fn recorded_answers_hold_the_shares_of_their_kind() {
        let read = |file: &str| serde_json::from_value::<InitAnswer>(recorded(file).1).unwrap();
        let (shamir, fixed) = (read("op-init"), read("op-static-init"));
        assert_eq!((shamir.keys_base64.len(), shamir.recovery_keys_base64.len()), (5, 0));
        assert_eq!((fixed.keys_base64.len(), fixed.recovery_keys_base64.len()), (0, 5));
        assert!(shamir.root_token.expose().starts_with("s."));
    }

    #[test]
    fn a_request_names_only_what_its_seal_knows() {
        let split = KeySplit::new(5, 3).unwrap();
        let body = |request: &InitRequest| serde_json::to_value(InitBody::from(request)).unwrap();
        assert_eq!(body(&InitRequest::shamir(split)), json!({ "secret_shares": 5, "secret_threshold": 3 }));
        let recovery = InitRequest::auto_unseal(KeySplit::WHOLE).pgp_keys(["key".to_owned()]);
        let expected = json!({ "recovery_shares": 1, "recovery_threshold": 1, "recovery_pgp_keys": ["key"] });
        assert_eq!(body(&recovery), expected);
    }
}
