//! Requests of administration about clients.

use serde_json::{Map, Value, json};

use super::client::{Client, finished_mapper, known, valid};
use super::state::State;
use super::{Caller, Refusal, roles};

pub(super) const VIEW: [&str; 2] = ["view-clients", "manage-clients"];
pub(super) const MANAGE: [&str; 1] = ["manage-clients"];

/// The attributes that listings may be searched by.
const SEARCHABLE: [&str; 2] = ["jwt.credential.issuer", "jwt.credential.sub"];

/// Which clients a listing shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientQuery {
    pub(crate) client_id: Option<String>,
    /// Whether `client_id` is a part of the identifier only.
    pub(crate) search: bool,
    /// Attributes that must have these values.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) first: usize,
    pub(crate) max: Option<usize>,
}

impl ClientQuery {
    fn shows(&self, client: &Client) -> bool {
        let named = self.client_id.as_deref().is_none_or(|wanted| {
            let id = client.client_id();
            if self.search { id.to_lowercase().contains(&wanted.to_lowercase()) } else { id == wanted }
        });
        named && self.attributes.iter().all(|(name, value)| client.attribute(name) == Some(value))
    }
}

impl State {
    pub(crate) fn list_clients(
        &self,
        by: &Caller,
        realm: &str,
        query: &ClientQuery,
    ) -> Result<Vec<Value>, Refusal> {
        let found = self.realm(realm)?;
        self.need(by, realm, &["view-clients", "manage-clients", "query-clients"])?;
        if !self.may(by, realm, &VIEW) {
            return Ok(Vec::new());
        }
        if let Some((name, _)) =
            query.attributes.iter().find(|(name, _)| !SEARCHABLE.contains(&name.as_str()))
        {
            let text = format!("Attributes [{name}] not allowed for search");
            return Err(Refusal::oauth(400, "invalid_request", text));
        }
        let mut clients: Vec<_> = found.clients.iter().filter(|client| query.shows(client)).collect();
        clients.sort_by_key(|client| client.client_id());
        let page = clients.into_iter().skip(query.first).take(query.max.unwrap_or(usize::MAX));
        Ok(page.map(Client::show).collect())
    }

    pub(crate) fn show_client(&self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let found = self.realm(realm)?.client_by_id(id);
        self.need(by, realm, &VIEW)?;
        Ok(found?.show())
    }

    /// Makes a client; gives its identifier.
    pub(crate) fn create_client(
        &mut self,
        by: &Caller,
        realm: &str,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        let members = known(wanted)?;
        self.realm(realm)?;
        self.need(by, realm, &MANAGE)?;
        self.add_client(realm, members)
    }

    /// Makes a client without asking who wants it.
    pub(super) fn add_client(
        &mut self,
        realm: &str,
        members: &Map<String, Value>,
    ) -> Result<String, Refusal> {
        valid(members)?;
        let Some(home) = self.realms.remove(realm) else {
            return Err(Refusal::error(404, "Realm not found."));
        };
        let client_id = members.get("clientId").and_then(Value::as_str).unwrap_or_default();
        if !client_id.is_empty() && home.client(client_id).is_some() {
            let text = format!("Client {client_id} already exists");
            self.realms.insert(realm.to_owned(), home);
            return Err(Refusal::message(409, text));
        }
        let mut client = self.new_client(&home, members);
        self.realms.insert(realm.to_owned(), home);
        if members.contains_key("protocol") {
            for (name, value) in [
                ("backchannel.logout.session.required", "true"),
                ("backchannel.logout.revoke.offline.tokens", "false"),
            ] {
                if client.attribute(name).is_none() {
                    client.set_attribute(name, Some(value));
                }
            }
        }
        let id = client.id.clone();
        let accounts = client.flag("serviceAccountsEnabled");
        self.realm_mut(realm)?.clients.push(client);
        self.begin_expiry(realm, &id)?;
        if accounts {
            self.ensure_service_account(realm, &id)?;
        }
        Ok(id)
    }

