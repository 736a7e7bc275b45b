//! Certificates.

use std::time::{Duration, SystemTime};

use catalyst_core::{Clock, ErrorKind, Secret};

use super::{done, fresh_name, refused};
use crate::pki::{
    AcmeConfig, AuthorityKey, AuthorityTerms, AuthorityUrls, AutoTidy, BeyondIssuer, CertificatePem,
    CertificateRequest, CrlConfig, CsrPem, EabPolicy, IssuedCertificate, IssuerRef, IssuerUpdate,
    IssuerUsage, KeyAlgorithm, NewAuthority, PkiRole, RoleKey, SerialNumber, Tidy, TidyState,
};
use crate::{CertificateAuthority, Pki, RoleName};

const HOUR: Duration = Duration::from_secs(3600);

/// All checks, one after the other. The mounts hold nothing: `root` is to be the upper one, `pki` the one that issues.
/// `csr` is a request for signing of the name `csr.example.test`, whose key is an ECDSA key on the curve P-256.
pub async fn all(root: &Pki, pki: &Pki, csr: &CsrPem) {
    without_an_issuer_nothing_is_issued(pki).await;
    a_root_signs_who_issues(root, pki).await;
    a_role_comes_back_as_it_was_written(pki).await;
    what_is_issued_says_what_was_asked_for(pki).await;
    a_role_forbids_what_it_does_not_allow(pki).await;
    a_certificate_ends_with_its_issuer(pki).await;
    a_key_that_stays_elsewhere_is_signed(pki, csr).await;
    what_is_revoked_is_on_the_list(pki).await;
    what_was_issued_elsewhere_is_not_revoked_here(root, pki).await;
    a_lease_takes_its_certificate_along(pki).await;
    issuers_have_names_and_one_is_the_default(root).await;
    a_key_lives_as_long_as_its_issuers(root).await;
    an_authority_moves_with_its_key(root, pki).await;
    settings_come_back_as_they_were_written(pki).await;
    what_has_expired_is_taken_away(pki).await;
}

async fn role(pki: &Pki, role: PkiRole) -> RoleName {
    let name = fresh_name("role");
    done(pki.write_role(&name, &role).await, "write a role");
    name
}

/// Below `example.test`, for minutes.
fn web() -> PkiRole {
    PkiRole::new().allowed_domains(["example.test"]).allow_subdomains(true).ttl(HOUR / 6).max_ttl(HOUR)
}

async fn issue(pki: &Pki, role: &RoleName) -> IssuedCertificate {
    done(pki.issue(role, &CertificateRequest::new("a.example.test")).await, "issue")
}

/// Whether `found` is `wanted`, as clocks and seconds go.
fn about(found: SystemTime, wanted: SystemTime) -> bool {
    let apart = found.duration_since(wanted).or_else(|_| wanted.duration_since(found)).unwrap_or_default();
    apart < Duration::from_secs(60)
}

/// Nor is there a chain or a list.
pub async fn without_an_issuer_nothing_is_issued(pki: &Pki) {
    assert!(done(pki.issuers().await, "list issuers").is_empty());
    assert!(done(pki.keys().await, "list keys").is_empty());
    assert!(done(pki.certificates(None, 10).await, "list certificates").is_empty());
    assert!(done(pki.default_issuer().await, "read the default issuer").is_none());
    let role = role(pki, web()).await;
    let request = CertificateRequest::new("a.example.test");
    refused(pki.issue(&role, &request).await, ErrorKind::NotFound, "no_issuer");
    refused(pki.chain().await, ErrorKind::NotFound, "no_issuer");
    refused(pki.crl().await, ErrorKind::NotFound, "no_issuer");
    let nobody = pki.by(fresh_name("nobody"));
    refused(nobody.issue(&role, &request).await, ErrorKind::NotFound, "unknown_issuer");
    let unknown = pki.issue(&fresh_name("unknown"), &request).await;
    refused(unknown, ErrorKind::NotFound, "unknown_role");
}

