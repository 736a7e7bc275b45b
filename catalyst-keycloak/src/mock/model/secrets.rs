//! Client secrets, and the client policy under which two of them work.

use serde_json::{Value, json};

use super::client::Client;
use super::clients::{MANAGE, VIEW};
use super::state::State;
use super::{Caller, Refusal, random};

const CREATED: &str = "client.secret.creation.time";
const EXPIRES: &str = "client.secret.expiration.time";
const ROTATED: &str = "client.secret.rotated";
const ROTATED_CREATED: &str = "client.secret.rotated.creation.time";
const ROTATED_EXPIRES: &str = "client.secret.rotated.expiration.time";

/// What the executor `secret-rotation` is set to, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rotation {
    expiration: i64,
    rotated_expiration: i64,
}

impl Client {
    fn secret(&self) -> Option<&str> {
        self.text("secret")
    }

    fn moment(&self, attribute: &str) -> Option<i64> {
        self.attribute(attribute)?.parse().ok()
    }

    /// The secret before this one, while it works.
    fn rotated(&self, now: i64) -> Option<&str> {
        let old = self.attribute(ROTATED)?;
        self.moment(ROTATED_EXPIRES).is_none_or(|end| now <= end).then_some(old)
    }

    /// Whether this secret lets the client in now.
    pub(super) fn accepts(&self, shown: &str, now: i64) -> bool {
        let current = (!self.has_expired(now)).then(|| self.secret()).flatten();
        current == Some(shown) || self.rotated(now) == Some(shown)
    }

    fn has_expired(&self, now: i64) -> bool {
        self.moment(EXPIRES).is_some_and(|end| now > end)
    }

    fn forget_rotated(&mut self) {
        for attribute in [ROTATED, ROTATED_CREATED, ROTATED_EXPIRES] {
            self.set_attribute(attribute, None);
        }
    }

    fn rotate(&mut self, fresh: &str, policy: Option<Rotation>, now: i64) {
        let old = self.secret().map(str::to_owned);
        let old_created = self.attribute(CREATED).map(str::to_owned);
        self.forget_rotated();
        if let (Some(policy), Some(old)) = (policy, old) {
            self.set_attribute(ROTATED, Some(&old));
            self.set_attribute(ROTATED_CREATED, Some(&old_created.unwrap_or_else(|| now.to_string())));
            self.set_attribute(ROTATED_EXPIRES, Some(&(now + policy.rotated_expiration).to_string()));
        }
        self.rep.insert("secret".to_owned(), fresh.into());
        self.set_attribute(CREATED, Some(&now.to_string()));
        let end = policy.map(|policy| (now + policy.expiration).to_string());
        self.set_attribute(EXPIRES, end.as_deref());
    }
}

