//! Name servers at a registrar, through the manager.

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::Serialize;

use super::answer::{self, SetNsAnswer, ValidateAnswer};
use super::client::{Ask, PoolDomains};
use super::refusal::unreadable;
use crate::DomainName;
use crate::registrar::{NameServers, RegisteredDomain};

/// What the manager says of a change at a registrar.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetNs {
    /// The servers that the manager read back, or, when it could not, those that were asked for: it does not say
    /// which.
    pub servers: NameServers,
    /// Always false: nobody has asked the parent's servers, and the manager reports a failed read-back as success.
    /// Nor does it keep the old servers or go back. The registrars of this crate are for that.
    pub verified: bool,
    /// The manager's guess, for people.
    pub propagation: String,
}

/// The registrar's credential is in it.
#[derive(Serialize)]
struct Body<'a> {
    domain: &'a str,
    token: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nameservers: Vec<&'a str>,
}

impl PoolDomains {
    /// Whether the registrar takes `token` and has `domain` in its account. `registrar` is the manager's word:
    /// `namecheap`.
    ///
    /// # Errors
    /// Codes `bad_credential`, `not_in_account`, `unsupported_registrar`, `rate_limited`, `unavailable`,
    /// `registrar_error`, `no_registrars`. Repeated while the manager is unavailable.
    pub async fn validate(&self, registrar: &str, domain: &RegisteredDomain, token: &Secret) -> Result<bool> {
        let operation = "validate a registrar's credential";
        let path = registrar_path(operation, registrar, "validate")?;
        let ask = Ask::new(operation, Method::Post, path, domain.as_str()).hiding(parts(token));
        let body = Body { domain: domain.as_str(), token: token.expose(), nameservers: Vec::new() };
        let read = |_status: u16, body: &[u8]| Ok(answer::json::<ValidateAnswer>(operation, body)?.valid);
        self.ask(&ask, Some(&body), read).await
    }

    /// Has the manager set the name servers of `domain`; the answer is not verified.
    ///
    /// # Errors
    /// As [`validate`](Self::validate); not repeated once the outcome is unknown.
    ///
    /// # Cancel safety
    /// A call that is dropped may have taken effect.
    pub async fn set_ns(
        &self,
        registrar: &str,
        domain: &RegisteredDomain,
        token: &Secret,
        servers: &NameServers,
    ) -> Result<SetNs> {
        let operation = "set name servers by the manager";
        let path = registrar_path(operation, registrar, "set-ns")?;
        let ask = Ask::new(operation, Method::Post, path, domain.as_str()).once().hiding(parts(token));
        let nameservers = servers.iter().map(DomainName::without_dot).collect();
        let body = Body { domain: domain.as_str(), token: token.expose(), nameservers };
        let read = |_status: u16, body: &[u8]| {
            let told: SetNsAnswer = answer::json(operation, body)?;
            if !told.success {
                return Err(unreadable(operation, "it is a success that says it is none"));
            }
            let names: Result<Vec<DomainName>> =
                told.nameservers.iter().map(|name| name.trim().parse()).collect();
            let names = names.map_err(|_invalid| unreadable(operation, "a name server is no name"))?;
            let propagation = catalyst_core::redact::text(&told.propagation, 200);
            Ok(SetNs { servers: NameServers::from_registrar(names), verified: false, propagation })
        };
        self.ask(&ask, Some(&body), read).await
    }
}

/// A credential and its parts, which the manager's form joins by colons; a registrar may repeat one of them.
fn parts(token: &Secret) -> Vec<Secret> {
    let parts = token.expose().split(':').filter(|part| part.len() >= 8).map(Secret::new);
    std::iter::once(token.clone()).chain(parts).collect()
}

/// The manager's words for registrars are letters; anything else would be another path.
fn registrar_path(operation: &'static str, registrar: &str, call: &str) -> Result<String> {
    if registrar.is_empty()
        || registrar.len() > 40
        || !registrar.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return Err(Error::new(ErrorKind::InvalidRequest, operation)
            .with_code("unsupported_registrar")
            .with_help("a registrar is named by one word, such as namecheap"));
    }
    Ok(format!("registrar/{registrar}/{call}"))
}