/// Two levels: the chain goes from the one that issues to the root.
pub async fn a_root_signs_who_issues(root: &Pki, pki: &Pki) {
    let terms = AuthorityTerms::new("Contract Root").ttl(HOUR * 24 * 30).organization(["Example"]);
    let new = NewAuthority::new(terms).issuer_name(done("root-a".parse(), "a name"));
    let made = done(root.generate_root(&new).await, "generate a root");
    assert!(made.private_key.is_none());
    refused(root.generate_root(&new).await, ErrorKind::Conflict, "name_taken");
    assert_eq!(done(root.chain().await, "read the chain"), std::slice::from_ref(&made.certificate));
    assert_eq!(done(root.default_issuer().await, "read the default"), Some(made.issuer));

    let terms = AuthorityTerms::new("Contract Issuer").ttl(HOUR * 24).max_path_length(0);
    let asked =
        done(pki.generate_intermediate(&NewAuthority::new(terms.clone())).await, "ask for an intermediate");
    let signed = done(root.sign_intermediate(&asked.csr, &terms).await, "sign it");
    assert_eq!(signed.chain, std::slice::from_ref(&made.certificate));
    let imported = done(pki.set_signed(&signed.with_chain()).await, "set it");
    assert_eq!((imported.issuers.len(), imported.keys.len()), (2, 0));
    let again = done(pki.set_signed(&signed.with_chain()).await, "set it again");
    assert_eq!((again.issuers.len(), again.existing_issuers.len()), (0, 2));
    assert_eq!(done(pki.chain().await, "read the chain"), signed.with_chain());
    let listed = done(pki.issuers().await, "list");
    let of_key: Vec<bool> = listed.iter().map(|issuer| issuer.key.is_some()).collect();
    assert_eq!(of_key.iter().filter(|has| **has).count(), 1, "{listed:?}");
    let Some(keyless) = listed.iter().find(|issuer| issuer.key.is_none()) else { panic!("{listed:?}") };
    assert!(!keyless.is_default);
    let role = role(pki, web()).await;
    let keyless = pki.by(keyless.id.clone());
    let refusal = keyless.issue(&role, &CertificateRequest::new("a.example.test")).await;
    refused(refusal, ErrorKind::InvalidRequest, "issuer_without_key");
    refused(keyless.crl().await, ErrorKind::InvalidRequest, "issuer_without_key");
}

