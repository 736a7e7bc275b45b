//! Certificates that a workload must refuse.

use catalyst_core::SecretBytes;

/// A certificate chain with its key that nothing has checked.
#[derive(Debug)]
#[non_exhaustive]
pub struct RawSvid {
    /// The certificates in DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The key in PKCS #8 DER.
    pub key: SecretBytes,
}

/// What is wrong with a leaf from [`MockIdentity::defective`](super::MockIdentity::defective).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeafDefect {
    /// Its life is over.
    Expired,
    /// Signed by an authority of the same name that is in no bundle.
    UnknownIssuer,
    /// It names two identities.
    TwoUriSans,
    /// It names none.
    NoUriSan,
    /// It names the trust domain instead of a workload.
    RootPath,
    /// It is a certificate authority.
    Authority,
    /// It does not say whether it is one.
    NoBasicConstraints,
    /// It does not say what its key is for.
    NoKeyUsage,
    /// Its key is not for signatures.
    NoDigitalSignature,
    /// Its key may sign certificates.
    SigningKeyUsage,
}

impl LeafDefect {
    /// Every defect.
    pub const ALL: [Self; 10] = [
        Self::Expired,
        Self::UnknownIssuer,
        Self::TwoUriSans,
        Self::NoUriSan,
        Self::RootPath,
        Self::Authority,
        Self::NoBasicConstraints,
        Self::NoKeyUsage,
        Self::NoDigitalSignature,
        Self::SigningKeyUsage,
    ];
}
