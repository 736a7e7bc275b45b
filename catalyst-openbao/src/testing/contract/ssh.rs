//! SSH certificates and one-time passwords.

use std::net::IpAddr;
use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};

use super::{done, fresh_name, refused};
use crate::ssh::{
    Allowed, CaRole, CertificateKind, CertificateRequest, Cidr, KeyPair, KeyType, NewSshIssuer, OptionName,
    OtpRequest, OtpRole, Principal, PublicKey, RsaSignature, SshIssuerRef, SshRole,
};
use crate::{OpenBao, RoleName, Ssh, SshAuthority};

/// All checks, one after the other, on an engine that holds nothing yet; `bao` is the client that it was made by. In the
/// end it holds nothing again.
pub async fn all(bao: &OpenBao, ssh: &Ssh) {
    nobody_signs_before_there_is_an_issuer(ssh).await;
    a_certificate_says_what_was_asked_for(ssh).await;
    a_role_forbids_what_it_does_not_allow(ssh).await;
    a_role_says_which_keys_it_signs(ssh).await;
    keys_of_every_kind_are_issued(ssh).await;
    issuers_are_told_apart(ssh).await;
    roles_come_back_as_they_were_written(ssh).await;
    a_one_time_password_is_taken_once(bao, ssh).await;
    roles_are_found_by_address(ssh).await;
    done(ssh.delete_all_issuers().await, "delete all issuers");
}

fn parsed<T: std::str::FromStr<Err = catalyst_core::Error>>(text: &str) -> T {
    done(text.parse(), text)
}

fn only(names: &[&str]) -> Allowed<Principal> {
    Allowed::only(names.iter().map(|name| parsed(name)))
}

/// An Ed25519 key that nobody has the other half of.
fn key() -> PublicKey {
    parsed("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUGI8a74QICUMrorMh2KeJxyD1bDqOuCYDJCZ4+cyl/ ada@laptop")
}

fn user(name: &str) -> CertificateRequest {
    CertificateRequest::user().principal(parsed(name))
}

async fn written(ssh: &Ssh, name: &str, role: impl Into<SshRole>) -> RoleName {
    let name: RoleName = fresh_name(name);
    done(ssh.write_role(&name, &role.into()).await, "write a role");
    name
}

fn forbidden<T: std::fmt::Debug>(result: catalyst_core::Result<T>) {
    refused(result, ErrorKind::PermissionDenied, "not_allowed_by_role");
}

/// Roles may be there already. Afterwards there is one.
pub async fn nobody_signs_before_there_is_an_issuer(ssh: &Ssh) {
    done(ssh.delete_all_issuers().await, "delete all issuers");
    let role = written(ssh, "early", CaRole::for_users(Allowed::Any)).await;
    refused(ssh.sign(&role, &key(), &user("ops")).await, ErrorKind::NotFound, "unknown_issuer");
    refused(ssh.public_key().await, ErrorKind::NotFound, "unknown_issuer");
    refused(ssh.read_ca().await, ErrorKind::NotFound, "unknown_issuer");
    refused(ssh.default_issuer().await, ErrorKind::NotFound, "unknown_issuer");
    assert!(done(ssh.list_issuers().await, "list issuers").is_empty());

    let issuer = done(ssh.generate_ca(KeyType::Ed25519).await, "generate an authority");
    assert_eq!(done(ssh.public_key().await, "read its key"), issuer.public_key);
    assert_eq!(done(ssh.read_ca().await, "read it"), issuer);
    let signed = done(ssh.sign(&role, &key(), &user("ops")).await, "sign");
    assert_eq!((signed.certificate.authority(), &signed.issuer), (&issuer.public_key, &issuer.id));
    done(ssh.delete_role(&role).await, "delete the role");
}

