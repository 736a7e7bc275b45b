//! The mock's certificate authority and JWT key, shared by all its workloads of one trust domain.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use catalyst_core::{Error, ErrorKind, Result, Secret, SecretBytes};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};

use super::{LeafDefect, RawSvid};
use crate::{SpiffeId, TrustDomain};

/// As SPIRE does, so that a peer whose clock is a little behind accepts a new certificate.
const BACKDATED: Duration = Duration::from_secs(10);
const AUTHORITY_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What goes into a leaf besides its name.
pub(super) struct LeafRequest<'a> {
    pub(super) dns_names: &'a [String],
    pub(super) ttl: Duration,
    pub(super) now: SystemTime,
    pub(super) defect: Option<LeafDefect>,
}

pub(super) struct Authority {
    domain: TrustDomain,
    /// Newest first; all of them are in the bundle.
    certificates: Mutex<Vec<Arc<Ca>>>,
    jwt: JwtKey,
}

struct Ca {
    key: KeyPair,
    params: CertificateParams,
    der: Vec<u8>,
}

struct JwtKey {
    key: EcdsaKeyPair,
    id: String,
    public_pem: String,
    jwks: Arc<str>,
}

impl Authority {
    pub(super) fn new(domain: TrustDomain, now: SystemTime) -> Result<Self> {
        let first = Arc::new(Ca::new(&domain, now)?);
        Ok(Self { domain, certificates: Mutex::new(vec![first]), jwt: JwtKey::new()? })
    }

    pub(super) fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// All authorities in DER, newest first.
    pub(super) fn bundle(&self) -> Vec<Vec<u8>> {
        self.lock().iter().map(|ca| ca.der.clone()).collect()
    }

    pub(super) fn bundle_pem(&self) -> String {
        self.bundle().iter().map(|der| pem("CERTIFICATE", der)).collect()
    }

    /// Adds a new authority that issues from now on; the old ones stay trusted.
    pub(super) fn rotate(&self, now: SystemTime) -> Result<()> {
        let next = Arc::new(Ca::new(&self.domain, now)?);
        self.lock().insert(0, next);
        Ok(())
    }

    /// Stops trusting all authorities but the newest.
    pub(super) fn retire_old(&self) {
        self.lock().truncate(1);
    }

    pub(super) fn issue(&self, id: &SpiffeId, request: &LeafRequest<'_>) -> Result<RawSvid> {
        let key = KeyPair::generate().map_err(failed)?;
        let params = leaf_params(id, request)?;
        let stranger;
        let newest;
        let ca = if request.defect == Some(LeafDefect::UnknownIssuer) {
            stranger = Ca::new(&self.domain, request.now)?;
            &stranger
        } else {
            newest = self.lock().first().map(Arc::clone).ok_or_else(|| failed("the authority is gone"))?;
            &*newest
        };
        let leaf = params.signed_by(&key, &Issuer::from_params(&ca.params, &ca.key)).map_err(failed)?;
        Ok(RawSvid { chain: vec![leaf.der().to_vec()], key: SecretBytes::new(key.serialize_der()) })
    }

