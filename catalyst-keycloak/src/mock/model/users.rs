//! Users, among them those that stand for service accounts, and the roles that they have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::realm::Realm;
use super::state::State;
use super::{Caller, Refusal, roles};

pub(crate) struct User {
    pub(super) id: String,
    pub(super) rep: Map<String, Value>,
    pub(super) password: Option<String>,
    /// Besides those that everybody has.
    pub(super) realm_roles: BTreeSet<String>,
    /// Names, by the identifier of the client that they are of.
    pub(super) client_roles: BTreeMap<String, BTreeSet<String>>,
    /// The identifier of the client whose account this is.
    pub(super) service_account_of: Option<String>,
}

const VIEW: [&str; 2] = ["view-users", "manage-users"];
const MANAGE: [&str; 1] = ["manage-users"];

impl User {
    pub(super) fn text(&self, name: &str) -> &str {
        self.rep.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn username(&self) -> &str {
        self.text("username")
    }

    pub(super) fn enabled(&self) -> bool {
        self.rep.get("enabled").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether a login has everything that the realm asks of a user: a name, an address, nothing to be done first.
    pub(super) fn is_set_up(&self) -> bool {
        let waiting = self.rep.get("requiredActions").and_then(Value::as_array);
        let complete = ["email", "firstName", "lastName"].iter().all(|name| !self.text(name).is_empty());
        complete && waiting.is_none_or(Vec::is_empty)
    }

    /// As it is shown, with what the caller may do to it.
    fn show(&self, access: &Value) -> Value {
        let mut shown = self.rep.clone();
        shown.remove("credentials");
        shown.remove("groups");
        if !access.is_null() {
            shown.insert("access".to_owned(), access.clone());
        }
        Value::Object(shown)
    }

    /// As a member of an organization.
    pub(super) fn show_member(&self) -> Value {
        let mut shown = self.show(&Value::Null);
        if let Some(members) = shown.as_object_mut() {
            for name in ["totp", "disableableCredentialTypes", "requiredActions", "notBefore"] {
                members.remove(name);
            }
        }
        shown["membershipType"] = "UNMANAGED".into();
        shown
    }

    /// Tokens from before this moment do not count, in seconds since 1970.
    pub(super) fn not_before(&self) -> i64 {
        self.rep.get("notBefore").and_then(Value::as_i64).unwrap_or(0)
    }
}

impl Realm {
    pub(super) fn user(&self, id: &str) -> Result<&User, Refusal> {
        self.users.iter().find(|user| user.id == id).ok_or_else(no_user)
    }

    fn user_mut(&mut self, id: &str) -> Result<&mut User, Refusal> {
        self.users.iter_mut().find(|user| user.id == id).ok_or_else(no_user)
    }

    pub(super) fn user_named(&self, username: &str) -> Option<&User> {
        let username = username.to_lowercase();
        self.users.iter().find(|user| user.username() == username)
    }

    pub(super) fn service_account(&self, client: &str) -> Option<&User> {
        self.users.iter().find(|user| user.service_account_of.as_deref() == Some(client))
    }
}

impl State {
    fn new_user(&mut self, username: &str) -> User {
        let id = self.uuid();
        let rep = json!({
            "id": id, "username": username.to_lowercase(), "emailVerified": false, "enabled": false,
            "createdTimestamp": self.now_millis(), "totp": false, "disableableCredentialTypes": [],
            "requiredActions": [], "notBefore": 0,
        });
        User {
            id,
            rep: rep.as_object().cloned().unwrap_or_default(),
            password: None,
            realm_roles: BTreeSet::new(),
            client_roles: BTreeMap::new(),
            service_account_of: None,
        }
    }

    /// The user that stands for this client.
    pub(super) fn ensure_service_account(&mut self, realm: &str, client: &str) -> Result<(), Refusal> {
        let home = self.realm(realm)?;
        if home.service_account(client).is_some() {
            return Ok(());
        }
        let username = format!("service-account-{}", home.client_by_id(client)?.client_id());
        let mut user = self.new_user(&username);
        user.rep.insert("enabled".to_owned(), true.into());
        user.service_account_of = Some(client.to_owned());
        let home = self.realm_mut(realm)?;
        home.users.push(user);
        // An account that is switched on later brings its scope along.
        let client = home.client_by_id_mut(client)?;
        if !client.list("defaultClientScopes").contains(&"service_account")
            && let Some(scopes) = client.rep.get_mut("defaultClientScopes").and_then(Value::as_array_mut)
        {
            scopes.push("service_account".into());
        }
        Ok(())
    }

    pub(crate) fn service_account_user(
        &self,
        by: &Caller,
        realm: &str,
        client: &str,
    ) -> Result<Value, Refusal> {
        let home = self.realm(realm)?;
        let found = home.client_by_id(client)?;
        self.need(by, realm, &super::clients::VIEW)?;
        let user = home.service_account(client).map(|user| user.show(&Value::Null));
        user.ok_or_else(|| {
            let text = format!("Service account not enabled for the client '{}'", found.client_id());
            Refusal::error(400, text)
        })
    }

    pub(crate) fn create_user(
        &mut self,
        by: &Caller,
        realm: &str,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        let members = wanted.as_object().ok_or_else(Refusal::unreadable)?;
        self.realm(realm)?;
        self.need(by, realm, &MANAGE)?;
        self.add_user(realm, members)
    }

    pub(super) fn add_user(&mut self, realm: &str, members: &Map<String, Value>) -> Result<String, Refusal> {
        let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
        let invalid = |field: &str, what: &str, params: Value| {
            Refusal::new(400, json!({ "field": field, "errorMessage": what, "params": params }))
        };
        let (username, email) = (text("username"), text("email"));
        if !(3..=255).contains(&username.chars().count()) {
            return Err(invalid("username", "error-invalid-length", json!(["username", 3, 255])));
        }
        if !email.is_empty() && !email.contains('@') {
            return Err(invalid("email", "error-invalid-email", json!(["email", email])));
        }
        let home = self.realm(realm)?;
        if home.user_named(username).is_some() {
            return Err(Refusal::message(409, "User exists with same username"));
        }
        if !email.is_empty() && home.users.iter().any(|user| user.text("email") == email) {
            return Err(Refusal::message(409, "User exists with same email"));
        }
        let mut user = self.new_user(username);
        take(&mut user, members);
        let id = user.id.clone();
        self.realm_mut(realm)?.users.push(user);
        Ok(id)
    }

    pub(crate) fn list_users(
        &self,
        by: &Caller,
        realm: &str,
        username: Option<(&str, bool)>,
        (first, max): (usize, usize),
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        let mut users: Vec<_> = home.users.iter().filter(|user| user.service_account_of.is_none()).collect();
        users.retain(|user| match username {
            Some((name, true)) => user.username() == name.to_lowercase(),
            Some((name, false)) => user.username().contains(&name.to_lowercase()),
            None => true,
        });
        users.sort_by_key(|user| user.username());
        Ok(users
            .into_iter()
            .skip(first)
            .take(max)
            .map(|user| user.show(&json!({ "manage": true })))
            .collect())
    }

    pub(crate) fn show_user(&self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let user = self.realm(realm)?.user(id);
        self.need(by, realm, &VIEW)?;
        let access = json!({
            "manageGroupMembership": true, "resetPassword": true, "view": true, "mapRoles": true,
            "impersonate": true, "manage": true,
        });
        Ok(user?.show(&access))
    }

    pub(crate) fn update_user(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        wanted: &Value,
    ) -> Result<(), Refusal> {
        let members = wanted.as_object().ok_or_else(Refusal::unreadable)?;
        self.need(by, realm, &MANAGE)?;
        take(self.realm_mut(realm)?.user_mut(id)?, members);
        Ok(())
    }

    pub(crate) fn delete_user(&mut self, by: &Caller, realm: &str, id: &str) -> Result<(), Refusal> {
        self.realm(realm)?.user(id)?;
        self.need(by, realm, &MANAGE)?;
        self.realm_mut(realm)?.users.retain(|user| user.id != id);
        self.end_sessions(realm, id);
        Ok(())
    }

    pub(crate) fn reset_password(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        wanted: &Value,
    ) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        let user = self.realm_mut(realm)?.user_mut(id)?;
        let credentials = json!({ "credentials": [wanted] });
        take(user, credentials.as_object().ok_or_else(Refusal::unreadable)?);
        Ok(())
    }

    /// Ends the user's sessions, and with them the tokens.
    pub(crate) fn log_user_out(&mut self, by: &Caller, realm: &str, id: &str) -> Result<(), Refusal> {
        self.realm(realm)?.user(id)?;
        self.need(by, realm, &MANAGE)?;
        let now = self.now();
        self.realm_mut(realm)?.user_mut(id)?.rep.insert("notBefore".to_owned(), now.into());
        self.end_sessions(realm, id);
        Ok(())
    }

    /// Gives roles to a user, or takes them away; `client` is the identifier of the client that they are of.
    pub(crate) fn map_roles(
        &mut self,
        by: &Caller,
        realm: &str,
        (id, client, add): (&str, Option<&str>, bool),
        wanted: &Value,
    ) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        let home = self.realm_mut(realm)?;
        let known: Vec<String> = match client {
            Some(client) => home.client_by_id(client)?.roles.keys().cloned().collect(),
            None => home.roles.keys().cloned().collect(),
        };
        let named: Vec<String> =
            wanted.as_array().into_iter().flatten().map(|role| roles::name_of(role).to_owned()).collect();
        if !named.iter().all(|name| known.contains(name)) {
            return Err(Refusal::error(404, "Role not found"));
        }
        let user = home.user_mut(id)?;
        let held = match client {
            Some(client) => user.client_roles.entry(client.to_owned()).or_default(),
            None => &mut user.realm_roles,
        };
        for name in named {
            if add {
                held.insert(name);
            } else {
                held.remove(&name);
            }
        }
        Ok(())
    }

