//! Dynamic client registration (RFC 7591, RFC 7592), by both providers of it.
//!
//! `default` takes and shows Keycloak's own representation, `openid-connect` that of the standard, and chooses the
//! client id itself.

use serde_json::{Map, Value, json};

use super::client::{Client, known};
use super::metadata;
use super::random;
use super::state::State;
use super::{Caller, Refusal};

/// Which words a registration is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Default,
    OpenIdConnect,
}

/// Whose token allows a request.
enum Allowed {
    /// The number of an initial access token among those of the realm.
    Initial(usize),
    /// The client's own.
    Own,
    /// A service account's.
    Account(Caller),
    /// One that says nothing here.
    Nothing,
}

pub(super) const POLICY_TYPE: &str =
    "org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy";
const MAPPERS: &str = "allowed-protocol-mapper-types";

impl Provider {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::Default),
            "openid-connect" => Some(Self::OpenIdConnect),
            _ => None,
        }
    }
}

impl State {
    /// `POST …/clients-registrations/{provider}`: the client as it is shown to whom it was registered by.
    pub(crate) fn register(
        &mut self,
        realm: &str,
        provider: Provider,
        bearer: Option<&str>,
        wanted: &Value,
    ) -> Result<Value, Refusal> {
        self.public_realm(realm)?;
        let allowed = self.allowed(realm, bearer, None)?;
        let members = match provider {
            Provider::Default => known(wanted)?.clone(),
            Provider::OpenIdConnect if wanted.get("client_id").is_some() => {
                return Err(metadata("Client Identifier included"));
            }
            Provider::OpenIdConnect => metadata::representation(wanted)?,
        };
        match &allowed {
            Allowed::Initial(_) => {}
            Allowed::Account(by) => {
                self.need(by, realm, &["create-client", "manage-clients"]).map_err(|_refused| forbidden())?;
            }
            Allowed::Own => return Err(invalid_token("Not authorized to create client")),
            Allowed::Nothing => {
                return Err(rejected("Trusted Hosts", "Host not trusted."));
            }
        }
        self.check_mappers(realm, &members)?;
        let id = self.add_client(realm, &members).map_err(|refusal| match refusal.status() {
            409 => metadata("Client Identifier in use"),
            _ => refusal,
        })?;
        if let Allowed::Initial(at) = allowed
            && let Some(access) = self.realm_mut(realm)?.initial_access.get_mut(at)
        {
            access["remainingCount"] = (access["remainingCount"].as_i64().unwrap_or(1) - 1).into();
        }
        self.renew_registration(realm, &id)?;
        self.registered(realm, provider, &id, true)
    }

    /// `GET …/clients-registrations/{provider}/{client_id}`.
    pub(crate) fn registration(
        &mut self,
        realm: &str,
        provider: Provider,
        bearer: Option<&str>,
        client_id: &str,
    ) -> Result<Value, Refusal> {
        let text = "Not authorized to view client. Not valid token or client credentials provided.";
        let own = self.may_handle(realm, bearer, client_id, &["view-clients", "manage-clients"], text)?;
        let id = self.public_realm(realm)?.client(client_id).map(|client| client.id.clone());
        self.registered(realm, provider, &id.ok_or_else(missing)?, own)
    }

    /// `PUT …/clients-registrations/{provider}/{client_id}`. The token of the client is a new one from here on.
    pub(crate) fn update_registration(
        &mut self,
        realm: &str,
        provider: Provider,
        (bearer, client_id): (Option<&str>, &str),
        wanted: &Value,
    ) -> Result<Value, Refusal> {
        let text = "Not authorized to update client. Maybe missing token or bad token type.";
        let own = self.may_handle(realm, bearer, client_id, &["manage-clients"], text)?;
        let members = match provider {
            Provider::Default => known(wanted)?.clone(),
            Provider::OpenIdConnect => metadata::representation(wanted)?,
        };
        let id = self.public_realm(realm)?.client(client_id).map(|client| client.id.clone());
        let id = id.ok_or_else(missing)?;
        match members.get("clientId").and_then(Value::as_str) {
            None => return Err(missing()),
            Some(named) if named != client_id => return Err(metadata("Client Identifier modified")),
            Some(_) => {}
        }
        self.check_mappers(realm, &members)?;
        self.update_client(&Caller::Root, realm, &id, &Value::Object(members))?;
        if own {
            self.renew_registration(realm, &id)?;
        }
        self.registered(realm, provider, &id, own)
    }

    /// `DELETE …/clients-registrations/{provider}/{client_id}`.
    pub(crate) fn remove_registration(
        &mut self,
        realm: &str,
        bearer: Option<&str>,
        client_id: &str,
    ) -> Result<(), Refusal> {
        let text = "Not authorized to update client. Maybe missing token or bad token type.";
        self.may_handle(realm, bearer, client_id, &["manage-clients"], text)?;
        let id = self.public_realm(realm)?.client(client_id).map(|client| client.id.clone());
        self.remove_client(realm, &id.ok_or_else(missing)?);
        Ok(())
    }

