//! Organizations inside a realm: whose domains log in through which provider.

use std::collections::BTreeSet;

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::work::Work;
use super::{RealmAdmin, RealmChange};
use crate::operation::Operation;
use crate::refusal::SERVICE;

/// The declaration of an organization of a realm (Keycloak's feature of that name; the platform's Organizations are
/// whole realms, and the tenants of one that resells can be these).
///
/// ```
/// use catalyst_keycloak::OrganizationSpec;
///
/// let spec = OrganizationSpec::new("muscat-pharmacy", "Muscat Pharmacy").domain("muscat-pharmacy.test");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct OrganizationSpec {
    alias: String,
    name: String,
    domains: BTreeSet<String>,
}

impl OrganizationSpec {
    /// An organization that tokens know as `alias`, which never changes, and people as `name`.
    pub fn new(alias: impl Into<String>, name: impl Into<String>) -> Self {
        Self { alias: alias.into(), name: name.into(), domains: BTreeSet::new() }
    }

    /// A domain of e-mail addresses that are its people's. A domain belongs to one organization of the realm.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domains.insert(domain.into());
        self
    }
}

impl RealmAdmin {
    /// Makes the realm have the organization, with at least these domains; whether one of them is verified is kept.
    /// One read and no write if it has.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with code `already_exists` if another organization has the name, `domain_in_use` if one
    /// has a domain; [`ErrorKind::PermissionDenied`] naming the role to grant.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one.
    pub async fn ensure_organization(&self, spec: &OrganizationSpec) -> Result<RealmChange> {
        check_alias(&spec.alias)?;
        let mut work = Work::new(self, &format!("organization {}", spec.alias));
        let all = work.path(&["organizations"]);
        let mut found = find(&mut work, &spec.alias).await?;
        if found.is_none() {
            let domains: Vec<_> = spec.domains.iter().map(|domain| json!({ "name": domain })).collect();
            let body = json!({ "alias": spec.alias, "name": spec.name, "domains": domains });
            match work.write(Operation::WriteOrganization, Method::Post, &all, &body).await {
                Ok(_) => return Ok(work.finish(true)),
                Err(error) if error.code() == Some("already_exists") => {
                    found = find(&mut work, &spec.alias).await?;
                    // Not ours then: its name is the one that is taken.
                    if found.is_none() {
                        return Err(error.with_help("another organization of the realm has the name"));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let current = found.unwrap_or_default();
        if let Some((body, changes)) = converge(spec, &current) {
            let path = all.then(id(&current)?);
            work.write(Operation::WriteOrganization, Method::Put, &path, &body).await?;
            work.changes = changes;
        }
        Ok(work.finish(false))
    }

    /// Sends people of the organization to the identity provider. One write; linked already is a success. Returns
    /// whether it was linked now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with code `organization_not_found`; [`ErrorKind::InvalidRequest`] if the realm has no
    /// such provider.
    ///
    /// # Cancel safety
    /// Safe to repeat.
    pub async fn link_identity_provider(&self, organization: &str, provider: &str) -> Result<bool> {
        self.add(organization, "identity-providers", provider).await
    }

    /// Makes a user of the realm, by his identifier, a member of the organization. Returns whether he became one now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such organization or user.
    ///
    /// # Cancel safety
    /// Safe to repeat.
    pub async fn add_member(&self, organization: &str, user: &str) -> Result<bool> {
        self.add(organization, "members", user).await
    }

    /// Removes the organization, its members stay users of the realm; one that is not there is a success. Returns
    /// whether it was there.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`] naming the role to grant.
    ///
    /// # Cancel safety
    /// Safe to repeat.
    pub async fn remove_organization(&self, alias: &str) -> Result<bool> {
        check_alias(alias)?;
        let mut work = Work::new(self, &format!("organization {alias}"));
        let Some(found) = find(&mut work, alias).await? else { return Ok(false) };
        let path = work.path(&["organizations", id(&found)?]);
        work.delete(Operation::WriteOrganization, &path).await
    }

    async fn add(&self, organization: &str, list: &str, what: &str) -> Result<bool> {
        check_alias(organization)?;
        let mut work = Work::new(self, &format!("{what} in organization {organization}"));
        let found = find(&mut work, organization).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, Operation::ReadOrganizations.name())
                .with_service(SERVICE)
                .with_target(format!("organization {organization} in realm {}", self.name))
                .with_code("organization_not_found")
                .with_help("the realm has no such organization; ensure it first")
        })?;
        let path = work.path(&["organizations", id(&found)?, list]);
        // The body is the bare text, in quotation marks.
        match work.write(Operation::WriteOrganization, Method::Post, &path, &what).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("already_exists") => Ok(false),
            Err(error) => Err(error),
        }
    }
}

