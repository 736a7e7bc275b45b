use std::io;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Clock;
use catalyst_core::tls::{TlsConfig, TlsIdentity, provider};
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
};
use rustls_pki_types::ServerName;

use super::*;
use crate::mock::{LeafDefect, MockIdentity};
use crate::{Authorizer, WorkloadIdentity};

const API: &str = "spiffe://catalyst.local/ns/shop/sa/api";
const WEB: &str = "spiffe://catalyst.local/ns/shop/sa/web";

/// Which side found what wrong.
#[derive(Debug)]
enum Failed {
    Client(rustls::Error),
    Server(rustls::Error),
}

impl Failed {
    fn reason(&self) -> String {
        let (Self::Client(error) | Self::Server(error)) = self;
        refusal(error).map(|refused| refused.reason().to_owned()).unwrap_or_default()
    }
}

type Done = Result<(ClientConnection, ServerConnection), Failed>;

/// A whole handshake in memory. The name asked for is in no SVID, for names are not what is checked.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Done {
    let name = ServerName::try_from("nowhere.test").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    for _ in 0..20 {
        pass(|to| client.write_tls(to), |from| server.read_tls(from));
        server.process_new_packets().map_err(Failed::Server)?;
        pass(|to| server.write_tls(to), |from| client.read_tls(from));
        client.process_new_packets().map_err(Failed::Client)?;
        if !client.is_handshaking() && !server.is_handshaking() && !client.wants_write() {
            return Ok((client, server));
        }
    }
    panic!("the handshake does not end");
}

fn pass(
    write: impl FnOnce(&mut Vec<u8>) -> io::Result<usize>,
    mut read: impl FnMut(&mut &[u8]) -> io::Result<usize>,
) {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        read(&mut rest).unwrap();
    }
}

fn pair() -> (MockIdentity, MockIdentity) {
    let api = MockIdentity::new(API).unwrap();
    let web = api.sibling(WEB).unwrap();
    (api, web)
}

fn shared(mock: &MockIdentity) -> Arc<dyn WorkloadIdentity> {
    Arc::new(mock.clone())
}

fn only(id: &str) -> Authorizer {
    Authorizer::exact(id.parse().unwrap())
}

fn serial(chain: Option<&[rustls_pki_types::CertificateDer<'_>]>) -> String {
    crate::leaf::read(&chain.unwrap()[0]).unwrap().serial
}

#[test]
fn both_sides_prove_who_they_are_in_tls_1_2_and_1_3() {
    let (api, web) = pair();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = at_version(&web, version);
        let (client, server) = handshake(&client, &server).unwrap();
        assert_eq!(serial(client.peer_certificates()), api.x509().unwrap().serial());
        assert_eq!(serial(server.peer_certificates()), web.x509().unwrap().serial());
        assert_eq!(client.protocol_version(), Some(version.version));
    }
}

/// A client like [`mtls_client`]'s that speaks one version only.
fn at_version(mock: &MockIdentity, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let verifier = Arc::new(peer::PeerVerifier::new(shared(mock), only(API).into()));
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[version]).unwrap();
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    Arc::new(builder.with_client_cert_resolver(Arc::new(present::Presented(shared(mock)))))
}

#[test]
fn the_first_handshake_after_a_rotation_presents_the_new_certificate() {
    let (api, web) = pair();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    let client = mtls_client(shared(&web), only(API)).unwrap();
    handshake(&client, &server).unwrap();
    let (new_api, new_web) = (api.rotate().unwrap(), web.rotate().unwrap());
    let (client, server) = handshake(&client, &server).unwrap();
    assert_eq!(serial(client.peer_certificates()), new_api);
    assert_eq!(serial(server.peer_certificates()), new_web);
}

#[test]
fn a_rotated_authority_is_trusted_with_the_bundle_that_brings_it() {
    let (api, web) = pair();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    let client = mtls_client(shared(&web), only(API)).unwrap();
    api.rotate_authority().unwrap();
    // The client has not received the new bundle yet.
    let Err(Failed::Client(error)) = handshake(&client, &server) else { panic!("accepted") };
    assert!(matches!(error, rustls::Error::InvalidCertificate(_)), "{error}");
    web.rotate().unwrap();
    handshake(&client, &server).unwrap();
}

#[test]
fn nothing_is_resumed_so_a_removed_bundle_counts_at_once() {
    let (api, web) = pair();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    let client = mtls_client(shared(&web), only(API)).unwrap();
    for _ in 0..2 {
        let (client, server) = handshake(&client, &server).unwrap();
        assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(server.handshake_kind(), Some(HandshakeKind::Full));
    }
    web.remove_bundle(web.id().unwrap().trust_domain());
    let failed = handshake(&client, &server).unwrap_err();
    assert_eq!(failed.reason(), "there is no bundle of trust domain catalyst.local");
}

