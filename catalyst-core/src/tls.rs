//! TLS settings, and an identity that is read at each handshake.
//!
//! The provider (aws-lc-rs) is passed as a value; nothing process-wide is installed. A client identity is a
//! [`TlsIdentitySource`]: a short-lived certificate is presented as it is at the handshake, without rebuilding a
//! client. Session resumption is off whenever there is a client identity, for a resumed session skips the check of
//! the peer and would outlive a rotated or withdrawn certificate.

use std::fmt;
use std::sync::Arc;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{Error, ErrorKind, Result, SecretBytes};

const OPERATION: &str = "prepare TLS";

/// A certificate chain with its key, parsed once and ready to present. Cheap to clone.
#[derive(Clone)]
pub struct TlsIdentity(Arc<CertifiedKey>);

/// Gives the identity to present; asked at each handshake, so it must not wait.
pub trait TlsIdentitySource: fmt::Debug + Send + Sync + 'static {
    /// The newest identity, or none when it was withdrawn: the handshake then goes on without a certificate, and a
    /// server that asks for one refuses.
    fn current(&self) -> Option<TlsIdentity>;
}

/// The same at each handshake: for one that is not renewed as long as the client lives.
impl TlsIdentitySource for TlsIdentity {
    fn current(&self) -> Option<TlsIdentity> {
        Some(self.clone())
    }
}

impl TlsIdentity {
    /// From a chain in DER, leaf first, and a key in PKCS #8 DER.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if the chain is empty, the key cannot be read, or it does not belong to the leaf.
    pub fn from_der(chain: Vec<Vec<u8>>, key: &SecretBytes) -> Result<Self> {
        let chain: Vec<_> = chain.into_iter().map(CertificateDer::from).collect();
        if chain.is_empty() {
            return Err(Error::new(ErrorKind::Tls, OPERATION).with_help("the certificate chain is empty"));
        }
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.expose().to_vec()));
        CertifiedKey::from_der(chain, key, &provider())
            .map(|certified| Self(Arc::new(certified)))
            .map_err(|error| Error::new(ErrorKind::Tls, OPERATION).with_source(error))
    }

    /// The leaf certificate in DER.
    pub fn leaf(&self) -> &[u8] {
        self.0.cert.first().map_or(&[], |leaf| leaf.as_ref())
    }

    /// The form that rustls presents.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsIdentity({} certificates)", self.0.cert.len())
    }
}

/// The provider that all crates of the workspace use.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// How a client checks servers, and what it presents to them.
#[derive(Clone, Debug, Default)]
pub struct TlsConfig {
    roots: Roots,
    identity: Option<Arc<dyn TlsIdentitySource>>,
    ready: Option<Arc<ClientConfig>>,
}

#[derive(Clone, Default)]
enum Roots {
    #[default]
    Machine,
    Only(Vec<CertificateDer<'static>>),
}

impl TlsConfig {
    /// Trusts the machine's certificate authorities and presents nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts only the authorities in `pem`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there is no certificate in it.
    pub fn ca_pem(mut self, pem: &[u8]) -> Result<Self> {
        let bad = |help: &str| Error::new(ErrorKind::Config, OPERATION).with_help(help.to_owned());
        let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| bad("the CA file is not valid PEM").with_source(error))?;
        if roots.is_empty() {
            return Err(bad("the CA file holds no certificate"));
        }
        self.roots = Roots::Only(roots);
        Ok(self)
    }

    /// Presents what `source` gives, asked at each handshake.
    #[must_use]
    pub fn identity(mut self, source: Arc<dyn TlsIdentitySource>) -> Self {
        self.identity = Some(source);
        self
    }

    /// Uses a finished rustls configuration instead, such as one that checks SPIFFE IDs; everything else set here
    /// is then ignored.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        Self { ready: Some(config), ..Self::default() }
    }

    /// Whether a client identity is configured.
    pub fn has_identity(&self) -> bool {
        self.identity.is_some()
            || self.ready.as_ref().is_some_and(|config| config.client_auth_cert_resolver.has_certs())
    }

    /// The rustls configuration that these settings mean.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if the machine has no certificate authorities, or one given cannot be read.
    pub fn to_rustls(&self) -> Result<Arc<ClientConfig>> {
        if let Some(ready) = &self.ready {
            return Ok(Arc::clone(ready));
        }
        let fail = |error: rustls::Error| Error::new(ErrorKind::Tls, OPERATION).with_source(error);
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(fail)?
            .with_root_certificates(self.root_store()?);
        Ok(Arc::new(match &self.identity {
            None => builder.with_no_client_auth(),
            Some(source) => {
                let mut config = builder.with_client_cert_resolver(Arc::new(Resolver(Arc::clone(source))));
                config.resumption = Resumption::disabled();
                config
            }
        }))
    }

    fn root_store(&self) -> Result<RootCertStore> {
        let mut store = RootCertStore::empty();
        match &self.roots {
            Roots::Machine => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Roots::Only(roots) => {
                for root in roots {
                    store.add(root.clone()).map_err(|error| {
                        let help = "a certificate in the CA file cannot be read";
                        Error::new(ErrorKind::Tls, OPERATION).with_help(help).with_source(error)
                    })?;
                }
            }
        }
        Ok(store)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine => f.write_str("machine"),
            Self::Only(roots) => write!(f, "{} given", roots.len()),
        }
    }
}

#[derive(Debug)]
struct Resolver(Arc<dyn TlsIdentitySource>);

impl ResolvesClientCert for Resolver {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.current().map(|identity| identity.certified_key())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str) -> (Vec<u8>, SecretBytes) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        (made.cert.der().to_vec(), SecretBytes::new(made.signing_key.serialize_der()))
    }

    #[test]
    fn a_key_that_is_not_the_leafs_is_refused() {
        let ((leaf, key), (_, other)) = (identity("a.test"), identity("b.test"));
        assert!(TlsIdentity::from_der(vec![leaf.clone()], &key).is_ok());
        assert_eq!(TlsIdentity::from_der(vec![leaf], &other).unwrap_err().kind(), ErrorKind::Tls);
        assert_eq!(TlsIdentity::from_der(vec![], &key).unwrap_err().kind(), ErrorKind::Tls);
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        assert_eq!(TlsConfig::new().ca_pem(b"not pem").unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn a_client_with_an_identity_resumes_no_session() {
        #[derive(Debug)]
        struct Nobody;
        impl TlsIdentitySource for Nobody {
            fn current(&self) -> Option<TlsIdentity> {
                None
            }
        }
        let config = TlsConfig::new().identity(Arc::new(Nobody));
        assert!(config.has_identity());
        let shown = format!("{:?}", config.to_rustls().unwrap().resumption);
        assert_eq!(shown, format!("{:?}", Resumption::disabled()));
    }
}
