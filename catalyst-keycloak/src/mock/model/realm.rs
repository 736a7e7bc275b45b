//! A realm, and what one has from its beginning.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::client::Client;
use super::keys::{Key, KeyProvider};
use super::state::State;
use super::users::User;
use super::{Caller, Refusal};
use crate::jose::Algorithm;

pub(crate) struct Realm {
    pub(super) id: String,
    pub(super) name: String,
    /// The representation, without what is kept below.
    pub(super) settings: Map<String, Value>,
    pub(super) keys: Vec<KeyProvider>,
    /// Roles of the realm, by name; those of clients are with the clients.
    pub(super) roles: BTreeMap<String, Value>,
    /// Client scopes in the order in which they came.
    pub(super) scopes: Vec<Value>,
    /// The names of those that new clients get.
    pub(super) default_scopes: Vec<String>,
    pub(super) optional_scopes: Vec<String>,
    /// In the order in which they came: of two with one federated subject, the first one is found.
    pub(super) clients: Vec<Client>,
    pub(super) users: Vec<User>,
    /// By alias.
    pub(super) providers: BTreeMap<String, Value>,
    pub(super) organizations: Vec<Value>,
    /// `profiles` and `policies` of the client policies.
    pub(super) profiles: Value,
    pub(super) policies: Value,
    pub(super) initial_access: Vec<Value>,
    /// Components that say what may be registered.
    pub(super) registration_policies: Vec<Value>,
}

/// What a service account may be given, of the client `realm-management`; `realm-admin` is all of them.
pub(super) const REALM_MANAGEMENT: [&str; 19] = [
    "create-client",
    "impersonation",
    "manage-authorization",
    "manage-clients",
    "manage-events",
    "manage-identity-providers",
    "manage-realm",
    "manage-users",
    "query-clients",
    "query-groups",
    "query-realms",
    "query-users",
    "realm-admin",
    "view-authorization",
    "view-clients",
    "view-events",
    "view-identity-providers",
    "view-realm",
    "view-users",
];

const DEFAULT_SCOPES: [&str; 6] = ["web-origins", "acr", "profile", "roles", "basic", "email"];
const OPTIONAL_SCOPES: [&str; 5] = ["address", "phone", "organization", "offline_access", "microprofile-jwt"];

/// Members of a representation that may be given although they are not in the defaults.
const ALSO_KNOWN: [&str; 30] = [
    "id",
    "realm",
    "displayName",
    "displayNameHtml",
    "defaultRole",
    "defaultRoles",
    "clientProfiles",
    "clientPolicies",
    "supportedLocales",
    "defaultLocale",
    "passwordPolicy",
    "loginTheme",
    "accountTheme",
    "adminTheme",
    "emailTheme",
    "users",
    "clients",
    "roles",
    "groups",
    "clientScopes",
    "defaultDefaultClientScopes",
    "defaultOptionalClientScopes",
    "identityProviders",
    "identityProviderMappers",
    "components",
    "organizations",
    "localizationTexts",
    "keycloakVersion",
    "scopeMappings",
    "protocolMappers",
];