    /// The roles that a user has, or with `others` those that he could be given besides.
    pub(crate) fn mapped_roles(
        &self,
        by: &Caller,
        realm: &str,
        (id, client, others): (&str, Option<&str>, bool),
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        let user = home.user(id)?;
        self.need(by, realm, &VIEW)?;
        let empty = BTreeSet::new();
        let (roles, held) = match client {
            Some(client) => {
                (&home.client_by_id(client)?.roles, user.client_roles.get(client).unwrap_or(&empty))
            }
            None => (&home.roles, &user.realm_roles),
        };
        let default = home.default_role();
        let has = |name: &String| held.contains(name) || client.is_none() && *name == default;
        let told = roles.iter().filter(|(name, _)| has(name) != others);
        Ok(told.map(|(_, role)| role.clone()).collect())
    }
}

/// Merges a representation into the user.
fn take(user: &mut User, members: &Map<String, Value>) {
    for (name, value) in members {
        match name.as_str() {
            "credentials" => {
                for credential in value.as_array().into_iter().flatten() {
                    let value = credential.get("value").and_then(Value::as_str);
                    user.password = value.map(str::to_owned);
                    if credential.get("temporary").and_then(Value::as_bool) == Some(true) {
                        user.rep.insert("requiredActions".to_owned(), json!(["UPDATE_PASSWORD"]));
                    }
                }
            }
            "id" | "username" | "access" => {}
            _ => drop(user.rep.insert(name.clone(), value.clone())),
        }
    }
}

fn no_user() -> Refusal {
    Refusal::error(404, "User not found")
}
