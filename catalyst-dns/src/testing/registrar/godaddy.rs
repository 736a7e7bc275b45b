//! GoDaddy on the wire.

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};
use serde_json::{Value, json};
use wiremock::Request;

use super::model::RegistrarModel;
use super::state::{ModelDomain, Trouble};
use super::wire::{self, Answer, Vendor, authorization, no_limit, number, query};
use crate::registrar::{GoDaddy, GoDaddyBuilder, RegisteredDomain};
use crate::testing::socket::Reply;

/// A GoDaddy on a free port of the loopback interface, which shows a [`RegistrarModel`]. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeGoDaddy {
    model: RegistrarModel,
    server: StubServer,
}

/// The key; the model's credential is its secret.
const KEY: &str = "canary-godaddy-key";

impl FakeGoDaddy {
    wire::of_each_fake!(GoDaddy);

    /// Shows `model`.
    pub async fn serve(model: &RegistrarModel) -> Self {
        Self { model: model.clone(), server: wire::start(model, Wire).await }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.server.uri()
    }

    /// The client, to be set up further.
    ///
    /// # Errors
    /// If it cannot be set up.
    pub fn builder(&self) -> Result<GoDaddyBuilder> {
        let builder = GoDaddy::builder(Secret::new(KEY), self.model.credential());
        Ok(builder.address(&self.address())?.limit(no_limit()))
    }
}

struct Wire;

impl Vendor for Wire {
    fn answer(&self, model: &RegistrarModel, request: &Request) -> Answer {
        answer(model, request)
    }

    fn refuse(&self, request: &Request, trouble: &Trouble) -> Reply {
        match trouble {
            Trouble::BadCredential => {
                let said = format!("Could not authenticate {}", authorization(request, "sso-key"));
                failure(401, "UNABLE_TO_AUTHENTICATE", &said)
            }
            Trouble::AccountTier => failure(403, "ACCESS_DENIED", "Authenticated user is not allowed access"),
            Trouble::RateLimited(seconds) => {
                let message = "Too many requests received within interval";
                let body = json!({"code": "TOO_MANY_REQUESTS", "message": message, "retryAfterSec": seconds});
                Reply::json(429, &body)
            }
            Trouble::Unavailable => failure(503, "SERVICE_UNAVAILABLE", "Try again later"),
            Trouble::Protected => {
                failure(409, "INVALID_STATE", "The domain status does not allow the operation")
            }
            Trouble::NotActive => failure(409, "INVALID_STATE", "The domain is not active"),
            _ => failure(404, "UNKNOWN_DOMAIN", "The given domain is not registered, or has no zone file"),
        }
    }
}

fn answer(model: &RegistrarModel, request: &Request) -> Answer {
    let pair = authorization(request, "sso-key").split_once(':');
    model.log_in(pair.filter(|(key, _)| *key == KEY).map_or("", |(_, secret)| secret))?;
    let path = request.url.path();
    match (request.method.as_str(), path) {
        ("GET", "/v1/domains/agreements") => Ok(Reply::json(200, &json!([{"agreementKey": "DNRA"}]))),
        ("GET", "/v1/domains") => list(model, request),
        (method, path) => {
            let domain = wire::domain(path.strip_prefix("/v1/domains/").unwrap_or_default())?;
            match method {
                "GET" => Ok(Reply::json(200, &shown(&domain, &model.domain(&domain)?))),
                "PATCH" => write(model, &domain, request),
                _ => Ok(failure(405, "METHOD_NOT_ALLOWED", "no such method")),
            }
        }
    }
}

fn list(model: &RegistrarModel, request: &Request) -> Answer {
    let (limit, marker) = (number(request, "limit", 100).clamp(1, 1000), query(request, "marker"));
    let mut all = model.domains()?;
    all.sort_by(|(one, _), (another, _)| one.as_str().cmp(another.as_str()));
    let page: Vec<Value> = all
        .iter()
        .filter(|(name, _)| marker.as_deref().is_none_or(|marker| name.as_str() > marker))
        .take(limit)
        .map(|(name, domain)| shown(name, domain))
        .collect();
    Ok(Reply::json(200, &json!(page)))
}

fn write(model: &RegistrarModel, domain: &RegisteredDomain, request: &Request) -> Answer {
    let body = wire::json(request);
    let names = body["nameServers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(servers) = wire::servers(names) {
        return model.write(domain, &servers).map(|_task| Reply::new(204, "application/json", ""));
    }
    let fields = json!([{"code": "INVALID", "message": "not two hosts", "path": "nameServers"}]);
    let message = "Request body doesn't fulfill schema";
    Ok(Reply::json(422, &json!({"code": "INVALID_BODY", "message": message, "fields": fields})))
}

fn shown(name: &RegisteredDomain, domain: &ModelDomain) -> Value {
    let servers: Vec<_> = domain.servers.iter().map(|name| name.without_dot().to_ascii_uppercase()).collect();
    json!({
        "domain": name.as_str(),
        "status": if domain.active { "ACTIVE" } else { "PENDING_TRANSFER" },
        "locked": domain.locked,
        "nameServers": servers,
    })
}

fn failure(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"code": code, "message": message}))
}
