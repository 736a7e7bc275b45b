//! Real keys, certificates and lists.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, RevokedCertParams, RsaKeySize, SanType, SerialNumber,
    date_time_ymd,
};

use super::fields::{Fields, flag, text, texts};
use super::store::{IssuerRecord, KeyRecord, Parsed};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;

/// The names that a certificate has.
#[derive(Default)]
pub(super) struct Names {
    pub(super) common_name: String,
    pub(super) hosts: Vec<String>,
    pub(super) mails: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) uris: Vec<String>,
}

/// From when to when, in seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub(super) from: u64,
    pub(super) to: u64,
}

pub(super) fn failed(error: &rcgen::Error) -> Refusal {
    Refusal::internal(&format!("unable to create certificate: {error}"))
}

pub(super) fn generate(kind: &str, bits: u64) -> Result<KeyPair, Refusal> {
    let algorithm = match (kind, bits) {
        ("rsa", 0 | 2048) => {
            return KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
                .map_err(|error| failed(&error));
        }
        ("rsa", 3072) => {
            return KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072)
                .map_err(|error| failed(&error));
        }
        ("rsa", 4096) => {
            return KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096)
                .map_err(|error| failed(&error));
        }
        ("ec", 0 | 256) => &PKCS_ECDSA_P256_SHA256,
        ("ec", 384) => &PKCS_ECDSA_P384_SHA384,
        ("ec", 521) => &PKCS_ECDSA_P521_SHA512,
        ("ed25519", _) => &PKCS_ED25519,
        _ => return Err(key_refused(kind, bits).unwrap_or_else(|| Refusal::internal("unsupported key"))),
    };
    KeyPair::generate_for(algorithm).map_err(|error| failed(&error))
}

/// Why there is no such kind of key, if so.
pub(super) fn key_refused(kind: &str, bits: u64) -> Option<Refusal> {
    let known: &[u64] = match kind {
        "any" | "ed25519" => return None,
        "rsa" => &[0, 2048, 3072, 4096, 8192],
        "ec" => &[0, 224, 256, 384, 521],
        _ => return Some(Refusal::bad_request(&format!("unknown key type {kind}"))),
    };
    let shown = kind.to_uppercase();
    (!known.contains(&bits))
        .then(|| Refusal::bad_request(&format!("unsupported bit length for {shown} key: {bits}")))
}

pub(super) fn record(pair: &KeyPair, kind: &str, name: &str) -> KeyRecord {
    KeyRecord {
        name: name.to_owned(),
        kind: kind.to_owned(),
        pkcs8: pair.serialized_der().to_vec(),
        public_key: pair.subject_public_key_info(),
    }
}

pub(super) fn pair(key: &KeyRecord) -> Result<KeyPair, Refusal> {
    KeyPair::try_from(key.pkcs8.as_slice()).map_err(|error| failed(&error))
}

/// The kind of a key that somebody brought.
pub(super) fn kind_of(pair: &KeyPair) -> &'static str {
    let algorithm = pair.algorithm();
    if *algorithm == PKCS_ED25519 {
        "ed25519"
    } else if *algorithm == PKCS_RSA_SHA256 {
        "rsa"
    } else {
        "ec"
    }
}

pub(super) fn signer(issuer: &IssuerRecord, key: &KeyRecord) -> Result<Issuer<'static, KeyPair>, Refusal> {
    Issuer::from_ca_cert_der(&issuer.certificate.der.clone().into(), pair(key)?)
        .map_err(|error| failed(&error))
}

fn serial(state: &mut State) -> SerialNumber {
    let mut bytes: Vec<u8> = (0..20).map(|_| state.random.u8(..)).collect();
    // Positive, and as long as all others.
    bytes[0] = bytes[0] & 0x7f | 0x01;
    bytes.into()
}

/// What is common to all: a number, an end, a subject.
pub(super) fn params(state: &mut State, term: Term, common_name: &str, about: &Fields) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.serial_number = Some(serial(state));
    set_term(&mut params, term);
    params.distinguished_name = subject(common_name, about);
    params.use_authority_key_identifier_extension = true;
    params
}

pub(super) fn set_term(params: &mut CertificateParams, term: Term) {
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(term.from);
    params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(term.to);
}

pub(super) fn number(state: &mut State, params: &mut CertificateParams) {
    params.serial_number = Some(serial(state));
}

fn subject(common_name: &str, about: &Fields) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (field, kind) in [
        ("country", DnType::CountryName),
        ("organization", DnType::OrganizationName),
        ("ou", DnType::OrganizationalUnitName),
    ] {
        if let Some(value) = texts(about, field).into_iter().next() {
            name.push(kind, value);
        }
    }
    if !common_name.is_empty() {
        name.push(DnType::CommonName, common_name);
    }
    name
}

