//! Roles and client scopes.

use serde_json::{Value, json};

use super::clients::{MANAGE, VIEW};
use super::realm::Realm;
use super::state::State;
use super::{Caller, Refusal};

pub(super) fn name_of(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn id_of(value: &Value) -> &str {
    value.get("id").and_then(Value::as_str).unwrap_or_default()
}

const VIEW_REALM: [&str; 2] = ["view-realm", "manage-realm"];

/// Scopes that every realm has, and whether their name stands in tokens.
const FIRST_SCOPES: [(&str, bool); 12] = [
    ("web-origins", false),
    ("acr", false),
    ("profile", true),
    ("roles", false),
    ("basic", false),
    ("email", true),
    ("service_account", false),
    ("address", true),
    ("phone", true),
    ("organization", true),
    ("offline_access", true),
    ("microprofile-jwt", true),
];

impl Realm {
    pub(super) fn scope_by_id(&self, id: &str) -> Result<&Value, Refusal> {
        let found = self.scopes.iter().find(|scope| id_of(scope) == id);
        found.ok_or_else(|| Refusal::error(404, "Could not find client scope"))
    }
}

impl State {
    pub(super) fn new_role(
        &mut self,
        name: &str,
        what: &str,
        composite: bool,
        of_client: bool,
        container: &str,
    ) -> Value {
        let mut role = json!({
            "id": self.uuid(), "name": name, "composite": composite, "clientRole": of_client,
            "containerId": container, "attributes": {},
        });
        if !what.is_empty() {
            role["description"] = what.into();
        }
        role
    }

    pub(super) fn first_scopes(&mut self) -> Vec<Value> {
        FIRST_SCOPES
            .into_iter()
            .map(|(name, shown)| {
                json!({
                    "id": self.uuid(), "name": name, "protocol": "openid-connect",
                    "attributes": { "include.in.token.scope": shown.to_string() },
                })
            })
            .collect()
    }

    /// Roles of the realm, or of the client with this identifier.
    pub(crate) fn list_roles(
        &self,
        by: &Caller,
        realm: &str,
        client: Option<&str>,
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        let roles = match client {
            Some(id) => &home.client_by_id(id)?.roles,
            None => &home.roles,
        };
        self.need(by, realm, if client.is_some() { &VIEW } else { &VIEW_REALM })?;
        let brief = roles.values().cloned().map(|mut role| {
            if let Some(members) = role.as_object_mut() {
                members.remove("attributes");
            }
            role
        });
        Ok(brief.collect())
    }

    pub(crate) fn show_role(
        &self,
        by: &Caller,
        realm: &str,
        client: Option<&str>,
        name: &str,
    ) -> Result<Value, Refusal> {
        let home = self.realm(realm)?;
        let roles = match client {
            Some(id) => &home.client_by_id(id)?.roles,
            None => &home.roles,
        };
        self.need(by, realm, if client.is_some() { &VIEW } else { &VIEW_REALM })?;
        roles.get(name).cloned().ok_or_else(no_role)
    }

    pub(crate) fn create_role(
        &mut self,
        by: &Caller,
        realm: &str,
        client: Option<&str>,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        let name = name_of(wanted).to_owned();
        let container = match client {
            Some(id) => self.realm(realm)?.client_by_id(id)?.id.clone(),
            None => self.realm(realm)?.id.clone(),
        };
        self.need(by, realm, if client.is_some() { &MANAGE } else { &["manage-realm"] })?;
        let what = wanted.get("description").and_then(Value::as_str).unwrap_or_default();
        let mut role = self.new_role(&name, what, false, client.is_some(), &container);
        if let Some(attributes) = wanted.get("attributes").filter(|value| value.is_object()) {
            role["attributes"] = attributes.clone();
        }
        let home = self.realm_mut(realm)?;
        let roles = match client {
            Some(id) => &mut home.client_by_id_mut(id)?.roles,
            None => &mut home.roles,
        };
        if roles.contains_key(&name) {
            return Err(Refusal::message(409, format!("Role with name {name} already exists")));
        }
        roles.insert(name.clone(), role);
        Ok(name)
    }

    pub(crate) fn delete_role(
        &mut self,
        by: &Caller,
        realm: &str,
        client: Option<&str>,
        name: &str,
    ) -> Result<(), Refusal> {
        self.need(by, realm, if client.is_some() { &MANAGE } else { &["manage-realm"] })?;
        let home = self.realm_mut(realm)?;
        let roles = match client {
            Some(id) => &mut home.client_by_id_mut(id)?.roles,
            None => &mut home.roles,
        };
        roles.remove(name).map(drop).ok_or_else(no_role)
    }

    pub(crate) fn list_scopes(&self, by: &Caller, realm: &str) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        Ok(home.scopes.clone())
    }

    /// Those that new clients get, or those of a client, as identifiers and names.
    pub(crate) fn assigned_scopes(
        &self,
        by: &Caller,
        realm: &str,
        client: Option<&str>,
        optional: bool,
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        let names: Vec<&str> = match client {
            Some(id) => {
                let kind = if optional { "optionalClientScopes" } else { "defaultClientScopes" };
                home.client_by_id(id)?.list(kind)
            }
            None if optional => home.optional_scopes.iter().map(String::as_str).collect(),
            None => home.default_scopes.iter().map(String::as_str).collect(),
        };
        let scopes = home.scopes.iter().filter(|scope| names.contains(&name_of(scope)));
        Ok(scopes.map(|scope| json!({ "id": scope["id"], "name": scope["name"] })).collect())
    }

    pub(crate) fn create_scope(
        &mut self,
        by: &Caller,
        realm: &str,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        self.realm(realm)?;
        self.need(by, realm, &MANAGE)?;
        let id = self.uuid();
        let home = self.realm_mut(realm)?;
        let name = name_of(wanted);
        if home.scopes.iter().any(|scope| name_of(scope) == name) {
            return Err(Refusal::message(409, format!("Client Scope {name} already exists")));
        }
        let mut scope = json!({ "protocol": "openid-connect", "attributes": {} });
        for (member, value) in wanted.as_object().into_iter().flatten() {
            scope[member] = value.clone();
        }
        scope["id"] = id.as_str().into();
        home.scopes.push(scope);
        Ok(id)
    }
}

fn no_role() -> Refusal {
    Refusal::error(404, "Could not find role")
}