/// And what the role says where nothing was asked for.
pub async fn a_certificate_says_what_was_asked_for(ssh: &Ssh) {
    let role = CaRole::for_users(only(&["ops", "dev"]))
        .default_user(parsed("ops"))
        .ttl(Duration::from_secs(60))
        .max_ttl(Duration::from_secs(3600))
        .user_key_ids(true)
        .backdated_by(Duration::from_secs(10))
        .default_extension(parsed("permit-pty"), "")
        .default_critical_option(parsed("source-address"), "10.0.0.0/8")
        .allowed_extensions(Allowed::only([parsed("permit-port-forwarding")]));
    let name = written(ssh, "users", role).await;
    let usual = done(ssh.sign(&name, &key(), &CertificateRequest::user()).await, "sign").certificate;
    assert_eq!((usual.kind(), usual.public_key()), (CertificateKind::User, &key()));
    assert_eq!(usual.principals(), ["ops"]);
    assert_eq!((usual.extensions()["permit-pty"].as_str(), usual.extensions().len()), ("", 1));
    assert_eq!(usual.critical_options()["source-address"], "10.0.0.0/8");
    let life = usual.valid_before().and_then(|end| end.duration_since(usual.valid_after()?).ok());
    assert_eq!(life, Some(Duration::from_secs(70)));
    assert!(usual.key_id().starts_with("vault-") && usual.key_id().len() > 64, "{}", usual.key_id());

    let request = user("ops")
        .principal(parsed("dev"))
        .ttl(Duration::from_secs(600))
        .key_id("ada at work")
        .extension(parsed("permit-port-forwarding"), "")
        .critical_option(parsed("force-command"), "uptime");
    let asked = done(ssh.sign(&name, &key(), &request).await, "sign").certificate;
    assert_eq!(
        (asked.principals(), asked.key_id()),
        (["dev".into(), "ops".into()].as_slice(), "ada at work")
    );
    assert!(asked.extensions().contains_key("permit-port-forwarding") && asked.extensions().len() == 1);
    assert_eq!(
        (asked.critical_options()["force-command"].as_str(), asked.critical_options().len()),
        ("uptime", 1)
    );
    let life = asked.valid_before().and_then(|end| end.duration_since(asked.valid_after()?).ok());
    assert_eq!(life, Some(Duration::from_secs(610)));
    assert_ne!(asked.serial(), usual.serial());

    let role = CaRole::for_hosts(only(&["example.test"])).subdomains(true).key_id_format("{{role_name}}");
    let hosts = written(ssh, "hosts", role).await;
    let request = CertificateRequest::host().principal(parsed("db.example.test"));
    let host = done(ssh.sign(&hosts, &key(), &request).await, "sign").certificate;
    assert_eq!(
        (host.kind(), host.principals()),
        (CertificateKind::Host, ["db.example.test".into()].as_slice())
    );
    assert_eq!(host.key_id(), hosts.as_str());
    for role in [name, hosts] {
        done(ssh.delete_role(&role).await, "delete the role");
    }
}

