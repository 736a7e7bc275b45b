//! Clients: what the server makes of a representation, and how it merges the next one into it.

use serde_json::{Map, Value, json};

use super::realm::Realm;
use super::state::State;
use super::{Refusal, random, roles};
use std::collections::BTreeMap;

/// A client as it is kept: its representation without `access`, and its roles.
#[derive(Clone)]
pub(crate) struct Client {
    pub(super) id: String,
    pub(super) rep: Map<String, Value>,
    pub(super) roles: BTreeMap<String, Value>,
    /// The token with which it may change its own registration (RFC 7592); only the newest one counts.
    pub(super) registration_token: Option<String>,
}

/// Members of a representation; with any other one it is refused.
const KNOWN: [&str; 42] = [
    "id",
    "clientId",
    "name",
    "description",
    "type",
    "rootUrl",
    "adminUrl",
    "baseUrl",
    "surrogateAuthRequired",
    "enabled",
    "alwaysDisplayInConsole",
    "clientAuthenticatorType",
    "secret",
    "registrationAccessToken",
    "defaultRoles",
    "redirectUris",
    "webOrigins",
    "notBefore",
    "bearerOnly",
    "consentRequired",
    "standardFlowEnabled",
    "implicitFlowEnabled",
    "directAccessGrantsEnabled",
    "serviceAccountsEnabled",
    "authorizationServicesEnabled",
    "directGrantsOnly",
    "publicClient",
    "frontchannelLogout",
    "protocol",
    "attributes",
    "authenticationFlowBindingOverrides",
    "fullScopeAllowed",
    "nodeReRegistrationTimeout",
    "registeredNodes",
    "protocolMappers",
    "clientTemplate",
    "useTemplateConfig",
    "defaultClientScopes",
    "optionalClientScopes",
    "authorizationSettings",
    "access",
    "origin",
];

impl Client {
    /// One of which nothing is known but that it has a secret.
    pub(super) fn confidential() -> Self {
        let (id, rep, roles) = (String::new(), Map::new(), BTreeMap::new());
        Self { id, rep, roles, registration_token: None }
    }

    pub(crate) fn client_id(&self) -> &str {
        self.text("clientId").unwrap_or_default()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.rep.get(name)?.as_str()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.rep.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.rep.get("attributes")?.get(name)?.as_str()
    }

    /// Sets an attribute, or removes it.
    pub(super) fn set_attribute(&mut self, name: &str, value: Option<&str>) {
        merge_members(&mut self.rep, "attributes", &json!({ name: value }));
    }

