//! Logins by roles that were written through the API.

use serde_json::{Map, Value};

use super::fields::{grant, list, matches_any, text};
use super::settings::Method;
use crate::auth_method::AuthMethodType;
use crate::mock::model::Refusal;
use crate::mock::model::logins::{Shown, check_times, claims};
use crate::mock::model::state::{Call, Engine, State, full_path};
use crate::mock::model::tokens::{AuthAnswer, Origin};

impl State {
    /// None if a rule that a test set may be meant.
    pub(in crate::mock::model) fn log_in_by_written_role(
        &mut self,
        call: &Call,
        mount: &str,
        shown: &Shown,
    ) -> Option<Result<AuthAnswer, Refusal>> {
        let full = full_path(&call.namespace, &format!("auth/{mount}"));
        let kind = self.method_kind(&full)?;
        let ruled =
            matches!(self.stored.mounts.get(&full), Some(Engine::Login(login)) if login.kind().is_some());
        let nothing = Method::default();
        let method = self.written_roles(&full).unwrap_or(&nothing);
        let found = meant(&kind, method, shown).and_then(|name| method.roles.get_key_value(&name));
        let Some((name, role)) = found else {
            return (!ruled).then(|| Err(no_such_role(&kind, shown)));
        };
        let (name, fields) = (name.clone(), role.fields.clone());
        let unset =
            method.config.is_none() && matches!(kind, AuthMethodType::Jwt | AuthMethodType::Kubernetes);
        if unset {
            return Some(Err(Refusal::bad_request("could not load configuration")));
        }
        let origin = match kind {
            AuthMethodType::AppRole => self.check_app_role(&full, &name, &fields, shown),
            AuthMethodType::Cert => self.check_certificate(&name, &fields),
            AuthMethodType::Kubernetes => check_account(&name, &fields, shown),
            _ => self.check_assertion(&name, &fields, shown),
        };
        Some(origin.and_then(|origin| self.admit_login(call, mount, "login", &fields, origin)))
    }

    /// A login at `auth/<mount>/login/<user>`.
    pub(super) fn log_in_as_user(
        &mut self,
        call: &Call,
        mount: &str,
        user: &str,
        shown: &Shown,
    ) -> Result<AuthAnswer, Refusal> {
        let rest = format!("login/{user}");
        self.check_serving(&format!("auth/{mount}/{rest}"))?;
        let full = full_path(&call.namespace, &format!("auth/{mount}"));
        let found = self.written_roles(&full).and_then(|method| method.roles.get(user));
        let refused = || Refusal::bad_request("invalid username or password");
        let role = found.filter(|role| role.password.is_some() && role.password == shown.password);
        let fields = role.ok_or_else(refused)?.fields.clone();
        let origin = origin(format!("userpass-{user}"), &[("username", user)]);
        self.admit_login(call, mount, &rest, &fields, origin)
    }

    fn admit_login(
        &mut self,
        call: &Call,
        mount: &str,
        rest: &str,
        fields: &Map<String, Value>,
        mut origin: Origin,
    ) -> Result<AuthAnswer, Refusal> {
        (origin.path, origin.namespace) = (format!("auth/{mount}/{rest}"), call.namespace.clone());
        let id = self.mint_token(&grant(fields), origin, call.clip);
        self.counters.logins += 1;
        self.auth_answer(&id)
    }

    fn check_app_role(
        &mut self,
        full: &str,
        name: &str,
        fields: &Map<String, Value>,
        shown: &Shown,
    ) -> Result<Origin, Refusal> {
        if fields["bind_secret_id"] == true {
            let secret = shown.secret_id.as_ref().ok_or_else(|| Refusal::bad_request("missing secret_id"))?;
            if !self.use_secret_id(full, name, secret.expose()) {
                return Err(Refusal::bad_request("invalid role or secret ID"));
            }
        }
        Ok(origin("approle".to_owned(), &[("role_name", name)]))
    }

    /// A certificate of the model has a common name and no other, so that a role that asks for more lets nobody in.
    fn check_certificate(&self, name: &str, fields: &Map<String, Value>) -> Result<Origin, Refusal> {
        let presented = self.certificate.clone();
        let (common, serial) =
            presented.ok_or_else(|| Refusal::bad_request("no client certificate found"))?;
        if common.is_empty() {
            return Err(Refusal::new(500, &["missing name in alias"]));
        }
        let others =
            ["allowed_dns_sans", "allowed_email_sans", "allowed_uri_sans", "allowed_organizational_units"];
        let names = list(fields, "allowed_common_names");
        let fits = (names.is_empty() || matches_any(&names, &common))
            && others.iter().all(|other| list(fields, other).is_empty());
        if !fits {
            let text = "no chain matching all constraints could be found for this login certificate";
            return Err(Refusal::bad_request(text));
        }
        let metadata = [("cert_name", name), ("common_name", common.as_str())];
        Ok(Origin { certificate: Some(serial), ..origin(common.clone(), &metadata) })
    }