#[test]
fn even_a_peer_that_offers_a_session_is_checked_anew() {
    // A plain rustls client that would resume, against our server: the server must have given it nothing.
    let (api, web) = pair();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    let mut client = ClientConfig::clone(&mtls_client(shared(&web), only(API)).unwrap());
    client.resumption = rustls::client::Resumption::in_memory_sessions(8);
    let client = Arc::new(client);
    handshake(&client, &server).unwrap();
    let (_, second) = handshake(&client, &server).unwrap();
    assert_eq!(second.handshake_kind(), Some(HandshakeKind::Full));
    api.remove_bundle(api.id().unwrap().trust_domain());
    assert!(handshake(&client, &server).is_err());
}

#[test]
fn whoever_the_rules_do_not_name_is_refused_with_the_reason() {
    let (api, _) = pair();
    let rule = Authorizer::namespace(api.id().unwrap().trust_domain().clone(), "shop");
    let server = mtls_server(shared(&api), rule).unwrap();
    let stranger = api.sibling("spiffe://catalyst.local/ns/shop-admin/sa/web").unwrap();
    let client = mtls_client(shared(&stranger), only(API)).unwrap();
    let failed = handshake(&client, &server).unwrap_err();
    assert_eq!(failed.reason(), "expected a workload in namespace shop of catalyst.local");
    let Failed::Server(error) = failed else { panic!("the client refused") };
    assert_eq!(refusal(&error).unwrap().peer().unwrap(), &stranger.id().unwrap());
    let picky = mtls_client(shared(&stranger), only(WEB)).unwrap();
    assert_eq!(handshake(&picky, &server).unwrap_err().reason(), format!("expected {WEB}"));
}

#[test]
fn a_foreign_trust_domain_needs_a_bundle_and_our_word() {
    let api = MockIdentity::new(API).unwrap();
    let partner = MockIdentity::new("spiffe://partner.test/ns/shop/sa/web").unwrap();
    partner.federate(&api);
    let home = api.id().unwrap().trust_domain().clone();
    let away = partner.id().unwrap().trust_domain().clone();
    let client = mtls_client(shared(&partner), PeerRules::new(only(API)).federated(home)).unwrap();
    let anyone = Authorizer::any_of([Authorizer::trust_domain(away.clone())]);
    let closed = mtls_server(shared(&api), anyone.clone()).unwrap();
    let open = mtls_server(shared(&api), PeerRules::new(anyone).federated(away.clone())).unwrap();
    let refused = handshake(&client, &closed).unwrap_err().reason();
    assert_eq!(refused, "trust domain partner.test is neither ours nor one that we federate with");
    assert_eq!(
        handshake(&client, &open).unwrap_err().reason(),
        "there is no bundle of trust domain partner.test"
    );
    api.federate(&partner);
    // The bundle alone is not our word.
    assert!(handshake(&client, &closed).is_err());
    handshake(&client, &open).unwrap();
    api.remove_bundle(&away);
    assert!(handshake(&client, &open).is_err());
}

#[test]
fn an_authority_does_not_vouch_for_another_trust_domain() {
    // Both domains are federated, and yet partner.test's authority must not speak for catalyst.local.
    let api = MockIdentity::new(API).unwrap();
    let forger = MockIdentity::new("spiffe://catalyst.local/ns/shop/sa/web").unwrap();
    let client = mtls_client(shared(&forger), only(API)).unwrap();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    let Err(Failed::Client(_)) = handshake(&client, &server) else {
        panic!("the forger trusts another authority")
    };
    let Err(Failed::Server(error)) =
        handshake(&gullible(&forger.x509().unwrap().tls_identity().clone()), &server)
    else {
        panic!("accepted")
    };
    assert!(matches!(error, rustls::Error::InvalidCertificate(_)) && refusal(&error).is_none(), "{error}");
}

#[test]
fn every_defect_of_a_leaf_is_refused_on_both_sides() {
    let (api, web) = pair();
    let (server, client) = (
        mtls_server(shared(&api), Authorizer::trust_domain(api.id().unwrap().trust_domain().clone()))
            .unwrap(),
        tls_client(shared(&web), Authorizer::trust_domain(api.id().unwrap().trust_domain().clone())).unwrap(),
    );
    for defect in LeafDefect::ALL {
        let raw = web.defective(defect).unwrap();
        let bad = TlsIdentity::from_der(raw.chain, &raw.key).unwrap();
        let Err(Failed::Server(error)) = handshake(&gullible(&bad), &server) else { panic!("{defect:?}") };
        check_refusal(defect, &error);
        let Err(Failed::Client(error)) = handshake(&client, &fixed_server(&bad)) else {
            panic!("{defect:?}")
        };
        check_refusal(defect, &error);
    }
}