    /// The texts of a list, such as `redirectUris`.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let values = self.rep.get(name).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Value::as_str).collect()
    }

    /// Whether it has a secret: also one that authenticates otherwise has one.
    pub(super) fn has_secret(&self) -> bool {
        !self.flag("publicClient") && !self.flag("bearerOnly")
    }

    pub(super) fn mappers(&self) -> impl Iterator<Item = &Value> {
        self.rep.get("protocolMappers").and_then(Value::as_array).into_iter().flatten()
    }

    /// The representation as the Admin REST API shows it.
    pub(crate) fn show(&self) -> Value {
        let mut shown = self.rep.clone();
        let own = self.attribute("realm_client") == Some("true") && self.client_id() == "realm-management";
        shown.insert("access".to_owned(), json!({ "view": true, "configure": !own, "manage": !own }));
        if !self.has_secret() {
            shown.remove("secret");
        }
        Value::Object(shown)
    }

    pub(super) fn add_roles(&mut self, state: &mut State, names: &[&str]) {
        for name in names {
            let role = state.new_role(name, &format!("${{role_{name}}}"), false, true, &self.id);
            self.roles.insert((*name).to_owned(), role);
        }
    }

    /// Takes the members of `wanted`, as an update does: what is not named stays.
    pub(super) fn merge(&mut self, state: &mut State, wanted: &Map<String, Value>) {
        for (name, value) in wanted {
            match name.as_str() {
                "id" | "access" | "registrationAccessToken" | "origin" => {}
                _ if value.is_null() => {}
                // An empty one is taken at its word.
                "secret" if value == "" => drop(self.rep.remove("secret")),
                "attributes" | "authenticationFlowBindingOverrides" => {
                    merge_members(&mut self.rep, name, value);
                }
                "protocolMappers" => self.set_mappers(state, value),
                // Assigned by requests of their own.
                "defaultClientScopes" | "optionalClientScopes" => {}
                _ => drop(self.rep.insert(name.clone(), value.clone())),
            }
        }
        // Origins follow from the redirect URIs where none are given and none were.
        if !wanted.contains_key("webOrigins") && self.list("webOrigins").is_empty() {
            let uris = wanted.get("redirectUris").and_then(Value::as_array).into_iter().flatten();
            let parsed = uris.filter_map(|uri| url::Url::parse(uri.as_str()?).ok());
            let origins: std::collections::BTreeSet<String> =
                parsed.filter(url::Url::has_host).map(|uri| uri.origin().ascii_serialization()).collect();
            self.rep.insert("webOrigins".to_owned(), origins.into_iter().collect());
        }
    }

    pub(super) fn drop_service_account_scope(&mut self) {
        if let Some(scopes) = self.rep.get_mut("defaultClientScopes").and_then(Value::as_array_mut) {
            scopes.retain(|scope| scope != "service_account");
        }
    }

    /// The mappers are as given afterwards; one of a known name keeps its identifier.
    fn set_mappers(&mut self, state: &mut State, wanted: &Value) {
        let before: Vec<Value> = self.mappers().cloned().collect();
        let mut after = Vec::new();
        for mapper in wanted.as_array().into_iter().flatten() {
            let kept = before.iter().find(|old| old.get("name") == mapper.get("name"));
            let kept = kept.and_then(|old| old.get("id")).cloned();
            after.push(finished_mapper(mapper, kept.unwrap_or_else(|| state.uuid().into())));
        }
        if after.is_empty() {
            self.rep.remove("protocolMappers");
        } else {
            self.rep.insert("protocolMappers".to_owned(), after.into());
        }
    }
}

/// A mapper with all its members.
pub(super) fn finished_mapper(wanted: &Value, id: Value) -> Value {
    let mut mapper = json!({ "protocol": "openid-connect", "consentRequired": false, "config": {} });
    for (name, value) in wanted.as_object().into_iter().flatten() {
        mapper[name] = value.clone();
    }
    if mapper["protocolMapper"] == "oidc-group-membership-mapper" {
        mapper["config"]["multivalued"] = "true".into();
    }
    mapper["id"] = id;
    mapper
}

/// Sets the members of the object `name` in `into` one by one; one that is empty or null is taken away.
pub(super) fn merge_members(into: &mut Map<String, Value>, name: &str, wanted: &Value) {
    let slot = into.entry(name).or_insert_with(|| json!({}));
    let Some(slot) = slot.as_object_mut() else { return };
    for (key, value) in wanted.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(slot.remove(key)),
            Value::String(text) if text.is_empty() => drop(slot.remove(key)),
            Value::String(_) => drop(slot.insert(key.clone(), value.clone())),
            // The server's maps hold texts.
            other => drop(slot.insert(key.clone(), other.to_string().into())),
        }
    }
}

/// Refuses a representation that the server cannot read.
pub(super) fn known(wanted: &Value) -> Result<&Map<String, Value>, Refusal> {
    let unparsed = || Refusal::oauth(400, "unknown_error", "Cannot parse the JSON");
    let members = wanted.as_object().ok_or_else(unparsed)?;
    if let Some(name) = members.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Refusal::unknown_field("ClientRepresentation", name));
    }
    let fits = |(name, value): (&String, &Value)| {
        value.is_null()
            || match name.as_str() {
                "redirectUris"
                | "webOrigins"
                | "protocolMappers"
                | "defaultClientScopes"
                | "optionalClientScopes" => value.is_array(),
                "attributes" | "access" | "authenticationFlowBindingOverrides" => value.is_object(),
                _ => !value.is_array() && !value.is_object() || name == "authorizationSettings",
            }
    };
    if members.iter().all(fits) { Ok(members) } else { Err(unparsed()) }
}