impl Realm {
    /// The lifetime of access tokens in seconds.
    pub(super) fn token_lifespan(&self) -> i64 {
        self.settings.get("accessTokenLifespan").and_then(Value::as_i64).unwrap_or(300)
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.settings.get("enabled").and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn default_role(&self) -> String {
        format!("default-roles-{}", self.name)
    }

    /// The whole representation.
    pub(super) fn show(&self) -> Value {
        let mut shown = self.settings.clone();
        shown.insert("id".to_owned(), self.id.as_str().into());
        shown.insert("realm".to_owned(), self.name.as_str().into());
        if let Some(role) = self.roles.get(&self.default_role()) {
            let mut role = role.clone();
            if let Some(role) = role.as_object_mut() {
                role.remove("attributes");
            }
            shown.insert("defaultRole".to_owned(), role);
        }
        shown.insert("clientProfiles".to_owned(), self.profiles.clone());
        shown.insert("clientPolicies".to_owned(), self.policies.clone());
        Value::Object(shown)
    }

    /// What is shown to those who may see that the realm is there and no more.
    fn show_little(&self) -> Value {
        let setting = |name: &str| self.settings.get(name).cloned().unwrap_or(Value::Null);
        json!({
            "realm": self.name,
            "bruteForceProtected": setting("bruteForceProtected"),
            "supportedLocales": [],
            "organizationsEnabled": setting("organizationsEnabled"),
        })
    }

    /// Takes the members of `wanted`; members of `attributes` one by one.
    fn merge(&mut self, wanted: &Map<String, Value>) {
        for (name, value) in wanted {
            match name.as_str() {
                "id" | "realm" | "defaultRole" => {}
                "clientProfiles" => self.profiles = value.clone(),
                "clientPolicies" => self.policies = value.clone(),
                "attributes" => super::client::merge_members(&mut self.settings, "attributes", value),
                _ if value.is_null() => {}
                _ => drop(self.settings.insert(name.clone(), value.clone())),
            }
        }
    }
}

fn defaults() -> Map<String, Value> {
    serde_json::from_str(include_str!("defaults/realm.json")).unwrap_or_default()
}

/// Refuses a representation with a member that the server does not know.
fn known(wanted: &Value) -> Result<&Map<String, Value>, Refusal> {
    let members = wanted.as_object().ok_or_else(Refusal::unreadable)?;
    let defaults = defaults();
    let known = |name: &str| defaults.contains_key(name) || ALSO_KNOWN.contains(&name);
    if members.keys().all(|name| known(name)) { Ok(members) } else { Err(Refusal::unreadable()) }
}

impl State {
    pub(crate) fn create_realm(&mut self, by: &Caller, wanted: &Value) -> Result<String, Refusal> {
        let members = known(wanted)?;
        if !self.may_create_realms(by) {
            return Err(Refusal::forbidden());
        }
        let named = members.get("realm").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = named.ok_or_else(|| Refusal::message(400, "Realm name cannot be empty"))?.to_owned();
        if self.realms.contains_key(&name) {
            return Err(Refusal::message(409, format!("Realm {name} already exists")));
        }
        self.add_realm(&name, members);
        self.grant_realm(by, &name);
        Ok(name)
    }

    /// A realm as the server makes one, and then `wanted` on it.
    pub(super) fn add_realm(&mut self, name: &str, wanted: &Map<String, Value>) {
        let id = wanted.get("id").and_then(Value::as_str).map_or_else(|| self.uuid(), str::to_owned);
        let mut realm = Realm {
            id,
            name: name.to_owned(),
            settings: defaults(),
            keys: self.first_keys(),
            roles: BTreeMap::new(),
            scopes: self.first_scopes(),
            default_scopes: DEFAULT_SCOPES.map(str::to_owned).to_vec(),
            optional_scopes: OPTIONAL_SCOPES.map(str::to_owned).to_vec(),
            clients: Vec::new(),
            users: Vec::new(),
            providers: BTreeMap::new(),
            organizations: Vec::new(),
            profiles: json!({ "profiles": [] }),
            policies: json!({ "policies": [] }),
            initial_access: Vec::new(),
            registration_policies: Vec::new(),
        };
        realm.merge(wanted);
        let container = realm.id.clone();
        realm.registration_policies = self.registration_policies(&container);
        for (role, what) in [
            (realm.default_role(), "${role_default-roles}"),
            ("offline_access".to_owned(), "${role_offline-access}"),
            ("uma_authorization".to_owned(), "${role_uma_authorization}"),
        ] {
            let composite = role == realm.default_role();
            let shown = self.new_role(&role, what, composite, false, &container);
            realm.roles.insert(role, shown);
        }
        let first = include_str!("defaults/clients.json").replace("{realm}", name);
        let first: Vec<Map<String, Value>> = serde_json::from_str(&first).unwrap_or_default();
        for members in first {
            let mut client = self.new_client(&realm, &members);
            let roles: &[&str] = match client.client_id() {
                "account" => &["manage-account", "manage-account-links", "view-profile"],
                "realm-management" => &REALM_MANAGEMENT,
                _ => &[],
            };
            client.add_roles(self, roles);
            realm.clients.push(client);
        }
        self.realms.insert(name.to_owned(), realm);
        self.represent_in_master(name);
    }