/// Makes it the certificate of an authority.
pub(super) fn authority(params: &mut CertificateParams, fields: &Fields) {
    let length = fields.get("max_path_length").and_then(serde_json::Value::as_u64);
    let length = length.and_then(|length| u8::try_from(length).ok());
    params.is_ca = IsCa::Ca(length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let domains = texts(fields, "permitted_dns_domains");
    if !domains.is_empty() {
        let permitted_subtrees = domains.into_iter().map(GeneralSubtree::DnsName).collect();
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    }
}

/// Makes it one that a role issues.
pub(super) fn leaf(params: &mut CertificateParams, role: &Fields, names: &Names) -> Result<(), Refusal> {
    let text = |text: &String| text.as_str().try_into().map_err(|error| failed(&error));
    for host in &names.hosts {
        params.subject_alt_names.push(SanType::DnsName(text(host)?));
    }
    for mail in &names.mails {
        params.subject_alt_names.push(SanType::Rfc822Name(text(mail)?));
    }
    for uri in &names.uris {
        params.subject_alt_names.push(SanType::URI(text(uri)?));
    }
    params.subject_alt_names.extend(names.addresses.iter().copied().map(SanType::IpAddress));
    let usages = texts(role, "key_usage");
    let known = [
        ("DigitalSignature", KeyUsagePurpose::DigitalSignature),
        ("KeyAgreement", KeyUsagePurpose::KeyAgreement),
        ("KeyEncipherment", KeyUsagePurpose::KeyEncipherment),
    ];
    params.key_usages = known
        .into_iter()
        .filter(|(name, _)| usages.iter().any(|usage| usage == name))
        .map(|(_, usage)| usage)
        .collect();
    for (field, purpose) in [
        ("server_flag", ExtendedKeyUsagePurpose::ServerAuth),
        ("client_flag", ExtendedKeyUsagePurpose::ClientAuth),
        ("code_signing_flag", ExtendedKeyUsagePurpose::CodeSigning),
        ("email_protection_flag", ExtendedKeyUsagePurpose::EmailProtection),
    ] {
        if flag(role, field) {
            params.extended_key_usages.push(purpose);
        }
    }
    Ok(())
}

pub(super) fn distribution_points(params: &mut CertificateParams, addresses: &Fields) {
    let uris = texts(addresses, "crl_distribution_points");
    if !uris.is_empty() {
        params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    }
}

/// Reads what was made, as it would be read from elsewhere.
pub(super) fn parsed(certificate: &rcgen::Certificate) -> Result<Parsed, Refusal> {
    let read = certificate.pem().parse().ok().and_then(|pem| Parsed::read(&pem));
    read.ok_or_else(|| Refusal::internal("the certificate that was made cannot be read"))
}

/// The list of those that an issuer revoked: number and time of each.
pub(super) fn list(
    signer: &Issuer<'_, KeyPair>,
    number: u64,
    term: Term,
    revoked: &[(String, u64)],
) -> Result<String, Refusal> {
    let at = |seconds| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    let bytes = |serial: &str| -> Vec<u8> {
        serial.split(':').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
    };
    let entries = revoked.iter().map(|(serial, time)| RevokedCertParams {
        serial_number: bytes(serial).into(),
        revocation_time: at(*time),
        reason_code: None,
        invalidity_date: None,
    });
    let list = CertificateRevocationListParams {
        this_update: at(term.from),
        next_update: at(term.to),
        crl_number: number.into(),
        issuing_distribution_point: None,
        revoked_certs: entries.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = list.signed_by(signer).map_err(|error| failed(&error))?;
    list.pem().map(|pem| pem.trim_end().to_owned() + "\n").map_err(|error| failed(&error))
}

/// The kind of the key in a request for signing.
pub(super) fn kind_of_request(request: &rcgen::CertificateSigningRequestParams) -> &'static str {
    let algorithm = request.public_key.algorithm();
    if *algorithm == PKCS_ED25519 {
        "ed25519"
    } else if *algorithm == PKCS_RSA_SHA256 {
        "rsa"
    } else {
        "ec"
    }
}

/// A request for signing, read in the server's words.
pub(super) fn request(fields: &Fields) -> Result<rcgen::CertificateSigningRequestParams, Refusal> {
    let given = text(fields, "csr");
    if given.is_empty() {
        return Err(Refusal::bad_request("\"csr\" is empty"));
    }
    let Ok(pem) = given.parse::<crate::pki::CsrPem>() else {
        return Err(Refusal::bad_request("csr contains no data"));
    };
    rcgen::CertificateSigningRequestParams::from_der(&pem.der().into()).map_err(|_malformed| {
        let text = "certificate request could not be parsed: asn1: syntax error: truncated tag or length";
        Refusal::bad_request(text)
    })
}
