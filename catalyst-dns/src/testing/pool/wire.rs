//! The manager's HTTP API, as its handlers have it.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wiremock::Request;

use super::model::{PoolFault, Row, State};
use crate::pool::{PoolLabel, SovereignTarget};
use crate::testing::socket::Reply;

/// How long a name is held.
const HELD: Duration = Duration::from_secs(600);
const REGISTRARS: [&str; 5] = ["cloudflare", "dynadot", "godaddy", "namecheap", "ovh"];

/// Carries a request out; `None` closes the connection.
pub(super) fn handle(state: &mut State, request: &Request) -> Option<Reply> {
    state.requests += 1;
    let any = |fault: &PoolFault| {
        use PoolFault::{Database, Drop, DropAfter, HtmlBody, SlowAfter};
        matches!(fault, Drop | DropAfter | SlowAfter(_) | Database | HtmlBody)
    };
    // What is done all the same strikes only what changes something.
    let writes = request.method.as_str() != "GET";
    let fault = state.strike(|fault| {
        any(fault) && (writes || !matches!(fault, PoolFault::DropAfter | PoolFault::SlowAfter(_)))
    });
    match fault {
        Some(PoolFault::Drop) => None,
        Some(PoolFault::Database) => {
            Some(Reply::json(500, &json!({ "error": "check availability: connection refused" })))
        }
        Some(PoolFault::HtmlBody) => Some(Reply::page(502)),
        Some(PoolFault::DropAfter) => {
            answer(state, request);
            None
        }
        Some(PoolFault::SlowAfter(delay)) => Some(answer(state, request).later(delay)),
        _ => Some(answer(state, request)),
    }
}

fn answer(state: &mut State, request: &Request) -> Reply {
    let path = request.url.path().trim_start_matches("/api/v1/").to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let query =
        request.url.query_pairs().find(|(name, _)| name == "sub").map(|(_, value)| value.into_owned());
    let label = body["subdomain"].as_str().map(str::to_owned).or(query).unwrap_or_default();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["reserved"]) => Reply::json(200, &json!({ "reserved": reserved() })),
        ("GET", ["pool", pool, "check"]) => check(state, pool, &label),
        ("GET", ["pool", pool, "list"]) => list(state, pool),
        ("POST" | "DELETE", ["pool", _, _]) if !is_label(&label) => refusal(422, "invalid-format"),
        ("POST", ["pool", pool, "reserve"]) => reserve(state, pool, &label, &body),
        ("POST", ["pool", pool, "commit"]) => commit(state, pool, &label, &body),
        ("DELETE", ["pool", pool, "release"]) => release(state, pool, &label),
        ("POST", ["registrar", name, call @ ("set-ns" | "validate")]) => registrar(state, name, call, &body),
        _ => Reply::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
    }
}

/// The rule and the list are the client's: they were read from the manager's source.
fn is_label(label: &str) -> bool {
    !matches!(label.parse::<PoolLabel>(), Err(error) if error.code() == Some("invalid_label"))
}

fn is_reserved(label: &str) -> bool {
    matches!(label.parse::<PoolLabel>(), Err(error) if error.code() == Some("reserved_label"))
}

fn reserved() -> Vec<&'static str> {
    ["admin", "api", "app", "console", "mail", "www"].into_iter().filter(|label| is_reserved(label)).collect()
}

fn check(state: &State, pool: &str, label: &str) -> Reply {
    let no =
        |reason: &str| Reply::json(200, &json!({ "available": false, "reason": reason, "detail": "no" }));
    if !is_label(label) {
        return no("invalid-format");
    }
    if !state.managed.contains(pool) {
        return no("unsupported-pool");
    }
    if is_reserved(label) {
        return no("reserved");
    }
    match state.rows.get(&key(pool, label)) {
        Some(row) if row.active => no("active-state"),
        Some(row) if !has_ended(state, row) => no("reserved-state"),
        _ => Reply::json(200, &json!({ "available": true, "fqdn": format!("{label}.{pool}") })),
    }
}

fn reserve(state: &mut State, pool: &str, label: &str, body: &Value) -> Reply {
    if !state.managed.contains(pool) {
        return refusal(422, "unsupported-pool");
    }
    if is_reserved(label) {
        return Reply::json(500, &json!({ "error": format!("subdomain {label:?} is reserved") }));
    }
    if state.rows.get(&key(pool, label)).is_some_and(|row| row.active || !has_ended(state, row)) {
        return refusal(409, "conflict");
    }
    let now = state.now();
    let row = Row {
        active: false,
        reserved_at: now,
        expires_at: Some(now + HELD),
        sovereign: String::new(),
        load_balancer: String::new(),
        console: String::new(),
        token: state.token(),
        created_by: body["createdBy"].as_str().unwrap_or("catalyst-api").to_owned(),
    };
    let shown = shown(pool, label, &row);
    state.rows.insert(key(pool, label), row);
    state.delegate(pool, &format!("{label}.{pool}"));
    if state.strike(|fault| *fault == PoolFault::Dnssec).is_some() {
        return Reply::json(500, &json!({ "error": format!("enable DNSSEC on {label}.{pool}: status 500") }));
    }
    Reply::json(201, &shown)
}

