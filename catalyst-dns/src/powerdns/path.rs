//! Places within the API of one server.

use catalyst_core::http::path_segment;
use catalyst_core::{Error, ErrorKind, Result};
use url::Url;

use crate::{DomainName, ZoneName};

/// The path of something, below `/api/v1/servers/{id}`, and its query.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    segments: String,
    query: Vec<(&'static str, String)>,
}

impl Path {
    /// The server itself.
    pub(super) fn server() -> Self {
        Self::default()
    }

    pub(super) fn zones() -> Self {
        Self::server().then("zones")
    }

    pub(super) fn zone(zone: &ZoneName) -> Self {
        Self::zones().then(&id(zone.apex()))
    }

    /// One segment more, whatever is in it.
    pub(super) fn then(mut self, segment: &str) -> Self {
        self.segments.push('/');
        // An id is full of `=`, which may stand in a path as it is.
        self.segments.push_str(&path_segment(segment).replace("%3D", "="));
        self
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Below the address of a server's API.
    pub(super) fn at(&self, server: &Url) -> Url {
        let mut url = server.clone();
        url.set_path(&format!("{}{}", server.path(), self.segments));
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// A name as PowerDNS writes it in a path: letters, digits, dots and hyphens, all else as `=` and two hexadecimal digits.
pub(super) fn id(name: &DomainName) -> String {
    use std::fmt::Write as _;
    name.as_str().bytes().fold(String::with_capacity(name.as_str().len()), |mut id, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') {
            id.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            write!(id, "={byte:02X}").ok();
        }
        id
    })
}

/// The address of the API of the server `id`, from the address that a person wrote: with or without `/api` or
/// `/api/v1` at its end.
pub(super) fn server_address(address: &Url, id: &str) -> Result<Url> {
    if id.is_empty() || id.len() > 100 || id.contains(|c: char| c.is_control() || matches!(c, '/' | '.')) {
        return Err(Error::new(ErrorKind::Config, "read the DNS server's id").with_help(
            "the id of a server is a short word without slashes; `localhost` for an authoritative one",
        ));
    }
    let path = address.path().trim_end_matches('/');
    let base = path.strip_suffix("/api/v1").or_else(|| path.strip_suffix("/api")).unwrap_or(path);
    let mut url = address.clone();
    url.set_path(&format!("{}/api/v1/servers/{}", base.trim_end_matches('/'), path_segment(id)));
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_end_before_or_after_api() {
        for address in [
            "https://pdns.test",
            "https://pdns.test/",
            "https://pdns.test/api",
            "https://pdns.test/api/",
            "https://pdns.test/api/v1",
        ] {
            let url = server_address(&Url::parse(address).unwrap(), "localhost").unwrap();
            assert_eq!(url.as_str(), "https://pdns.test/api/v1/servers/localhost", "{address}");
        }
        let below = server_address(&Url::parse("https://x.test/dns/api").unwrap(), "localhost").unwrap();
        assert_eq!(below.path(), "/dns/api/v1/servers/localhost");
        assert!(server_address(&Url::parse("https://x.test").unwrap(), "../zones").is_err());
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_a_path() {
        let server = Url::parse("http://x.test/api/v1/servers/localhost").unwrap();
        let zone = |text| ZoneName::try_from(DomainName::from_server(text).unwrap()).unwrap();
        for (name, path) in [
            ("a_b.test.", "/zones/a=5Fb.test."),
            ("0/25.2.0.192.in-addr.arpa.", "/zones/0=2F25.2.0.192.in-addr.arpa."),
            (r"a\.b.test.", "/zones/a=5C.b.test."),
        ] {
            let url = Path::zone(&zone(name)).at(&server);
            assert_eq!(url.path().strip_prefix("/api/v1/servers/localhost"), Some(path));
        }
        let url = Path::zones().query("rrset_name", "a&b=c.").at(&server);
        assert_eq!(url.query(), Some("rrset_name=a%26b%3Dc."));
    }
}
