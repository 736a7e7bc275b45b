//! Who the peer is, and whether it may.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use catalyst_core::tls::provider;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::Anchors;
use crate::{Authorizer, SpiffeId, TrustDomain, WorkloadIdentity, leaf};

/// Which peers are accepted: those of our own trust domain, and of the federated ones named here, that the
/// authorizer allows. Holding the bundle of a foreign trust domain is not enough.
#[derive(Clone, Debug)]
pub struct PeerRules {
    authorizer: Authorizer,
    federated: BTreeSet<TrustDomain>,
}

impl PeerRules {
    /// Peers of our own trust domain that `authorizer` allows.
    pub fn new(authorizer: Authorizer) -> Self {
        Self { authorizer, federated: BTreeSet::new() }
    }

    /// Also peers of `domain`; the authorizer is asked about them as about all others.
    #[must_use]
    pub fn federated(mut self, domain: TrustDomain) -> Self {
        self.federated.insert(domain);
        self
    }
}

impl From<Authorizer> for PeerRules {
    fn from(authorizer: Authorizer) -> Self {
        Self::new(authorizer)
    }
}

/// Why a peer was refused; see [`refusal`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    peer: Option<SpiffeId>,
    reason: String,
}

impl Refused {
    /// Whom the peer's certificate names, if it names anybody. Nothing has vouched for it unless the reason is the
    /// authorizer's.
    pub fn peer(&self) -> Option<&SpiffeId> {
        self.peer.as_ref()
    }

    /// What is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.peer {
            Some(id) => write!(f, "peer {id} refused: {}", self.reason),
            None => write!(f, "peer refused: {}", self.reason),
        }
    }
}

impl std::error::Error for Refused {}

/// The reason inside a handshake error, if it was one of our rules that refused the peer. A chain that does not
/// verify is reported by rustls' own error instead.
pub fn refusal(error: &rustls::Error) -> Option<&Refused> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref::<Refused>()
        }
        _ => None,
    }
}

/// Checks peers on either side of the handshake.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    identity: Arc<dyn WorkloadIdentity>,
    rules: PeerRules,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PeerVerifier {
    pub(super) fn new(identity: Arc<dyn WorkloadIdentity>, rules: PeerRules) -> Self {
        let algorithms = provider().signature_verification_algorithms;
        Self { identity, rules, algorithms }
    }

    /// All checks, in the order that gives the plainest reason. `check_chain` must verify the chain and nothing
    /// about names; its error is passed on as it is.
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        check_chain: impl FnOnce(&Anchors) -> Result<(), rustls::Error>,
    ) -> Result<(), rustls::Error> {
        let checked = self.check_inner(leaf, issuers, check_chain);
        if let Err(error) = &checked {
            tracing::info!(%error, "a TLS peer was refused");
        }
        checked
    }

    fn check_inner(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        check_chain: impl FnOnce(&Anchors) -> Result<(), rustls::Error>,
    ) -> Result<(), rustls::Error> {
        let peer = leaf::identity(leaf).map_err(|fault| refuse(None, format!("its certificate: {fault}")))?;
        let domain = peer.trust_domain();
        let ours = self.identity.id().map_err(|_gone| refuse(Some(&peer), "we have no identity"))?;
        if domain != ours.trust_domain() && !self.rules.federated.contains(domain) {
            let reason = format!("trust domain {domain} is neither ours nor one that we federate with");
            return Err(refuse(Some(&peer), reason));
        }
        let bundles = self.identity.bundles().map_err(|_gone| refuse(Some(&peer), "we have no identity"))?;
        let anchors = bundles
            .anchors(domain)
            .ok_or_else(|| refuse(Some(&peer), format!("there is no bundle of trust domain {domain}")))?;
        check_chain(anchors)?;
        issuers
            .iter()
            .try_for_each(|issuer| leaf::check_issuer(issuer))
            .map_err(|fault| refuse(Some(&peer), format!("its certificate: {fault}")))?;
        self.rules.authorizer.authorize(&peer).map_err(|denied| refuse(Some(&peer), denied.reason()))
    }
}

fn refuse(peer: Option<&SpiffeId>, reason: impl Into<String>) -> rustls::Error {
    let refused = Refused { peer: peer.cloned(), reason: reason.into() };
    rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check(end_entity, intermediates, |anchors| {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            rustls::client::verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &anchors.roots,
                intermediates,
                now,
                self.algorithms.all,
            )
        })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for PeerVerifier {
    /// None: the bundles change, and clients have one SVID to choose from anyway.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.check(end_entity, intermediates, |anchors| {
            anchors.clients.verify_client_cert(end_entity, intermediates, now).map(drop)
        })?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
