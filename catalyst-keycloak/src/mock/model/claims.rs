//! What stands in a token.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Refusal;
use super::client::Client;
use super::realm::Realm;
use super::roles::name_of;
use super::users::User;

/// For whom a token is made.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) realm: &'a Realm,
    pub(super) client: &'a Client,
    pub(super) user: &'a User,
    /// The names of the client scopes that are granted.
    pub(super) scopes: &'a BTreeSet<String>,
}

/// Which token a mapper is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Access,
    Id,
}

impl Client {
    /// The scopes of a request: those that the client always has, and of its optional ones those that are asked for.
    pub(super) fn granted_scopes(&self, asked: Option<&str>) -> Result<BTreeSet<String>, Refusal> {
        let mut granted: BTreeSet<String> =
            self.list("defaultClientScopes").into_iter().map(str::to_owned).collect();
        let optional = self.list("optionalClientScopes");
        for name in asked.unwrap_or_default().split_whitespace() {
            let dynamic = name.split(':').next().unwrap_or_default();
            if name != "openid" && !granted.contains(name) && !optional.contains(&dynamic) {
                return Err(Refusal::oauth(
                    400,
                    "invalid_scope",
                    format!("Invalid scopes: {}", asked.unwrap_or_default()),
                ));
            }
            granted.insert(name.to_owned());
        }
        Ok(granted)
    }
}

impl Realm {
    /// The claim `scope`: the names that are to be seen.
    pub(super) fn scope_text(&self, granted: &BTreeSet<String>) -> String {
        let seen = |name: &str| {
            let scope = self.scopes.iter().find(|scope| name_of(scope) == name);
            scope.is_some_and(|scope| scope["attributes"]["include.in.token.scope"] == "true")
        };
        let (mut names, mut usual) = (Vec::new(), Vec::new());
        for name in granted {
            match name.as_str() {
                "openid" => names.insert(0, "openid"),
                "profile" | "email" => usual.insert(0, name.as_str()),
                name if seen(name.split(':').next().unwrap_or_default()) => names.push(name),
                _ => {}
            }
        }
        names.extend(usual);
        names.join(" ")
    }
}

impl Subject<'_> {
    fn has(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// Roles of the realm that go into the token.
    pub(super) fn realm_roles(&self) -> Vec<String> {
        if !self.client.flag("fullScopeAllowed") {
            return Vec::new();
        }
        let everybody =
            [self.realm.default_role(), "offline_access".to_owned(), "uma_authorization".to_owned()];
        everybody.into_iter().chain(self.user.realm_roles.iter().cloned()).collect()
    }

    /// Roles of clients that go into the token, by the client's name.
    pub(super) fn client_roles(&self) -> BTreeMap<String, Vec<String>> {
        let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if self.client.flag("fullScopeAllowed") {
            let own = ["manage-account", "manage-account-links", "view-profile"];
            roles.insert("account".to_owned(), own.map(str::to_owned).to_vec());
        }
        for (id, held) in &self.user.client_roles {
            let Ok(client) = self.realm.client_by_id(id) else { continue };
            if !held.is_empty() && (self.client.flag("fullScopeAllowed") || client.id == self.client.id) {
                roles.entry(client.client_id().to_owned()).or_default().extend(held.iter().cloned());
            }
        }
        roles
    }

    /// Claims about the user, in both kinds of token.
    pub(super) fn about_user(&self, claims: &mut Map<String, Value>) {
        if self.has("profile") {
            claims.insert("preferred_username".to_owned(), self.user.username().into());
            let (first, last) = (self.user.text("firstName"), self.user.text("lastName"));
            let name = format!("{first} {last}");
            for (claim, value) in [("given_name", first), ("family_name", last), ("name", name.trim())] {
                if !value.is_empty() {
                    claims.insert(claim.to_owned(), value.into());
                }
            }
        }
        if self.has("email") {
            let verified = self.user.rep.get("emailVerified").cloned().unwrap_or_default();
            claims.insert("email_verified".to_owned(), verified);
            if !self.user.text("email").is_empty() {
                claims.insert("email".to_owned(), self.user.text("email").into());
            }
        }
        if self.has("organization") {
            self.organizations(claims);
        }
    }

    fn organizations(&self, claims: &mut Map<String, Value>) {
        let member = |organization: &&Value| {
            let members = organization.get("members").and_then(Value::as_array);
            members.is_some_and(|members| members.iter().any(|id| *id == self.user.id.as_str()))
        };
        let of: Vec<Value> = self
            .realm
            .organizations
            .iter()
            .filter(member)
            .map(|organization| organization["alias"].clone())
            .collect();
        if !of.is_empty() {
            claims.insert("organization".to_owned(), of.into());
        }
    }

    /// The client's own mappers: audiences are collected, claims set.
    pub(super) fn mapped(&self, into: Kind, claims: &mut Map<String, Value>, audiences: &mut Vec<String>) {
        for mapper in self.client.mappers() {
            let config =
                |name: &str| mapper.get("config").and_then(|config| config.get(name)).and_then(Value::as_str);
            let wanted = if into == Kind::Access { "access.token.claim" } else { "id.token.claim" };
            if config(wanted) != Some("true") {
                continue;
            }
            let value: Value = match mapper.get("protocolMapper").and_then(Value::as_str).unwrap_or_default()
            {
                "oidc-audience-mapper" => {
                    let named = ["included.client.audience", "included.custom.audience"]
                        .into_iter()
                        .filter_map(config);
                    // One that names a client which is not there adds nothing else either.
                    audiences.extend(named.filter(|name| !name.is_empty()).take(1).map(str::to_owned));
                    continue;
                }
                "oidc-hardcoded-claim-mapper" => {
                    typed(config("claim.value").unwrap_or_default(), config("jsonType.label"))
                }
                "oidc-usermodel-realm-role-mapper" => self.realm_roles().into(),
                "oidc-usermodel-client-role-mapper" => {
                    let roles = self.client_roles();
                    let of = config("usermodel.clientRoleMapping.clientId").unwrap_or_default();
                    json!(roles.get(of).cloned().unwrap_or_default())
                }
                "oidc-group-membership-mapper" => match self.user.rep.get("groups") {
                    Some(groups) => groups.clone(),
                    None => continue,
                },
                _ => continue,
            };
            if let Some(name) = config("claim.name") {
                set_nested(claims, &name.replace("${client_id}", self.client.client_id()), value);
            }
        }
    }
}