    /// Merges a representation into a client.
    pub(crate) fn update_client(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        wanted: &Value,
    ) -> Result<(), Refusal> {
        let members = known(wanted)?;
        let client = self.realm(realm)?.client_by_id(id)?;
        self.need(by, realm, &MANAGE)?;
        valid(members)?;
        let renamed =
            members.get("clientId").and_then(Value::as_str).filter(|name| *name != client.client_id());
        let taken = |name: &str| self.realms.get(realm).is_some_and(|realm| realm.client(name).is_some());
        if renamed.is_some_and(taken) {
            return Err(Refusal::oauth(409, "conflict", "Duplicate resource error"));
        }
        self.update_expiry(realm, id, members.contains_key("attributes"))?;
        let mut client = self.realm(realm)?.client_by_id(id)?.clone();
        client.merge(self, members);
        let accounts = client.flag("serviceAccountsEnabled");
        if !accounts {
            client.drop_service_account_scope();
        }
        *self.realm_mut(realm)?.client_by_id_mut(id)? = client;
        self.begin_expiry(realm, id)?;
        if accounts {
            self.ensure_service_account(realm, id)?;
        }
        Ok(())
    }

    pub(crate) fn delete_client(&mut self, by: &Caller, realm: &str, id: &str) -> Result<(), Refusal> {
        self.realm(realm)?.client_by_id(id)?;
        self.need(by, realm, &MANAGE)?;
        self.remove_client(realm, id);
        Ok(())
    }

    pub(super) fn remove_client(&mut self, realm: &str, id: &str) {
        let Some(home) = self.realms.get_mut(realm) else { return };
        home.clients.retain(|client| client.id != id);
        home.users.retain(|user| user.service_account_of.as_deref() != Some(id));
        for user in &mut home.users {
            user.client_roles.remove(id);
        }
        self.tokens.retain(|_, token| token.realm != realm || token.client != id);
    }

    pub(crate) fn list_mappers(&self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let client = self.realm(realm)?.client_by_id(id)?;
        self.need(by, realm, &VIEW)?;
        Ok(client.mappers().cloned().collect())
    }

    /// Adds a mapper; gives its identifier.
    pub(crate) fn add_mapper(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        self.need(by, realm, &MANAGE)?;
        let mapper_id = self.uuid();
        let client = self.realm_mut(realm)?.client_by_id_mut(id)?;
        if client.mappers().any(|mapper| mapper.get("name") == wanted.get("name")) {
            return Err(Refusal::message(409, "Protocol mapper exists with same name"));
        }
        let mapper = finished_mapper(wanted, mapper_id.as_str().into());
        let mappers = client.rep.entry("protocolMappers").or_insert_with(|| json!([]));
        if let Some(mappers) = mappers.as_array_mut() {
            mappers.push(mapper);
        }
        Ok(mapper_id)
    }

    /// Changes a mapper, or removes it.
    pub(crate) fn change_mapper(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        mapper: &str,
        wanted: Option<&Value>,
    ) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        let client = self.realm_mut(realm)?.client_by_id_mut(id)?;
        let missing = || Refusal::error(404, "Model not found");
        let mappers =
            client.rep.get_mut("protocolMappers").and_then(Value::as_array_mut).ok_or_else(missing)?;
        let at = mappers.iter().position(|known| known.get("id").and_then(Value::as_str) == Some(mapper));
        let at = at.ok_or_else(missing)?;
        match wanted {
            Some(wanted) => mappers[at] = finished_mapper(wanted, mapper.into()),
            None => drop(mappers.remove(at)),
        }
        Ok(())
    }

    /// Assigns a client scope, or takes it away; `kind` is `defaultClientScopes` or `optionalClientScopes`.
    pub(crate) fn assign_scope(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        (kind, scope, assign): (&str, &str, bool),
    ) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        let home = self.realm_mut(realm)?;
        let name = home.scope_by_id(scope).map(|scope| roles::name_of(scope).to_owned());
        let client = home.client_by_id_mut(id)?;
        let name = name?;
        let elsewhere =
            if kind == "defaultClientScopes" { "optionalClientScopes" } else { "defaultClientScopes" };
        // One that is assigned in the other way stays as it is.
        if assign && client.list(elsewhere).contains(&name.as_str()) {
            return Ok(());
        }
        let mut names: Vec<String> = client.list(kind).into_iter().map(str::to_owned).collect();
        names.retain(|known| *known != name);
        if assign {
            names.push(name);
        }
        client.rep.insert(kind.to_owned(), names.into());
        Ok(())
    }
}