/// The server's words say what.
pub async fn a_role_forbids_what_it_does_not_allow(ssh: &Ssh) {
    let role = CaRole::for_users(only(&["ops"]))
        .max_ttl(Duration::from_secs(3600))
        .allowed_extensions(Allowed::only([parsed("permit-pty")]))
        .allowed_critical_options([parsed::<OptionName>("source-address")]);
    let users = written(ssh, "users", role).await;
    for request in [
        user("root"),
        user("ops").principal(parsed("root")),
        CertificateRequest::user(),
        user("ops").ttl(Duration::from_secs(3601)),
        user("ops").key_id("somebody else"),
        user("ops").extension(parsed("permit-x11-forwarding"), ""),
        user("ops").critical_option(parsed("force-command"), "uptime"),
        CertificateRequest::host().principal(parsed("db.example.test")),
    ] {
        forbidden(ssh.sign(&users, &key(), &request).await);
        forbidden(ssh.issue(&users, KeyType::Ed25519, &request).await);
    }
    let hosts = written(ssh, "hosts", CaRole::for_hosts(only(&["example.test"])).bare_domains(true)).await;
    let host = |name: &str| CertificateRequest::host().principal(parsed(name));
    done(ssh.sign(&hosts, &key(), &host("example.test")).await, "sign for the domain itself");
    for request in [host("db.example.test"), host("badexample.test"), user("ops")] {
        forbidden(ssh.sign(&hosts, &key(), &request).await);
    }
    // To everybody, where that is said: a certificate for nobody in particular.
    let open = written(ssh, "open", CaRole::for_users(Allowed::Any)).await;
    let anybody = done(ssh.sign(&open, &key(), &CertificateRequest::user()).await, "sign").certificate;
    assert!(anybody.principals().is_empty());
    let nobody = written(ssh, "nobody", CaRole::for_users(Allowed::none()).empty_principals(true)).await;
    done(ssh.sign(&nobody, &key(), &CertificateRequest::user()).await, "sign for everybody");
    forbidden(ssh.sign(&nobody, &key(), &user("ops")).await);

    let missing: RoleName = fresh_name("missing");
    refused(ssh.sign(&missing, &key(), &user("ops")).await, ErrorKind::NotFound, "unknown_role");
    refused(ssh.issue(&missing, KeyType::Ed25519, &user("ops")).await, ErrorKind::NotFound, "unknown_role");
    let rsa = written(ssh, "rsa", CaRole::for_users(Allowed::Any).rsa_signature(RsaSignature::Sha512)).await;
    let refusal = ssh.sign(&rsa, &key(), &user("ops")).await;
    refused(refusal, ErrorKind::InvalidRequest, "unsupported_by_key");
    for role in [users, hosts, open, nobody, rsa] {
        done(ssh.delete_role(&role).await, "delete the role");
    }
}

/// By kind and size.
pub async fn a_role_says_which_keys_it_signs(ssh: &Ssh) {
    let any = written(ssh, "any", CaRole::for_users(Allowed::Any)).await;
    let rsa = done(ssh.issue(&any, KeyType::Rsa2048, &user("ops")).await, "issue an RSA key");
    let ec = done(ssh.issue(&any, KeyType::EcdsaP384, &user("ops")).await, "issue an ECDSA key");
    let (rsa, ec) = (rsa.signed.certificate.public_key().clone(), ec.signed.certificate.public_key().clone());

    let small = written(ssh, "small", CaRole::for_users(Allowed::Any).ed25519_keys().rsa_keys([2048])).await;
    for key in [&key(), &rsa] {
        done(ssh.sign(&small, key, &user("ops")).await, "sign a key that is allowed");
    }
    forbidden(ssh.sign(&small, &ec, &user("ops")).await);
    done(ssh.issue(&small, KeyType::Ed25519, &user("ops")).await, "issue a key that is allowed");
    done(ssh.issue(&small, KeyType::Rsa2048, &user("ops")).await, "issue a key that is allowed");
    forbidden(ssh.issue(&small, KeyType::Rsa3072, &user("ops")).await);

    let curved =
        written(ssh, "curved", CaRole::for_users(Allowed::Any).rsa_keys([3072]).ecdsa_keys([384])).await;
    done(ssh.sign(&curved, &ec, &user("ops")).await, "sign a key that is allowed");
    for key in [&key(), &rsa] {
        forbidden(ssh.sign(&curved, key, &user("ops")).await);
    }
    // The server does not find these in its own list.
    forbidden(ssh.issue(&curved, KeyType::EcdsaP384, &user("ops")).await);
    for role in [any, small, curved] {
        done(ssh.delete_role(&role).await, "delete the role");
    }
}

/// The private key is in PEM.
pub async fn keys_of_every_kind_are_issued(ssh: &Ssh) {
    let role = written(ssh, "any", CaRole::for_users(Allowed::Any)).await;
    let authority = done(ssh.public_key().await, "read the key of the issuer");
    for (kind, algorithm, label) in [
        (KeyType::Ed25519, "ssh-ed25519", "OPENSSH PRIVATE KEY"),
        (KeyType::EcdsaP256, "ecdsa-sha2-nistp256", "EC PRIVATE KEY"),
        (KeyType::EcdsaP384, "ecdsa-sha2-nistp384", "EC PRIVATE KEY"),
        (KeyType::EcdsaP521, "ecdsa-sha2-nistp521", "EC PRIVATE KEY"),
        (KeyType::Rsa2048, "ssh-rsa", "RSA PRIVATE KEY"),
    ] {
        let issued = done(ssh.issue(&role, kind, &user("ops")).await, "issue");
        let certificate = &issued.signed.certificate;
        assert_eq!((certificate.public_key().algorithm(), certificate.authority()), (algorithm, &authority));
        assert!(issued.private_key.expose().starts_with(&format!("-----BEGIN {label}-----\n")), "{kind:?}");
        let body = issued.private_key.expose().lines().nth(2).unwrap_or_default();
        assert!(!body.is_empty() && !format!("{issued:?}").contains(body));
        // What was issued belongs together.
        done(KeyPair::new(certificate.public_key().clone(), issued.private_key), "a pair");
    }
    done(ssh.delete_role(&role).await, "delete the role");
}

