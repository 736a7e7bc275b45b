//! Dynadot on the wire.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};
use serde_json::{Value, json};
use wiremock::Request;

use super::model::RegistrarModel;
use super::state::Trouble;
use super::wire::{self, Answer, Vendor, authorization, header, no_limit, query};
use crate::registrar::{Dynadot, DynadotBuilder, RegisteredDomain};
use crate::testing::socket::Reply;
use crate::{Ds, RecordData, RecordType};

const KEY: &str = "canary-dynadot-key";

/// A Dynadot on a free port of the loopback interface, which shows a [`RegistrarModel`]. It stops when it is dropped.
///
/// The model's credential is the API's secret. Signatures are checked, and a name server must be added to the account
/// before a domain can have it.
#[derive(Debug)]
pub struct FakeDynadot {
    model: RegistrarModel,
    first_page: Arc<AtomicUsize>,
    server: StubServer,
}

impl FakeDynadot {
    wire::of_each_fake!(Dynadot);

    /// Shows `model`.
    pub async fn serve(model: &RegistrarModel) -> Self {
        let first_page = Arc::new(AtomicUsize::new(1));
        let wire = Wire { first_page: Arc::clone(&first_page), known: Mutex::default() };
        Self { model: model.clone(), first_page, server: wire::start(model, wire).await }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.server.uri()
    }

    /// Pages count from this number; 1 if not set.
    pub fn set_first_page(&self, number: usize) {
        self.first_page.store(number, Ordering::Relaxed);
    }

    /// The key and the secret that it takes.
    pub fn keys(&self) -> [Secret; 2] {
        [Secret::new(KEY), self.model.credential()]
    }

    /// The client, to be set up further.
    ///
    /// # Errors
    /// If it cannot be set up.
    pub fn builder(&self) -> Result<DynadotBuilder> {
        let [key, secret] = self.keys();
        Ok(Dynadot::builder(key, secret).address(&self.address())?.limit(no_limit()))
    }
}

struct Wire {
    first_page: Arc<AtomicUsize>,
    /// The name servers that were added to the account.
    known: Mutex<BTreeSet<String>>,
}

impl Vendor for Wire {
    fn answer(&self, model: &RegistrarModel, request: &Request) -> Answer {
        model.hear();
        if let Some(refusal) = unknown(model, request) {
            return Ok(refusal);
        }
        model.let_in()?;
        let path = request.url.path().trim_start_matches("/restful/v1/");
        let segments: Vec<&str> = path.split('/').collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["domains"]) => self.list(model, request),
            ("POST", ["nameservers", name, "add_external"]) => Ok(self.add(name)),
            (method, ["domains", name, part]) => {
                let (name, body) = (wire::domain(name)?, wire::json(request));
                match (method, *part) {
                    ("GET", "nameservers") => servers(model, &name),
                    ("PUT", "nameservers") => self.set_servers(model, &name, &body),
                    ("GET", "dnssec") => dnssec(model, &name),
                    ("PUT", "dnssec") => set_ds(model, &name, &body),
                    ("DELETE", "dnssec") => model.write_ds(&name, &[]).map(|()| success(&Value::Null)),
                    _ => Ok(error(404, "Not Found", "")),
                }
            }
            _ => Ok(error(404, "Not Found", "")),
        }
    }

    fn refuse(&self, request: &Request, trouble: &Trouble) -> Reply {
        match trouble {
            Trouble::RateLimited(seconds) => {
                error(429, "Too Many Requests", "").header("retry-after", seconds.to_string())
            }
            Trouble::Unavailable => error(503, "Service Unavailable", "system_busy"),
            Trouble::AccountTier => error(402, "Payment Required", "not enough account balance"),
            Trouble::BadCredential => {
                error(401, "Unauthorized", &format!("invalid api key: {}", authorization(request, "Bearer")))
            }
            Trouble::Protected => error(403, "Forbidden", "the domain is locked"),
            Trouble::NotActive => error(400, "Bad Request", "the domain is not active"),
            _ => error(404, "Not Found", "could not find domain in your account"),
        }
    }
}

