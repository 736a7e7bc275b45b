//! One-time passwords: given with a lease, and taken once.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::engine::Ssh;
use crate::mock::model::engines::leased;
use crate::mock::model::state::State;
use crate::mock::model::{MockRole, Refusal};
use crate::mock::wire::{Asked, Content, Verb};
use crate::ssh::Cidr;

#[derive(Clone)]
pub(super) struct Otp {
    username: String,
    ip: String,
    role: String,
    lease_id: String,
}

impl Ssh {
    pub(super) fn give_otp(
        &mut self,
        state: &mut State,
        asked: &Asked,
        rest: &str,
        name: &str,
    ) -> Result<Content, Refusal> {
        let bad = |words: &str| Refusal::bad_request(words);
        let shown = asked.text("ip").unwrap_or_default();
        if shown.is_empty() {
            return Err(bad("Missing ip"));
        }
        let role = self.roles.get(name).ok_or_else(|| bad(&format!("Role \"{name}\" not found")))?;
        let usual = text(role, "default_user");
        let username =
            asked.text("username").filter(|name| !name.is_empty()).unwrap_or_else(|| usual.to_owned());
        if username.is_empty() {
            return Err(bad("No default username registered. Use 'username' option"));
        }
        let allowed = text(role, "allowed_users");
        let listed = allowed == "*" || allowed.split(',').any(|user| user.trim() == username);
        if username != usual && !listed {
            return Err(bad(if allowed.is_empty() {
                "Username has to be either in allowed users list or has to be a default username"
            } else {
                "Username is not present is allowed users list"
            }));
        }
        let ip: IpAddr = shown.parse().map_err(|_malformed| bad(&format!("Invalid IP \"{shown}\"")))?;
        let anywhere = self.zero_address.iter().flatten().any(|role| role == name);
        let inside = is_in(text(role, "cidr_list"), ip) && !is_in(text(role, "exclude_cidr_list"), ip);
        if !anywhere && !inside {
            return Err(bad("Error validating IP: IP does not belong to role"));
        }
        if text(role, "key_type") != "otp" {
            return Err(Refusal::internal("key type unknown"));
        }
        let password = state.random_nonce();
        let data = json!({
            "ip": ip, "key": password, "key_type": "otp", "port": role.get("port"), "username": username,
        });
        let wanted = MockRole::new(Duration::ZERO).renewable(false);
        // No user of a database is behind it.
        let content = leased(state, asked, rest, &wanted, &format!("otp {password}"), None, data)?;
        if let Content::Envelope(envelope) = &content {
            let otp = Otp {
                username,
                ip: ip.to_string(),
                role: name.to_owned(),
                lease_id: envelope.lease_id.clone(),
            };
            self.otps.insert(password, otp);
        }
        Ok(content)
    }

    pub(super) fn verify_otp(&mut self, state: &State, asked: &Asked) -> Result<Content, Refusal> {
        let shown = asked.text("otp").unwrap_or_default();
        if shown == "verify-echo-request" {
            return Ok(Content::data(json!({ "message": "verify-echo-response" })));
        }
        self.otps.retain(|_, otp| state.stored.leases.contains_key(&otp.lease_id));
        let otp = self.otps.remove(&shown).ok_or_else(|| Refusal::bad_request("OTP not found"))?;
        Ok(Content::data(json!({ "ip": otp.ip, "role_name": otp.role, "username": otp.username })))
    }

    /// The roles that know an address; what they exclude does not count.
    pub(super) fn look_up(&self, asked: &Asked) -> Result<Content, Refusal> {
        let shown = asked.text("ip").unwrap_or_default();
        if shown.is_empty() {
            return Err(Refusal::bad_request("Missing ip"));
        }
        let ip: IpAddr = shown.parse().map_err(|_malformed| Refusal::bad_request("Invalid IP \"<nil>\""))?;
        let found = self.roles.iter().filter(|(_, role)| is_in(text(role, "cidr_list"), ip));
        let mut names: Vec<&String> = found.map(|(name, _)| name).collect();
        names.extend(self.zero_address.iter().flatten());
        Ok(Content::data(json!({ "roles": if names.is_empty() { Value::Null } else { json!(names) } })))
    }

    /// `config/zeroaddress`
    pub(super) fn zero_address(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        match asked.verb {
            Verb::Read => {
                let roles = self.zero_address.as_ref().ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(json!({ "roles": roles })))
            }
            Verb::Write => {
                let fields = asked.fields();
                let listed = fields.get("roles").and_then(Value::as_array).into_iter().flatten();
                let roles: Vec<String> = listed.filter_map(Value::as_str).map(str::to_owned).collect();
                if roles.is_empty() {
                    return Err(Refusal::bad_request("Missing roles"));
                }
                if let Some(missing) = roles.iter().find(|role| !self.roles.contains_key(*role)) {
                    return Err(Refusal::bad_request(&format!("Role \"{missing}\" does not exist")));
                }
                self.zero_address = Some(roles);
                Ok(Content::done())
            }
            Verb::Delete => {
                self.zero_address = None;
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }
}

fn text<'v>(role: &'v Map<String, Value>, field: &str) -> &'v str {
    role.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn is_in(blocks: &str, ip: IpAddr) -> bool {
    blocks.split(',').any(|block| block.trim().parse::<Cidr>().is_ok_and(|block| block.contains(ip)))
}
