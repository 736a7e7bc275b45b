//! Which realm serves an Organization, by the topology that was chosen.

use std::collections::BTreeMap;

use catalyst_sdk::keycloak::{Error, ErrorKind, OrganizationSlug, Realm, RealmResolver, SharedSovereign};

use crate::options::Topology;

/// The resolver of this run.
///
/// On the platform it is `PerOrganization::new("https://auth.{organization}.fsn1.example.test")`, or a
/// [`SharedSovereign`]. Loopback has no names for Organizations, so a table stands for the first: whoever has rules of
/// their own brings a resolver of their own.
#[derive(Clone, Debug)]
pub(crate) enum Resolver {
    /// The address of each Organization's Keycloak.
    Table(BTreeMap<OrganizationSlug, String>),
    Shared(SharedSovereign),
}

impl Resolver {
    pub(super) fn new(topology: Topology, organization: OrganizationSlug, address: &str) -> Self {
        match topology {
            Topology::PerOrganization => Self::Table([(organization, address.to_owned())].into()),
            Topology::SharedSovereign => Self::Shared(SharedSovereign::new(address)),
        }
    }
}

impl RealmResolver for Resolver {
    fn realm(&self, organization: &OrganizationSlug) -> Result<Realm, Error> {
        let addresses = match self {
            Self::Table(addresses) => addresses,
            Self::Shared(shared) => return shared.realm(organization),
        };
        let address = addresses.get(organization).ok_or_else(|| {
            Error::new(ErrorKind::Config, "resolve realm")
                .with_target(organization.as_str())
                .with_help("this Organization has no Keycloak")
        })?;
        Realm::new(organization.as_str().parse()?, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_keycloak_for_each_an_organization_without_one_is_refused() {
        let (acme, globex) = ("acme-shop".parse().unwrap(), "globex".parse().unwrap());
        let address = "http://127.0.0.1:1";
        let table = Resolver::new(Topology::PerOrganization, acme, address);
        let realm = table.realm(&"acme-shop".parse().unwrap()).unwrap();
        assert_eq!(realm.issuer().as_str(), "http://127.0.0.1:1/realms/acme-shop");
        assert_eq!(table.realm(&globex).unwrap_err().kind(), ErrorKind::Config);
        let shared = Resolver::new(Topology::SharedSovereign, globex.clone(), address);
        assert_eq!(shared.realm(&globex).unwrap().name().as_str(), "globex");
    }
}