impl Wire {
    fn list(&self, model: &RegistrarModel, request: &Request) -> Answer {
        let number = |name: &str| query(request, name).and_then(|value| value.parse::<usize>().ok());
        let first = self.first_page.load(Ordering::Relaxed);
        let size = number("count_per_page").unwrap_or(100).clamp(1, 100);
        let page = number("page_index").unwrap_or(first).saturating_sub(first);
        let domains = model.domains()?;
        let shown = domains.iter().skip(page * size).take(size);
        let list: Vec<Value> =
            shown.map(|(name, _)| json!({ "domainName": name.as_str(), "status": "active" })).collect();
        Ok(success(&json!({ "domainInfo": list })))
    }

    fn add(&self, name: &str) -> Reply {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(name.to_lowercase()) {
            return success(&Value::Null);
        }
        error(409, "Conflict", "the name server already exists")
    }

    fn set_servers(&self, model: &RegistrarModel, name: &RegisteredDomain, body: &Value) -> Answer {
        let list = body["nameserver_list"].as_array().into_iter().flatten();
        let Some(servers) = wire::servers(list.filter_map(Value::as_str)) else {
            return Ok(error(400, "Bad Request", "these are no name servers"));
        };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.iter().any(|server| !known.contains(server.without_dot())) {
            return Ok(error(400, "Bad Request", "a name server has not been added to your account"));
        }
        model.write(name, &servers).map(|_task| success(&Value::Null))
    }
}

fn unknown(model: &RegistrarModel, request: &Request) -> Option<Reply> {
    if authorization(request, "Bearer") != KEY {
        return Some(error(401, "Unauthorized", "invalid api key"));
    }
    let path = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let (body, secret) = (String::from_utf8_lossy(&request.body), model.credential());
    let id = header(request, "x-request-id");
    let expected = crate::registrar::dynadot_signature(KEY, secret.expose(), &path, id, &body);
    (header(request, "x-signature") != expected).then(|| error(401, "Unauthorized", "invalid signature"))
}

fn servers(model: &RegistrarModel, name: &RegisteredDomain) -> Answer {
    let domain = model.domain(name)?;
    let list: Vec<Value> = domain
        .servers
        .iter()
        .enumerate()
        .map(|(index, server)| json!({ "host": index.to_string(), "ns_name": server.without_dot() }))
        .collect();
    Ok(success(&json!({ "name_servers": list })))
}

fn dnssec(model: &RegistrarModel, name: &RegisteredDomain) -> Answer {
    let domain = model.look(name)?;
    let list: Vec<Value> = domain
        .ds
        .iter()
        .map(|ds| {
            json!({
                "key_tag": ds.key_tag,
                "algorithm": ds.algorithm.to_string(),
                "digest_type": format!("digest ({})", ds.digest_type),
                "digest": ds.to_string().rsplit(' ').next().unwrap_or_default(),
            })
        })
        .collect();
    Ok(success(&json!({ "dnssec_info_list": list })))
}

/// One record for each key.
fn set_ds(model: &RegistrarModel, name: &RegisteredDomain, body: &Value) -> Answer {
    let field = |name: &str| body[name].as_str().unwrap_or_default();
    let content =
        format!("{} {} {} {}", body["key_tag"], field("algorithm"), field("digest_type"), field("digest"));
    let Ok(RecordData::Ds(new)) = RecordData::parse(RecordType::Ds, &content) else {
        return Ok(error(400, "Bad Request", "these are no DS parameters"));
    };
    let mut all: Vec<Ds> = model.look(name)?.ds;
    all.retain(|ds| ds.key_tag != new.key_tag);
    all.push(new);
    model.write_ds(name, &all).map(|()| success(&Value::Null))
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
