//! Keys that sign transfers and updates (TSIG, RFC 8945).

use catalyst_core::http::Method;
use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::PowerDns;
use super::call::{Answer, Call};
use super::operation::Operation;
use super::path::{Path, id};
use super::zones::absent_is_well;
use crate::DomainName;

/// How a TSIG key signs; the others are broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TsigAlgorithm {
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-384.
    HmacSha384,
    /// HMAC with SHA-512.
    HmacSha512,
}

impl TsigAlgorithm {
    /// As the server writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha384 => "hmac-sha384",
            Self::HmacSha512 => "hmac-sha512",
        }
    }
}

/// A TSIG key of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TsigKey {
    /// Its name.
    pub name: DomainName,
    /// How it signs; `None` is an algorithm that this crate does not name.
    pub algorithm: Option<TsigAlgorithm>,
    /// The key in base64; `None` in lists, which hide it.
    pub secret: Option<Secret>,
}

#[derive(Deserialize)]
struct WireKey {
    id: String,
    algorithm: String,
    #[serde(default)]
    key: Option<Secret>,
}

#[derive(Serialize)]
struct WireSpec<'a> {
    name: &'a str,
    algorithm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

#[derive(Serialize)]
struct WireSecret<'a> {
    key: &'a str,
}

impl WireKey {
    fn read(self, answer: &Answer) -> Result<TsigKey> {
        use TsigAlgorithm::{HmacSha256, HmacSha384, HmacSha512};
        let known = [HmacSha256, HmacSha384, HmacSha512];
        let named = self.algorithm.trim_end_matches('.');
        Ok(TsigKey {
            name: DomainName::from_server(&unescaped(&self.id))
                .map_err(|_invalid| answer.unreadable("a TSIG key has a name that is none"))?,
            algorithm: known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(named)),
            secret: self.key.filter(|key| !key.is_empty()),
        })
    }
}

impl PowerDns {
    /// All TSIG keys of the server, without their secrets.
    pub async fn tsig_keys(&self) -> Result<Vec<TsigKey>> {
        let call = Call::new(Operation::ReadTsigKeys, Method::Get, keys(), "all TSIG keys");
        let answer = self.api.send(&call).await?;
        let keys: Vec<WireKey> = answer.json()?;
        keys.into_iter().map(|key| key.read(&answer)).collect()
    }

    /// One TSIG key with its secret.
    ///
    /// # Errors
    /// `key_not_found`.
    pub async fn tsig_key(&self, name: &DomainName) -> Result<TsigKey> {
        let call = Call::new(Operation::ReadTsigKeys, Method::Get, one(name), name.as_str());
        let answer = self.api.send(&call).await?;
        answer.json::<WireKey>()?.read(&answer)
    }

    /// Makes a TSIG key; the server draws the secret if none is given. Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// `key_exists`.
    pub async fn create_tsig_key(
        &self,
        name: &DomainName,
        algorithm: TsigAlgorithm,
        secret: Option<&Secret>,
    ) -> Result<TsigKey> {
        let body =
            WireSpec { name: name.as_str(), algorithm: algorithm.as_str(), key: secret.map(Secret::expose) };
        let call =
            Call::new(Operation::CreateTsigKey, Method::Post, keys(), name.as_str()).json(&body)?.once();
        let answer = self.api.send(&call).await?;
        answer.json::<WireKey>()?.read(&answer)
    }

    /// Gives a TSIG key another secret (base64). The old one ends at once.
    ///
    /// # Errors
    /// `key_not_found`.
    pub async fn set_tsig_secret(&self, name: &DomainName, secret: &Secret) -> Result<()> {
        let call = Call::new(Operation::ChangeTsigKey, Method::Put, one(name), name.as_str())
            .json(&WireSecret { key: secret.expose() })?;
        self.api.send(&call).await.map(drop)
    }

    /// Removes a TSIG key; none there is no fault.
    pub async fn remove_tsig_key(&self, name: &DomainName) -> Result<()> {
        let call = Call::new(Operation::DeleteTsigKey, Method::Delete, one(name), name.as_str());
        absent_is_well(self.api.send(&call).await)
    }
}

fn keys() -> Path {
    Path::server().then("tsigkeys")
}

fn one(name: &DomainName) -> Path {
    keys().then(&id(name))
}

/// An id of the API as the name that it stands for.
fn unescaped(id: &str) -> String {
    let mut parts = id.split('=');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(code) = code.filter(u8::is_ascii) {
            name.push(char::from(code));
            name.push_str(part.get(2..).unwrap_or_default());
        } else {
            name.push('=');
            name.push_str(part);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_to_its_name() {
        for name in ["rotkey.", "a_b.c.", "xn--bcher-kva.", r"a\.b."] {
            let name = DomainName::from_server(name).unwrap();
            assert_eq!(unescaped(&id(&name)), name.as_str());
        }
        assert_eq!(unescaped("a=ZZb=4"), "a=ZZb=4");
    }
}
