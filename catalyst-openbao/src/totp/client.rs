//! The client.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::{Result, Secret};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::keys::Source;
use super::{
    GeneratedTotpKey, ImportedTotpKey, NewTotpKey, OneTimeCode, OneTimePasswords, TotpAlgorithm, TotpDigits,
    TotpKey,
};
use crate::api::Api;
use crate::ask::Ask;
use crate::encoded::Decoded;
use crate::operation::Subject;
use crate::wire::{Exposed, Span};
use crate::{KeyName, Mount};

/// The TOTP engine at one mount; made by [`OpenBao::totp`](crate::OpenBao::totp). Cheap to clone.
///
/// Applications use its trait [`OneTimePasswords`]; keys are managed by its own functions.
///
/// ```
/// use catalyst_openbao::mock::MockOpenBao;
/// use catalyst_openbao::{EngineType, NewTotpKey, OneTimePasswords};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_openbao::Result<()> {
/// let bao = MockOpenBao::new();
/// bao.model().mount_engine("totp", &EngineType::Totp);
/// let totp = bao.client()?.totp("totp".parse()?);
/// let ada = "ada@example.test".parse()?;
/// let shown = totp.generate_key(&ada, &NewTotpKey::new("Shop", "ada@example.test")).await?;
/// assert!(shown.url.expose().starts_with("otpauth://totp/"));
///
/// let code = totp.code(&ada).await?;
/// assert!(totp.validate(&ada, &code.code).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Totp {
    api: Arc<Api>,
    mount: Mount,
}

impl Totp {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    fn at<'a>(&'a self, operation: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        self.api.at(Subject::Totp, operation, path)
    }

    /// Makes a key and shows it (`POST keys/<key>`). **A key of this name that is there already is replaced.** Not
    /// repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Code `invalid_request` for an empty issuer or account name, or a period or key of no length.
    ///
    /// # Cancel safety
    /// The key may or may not have been made.
    pub async fn generate_key(&self, name: &KeyName, key: &NewTotpKey) -> Result<GeneratedTotpKey> {
        let path = [self.mount.escaped(), "/keys/", name.escaped()];
        let body = GenerateBody::new(key);
        let wire: GeneratedWire = self.at("generate one-time key", &path).once().exchange(&body).await?;
        Ok(GeneratedTotpKey { url: wire.url, barcode: wire.barcode.map(Decoded::into_secret) })
    }

    /// Takes in a key (`POST keys/<key>`). **A key of this name that is there already is replaced.** Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `malformed_input` if the key is no base32 or there is none.
    ///
    /// # Cancel safety
    /// The key may or may not have been taken in; call it again.
    pub async fn import_key(&self, name: &KeyName, key: &ImportedTotpKey) -> Result<()> {
        let path = [self.mount.escaped(), "/keys/", name.escaped()];
        let ask = self.at("import one-time key", &path);
        match &key.0 {
            Source::Url(url) => ask.write(&UrlBody { url: Exposed(url) }).await,
            Source::Key { key, about } => {
                ask.write(&KeyBody { key: Exposed(key), about: AboutBody::new(about) }).await
            }
        }
    }

    /// What is known of a key, without the key (`GET keys/<key>`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `key_not_found`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_key(&self, name: &KeyName) -> Result<TotpKey> {
        let path = [self.mount.escaped(), "/keys/", name.escaped()];
        let wire: KeyWire = self.at("read one-time key", &path).read().await?;
        Ok(TotpKey {
            issuer: wire.issuer,
            account_name: wire.account_name,
            period: Duration::from_secs(wire.period),
            algorithm: wire.algorithm,
            digits: wire.digits,
        })
    }

    /// The names of all keys (`LIST keys`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list_keys(&self) -> Result<Vec<String>> {
        self.at("list one-time keys", &[self.mount.escaped(), "/keys"]).list().await
    }

    /// Removes a key for ever (`DELETE keys/<key>`). One that is not there is a success. Repeated after passing faults.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// The key may or may not have been removed; call it again.
    pub async fn delete_key(&self, name: &KeyName) -> Result<()> {
        let path = [self.mount.escaped(), "/keys/", name.escaped()];
        self.at("delete one-time key", &path).delete().await
    }
}

