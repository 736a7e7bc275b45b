//! Setting a model up, and changing it behind the back of who uses it.

use serde_json::{Map, Value, json};

use super::keys::{Key, KeyProvider};
use super::roles::name_of;
use super::{Caller, Model};
use crate::jose::{Algorithm, JwkSet};

impl Model {
    /// The client of the master realm that administrators log in with.
    pub(super) fn set_up_master(&self) {
        self.with(|state| {
            state.add_realm("master", &object(json!({ "enabled": true, "accessTokenLifespan": 60 })));
            let container = state.realms.get("master").map(|master| master.id.clone()).unwrap_or_default();
            for name in ["admin", "create-realm"] {
                let role = state.new_role(name, &format!("${{role_{name}}}"), true, false, &container);
                if let Some(master) = state.realms.get_mut("master") {
                    master.roles.insert(name.to_owned(), role);
                }
            }
        });
        self.set_user("master", "admin", "admin");
        self.give_realm_roles("master", "admin", &["admin"]);
    }

    /// What the world calls this server, as `https://auth.example.test`; its issuers begin with it.
    pub fn set_address(&self, address: &str) {
        self.with(|state| address.trim_end_matches('/').clone_into(&mut state.address));
    }

    /// What the world calls this server.
    pub fn address(&self) -> String {
        self.with(|state| state.address.clone())
    }

    /// The issuer of a realm.
    pub fn issuer(&self, realm: &str) -> String {
        self.with(|state| state.issuer(realm))
    }

    /// A realm with the keys, roles and client scopes of a new one; one that is there stays.
    pub fn set_realm(&self, name: &str) {
        self.with(|state| {
            if !state.realms.contains_key(name) {
                state.add_realm(name, &object(json!({ "enabled": true })));
            }
        });
    }

    /// Takes a realm away, with all that is in it.
    pub fn remove_realm(&self, name: &str) {
        self.with(|state| state.remove_realm(name));
    }

    /// Changes settings of a realm, as `{"accessTokenLifespan": 900}`.
    pub fn edit_realm(&self, name: &str, settings: &Value) {
        self.with(|state| drop(state.update_realm(&Caller::Root, name, settings)));
    }

    /// The realm as the Admin REST API shows it.
    pub fn realm(&self, name: &str) -> Option<Value> {
        self.with(|state| state.show_realm(&Caller::Root, name).ok())
    }

    /// The client policy under which secrets rotate: they expire after 97 days, and the one before lives on for 24
    /// hours. Without it a new secret ends the old one at once.
    pub fn set_rotation_policy(&self, realm: &str, on: bool) {
        let executor = json!({ "executor": "secret-rotation", "configuration": {
            "expiration-period": 97 * 86_400, "rotated-expiration-period": 86_400, "remaining-rotation-period": 864_000,
        }});
        let condition =
            json!({ "condition": "client-access-type", "configuration": { "type": ["confidential"] } });
        let profiles = json!({ "profiles": [{ "name": "rotation", "executors": [executor] }] });
        let policies = json!({ "policies": [{
            "name": "rotation", "enabled": on, "conditions": [condition], "profiles": ["rotation"],
        }]});
        self.with(|state| {
            if let Some(realm) = state.realms.get_mut(realm) {
                realm.profiles = profiles;
                realm.policies = policies;
            }
        });
    }

    /// A user who can log in at once; one of this name gets the password.
    pub fn set_user(&self, realm: &str, username: &str, password: &str) {
        let members = object(json!({
            "username": username, "email": format!("{username}@example.test"), "emailVerified": true,
            "firstName": username, "lastName": "Test", "enabled": true,
            "credentials": [{ "type": "password", "value": password }],
        }));
        self.with(|state| {
            let known = state.realms.get_mut(realm);
            let known =
                known.and_then(|realm| realm.users.iter_mut().find(|user| user.username() == username));
            match known {
                Some(user) => user.password = Some(password.to_owned()),
                None => drop(state.add_user(realm, &members)),
            }
        });
    }

    /// Gives a user roles of the realm, which are made if they are not there.
    pub fn give_realm_roles(&self, realm: &str, username: &str, roles: &[&str]) {
        self.with(|state| {
            for role in roles {
                drop(state.create_role(&Caller::Root, realm, None, &json!({ "name": role })));
            }
            let home = state.realms.get_mut(realm);
            if let Some(user) =
                home.and_then(|home| home.users.iter_mut().find(|user| user.username() == username))
            {
                user.realm_roles.extend(roles.iter().map(|role| (*role).to_owned()));
            }
        });
    }

    /// A confidential client whose service account has these roles: of `realm-management`, as `manage-clients`; in the
    /// master realm roles of that realm, as `create-realm`.
    pub fn set_service_account(&self, realm: &str, client_id: &str, secret: &str, roles: &[&str]) {
        self.edit_or_add(realm, client_id, json!({
            "clientId": client_id, "secret": secret, "serviceAccountsEnabled": true, "standardFlowEnabled": false,
        }));
        if realm == "master" {
            self.give_realm_roles(realm, &format!("service-account-{client_id}"), roles);
            return;
        }
        self.with(|state| {
            let Some(home) = state.realms.get_mut(realm) else { return };
            let Some(id) = home.client(client_id).map(|client| client.id.clone()) else { return };
            let Some(over) = home.client("realm-management").map(|client| client.id.clone()) else { return };
            let account = home.users.iter_mut().find(|user| user.service_account_of.as_ref() == Some(&id));
            if let Some(account) = account {
                account.client_roles.insert(over, roles.iter().map(|role| (*role).to_owned()).collect());
            }
        });
    }