/// By name or identifier; one of them is the default.
pub async fn issuers_are_told_apart(ssh: &Ssh) {
    let first = done(ssh.read_ca().await, "read the authority");
    let name: SshIssuerRef = fresh_name("issuer");
    let new = NewSshIssuer::generated(KeyType::EcdsaP256).name(name.clone());
    let second = done(ssh.add_issuer(&new).await, "add an issuer");
    assert_eq!((second.name.as_ref(), second.public_key.algorithm()), (Some(&name), "ecdsa-sha2-nistp256"));
    refused(ssh.add_issuer(&new).await, ErrorKind::Conflict, "issuer_exists");
    let reserved = NewSshIssuer::generated(KeyType::Ed25519).name(parsed("default"));
    refused(ssh.add_issuer(&reserved).await, ErrorKind::InvalidRequest, "invalid_request");
    assert_eq!(done(ssh.default_issuer().await, "read the default"), first.id);
    let all = done(ssh.list_issuers().await, "list");
    assert!(all.contains(&first) && all.contains(&second));
    for issuer in [&name, &second.id] {
        assert_eq!(done(ssh.read_issuer(issuer).await, "read"), second);
        assert_eq!(done(ssh.issuer_public_key(issuer).await, "read its key"), second.public_key);
    }
    let role = written(ssh, "second", CaRole::for_users(Allowed::Any).issuer(name.clone())).await;
    let signed = done(ssh.sign(&role, &key(), &user("ops")).await, "sign");
    assert_eq!((signed.certificate.authority(), &signed.issuer), (&second.public_key, &second.id));

    let other: SshIssuerRef = fresh_name("other");
    assert_eq!(done(ssh.rename_issuer(&name, &other).await, "rename").name.as_ref(), Some(&other));
    refused(ssh.sign(&role, &key(), &user("ops")).await, ErrorKind::NotFound, "unknown_issuer");
    for result in [
        ssh.read_issuer(&name).await.map(drop),
        ssh.issuer_public_key(&name).await.map(drop),
        ssh.set_default_issuer(&name).await,
        ssh.rename_issuer(&name, &other).await.map(drop),
    ] {
        refused(result, ErrorKind::NotFound, "unknown_issuer");
    }
    for _ in 0..2 {
        done(ssh.set_default_issuer(&other).await, "make it the default");
    }
    assert_eq!(done(ssh.public_key().await, "read the key"), second.public_key);

    // A key that was made elsewhere, twice: the second time nothing changes.
    let any = written(ssh, "any", CaRole::for_users(Allowed::Any)).await;
    let issued = done(ssh.issue(&any, KeyType::Ed25519, &user("ops")).await, "issue");
    let public = issued.signed.certificate.public_key().clone();
    let pair = done(KeyPair::new(public.clone(), issued.private_key), "a pair");
    let imported = done(ssh.import_ca(&pair).await, "import");
    assert_eq!(
        (&imported.public_key, done(ssh.default_issuer().await, "read the default")),
        (&public, imported.id.clone())
    );
    let again = NewSshIssuer::imported(pair.clone()).name(fresh_name("again"));
    assert_eq!(done(ssh.add_issuer(&again).await, "import again"), imported);
    assert_eq!(done(ssh.import_ca(&pair).await, "import again"), imported);
    let signed = done(ssh.sign(&any, &key(), &user("ops")).await, "sign");
    assert_eq!(signed.certificate.authority(), &public);

    done(ssh.delete_issuer(&imported.id).await, "delete the default");
    refused(ssh.public_key().await, ErrorKind::NotFound, "unknown_issuer");
    done(ssh.set_default_issuer(&first.id).await, "make the first the default again");
    for issuer in [&other, &other] {
        done(ssh.delete_issuer(issuer).await, "delete");
    }
    for role in [role, any] {
        done(ssh.delete_role(&role).await, "delete the role");
    }
}

