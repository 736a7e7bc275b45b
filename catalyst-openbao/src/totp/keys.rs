//! Keys of one-time codes: made here to be shown to somebody, or got from elsewhere.

use std::time::Duration;

use catalyst_core::{Secret, SecretBytes};
use serde::{Deserialize, Serialize};

/// The hash that codes are made with. Many authenticator apps know SHA-1 only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TotpAlgorithm {
    /// SHA-1, which is good enough for this.
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    /// SHA-256
    #[serde(rename = "SHA256")]
    Sha256,
    /// SHA-512
    #[serde(rename = "SHA512")]
    Sha512,
}

/// How long codes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TotpDigits {
    /// Six digits.
    #[default]
    Six,
    /// Eight digits.
    Eight,
}

impl TotpDigits {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Six => 6,
            Self::Eight => 8,
        }
    }
}

/// A key that the server is to make, for a user who takes it into an authenticator app.
///
/// ```
/// use catalyst_openbao::{NewTotpKey, TotpDigits};
///
/// let key = NewTotpKey::new("Shop", "ada@example.test").digits(TotpDigits::Eight);
/// # let _ = key;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewTotpKey {
    /// Who lets the user in, as the app shows it.
    pub issuer: String,
    /// Whom, as the app shows it.
    pub account_name: String,
    /// The length of the key, in bytes; 20 if not set.
    pub key_bytes: u16,
    /// How long a code is good, in whole seconds; 30 s if not set.
    pub period: Duration,
    /// The hash; SHA-1 if not set.
    pub algorithm: TotpAlgorithm,
    /// The length of codes; six digits if not set.
    pub digits: TotpDigits,
    /// Whether the code before and the one after are taken, too, for clocks that differ; so it is if not set.
    pub tolerant: bool,
    /// Width and height of the barcode, in pixels; 200 if not set, zero for none.
    pub barcode_pixels: u16,
}

impl NewTotpKey {
    /// A key as most apps know it.
    pub fn new(issuer: impl Into<String>, account_name: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            account_name: account_name.into(),
            key_bytes: 20,
            period: Duration::from_secs(30),
            algorithm: TotpAlgorithm::default(),
            digits: TotpDigits::default(),
            tolerant: true,
            barcode_pixels: 200,
        }
    }

    /// The length of the key, in bytes.
    #[must_use]
    pub fn key_bytes(self, bytes: u16) -> Self {
        Self { key_bytes: bytes, ..self }
    }

    /// How long a code is good, in whole seconds.
    #[must_use]
    pub fn period(self, period: Duration) -> Self {
        Self { period, ..self }
    }

    /// The hash.
    #[must_use]
    pub fn algorithm(self, algorithm: TotpAlgorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// The length of codes.
    #[must_use]
    pub fn digits(self, digits: TotpDigits) -> Self {
        Self { digits, ..self }
    }

    /// Only the code of the very moment is taken.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { tolerant: false, ..self }
    }

    /// Width and height of the barcode, in pixels; zero for none.
    #[must_use]
    pub fn barcode_pixels(self, pixels: u16) -> Self {
        Self { barcode_pixels: pixels, ..self }
    }
}

/// What the user is shown, once. The server shows it never again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GeneratedTotpKey {
    /// `otpauth://totp/…` with the key in it.
    pub url: Secret,
    /// The same as a QR code, in PNG; none if its size was zero.
    pub barcode: Option<SecretBytes>,
}

/// A key that was made elsewhere: the server makes the codes to log in there with.
#[derive(Clone, Debug)]
pub struct ImportedTotpKey(pub(super) Source);

#[derive(Clone, Debug)]
pub(super) enum Source {
    Url(Secret),
    Key { key: Secret, about: Box<TotpKey> },
}

impl ImportedTotpKey {
    /// From the URL of a QR code: `otpauth://totp/…`, which says all.
    pub fn from_url(url: Secret) -> Self {
        Self(Source::Url(url))
    }

    /// From a key in base32, and what is said of it.
    pub fn from_key(key: Secret, about: TotpKey) -> Self {
        Self(Source::Key { key, about: Box::new(about) })
    }
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TotpKey {
    /// Who lets the account in; may be empty.
    pub issuer: String,
    /// Whose key it is; may be empty.
    pub account_name: String,
    /// How long a code is good.
    pub period: Duration,
    /// The hash.
    pub algorithm: TotpAlgorithm,
    /// The length of codes.
    pub digits: TotpDigits,
}

impl TotpKey {
    /// A key as most services give it: SHA-1, six digits, 30 s.
    pub fn new(issuer: impl Into<String>, account_name: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            account_name: account_name.into(),
            period: Duration::from_secs(30),
            algorithm: TotpAlgorithm::default(),
            digits: TotpDigits::default(),
        }
    }

    /// How long a code is good, in whole seconds.
    #[must_use]
    pub fn period(self, period: Duration) -> Self {
        Self { period, ..self }
    }

    /// The hash.
    #[must_use]
    pub fn algorithm(self, algorithm: TotpAlgorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// The length of codes.
    #[must_use]
    pub fn digits(self, digits: TotpDigits) -> Self {
        Self { digits, ..self }
    }
}
