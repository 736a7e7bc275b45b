//! GoDaddy on the wire.

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::model::{ModelDomain, RegistrarModel, Trouble};
use super::wire::{self, header, number, query};
use crate::DomainName;
use crate::registrar::{GoDaddy, GoDaddyBuilder, NameServers, RegisteredDomain};

/// A GoDaddy on a free port of the loopback interface, which shows a [`RegistrarModel`]. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeGoDaddy {
    model: RegistrarModel,
    server: StubServer,
}

/// The key; the model's credential is its secret.
const KEY: &str = "fake-key";

impl FakeGoDaddy {
    /// Shows `model`.
    pub async fn serve(model: &RegistrarModel) -> Self {
        Self { model: model.clone(), server: wire::serve(model, answer, refuse).await }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.server.uri()
    }

    /// The account, to be set up further.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn builder(&self) -> Result<GoDaddyBuilder> {
        GoDaddy::builder(Secret::new(KEY), self.model.credential()).address(&self.address())
    }
}

fn answer(model: &RegistrarModel, request: &Request) -> std::result::Result<ResponseTemplate, Trouble> {
    let pair =
        header(request, "authorization").strip_prefix("sso-key ").and_then(|pair| pair.split_once(':'));
    model.log_in(pair.filter(|(key, _)| *key == KEY).map_or("", |(_, secret)| secret))?;
    let path = request.url.path();
    match (request.method.as_str(), path) {
        ("GET", "/v1/domains/agreements") => Ok(wire::json(200, &json!([{"agreementKey": "DNRA"}]))),
        ("GET", "/v1/domains") => list(model, request),
        (method, path) => {
            let domain = path.strip_prefix("/v1/domains/").and_then(|name| name.parse().ok());
            let domain: RegisteredDomain = domain.ok_or(Trouble::NotInAccount)?;
            match method {
                "GET" => Ok(wire::json(200, &shown(&domain, &model.domain(&domain)?))),
                "PATCH" => write(model, &domain, request),
                _ => Ok(failure(405, "METHOD_NOT_ALLOWED", "no such method")),
            }
        }
    }
}

fn list(model: &RegistrarModel, request: &Request) -> std::result::Result<ResponseTemplate, Trouble> {
    let (limit, marker) = (number(request, "limit", 100).clamp(1, 1000), query(request, "marker"));
    let mut all = model.domains()?;
    all.sort_by(|(one, _), (another, _)| one.as_str().cmp(another.as_str()));
    let page: Vec<Value> = all
        .iter()
        .filter(|(name, _)| marker.as_deref().is_none_or(|marker| name.as_str() > marker))
        .take(limit)
        .map(|(name, domain)| shown(name, domain))
        .collect();
    Ok(wire::json(200, &json!(page)))
}

fn write(
    model: &RegistrarModel,
    domain: &RegisteredDomain,
    request: &Request,
) -> std::result::Result<ResponseTemplate, Trouble> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let names = body["nameServers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Result<Vec<DomainName>> = names.map(str::parse).collect();
    match names.and_then(NameServers::new) {
        Ok(servers) => model.write(domain, &servers).map(|_task| ResponseTemplate::new(204)),
        Err(_invalid) => {
            let fields = json!([{"code": "INVALID", "message": "not two hosts", "path": "nameServers"}]);
            let body = json!({"code": "INVALID_BODY", "message": "Request body doesn't fulfill schema", "fields": fields});
            Ok(wire::json(422, &body))
        }
    }
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

fn failure(status: u16, code: &str, message: &str) -> ResponseTemplate {
    wire::json(status, &json!({"code": code, "message": message}))
}

fn refuse(trouble: &Trouble) -> ResponseTemplate {
    match trouble {
        Trouble::BadCredential => {
            failure(401, "UNABLE_TO_AUTHENTICATE", "Unauthorized : Could not authenticate")
        }
        Trouble::AccountTier => failure(403, "ACCESS_DENIED", "Authenticated user is not allowed access"),
        Trouble::RateLimited(seconds) => {
            let message = "Too many requests received within interval";
            let body = json!({"code": "TOO_MANY_REQUESTS", "message": message, "retryAfterSec": seconds});
            wire::json(429, &body)
        }
        Trouble::Protected => failure(409, "INVALID_STATE", "The domain status does not allow the operation"),
        Trouble::NotActive => failure(409, "INVALID_STATE", "The domain is not active"),
        _ => {
            failure(404, "UNKNOWN_DOMAIN", "The given domain is not registered, or does not have a zone file")
        }
    }
}