/// With everything that can be set.
pub async fn roles_come_back_as_they_were_written(ssh: &Ssh) {
    let full = CaRole::for_users(only(&["{{identity.entity.name}}", "ops"]))
        .allowed_users_template(true)
        .default_user(parsed("{{identity.entity.name}}"))
        .default_user_template(true)
        .ttl(Duration::from_secs(60))
        .max_ttl(Duration::from_secs(3600))
        .backdated_by(Duration::ZERO)
        .default_extension(parsed("login@example.test"), "{{identity.entity.name}}")
        .default_extensions_template(true)
        .allowed_extensions(Allowed::Any)
        .default_critical_option(parsed("source-address"), "10.0.0.0/8")
        .allowed_critical_options([parsed::<OptionName>("source-address")])
        .user_key_ids(true)
        .key_id_format("{{token_display_name}}")
        .rsa_keys([3072, 4096])
        .ecdsa_keys([256])
        .ed25519_keys()
        .rsa_signature(RsaSignature::Sha512)
        .issuer(parsed("another"))
        .commas_in_templates(true)
        .wildcards_in_templates(true);
    let hosts = CaRole::for_hosts(Allowed::Any)
        .allowed_domains_template(true)
        .bare_domains(true)
        .subdomains(true)
        .empty_principals(true);
    let otp = OtpRole::new(parsed("ubuntu"))
        .allowed_users(Allowed::Any)
        .networks([parsed::<Cidr>("10.0.0.0/8")])
        .excluded([parsed::<Cidr>("10.9.0.0/16")])
        .port(2222);
    let roles: [SshRole; 4] = [full.into(), hosts.into(), otp.into(), OtpRole::new(parsed("ops")).into()];
    let name: RoleName = fresh_name("role");
    refused(ssh.read_role(&name).await, ErrorKind::NotFound, "unknown_role");
    for role in roles {
        done(ssh.write_role(&name, &role).await, "write");
        assert_eq!(done(ssh.read_role(&name).await, "read"), role);
    }
    assert!(done(ssh.list_roles().await, "list").contains(&name.to_string()));
    let long = CaRole::for_users(Allowed::Any).ttl(Duration::from_secs(2)).max_ttl(Duration::from_secs(1));
    for bad in [CaRole::default(), long] {
        refused(ssh.write_role(&name, &bad.into()).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    for _ in 0..2 {
        done(ssh.delete_role(&name).await, "delete");
    }
    refused(ssh.read_role(&name).await, ErrorKind::NotFound, "unknown_role");
}

/// Whoever shows it, unless it was revoked before.
pub async fn a_one_time_password_is_taken_once(bao: &OpenBao, ssh: &Ssh) {
    let role = OtpRole::new(parsed("ubuntu"))
        .allowed_users(only(&["dev"]))
        .networks([parsed::<Cidr>("10.0.0.0/8")])
        .excluded([parsed::<Cidr>("10.9.0.0/16")])
        .port(2222);
    let name = written(ssh, "otp", role).await;
    let ip: IpAddr = [10, 1, 2, 3].into();
    let lease = done(ssh.issue_otp(&name, &OtpRequest::new(ip)).await, "issue");
    assert_eq!((lease.value.username.as_str(), lease.value.ip, lease.value.port), ("ubuntu", ip, 2222));
    assert!(!lease.term.renewable && !lease.term.ttl.is_zero());
    assert!(!format!("{lease:?}").contains(lease.value.password.expose()));
    let verified = done(ssh.verify_otp(&lease.value.password).await, "verify");
    assert_eq!(
        (verified.username.as_str(), verified.ip, verified.role.as_str()),
        ("ubuntu", ip, name.as_str())
    );
    let again = refused(ssh.verify_otp(&lease.value.password).await, ErrorKind::NotFound, "otp_not_found");
    assert!(!format!("{again:?}").contains(lease.value.password.expose()));
    done(bao.leases().revoke(&lease.id).await, "revoke what was used");

    let other = OtpRequest::new(ip).username(parsed("dev"));
    let lease = done(ssh.issue_otp(&name, &other).await, "issue for another user");
    assert_eq!(lease.value.username, "dev");
    done(bao.leases().revoke(&lease.id).await, "revoke");
    for gone in [&lease.value.password, &Secret::new("never was")] {
        refused(ssh.verify_otp(gone).await, ErrorKind::NotFound, "otp_not_found");
    }
    for request in [
        OtpRequest::new([192, 168, 0, 1]),
        OtpRequest::new([10, 9, 0, 1]),
        OtpRequest::new(ip).username(parsed("root")),
    ] {
        forbidden(ssh.issue_otp(&name, &request).await);
    }
    let missing: RoleName = fresh_name("missing");
    let refusal = ssh.issue_otp(&missing, &OtpRequest::new(ip)).await;
    refused(refusal, ErrorKind::NotFound, "unknown_role");
    // A role is for one or for the other.
    forbidden(ssh.sign(&name, &key(), &user("ubuntu")).await);
    forbidden(ssh.issue(&name, KeyType::Ed25519, &user("ubuntu")).await);
    let users = written(ssh, "users", CaRole::for_users(Allowed::Any).default_user(parsed("ops"))).await;
    forbidden(ssh.issue_otp(&users, &OtpRequest::new(ip)).await);
    for role in [name, users] {
        done(ssh.delete_role(&role).await, "delete the role");
    }
}

/// Those that exclude it are found, too.
pub async fn roles_are_found_by_address(ssh: &Ssh) {
    let near = OtpRole::new(parsed("ubuntu")).networks([parsed::<Cidr>("10.0.0.0/8"), parsed("fd00::/8")]);
    let near = written(ssh, "near", near.excluded([parsed::<Cidr>("10.9.0.0/16")])).await;
    let far = written(ssh, "far", OtpRole::new(parsed("ubuntu"))).await;
    let found = async |ip: [u8; 4]| done(ssh.roles_for(ip).await, "look up");
    assert_eq!(found([10, 1, 2, 3]).await, [near.as_str()]);
    assert_eq!(found([10, 9, 2, 3]).await, [near.as_str()]);
    assert!(found([192, 168, 0, 1]).await.is_empty());
    let v6: IpAddr = [0xfd00, 0, 0, 0, 0, 0, 0, 1].into();
    assert_eq!(done(ssh.roles_for(v6).await, "look up"), [near.as_str()]);
    assert!(done(ssh.zero_address_roles().await, "read").is_empty());
    let elsewhere = OtpRequest::new([192, 168, 0, 1]);
    forbidden(ssh.issue_otp(&far, &elsewhere).await);

    let missing: RoleName = fresh_name("missing");
    refused(ssh.set_zero_address_roles(&[missing]).await, ErrorKind::NotFound, "unknown_role");
    done(ssh.set_zero_address_roles(std::slice::from_ref(&far)).await, "set");
    assert_eq!(done(ssh.zero_address_roles().await, "read"), [far.as_str()]);
    assert_eq!(found([192, 168, 0, 1]).await, [far.as_str()]);
    let lease = done(ssh.issue_otp(&far, &elsewhere).await, "issue for any address");
    done(ssh.verify_otp(&lease.value.password).await, "verify");
    for _ in 0..2 {
        done(ssh.set_zero_address_roles(&[]).await, "clear");
    }
    forbidden(ssh.issue_otp(&far, &elsewhere).await);
    assert!(!done(ssh.tidy_dynamic_keys().await, "tidy").is_empty());
    for role in [near, far] {
        done(ssh.delete_role(&role).await, "delete the role");
    }
}
