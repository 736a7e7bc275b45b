//! What a role allows, checked in the server's order and refused in its words.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value};

use super::parse::Shown;
use crate::mock::model::Refusal;
use crate::mock::model::grant::SYSTEM_MAX_TTL;
use crate::mock::model::state::State;
use crate::mock::wire::Asked;

/// What a certificate is to say.
pub(super) struct Granted {
    pub(super) host: bool,
    pub(super) key_id: String,
    pub(super) principals: Vec<String>,
    pub(super) ttl: Duration,
    pub(super) critical_options: BTreeMap<String, String>,
    pub(super) extensions: BTreeMap<String, String>,
    pub(super) warning: Option<String>,
}

/// A role, and who asks.
pub(super) struct Rules<'a> {
    pub(super) name: &'a str,
    pub(super) role: &'a Map<String, Value>,
    pub(super) asked: &'a Asked,
    pub(super) display_name: String,
    /// None: nobody stands behind the token.
    pub(super) entity: Option<String>,
}

const SKIPPED: &str = "default_extension templating enabled with at least one extension requiring identity templating. \
                       However, this request lacked identity entity information, causing one or more extensions to be \
                       skipped from the generated certificate.";

impl<'a> Rules<'a> {
    pub(super) fn new(state: &State, asked: &'a Asked, name: &'a str, role: &'a Map<String, Value>) -> Self {
        let token = asked.call.token();
        let display_name = state.stored.tokens.get(token).map(|token| token.display_name.clone());
        Self {
            name,
            role,
            asked,
            display_name: display_name.unwrap_or_default(),
            entity: state.entity_of(token),
        }
    }

