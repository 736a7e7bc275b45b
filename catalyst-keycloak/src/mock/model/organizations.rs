//! Organizations, their members and the identity providers that they use.

use serde_json::{Value, json};

use super::roles::{id_of, name_of};
use super::state::State;
use super::{Caller, Refusal};

const VIEW: [&str; 4] = ["view-realm", "manage-realm", "manage-organizations", "view-organizations"];
const MANAGE: [&str; 2] = ["manage-realm", "manage-organizations"];

impl State {
    /// Those whose name, alias or domain holds the text, without their attributes.
    pub(crate) fn list_organizations(
        &self,
        by: &Caller,
        realm: &str,
        (search, exact): (&str, bool),
        (first, max): (usize, usize),
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.organized(by, realm, &VIEW)?;
        let search = search.to_lowercase();
        let found = home.organizations.iter().filter(|organization| {
            let texts = [name_of(organization), organization["alias"].as_str().unwrap_or_default()];
            let domains = organization["domains"].as_array().into_iter().flatten().map(name_of);
            texts.into_iter().chain(domains).any(|text| {
                let text = text.to_lowercase();
                if exact { text == search } else { text.contains(&search) }
            })
        });
        let brief = found.map(|organization| {
            let mut shown = shown(organization);
            if let Some(members) = shown.as_object_mut() {
                members.remove("attributes");
            }
            shown
        });
        Ok(brief.skip(first).take(max).collect())
    }

    pub(crate) fn show_organization(&self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let home = self.organized(by, realm, &VIEW)?;
        let found = home.organizations.iter().find(|organization| id_of(organization) == id);
        found.map(shown).ok_or_else(no_organization)
    }

    /// Makes one; gives its identifier.
    pub(crate) fn create_organization(
        &mut self,
        by: &Caller,
        realm: &str,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        let home = self.organized(by, realm, &MANAGE)?;
        let name = name_of(wanted);
        if home.organizations.iter().any(|known| name_of(known) == name) {
            return Err(Refusal::message(409, "A organization with the same name already exists."));
        }
        let alias = wanted.get("alias").and_then(Value::as_str).unwrap_or(name).to_owned();
        if home.organizations.iter().any(|known| known["alias"] == alias.as_str()) {
            return Err(Refusal::message(409, "A organization with the same alias already exists."));
        }
        self.check_domains(realm, "", wanted)?;
        let id = self.uuid();
        let mut organization = json!({ "enabled": true, "domains": [] });
        merge(&mut organization, wanted);
        organization["alias"] = alias.into();
        organization["id"] = id.as_str().into();
        self.realm_mut(realm)?.organizations.push(organization);
        Ok(id)
    }

    pub(crate) fn update_organization(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        wanted: &Value,
    ) -> Result<(), Refusal> {
        self.organized(by, realm, &MANAGE)?;
        self.check_domains(realm, id, wanted)?;
        merge(self.organization_mut(realm, id)?, wanted);
        Ok(())
    }

    pub(crate) fn delete_organization(&mut self, by: &Caller, realm: &str, id: &str) -> Result<(), Refusal> {
        self.organized(by, realm, &MANAGE)?;
        self.organization_mut(realm, id)?;
        self.realm_mut(realm)?.organizations.retain(|known| id_of(known) != id);
        Ok(())
    }

    pub(crate) fn organization_members(
        &self,
        by: &Caller,
        realm: &str,
        id: &str,
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.organized(by, realm, &VIEW)?;
        let found = home.organizations.iter().find(|known| id_of(known) == id).ok_or_else(no_organization)?;
        let members = found.get("members").and_then(Value::as_array).into_iter().flatten();
        let users = members.filter_map(Value::as_str).filter_map(|member| home.user(member).ok());
        Ok(users.map(super::users::User::show_member).collect())
    }

    /// Lets a user (`members`) or an identity provider (`providers`) in, or takes it out.
    pub(crate) fn link_to_organization(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        (what, linked, add): (&str, &str, bool),
    ) -> Result<(), Refusal> {
        let home = self.organized(by, realm, &MANAGE)?;
        let (exists, twice) = if what == "members" {
            (home.user(linked).is_ok(), "User is already a member of the organization.")
        } else {
            (home.providers.contains_key(linked), "Identity provider already associated to the organization")
        };
        let organization = self.organization_mut(realm, id)?;
        if organization.get(what).is_none() {
            organization[what] = json!([]);
        }
        let Some(list) = organization[what].as_array_mut() else { return Err(no_organization()) };
        let there = list.iter().any(|known| known == linked);
        match (add, there) {
            (true, true) => return Err(Refusal::message(409, twice)),
            (true, false) if !exists => {
                return Err(Refusal::message(400, "User or identity provider does not exist"));
            }
            (true, false) => list.push(linked.into()),
            (false, _) => list.retain(|known| known != linked),
        }
        Ok(())
    }

    /// The identity providers of an organization.
    pub(crate) fn organization_providers(
        &self,
        by: &Caller,
        realm: &str,
        id: &str,
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.organized(by, realm, &VIEW)?;
        let found = home.organizations.iter().find(|known| id_of(known) == id).ok_or_else(no_organization)?;
        let aliases = found.get("providers").and_then(Value::as_array).into_iter().flatten();
        Ok(aliases.filter_map(Value::as_str).filter_map(|alias| home.providers.get(alias)).cloned().collect())
    }

    fn organized(&self, by: &Caller, realm: &str, roles: &[&str]) -> Result<&super::realm::Realm, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, roles)?;
        let on = home.settings.get("organizationsEnabled").and_then(Value::as_bool).unwrap_or(false);
        if on { Ok(home) } else { Err(Refusal::message(404, "Organizations not enabled for this realm.")) }
    }

    fn organization_mut(&mut self, realm: &str, id: &str) -> Result<&mut Value, Refusal> {
        let home = self.realm_mut(realm)?;
        home.organizations.iter_mut().find(|known| id_of(known) == id).ok_or_else(no_organization)
    }

    /// A domain belongs to one organization.
    fn check_domains(&self, realm: &str, id: &str, wanted: &Value) -> Result<(), Refusal> {
        let home = self.realm(realm)?;
        for domain in wanted.get("domains").and_then(Value::as_array).into_iter().flatten().map(name_of) {
            let other = home.organizations.iter().find(|known| {
                let domains = known["domains"].as_array();
                id_of(known) != id
                    && domains.is_some_and(|domains| domains.iter().any(|one| name_of(one) == domain))
            });
            if let Some(other) = other {
                let text = format!(
                    "Domain {domain} is already linked to organization {} in realm {realm}",
                    name_of(other)
                );
                return Err(Refusal::message(400, text));
            }
        }
        Ok(())
    }
}

fn merge(organization: &mut Value, wanted: &Value) {
    for (name, value) in wanted.as_object().into_iter().flatten() {
        organization[name] = value.clone();
    }
    for domain in organization["domains"].as_array_mut().into_iter().flatten() {
        if domain.get("verified").is_none() {
            domain["verified"] = false.into();
        }
    }
}

fn shown(organization: &Value) -> Value {
    let mut shown = organization.clone();
    if let Some(members) = shown.as_object_mut() {
        members.remove("members");
        members.remove("providers");
    }
    shown
}

fn no_organization() -> Refusal {
    Refusal::message(404, "Organization not found.")
}
