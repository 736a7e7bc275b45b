//! Logins: what is shown, against what was allowed.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::Secret;
use serde_json::Value;

use super::Refusal;
use super::grant::{LoginRule, TokenGrant};
use super::state::{Call, Engine, State, full_path};
use super::tokens::{AuthAnswer, Origin};
use crate::auth_method::AuthMethodType;

/// The login method that is mounted somewhere.
#[derive(Clone, Default)]
pub(super) struct LoginMount {
    pub(super) roles: BTreeMap<String, (LoginRule, TokenGrant)>,
}

impl LoginMount {
    /// Of what kind it is, as its rules tell.
    pub(super) fn kind(&self) -> Option<AuthMethodType> {
        self.roles.values().next().map(|(rule, _)| match rule {
            LoginRule::Jwt { .. } => AuthMethodType::Jwt,
            LoginRule::Certificate { .. } => AuthMethodType::Cert,
            LoginRule::Kubernetes { .. } => AuthMethodType::Kubernetes,
            LoginRule::AppRole { .. } => AuthMethodType::AppRole,
        })
    }
}

/// The body of a login, of whatever method. The mount says which it is.
#[derive(Clone, Default, serde::Deserialize)]
pub(crate) struct Shown {
    pub(super) role: Option<String>,
    /// The certificate method's word for the role.
    pub(super) name: Option<String>,
    pub(super) jwt: Option<Secret>,
    pub(super) role_id: Option<String>,
    pub(super) secret_id: Option<Secret>,
    pub(super) password: Option<Secret>,
}

/// How much the server's clock may be behind or ahead of a token's issuer.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

impl State {
    /// Logs in at the method that is mounted at `auth/<mount>`.
    pub(super) fn log_in(&mut self, call: &Call, mount: &str, shown: &Shown) -> Result<AuthAnswer, Refusal> {
        let path = format!("auth/{mount}/login");
        self.check_serving(&path)?;
        if let Some(answer) = self.log_in_by_written_role(call, mount, shown) {
            return answer;
        }
        let full = full_path(&call.namespace, &format!("auth/{mount}"));
        let Some(Engine::Login(method)) = self.stored.mounts.get(&full) else {
            // The server says the same to an unknown mount as to anybody without a token.
            return Err(Refusal::bad_token());
        };
        let (name, rule, grant) = select(method, shown, self.certificate.is_some())?;
        // Who signs assertions was not moved ahead with this clock.
        let now = self.clock.wall(self.clock.on_tokio(self.clock.now()));
        let mut origin = verify(&name, &rule, shown, self.certificate.as_ref(), now)?;
        (origin.path, origin.namespace) = (path, call.namespace.clone());
        let id = self.mint_token(&grant, origin, call.clip);
        self.counters.logins += 1;
        self.auth_answer(&id)
    }
}

/// Finds the role that the login asks for.
fn select(
    method: &LoginMount,
    shown: &Shown,
    has_certificate: bool,
) -> Result<(String, LoginRule, TokenGrant), Refusal> {
    let sample = method.roles.values().next().map(|(rule, _)| rule);
    let found = |name: &str| method.roles.get_key_value(name);
    let entry = match sample {
        None => return Err(Refusal::bad_request("could not load configuration")),
        Some(LoginRule::AppRole { .. }) => {
            let wanted = shown.role_id.as_deref().ok_or_else(|| Refusal::new(500, &["missing role_id"]))?;
            method
                .roles
                .iter()
                .find(
                    |(_, (rule, _))| matches!(rule, LoginRule::AppRole { role_id, .. } if role_id == wanted),
                )
                .ok_or_else(|| Refusal::bad_request("invalid role or secret ID"))?
        }
        Some(LoginRule::Certificate { .. }) if !has_certificate => {
            return Err(Refusal::bad_request("no client certificate found"));
        }
        Some(LoginRule::Certificate { .. }) => match shown.name.as_deref() {
            Some(name) => found(name).ok_or_else(no_certificate_matches)?,
            None => method.roles.iter().next().ok_or_else(no_certificate_matches)?,
        },
        Some(sample) => {
            let name = shown.role.as_deref().filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| Refusal::bad_request("missing role"))?;
            found(name).ok_or_else(|| {
                Refusal::bad_request(&match sample {
                    LoginRule::Kubernetes { .. } => format!("invalid role name \"{name}\""),
                    _ => format!("role \"{name}\" could not be found"),
                })
            })?
        }
    };
    let (name, (rule, grant)) = entry;
    Ok((name.clone(), rule.clone(), grant.clone()))
}

