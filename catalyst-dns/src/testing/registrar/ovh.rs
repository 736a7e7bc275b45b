//! OVH on the socket.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use catalyst_core::testing::StubServer;
use catalyst_core::{Clock, Result, Secret};
use serde_json::{Value, json};
use wiremock::Request;

use super::account::{AccountFault, FakeAccount, Purpose, State, TaskEffect};
use super::vendor::{self, Vendor, header};
use crate::registrar::{Ovh, OvhBuilder, OvhCredential};
use crate::testing::socket::Reply;

const APPLICATION: &str = "canary-ovh-application";
const SECRET: &str = "canary-ovh-secret";
const CONSUMER: &str = "canary-ovh-consumer";
/// How far a request's time may be off, in seconds.
const TOLERANCE: i64 = 30;

/// An account at OVH on a free port of the loopback interface. It stops when it is dropped.
///
/// Signatures and times are checked. A change is a task whose effect comes with its end.
pub struct FakeOvh {
    account: FakeAccount,
    ahead: Arc<AtomicI64>,
    server: StubServer,
}

impl FakeOvh {
    /// Starts one with an empty account, whose clock is the machine's.
    pub async fn start() -> Self {
        let (account, ahead) = (FakeAccount::default(), Arc::new(AtomicI64::new(0)));
        let server = vendor::start(&account, Wire { ahead: Arc::clone(&ahead) }).await;
        Self { account, ahead, server }
    }

    /// The account behind.
    pub fn account(&self) -> &FakeAccount {
        &self.account
    }

    /// Puts OVH's clock this many seconds ahead of the machine's.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// The credential that it takes.
    ///
    /// # Errors
    /// None, in fact.
    pub fn credential() -> Result<OvhCredential> {
        OvhCredential::new(Secret::new(APPLICATION), Secret::new(SECRET), Secret::new(CONSUMER))
    }

    /// A client of it.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn registrar(&self) -> Result<Ovh> {
        self.builder(Self::credential()?)?.build()
    }

    /// The same, to be set up further.
    ///
    /// # Errors
    /// If the address is none.
    pub fn builder(&self, credential: OvhCredential) -> Result<OvhBuilder> {
        let address = format!("{}/1.0", self.server.uri());
        Ok(Ovh::builder(credential).address(&address)?.requests_per_minute(60_000))
    }
}

impl fmt::Debug for FakeOvh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeOvh").field("account", &self.account).finish_non_exhaustive()
    }
}

struct Wire {
    ahead: Arc<AtomicI64>,
}

impl Wire {
    fn time(&self) -> i64 {
        let now = Clock::system().now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(now.as_secs()).unwrap_or_default() + self.ahead.load(Ordering::Relaxed)
    }

    fn unknown(&self, request: &Request) -> Option<Reply> {
        if header(request, "x-ovh-application") != APPLICATION {
            return Some(error(403, "INVALID_KEY", "This application key is invalid"));
        }
        if header(request, "x-ovh-consumer") != CONSUMER {
            return Some(error(403, "NOT_CREDENTIAL", "This credential does not exist"));
        }
        let time: i64 = header(request, "x-ovh-timestamp").parse().unwrap_or_default();
        // The server library does not keep the port, and the signature is over the whole URL.
        let url = format!("http://{}{}", header(request, "host"), &request.url[url::Position::BeforePath..]);
        let method = request.method.as_str();
        let expected = crate::registrar::ovh_signature(SECRET, CONSUMER, method, &url, &request.body, time);
        if header(request, "x-ovh-signature") != expected {
            return Some(error(400, "INVALID_SIGNATURE", "Invalid signature"));
        }
        if (time - self.time()).abs() > TOLERANCE {
            return Some(error(400, "QUERY_TIME_OUT", "Query out of time"));
        }
        None
    }
}

impl Vendor for Wire {
    fn purpose(&self, request: &Request) -> Purpose {
        match request.method.as_str() {
            "GET" if request.url.path().ends_with("/nameServer") => Purpose::ReadServers,
            "GET" => Purpose::Read,
            _ => Purpose::Write,
        }
    }

    fn refuse(&self, fault: &AccountFault) -> Reply {
        match fault {
            AccountFault::RateLimited => error(429, "", "Too many requests"),
            AccountFault::HtmlBody => Reply::page(502),
            AccountFault::Unavailable => error(503, "", "Service unavailable"),
            // OVH has no tiers; what a consumer key may not do is the nearest.
            AccountFault::AccountTier => error(403, "NOT_GRANTED_CALL", "This call has not been granted"),
            // It repeats the key, as the worst of registrars would.
            _ => error(403, "INVALID_CREDENTIAL", &format!("This credential ({CONSUMER}) is not valid")),
        }
    }

