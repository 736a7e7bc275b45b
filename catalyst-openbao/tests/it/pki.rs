//! The contract of certificates on the model, in memory and over HTTP; what time does to them.

use std::time::Duration;

use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::pki::{AuthorityTerms, CertificateRequest, CrlConfig, CsrPem, NewAuthority, PkiRole};
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{CertificateAuthority, EngineType, Pki};
use rcgen::{CertificateParams, DnType, KeyPair};
use tokio::time::advance;

fn csr() -> CsrPem {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "csr.example.test");
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    let mock = MockOpenBao::new();
    assert!(mock.model().mount_engine("root", &EngineType::Pki));
    assert!(mock.model().mount_engine("pki", &EngineType::Pki));
    let bao = mock.client().unwrap();
    contract::pki::all(&bao.pki("root".parse().unwrap()), &bao.pki("pki".parse().unwrap()), &csr()).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    assert!(fake.model().mount_engine("team/root", &EngineType::Pki));
    assert!(fake.model().mount_engine("team/pki", &EngineType::Pki));
    let bao = fake.client().unwrap();
    let (root, pki) = (bao.pki("team/root".parse().unwrap()), bao.pki("team/pki".parse().unwrap()));
    contract::pki::all(&root, &pki, &csr()).await;
}

async fn issuing(role: PkiRole) -> (MockOpenBao, Pki) {
    let mock = MockOpenBao::new();
    mock.model().mount_engine("pki", &EngineType::Pki);
    let pki = mock.client().unwrap().pki("pki".parse().unwrap());
    pki.generate_root(&NewAuthority::new(AuthorityTerms::new("Root"))).await.unwrap();
    pki.write_role(&"web".parse().unwrap(), &role.allow_any_name(true)).await.unwrap();
    (mock, pki)
}

#[tokio::test(start_paused = true)]
async fn a_list_is_made_anew_when_the_last_one_has_ended() {
    let (_mock, pki) = issuing(PkiRole::new()).await;
    let first = pki.crl().await.unwrap();
    advance(Duration::from_secs(71 * 3600)).await;
    assert_eq!(pki.crl().await.unwrap(), first);
    advance(Duration::from_secs(3600)).await;
    assert_ne!(pki.crl().await.unwrap(), first);
}

#[tokio::test(start_paused = true)]
async fn what_is_revoked_between_two_whole_lists_is_on_the_small_one() {
    let (_mock, pki) = issuing(PkiRole::new()).await;
    pki.configure_crl(&CrlConfig::new().auto_rebuild(true).enable_delta(true)).await.unwrap();
    let (whole, small) = (pki.crl().await.unwrap(), pki.delta_crl().await.unwrap());
    let issued = pki.issue(&"web".parse().unwrap(), &CertificateRequest::new("a")).await.unwrap();
    pki.revoke(&issued.signed.serial).await.unwrap();
    assert_eq!((pki.crl().await.unwrap(), pki.delta_crl().await.unwrap()), (whole.clone(), small.clone()));
    pki.rotate_delta_crl().await.unwrap();
    assert_eq!(pki.crl().await.unwrap(), whole);
    assert!(pki.delta_crl().await.unwrap().der().len() > small.der().len());
    pki.rotate_crl().await.unwrap();
    assert!(pki.crl().await.unwrap().der().len() > whole.der().len());
    // Signatures differ by some bytes, entries have more.
    assert!(pki.delta_crl().await.unwrap().der().len().abs_diff(small.der().len()) < 16);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_a_lease_that_was_revoked_is_on_the_list() {
    let (mock, pki) = issuing(PkiRole::new().generate_lease(true).ttl(Duration::from_secs(60))).await;
    let role = "web".parse().unwrap();
    let (revoked, ended) = (
        pki.issue(&role, &CertificateRequest::new("a")).await.unwrap().signed,
        pki.issue(&role, &CertificateRequest::new("b")).await.unwrap().signed,
    );
    let before = pki.crl().await.unwrap();
    let lease = revoked.lease.unwrap();
    mock.client().unwrap().leases().revoke(&lease.id).await.unwrap();
    assert!(pki.certificate(&revoked.serial).await.unwrap().revoked_at.is_some());
    assert!(pki.crl().await.unwrap().der().len() > before.der().len());
    // One whose time is over need not be revoked.
    advance(Duration::from_secs(61)).await;
    assert!(pki.certificate(&ended.serial).await.unwrap().revoked_at.is_none());
}