fn commit(state: &mut State, pool: &str, label: &str, body: &Value) -> Reply {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let address = text("loadBalancerIP");
    if address.trim().is_empty() {
        return refusal(422, "missing-lb-ip");
    }
    let now = state.now();
    let Some(row) = state.rows.get_mut(&key(pool, label)) else { return refusal(404, "not-found") };
    if row.active {
        return refusal(409, "already-active");
    }
    if row.expires_at.is_some_and(|end| end < now) {
        return refusal(410, "reservation-expired");
    }
    if row.token != text("reservationToken") {
        return refusal(403, "token-mismatch");
    }
    *row = Row {
        active: true,
        expires_at: None,
        token: String::new(),
        sovereign: text("sovereignFQDN"),
        load_balancer: address,
        console: text("consoleLoadBalancerIP"),
        ..row.clone()
    };
    let mut shown = shown(pool, label, row);
    let row = row.clone();
    if state.strike(|fault| *fault == PoolFault::DnsWrite).is_some() {
        shown["warning"] = json!("row committed but PowerDNS write failed; retry commit to publish DNS");
        return Reply::json(202, &shown);
    }
    publish(state, &format!("{label}.{pool}"), &row);
    Reply::json(200, &shown)
}

fn publish(state: &mut State, zone: &str, row: &Row) {
    let (Ok(sovereign), Ok(address), Ok(name)) =
        (row.sovereign.parse(), row.load_balancer.parse(), zone.parse())
    else {
        return;
    };
    let target = SovereignTarget::new(sovereign, address);
    let target = match row.console.parse() {
        Ok(console) => target.console(console),
        Err(_none) => target,
    };
    for set in target.record_sets(&name).unwrap_or_default() {
        state.write(zone, set);
    }
}

fn release(state: &mut State, pool: &str, label: &str) -> Reply {
    if !state.managed.contains(pool) {
        return refusal(422, "unsupported-pool");
    }
    let Some(row) = state.rows.remove(&key(pool, label)) else { return refusal(404, "not-found") };
    let freed = json!({ "freed": shown(pool, label, &row) });
    if state.strike(|fault| *fault == PoolFault::Teardown).is_some() {
        return Reply::json(202, &freed);
    }
    state.tear_down(pool, &format!("{label}.{pool}"));
    Reply::json(200, &freed)
}

fn list(state: &State, pool: &str) -> Reply {
    if !state.managed.contains(pool) {
        return refusal(422, "unsupported-pool");
    }
    let rows = state.rows.iter().filter(|((present, _), _)| present == pool);
    let list: Vec<Value> = rows.map(|((_, label), row)| shown(pool, label, row)).collect();
    Reply::json(200, &json!({ "poolDomain": pool, "allocations": list }))
}

fn registrar(state: &mut State, name: &str, call: &str, body: &Value) -> Reply {
    if !REGISTRARS.contains(&name) {
        let body = json!({ "error": "unsupported-registrar", "detail": format!("no adapter for registrar {name}"), "supported": REGISTRARS });
        return Reply::json(404, &body);
    }
    let domain = body["domain"].as_str().unwrap_or_default().to_lowercase();
    if let Some(PoolFault::Registrar(word)) = state.strike(|fault| matches!(fault, PoolFault::Registrar(_))) {
        // It repeats the credential, as the worst of registrars would.
        let detail = format!("credentials {} rejected", state.token_of_registrar);
        return Reply::json(status_of(word), &json!({ "error": word, "detail": detail }));
    }
    if body["token"] != state.token_of_registrar.as_str() {
        return refusal(401, "invalid-token");
    }
    if !state.nameservers.contains_key(&domain) {
        return refusal(403, "domain-not-in-account");
    }
    if call == "validate" {
        return Reply::json(200, &json!({ "valid": true, "registrar": name, "domain": domain }));
    }
    let asked: Vec<String> = body["nameservers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_lowercase)
        .collect();
    if asked.is_empty() {
        return refusal(422, "missing-nameservers");
    }
    // Without a read-back the manager tells what was asked for, whatever the registrar did.
    if state.strike(|fault| *fault == PoolFault::ReadBack).is_none() {
        state.nameservers.insert(domain.clone(), asked.clone());
    }
    let propagation = "registrar-specific; full TLD propagation up to 48 hours";
    Reply::json(
        200,
        &json!({ "success": true, "registrar": name, "domain": domain, "nameservers": asked, "propagation": propagation }),
    )
}

fn status_of(word: &str) -> u16 {
    match word {
        "invalid-token" => 401,
        "domain-not-in-account" => 403,
        "rate-limited" => 429,
        "api-unavailable" => 502,
        _ => 500,
    }
}

fn shown(pool: &str, label: &str, row: &Row) -> Value {
    let mut shown = json!({
        "poolDomain": pool,
        "subdomain": label,
        "state": if row.active { "active" } else { "reserved" },
        "reservedAt": moment(row.reserved_at),
        "createdBy": row.created_by,
    });
    if let Some(end) = row.expires_at {
        shown["expiresAt"] = json!(moment(end));
    }
    for (name, value) in [
        ("sovereignFQDN", &row.sovereign),
        ("loadBalancerIP", &row.load_balancer),
        ("reservationToken", &row.token),
    ] {
        if !value.is_empty() {
            shown[name] = json!(value);
        }
    }
    shown
}

fn has_ended(state: &State, row: &Row) -> bool {
    row.expires_at.is_some_and(|end| end < state.now())
}

fn moment(time: SystemTime) -> String {
    let whole = OffsetDateTime::from(time).replace_nanosecond(0);
    whole.ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

fn key(pool: &str, label: &str) -> (String, String) {
    (pool.to_owned(), label.to_owned())
}

fn refusal(status: u16, word: &str) -> Reply {
    Reply::json(status, &json!({ "error": word, "detail": format!("{word}, in more words") }))
}
