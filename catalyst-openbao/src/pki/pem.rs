//! Certificates, requests and revocation lists as texts in PEM.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result, Secret, SecretBytes};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::encoded::decode;

/// The longest certificate or request, in bytes.
const MAX_CERTIFICATE: usize = 64 << 10;
/// The longest revocation list, in bytes: no answer is longer.
const MAX_CRL: usize = 4 << 20;
/// How many certificates one text may hold.
const MAX_COUNT: usize = 1000;

macro_rules! pem_texts {
    ($($(#[doc = $docs:literal])* $name:ident, $what:literal, $labels:expr, $max:expr;)*) => {$(
        $(#[doc = $docs])*
        ///
        /// What it says is not checked, only that it is such a text. Cheap to clone.
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Block);

        impl $name {
            /// The text in PEM, without white space around it.
            pub fn as_str(&self) -> &str {
                &self.0.text
            }

            /// The same in DER.
            pub fn der(&self) -> &[u8] {
                &self.0.der
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            /// [`ErrorKind::InvalidRequest`] with code `malformed_input` if the text is anything else.
            fn from_str(text: &str) -> Result<Self> {
                Block::read(text, &$labels, $max)
                    .map(Self)
                    .ok_or_else(|| malformed(concat!("read ", $what), concat!("expected one ", $what, " in PEM")))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0.text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} bytes)"), self.0.der.len())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

pem_texts! {
    /// A certificate.
    ///
    /// ```
    /// use catalyst_openbao::pki::CertificatePem;
    ///
    /// let text = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    /// let certificate: CertificatePem = text.parse()?;
    /// assert_eq!(certificate.der(), [0x30, 0]);
    /// assert!("nonsense".parse::<CertificatePem>().is_err());
    /// # Ok::<(), catalyst_openbao::Error>(())
    /// ```
    CertificatePem, "certificate", ["CERTIFICATE"], MAX_CERTIFICATE;

    /// A request for a certificate (CSR, PKCS #10).
    CsrPem, "certificate request", ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"], MAX_CERTIFICATE;

    /// A list of revoked certificates (CRL).
    CrlPem, "revocation list", ["X509 CRL"], MAX_CRL;
}

impl CertificatePem {
    /// All certificates of a text, in their order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with code `malformed_input` if there is anything else in it, or more than 1,000.
    pub fn read_all(text: &str) -> Result<Vec<Self>> {
        const END: &str = "-----END CERTIFICATE-----";
        let mut certificates = Vec::new();
        for part in text.split_inclusive(END) {
            if part.trim().is_empty() {
                continue;
            }
            if certificates.len() == MAX_COUNT {
                return Err(malformed("read certificates", "expected at most 1,000 certificates"));
            }
            certificates.push(part.parse()?);
        }
        Ok(certificates)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Block {
    text: Arc<str>,
    der: Arc<[u8]>,
}

impl Block {
    fn read(text: &str, labels: &[&str], max: usize) -> Option<Self> {
        let text = text.trim();
        if text.len() > max {
            return None;
        }
        let der = labels.iter().find_map(|label| block(text, label))?;
        (!der.is_empty()).then(|| Self { text: text.into(), der: der.into() })
    }
}

/// A private key in PKCS #8.
pub(super) fn private_key(text: &Secret) -> Result<SecretBytes> {
    let key = block(text.expose().trim(), "PRIVATE KEY").map(SecretBytes::new);
    key.ok_or_else(|| malformed("read private key", "expected one private key in PKCS #8, in PEM"))
}

/// What one PEM block with this label holds. It may be a secret.
fn block(text: &str, label: &str) -> Option<Box<[u8]>> {
    let inner = text.strip_prefix("-----BEGIN ")?.strip_prefix(label)?.strip_prefix("-----")?;
    let inner = inner.strip_suffix("-----")?.strip_suffix(label)?.strip_suffix("-----END ")?;
    let mut joined = Zeroizing::new(String::with_capacity(inner.len()));
    for part in inner.split_ascii_whitespace() {
        joined.push_str(part);
    }
    decode(&joined)
}

fn malformed(operation: &'static str, help: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, operation).with_code("malformed_input").with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";

    #[test]
    fn what_is_no_such_text_is_refused() {
        let csr = ONE.replace("CERTIFICATE", "CERTIFICATE REQUEST");
        let long = ONE.replace("MAA=", &"AAAA".repeat(MAX_CERTIFICATE / 4));
        for bad in [
            "",
            "nonsense",
            "/etc/ssl/cert.pem",
            &csr,
            &format!("{ONE}\n{ONE}"),
            &ONE.replace("MAA=", ""),
            &ONE.replace('=', ""),
            &long,
        ] {
            let error = bad.parse::<CertificatePem>().unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("malformed_input")));
        }
        assert!(csr.parse::<CsrPem>().is_ok() && ONE.parse::<CsrPem>().is_err());
    }

    #[test]
    fn a_chain_is_read_in_its_order_and_whole() {
        let other = ONE.replace("MAA=", "MAEA");
        let text = format!("\n{ONE}\n\n{other}");
        let chain = CertificatePem::read_all(&text).unwrap();
        assert_eq!(chain.iter().map(CertificatePem::as_str).collect::<Vec<_>>(), [ONE, &other]);
        assert!(CertificatePem::read_all("").unwrap().is_empty());
        for bad in [format!("{ONE}\nrest"), "rest".to_owned(), ONE.repeat(MAX_COUNT + 1)] {
            assert!(CertificatePem::read_all(&bad).is_err());
        }
    }

    #[test]
    fn a_private_key_is_read_and_never_quoted() {
        let key = Secret::new("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n");
        assert_eq!(private_key(&key).unwrap().expose(), [0x30, 0]);
        let error = private_key(&Secret::new("-----BEGIN EC PRIVATE KEY-----\ncanary\n")).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "(-----BEGIN CERTIFICATE-----|[A-Za-z=\\n]{0,8}|-----END CERTIFICATE-----|-){0,6}") {
            let _one = text.parse::<CertificatePem>();
            let _all = CertificatePem::read_all(&text);
        }
    }
}
