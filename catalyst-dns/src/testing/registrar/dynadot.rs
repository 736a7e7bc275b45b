//! Dynadot on the socket.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};
use serde_json::{Value, json};
use wiremock::Request;

use super::account::{AccountFault, FakeAccount, Purpose, State};
use super::vendor::{self, Vendor, header};
use crate::registrar::{Dynadot, DynadotBuilder};
use crate::testing::socket::Reply;

const KEY: &str = "canary-dynadot-key";
const SECRET: &str = "canary-dynadot-secret";

/// An account at Dynadot on a free port of the loopback interface. It stops when it is dropped.
///
/// Signatures are checked, and a name server must be added to the account before a domain can have it.
pub struct FakeDynadot {
    account: FakeAccount,
    first_page: Arc<AtomicUsize>,
    server: StubServer,
}

impl FakeDynadot {
    /// Starts one with an empty account.
    pub async fn start() -> Self {
        let (account, first_page) = (FakeAccount::default(), Arc::new(AtomicUsize::new(1)));
        let server = vendor::start(&account, Wire { first_page: Arc::clone(&first_page) }).await;
        Self { account, first_page, server }
    }

    /// The account behind.
    pub fn account(&self) -> &FakeAccount {
        &self.account
    }

    /// Pages count from this number; 1 if not set.
    pub fn set_first_page(&self, number: usize) {
        self.first_page.store(number, Ordering::Relaxed);
    }

    /// A client of it, whose limit of requests is out of the way.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn registrar(&self) -> Result<Dynadot> {
        self.builder(KEY, SECRET)?.build()
    }

    /// The same, with this key and secret, to be set up further.
    ///
    /// # Errors
    /// If the address is none.
    pub fn builder(&self, key: &str, secret: &str) -> Result<DynadotBuilder> {
        let builder = Dynadot::builder(Secret::new(key), Secret::new(secret)).address(&self.server.uri())?;
        Ok(builder.requests_per_minute(60_000))
    }

    /// The key and the secret that it takes.
    pub fn credential() -> (&'static str, &'static str) {
        (KEY, SECRET)
    }
}

impl fmt::Debug for FakeDynadot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeDynadot").field("account", &self.account).finish_non_exhaustive()
    }
}

struct Wire {
    first_page: Arc<AtomicUsize>,
}

impl Vendor for Wire {
    fn purpose(&self, request: &Request) -> Purpose {
        match request.method.as_str() {
            "GET" if request.url.path().ends_with("/nameservers") => Purpose::ReadServers,
            // To add a server twice changes nothing.
            "GET" | "POST" => Purpose::Read,
            _ => Purpose::Write,
        }
    }

    fn refuse(&self, fault: &AccountFault) -> Reply {
        match fault {
            AccountFault::RateLimited => error(429, "Too Many Requests", "").header("retry-after", "1"),
            AccountFault::HtmlBody => Reply::page(200),
            AccountFault::Unavailable => error(503, "Service Unavailable", "system_busy"),
            AccountFault::AccountTier => error(402, "Payment Required", "not enough account balance"),
            // It repeats the key, as the worst of registrars would.
            _ => error(401, "Unauthorized", &format!("invalid api key {KEY}")),
        }
    }

    fn answer(&self, state: &mut State, request: &Request) -> Reply {
        if let Some(refusal) = unknown(request) {
            return refusal;
        }
        let path = request.url.path().trim_start_matches("/restful/v1/");
        let segments: Vec<&str> = path.split('/').collect();
        let body = vendor::json(request);
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["domains"]) => self.list(state, request),
            ("POST", ["nameservers", name, "add_external"]) => add(state, name),
            (_, ["domains", name, ..]) if !state.domains.contains_key(*name) => {
                error(404, "Not Found", "could not find domain in your account")
            }
            ("GET", ["domains", name, "nameservers"]) => servers(state, name),
            ("PUT", ["domains", name, "nameservers"]) => set_servers(state, name, &body),
            ("GET", ["domains", name, "dnssec"]) => dnssec(state, name),
            ("PUT", ["domains", name, "dnssec"]) => set_ds(state, name, body),
            ("DELETE", ["domains", name, "dnssec"]) => clear_ds(state, name),
            _ => error(404, "Not Found", ""),
        }
    }
}

impl Wire {
    fn list(&self, state: &State, request: &Request) -> Reply {
        let number = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs.find(|(present, _)| present == name).and_then(|(_, value)| value.parse::<usize>().ok())
        };
        let first = self.first_page.load(Ordering::Relaxed);
        let size = number("count_per_page").unwrap_or(100).clamp(1, 100);
        let page = number("page_index").unwrap_or(first).saturating_sub(first);
        let names = state.domains.keys().skip(page * size).take(size);
        let list: Vec<Value> = names.map(|name| json!({ "domainName": name, "status": "active" })).collect();
        success(&json!({ "domainInfo": list }))
    }
}

fn unknown(request: &Request) -> Option<Reply> {
    if header(request, "authorization").strip_prefix("Bearer ") != Some(KEY) {
        return Some(error(401, "Unauthorized", "invalid api key"));
    }
    let path = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let body = String::from_utf8_lossy(&request.body);
    let id = header(request, "x-request-id");
    let expected = crate::registrar::dynadot_signature(KEY, SECRET, &path, id, &body);
    (header(request, "x-signature") != expected).then(|| error(401, "Unauthorized", "invalid signature"))
}

fn add(state: &mut State, name: &str) -> Reply {
    if state.known.insert(name.to_lowercase()) {
        return success(&Value::Null);
    }
    error(409, "Conflict", "the name server already exists")
}

fn servers(state: &mut State, name: &str) -> Reply {
    let names = state.told(name).unwrap_or_default();
    let list: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(index, name)| json!({ "host": index.to_string(), "ns_name": name }))
        .collect();
    success(&json!({ "name_servers": list }))
}

fn set_servers(state: &mut State, name: &str, body: &Value) -> Reply {
    let list = body["nameserver_list"].as_array().into_iter().flatten();
    let names: Vec<String> = list.filter_map(Value::as_str).map(str::to_lowercase).collect();
    if names.iter().any(|server| !state.known.contains(server)) {
        return error(400, "Bad Request", "a name server has not been added to your account");
    }
    let Some(domain) = state.domains.get_mut(name) else { return error(404, "Not Found", "") };
    if domain.locked {
        return error(403, "Forbidden", "the domain is locked");
    }
    domain.set(names);
    success(&Value::Null)
}

fn dnssec(state: &State, name: &str) -> Reply {
    let keys = state.domains.get(name).map(|domain| domain.keys.as_slice()).unwrap_or_default();
    success(&json!({ "dnssec_info_list": keys }))
}

/// One record for each key.
fn set_ds(state: &mut State, name: &str, body: Value) -> Reply {
    if let Some(domain) = state.domains.get_mut(name) {
        domain.keys.retain(|key| key["key_tag"] != body["key_tag"]);
        domain.keys.push(body);
    }
    success(&Value::Null)
}

fn clear_ds(state: &mut State, name: &str) -> Reply {
    if let Some(domain) = state.domains.get_mut(name) {
        domain.keys.clear();
    }
    success(&Value::Null)
}

fn success(data: &Value) -> Reply {
    Reply::json(200, &json!({ "code": 200, "message": "Success", "data": data }))
}

fn error(status: u16, message: &str, description: &str) -> Reply {
    Reply::json(
        status,
        &json!({ "code": status, "message": message, "error": { "description": description } }),
    )
}
