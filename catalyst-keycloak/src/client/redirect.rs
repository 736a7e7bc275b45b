//! Where a login may return to.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};
use url::Url;

/// A redirect URI that a client may register: absolute, without fragment (RFC 6749 section 3.1.2) and without a
/// wildcard, except `/*` at the end of a path.
///
/// Keycloak compares registered URIs by prefix, so `https://app.test*` would also let `https://app.test.evil.test`
/// in. Only a `*` after a slash, at the very end, cannot leave the host.
///
/// ```
/// use catalyst_keycloak::RedirectUri;
///
/// assert!("https://app.test/oauth/callback".parse::<RedirectUri>().is_ok());
/// assert!("https://app.test/oauth/*".parse::<RedirectUri>().is_ok());
/// assert!("https://app.test*".parse::<RedirectUri>().is_err());
/// assert!("https://*.app.test/cb".parse::<RedirectUri>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RedirectUri(Box<str>);

impl RedirectUri {
    /// As it is registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RedirectUri {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`], saying what is wrong with it.
    fn from_str(text: &str) -> Result<Self> {
        match fault(text) {
            None => Ok(Self(text.into())),
            Some(fault) => Err(Error::new(ErrorKind::Config, "read redirect URI").with_help(fault)),
        }
    }
}

fn fault(text: &str) -> Option<&'static str> {
    if text.len() > 2000 {
        return Some("a redirect URI has at most 2,000 bytes");
    }
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return Some("a redirect URI has no spaces, control characters and backslashes");
    }
    let fixed = text.strip_suffix("/*").unwrap_or(text);
    if fixed.contains('*') {
        return Some(
            "a wildcard may stand only as /* at the end of the path: elsewhere it lets other hosts in",
        );
    }
    let Ok(url) = Url::parse(fixed) else {
        return Some("a redirect URI is absolute: https://host/path");
    };
    if url.fragment().is_some() {
        return Some("a redirect URI has no fragment");
    }
    if url.query().is_some() && fixed.len() != text.len() {
        return Some("a wildcard may stand only at the end of a path, not of a query");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("a redirect URI has no user and no password");
    }
    match url.scheme() {
        "https" | "http" if url.host_str().is_none_or(str::is_empty) => Some("a redirect URI names a host"),
        "javascript" | "data" | "file" | "vbscript" | "about" | "blob" => {
            Some("a redirect URI leads to an application, not into the browser")
        }
        _ => None,
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for bad in [
            "",
            "*",
            "/relative",
            "https://app.test*",
            "https://*",
            "https://*.app.test/cb",
            "https://app.test/*/cb",
            "https://app.test/cb?x=/*",
            "https://app.test/cb#x",
            "https://user:pw@app.test/cb",
            "javascript:alert(1)",
            "https://app.test\\@evil.test/",
            "https://app.test/ cb",
        ] {
            assert!(bad.parse::<RedirectUri>().is_err(), "{bad}");
        }
        for good in [
            "https://app.test/*",
            "http://127.0.0.1:9999/cb",
            "https://app.test/cb?tenant=a",
            "com.example.app:/cb",
        ] {
            assert!(good.parse::<RedirectUri>().is_ok(), "{good}");
        }
    }
}