impl State {
    /// The policy that this client's secret rotates by, if there is one.
    pub(super) fn rotation(&self, realm: &str, client: &Client) -> Option<Rotation> {
        let realm = self.realms.get(realm)?;
        let list =
            |of: &'_ Value, name: &str| of.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let applies = |policy: &Value| {
            policy.get("enabled").and_then(Value::as_bool).unwrap_or(true)
                && list(policy, "conditions").iter().all(|condition| meets(client, condition))
        };
        let policies = list(&realm.policies, "policies");
        let named: Vec<Value> = policies
            .iter()
            .filter(|policy| applies(policy))
            .flat_map(|policy| list(policy, "profiles"))
            .collect();
        let profiles = list(&realm.profiles, "profiles");
        let profile =
            profiles.iter().filter(|profile| profile.get("name").is_some_and(|name| named.contains(name)));
        let executors: Vec<Value> = profile.flat_map(|profile| list(profile, "executors")).collect();
        let found =
            executors.iter().find(|one| one.get("executor").is_some_and(|name| name == "secret-rotation"))?;
        let setting = |name: &str, fallback: i64| {
            let value = found.get("configuration").and_then(|settings| settings.get(name));
            value
                .and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
                .unwrap_or(fallback)
        };
        Some(Rotation {
            expiration: setting("expiration-period", 2_505_600),
            rotated_expiration: setting("rotated-expiration-period", 172_800),
        })
    }

    /// Whether a policy keeps the old secret beside the new one: of this client, or of any confidential one if it is
    /// not there.
    pub(crate) fn rotates(&self, realm: &str, client_id: &str) -> bool {
        let client = self.realms.get(realm).and_then(|realm| realm.client(client_id).cloned());
        let client = client.unwrap_or_else(Client::confidential);
        self.rotation(realm, &client).is_some()
    }

    /// Under a policy, a secret gets an end when its client is made or changed.
    pub(super) fn begin_expiry(&mut self, realm: &str, id: &str) -> Result<(), Refusal> {
        let now = self.now();
        let client = self.realm(realm)?.client_by_id(id)?;
        if !client.has_secret() || client.moment(EXPIRES).is_some() {
            return Ok(());
        }
        let Some(policy) = self.rotation(realm, client) else { return Ok(()) };
        let client = self.realm_mut(realm)?.client_by_id_mut(id)?;
        if client.moment(CREATED).is_none() {
            client.set_attribute(CREATED, Some(&now.to_string()));
        }
        client.set_attribute(EXPIRES, Some(&(now + policy.expiration).to_string()));
        Ok(())
    }

    /// What a policy does at an update: a secret that has ended is replaced. Without `attributes` the server fails over
    /// one that has no end or has ended.
    pub(super) fn update_expiry(&mut self, realm: &str, id: &str, attributes: bool) -> Result<(), Refusal> {
        let now = self.now();
        let client = self.realm(realm)?.client_by_id(id)?;
        let Some(policy) = self.rotation(realm, client).filter(|_| client.has_secret()) else {
            return Ok(());
        };
        let ended = client.has_expired(now);
        if !attributes && (ended || client.moment(EXPIRES).is_none()) {
            return Err(Refusal::oauth(
                500,
                "unknown_error",
                "For more on this error consult the server log.",
            ));
        }
        if ended {
            let fresh = random::secret(&mut self.random);
            self.realm_mut(realm)?.client_by_id_mut(id)?.rotate(&fresh, Some(policy), now);
        }
        Ok(())
    }

    pub(crate) fn client_secret(&self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let client = self.realm(realm)?.client_by_id(id)?;
        self.need(by, realm, &VIEW)?;
        Ok(match client.secret().filter(|_| client.has_secret()) {
            Some(secret) => shown(secret),
            None => json!({ "type": "secret" }),
        })
    }

    /// Makes a new secret. Under a policy the one before works on for its time; one that was rotated already ends.
    pub(crate) fn regenerate_secret(&mut self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let fresh = random::secret(&mut self.random);
        let now = self.now();
        let client = self.realm(realm)?.client_by_id(id)?;
        self.need(by, realm, &MANAGE)?;
        let policy = self.rotation(realm, client);
        self.realm_mut(realm)?.client_by_id_mut(id)?.rotate(&fresh, policy, now);
        Ok(shown(&fresh))
    }

    pub(crate) fn rotated_secret(&self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let client = self.realm(realm)?.client_by_id(id)?;
        self.need(by, realm, &VIEW)?;
        client
            .rotated(self.now())
            .map(shown)
            .ok_or_else(|| Refusal::error(404, "Client does not have a rotated secret"))
    }

    /// Answers the same whether there was one or not.
    pub(crate) fn end_rotated_secret(&mut self, by: &Caller, realm: &str, id: &str) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        self.realm_mut(realm)?.client_by_id_mut(id)?.forget_rotated();
        Ok(())
    }
}

fn meets(client: &Client, condition: &Value) -> bool {
    let kind = condition.get("condition").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "any-client" => true,
        "client-access-type" => {
            let access = match (client.flag("publicClient"), client.flag("bearerOnly")) {
                (true, _) => "public",
                (_, true) => "bearer-only",
                _ => "confidential",
            };
            let wanted = condition.get("configuration").and_then(|settings| settings.get("type"));
            wanted.and_then(Value::as_array).is_some_and(|types| types.iter().any(|one| one == access))
        }
        // Conditions on attributes: all of them must be there.
        "client-attributes" => {
            let wanted = condition.get("configuration").and_then(|settings| settings.get("attributes"));
            let pairs: Vec<Value> = wanted
                .and_then(Value::as_str)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default();
            pairs.iter().all(|pair| {
                let text = |name: &str| pair.get(name).and_then(Value::as_str).unwrap_or_default();
                client.attribute(text("key")) == Some(text("value"))
            })
        }
        _ => false,
    }
}

fn shown(secret: &str) -> Value {
    json!({ "type": "secret", "value": secret })
}
