//! What makes a certificate an X.509-SVID leaf, the same for our own SVID and for a peer's.
//!
//! Source: the X509-SVID standard, sections 2 to 5.2.

use std::fmt;
use std::time::{Duration, SystemTime};

use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::Oid;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_SUBJECT_ALT_NAME,
};

use crate::SpiffeId;
use crate::id::IdFault;

/// The extensions that decide.
const CHECKED: [Oid<'static>; 3] =
    [OID_X509_EXT_SUBJECT_ALT_NAME, OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE];

/// What a valid leaf says.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) id: SpiffeId,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    pub(crate) serial: String,
}

/// The rule that a leaf breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafFault {
    NotACertificate,
    NoUriSan,
    SeveralUriSans,
    Id(IdFault),
    RootPath,
    Authority,
    NoBasicConstraints,
    NoKeyUsage,
    NoDigitalSignature,
    SigningKeyUsage,
    Duplicate,
    Unreadable,
    Issuer,
}

impl fmt::Display for LeafFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotACertificate => "it is not an X.509 certificate",
            Self::NoUriSan => "it holds no SPIFFE ID (no URI among its subject alternative names)",
            Self::SeveralUriSans => "it holds more than one URI among its subject alternative names",
            Self::Id(fault) => return write!(f, "its SPIFFE ID is not valid: {fault}"),
            Self::RootPath => "its SPIFFE ID names a trust domain, not a workload",
            Self::Authority => "it is a certificate authority",
            Self::NoBasicConstraints => "it has no basic constraints",
            Self::NoKeyUsage => "it has no key usage",
            Self::NoDigitalSignature => "its key usage lacks digitalSignature",
            Self::SigningKeyUsage => "its key usage allows signing certificates or revocation lists",
            Self::Duplicate => "it has an extension twice",
            Self::Unreadable => "it has an extension that cannot be read",
            Self::Issuer => "its chain holds a certificate that may not sign certificates",
        })
    }
}

impl std::error::Error for LeafFault {}

/// Reads and checks `der`, which must hold one certificate and nothing behind it.
pub(crate) fn read(der: &[u8]) -> Result<Leaf, LeafFault> {
    let certificate = parse(der)?;
    let id = check(&certificate)?;
    let validity = certificate.validity();
    Ok(Leaf {
        id,
        not_before: wall_time(validity.not_before.timestamp()),
        not_after: wall_time(validity.not_after.timestamp()),
        serial: hex(certificate.raw_serial()),
    })
}

/// The identity of `der` after all checks; for a peer's certificate, where nothing else is asked.
#[cfg_attr(not(feature = "rustls"), allow(dead_code, reason = "only the TLS verifiers meet peers"))]
pub(crate) fn identity(der: &[u8]) -> Result<SpiffeId, LeafFault> {
    check(&parse(der)?)
}

/// Whether `der` may stand above a leaf. That it is an authority is checked with the chain; that its key may sign
/// certificates is not (RFC 5280, section 6.1.4 n), so it is checked here.
#[cfg_attr(not(feature = "rustls"), allow(dead_code, reason = "only the TLS verifiers meet peers"))]
pub(crate) fn check_issuer(der: &[u8]) -> Result<(), LeafFault> {
    let usage = parse(der)?
        .key_usage()
        .map_err(|_unreadable| LeafFault::Issuer)?
        .map(|usage| usage.value.key_cert_sign());
    fail_if(usage == Some(false), LeafFault::Issuer)
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, LeafFault> {
    match x509_parser::parse_x509_certificate(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(LeafFault::NotACertificate),
    }
}

fn check(certificate: &X509Certificate<'_>) -> Result<SpiffeId, LeafFault> {
    let (mut id, mut constraints, mut usage) = (None, false, false);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                once(id.replace(single_id(&names.general_names)?).is_some())?;
            }
            ParsedExtension::BasicConstraints(basic) => {
                once(std::mem::replace(&mut constraints, true))?;
                fail_if(basic.ca, LeafFault::Authority)?;
            }
            ParsedExtension::KeyUsage(bits) => {
                once(std::mem::replace(&mut usage, true))?;
                fail_if(bits.key_cert_sign() || bits.crl_sign(), LeafFault::SigningKeyUsage)?;
                fail_if(!bits.digital_signature(), LeafFault::NoDigitalSignature)?;
            }
            // One of those three that cannot be read must not pass as absent.
            ParsedExtension::ParseError { .. } if CHECKED.contains(&extension.oid) => {
                return Err(LeafFault::Unreadable);
            }
            _ => {}
        }
    }
    fail_if(!constraints, LeafFault::NoBasicConstraints)?;
    fail_if(!usage, LeafFault::NoKeyUsage)?;
    let id = id.ok_or(LeafFault::NoUriSan)?;
    fail_if(id.path().is_empty(), LeafFault::RootPath)?;
    Ok(id)
}

fn single_id(names: &[GeneralName<'_>]) -> Result<SpiffeId, LeafFault> {
    let mut uris = names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    });
    let uri = uris.next().ok_or(LeafFault::NoUriSan)?;
    fail_if(uris.next().is_some(), LeafFault::SeveralUriSans)?;
    SpiffeId::parse(uri).map_err(LeafFault::Id)
}

fn fail_if(broken: bool, fault: LeafFault) -> Result<(), LeafFault> {
    if broken { Err(fault) } else { Ok(()) }
}

fn once(seen: bool) -> Result<(), LeafFault> {
    fail_if(seen, LeafFault::Duplicate)
}

fn wall_time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let moved = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    moved.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};

    fn authority(usages: Vec<KeyUsagePurpose>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = usages;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn an_issuer_must_be_allowed_to_sign_certificates() {
        assert_eq!(check_issuer(&authority(vec![KeyUsagePurpose::KeyCertSign])), Ok(()));
        assert_eq!(check_issuer(&authority(vec![])), Ok(()));
        assert_eq!(check_issuer(&authority(vec![KeyUsagePurpose::CrlSign])), Err(LeafFault::Issuer));
        assert_eq!(check_issuer(b""), Err(LeafFault::NotACertificate));
    }

    #[test]
    fn times_before_1970_and_serial_numbers_are_read() {
        assert_eq!(wall_time(-1), SystemTime::UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(hex(&[0x0a, 0xff, 0x00]), "0aff00");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(read(&bytes).is_err());
        }

        #[test]
        fn a_damaged_certificate_never_panics(at in 0usize..400, value in any::<u8>()) {
            let mut der = authority(vec![KeyUsagePurpose::DigitalSignature]);
            let at = at % der.len();
            der[at] = value;
            prop_assert!(identity(&der).is_err());
            prop_assert!(matches!(check_issuer(&der), Ok(()) | Err(LeafFault::Issuer | LeafFault::NotACertificate)));
        }
    }
}
