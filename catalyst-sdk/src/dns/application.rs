//! An application and its name.

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_dns::lua::HealthCheck;
use catalyst_dns::placement::{Application, Placement, Region};
use catalyst_dns::plan::Resource;
use catalyst_dns::{DomainName, Ttl, ZoneName};

use crate::label::is_dns_label;

/// An application in its regions, under the name `{app}.{environment}.{domain}`.
///
/// ```
/// use catalyst_dns::placement::{Placement, Region};
/// use catalyst_sdk::dns::DnsApplication;
///
/// let regions =
///     [Region::new("fsn1", ["192.0.2.1".parse()?])?, Region::new("hel1", ["198.51.100.1".parse()?])?];
/// let domain = "omantel.omani.works".parse()?;
/// let shop = DnsApplication::new("shop", "acme-prod", &domain, Placement::ActiveHotStandby, regions)?;
/// assert_eq!(shop.name().to_string(), "shop.acme-prod.omantel.omani.works");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsApplication {
    application: Application,
    resource: Resource,
    zone: Option<ZoneName>,
}

impl DnsApplication {
    /// The application `app` of `environment` below `domain`, with its regions in order of preference. It is checked at
    /// `https://<name>/healthz` unless set otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if `app` or `environment` is no DNS label, or the name becomes too long; code
    /// `invalid_placement` as [`Application::new`].
    pub fn new(
        app: &str,
        environment: &str,
        domain: &DomainName,
        placement: Placement,
        regions: impl IntoIterator<Item = Region>,
    ) -> Result<Self> {
        if !is_dns_label(app) || !is_dns_label(environment) {
            return Err(Error::new(ErrorKind::Config, "name an application").with_help(
                "application and environment have 1 to 63 of a-z, 0-9 and -, and begin and end with a letter or digit",
            ));
        }
        let name = domain.child(environment)?.child(app)?;
        let application = Application::new(name, placement, regions)?;
        let resource = Resource::new(format!("application/{environment}/{app}"))?;
        Ok(Self { application, resource, zone: None })
    }

    /// Checks it another way.
    #[must_use]
    pub fn health_check(self, check: HealthCheck) -> Self {
        Self { application: self.application.health_check(check), ..self }
    }

    /// Checks it at another path of its own name.
    ///
    /// # Errors
    /// As [`Application::health_path`].
    pub fn health_path(self, path: &str) -> Result<Self> {
        Ok(Self { application: self.application.health_path(path)?, ..self })
    }

    /// The TTL of its records; 30 s if not set, 300 s in a single region.
    #[must_use]
    pub fn ttl(self, ttl: Ttl) -> Self {
        Self { application: self.application.ttl(ttl), ..self }
    }

    /// The zone that its name is in; the longest that the server has if not set.
    #[must_use]
    pub fn zone(self, zone: ZoneName) -> Self {
        Self { zone: Some(zone), ..self }
    }

    /// Its name.
    pub fn name(&self) -> &DomainName {
        self.application.name()
    }

    /// What its records say of where they come from: `application/{environment}/{app}`.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Its placement.
    pub fn placement(&self) -> &Application {
        &self.application
    }

    pub(super) fn given_zone(&self) -> Option<&ZoneName> {
        self.zone.as_ref()
    }
}
