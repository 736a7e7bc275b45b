//! What is checked.

use std::net::IpAddr;

use catalyst_core::Result;
use url::{Host, Url};

use super::{CheckOptions, refused};
use crate::RecordType;

/// The longest URL, in bytes.
const MAX_URL: usize = 1000;

/// How the name server finds out whether an address is up.
///
/// ```
/// use catalyst_dns::lua::{CheckOptions, HealthCheck};
///
/// let url = "https://shop.example.org/healthz".parse()?;
/// let check = HealthCheck::url(url, CheckOptions::new().string_match("ok")?)?;
/// assert_eq!(check.to_string(), "https://shop.example.org/healthz");
/// assert!(HealthCheck::port(0, CheckOptions::new()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HealthCheck {
    probe: Probe,
    options: CheckOptions,
}

/// What a check does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Probe {
    /// A GET of this URL at the address; its host is only the name that is asked for.
    Url(Url),
    /// A TCP connection to this port of the address.
    Port(u16),
}

impl HealthCheck {
    /// Up if a GET of `url` at the address is answered with 200 and, if set, the text to match. Redirects are followed,
    /// certificates are not verified.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua` for a URL that PowerDNS
    /// cannot check or that should not stand in DNS: not HTTP, over 1,000 bytes, an IPv6 address as its host (its
    /// colons are taken for a port), a user, a fragment.
    pub fn url(url: Url, options: CheckOptions) -> Result<Self> {
        Ok(Self { probe: Probe::Url(checked_url(url)?), options })
    }

    /// Up if a TCP connection to `port` of the address is accepted; nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua` for port 0, and for
    /// options of an HTTP request.
    pub fn port(port: u16, options: CheckOptions) -> Result<Self> {
        if port == 0 {
            return Err(refused("a port is 1 to 65535"));
        }
        if options.is_for_url() {
            return Err(refused(
                "a check of a port sends no HTTP request: text, status, headers and user agent are options of a URL",
            ));
        }
        Ok(Self { probe: Probe::Port(port), options })
    }

    /// What is done.
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// How it is done.
    pub fn options(&self) -> &CheckOptions {
        &self.options
    }

    /// The same check with other options.
    ///
    /// # Errors
    /// As [`port`](Self::port).
    pub fn with_options(self, options: CheckOptions) -> Result<Self> {
        match self.probe {
            Probe::Url(url) => Self::url(url, options),
            Probe::Port(port) => Self::port(port, options),
        }
    }
}

impl std::fmt::Display for HealthCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.probe {
            Probe::Url(url) => f.write_str(url.as_str()),
            Probe::Port(port) => write!(f, "TCP port {port}"),
        }
    }
}

pub(super) fn checked_url(url: Url) -> Result<Url> {
    let fault = if !matches!(url.scheme(), "http" | "https") {
        Some("a health check is a URL of http or https")
    } else if url.as_str().len() > MAX_URL {
        Some("the URL of a health check has at most 1,000 bytes")
    } else if matches!(url.host(), None | Some(Host::Ipv6(_))) || url.port() == Some(0) {
        Some(
            "the URL of a health check has a name or an IPv4 address as its host: PowerDNS takes colons for a port",
        )
    } else if !url.username().is_empty() || url.password().is_some() {
        Some("the URL of a health check stands in DNS: no user and no password")
    } else if url.fragment().is_some() {
        Some("the URL of a health check has no fragment: it is never sent")
    } else {
        None
    };
    match fault {
        Some(fault) => Err(refused(fault)),
        None => Ok(url),
    }
}

/// A check cannot leave from an address of the other family.
pub(super) fn fits(options: &CheckOptions, kind: RecordType) -> Result<()> {
    let fits = |source: IpAddr| source.is_ipv4() == (kind == RecordType::A);
    match options.source {
        Some(source) if !fits(source) => {
            Err(refused("the source of a check and the addresses that it checks are of one family")
                .with_target(source.to_string()))
        }
        _ => Ok(()),
    }
}
