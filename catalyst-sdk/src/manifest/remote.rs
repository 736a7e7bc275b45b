//! Where a secret lies in OpenBao.

use catalyst_openbao::{Mount, SecretPath};

use super::Property;
use super::yaml::Map;

/// A secret in OpenBao, as the operator finds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RemoteKey(String);

impl RemoteKey {
    /// `MOUNT/data/PATH`: right for reading whatever the store says of its mount. For a [`PushSecret`] only where the
    /// store names no mount; otherwise the operator would keep its marks at a path that begins with the mount twice.
    ///
    /// [`PushSecret`]: super::PushSecret
    pub fn of(mount: &Mount, path: &SecretPath) -> Self {
        Self(format!("{mount}/data/{path}"))
    }

    /// `PATH`, below the mount that the store names: what a [`PushSecret`] takes there.
    ///
    /// [`PushSecret`]: super::PushSecret
    pub fn below(path: &SecretPath) -> Self {
        Self(path.to_string())
    }

    /// As it stands in the manifest.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What to read there: the whole secret, or one property of it.
///
/// ```
/// use catalyst_sdk::manifest::{RemoteKey, RemoteRef};
///
/// let key = RemoteKey::of(&"secret".parse()?, &"org/acme/env/prod/db".parse()?);
/// let password = RemoteRef::new(key).property("password".parse()?);
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct RemoteRef {
    key: RemoteKey,
    property: Option<Property>,
    version: Option<u64>,
    decoding: Decoding,
}

/// How the operator decodes what it read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decoding {
    /// Not at all.
    #[default]
    None,
    /// By trying.
    Auto,
    /// Base64.
    Base64,
    /// Base64 with the alphabet of URLs.
    Base64Url,
}

impl Decoding {
    pub(super) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Auto => Some("Auto"),
            Self::Base64 => Some("Base64"),
            Self::Base64Url => Some("Base64URL"),
        }
    }
}

impl RemoteRef {
    /// The newest version of the whole secret.
    pub fn new(key: RemoteKey) -> Self {
        Self { key, property: None, version: None, decoding: Decoding::default() }
    }

    /// Only this property.
    pub fn property(mut self, property: Property) -> Self {
        self.property = Some(property);
        self
    }

    /// This version of KV version 2, whatever is written later.
    pub fn version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    /// Decodes the value.
    pub fn decoding(mut self, decoding: Decoding) -> Self {
        self.decoding = decoding;
        self
    }

    #[cfg(feature = "sso")]
    pub(crate) fn set_key(&mut self, key: RemoteKey) {
        self.key = key;
    }

    pub(super) fn node(&self) -> Map {
        Map::new()
            .field("key", self.key.as_str())
            .some("property", self.property.as_ref().map(Property::as_str))
            .some("version", self.version.map(|version| version.to_string()))
            .some("decodingStrategy", self.decoding.as_str())
    }
}