    /// Whether it is the client's own token, or that of a service account with one of these roles.
    fn may_handle(
        &self,
        realm: &str,
        bearer: Option<&str>,
        client_id: &str,
        roles: &[&str],
        text: &str,
    ) -> Result<bool, Refusal> {
        self.public_realm(realm)?;
        match self.allowed(realm, bearer, Some(client_id)) {
            Ok(Allowed::Own) => Ok(true),
            Ok(Allowed::Initial(_)) => Err(invalid_token("Not initial access token allowed")),
            Ok(Allowed::Account(by)) => {
                self.need(&by, realm, roles).map(|()| false).map_err(|_refused| forbidden())
            }
            Ok(Allowed::Nothing) | Err(_) => Err(invalid_token(text)),
        }
    }

    fn allowed(
        &self,
        realm: &str,
        bearer: Option<&str>,
        client_id: Option<&str>,
    ) -> Result<Allowed, Refusal> {
        let Some(token) = bearer else { return Ok(Allowed::Nothing) };
        let home = self.public_realm(realm)?;
        if let Some(at) = home.initial_access.iter().position(|access| access["token"] == token) {
            let access = &home.initial_access[at];
            let number = |name: &str| access[name].as_i64().unwrap_or(0);
            if number("remainingCount") < 1 {
                return Err(invalid_token("No remaining count on initial access token"));
            }
            if number("expiration") > 0 && number("timestamp") + number("expiration") <= self.now() {
                return Err(invalid_token("Initial access token expired"));
            }
            return Ok(Allowed::Initial(at));
        }
        let client = client_id.and_then(|id| home.client(id));
        if client.is_some_and(|client| client.registration_token.as_deref() == Some(token)) {
            return Ok(Allowed::Own);
        }
        match self.live_token(token).filter(|issued| issued.realm == realm) {
            Some(_) => self.caller(bearer).map(Allowed::Account),
            None => Err(invalid_token("Failed decode token")),
        }
    }

    fn renew_registration(&mut self, realm: &str, id: &str) -> Result<(), Refusal> {
        let token = random::text(&mut self.random, 160);
        self.realm_mut(realm)?.client_by_id_mut(id)?.registration_token = Some(token);
        Ok(())
    }

    fn registered(&self, realm: &str, provider: Provider, id: &str, own: bool) -> Result<Value, Refusal> {
        let client = self.public_realm(realm)?.client_by_id(id)?;
        let token = client.registration_token.as_ref().filter(|_| own);
        let mut shown = match provider {
            Provider::Default => shown(client),
            Provider::OpenIdConnect => metadata::of(client, &self.issuer(realm), self.now()),
        };
        let name = match provider {
            Provider::Default => "registrationAccessToken",
            Provider::OpenIdConnect => "registration_access_token",
        };
        if let Some(token) = token {
            shown[name] = token.as_str().into();
        }
        Ok(shown)
    }

    /// Of those that register with a token, the realm takes only some kinds of mappers.
    fn check_mappers(&self, realm: &str, members: &Map<String, Value>) -> Result<(), Refusal> {
        let home = self.public_realm(realm)?;
        let policy = home.registration_policies.iter().find(|policy| policy["subType"] == "authenticated");
        let Some(policy) = policy else { return Ok(()) };
        let allowed = policy["config"][MAPPERS].as_array().into_iter().flatten();
        let mut mappers = members.get("protocolMappers").and_then(Value::as_array).into_iter().flatten();
        if mappers.all(|mapper| allowed.clone().any(|kind| *kind == mapper["protocolMapper"])) {
            return Ok(());
        }
        Err(rejected("Allowed Protocol Mapper Types", "ProtocolMapper type not allowed"))
    }

    /// The policies that a new realm has, as components of it.
    pub(super) fn registration_policies(&mut self, realm_id: &str) -> Vec<Value> {
        ["anonymous", "authenticated"]
            .map(|kind| {
                json!({
                    "id": self.uuid(), "name": "Allowed Protocol Mapper Types",
                    "providerId": "allowed-protocol-mappers", "providerType": POLICY_TYPE, "parentId": realm_id,
                    "subType": kind, "config": { MAPPERS: [
                        "oidc-usermodel-attribute-mapper", "saml-role-list-mapper",
                        "oidc-usermodel-property-mapper", "oidc-sha256-pairwise-sub-mapper",
                        "oidc-full-name-mapper", "saml-user-attribute-mapper", "saml-user-property-mapper",
                        "oidc-address-mapper",
                    ]},
                })
            })
            .to_vec()
    }
}

/// As the provider `default` shows it: without what only administrators are told.
fn shown(client: &Client) -> Value {
    let mut shown = client.show();
    if let Some(members) = shown.as_object_mut() {
        members.remove("access");
        members.insert("defaultRoles".to_owned(), json!([]));
    }
    shown
}

fn metadata(text: &str) -> Refusal {
    Refusal::oauth(400, "invalid_client_metadata", text)
}

fn invalid_token(text: &str) -> Refusal {
    Refusal::oauth(401, "invalid_token", text)
}

fn forbidden() -> Refusal {
    Refusal::oauth(403, "insufficient_scope", "Forbidden")
}

fn missing() -> Refusal {
    Refusal::oauth(404, "invalid_request", "Client not found")
}

fn rejected(policy: &str, why: &str) -> Refusal {
    let text = format!("Policy '{policy}' rejected request to client-registration service. Details: {why}");
    Refusal::oauth(403, "insufficient_scope", text)
}