fn verify(
    name: &str,
    rule: &LoginRule,
    shown: &Shown,
    certificate: Option<&(String, u64)>,
    now: SystemTime,
) -> Result<Origin, Refusal> {
    let from = |display_name: String, metadata: &[(&str, &str)]| Origin {
        display_name,
        metadata: Some(metadata.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()),
        ..Origin::default()
    };
    match rule {
        LoginRule::Jwt { audience, subject } => {
            let claims = claims(shown, "missing token")?;
            check_jwt(&claims, audience, subject.as_deref(), now)?;
            let about = claims["sub"].as_str().unwrap_or_default();
            Ok(from(format!("jwt-{about}"), &[("role", name)]))
        }
        LoginRule::Kubernetes { namespace, service_account } => {
            let claims = claims(shown, "missing jwt")?;
            let about = claims["sub"].as_str().unwrap_or_default();
            let mut parts = about.strip_prefix("system:serviceaccount:").unwrap_or_default().splitn(2, ':');
            let refuse = |text| Err(Refusal::new(403, &[text]));
            if parts.next() != Some(namespace) {
                return refuse("namespace not authorized");
            }
            if parts.next() != Some(service_account) {
                return refuse("service account name not authorized");
            }
            let metadata = [
                ("role", name),
                ("service_account_name", service_account),
                ("service_account_namespace", namespace),
            ];
            Ok(from(format!("kubernetes-{namespace}-{service_account}"), &metadata))
        }
        LoginRule::Certificate { common_name } => {
            let (common, serial) =
                certificate.ok_or_else(|| Refusal::bad_request("no client certificate found"))?;
            if common.is_empty() {
                return Err(Refusal::new(500, &["missing name in alias"]));
            }
            if common != common_name {
                let text = "no chain matching all constraints could be found for this login certificate";
                return Err(Refusal::bad_request(text));
            }
            let metadata = [("cert_name", name), ("common_name", common)];
            Ok(Origin { certificate: Some(*serial), ..from(common.clone(), &metadata) })
        }
        LoginRule::AppRole { secret_id, .. } => match &shown.secret_id {
            None => Err(Refusal::bad_request("missing secret_id")),
            Some(secret) if secret == secret_id => Ok(from("approle".to_owned(), &[("role_name", name)])),
            Some(_) => Err(Refusal::bad_request("invalid role or secret ID")),
        },
    }
}

fn no_certificate_matches() -> Refusal {
    Refusal::bad_request("invalid certificate or no client certificate supplied")
}

/// The claims of the token shown. Its signature is not looked at.
pub(super) fn claims(shown: &Shown, missing: &str) -> Result<Value, Refusal> {
    let jwt =
        shown.jwt.as_ref().filter(|jwt| !jwt.is_empty()).ok_or_else(|| Refusal::bad_request(missing))?;
    let malformed = "go-jose/go-jose: compact JWS format must have three parts";
    let malformed = || {
        Refusal::bad_request(&format!("error validating token: error verifying token signature: {malformed}"))
    };
    let parts: Vec<&str> = jwt.expose().split('.').collect();
    let &[_header, payload, _signature] = parts.as_slice() else { return Err(malformed()) };
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_no_base64| malformed())?;
    serde_json::from_slice(&payload).map_err(|_no_json| malformed())
}

/// Whether the times that a token names allow it now.
pub(super) fn check_times(claims: &Value, now: SystemTime) -> Result<(), Refusal> {
    let refuse = |text: &str| Err(Refusal::bad_request(&format!("error validating token: {text}")));
    let moment = |name: &str| {
        claims[name].as_u64().and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(at)))
    };
    if moment("exp").is_some_and(|end| end + CLOCK_SKEW <= now) {
        return refuse("invalid expiration time (exp) claim: token is expired");
    }
    if moment("nbf").is_some_and(|start| start > now + CLOCK_SKEW) {
        return refuse("invalid not before (nbf) claim: token not yet valid");
    }
    Ok(())
}

fn check_jwt(claims: &Value, audience: &str, subject: Option<&str>, now: SystemTime) -> Result<(), Refusal> {
    check_times(claims, now)?;
    let refuse = |text: &str| Err(Refusal::bad_request(&format!("error validating token: {text}")));
    let meant = match &claims["aud"] {
        Value::String(one) => one == audience,
        Value::Array(many) => many.iter().any(|one| one == audience),
        _ => false,
    };
    if !meant {
        return refuse("invalid audience (aud) claim: audience claim does not match any expected audience");
    }
    if subject.is_some_and(|subject| claims["sub"] != subject) {
        return refuse("invalid subject (sub) claim");
    }
    Ok(())
}