async fn find(work: &mut Work<'_>, alias: &str) -> Result<Option<Map<String, Value>>> {
    let path = work.path(&["organizations"]);
    let query = format!("alias:{alias}");
    let found: Vec<Map<String, Value>> =
        work.get(Operation::ReadOrganizations, &path, &[("q", &query)]).await?;
    Ok(found.into_iter().find(|entry| entry.get("alias").and_then(Value::as_str) == Some(alias)))
}

/// What makes `current` agree with `spec`. An update without domains would remove them all, so all go along.
fn converge(
    spec: &OrganizationSpec,
    current: &Map<String, Value>,
) -> Option<(Map<String, Value>, Vec<String>)> {
    let (mut body, mut changes) = (current.clone(), Vec::new());
    if current.get("name").and_then(Value::as_str) != Some(spec.name.as_str()) {
        changes.push(format!("name: {} -> {:?}", current.get("name").unwrap_or(&Value::Null), spec.name));
        body.insert("name".into(), json!(spec.name));
    }
    let mut domains = current.get("domains").and_then(Value::as_array).cloned().unwrap_or_default();
    for domain in &spec.domains {
        // The server keeps them in lower case.
        let there = |entry: &Value| {
            entry.get("name").and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(domain))
        };
        if !domains.iter().any(there) {
            changes.push(format!("domain {domain:?} is missing"));
            domains.push(json!({ "name": domain }));
        }
    }
    body.insert("domains".into(), Value::Array(domains));
    (!changes.is_empty()).then_some((body, changes))
}

fn id(found: &Map<String, Value>) -> Result<&str> {
    found.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).ok_or_else(|| {
        crate::refusal::unreadable(Operation::ReadOrganizations, 200, "an organization has no identifier")
    })
}

/// It stands in a search, whose language has colons, quotation marks and spaces.
fn check_alias(alias: &str) -> Result<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if alias.is_empty() || alias.len() > 255 || !alias.chars().all(legal) {
        return Err(Error::new(ErrorKind::InvalidRequest, "ensure organization")
            .with_help("an alias has 1 to 255 letters, digits, dots, dashes and underscores"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_others_and_what_is_verified_stay() {
        let current = json!({
            "id": "1", "alias": "acme", "name": "Acme", "enabled": true,
            "domains": [{ "name": "acme.test", "verified": true }, { "name": "theirs.test" }],
        });
        let current = current.as_object().unwrap();
        let spec = OrganizationSpec::new("acme", "Acme").domain("ACME.test");
        assert!(converge(&spec, current).is_none());
        let (body, changes) = converge(&spec.domain("new.test"), current).unwrap();
        assert_eq!(changes, ["domain \"new.test\" is missing"]);
        let domains = body["domains"].as_array().unwrap();
        assert_eq!(domains.len(), 3);
        assert_eq!(domains[0]["verified"], true);
    }

    #[test]
    fn an_alias_cannot_change_the_search() {
        for bad in ["", "a b", "a:b", "a\"", "a/b"] {
            assert!(check_alias(bad).is_err(), "{bad}");
        }
    }
}
