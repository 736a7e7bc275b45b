//! OVH on the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::testing::StubServer;
use catalyst_core::{Clock, Result, Secret};
use serde_json::{Value, json};
use wiremock::Request;

use super::model::RegistrarModel;
use super::state::{ModelDomain, Trouble};
use super::wire::{self, Answer, Vendor, header, no_limit};
use crate::registrar::{Ovh, OvhBuilder, OvhCredential, RegisteredDomain, TaskId, TaskState};
use crate::testing::socket::Reply;
use crate::{Dnskey, DomainName};

const APPLICATION: &str = "canary-ovh-application";
const CONSUMER: &str = "canary-ovh-consumer";
/// How far a request's time may be off, in seconds.
const TOLERANCE: i64 = 30;

/// An OVH on a free port of the loopback interface, which shows a [`RegistrarModel`]. It stops when it is dropped.
///
/// The model's credential is the application secret. Signatures and times are checked. A change is a task whose effect
/// comes with its end.
#[derive(Debug)]
pub struct FakeOvh {
    model: RegistrarModel,
    ahead: Arc<AtomicI64>,
    server: StubServer,
}

impl FakeOvh {
    wire::of_each_fake!(Ovh);

    /// Shows `model`, whose writes become tasks. Its clock is the machine's.
    pub async fn serve(model: &RegistrarModel) -> Self {
        if !model.writes_by_tasks() {
            model.write_by_tasks(0);
        }
        let ahead = Arc::new(AtomicI64::new(0));
        let server = wire::start(model, Wire { ahead: Arc::clone(&ahead) }).await;
        Self { model: model.clone(), ahead, server }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("{}/1.0", self.server.uri())
    }

    /// Puts OVH's clock this many seconds ahead of the machine's.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// The application key, the application secret and the consumer key that it takes.
    pub fn keys(&self) -> [Secret; 3] {
        [Secret::new(APPLICATION), self.model.credential(), Secret::new(CONSUMER)]
    }

    /// The client, to be set up further.
    ///
    /// # Errors
    /// If it cannot be set up.
    pub fn builder(&self) -> Result<OvhBuilder> {
        let [application, secret, consumer] = self.keys();
        let credential = OvhCredential::new(application, secret, consumer)?;
        Ok(Ovh::builder(credential).address(&self.address())?.limit(no_limit()))
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

    fn unknown(&self, model: &RegistrarModel, request: &Request) -> Option<Reply> {
        if header(request, "x-ovh-application") != APPLICATION {
            return Some(error(403, "INVALID_KEY", "This application key is invalid"));
        }
        if header(request, "x-ovh-consumer") != CONSUMER {
            return Some(error(403, "NOT_CREDENTIAL", "This credential does not exist"));
        }
        let time: i64 = header(request, "x-ovh-timestamp").parse().unwrap_or_default();
        // The server library does not keep the port, and the signature is over the whole URL.
        let url = format!("http://{}{}", header(request, "host"), &request.url[url::Position::BeforePath..]);
        let (secret, method) = (model.credential(), request.method.as_str());
        let expected =
            crate::registrar::ovh_signature(secret.expose(), CONSUMER, method, &url, &request.body, time);
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
    fn answer(&self, model: &RegistrarModel, request: &Request) -> Answer {
        model.hear();
        let path = request.url.path().trim_start_matches("/1.0").trim_start_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        if segments == ["auth", "time"] {
            model.let_in()?;
            return Ok(Reply::json(200, &json!(self.time())));
        }
        if let Some(refusal) = self.unknown(model, request) {
            return Ok(refusal);
        }
        model.let_in()?;
        match segments.as_slice() {
            ["domain"] => {
                let names = model.domains()?;
                Ok(Reply::json(200, &names.iter().map(|(name, _)| name.as_str()).collect()))
            }
            ["domain", name, rest @ ..] => of_domain(model, &wire::domain(name)?, request, rest),
            _ => Ok(error(404, "", "Got an invalid (or empty) URL")),
        }
    }

    fn refuse(&self, request: &Request, trouble: &Trouble) -> Reply {
        match trouble {
            Trouble::RateLimited(seconds) => {
                error(429, "", "Too many requests").header("retry-after", seconds.to_string())
            }
            Trouble::Unavailable => error(503, "", "Service unavailable"),
            // OVH has no tiers; what a consumer key may not do is the nearest.
            Trouble::AccountTier => error(403, "NOT_GRANTED_CALL", "This call has not been granted"),
            Trouble::BadCredential => error(
                403,
                "INVALID_CREDENTIAL",
                &format!("This credential ({}) is not valid", header(request, "x-ovh-consumer")),
            ),
            Trouble::Protected => error(403, "", "You can not update name servers of this domain"),
            Trouble::NotActive => error(409, "", "The state of the domain does not allow it"),
            _ => error(404, "", "This service does not exist"),
        }
    }
}

fn of_domain(model: &RegistrarModel, name: &RegisteredDomain, request: &Request, rest: &[&str]) -> Answer {
    let body = wire::json(request);
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let kind = if model.look(name)?.house { "hosted" } else { "external" };
            Ok(Reply::json(200, &json!({ "domain": name.as_str(), "nameServerType": kind })))
        }
        ("PUT", []) => {
            model.write_kind(name, body["nameServerType"] == "hosted")?;
            Ok(Reply::json(200, &Value::Null))
        }
        ("GET", ["nameServer"]) => {
            let (told, all) = (model.domain(name)?.servers, model.shown(name)?);
            let shown = entries(&all).into_iter().enumerate();
            let shown = shown.filter(|(_, (host, leaving))| *leaving || told.contains(host));
            Ok(Reply::json(200, &shown.map(|(id, _)| id).collect()))
        }
        ("GET", ["nameServer", id]) => Ok(server(&model.look(name)?, id)),
        ("POST", ["nameServers", "update"]) => update(model, name, &body),
        ("GET", ["dsRecord"]) => Ok(Reply::json(200, &(0..model.look(name)?.keys.len()).collect())),
        ("GET", ["dsRecord", id]) => Ok(key(&model.look(name)?, id)),
        ("POST", ["dsRecord"]) => {
            let task = model.write_keys(name, keys(&body))?;
            Ok(started(name, task.as_ref()))
        }
        ("GET", ["task", id]) => task(model, id),
        _ => Ok(error(404, "", "Got an invalid (or empty) URL")),
    }
}