#[async_trait]
impl OneTimePasswords for Totp {
    async fn code(&self, key: &KeyName) -> Result<OneTimeCode> {
        let path = [self.mount.escaped(), "/code/", key.escaped()];
        let wire: CodeWire = self.at("get one-time code", &path).read().await?;
        Ok(OneTimeCode::new(wire.code, wire.generated.0, wire.expire_time.0, wire.period.0))
    }

    async fn validate(&self, key: &KeyName, code: &Secret) -> Result<bool> {
        let path = [self.mount.escaped(), "/code/", key.escaped()];
        let body = CodeBody { code: Exposed(code) };
        Ok(self.at("validate one-time code", &path).once().exchange::<ValidWire>(&body).await?.valid)
    }
}

#[derive(Serialize)]
struct AboutBody<'a> {
    issuer: &'a str,
    account_name: &'a str,
    period: u64,
    algorithm: TotpAlgorithm,
    digits: u8,
}

impl<'a> AboutBody<'a> {
    fn new(key: &'a TotpKey) -> Self {
        Self {
            issuer: &key.issuer,
            account_name: &key.account_name,
            period: key.period.as_secs(),
            algorithm: key.algorithm,
            digits: key.digits.number(),
        }
    }
}

#[derive(Serialize)]
struct GenerateBody<'a> {
    generate: bool,
    exported: bool,
    #[serde(flatten)]
    about: AboutBody<'a>,
    key_size: u16,
    skew: u8,
    qr_size: u16,
}

impl<'a> GenerateBody<'a> {
    fn new(key: &'a NewTotpKey) -> Self {
        let about = AboutBody {
            issuer: &key.issuer,
            account_name: &key.account_name,
            period: key.period.as_secs(),
            algorithm: key.algorithm,
            digits: key.digits.number(),
        };
        Self {
            generate: true,
            exported: true,
            about,
            key_size: key.key_bytes,
            skew: u8::from(key.tolerant),
            qr_size: key.barcode_pixels,
        }
    }
}

#[derive(Serialize)]
struct UrlBody<'a> {
    url: Exposed<'a>,
}

#[derive(Serialize)]
struct KeyBody<'a> {
    key: Exposed<'a>,
    #[serde(flatten)]
    about: AboutBody<'a>,
}

#[derive(Serialize)]
struct CodeBody<'a> {
    code: Exposed<'a>,
}

#[derive(Deserialize)]
struct GeneratedWire {
    url: Secret,
    #[serde(default)]
    barcode: Option<Decoded>,
}

#[derive(Deserialize)]
struct KeyWire {
    issuer: String,
    account_name: String,
    period: u64,
    algorithm: TotpAlgorithm,
    #[serde(deserialize_with = "digits")]
    digits: TotpDigits,
}

fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TotpDigits, D::Error> {
    match u8::deserialize(deserializer)? {
        6 => Ok(TotpDigits::Six),
        8 => Ok(TotpDigits::Eight),
        _ => Err(D::Error::custom("expected 6 or 8 digits")),
    }
}

#[derive(Deserialize)]
struct CodeWire {
    code: Secret,
    generated: UnixTime,
    expire_time: UnixTime,
    period: Span,
}

/// Seconds since 1970.
struct UnixTime(SystemTime);

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = Duration::from_secs(u64::deserialize(deserializer)?);
        let time = SystemTime::UNIX_EPOCH.checked_add(seconds).map(Self);
        time.ok_or_else(|| D::Error::custom("no such time"))
    }
}

#[derive(Deserialize)]
struct ValidWire {
    valid: bool,
}
