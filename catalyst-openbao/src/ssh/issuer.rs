//! Issuers: the keys that certificates are signed with.

use catalyst_core::Result;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{KeyPair, KeyType, PublicKey, SshIssuerRef};
use crate::wire::Exposed;

/// An issuer, as everybody may know it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SshIssuer {
    /// The identifier that the server gave it.
    #[serde(rename = "issuer_id")]
    pub id: SshIssuerRef,
    /// Its name, if it has one.
    #[serde(rename = "issuer_name", default, deserialize_with = "maybe_name")]
    pub name: Option<SshIssuerRef>,
    /// The key that hosts and clients are to trust.
    pub public_key: PublicKey,
}

impl SshIssuer {
    /// An issuer without a name, for tests.
    pub fn new(id: SshIssuerRef, public_key: PublicKey) -> Self {
        Self { id, name: None, public_key }
    }
}

pub(super) fn maybe_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SshIssuerRef>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(serde::de::Error::custom) }
}

/// An issuer that is to be added.
///
/// ```
/// use catalyst_openbao::ssh::{KeyType, NewSshIssuer};
///
/// let issuer = NewSshIssuer::generated(KeyType::Ed25519).name("hosts-2026".parse()?);
/// # let _ = issuer;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NewSshIssuer {
    key: Source,
    pub(super) name: Option<SshIssuerRef>,
    set_default: bool,
}

#[derive(Clone, Debug)]
enum Source {
    Generated(KeyType),
    Imported(KeyPair),
}

impl NewSshIssuer {
    /// With a key that the server makes, and never shows.
    pub fn generated(key_type: KeyType) -> Self {
        Self { key: Source::Generated(key_type), name: None, set_default: false }
    }

    /// With a key that was made elsewhere.
    pub fn imported(pair: KeyPair) -> Self {
        Self { key: Source::Imported(pair), name: None, set_default: false }
    }

    /// Under this name.
    pub fn name(self, name: SshIssuerRef) -> Self {
        Self { name: Some(name), ..self }
    }

    /// As the one whose key signs where a role names none. The first issuer is that anyway.
    pub fn set_default(self) -> Self {
        Self { set_default: true, ..self }
    }

    /// Whether asking twice makes one issuer: the server knows a key again.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(self.key, Source::Imported(_))
    }
}

/// As the body for the default issuer as for others; the name stands in the path.
impl Serialize for NewSshIssuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Generated {
            generate_signing_key: bool,
            #[serde(flatten)]
            key: KeyType,
            #[serde(skip_serializing_if = "Option::is_none")]
            set_default: Option<bool>,
        }
        #[derive(Serialize)]
        struct Imported<'a> {
            generate_signing_key: bool,
            public_key: &'a PublicKey,
            private_key: Exposed<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            set_default: Option<bool>,
        }
        // The path of the default issuer does not know this.
        let set_default = self.set_default.then_some(true);
        match &self.key {
            Source::Generated(key) => {
                Generated { generate_signing_key: true, key: *key, set_default }.serialize(serializer)
            }
            Source::Imported(KeyPair { public, private }) => {
                let private_key = Exposed(private);
                Imported { generate_signing_key: false, public_key: public, private_key, set_default }
                    .serialize(serializer)
            }
        }
    }
}