fn typed(text: &str, label: Option<&str>) -> Value {
    match label {
        Some("boolean" | "long" | "int" | "JSON") => {
            serde_json::from_str(text).unwrap_or_else(|_| text.into())
        }
        _ => text.into(),
    }
}

/// A dot in a name opens an object; one with a backslash before it does not.
fn set_nested(claims: &mut Map<String, Value>, name: &str, value: Value) {
    let marked = name.replace("\\.", "\0");
    let mut parts: Vec<String> = marked.split('.').map(|part| part.replace('\0', ".")).collect();
    let Some(last) = parts.pop() else { return };
    let mut place = claims;
    for part in parts {
        let next = place.entry(part).or_insert_with(|| json!({}));
        let Some(next) = next.as_object_mut() else { return };
        place = next;
    }
    place.insert(last, value);
}

impl Subject<'_> {
    /// The claims of an access token, without the times and identifiers.
    pub(super) fn access_claims(&self) -> Map<String, Value> {
        let about = self;
        let mut claims = Map::new();
        claims.insert("typ".to_owned(), "Bearer".into());
        claims.insert("azp".to_owned(), about.client.client_id().into());
        claims.insert("scope".to_owned(), about.realm.scope_text(about.scopes).into());
        if about.client.attribute("client.use.lightweight.access.token.enabled") == Some("true") {
            return claims;
        }
        if about.has("basic") {
            claims.insert("sub".to_owned(), about.user.id.as_str().into());
        }
        if about.has("acr") {
            claims.insert("acr".to_owned(), "1".into());
        }
        let origins = origins(about.client);
        let mut resolved = Vec::new();
        if about.has("web-origins") && !origins.is_empty() {
            claims.insert("allowed-origins".to_owned(), origins.into_iter().collect());
        }
        if about.has("roles") {
            let realm_roles = about.realm_roles();
            if !realm_roles.is_empty() {
                claims.insert("realm_access".to_owned(), json!({ "roles": realm_roles }));
            }
            let roles = about.client_roles();
            resolved.extend(roles.keys().filter(|name| *name != about.client.client_id()).cloned());
            let access: Map<String, Value> =
                roles.into_iter().map(|(client, roles)| (client, json!({ "roles": roles }))).collect();
            if !access.is_empty() {
                claims.insert("resource_access".to_owned(), access.into());
            }
        }
        about.about_user(&mut claims);
        if about.user.service_account_of.is_some() && about.has("service_account") {
            for (claim, value) in [
                ("client_id", about.client.client_id()),
                ("clientHost", "127.0.0.1"),
                ("clientAddress", "127.0.0.1"),
            ] {
                claims.insert(claim.to_owned(), value.into());
            }
        }
        let mut audiences = Vec::new();
        about.mapped(Kind::Access, &mut claims, &mut audiences);
        audiences.extend(resolved);
        let mut seen = BTreeSet::new();
        audiences.retain(|audience| seen.insert(audience.clone()));
        match audiences.as_slice() {
            [] => {}
            [one] => drop(claims.insert("aud".to_owned(), one.as_str().into())),
            _ => drop(claims.insert("aud".to_owned(), audiences.into())),
        }
        claims
    }
}

/// Origins whose scripts may call; `+` stands for those of the redirect URIs.
fn origins(client: &Client) -> BTreeSet<String> {
    let mut origins = BTreeSet::new();
    for origin in client.list("webOrigins") {
        if origin == "+" {
            let uris = client.list("redirectUris");
            let parsed = uris.iter().filter_map(|uri| url::Url::parse(uri).ok());
            origins.extend(parsed.map(|uri| uri.origin().ascii_serialization()));
        } else {
            origins.insert(origin.to_owned());
        }
    }
    origins
}