    /// The provider of keys that every realm begins with; the one for encryption comes first where they are published.
    fn first_keys(&mut self) -> Vec<KeyProvider> {
        let (enc, hmac, aes) = (self.uuid(), self.uuid(), self.uuid());
        let signs = Key::Sign(Algorithm::Rs256, self.next_key());
        let hidden = |algorithm, kid| Key::Hidden { algorithm, kid };
        [
            ("rsa-enc-generated", "rsa-enc-generated", Some("RSA-OAEP"), Key::Encrypt { kid: enc }),
            ("rsa-generated", "rsa-generated", None, signs),
            ("hmac-generated-hs512", "hmac-generated", Some("HS512"), hidden("HS512", hmac)),
            ("aes-generated", "aes-generated", None, hidden("AES", aes)),
        ]
        .into_iter()
        .map(|(name, provider, algorithm, key)| {
            let mut config = json!({ "priority": ["100"] });
            if let Some(algorithm) = algorithm {
                config["algorithm"] = json!([algorithm]);
            }
            let component = json!({ "name": name, "providerId": provider, "config": config });
            let component = component.as_object().cloned().unwrap_or_default();
            KeyProvider { id: self.uuid(), component, key, serial: self.serial() }
        })
        .collect()
    }

    /// All realms that the caller may see.
    pub(crate) fn realms(&self, by: &Caller) -> Vec<Value> {
        self.realms
            .values()
            .filter(|realm| self.may(by, &realm.name, &["view-realm", "manage-realm"]))
            .map(Realm::show)
            .collect()
    }

    pub(crate) fn show_realm(&self, by: &Caller, name: &str) -> Result<Value, Refusal> {
        let realm = self.realm(name)?;
        if self.may(by, name, &["view-realm", "manage-realm"]) {
            Ok(realm.show())
        } else if self.may(by, name, &REALM_MANAGEMENT) {
            Ok(realm.show_little())
        } else {
            Err(Refusal::forbidden())
        }
    }

    pub(crate) fn update_realm(&mut self, by: &Caller, name: &str, wanted: &Value) -> Result<(), Refusal> {
        let members = known(wanted)?;
        self.realm(name)?;
        self.need(by, name, &["manage-realm"])?;
        let realm = self.realm_mut(name)?;
        realm.merge(members);
        Ok(())
    }

    pub(crate) fn delete_realm(&mut self, by: &Caller, name: &str) -> Result<(), Refusal> {
        self.realm(name)?;
        self.need(by, name, &["manage-realm"])?;
        self.remove_realm(name);
        Ok(())
    }

    pub(super) fn remove_realm(&mut self, name: &str) {
        self.realms.remove(name);
        self.tokens.retain(|_, token| token.realm != name);
        self.sessions.retain(|_, session| session.realm != name);
        if let Some(master) = self.realms.get_mut("master") {
            let representative = format!("{name}-realm");
            master.clients.retain(|client| client.client_id() != representative);
        }
    }

    /// The master realm has a client for each other realm, whose roles are what may be done there.
    fn represent_in_master(&mut self, name: &str) {
        let Some(mut master) = self.realms.remove("master") else { return };
        let members = json!({ "clientId": format!("{name}-realm"), "bearerOnly": true, "attributes": { "realm_client": "true" } });
        let mut client = self.new_client(&master, &members.as_object().cloned().unwrap_or_default());
        client.add_roles(self, &REALM_MANAGEMENT);
        master.clients.push(client);
        self.realms.insert("master".to_owned(), master);
    }
}