fn check_refusal(defect: LeafDefect, error: &rustls::Error) {
    let reason = refusal(error).map(|refused| refused.reason().to_owned()).unwrap_or_default();
    let word = match defect {
        LeafDefect::Expired => {
            let expired = CertificateError::Expired;
            return assert!(error.to_string().contains("expired") || *error == expired.into(), "{error}");
        }
        LeafDefect::UnknownIssuer => {
            return assert!(matches!(error, rustls::Error::InvalidCertificate(_)), "{error}");
        }
        LeafDefect::TwoUriSans => "more than one URI",
        LeafDefect::NoUriSan => "no SPIFFE ID",
        LeafDefect::RootPath => "names a trust domain",
        LeafDefect::Authority => "certificate authority",
        LeafDefect::NoBasicConstraints => "no basic constraints",
        LeafDefect::NoKeyUsage => "no key usage",
        LeafDefect::NoDigitalSignature => "lacks digitalSignature",
        LeafDefect::SigningKeyUsage => "allows signing certificates",
    };
    assert!(reason.contains(word), "{defect:?}: {error}");
}

#[test]
fn a_withdrawn_identity_presents_nothing_and_accepts_nobody() {
    let (api, web) = pair();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    let client = mtls_client(shared(&web), only(API)).unwrap();
    web.withdraw();
    let failed = handshake(&client, &server).unwrap_err();
    assert_eq!(failed.reason(), "we have no identity");
    web.restore().unwrap();
    handshake(&client, &server).unwrap();
    api.withdraw();
    assert!(matches!(handshake(&client, &server), Err(Failed::Server(rustls::Error::General(_)))));
}

#[test]
fn an_expired_identity_is_not_presented() {
    let (clock, hand) = Clock::manual();
    let api = MockIdentity::builder(API).unwrap().clock(clock).build().unwrap();
    let web = api.sibling(WEB).unwrap();
    let server = mtls_server(shared(&api), only(WEB)).unwrap();
    let client = mtls_client(shared(&web), only(API)).unwrap();
    hand.advance(Duration::from_secs(301));
    api.rotate().unwrap();
    let Err(Failed::Server(error)) = handshake(&client, &server) else { panic!("accepted") };
    assert_eq!(error, rustls::Error::NoCertificatesPresented);
    web.rotate().unwrap();
    handshake(&client, &server).unwrap();
}

#[test]
fn the_one_sided_configurations_ask_for_no_certificate() {
    let (api, web) = pair();
    let server = tls_server(shared(&api)).unwrap();
    let (_, accepted) = handshake(&tls_client(shared(&web), only(API)).unwrap(), &server).unwrap();
    assert!(accepted.peer_certificates().is_none());
    let demanding = mtls_server(shared(&api), only(WEB)).unwrap();
    let Err(Failed::Server(error)) = handshake(&tls_client(shared(&web), only(API)).unwrap(), &demanding)
    else {
        panic!("accepted")
    };
    assert_eq!(error, rustls::Error::NoCertificatesPresented);
}

#[test]
fn a_web_client_checks_the_servers_name_and_presents_the_svid() {
    let made = rcgen::generate_simple_self_signed(vec!["nowhere.test".to_owned()]).unwrap();
    let key = catalyst_core::SecretBytes::new(made.signing_key.serialize_der());
    let named = TlsIdentity::from_der(vec![made.cert.der().to_vec()], &key).unwrap();
    let (api, web) = pair();
    let roots = TlsConfig::new().ca_pem(made.cert.pem().as_bytes()).unwrap();
    let client = web_client(shared(&web), roots).unwrap();
    let mut server = ServerConfig::clone(&mtls_server(shared(&api), only(WEB)).unwrap());
    server.cert_resolver = Arc::new(Fixed(named.certified_key()));
    let (_, accepted) = handshake(&client, &Arc::new(server)).unwrap();
    assert_eq!(serial(accepted.peer_certificates()), web.x509().unwrap().serial());
    // A SPIFFE server has no such name.
    let failed = handshake(&client, &mtls_server(shared(&api), only(WEB)).unwrap());
    assert!(matches!(failed, Err(Failed::Client(rustls::Error::InvalidCertificate(_)))));
}

/// A client that presents `identity` and accepts any server.
fn gullible(identity: &TlsIdentity) -> Arc<ClientConfig> {
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone));
    Arc::new(builder.with_client_cert_resolver(Arc::new(Fixed(identity.certified_key()))))
}

fn fixed_server(identity: &TlsIdentity) -> Arc<ServerConfig> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let resolver = Arc::new(Fixed(identity.certified_key()));
    let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Arc::new(config)
}

#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _hello: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl rustls::client::ResolvesClientCert for Fixed {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Anyone;

impl rustls::client::danger::ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &[rustls_pki_types::CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: rustls_pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