    /// A client as this representation says; what is there is merged with it.
    pub fn set_client(&self, realm: &str, representation: &Value) {
        let id = representation.get("clientId").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.edit_or_add(realm, &id, representation.clone());
    }

    fn edit_or_add(&self, realm: &str, client_id: &str, mut members: Value) {
        if members.get("attributes").is_none() {
            members["attributes"] = json!({});
        }
        self.with(|state| {
            let known = state
                .realms
                .get(realm)
                .and_then(|home| home.client(client_id))
                .map(|client| client.id.clone());
            match known {
                Some(id) => drop(state.update_client(&Caller::Root, realm, &id, &members)),
                None => drop(state.add_client(realm, &object(members))),
            }
        });
    }

    /// The client as the Admin REST API shows it, with its secret.
    pub fn client(&self, realm: &str, client_id: &str) -> Option<Value> {
        self.with(|state| Some(state.realms.get(realm)?.client(client_id)?.show()))
    }

    /// Edits the client's representation by hand; nothing is checked, and what is taken out is gone.
    pub fn edit_client(&self, realm: &str, client_id: &str, edit: impl FnOnce(&mut Value)) {
        self.with(|state| {
            let Some(client) = state.realms.get_mut(realm).and_then(|home| home.client_mut(client_id)) else {
                return;
            };
            let mut shown = Value::Object(std::mem::take(&mut client.rep));
            edit(&mut shown);
            client.rep = object(shown);
        });
    }

    /// Takes a client away by hand.
    pub fn remove_client(&self, realm: &str, client_id: &str) {
        self.with(|state| {
            let known = state.realms.get(realm).and_then(|home| home.client(client_id));
            if let Some(id) = known.map(|client| client.id.clone()) {
                state.remove_client(realm, &id);
            }
        });
    }

    /// The names of a client's roles.
    pub fn client_roles(&self, realm: &str, client_id: &str) -> Vec<String> {
        self.with(|state| {
            let client = state.realms.get(realm).and_then(|home| home.client(client_id));
            client.map(|client| client.roles.keys().cloned().collect()).unwrap_or_default()
        })
    }

    /// A client scope of the realm.
    pub fn set_client_scope(&self, realm: &str, name: &str) {
        let scope = json!({ "name": name, "attributes": { "include.in.token.scope": "true" } });
        self.with(|state| drop(state.create_scope(&Caller::Root, realm, &scope)));
    }

    /// What another issuer publishes at this address: the bundle endpoint or key set that an identity provider or a
    /// client names, or the issuer itself.
    pub fn set_issuer_keys(&self, address: &str, keys: JwkSet) {
        self.with(|state| drop(state.issuer_keys.insert(address.to_owned(), keys)));
    }

    /// A new RSA key signs from now on; those before stay published.
    pub fn rotate_keys(&self, realm: &str) {
        self.add_key(realm, Algorithm::Rs256);
    }

    /// A new active key for this algorithm, of a higher priority than all others.
    pub fn add_key(&self, realm: &str, algorithm: Algorithm) {
        self.with(|state| {
            let (id, serial, number) = (state.uuid(), state.serial(), state.next_key());
            let Some(home) = state.realms.get_mut(realm) else { return };
            let priority = home.keys.iter().map(KeyProvider::priority).max().unwrap_or(100) + 1;
            let provider = match algorithm {
                Algorithm::Es256 => "ecdsa-generated",
                Algorithm::EdDsa => "eddsa-generated",
                _ => "rsa-generated",
            };
            let component = object(json!({
                "name": format!("{provider}-{serial}"), "providerId": provider,
                "config": { "priority": [priority.to_string()], "algorithm": [algorithm.as_str()] },
            }));
            home.keys.push(KeyProvider { id, component, key: Key::Sign(algorithm, number), serial });
        });
    }

    /// Withdraws every key for signatures but those that sign now.
    pub fn drop_old_keys(&self, realm: &str) {
        self.with(|state| {
            let Some(home) = state.realms.get_mut(realm) else { return };
            let mut seen = std::collections::BTreeSet::new();
            let signing = |key: &&KeyProvider| matches!(key.key, Key::Sign(..));
            let kept: Vec<String> = home
                .keys_by_priority()
                .into_iter()
                .filter(|key| !signing(key) || key.active() && seen.insert(key.algorithm()))
                .map(|key| key.id.clone())
                .collect();
            home.keys.retain(|key| kept.contains(&key.id));
        });
    }

    /// The names of the client scopes of a realm.
    pub fn client_scopes(&self, realm: &str) -> Vec<String> {
        self.with(|state| {
            let home = state.realms.get(realm);
            home.map(|home| home.scopes.iter().map(|scope| name_of(scope).to_owned()).collect())
                .unwrap_or_default()
        })
    }
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