    fn text(&self, field: &str) -> &'a str {
        self.role.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn flag(&self, field: &str) -> bool {
        self.role.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Everything but the issuer.
    pub(super) fn grant(&self, blob: &[u8]) -> Result<Granted, Refusal> {
        let bad = |words: String| Refusal::bad_request(&words);
        let key_id = self.key_id(blob).map_err(bad)?;
        let host = self.is_for_a_host().map_err(bad)?;
        let principals = self.principals(host)?;
        let ttl = self.ttl()?;
        let critical_options = self.critical_options().map_err(bad)?;
        let (extensions, skipped) = self.extensions().map_err(bad)?;
        let warning = skipped.then(|| SKIPPED.to_owned());
        Ok(Granted { host, key_id, principals, ttl, critical_options, extensions, warning })
    }

    /// Whether a key that was shown is of a kind and a size that may be signed.
    pub(super) fn check_key(&self, key: &Shown) -> Result<(), Refusal> {
        let sizes = self.sizes();
        if sizes.is_empty() {
            return Ok(());
        }
        let mut names = vec![key.kind, key.algorithm.as_str()];
        if key.kind == "ecdsa" {
            names.push("ec");
        }
        let listed: Vec<_> = names.into_iter().filter_map(|name| Some((name, sizes.get(name)?))).collect();
        // The size counts unless the name says it: that of a curve, or of a kind that has one size.
        let counts = |name: &str| matches!(key.kind, "rsa" | "dsa") || matches!(name, "ec" | "ecdsa");
        let fits = |(name, sizes): &(&str, &Vec<u64>)| {
            if counts(name) { sizes.contains(&key.bits) } else { !sizes.is_empty() }
        };
        let words = match &listed[..] {
            [] => format!("key of type {} is not allowed", key.kind),
            _ if listed.iter().any(fits) => return Ok(()),
            _ => format!("key is of an invalid size: {}", key.bits),
        };
        Err(Refusal::bad_request(&format!("public_key failed to meet the key requirements: {words}")))
    }

    /// The same for a key that is to be made.
    pub(super) fn check_new_key(&self, kind: &str, bits: u64) -> Result<(), Refusal> {
        let sizes = self.sizes();
        if sizes.is_empty() {
            return Ok(());
        }
        // The server looks for "ecdsa" and is asked for "ec": it finds none.
        let names: &[&str] = match kind {
            "rsa" => &["rsa", "ssh-rsa"],
            "ed25519" => &["ed25519", "ssh-ed25519"],
            _ => &[],
        };
        let listed: Vec<_> = names.iter().filter_map(|name| sizes.get(*name)).collect();
        if listed.is_empty() {
            return Err(Refusal::bad_request("provided key_type value not in allowed_user_key_types"));
        }
        if !listed.iter().any(|sizes| sizes.contains(&bits)) {
            let words = "provided key_bits value not in list of role's allowed_user_key_types";
            return Err(Refusal::bad_request(words));
        }
        Ok(())
    }

    fn sizes(&self) -> BTreeMap<String, Vec<u64>> {
        let all = self.role.get("allowed_user_key_lengths").cloned().unwrap_or_default();
        serde_json::from_value(all).unwrap_or_default()
    }

    fn key_id(&self, blob: &[u8]) -> Result<String, String> {
        let wanted = self.asked.text("key_id").unwrap_or_default();
        if !wanted.is_empty() {
            let allowed = self.flag("allow_user_key_ids");
            return allowed
                .then_some(wanted)
                .ok_or_else(|| "setting key_id is not allowed by role".to_owned());
        }
        let format = match self.text("key_id_format") {
            "" if self.display_name.is_empty() => "vault-{{public_key_hash}}",
            "" => "vault-{{token_display_name}}-{{public_key_hash}}",
            format => format,
        };
        let hash = digest(&SHA256, blob);
        let hash = hash.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Ok(format
            .replace("{{token_display_name}}", &self.display_name)
            .replace("{{role_name}}", self.name)
            .replace("{{public_key_hash}}", &hash))
    }

    fn is_for_a_host(&self) -> Result<bool, String> {
        let kind = self.asked.text("cert_type").unwrap_or_else(|| "user".to_owned());
        let allowed = match kind.as_str() {
            "user" => self.flag("allow_user_certificates"),
            "host" => self.flag("allow_host_certificates"),
            _ => return Err("cert_type must be either 'user' or 'host'".to_owned()),
        };
        if allowed { Ok(kind == "host") } else { Err(format!("cert_type '{kind}' is not allowed by role")) }
    }

    fn principals(&self, host: bool) -> Result<Vec<String>, Refusal> {
        let usual = match self.text("default_user") {
            _ if host => String::new(),
            user if self.flag("default_user_template") => {
                self.rendered(user).map_err(|words| Refusal::internal(&words))?
            }
            user => user.to_owned(),
        };
        let wanted = listed(&self.asked.text("valid_principals").unwrap_or(usual));
        let (field, template) = if host {
            ("allowed_domains", "allowed_domains_template")
        } else {
            ("allowed_users", "allowed_users_template")
        };
        let bad = |words: &str| Err(Refusal::bad_request(words));
        let everybody = self.text(field) == "*";
        let allowed = if self.flag(template) {
            listed(&self.rendered(self.text(field)).map_err(|words| Refusal::bad_request(&words))?)
        } else {
            listed(self.text(field))
        };
        if wanted.is_empty() {
            if self.flag("allow_empty_principals") || everybody {
                return Ok(wanted);
            }
            return bad(
                "refusing to issue unsafe, globally-valid certificate with no principals specified; set \
                 valid_principals or default_user",
            );
        }
        if allowed.is_empty() {
            return bad("role is not configured to allow any principals");
        }
        let fits = |name: &String| {
            if host { allowed.iter().any(|domain| self.is_of(domain, name)) } else { allowed.contains(name) }
        };
        match wanted.iter().find(|name| !everybody && !fits(name)) {
            Some(name) => bad(&format!("{name} is not a valid value for valid_principals")),
            None => Ok(wanted),
        }
    }

    fn is_of(&self, domain: &str, host: &str) -> bool {
        let below = host.strip_suffix(domain).is_some_and(|head| head.ends_with('.'));
        (domain == host && self.flag("allow_bare_domains")) || (self.flag("allow_subdomains") && below)
    }

    fn ttl(&self) -> Result<Duration, Refusal> {
        let seconds = |field: &str| self.role.get(field).and_then(Value::as_u64).unwrap_or(0);
        let set = |seconds: u64| (seconds > 0).then_some(Duration::from_secs(seconds));
        let limit = set(seconds("max_ttl")).unwrap_or(SYSTEM_MAX_TTL);
        let wanted = self.asked.span("ttl")?;
        let ttl = wanted.map_or_else(|| set(seconds("ttl")), |ttl| (!ttl.is_zero()).then_some(ttl));
        let ttl = ttl.unwrap_or(SYSTEM_MAX_TTL);
        if ttl > limit && wanted.is_some() {
            let words = format!("ttl is larger than maximum allowed {}", limit.as_secs());
            return Err(Refusal::bad_request(&words));
        }
        Ok(ttl.min(limit))
    }

    fn critical_options(&self) -> Result<BTreeMap<String, String>, String> {
        let wanted = texts(self.asked.fields().get("critical_options"));
        if wanted.is_empty() {
            return Ok(texts(self.role.get("default_critical_options")));
        }
        match not_in(self.text("allowed_critical_options"), &wanted) {
            _ if self.text("allowed_critical_options").is_empty() => Ok(wanted),
            refused if refused.is_empty() => Ok(wanted),
            refused => Err(format!("critical options not on allowed list: [{refused}]")),
        }
    }

    /// The extensions, and whether one was skipped.
    fn extensions(&self) -> Result<(BTreeMap<String, String>, bool), String> {
        let wanted = texts(self.asked.fields().get("extensions"));
        if !wanted.is_empty() {
            let refused = not_in(self.text("allowed_extensions"), &wanted);
            if self.text("allowed_extensions") == "*" || refused.is_empty() {
                return Ok((wanted, false));
            }
            return Err(format!("extensions [{refused}] are not on allowed list"));
        }
        let usual = texts(self.role.get("default_extensions"));
        if !self.flag("default_extensions_template") {
            return Ok((usual, false));
        }
        let (mut all, mut skipped) = (BTreeMap::new(), false);
        for (name, value) in usual {
            if is_template(&value) && self.entity.is_none() {
                skipped = true;
            } else {
                let value = self.rendered(&value)?;
                all.insert(name, value);
            }
        }
        Ok((all, skipped))
    }

    /// A template filled in; as it stands where nobody is behind the token.
    fn rendered(&self, template: &str) -> Result<String, String> {
        let Some(entity) = self.entity.as_ref().filter(|_| is_template(template)) else {
            return Ok(template.to_owned());
        };
        let filled = template.replace("{{identity.entity.id}}", entity);
        if is_template(&filled) {
            return Err(format!(
                "template '{template}' could not be rendered -> no value could be found for one of the template \
                 directives"
            ));
        }
        Ok(filled)
    }
}

fn is_template(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

/// Sorted, and each but once.
fn listed(text: &str) -> Vec<String> {
    let mut all: Vec<String> =
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let all = map.and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    all.map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Those that the list does not name, with spaces between them.
fn not_in(list: &str, wanted: &BTreeMap<String, String>) -> String {
    let missing = wanted.keys().filter(|name| !list.split(',').any(|one| one == name.as_str()));
    missing.map(String::as_str).collect::<Vec<_>>().join(" ")
}
