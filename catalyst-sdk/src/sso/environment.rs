//! Where an application runs, and where its secrets lie.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_keycloak::OrganizationSlug;
use catalyst_openbao::SecretPath;

use crate::label::is_dns_label;

/// The kinds of Environment that the platform knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EnvType {
    /// Production.
    Prod,
    /// Staging.
    Stg,
    /// User acceptance.
    Uat,
    /// Development.
    Dev,
    /// Proof of concept.
    Poc,
}

impl EnvType {
    const ALL: [Self; 5] = [Self::Prod, Self::Stg, Self::Uat, Self::Dev, Self::Poc];

    /// As it stands in paths and names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Stg => "stg",
            Self::Uat => "uat",
            Self::Dev => "dev",
            Self::Poc => "poc",
        }
    }
}

impl FromStr for EnvType {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] naming the five.
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            Error::new(ErrorKind::Config, "read environment type")
                .with_help("one of prod, stg, uat, dev, poc")
        })
    }
}

impl fmt::Display for EnvType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An application in an Environment of an Organization: whose client it is, and where its credential lies.
///
/// ```
/// use catalyst_sdk::sso::{EnvType, Place};
///
/// let place = Place::new("acme-shop".parse()?, EnvType::Prod, "wordpress")?;
/// assert_eq!(place.to_string(), "acme-shop/prod/wordpress");
/// assert_eq!(place.secret_path()?.as_str(), "org/acme-shop/env/prod/sso/wordpress");
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    organization: OrganizationSlug,
    env_type: EnvType,
    application: Box<str>,
}

impl Place {
    /// The application of that name: a DNS label (RFC 1123), 1 to 63 of a-z, 0-9 and `-`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no DNS label.
    pub fn new(organization: OrganizationSlug, env_type: EnvType, application: &str) -> Result<Self> {
        if !is_dns_label(application) {
            return Err(Error::new(ErrorKind::Config, "read application name").with_help(
                "a name has 1 to 63 of a-z, 0-9 and -, and begins and ends with a letter or digit",
            ));
        }
        Ok(Self { organization, env_type, application: application.into() })
    }

    /// The Organization.
    pub fn organization(&self) -> &OrganizationSlug {
        &self.organization
    }

    /// The kind of Environment.
    pub fn env_type(&self) -> EnvType {
        self.env_type
    }

    /// The application's name.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// Where its credential lies below the mount.
    ///
    /// # Errors
    /// None for names that were checked.
    pub fn secret_path(&self) -> Result<SecretPath> {
        format!("org/{}/env/{}/sso/{}", self.organization, self.env_type, self.application).parse()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.organization, self.env_type, self.application)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_dns_label_is_refused() {
        for bad in ["", "-a", "a-", "A", "a.b", "a/b", "../x", "a b", &"a".repeat(64)] {
            assert!(Place::new("acme".parse().unwrap(), EnvType::Dev, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_environment_type_is_one_of_five() {
        for kind in EnvType::ALL {
            assert_eq!(kind.as_str().parse::<EnvType>().unwrap(), kind);
        }
        assert!("production".parse::<EnvType>().unwrap_err().to_string().contains("prod, stg"));
    }
}
