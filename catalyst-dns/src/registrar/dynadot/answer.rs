//! Answers, read. Names of fields differ between the versions of the API; all that were seen are taken.

use catalyst_core::Result;
use catalyst_core::http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::refusal;
use crate::registrar::format;

#[derive(Debug, Deserialize)]
struct Envelope<T> {
    data: Option<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Servers {
    #[serde(alias = "nameserver_list")]
    name_servers: Vec<Value>,
}

impl Servers {
    /// The names; a server is a text, or an object whose `ns_name`, `server_name` or `host` it is.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.name_servers.iter().filter_map(|entry| {
            let fields =
                ["ns_name", "server_name", "host"].map(|field| entry.get(field).and_then(Value::as_str));
            let named = fields.into_iter().flatten().find(|text| text.contains('.'));
            entry.as_str().or(named).filter(|text| !text.is_empty())
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Domains {
    #[serde(alias = "domainInfo", alias = "domain_info")]
    domain_info_list: Vec<DomainInfo>,
}

#[derive(Debug, Deserialize)]
struct DomainInfo {
    #[serde(alias = "domainName")]
    domain_name: String,
}

impl Domains {
    pub(super) fn names(self) -> Vec<String> {
        self.domain_info_list.into_iter().map(|domain| domain.domain_name).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Dnssec {
    pub(super) dnssec_info_list: Vec<DsInfo>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DsInfo {
    pub(super) key_tag: u16,
    /// `13`, or `ECDSA Curve P-256 with SHA-256 (13)`.
    pub(super) algorithm: Value,
    pub(super) digest_type: Value,
    pub(super) digest: String,
}

/// The number in `13`, `"13"` or `"SHA-256 (2)"`.
pub(super) fn number(value: &Value) -> Option<u8> {
    match value {
        Value::Number(number) => u8::try_from(number.as_u64()?).ok(),
        Value::String(text) => {
            let text = text.trim();
            let inside = text
                .strip_suffix(')')
                .and_then(|text| text.rsplit_once('('))
                .map_or(text, |(_, inside)| inside);
            inside.trim().parse().ok()
        }
        _ => None,
    }
}

/// Whether the answer is a success, whatever stands in it.
pub(super) fn accepted(operation: &'static str, response: &Response) -> Result<()> {
    match refusal::meaning(operation, response.status(), response.body()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// The data of a successful answer.
pub(super) fn data<T: DeserializeOwned + Default>(operation: &'static str, response: &Response) -> Result<T> {
    accepted(operation, response)?;
    parse(operation, response.body())
}

pub(super) fn parse<T: DeserializeOwned + Default>(operation: &'static str, body: &[u8]) -> Result<T> {
    let envelope: Envelope<T> = format::json(operation, body)?;
    Ok(envelope.data.unwrap_or_default())
}
