//! Which realm serves which Organization, and where it is.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::http::parse_address;
use catalyst_core::{Error, ErrorKind, Result};
use url::Url;

use crate::{OrganizationSlug, RealmName};

/// The issuer of tokens, exactly as it stands in `iss`. Compared byte by byte, never normalised (RFC 8414 section 4).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer(Arc<str>);

impl Issuer {
    /// The text that `iss` must equal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Issuer {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] if it is not an absolute URL without query and fragment.
    fn from_str(text: &str) -> Result<Self> {
        parse_address(text)?;
        if text.trim() != text {
            return Err(Error::new(ErrorKind::Config, "read issuer").with_help("remove the spaces around it"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.0)
    }
}

/// A realm: its name, the issuer that its users see, and the server that we call.
///
/// The two addresses differ where users come in over a public name and services stay inside the cluster. Tokens carry
/// the public one, and are compared with that; calls go to the other.
///
/// ```
/// use catalyst_keycloak::Realm;
///
/// let realm = Realm::new("acme".parse()?, "https://auth.example.test")?
///     .back_channel("http://keycloak.keycloak.svc.cluster.local:8080")?;
/// assert_eq!(realm.issuer().as_str(), "https://auth.example.test/realms/acme");
/// assert_eq!(realm.server().as_str(), "http://keycloak.keycloak.svc.cluster.local:8080/");
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    name: RealmName,
    issuer: Issuer,
    server: Url,
}

impl Realm {
    /// The realm `name` of the Keycloak at `server`, an address without `/realms`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `server` is not an absolute `http` or `https` URL.
    pub fn new(name: RealmName, server: &str) -> Result<Self> {
        let server = parse_address(server)?;
        let issuer =
            format!("{}/realms/{}", server.as_str().trim_end_matches('/'), name.segment()).parse()?;
        Ok(Self { name, issuer, server })
    }

    /// The address that we call in place of the public one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is not an absolute `http` or `https` URL.
    pub fn back_channel(mut self, server: &str) -> Result<Self> {
        self.server = parse_address(server)?;
        Ok(self)
    }

    /// Its name.
    pub fn name(&self) -> &RealmName {
        &self.name
    }

    /// What `iss` must be.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The address of the server that we call.
    pub fn server(&self) -> &Url {
        &self.server
    }

    /// `path` below the realm, on the server that we call.
    pub(crate) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        url.set_path(&format!(
            "{}/realms/{}/{path}",
            self.server.path().trim_end_matches('/'),
            self.name.segment()
        ));
        url
    }

    /// `path` below the issuer, which is where browsers go.
    pub(crate) fn public(&self, path: &str) -> Result<Url> {
        parse_address(&format!("{}/{path}", self.issuer))
    }
}

/// Which realm serves an Organization. The platform names two answers, and its documents contradict one another, so
/// this is a trait: bring your own.
pub trait RealmResolver: fmt::Debug + Send + Sync + 'static {
    /// The realm of `organization`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if no address follows from it.
    fn realm(&self, organization: &OrganizationSlug) -> Result<Realm>;
}

/// `shared-sovereign`: one Keycloak with a realm for each Organization, and `catalyst-admin` for the Sovereign's team.
#[derive(Clone, Debug)]
pub struct SharedSovereign {
    server: String,
    back_channel: Option<String>,
}

impl SharedSovereign {
    /// The realm of the Sovereign's own team.
    pub const ADMIN_REALM: &'static str = "catalyst-admin";

    /// All realms at `server`.
    pub fn new(server: impl Into<String>) -> Self {
        Self { server: server.into(), back_channel: None }
    }

    /// Calls go to `server` instead.
    #[must_use]
    pub fn back_channel(mut self, server: impl Into<String>) -> Self {
        self.back_channel = Some(server.into());
        self
    }

    /// The realm of the Sovereign's own team.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the address cannot be used.
    pub fn admin_realm(&self) -> Result<Realm> {
        self.at(Self::ADMIN_REALM.parse()?)
    }

    fn at(&self, name: RealmName) -> Result<Realm> {
        let realm = Realm::new(name, &self.server)?;
        match &self.back_channel {
            Some(server) => realm.back_channel(server),
            None => Ok(realm),
        }
    }
}

impl RealmResolver for SharedSovereign {
    fn realm(&self, organization: &OrganizationSlug) -> Result<Realm> {
        self.at(organization.as_str().parse()?)
    }
}

/// `per-organization`: each Organization has a Keycloak of its own, whose address follows from its slug.
///
/// ```
/// use catalyst_keycloak::{PerOrganization, RealmResolver};
///
/// let resolver = PerOrganization::new("https://auth.{organization}.fsn1.example.test")?;
/// let realm = resolver.realm(&"acme-shop".parse()?)?;
/// assert_eq!(realm.issuer().as_str(), "https://auth.acme-shop.fsn1.example.test/realms/acme-shop");
/// # Ok::<(), catalyst_keycloak::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PerOrganization {
    server: String,
    back_channel: Option<String>,
}

impl PerOrganization {
    const SLOT: &'static str = "{organization}";

    /// `{organization}` in `server` stands for the slug.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it does not occur: all Organizations would share one server.
    pub fn new(server: impl Into<String>) -> Result<Self> {
        Ok(Self { server: Self::template(server.into())?, back_channel: None })
    }

    /// Calls go to `server` instead, in which `{organization}` stands for the slug, too.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it does not occur.
    pub fn back_channel(mut self, server: impl Into<String>) -> Result<Self> {
        self.back_channel = Some(Self::template(server.into())?);
        Ok(self)
    }

    fn template(server: String) -> Result<String> {
        if server.contains(Self::SLOT) {
            return Ok(server);
        }
        Err(Error::new(ErrorKind::Config, "read address").with_help(
            "the address of a Keycloak for each Organization has {organization} in it; for one server use \
             SharedSovereign",
        ))
    }
}

impl RealmResolver for PerOrganization {
    fn realm(&self, organization: &OrganizationSlug) -> Result<Realm> {
        let filled = |template: &str| template.replace(Self::SLOT, organization.as_str());
        let realm = Realm::new(organization.as_str().parse()?, &filled(&self.server))?;
        match &self.back_channel {
            Some(server) => realm.back_channel(&filled(server)),
            None => Ok(realm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_stays_public_when_calls_go_inside() {
        let resolver =
            SharedSovereign::new("https://auth.bank.test/").back_channel("http://keycloak.svc:8080/auth");
        let realm = resolver.realm(&"core-banking".parse().unwrap()).unwrap();
        assert_eq!(realm.issuer().as_str(), "https://auth.bank.test/realms/core-banking");
        let token = realm.endpoint("protocol/openid-connect/token");
        assert_eq!(
            token.as_str(),
            "http://keycloak.svc:8080/auth/realms/core-banking/protocol/openid-connect/token"
        );
        let browser = realm.public("protocol/openid-connect/auth").unwrap();
        assert_eq!(
            browser.as_str(),
            "https://auth.bank.test/realms/core-banking/protocol/openid-connect/auth"
        );
    }

    #[test]
    fn one_server_for_all_is_not_a_server_for_each() {
        let error = PerOrganization::new("https://auth.example.test").unwrap_err();
        assert!(error.to_string().contains("SharedSovereign"), "{error}");
    }

    #[test]
    fn the_admin_realm_is_beside_the_organizations() {
        let realm = SharedSovereign::new("https://auth.bank.test").admin_realm().unwrap();
        assert_eq!(realm.issuer().as_str(), "https://auth.bank.test/realms/catalyst-admin");
    }
}
