//! The configurations themselves.

use std::fmt;
use std::sync::Arc;

use catalyst_core::tls::{TlsConfig, provider};
use catalyst_core::{Clock, Error, ErrorKind, Result};
use rustls::client::{Resumption, WantsClientCert};
use rustls::server::{NoServerSessionStorage, WantsServerCert};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ConfigBuilder, ServerConfig, WantsVerifier};
use rustls_pki_types::UnixTime;

use super::peer::{PeerRules, PeerVerifier};
use super::present::Presented;
use crate::WorkloadIdentity;

type ClientBuilder = ConfigBuilder<ClientConfig, WantsClientCert>;
type ServerBuilder = ConfigBuilder<ServerConfig, WantsVerifier>;

/// A client that presents our SVID and accepts servers by SPIFFE ID. `peers` is an
/// [`Authorizer`](crate::Authorizer), or [`PeerRules`] where federated trust domains are let in.
///
/// # Errors
/// [`ErrorKind::Tls`] if the TLS provider cannot serve TLS 1.2 and 1.3.
pub fn mtls_client(
    identity: Arc<dyn WorkloadIdentity>,
    peers: impl Into<PeerRules>,
) -> Result<Arc<ClientConfig>> {
    let presented = Arc::new(Presented(Arc::clone(&identity)));
    client(identity, peers.into(), |builder| builder.with_client_cert_resolver(presented))
}

/// A client that presents nothing and accepts servers by SPIFFE ID.
///
/// # Errors
/// [`ErrorKind::Tls`] if the TLS provider cannot serve TLS 1.2 and 1.3.
pub fn tls_client(
    identity: Arc<dyn WorkloadIdentity>,
    peers: impl Into<PeerRules>,
) -> Result<Arc<ClientConfig>> {
    client(identity, peers.into(), ClientBuilder::with_no_client_auth)
}

/// A client that presents our SVID to a server with an ordinary certificate, checked by name against the
/// authorities in `tls`; an identity set there is replaced.
///
/// # Errors
/// [`ErrorKind::Tls`] if the machine has no certificate authorities, or one given cannot be read.
pub fn web_client(identity: Arc<dyn WorkloadIdentity>, tls: TlsConfig) -> Result<Arc<ClientConfig>> {
    tls.identity(super::identity_source(identity)).to_rustls()
}

/// A server that presents our SVID and demands a client certificate, accepted by SPIFFE ID.
///
/// # Errors
/// [`ErrorKind::Tls`] if the TLS provider cannot serve TLS 1.2 and 1.3.
pub fn mtls_server(
    identity: Arc<dyn WorkloadIdentity>,
    peers: impl Into<PeerRules>,
) -> Result<Arc<ServerConfig>> {
    let verifier = Arc::new(PeerVerifier::new(Arc::clone(&identity), peers.into()));
    server(identity, |builder| builder.with_client_cert_verifier(verifier))
}

/// A server that presents our SVID and asks clients for nothing.
///
/// # Errors
/// [`ErrorKind::Tls`] if the TLS provider cannot serve TLS 1.2 and 1.3.
pub fn tls_server(identity: Arc<dyn WorkloadIdentity>) -> Result<Arc<ServerConfig>> {
    server(identity, ServerBuilder::with_no_client_auth)
}

fn client(
    identity: Arc<dyn WorkloadIdentity>,
    peers: PeerRules,
    present: impl FnOnce(ClientBuilder) -> ClientConfig,
) -> Result<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(ClockTime(identity.clock())))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PeerVerifier::new(identity, peers)));
    let mut config = present(builder);
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn server(
    identity: Arc<dyn WorkloadIdentity>,
    check: impl FnOnce(ServerBuilder) -> ConfigBuilder<ServerConfig, WantsServerCert>,
) -> Result<Arc<ServerConfig>> {
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(ClockTime(identity.clock())))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let mut config = check(builder).with_cert_resolver(Arc::new(Presented(identity)));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn failed(error: rustls::Error) -> Error {
    Error::new(ErrorKind::Tls, "prepare SPIFFE TLS").with_source(error)
}

/// Lets rustls judge validity by the clock of the identity.
struct ClockTime(Clock);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        self.0.now().duration_since(std::time::SystemTime::UNIX_EPOCH).ok().map(UnixTime::since_unix_epoch)
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