    fn answer(&self, state: &mut State, request: &Request) -> Reply {
        let path = request.url.path().trim_start_matches("/1.0").trim_start_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        if segments == ["auth", "time"] {
            return Reply::json(200, &json!(self.time()));
        }
        if let Some(refusal) = self.unknown(request) {
            return refusal;
        }
        let body = vendor::json(request);
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["domain"]) => Reply::json(200, &state.domains.keys().cloned().collect()),
            (_, ["domain", name, ..]) if !state.domains.contains_key(*name) => {
                error(404, "", "This service does not exist")
            }
            ("GET", ["domain", name]) => described(state, name),
            ("GET", ["domain", name, "nameServer"]) => server_ids(state, name),
            ("GET", ["domain", name, "nameServer", id]) => server(state, name, id),
            ("GET", ["domain", name, "dsRecord"]) => key_ids(state, name),
            ("GET", ["domain", name, "dsRecord", id]) => key(state, name, id),
            ("GET", ["domain", _, "task", id]) => task(state, id),
            ("PUT", ["domain", name]) => set_type(state, name, &body),
            ("POST", ["domain", name, "nameServers", "update"]) => update(state, name, &body),
            ("POST", ["domain", name, "dsRecord"]) => set_keys(state, name, &body),
            _ => error(404, "", "Got an invalid (or empty) URL"),
        }
    }
}

fn described(state: &State, name: &str) -> Reply {
    let house = state.domains.get(name).is_some_and(|domain| domain.house);
    let kind = if house { "hosted" } else { "external" };
    Reply::json(200, &json!({ "domain": name, "nameServerType": kind }))
}

/// Servers that leave stand behind those that stay, as OVH shows them for a while.
fn entries(state: &State, name: &str) -> Vec<(String, bool)> {
    let Some(domain) = state.domains.get(name) else { return Vec::new() };
    let staying = domain.servers.iter().map(|server| (server.clone(), false));
    staying.chain(domain.leaving.iter().map(|server| (server.clone(), true))).collect()
}

fn server_ids(state: &mut State, name: &str) -> Reply {
    let all = state.domains.get(name).map_or(0, |domain| domain.servers.len());
    let left_out = all - state.told(name).map_or(0, |told| told.len());
    let ids: Vec<usize> = (left_out..entries(state, name).len()).collect();
    Reply::json(200, &json!(ids))
}

fn server(state: &State, name: &str, id: &str) -> Reply {
    let found = id.parse::<usize>().ok().and_then(|id| entries(state, name).into_iter().nth(id));
    match found {
        Some((host, leaving)) => Reply::json(
            200,
            &json!({ "id": id.parse::<u64>().unwrap_or_default(), "host": host, "ip": null, "isUsed": true, "toDelete": leaving }),
        ),
        None => error(404, "", "The requested object does not exist"),
    }
}

fn key_ids(state: &State, name: &str) -> Reply {
    let count = state.domains.get(name).map_or(0, |domain| domain.keys.len());
    Reply::json(200, &json!((0..count).collect::<Vec<_>>()))
}

fn key(state: &State, name: &str, id: &str) -> Reply {
    let keys = state.domains.get(name).map(|domain| domain.keys.as_slice()).unwrap_or_default();
    match id.parse::<usize>().ok().and_then(|id| keys.get(id)) {
        Some(key) => Reply::json(200, key),
        None => error(404, "", "The requested object does not exist"),
    }
}

fn task(state: &mut State, id: &str) -> Reply {
    match id.parse().ok().and_then(|id| state.follow(id)) {
        Some((status, comment)) => Reply::json(
            200,
            &json!({ "id": id.parse::<u64>().unwrap_or_default(), "status": status, "comment": comment, "function": "DomainDnsUpdate" }),
        ),
        None => error(404, "", "The requested object does not exist"),
    }
}

fn set_type(state: &mut State, name: &str, body: &Value) -> Reply {
    if let Some(domain) = state.domains.get_mut(name) {
        domain.house = body["nameServerType"] == "hosted";
    }
    Reply::json(200, &Value::Null)
}

fn update(state: &mut State, name: &str, body: &Value) -> Reply {
    let domain = state.domains.get(name);
    if domain.is_some_and(|domain| domain.house || domain.locked) {
        return error(403, "", "You can not update name servers of this domain");
    }
    let hosts = body["nameServers"].as_array().into_iter().flatten();
    let servers = hosts.filter_map(|entry| entry["host"].as_str()).map(str::to_owned).collect();
    started(state, name, TaskEffect::Servers(servers))
}

fn set_keys(state: &mut State, name: &str, body: &Value) -> Reply {
    let keys = body["keys"].as_array().cloned().unwrap_or_default();
    started(state, name, TaskEffect::Keys(keys))
}

fn started(state: &mut State, name: &str, effect: TaskEffect) -> Reply {
    let id = state.start(name, effect);
    Reply::json(200, &json!({ "id": id, "status": "todo", "function": "DomainDnsUpdate", "domain": name }))
}

fn error(status: u16, word: &str, message: &str) -> Reply {
    let class = format!("Client::{status}");
    let mut body = json!({ "class": class, "httpCode": status.to_string(), "message": message });
    if !word.is_empty() {
        body["errorCode"] = json!(word);
    }
    Reply::json(status, &body).header("x-ovh-queryid", "EU.ext-1.fake.1")
}