/// Refuses redirect URIs that no client may have.
pub(super) fn valid(members: &Map<String, Value>) -> Result<(), Refusal> {
    let uris = members.get("redirectUris").and_then(Value::as_array).into_iter().flatten();
    for uri in uris.filter_map(Value::as_str) {
        let rooted = uri.starts_with('/');
        if !rooted && uri != "*" && (uri.contains(' ') || url::Url::parse(uri.trim_end_matches('*')).is_err())
        {
            return Err(Refusal::oauth(400, "invalid_input", "A redirect URI is not a valid URI"));
        }
        if uri.contains('#') {
            return Err(Refusal::oauth(
                400,
                "invalid_input",
                "A redirect URI must not contain an URL fragment",
            ));
        }
    }
    Ok(())
}

impl State {
    /// A client as the server makes one from these members.
    pub(super) fn new_client(&mut self, realm: &Realm, members: &Map<String, Value>) -> Client {
        let id = members.get("id").and_then(Value::as_str).map_or_else(|| self.uuid(), str::to_owned);
        let rep = json!({
            "id": id, "clientId": id, "surrogateAuthRequired": false, "enabled": true,
            "alwaysDisplayInConsole": false, "clientAuthenticatorType": "client-secret", "redirectUris": [],
            "webOrigins": [], "notBefore": 0, "bearerOnly": false, "consentRequired": false,
            "standardFlowEnabled": true, "implicitFlowEnabled": false, "directAccessGrantsEnabled": false,
            "serviceAccountsEnabled": false, "publicClient": false, "frontchannelLogout": false,
            "protocol": "openid-connect", "attributes": { "realm_client": "false" },
            "authenticationFlowBindingOverrides": {}, "fullScopeAllowed": true, "nodeReRegistrationTimeout": -1,
        });
        let rep = rep.as_object().cloned().unwrap_or_default();
        let mut client = Client { id, rep, roles: BTreeMap::new(), registration_token: None };
        client.merge(self, members);
        if client.has_secret() && members.get("secret").and_then(Value::as_str).is_none() {
            let secret = random::secret(&mut self.random);
            client.rep.insert("secret".to_owned(), secret.into());
            if members.get("bearerOnly").is_none() {
                client.set_attribute("client.secret.creation.time", Some(&self.now().to_string()));
            }
        }
        let named = |name: &str, fallback: &[String]| {
            let given = members.get(name).and_then(Value::as_array);
            let given =
                given.map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            given.unwrap_or_else(|| fallback.to_vec())
        };
        let mut default = named("defaultClientScopes", &realm.default_scopes);
        if client.flag("serviceAccountsEnabled") && !default.iter().any(|name| name == "service_account") {
            default.insert(1.min(default.len()), "service_account".to_owned());
        }
        let optional = named("optionalClientScopes", &realm.optional_scopes);
        client.rep.insert("defaultClientScopes".to_owned(), realm.known_scopes(&default));
        client.rep.insert("optionalClientScopes".to_owned(), realm.known_scopes(&optional));
        client
    }
}

impl Realm {
    pub(super) fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id() == client_id)
    }

    pub(super) fn client_mut(&mut self, client_id: &str) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.client_id() == client_id)
    }

    /// By the identifier that paths of the Admin REST API have.
    pub(super) fn client_by_id(&self, id: &str) -> Result<&Client, Refusal> {
        self.clients.iter().find(|client| client.id == id).ok_or_else(Refusal::no_client)
    }

    pub(super) fn client_by_id_mut(&mut self, id: &str) -> Result<&mut Client, Refusal> {
        self.clients.iter_mut().find(|client| client.id == id).ok_or_else(Refusal::no_client)
    }

    fn known_scopes(&self, names: &[String]) -> Value {
        names
            .iter()
            .filter(|name| self.scopes.iter().any(|scope| roles::name_of(scope) == **name))
            .cloned()
            .collect()
    }
}