/// What this crate does not know stays as it is.
pub async fn a_role_comes_back_as_it_was_written(pki: &Pki) {
    let name: RoleName = fresh_name("role");
    assert!(done(pki.role(&name).await, "read one that is not there").is_none());
    let written = web()
        .key(RoleKey::Of(KeyAlgorithm::EcP384))
        .allow_ip_sans(true)
        .allowed_ip_sans_cidr(["10.0.0.0/8"])
        .allowed_uri_sans(["spiffe://example.test/*"])
        .organization(["Example"])
        .not_before_duration(Duration::from_secs(60));
    done(pki.write_role(&name, &written).await, "write");
    let Some(found) = done(pki.role(&name).await, "read") else { panic!("{name} is not there") };
    assert!(written.is_met_by(&found), "{found:?}");
    assert!(found.other.contains_key("cn_validations"), "{:?}", found.other);
    done(pki.write_role(&name, &found).await, "write what was read");
    assert_eq!(done(pki.role(&name).await, "read again"), Some(found));
    assert!(done(pki.roles().await, "list").contains(&name.to_string()));
    for bad in [
        web().ttl(HOUR * 2),
        web().key(RoleKey::Other { key_type: "nope".to_owned(), key_bits: 0 }),
        web().key(RoleKey::Other { key_type: "ec".to_owned(), key_bits: 7 }),
    ] {
        refused(pki.write_role(&name, &bad).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    for _ in 0..2 {
        done(pki.delete_role(&name).await, "delete");
    }
    assert!(done(pki.role(&name).await, "read the deleted").is_none());
}

/// With a key that is its own, for as long as was asked for, and no longer than the role allows.
pub async fn what_is_issued_says_what_was_asked_for(pki: &Pki) {
    let rule = web().allow_ip_sans(true).allowed_uri_sans(["spiffe://example.test/*"]);
    let name = role(pki, rule.clone()).await;
    let request = CertificateRequest::new("a.example.test")
        .alt_names(["b.example.test"])
        .ip_sans([[127, 0, 0, 1]])
        .uri_sans(["spiffe://example.test/a"])
        .ttl(HOUR / 2);
    let issued = done(pki.issue(&name, &request).await, "issue");
    let signed = &issued.signed;
    let chain = done(pki.chain().await, "read the chain");
    assert_eq!((chain.first(), &signed.chain), (Some(&signed.issuing_ca), &chain[..1].to_vec()));
    let Some(begins) = signed.not_before else { panic!("{signed:?}") };
    assert!(about(begins + HOUR / 2, signed.expires_at), "{signed:?}");
    assert!(signed.lease.is_none() && !format!("{issued:?}").contains("PRIVATE"));
    let identity = done(issued.tls_identity(), "make it an identity");
    assert_eq!(identity.leaf(), signed.certificate.der());
    let kept = done(pki.certificate(&signed.serial).await, "read it");
    assert_eq!((&kept.certificate, kept.revoked_at), (&signed.certificate, None));

    let other =
        done(pki.issue(&name, &request.clone().with_root(true).ttl(HOUR * 5)).await, "issue another one");
    assert_eq!(other.signed.chain, chain);
    assert!(other.signed.serial != signed.serial && other.private_key != issued.private_key);
    assert!(about(other.signed.expires_at, begins + HOUR), "cut to the maximum: {:?}", other.signed);
    for algorithm in [KeyAlgorithm::EcP384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048] {
        let name = role(pki, rule.clone().key(RoleKey::Any)).await;
        let issued = done(pki.issue(&name, &request.clone().key(algorithm)).await, "issue with another key");
        done(issued.tls_identity(), "make it an identity");
        refused(pki.issue(&name, &request).await, ErrorKind::InvalidRequest, "key_not_allowed");
    }
}

/// Names, addresses and URIs.
pub async fn a_role_forbids_what_it_does_not_allow(pki: &Pki) {
    let strict = role(pki, web()).await;
    let request = || CertificateRequest::new("a.example.test");
    for bad in [
        CertificateRequest::new("example.test"),
        CertificateRequest::new("evil.test"),
        CertificateRequest::new("*.example.test"),
        CertificateRequest::new("a_b.example.test"),
        CertificateRequest::new("localhost"),
        request().alt_names(["evil.test"]),
        request().alt_names(["a@evil.test"]),
        request().alt_names(["b.example.test,evil.test"]),
        request().ip_sans([[127, 0, 0, 1]]),
        request().uri_sans(["spiffe://example.test/a"]),
        request().other_sans(["1.2.3;UTF8:x"]),
    ] {
        refused(pki.issue(&strict, &bad).await, ErrorKind::PermissionDenied, "name_not_allowed");
    }
    let unnamed = pki.issue(&strict, &CertificateRequest::unnamed()).await;
    refused(unnamed, ErrorKind::InvalidRequest, "invalid_request");
    let loose = PkiRole::new()
        .allowed_domains(["example.test", "*.glob.test"])
        .allow_bare_domains(true)
        .allow_glob_domains(true)
        .allow_subdomains(true)
        .allow_wildcard_certificates(true)
        .allow_localhost(true)
        .allow_ip_sans(true)
        .allowed_ip_sans_cidr(["10.0.0.0/8"])
        .allowed_uri_sans(["spiffe://example.test/*"])
        .ttl(HOUR);
    let loose = role(pki, loose).await;
    for good in ["example.test", "a.glob.test", "*.example.test", "localhost", "a@example.test"] {
        done(pki.issue(&loose, &CertificateRequest::new(good)).await, good);
    }
    done(pki.issue(&loose, &request().ip_sans([[10, 1, 2, 3]])).await, "an address of the block");
    for bad in [
        CertificateRequest::new("glob.test"),
        request().ip_sans([[127, 0, 0, 1]]),
        request().uri_sans(["spiffe://other/a"]),
    ] {
        refused(pki.issue(&loose, &bad).await, ErrorKind::PermissionDenied, "name_not_allowed");
    }
    let any =
        role(pki, PkiRole::new().allow_any_name(true).enforce_hostnames(false).require_cn(false).ttl(HOUR))
            .await;
    done(pki.issue(&any, &CertificateRequest::new("any name")).await, "any name");
    done(pki.issue(&any, &CertificateRequest::unnamed()).await, "no name");
}

/// Or is refused, as the issuer says.
pub async fn a_certificate_ends_with_its_issuer(pki: &Pki) {
    let long = role(pki, PkiRole::new().allow_any_name(true).max_ttl(HOUR * 1000)).await;
    let request = CertificateRequest::new("a.example.test").ttl(HOUR * 500);
    refused(pki.issue(&long, &request).await, ErrorKind::InvalidRequest, "ttl_beyond_issuer");
    let Some(id) = done(pki.default_issuer().await, "read the default") else { panic!("there is none") };
    let set = |beyond| IssuerUpdate::new().beyond(beyond);
    done(pki.update_issuer(&id, &set(BeyondIssuer::Truncate)).await, "let it truncate");
    let issued = done(pki.issue(&long, &request).await, "issue");
    assert!(issued.signed.expires_at.duration_since(Clock::system().now()).unwrap_or_default() < HOUR * 30);
    done(pki.update_issuer(&id, &set(BeyondIssuer::Permit)).await, "let it permit");
    let issued = done(pki.issue(&long, &request).await, "issue");
    assert!(issued.signed.expires_at.duration_since(Clock::system().now()).unwrap_or_default() > HOUR * 400);
    done(pki.update_issuer(&id, &set(BeyondIssuer::Refuse)).await, "let it refuse");
    assert_eq!(done(pki.issuer(&id).await, "read it").beyond, BeyondIssuer::Refuse);
}

/// If the role wants such a key, and what was sent is a request at all.
pub async fn a_key_that_stays_elsewhere_is_signed(pki: &Pki, csr: &CsrPem) {
    let name = role(pki, web()).await;
    let signed = done(pki.sign(&name, csr, &CertificateRequest::unnamed()).await, "sign");
    assert_eq!(done(pki.certificate(&signed.serial).await, "read it").certificate, signed.certificate);
    // The name of the request for signing counts, and the other one is passed over.
    done(pki.sign(&name, csr, &CertificateRequest::new("evil.test")).await, "sign with another name");
    let elsewhere = role(pki, web().use_csr_common_name(false).use_csr_sans(false)).await;
    let refusal = pki.sign(&elsewhere, csr, &CertificateRequest::new("evil.test")).await;
    refused(refusal, ErrorKind::PermissionDenied, "name_not_allowed");
    done(
        pki.sign(&elsewhere, csr, &CertificateRequest::new("a.example.test")).await,
        "sign with an allowed one",
    );
    let rsa = role(pki, web().key(RoleKey::Of(KeyAlgorithm::Rsa2048))).await;
    let refusal = pki.sign(&rsa, csr, &CertificateRequest::unnamed()).await;
    refused(refusal, ErrorKind::InvalidRequest, "key_not_allowed");
    let narrow = role(pki, web().allowed_domains(["other.test"])).await;
    let refusal = pki.sign(&narrow, csr, &CertificateRequest::unnamed()).await;
    refused(refusal, ErrorKind::PermissionDenied, "name_not_allowed");
    // Here nobody asks the role.
    let request = CertificateRequest::unnamed().ttl(HOUR);
    done(pki.sign_verbatim(Some(&narrow), csr, &request).await, "sign verbatim by a role");
    done(pki.sign_verbatim(None, csr, &request).await, "sign verbatim");
    let unknown = pki.sign_verbatim(Some(&fresh_name("unknown")), csr, &request).await;
    refused(unknown, ErrorKind::NotFound, "unknown_role");

    let empty = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----";
    let empty: CsrPem = done(empty.parse(), "what looks like a request");
    refused(pki.sign(&name, &empty, &request).await, ErrorKind::InvalidRequest, "malformed_input");
    let refusal = pki.sign_intermediate(&empty, &AuthorityTerms::new("x")).await;
    refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
}

/// However often, and by whatever it is named.
pub async fn what_is_revoked_is_on_the_list(pki: &Pki) {
    let name = role(pki, web()).await;
    let before = done(pki.crl().await, "read the list");
    let (first, second, third) = (issue(pki, &name).await, issue(pki, &name).await, issue(pki, &name).await);
    for _ in 0..2 {
        done(pki.revoke(&first.signed.serial).await, "revoke by number");
        done(pki.revoke_certificate(&second.signed.certificate).await, "revoke by certificate");
        done(pki.revoke_with_key(&third.signed.certificate, &third.private_key).await, "revoke as its owner");
    }
    let after = done(pki.crl().await, "read the list");
    assert!(after.der().len() > before.der().len());
    let revoked = done(pki.revoked(None, 1000).await, "list the revoked");
    for serial in [&first, &second, &third].map(|issued| &issued.signed.serial) {
        assert!(revoked.contains(serial));
        let kept = done(pki.certificate(serial).await, "read it");
        assert!(kept.revoked_at.is_some_and(|at| about(at, Clock::system().now())) && kept.issuer.is_some());
    }
    let page = done(pki.revoked(None, 1).await, "list one");
    let next = done(pki.revoked(page.first(), 1000).await, "list the rest");
    assert_eq!([page, next].concat(), revoked);

    let fourth = issue(pki, &name).await;
    let refusal = pki.revoke_with_key(&fourth.signed.certificate, &first.private_key).await;
    refused(refusal, ErrorKind::InvalidRequest, "key_mismatch");
    assert!(!done(pki.revoked(None, 1000).await, "list").contains(&fourth.signed.serial));
    done(pki.rotate_crl().await, "rotate");
    done(pki.rotate_delta_crl().await, "rotate what is not enabled");
    assert!(done(pki.crl().await, "read the list").der() != after.der());
    assert!(done(pki.delta_crl().await, "read what is new").der().len() < after.der().len());
}

/// Nor what was never kept, by its number alone.
pub async fn what_was_issued_elsewhere_is_not_revoked_here(root: &Pki, pki: &Pki) {
    let name = role(pki, web().no_store(true)).await;
    let unkept = issue(pki, &name).await.signed;
    refused(pki.certificate(&unkept.serial).await, ErrorKind::NotFound, "certificate_not_found");
    refused(pki.revoke(&unkept.serial).await, ErrorKind::NotFound, "certificate_not_found");
    done(pki.revoke_certificate(&unkept.certificate).await, "revoke it by itself");
    assert!(done(pki.certificate(&unkept.serial).await, "read it").revoked_at.is_some());
    let nothing: SerialNumber = done("00:11:22".parse(), "a number");
    refused(pki.revoke(&nothing).await, ErrorKind::NotFound, "certificate_not_found");
    let stranger = NewAuthority::new(AuthorityTerms::new("Stranger").ttl(HOUR * 24));
    let stranger = done(root.generate_root(&stranger).await, "a root that `pki` does not know").issuer;
    let foreign = issue(&root.by(stranger.clone()), &role(root, web()).await).await.signed;
    done(root.delete_issuer(&stranger).await, "delete it");
    let refusal = pki.revoke_certificate(&foreign.certificate).await;
    refused(refusal, ErrorKind::InvalidRequest, "foreign_certificate");
    let own = done(root.issuers().await, "list").into_iter().find(|issuer| issuer.is_default);
    let Some(own) = own else { panic!("there is no default issuer") };
    refused(root.revoke(&own.serial).await, ErrorKind::InvalidRequest, "own_revocation");
    let no_certificate: CertificatePem =
        done("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----".parse(), "what looks like one");
    let refusal = pki.revoke_certificate(&no_certificate).await;
    refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
}

/// When it is revoked.
pub async fn a_lease_takes_its_certificate_along(pki: &Pki) {
    let name = role(pki, web().generate_lease(true)).await;
    let issued = issue(pki, &name).await.signed;
    let Some(lease) = &issued.lease else { panic!("{issued:?} has no lease") };
    assert!(!lease.term.renewable && lease.term.ttl <= HOUR / 6, "{lease:?}");
    let leases = crate::Leases::new(std::sync::Arc::clone(pki.leasing.api()));
    done(leases.revoke(&lease.id).await, "revoke the lease");
    assert!(done(pki.certificate(&issued.serial).await, "read it").revoked_at.is_some());
    // Those who keep no certificates make no leases.
    let unkept = role(pki, web().generate_lease(true).no_store(true)).await;
    assert!(issue(pki, &unkept).await.signed.lease.is_none());
}

/// Until it is deleted.
pub async fn issuers_have_names_and_one_is_the_default(root: &Pki) {
    let first: IssuerRef = done("root-a".parse(), "a name");
    let terms = || AuthorityTerms::new("Second Root").ttl(HOUR * 24);
    let second = done(root.rotate_root(&NewAuthority::new(terms())).await, "rotate");
    let read = done(root.issuer(&second.issuer).await, "read it");
    assert_eq!(read.name.as_ref().map(IssuerRef::as_str), Some("next"));
    let id = done(root.issuer(&first).await, "read the first").id;
    assert_eq!(done(root.default_issuer().await, "read the default").as_ref(), Some(&id));
    let taken = root.update_issuer(&second.issuer, &IssuerUpdate::new().name(first.clone())).await;
    refused(taken, ErrorKind::Conflict, "name_taken");
    let urls = AuthorityUrls::new().crl_distribution_points(["http://bao.example.test/crl"]);
    let update =
        IssuerUpdate::new().name(fresh_name("root")).usage([IssuerUsage::ReadOnly]).urls(urls.clone());
    done(root.update_issuer(&second.issuer, &update).await, "update");
    let read = done(root.issuer(&second.issuer).await, "read it");
    assert_eq!((read.name, read.usage, read.urls), (update.name, vec![IssuerUsage::ReadOnly], urls));

    done(root.replace_root(&second.issuer).await, "replace the root");
    assert_eq!(done(root.default_issuer().await, "read the default").as_ref(), Some(&second.issuer));
    done(root.set_default_issuer(&first, false).await, "set the first again");
    let unknown: IssuerRef = fresh_name("unknown");
    refused(root.set_default_issuer(&unknown, false).await, ErrorKind::NotFound, "unknown_issuer");
    refused(root.issuer(&unknown).await, ErrorKind::NotFound, "unknown_issuer");
    let third = NewAuthority::new(terms()).key(AuthorityKey::Existing(second.key.clone()));
    let third = done(root.generate_root(&third).await, "a root with a key that is there");
    assert_eq!(third.key, second.key);
    let role = role(root, web()).await;
    let by_third = issue(&root.by(third.issuer.clone()), &role).await.signed;
    assert_eq!(by_third.issuing_ca, third.certificate);
    for _ in 0..2 {
        done(root.revoke_issuer(&third.issuer).await, "revoke it");
    }
    assert!(done(root.issuer(&third.issuer).await, "read it").revoked_at.is_some());
    for issuer in [&second.issuer, &third.issuer, &third.issuer] {
        done(root.delete_issuer(issuer).await, "delete");
    }
}

/// Its name is its own.
pub async fn a_key_lives_as_long_as_its_issuers(root: &Pki) {
    let (name, other) = (fresh_name("key"), fresh_name("key"));
    let made = done(root.generate_key(KeyAlgorithm::EcP256, Some(&name), true).await, "make a key");
    let Some(secret) = &made.private_key else { panic!("{made:?} shows no key") };
    assert!(!format!("{made:?}").contains(secret.expose()));
    assert_eq!((made.key.name.as_ref(), made.key.key_type.as_str()), (Some(&name), "ec"));
    let taken = root.generate_key(KeyAlgorithm::Ed25519, Some(&name), false).await;
    refused(taken, ErrorKind::Conflict, "name_taken");
    assert_eq!(done(root.rename_key(&name, &other).await, "rename it").name.as_ref(), Some(&other));
    refused(root.key(&name).await, ErrorKind::NotFound, "key_not_found");
    assert_eq!(done(root.key(&other).await, "read it").id, made.key.id);
    assert_eq!(done(root.keys().await, "list").get(&made.key.id), Some(&Some(other.clone())));
    let again = done(root.import_key(secret, None).await, "import what is there");
    assert_eq!(again.id, made.key.id);
    for bad in ["", "nonsense"] {
        let refusal = root.import_key(&Secret::new(bad), None).await;
        refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
    }
    let authority = NewAuthority::new(AuthorityTerms::new("Of a key").ttl(HOUR));
    let authority = authority.key(AuthorityKey::Existing(other.clone()));
    let issuer = done(root.generate_root(&authority).await, "an issuer of it").issuer;
    refused(root.delete_key(&other).await, ErrorKind::Conflict, "key_in_use");
    done(root.delete_issuer(&issuer).await, "delete the issuer");
    for _ in 0..2 {
        done(root.delete_key(&other).await, "delete the key");
    }
    let unknown = NewAuthority::new(AuthorityTerms::new("x")).key(AuthorityKey::Existing(other));
    refused(root.generate_root(&unknown).await, ErrorKind::NotFound, "key_not_found");
}

/// In one text of certificate and key.
pub async fn an_authority_moves_with_its_key(root: &Pki, pki: &Pki) {
    let new = NewAuthority::new(AuthorityTerms::new("Moving").ttl(HOUR * 24));
    let new = new.key(AuthorityKey::Exported(KeyAlgorithm::EcP256));
    let made = done(root.generate_root(&new).await, "generate");
    let Some(key) = &made.private_key else { panic!("{made:?} shows no key") };
    assert!(!format!("{made:?}").contains(key.expose()));
    let bundle = Secret::from(format!("{}\n{}", made.certificate, key.expose()));
    let imported = done(pki.import_issuers(&bundle).await, "import");
    assert_eq!((imported.issuers.len(), imported.keys.len()), (1, 1), "{imported:?}");
    let again = done(pki.import_issuers(&bundle).await, "import again");
    assert_eq!((again.existing_issuers.len(), again.existing_keys.len()), (1, 1), "{again:?}");
    let role = role(pki, web()).await;
    let Some(id) = imported.issuers.into_iter().next() else { panic!("nothing was imported") };
    let issued = issue(&pki.by(id.clone()), &role).await.signed;
    assert_eq!(issued.issuing_ca, made.certificate);
    let leaf = Secret::from(issued.certificate.to_string());
    for bad in ["nonsense", leaf.expose()] {
        let refusal = pki.import_issuers(&Secret::new(bad)).await;
        refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
    }
    let refusal = pki.set_signed(&[issued.certificate]).await;
    refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
    done(pki.delete_issuer(&id).await, "delete it");
    done(root.delete_issuer(&made.issuer).await, "delete it");
}

/// And are refused where they contradict themselves.
pub async fn settings_come_back_as_they_were_written(pki: &Pki) {
    let first = done(pki.crl_config().await, "read the settings of lists");
    let crl = CrlConfig::new().expiry(HOUR * 48).auto_rebuild(true).auto_rebuild_grace_period(HOUR * 8);
    let crl = crl.enable_delta(true).delta_rebuild_interval(HOUR / 6);
    done(pki.configure_crl(&crl).await, "write them");
    let found = done(pki.crl_config().await, "read them");
    assert!(crl.is_met_by(&found) && found.ocsp_expiry == first.ocsp_expiry, "{found:?}");
    for bad in [CrlConfig::new().auto_rebuild(false), CrlConfig::new().expiry(HOUR)] {
        refused(pki.configure_crl(&bad).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    done(pki.configure_crl(&first).await, "write the first again");

    let urls = AuthorityUrls::new()
        .issuing_certificates(["http://bao.example.test/v1/pki/ca"])
        .crl_distribution_points(["http://bao.example.test/v1/pki/crl"]);
    done(pki.configure_urls(&urls).await, "write the addresses");
    assert_eq!(done(pki.urls().await, "read them"), urls);
    let bad = pki.configure_urls(&AuthorityUrls::new().ocsp_servers(["nonsense"])).await;
    refused(bad, ErrorKind::InvalidRequest, "malformed_input");
    done(pki.configure_urls(&AuthorityUrls::new()).await, "take them away");

    let tidy = AutoTidy::of(Tidy::new().certificates(true).safety_buffer(HOUR)).interval(HOUR * 2);
    done(pki.configure_auto_tidy(&tidy).await, "let it tidy");
    let found = done(pki.auto_tidy().await, "read it");
    assert!(tidy.is_met_by(&found), "{found:?}");
    refused(
        pki.configure_auto_tidy(&AutoTidy::of(Tidy::new())).await,
        ErrorKind::InvalidRequest,
        "invalid_request",
    );
    done(pki.configure_auto_tidy(&AutoTidy::disabled()).await, "let it be");

    let acme = AcmeConfig::enabled().eab_policy(EabPolicy::AlwaysRequired);
    refused(pki.configure_acme(&acme).await, ErrorKind::InvalidRequest, "cluster_path_missing");
    let nowhere = pki.set_cluster_path("nonsense").await;
    refused(nowhere, ErrorKind::InvalidRequest, "malformed_input");
    let address = "https://bao.example.test/v1/pki";
    done(pki.set_cluster_path(address).await, "say where it is");
    assert_eq!(done(pki.cluster_path().await, "read it").as_deref(), Some(address));
    done(pki.configure_acme(&acme).await, "let it speak ACME");
    assert!(acme.is_met_by(&done(pki.acme().await, "read it")));
    let nobody = AcmeConfig::enabled().default_directory_policy("role:nobody");
    refused(pki.configure_acme(&nobody).await, ErrorKind::NotFound, "unknown_role");
    let eab = done(pki.new_eab().await, "make a key of ACME");
    assert!(!format!("{eab:?}").contains(eab.key.expose()));
    assert_eq!(done(pki.eabs().await, "list them"), std::slice::from_ref(&eab.id));
    for _ in 0..2 {
        done(pki.delete_eab(&eab.id).await, "delete it");
    }
    assert!(done(pki.eabs().await, "list them").is_empty());
    done(pki.configure_acme(&AcmeConfig::disabled()).await, "let it be");
}

/// And not on the list then. One that has expired need not be revoked.
pub async fn what_has_expired_is_taken_away(pki: &Pki) {
    let name = role(pki, web()).await;
    let request = CertificateRequest::new("a.example.test").ttl(Duration::from_secs(1));
    let (short, gone) = (
        done(pki.issue(&name, &request).await, "issue").signed,
        done(pki.issue(&name, &request).await, "issue").signed,
    );
    let kept = issue(pki, &name).await.signed;
    done(pki.revoke(&gone.serial).await, "revoke one");
    tokio::time::sleep(Duration::from_secs(4)).await;
    done(pki.revoke(&short.serial).await, "revoke one that has expired");
    assert!(done(pki.certificate(&short.serial).await, "read it").revoked_at.is_none());
    let tidy = Tidy::new().certificates(true).revoked(true).safety_buffer(Duration::from_secs(1));
    done(pki.tidy(&tidy).await, "tidy");
    super::until("it is tidied", || async {
        let status = pki.tidy_status().await.ok()?;
        (status.state == TidyState::Finished && status.finished_at >= status.started_at).then_some(())
    })
    .await;
    for serial in [&short.serial, &gone.serial] {
        super::until("it is gone", || async {
            let error = pki.certificate(serial).await.err()?;
            (error.code() == Some("certificate_not_found")).then_some(())
        })
        .await;
    }
    done(pki.certificate(&kept.serial).await, "read one that is good");
    refused(
        pki.tidy(&tidy.safety_buffer(Duration::ZERO)).await,
        ErrorKind::InvalidRequest,
        "invalid_request",
    );
    done(pki.cancel_tidy().await, "cancel what is not running");
}
