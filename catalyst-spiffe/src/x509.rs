//! An X.509-SVID: a certificate chain, its key, and what the leaf says.

use std::fmt;
use std::time::{Duration, SystemTime};

use catalyst_core::{Clock, Error, ErrorKind, Result, SecretBytes};

use crate::SpiffeId;
use crate::leaf::{self, Leaf};

/// More certificates than this in one chain are refused.
const MAX_CHAIN: usize = 16;

/// The certificate that proves who this process is, parsed and checked once.
///
/// `Debug` shows the identity, serial number and validity, never the key.
pub struct X509Identity {
    leaf: Leaf,
    chain: Vec<Vec<u8>>,
    key: SecretBytes,
    hint: Option<Box<str>>,
    #[cfg(feature = "rustls")]
    tls: catalyst_core::tls::TlsIdentity,
}

impl X509Identity {
    /// From a chain in DER, leaf first, and a key in PKCS #8 DER.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] (code `malformed_svid`) if the chain is empty or too long, or the leaf is not an
    /// X.509-SVID; with the feature `rustls` also if the key does not belong to the leaf.
    pub fn from_der(chain: Vec<Vec<u8>>, key: SecretBytes) -> Result<Self> {
        if chain.len() > MAX_CHAIN {
            return Err(malformed().with_help("the chain holds more than 16 certificates"));
        }
        let first = chain.first().ok_or_else(|| malformed().with_help("the chain is empty"))?;
        let leaf = leaf::read(first)
            .map_err(|fault| malformed().with_help(format!("the agent's certificate is no SVID: {fault}")))?;
        #[cfg(feature = "rustls")]
        let tls = catalyst_core::tls::TlsIdentity::from_der(chain.clone(), &key).map_err(|error| {
            malformed().with_help("the key cannot be used with the certificate").with_source(error)
        })?;
        Ok(Self {
            leaf,
            chain,
            key,
            hint: None,
            #[cfg(feature = "rustls")]
            tls,
        })
    }

    pub(crate) fn with_hint(mut self, hint: Option<&str>) -> Self {
        self.hint = hint.filter(|hint| !hint.is_empty()).map(Into::into);
        self
    }

    /// Who it names.
    pub fn id(&self) -> &SpiffeId {
        &self.leaf.id
    }

    /// The certificates in DER, leaf first.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The private key in PKCS #8 DER.
    pub fn private_key(&self) -> &SecretBytes {
        &self.key
    }

    /// The start of its life; SPIRE sets it some seconds into the past.
    pub fn not_before(&self) -> SystemTime {
        self.leaf.not_before
    }

    /// The end of its life.
    pub fn not_after(&self) -> SystemTime {
        self.leaf.not_after
    }

    /// The leaf's serial number in lower-case hexadecimal digits.
    pub fn serial(&self) -> &str {
        &self.leaf.serial
    }

    /// The operator's hint, which tells several identities of one workload apart. It has no security meaning.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What is left of its life; zero once it has ended.
    pub fn remaining(&self, clock: &Clock) -> Duration {
        clock.until(self.leaf.not_after)
    }

    /// From start to end.
    pub fn lifetime(&self) -> Duration {
        self.leaf.not_after.duration_since(self.leaf.not_before).unwrap_or(Duration::ZERO)
    }

    /// The form that rustls presents, built when the SVID was received.
    #[cfg(feature = "rustls")]
    pub fn tls_identity(&self) -> &catalyst_core::tls::TlsIdentity {
        &self.tls
    }
}

fn malformed() -> Error {
    Error::new(ErrorKind::Decode, "read X.509-SVID").with_service("spiffe").with_code("malformed_svid")
}

impl fmt::Debug for X509Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Identity")
            .field("id", &self.leaf.id)
            .field("serial", &self.leaf.serial)
            .field("not_before", &self.leaf.not_before)
            .field("not_after", &self.leaf.not_after)
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}
