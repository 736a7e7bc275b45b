//! The contract of SSH on the model, in memory and over HTTP; what time and policies do to it, and its certificates.

use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::ssh::{Allowed, CaRole, CertificateRequest, Cidr, KeyType, OtpRequest, OtpRole};
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{EngineType, RoleName, SshAuthority};
use tokio::time::advance;

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("ssh", &EngineType::Ssh));
    let client = bao.client().unwrap();
    contract::ssh::all(&client, &client.ssh("ssh".parse().unwrap())).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    assert!(fake.model().mount_engine("team/ssh", &EngineType::Ssh));
    let client = fake.client().unwrap();
    contract::ssh::all(&client, &client.ssh("team/ssh".parse().unwrap())).await;
}

#[tokio::test(start_paused = true)]
async fn a_one_time_password_ends_with_its_lease() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("ssh", &EngineType::Ssh));
    let ssh = bao.client().unwrap().ssh("ssh".parse().unwrap());
    let role: RoleName = "otp".parse().unwrap();
    let open = OtpRole::new("ubuntu".parse().unwrap()).networks(["0.0.0.0/0".parse::<Cidr>().unwrap()]);
    ssh.write_role(&role, &open.into()).await.unwrap();
    let lease = ssh.issue_otp(&role, &OtpRequest::new([10, 0, 0, 1])).await.unwrap();
    advance(lease.term.ttl + Duration::from_secs(1)).await;
    let error = ssh.verify_otp(&lease.value.password).await.unwrap_err();
    assert_eq!(error.code(), Some("otp_not_found"));
}

#[tokio::test(start_paused = true)]
async fn the_certificates_of_the_model_are_really_signed() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("ssh", &EngineType::Ssh));
    let ssh = bao.client().unwrap().ssh("ssh".parse().unwrap());
    let authority = ssh.generate_ca(KeyType::Ed25519).await.unwrap().public_key;
    let role: RoleName = "any".parse().unwrap();
    ssh.write_role(&role, &CaRole::for_users(Allowed::Any).into()).await.unwrap();
    let issued = ssh.issue(&role, KeyType::EcdsaP256, &CertificateRequest::user()).await.unwrap();
    let bytes = |line: &str| STANDARD.decode(line.split(' ').nth(1).unwrap()).unwrap();
    let (certificate, authority) = (bytes(issued.signed.certificate.as_str()), bytes(authority.as_str()));
    // The signature stands at the end, with its own length and that of its algorithm's name before it.
    let (signed, signature) = certificate.split_at(certificate.len() - 64 - 4 - 11 - 4 - 4);
    let public = UnparsedPublicKey::new(&ED25519, &authority[authority.len() - 32..]);
    assert!(public.verify(signed, &signature[signature.len() - 64..]).is_ok());
}
