//! Cloudflare on the wire.

use catalyst_core::Result;
use catalyst_core::testing::StubServer;
use serde_json::{Value, json};
use wiremock::Request;

use super::model::RegistrarModel;
use super::state::{ModelDomain, Trouble};
use super::wire::{self, Answer, Vendor, authorization, no_limit, number, query};
use crate::DomainName;
use crate::registrar::{Cloudflare, CloudflareBuilder, RegisteredDomain};
use crate::testing::socket::Reply;

/// A Cloudflare on a free port of the loopback interface, which shows a [`RegistrarModel`]. It stops when it is
/// dropped.
#[derive(Debug)]
pub struct FakeCloudflare {
    model: RegistrarModel,
    server: StubServer,
}

impl FakeCloudflare {
    wire::of_each_fake!(Cloudflare);

    /// Shows `model`.
    pub async fn serve(model: &RegistrarModel) -> Self {
        Self { model: model.clone(), server: wire::start(model, Wire).await }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("{}/client/v4", self.server.uri())
    }

    /// The client, to be set up further.
    ///
    /// # Errors
    /// If it cannot be set up.
    pub fn builder(&self) -> Result<CloudflareBuilder> {
        Ok(Cloudflare::builder(self.model.credential()).address(&self.address())?.limit(no_limit()))
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
                failure(401, 1000, &format!("Invalid API Token: {}", authorization(request, "Bearer")))
            }
            Trouble::RateLimited(seconds) => {
                failure(429, 10013, "Rate limit exceeded").header("retry-after", seconds.to_string())
            }
            Trouble::AccountTier => failure(403, 9109, "Unauthorized to access requested resource"),
            Trouble::Unavailable => failure(502, 10000, "Internal error"),
            _ => failure(404, 1001, "Invalid zone identifier"),
        }
    }
}

fn answer(model: &RegistrarModel, request: &Request) -> Answer {
    model.log_in(authorization(request, "Bearer"))?;
    let path = request.url.path().trim_start_matches("/client/v4/");
    match (request.method.as_str(), path) {
        ("GET", "user/tokens/verify") => {
            Ok(success(&json!({"id": "f00d", "status": "active"}), &json!(null)))
        }
        ("GET", "zones") => zones(model, request),
        ("GET", path) => dnssec(model, path),
        _ => Ok(failure(405, 10405, "Method not allowed for this endpoint")),
    }
}

fn zones(model: &RegistrarModel, request: &Request) -> Answer {
    if let Some(name) = query(request, "name") {
        let Ok(domain) = name.parse::<RegisteredDomain>() else {
            return Ok(success(&json!([]), &json!({"page": 1, "total_pages": 0})));
        };
        let found = match model.domain(&domain) {
            Ok(found) => vec![zone(&domain, &found)],
            // A filter that finds nothing is no fault at Cloudflare.
            Err(Trouble::NotInAccount) => Vec::new(),
            Err(trouble) => return Err(trouble),
        };
        return Ok(success(&json!(found), &json!({"page": 1, "total_pages": 1})));
    }
    let (page, size) = (number(request, "page", 1).max(1), number(request, "per_page", 20).clamp(5, 50));
    let all = model.domains()?;
    let shown: Vec<Value> =
        all.iter().skip((page - 1) * size).take(size).map(|(name, domain)| zone(name, domain)).collect();
    let info = json!({
        "page": page, "per_page": size, "count": shown.len(),
        "total_count": all.len(), "total_pages": all.len().div_ceil(size),
    });
    Ok(success(&json!(shown), &info))
}

fn dnssec(model: &RegistrarModel, path: &str) -> Answer {
    let id = path.strip_prefix("zones/").and_then(|path| path.strip_suffix("/dnssec"));
    let domains = model.domains()?;
    let Some((name, domain)) = domains.iter().find(|(name, _)| id == Some(&*zone_id(name))) else {
        return Ok(failure(
            404,
            7003,
            "Could not route to the path, perhaps your object identifier is invalid?",
        ));
    };
    let result = match domain.ds.first() {
        Some(ds) => json!({
            "status": "active", "algorithm": ds.algorithm.to_string(), "key_tag": ds.key_tag,
            "ds": format!("{} 3600 IN DS {ds}", name.name().as_str()),
        }),
        None => json!({"status": "disabled", "algorithm": null, "key_tag": null, "ds": null}),
    };
    Ok(success(&result, &json!(null)))
}

fn zone(name: &RegisteredDomain, domain: &ModelDomain) -> Value {
    let servers: Vec<_> = domain.servers.iter().map(DomainName::without_dot).collect();
    json!({
        "id": zone_id(name),
        "name": name.as_str(),
        "status": if domain.active { "active" } else { "pending" },
        "name_servers": servers,
        "original_name_servers": null,
    })
}

/// 32 hexadecimal digits that depend on the name.
fn zone_id(name: &RegisteredDomain) -> String {
    let sum = name.as_str().bytes().fold(0_u128, |sum, byte| sum.wrapping_mul(257).wrapping_add(byte.into()));
    format!("{sum:032x}")
}

fn success(result: &Value, info: &Value) -> Reply {
    let mut body = json!({"success": true, "errors": [], "messages": [], "result": result});
    if !info.is_null() {
        body["result_info"] = info.clone();
    }
    Reply::json(200, &body)
}

fn failure(status: u16, code: u32, message: &str) -> Reply {
    let errors = json!([{"code": code, "message": message}]);
    Reply::json(status, &json!({"success": false, "errors": errors, "messages": [], "result": null}))
}
