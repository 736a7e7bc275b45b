//! Whom the operator trusts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Error, ErrorKind, Result};

use super::SecretKeyRef;
use super::yaml::Map;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Kubernetes keeps no resource beyond 1.5 MiB.
const MAX_BYTES: usize = 512 * 1024;

/// The certificate authorities that OpenBao's certificate may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaSource {
    /// In the manifest itself: certificates are public.
    Bundle(CaBundle),
    /// In a Kubernetes secret. A `ClusterSecretStore` names its namespace, a `SecretStore` does not.
    Secret(SecretKeyRef),
    /// In a configuration map. The same holds for its namespace.
    ConfigMap(SecretKeyRef),
}

/// Certificates, and nothing but certificates.
///
/// ```
/// use catalyst_sdk::manifest::CaBundle;
///
/// let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ==\n-----END PRIVATE KEY-----\n";
/// assert!(CaBundle::from_pem(key).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaBundle(String);

impl CaBundle {
    /// Reads certificates in PEM. Lines between them, such as comments, are left out.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is none, if anything else is among them (a private key above all), or if they
    /// are longer than 512 KiB.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let refused = |help: &str| Err(Error::new(ErrorKind::Config, "read CA bundle").with_help(help));
        if pem.len() > MAX_BYTES {
            return refused("it is longer than 512 KiB");
        }
        let (mut bundle, mut open): (String, Option<String>) = (String::new(), None);
        for line in pem.lines().map(str::trim) {
            open = match (open, line) {
                (None, BEGIN) => Some(String::new()),
                (None, line) if line.starts_with("-----") => {
                    return refused("it holds more than certificates");
                }
                (None, _) => None,
                (Some(body), END) if is_der(&body) => {
                    wrap(&mut bundle, &body);
                    None
                }
                (Some(_), END) => return refused("a certificate in it is not base64 of DER"),
                (Some(body), line) => Some(body + line),
            };
        }
        if open.is_some() || bundle.is_empty() {
            return refused("it holds no whole certificate in PEM");
        }
        Ok(Self(bundle))
    }

    fn encoded(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

/// Whether it is base64 of one sequence of ASN.1 with nothing behind it.
fn is_der(body: &str) -> bool {
    let Ok(der) = STANDARD.decode(body) else { return false };
    let (header, length) = match der.as_slice() {
        [0x30, length @ 0..=0x7f, ..] => (2, usize::from(*length)),
        [0x30, 0x81, length, ..] => (3, usize::from(*length)),
        [0x30, 0x82, high, low, ..] => (4, usize::from(*high) << 8 | usize::from(*low)),
        _ => return false,
    };
    der.len() == header + length
}

fn wrap(bundle: &mut String, body: &str) {
    bundle.extend([BEGIN, "\n"]);
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        bundle.extend([line, "\n"]);
        rest = after;
    }
    bundle.extend([END, "\n"]);
}

impl CaSource {
    /// Adds `caBundle` or `caProvider`.
    pub(super) fn write(&self, provider: Map) -> Map {
        let (kind, from) = match self {
            Self::Bundle(bundle) => return provider.field("caBundle", bundle.encoded()),
            Self::Secret(from) => ("Secret", from),
            Self::ConfigMap(from) => ("ConfigMap", from),
        };
        let mut reference = Map::new().field("type", kind).field("name", from.name.as_str());
        reference = reference.field("key", from.key.as_str());
        if let Some(namespace) = &from.namespace {
            reference = reference.field("namespace", namespace.as_str());
        }
        provider.field("caProvider", reference)
    }

    /// Where it lies, unless it is in the manifest.
    pub(super) fn reference(&self) -> Option<&SecretKeyRef> {
        match self {
            Self::Bundle(_) => None,
            Self::Secret(from) | Self::ConfigMap(from) => Some(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    #[test]
    fn certificates_are_kept_and_comments_are_not() {
        let one = pem("CERTIFICATE", &[0x30, 2, 5, 0]);
        let bundle = CaBundle::from_pem(&format!("# the root\r\n{one}\n\nsubject=x\n{one}")).unwrap();
        assert_eq!(bundle.0, format!("{one}{one}"));
        assert_eq!(STANDARD.decode(bundle.encoded()).unwrap(), bundle.0.as_bytes());
    }

    #[test]
    fn anything_but_certificates_is_refused() {
        let good = pem("CERTIFICATE", &[0x30, 2, 5, 0]);
        let long = pem("CERTIFICATE", &[&[0x30, 0x82, 1, 0][..], &[7; 256]].concat());
        assert!(CaBundle::from_pem(&good).is_ok() && CaBundle::from_pem(&long).is_ok());
        for bad in [
            String::new(),
            "no PEM".to_owned(),
            format!("{good}{}", pem("PRIVATE KEY", &[0x30, 2, 5, 0])),
            format!("{}{good}", pem("EC PRIVATE KEY", &[0x30, 2, 5, 0])),
            pem("CERTIFICATE", b"s.token"),
            pem("CERTIFICATE", &[0x30, 3, 5, 0]),
            pem("CERTIFICATE", &[0x30, 2, 5, 0, 9]),
            "-----BEGIN CERTIFICATE-----\nMAIFAA==\n".to_owned(),
            format!("{}{good}", "-----BEGIN CERTIFICATE-----\n"),
            " ".repeat(MAX_BYTES + 1),
        ] {
            let error = CaBundle::from_pem(&bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_input_makes_it_fail_otherwise(text in "(\\PC|\n|-----BEGIN CERTIFICATE-----|-----END CERTIFICATE-----){0,60}") {
            if let Ok(bundle) = CaBundle::from_pem(&text) {
                prop_assert_eq!(CaBundle::from_pem(&bundle.0).unwrap(), bundle);
            }
        }
    }
}