/// Servers that leave stand behind those that stay, as OVH shows them for a while.
fn entries(domain: &ModelDomain) -> Vec<(&DomainName, bool)> {
    let staying = domain.servers.iter().map(|server| (server, false));
    staying.chain(domain.leaving.iter().map(|server| (server, true))).collect()
}

fn server(domain: &ModelDomain, id: &str) -> Reply {
    let entries = entries(domain);
    match id.parse::<usize>().ok().and_then(|id| entries.get(id)) {
        Some((host, leaving)) => Reply::json(
            200,
            &json!({ "id": number(id), "host": host.without_dot(), "ip": null, "isUsed": true, "toDelete": leaving }),
        ),
        None => no_object(),
    }
}

fn update(model: &RegistrarModel, name: &RegisteredDomain, body: &Value) -> Answer {
    if model.is_house(name) {
        return Err(Trouble::Protected);
    }
    let hosts = body["nameServers"].as_array().into_iter().flatten();
    match wire::servers(hosts.filter_map(|entry| entry["host"].as_str())) {
        Some(servers) => Ok(started(name, model.write(name, &servers)?.as_ref())),
        None => Ok(error(400, "INVALID_ARGUMENT", "Invalid name servers")),
    }
}

fn keys(body: &Value) -> Vec<Dnskey> {
    let number = |key: &Value, name: &str| key[name].as_u64().unwrap_or_default();
    let key = |key: &Value| Dnskey {
        flags: u16::try_from(number(key, "flags")).unwrap_or_default(),
        protocol: 3,
        algorithm: u8::try_from(number(key, "algorithm")).unwrap_or_default(),
        public_key: STANDARD.decode(key["publicKey"].as_str().unwrap_or_default()).unwrap_or_default(),
    };
    body["keys"].as_array().into_iter().flatten().map(key).collect()
}

fn key(domain: &ModelDomain, id: &str) -> Reply {
    match id.parse::<usize>().ok().and_then(|id| domain.keys.get(id)) {
        Some(key) => Reply::json(
            200,
            &json!({
                "algorithm": key.algorithm, "flags": key.flags, "tag": key.key_tag(),
                "publicKey": STANDARD.encode(&key.public_key),
            }),
        ),
        None => no_object(),
    }
}

fn task(model: &RegistrarModel, id: &str) -> Answer {
    let (status, comment) = match model.task(&TaskId(id.to_owned()))? {
        TaskState::Done => ("done", String::new()),
        TaskState::Failed(why) => ("error", why),
        TaskState::Pending => ("doing", String::new()),
    };
    let body =
        json!({ "id": number(id), "status": status, "comment": comment, "function": "DomainDnsUpdate" });
    Ok(Reply::json(200, &body))
}

fn started(name: &RegisteredDomain, task: Option<&TaskId>) -> Reply {
    let id = task.map_or(0, |task| number(&task.0));
    let body = json!({ "id": id, "status": "todo", "function": "DomainDnsUpdate", "domain": name.as_str() });
    Reply::json(200, &body)
}

fn number(id: &str) -> u64 {
    id.parse().unwrap_or_default()
}

fn no_object() -> Reply {
    error(404, "", "The requested object does not exist")
}

fn error(status: u16, word: &str, message: &str) -> Reply {
    let class = format!("Client::{status}");
    let mut body = json!({ "class": class, "httpCode": status.to_string(), "message": message });
    if !word.is_empty() {
        body["errorCode"] = json!(word);
    }
    Reply::json(status, &body).header("x-ovh-queryid", "EU.ext-1.fake.1")
}
