//! SSH, and what OpenSSH itself says of keys and certificates.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use catalyst_core::testing::LogCapture;
use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::ssh::{
    Allowed, CaRole, CertificateKind, CertificateRequest, KeyPair, KeyType, OtpRequest, OtpRole,
};
use catalyst_openbao::testing::contract;
use catalyst_openbao::{EngineType, ErrorKind, Login, OpenBao, Secret, Ssh, SshAuthority};
use catalyst_tests::servers::OpenBaoServer;
use catalyst_tests::servers::install::ssh_keygen;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::live::workload::{builder, mount, role};

async fn start() -> (OpenBaoServer, OpenBao, Ssh) {
    let server = OpenBaoServer::start_dev().await.unwrap();
    server.api().unwrap().write("sys/mounts/ssh", &json!({ "type": "ssh" })).await.unwrap();
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    let ssh = bao.ssh(mount("ssh"));
    (server, bao, ssh)
}

/// What `ssh-keygen` prints.
async fn keygen(arguments: &[&str], file: &Path) -> String {
    let mut command = Command::new(ssh_keygen().await.unwrap());
    let output = command.args(arguments).arg("-f").arg(file).env("TZ", "UTC").output().await.unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

fn private_file(folder: &TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let file = folder.path().join(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(&file).unwrap().write_all(text.as_bytes()).unwrap();
    file
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let (_server, bao, ssh) = start().await;
    contract::ssh::all(&bao, &ssh).await;
}

/// Issues keys of every kind, and has OpenSSH read them.
async fn is_read_by_openssh(ssh: &Ssh) {
    let folder = TempDir::new().unwrap();
    ssh.generate_ca(KeyType::Ed25519).await.unwrap();
    let users = CaRole::for_users(Allowed::only(["ops".parse().unwrap(), "dev".parse().unwrap()]))
        .allowed_extensions(Allowed::Any)
        .user_key_ids(true);
    ssh.write_role(&role("users"), &users.into()).await.unwrap();
    let request = CertificateRequest::user()
        .principal("ops".parse().unwrap())
        .principal("dev".parse().unwrap())
        .ttl(Duration::from_secs(300))
        .key_id("ada at work")
        .extension("permit-pty".parse().unwrap(), "")
        .critical_option("source-address".parse().unwrap(), "10.0.0.0/8");
    let kinds =
        [KeyType::Ed25519, KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::EcdsaP521, KeyType::Rsa2048];
    for (number, kind) in kinds.into_iter().enumerate() {
        let issued = ssh.issue(&role("users"), kind, &request).await.unwrap();
        let certificate = &issued.signed.certificate;
        let file = folder.path().join(format!("key-{number}-cert.pub"));
        fs::write(&file, format!("{certificate}\n")).unwrap();
        let shown = keygen(&["-L"], &file).await;
        for said in [
            format!("Type: {}-cert-v01@openssh.com user certificate", certificate.public_key().algorithm()),
            "Key ID: \"ada at work\"".to_owned(),
            format!("Serial: {}", certificate.serial().number()),
            "source-address 10.0.0.0/8".to_owned(),
            "permit-pty".to_owned(),
            "(using ssh-ed25519)".to_owned(),
        ] {
            assert!(shown.contains(&said), "{said} is not in {shown}");
        }
        let listed: Vec<&str> =
            shown.lines().map(str::trim).filter(|line| matches!(*line, "ops" | "dev")).collect();
        assert_eq!(listed, certificate.principals());
        // The private half belongs to what was certified.
        let key = private_file(&folder, &format!("key-{number}"), issued.private_key.expose());
        let public: Vec<String> =
            keygen(&["-y"], &key).await.split_whitespace().take(2).map(str::to_owned).collect();
        assert_eq!(public.join(" "), certificate.public_key().as_str(), "{kind:?}");
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn openssh_reads_what_the_server_makes() {
    let (_server, _bao, ssh) = start().await;
    is_read_by_openssh(&ssh).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn openssh_reads_what_the_model_makes() {
    let bao = MockOpenBao::new();
    assert!(bao.model().mount_engine("ssh", &EngineType::Ssh));
    is_read_by_openssh(&bao.client().unwrap().ssh(mount("ssh"))).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_key_that_openssh_made_becomes_the_authority_and_is_never_shown() {
    let (_server, bao, ssh) = start().await;
    let (folder, logs) = (TempDir::new().unwrap(), LogCapture::default());
    let _listening = logs.listen();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let file = folder.path().join(kind);
        keygen(&["-q", "-t", kind, "-N", ""], &file).await;
        let private = fs::read_to_string(&file).unwrap();
        let public = fs::read_to_string(file.with_extension("pub")).unwrap().parse().unwrap();
        let pair = KeyPair::new(public, Secret::new(private.as_str())).unwrap();
        logs.add(&format!("{pair:?}"));
        let authority = ssh.import_ca(&pair).await.unwrap();
        assert_eq!(&authority.public_key, pair.public_key(), "{kind}");
        ssh.write_role(&role("hosts"), &CaRole::for_hosts(Allowed::Any).into()).await.unwrap();
        let request = CertificateRequest::host().principal("db.example.test".parse().unwrap());
        let issued = ssh.issue(&role("hosts"), KeyType::Ed25519, &request).await.unwrap();
        let certificate = &issued.signed.certificate;
        assert_eq!((certificate.kind(), certificate.authority()), (CertificateKind::Host, pair.public_key()));
        logs.add(&format!("{issued:?}"));
        // The public half stands in the private key, too.
        let public = format!("{} {}", pair.public_key(), certificate.public_key());
        let secrets: Vec<&str> = [private.as_str(), issued.private_key.expose()]
            .into_iter()
            .flat_map(str::lines)
            .filter(|line| line.len() > 60 && !public.contains(*line))
            .collect();
        assert!(secrets.len() > 2, "{kind}");
        logs.assert_absent(&secrets);
    }
    let open = OtpRole::new("ubuntu".parse().unwrap())
        .networks(["10.0.0.0/8".parse::<catalyst_openbao::ssh::Cidr>().unwrap()]);
    ssh.write_role(&role("otp"), &open.into()).await.unwrap();
    let lease = ssh.issue_otp(&role("otp"), &OtpRequest::new([10, 0, 0, 1])).await.unwrap();
    logs.add(&format!("{lease:?} {:?}", ssh.verify_otp(&lease.value.password).await.unwrap()));
    logs.add(&format!("{:?}", ssh.verify_otp(&lease.value.password).await.unwrap_err()));
    logs.assert_absent(&[lease.value.password.expose()]);
    bao.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn hosts_need_no_token() {
    let (server, _bao, ssh) = start().await;
    let authority = ssh.generate_ca(KeyType::Ed25519).await.unwrap();
    let open = OtpRole::new("ubuntu".parse().unwrap())
        .networks(["10.0.0.0/8".parse::<catalyst_openbao::ssh::Cidr>().unwrap()]);
    ssh.write_role(&role("otp"), &open.into()).await.unwrap();
    let lease = ssh.issue_otp(&role("otp"), &OtpRequest::new([10, 0, 0, 1])).await.unwrap();

    let stranger = builder(&server).login(Login::token(Secret::new("never-was"))).build().unwrap();
    let host = stranger.ssh(mount("ssh"));
    assert_eq!(host.public_key().await.unwrap(), authority.public_key);
    assert_eq!(host.issuer_public_key(&authority.id).await.unwrap(), authority.public_key);
    assert_eq!(host.verify_otp(&lease.value.password).await.unwrap().username, "ubuntu");
    let error = host.verify_otp(&lease.value.password).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("otp_not_found")));
    assert!(host.read_ca().await.is_err());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_template_lets_everybody_in_as_themselves() {
    let (server, _bao, ssh) = start().await;
    let api = server.api().unwrap();
    api.write("sys/auth/userpass", &json!({ "type": "userpass" })).await.unwrap();
    let policy = json!({ "policy": "path \"ssh/sign/own\" { capabilities = [\"update\"] }" });
    api.write("sys/policies/acl/sign", &policy).await.unwrap();
    let user = json!({ "password": "password", "token_policies": "sign" });
    api.write("auth/userpass/users/ada", &user).await.unwrap();
    let login = api.write("auth/userpass/login/ada", &json!({ "password": "password" })).await.unwrap();
    let (token, entity) = (&login["auth"]["client_token"], login["auth"]["entity_id"].as_str().unwrap());
    let issuer = ssh.generate_ca(KeyType::Ed25519).await.unwrap();
    let own = CaRole::for_users(Allowed::only(["{{identity.entity.metadata.login}}".parse().unwrap()]))
        .allowed_users_template(true);
    ssh.write_role(&role("own"), &own.into()).await.unwrap();

    let ada = builder(&server).login(Login::token(Secret::new(token.as_str().unwrap()))).build().unwrap();
    let ada = ada.ssh(mount("ssh"));
    let as_user = |name: &str| CertificateRequest::user().principal(name.parse().unwrap());
    for (login, name, allowed) in
        [("", "ada", false), ("ada", "ada", true), ("ada", "root", false), ("ada,root", "root", false)]
    {
        if !login.is_empty() {
            let entity = format!("identity/entity/id/{entity}");
            api.write(&entity, &json!({ "metadata": { "login": login } })).await.unwrap();
        }
        let signed = ada.sign(&role("own"), &issuer.public_key, &as_user(name)).await;
        match signed {
            Ok(signed) => assert!(allowed && signed.certificate.principals() == [name], "{login} {name}"),
            Err(error) => {
                let found = (error.kind(), error.code());
                let wanted = (ErrorKind::PermissionDenied, Some("not_allowed_by_role"));
                assert!(!allowed && found == wanted, "{login} {name}: {error:?}");
            }
        }
    }
}