    pub(super) fn sign_jwt(&self, claims: &serde_json::Value) -> Result<Secret> {
        let header = format!(r#"{{"alg":"ES256","kid":"{}","typ":"JWT"}}"#, self.jwt.id);
        let text =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.jwt.key.sign(&SystemRandom::new(), text.as_bytes()).map_err(failed)?;
        Ok(Secret::from(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    /// Whether this authority's key signed `token`.
    pub(super) fn signed(&self, token: &str) -> bool {
        let Some((text, signature)) = token.rsplit_once('.') else { return false };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.jwt.key.public_key().as_ref());
        key.verify(text.as_bytes(), &signature).is_ok()
    }

    pub(super) fn jwt_public_key_pem(&self) -> &str {
        &self.jwt.public_pem
    }

    pub(super) fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.jwt.jwks)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Ca>>> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ca {
    fn new(domain: &TrustDomain, now: SystemTime) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.not_before = (now - BACKDATED).into();
        params.not_after = (now + AUTHORITY_LIFE).into();
        params.serial_number = Some(random_serial());
        params.distinguished_name = subject(None);
        params.subject_alt_names = vec![uri(&format!("spiffe://{domain}"))?];
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let der = params.self_signed(&key).map_err(failed)?.der().to_vec();
        Ok(Self { key, params, der })
    }
}

impl JwtKey {
    fn new() -> Result<Self> {
        let pair = KeyPair::generate().map_err(failed)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.serialized_der());
        let key = key.map_err(failed)?;
        let id = crate::leaf::hex(&random_serial().to_bytes());
        // An uncompressed point: 0x04, 32 bytes of x, 32 bytes of y.
        let Some(([_uncompressed, x @ ..], y)) = pair.public_key_raw().split_at_checked(33) else {
            return Err(failed("the public key is no P-256 point"));
        };
        let jwks = serde_json::json!({"keys": [{
            "kty": "EC", "use": "jwt-svid", "crv": "P-256", "kid": id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }]});
        Ok(Self { key, id, public_pem: pair.public_key_pem(), jwks: jwks.to_string().into() })
    }
}

fn leaf_params(id: &SpiffeId, request: &LeafRequest<'_>) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.not_before = (request.now - BACKDATED).into();
    params.not_after = (request.now + request.ttl).into();
    params.serial_number = Some(random_serial());
    // As SPIRE: a common name only where there is a DNS name.
    params.distinguished_name = subject(request.dns_names.first());
    params.subject_alt_names = vec![uri(&id.to_string())?];
    for name in request.dns_names {
        params.subject_alt_names.push(SanType::DnsName(name.clone().try_into().map_err(failed)?));
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    match request.defect {
        None | Some(LeafDefect::UnknownIssuer) => {}
        Some(LeafDefect::Expired) => {
            params.not_before = (request.now - Duration::from_secs(600)).into();
            params.not_after = (request.now - Duration::from_secs(300)).into();
        }
        Some(LeafDefect::TwoUriSans) => params.subject_alt_names.push(uri(&format!("{id}-2"))?),
        Some(LeafDefect::NoUriSan) => params.subject_alt_names = vec![dns("no-uri.test")?],
        Some(LeafDefect::RootPath) => {
            params.subject_alt_names = vec![uri(&format!("spiffe://{}", id.trust_domain()))?];
        }
        Some(LeafDefect::Authority) => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        Some(LeafDefect::NoBasicConstraints) => params.is_ca = IsCa::NoCa,
        Some(LeafDefect::NoKeyUsage) => params.key_usages.clear(),
        Some(LeafDefect::NoDigitalSignature) => params.key_usages = vec![KeyUsagePurpose::KeyAgreement],
        Some(LeafDefect::SigningKeyUsage) => params.key_usages.push(KeyUsagePurpose::KeyCertSign),
    }
    Ok(params)
}

fn subject(common_name: Option<&String>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "US");
    name.push(DnType::OrganizationName, "SPIRE");
    if let Some(common_name) = common_name {
        name.push(DnType::CommonName, common_name.as_str());
    }
    name
}

fn uri(text: &str) -> Result<SanType> {
    Ok(SanType::URI(text.to_owned().try_into().map_err(failed)?))
}

fn dns(text: &str) -> Result<SanType> {
    Ok(SanType::DnsName(text.to_owned().try_into().map_err(failed)?))
}

fn random_serial() -> SerialNumber {
    // Positive and without a leading zero, so that its text is the same everywhere.
    SerialNumber::from(fastrand::u64(1 << 62..=u64::MAX >> 1))
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// The libraries' errors are plain words about the input, which is ours.
pub(super) fn failed(error: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Other, "issue a mock identity").with_help(error.to_string())
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.domain)
    }
}