    /// The signature is not looked at.
    fn check_assertion(
        &self,
        name: &str,
        fields: &Map<String, Value>,
        shown: &Shown,
    ) -> Result<Origin, Refusal> {
        let claims = claims(shown, "missing token")?;
        let now = self.clock.wall(self.clock.on_tokio(self.clock.now()));
        check_times(&claims, now)?;
        let refuse = |text: &str| Err(Refusal::bad_request(&format!("error validating token: {text}")));
        let audiences = list(fields, "bound_audiences");
        let meant = match &claims["aud"] {
            Value::String(one) => audiences.contains(&one.as_str()),
            Value::Array(many) => many.iter().filter_map(Value::as_str).any(|one| audiences.contains(&one)),
            _ => audiences.is_empty(),
        };
        if !meant {
            return refuse(
                "invalid audience (aud) claim: audience claim does not match any expected audience",
            );
        }
        let subject = text(fields, "bound_subject");
        if !subject.is_empty() && claims["sub"] != subject {
            return refuse("invalid subject (sub) claim");
        }
        let glob = fields["bound_claims_type"] == "glob";
        for (claim, wanted) in fields["bound_claims"].as_object().into_iter().flatten() {
            let wanted: Vec<&str> = match wanted {
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                one => one.as_str().into_iter().collect(),
            };
            let has = match &claims[claim.as_str()] {
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                Value::String(one) => vec![one.as_str()],
                _ => Vec::new(),
            };
            let fits = |one: &&str| if glob { matches_any(&wanted, one) } else { wanted.contains(one) };
            if !has.iter().any(fits) {
                return refuse(&format!(
                    "claim \"{claim}\" does not match any associated bound claim values"
                ));
            }
        }
        let user = claims[text(fields, "user_claim")].as_str().unwrap_or_default();
        Ok(origin(format!("jwt-{user}"), &[("role", name)]))
    }
}

/// The role that a login asks for, if it asks for one.
fn meant(kind: &AuthMethodType, method: &Method, shown: &Shown) -> Option<String> {
    let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
    match kind {
        AuthMethodType::AppRole => {
            let identifier = shown.role_id.as_deref()?;
            method.roles.iter().find(|(_, role)| role.identifier == identifier).map(|(name, _)| name.clone())
        }
        AuthMethodType::Cert => named(&shown.name).or_else(|| method.roles.keys().next().cloned()),
        _ => named(&shown.role).or_else(|| {
            let config = method.config.as_ref()?;
            Some(text(config, "default_role").to_owned())
        }),
    }
}

fn no_such_role(kind: &AuthMethodType, shown: &Shown) -> Refusal {
    let name = shown.role.as_deref().unwrap_or_default();
    Refusal::bad_request(&match kind {
        AuthMethodType::AppRole if shown.role_id.is_none() => return Refusal::new(500, &["missing role_id"]),
        AuthMethodType::AppRole => "invalid role or secret ID".to_owned(),
        AuthMethodType::Cert => "invalid certificate or no client certificate supplied".to_owned(),
        _ if name.is_empty() => "missing role".to_owned(),
        AuthMethodType::Kubernetes => format!("invalid role name \"{name}\""),
        _ => format!("role \"{name}\" could not be found"),
    })
}

/// A service account by its token, the signature of which is not looked at.
fn check_account(name: &str, fields: &Map<String, Value>, shown: &Shown) -> Result<Origin, Refusal> {
    let claims = claims(shown, "missing jwt")?;
    let about = claims["sub"].as_str().unwrap_or_default();
    let (namespace, account) = about
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'))
        .unwrap_or_default();
    if !matches_any(&list(fields, "bound_service_account_namespaces"), namespace) {
        return Err(Refusal::new(403, &["namespace not authorized"]));
    }
    if !matches_any(&list(fields, "bound_service_account_names"), account) {
        return Err(Refusal::new(403, &["service account name not authorized"]));
    }
    let metadata =
        [("role", name), ("service_account_name", account), ("service_account_namespace", namespace)];
    Ok(origin(format!("kubernetes-{namespace}-{account}"), &metadata))
}

fn origin(display_name: String, metadata: &[(&str, &str)]) -> Origin {
    Origin {
        display_name,
        metadata: Some(metadata.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()),
        ..Origin::default()
    }
}
