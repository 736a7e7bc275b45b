//! A certificate authority and the certificates that it signs.

use std::sync::Arc;

use catalyst_core::tls::{TlsIdentity, TlsIdentitySource};
use catalyst_core::{Error, ErrorKind, Result, SecretBytes};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A server's certificate, and the authority that signed it. All in PEM.
#[derive(Debug)]
pub(crate) struct ServerCertificate {
    pub(crate) authority: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A client's certificate with its key, to be presented by [`TlsConfig::identity`](catalyst_core::tls::TlsConfig).
#[derive(Clone, Debug)]
pub struct ClientCertificate(TlsIdentity);

impl TlsIdentitySource for ClientCertificate {
    fn current(&self) -> Option<TlsIdentity> {
        Some(self.0.clone())
    }
}

/// A new authority, and a certificate of it for `localhost` and 127.0.0.1.
pub(crate) fn server_certificate() -> Result<ServerCertificate> {
    make().map_err(|error| failed("make a server certificate", error))
}

impl ServerCertificate {
    /// A certificate of the same authority for the client `common_name`.
    pub(crate) fn client(&self, common_name: &str) -> Result<ClientCertificate> {
        let made = sign(&self.issuer, Vec::new(), common_name, &[ExtendedKeyUsagePurpose::ClientAuth]);
        let (certificate, key) = made.map_err(|error| failed("make a client certificate", error))?;
        let key = SecretBytes::new(key.serialize_der());
        TlsIdentity::from_der(vec![certificate.der().to_vec()], &key).map(ClientCertificate)
    }

    /// What speaks TLS with it, for a server in process. It asks its clients for no certificate.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor> {
        let bad = || Error::new(ErrorKind::Other, "use a server certificate");
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .map_err(|error| bad().with_source(error))?;
        let key =
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|error| bad().with_source(error))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
            .map_err(|cause| bad().with_source(cause))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn make() -> Result<ServerCertificate, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Catalyst test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);

    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    // OpenBao's nodes are each other's clients as well.
    let usages = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let (certificate, key) = sign(&issuer, names, "localhost", &usages)?;
    Ok(ServerCertificate { authority, certificate: certificate.pem(), key: key.serialize_pem(), issuer })
}

fn sign(
    issuer: &Issuer<'static, KeyPair>,
    names: Vec<String>,
    common_name: &str,
    usages: &[ExtendedKeyUsagePurpose],
) -> Result<(Certificate, KeyPair), rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named(common_name);
    params.extended_key_usages = usages.to_vec();
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, issuer)?, key))
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn failed(operation: &'static str, error: rcgen::Error) -> Error {
    Error::new(ErrorKind::Other, operation).with_source(error)
}
