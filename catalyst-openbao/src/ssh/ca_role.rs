//! Roles for certificates.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::{Member as _, apart, joined};
use super::role::Others;
use super::{Allowed, OptionName, Principal, SshIssuerRef};
use crate::settings::{maybe_text, setters, texts, whole_seconds};
use crate::wire::Span;

/// How the server names the default issuer.
const DEFAULT: &str = "default";

/// Which certificates may be asked for, and what they say if nothing else is asked for.
///
/// ```
/// use std::time::Duration;
///
/// use catalyst_openbao::ssh::{Allowed, CaRole};
///
/// let users = CaRole::for_users(Allowed::only(["ops".parse()?, "deploy".parse()?]))
///     .default_user("ops".parse()?)
///     .ttl(Duration::from_secs(300))
///     .max_ttl(Duration::from_secs(3600))
///     .default_extension("permit-pty".parse()?, "");
/// let hosts = CaRole::for_hosts(Allowed::only(["example.test".parse()?])).subdomains(true);
/// # let _ = (users, hosts);
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "as many switches as the server has")]
pub struct CaRole {
    /// Whether it gives certificates of users.
    #[serde(rename = "allow_user_certificates")]
    pub user_certificates: bool,
    /// The users they may be for.
    pub allowed_users: Allowed<Principal>,
    /// Whether the users stand there in templates, such as `{{identity.entity.name}}`.
    pub allowed_users_template: bool,
    /// The user they are for if none is asked for. It must be allowed as well.
    #[serde(deserialize_with = "maybe_principal", serialize_with = "text_of")]
    pub default_user: Option<Principal>,
    /// Whether the default user is a template.
    pub default_user_template: bool,
    /// Whether it gives certificates of hosts.
    #[serde(rename = "allow_host_certificates")]
    pub host_certificates: bool,
    /// The domains that they may be of.
    pub allowed_domains: Allowed<Principal>,
    /// Whether the domains stand there in templates.
    pub allowed_domains_template: bool,
    /// Whether a host may have the name of a domain itself.
    #[serde(rename = "allow_bare_domains")]
    pub bare_domains: bool,
    /// Whether a host may have a name below a domain.
    #[serde(rename = "allow_subdomains")]
    pub subdomains: bool,
    /// Whether certificates may be for nobody in particular, **which means everybody**.
    #[serde(rename = "allow_empty_principals")]
    pub empty_principals: bool,
    /// How long they are good if nothing else is asked for; as the mount has it if not set.
    #[serde(with = "span")]
    pub ttl: Option<Duration>,
    /// How long they may be good; as the mount has it if not set.
    #[serde(with = "span")]
    pub max_ttl: Option<Duration>,
    /// How long before they were made they are good already, for clocks that differ.
    #[serde(rename = "not_before_duration", serialize_with = "seconds", deserialize_with = "from_seconds")]
    pub backdated_by: Duration,
    /// What they allow beside the login if nothing is asked for. It need not be allowed.
    #[serde(deserialize_with = "options")]
    pub default_extensions: BTreeMap<OptionName, String>,
    /// Whether templates stand in the values of the default extensions.
    pub default_extensions_template: bool,
    /// Which extensions may be asked for.
    pub allowed_extensions: Allowed<OptionName>,
    /// What restricts them if nothing is asked for. It need not be allowed.
    #[serde(deserialize_with = "options")]
    pub default_critical_options: BTreeMap<OptionName, String>,
    /// Which critical options may be asked for. **An empty list allows all.**
    #[serde(serialize_with = "joined", deserialize_with = "apart")]
    pub allowed_critical_options: Vec<OptionName>,
    /// Whether callers may choose what the log of a host calls them.
    #[serde(rename = "allow_user_key_ids")]
    pub user_key_ids: bool,
    /// What it calls them otherwise: a template of `{{token_display_name}}`, `{{role_name}}` and `{{public_key_hash}}`.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub key_id_format: Option<String>,
    /// Which sizes of which keys are signed, all if empty: `rsa`, `ecdsa`, `ed25519`, `dsa`, or names as OpenSSH has them.
    #[serde(rename = "allowed_user_key_lengths", deserialize_with = "lengths")]
    pub key_sizes: BTreeMap<String, Vec<u32>>,
    /// How an issuer with an RSA key signs.
    #[serde(rename = "algorithm_signer")]
    pub rsa_signature: RsaSignature,
    /// The issuer that signs; the default one if not set.
    #[serde(rename = "issuer_ref", deserialize_with = "maybe_issuer", serialize_with = "issuer_or_default")]
    pub issuer: Option<SshIssuerRef>,
    /// Whether what is put into a template may hold a comma, and be several users or domains.
    #[serde(rename = "allow_commas_in_identity_templates")]
    pub commas_in_templates: bool,
    /// Whether what is put into a template may hold a `*`.
    #[serde(rename = "allow_wildcards_in_identity_templates")]
    pub wildcards_in_templates: bool,
    #[serde(flatten)]
    other: Others,
}

/// How an issuer with an RSA key signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RsaSignature {
    /// As the server does: with SHA-256. The only one for other keys than RSA.
    #[default]
    #[serde(rename = "default", alias = "")]
    Default,
    /// With SHA-1, which OpenSSH takes no longer.
    #[serde(rename = "ssh-rsa")]
    Sha1,
    /// With SHA-256.
    #[serde(rename = "rsa-sha2-256")]
    Sha256,
    /// With SHA-512.
    #[serde(rename = "rsa-sha2-512")]
    Sha512,
}

impl Default for CaRole {
    /// A role as the server has it before anything is set. It gives no certificates, and the server refuses it.
    fn default() -> Self {
        Self {
            user_certificates: false,
            allowed_users: Allowed::none(),
            allowed_users_template: false,
            default_user: None,
            default_user_template: false,
            host_certificates: false,
            allowed_domains: Allowed::none(),
            allowed_domains_template: false,
            bare_domains: false,
            subdomains: false,
            empty_principals: false,
            ttl: None,
            max_ttl: None,
            backdated_by: Duration::from_secs(30),
            default_extensions: BTreeMap::new(),
            default_extensions_template: false,
            allowed_extensions: Allowed::none(),
            default_critical_options: BTreeMap::new(),
            allowed_critical_options: Vec::new(),
            user_key_ids: false,
            key_id_format: None,
            key_sizes: BTreeMap::new(),
            rsa_signature: RsaSignature::Default,
            issuer: None,
            commas_in_templates: false,
            wildcards_in_templates: false,
            other: Others::new(),
        }
    }
}

impl CaRole {
    /// Certificates for these users.
    pub fn for_users(users: Allowed<Principal>) -> Self {
        Self { user_certificates: true, allowed_users: users, ..Self::default() }
    }

    /// Certificates for hosts of these domains. Say whether they may be the [domains themselves](Self::bare_domains) or
    /// [below them](Self::subdomains): unless all are allowed, no host is otherwise.
    pub fn for_hosts(domains: Allowed<Principal>) -> Self {
        Self { host_certificates: true, allowed_domains: domains, ..Self::default() }
    }

    setters! {
        /// Whether the users stand there in templates.
        allowed_users_template: plain bool;
        /// The user they are for if none is asked for. It must be allowed as well.
        default_user: some Principal;
        /// Whether the default user is a template.
        default_user_template: plain bool;
        /// Whether the domains stand there in templates.
        allowed_domains_template: plain bool;
        /// Whether a host may have the name of a domain itself.
        bare_domains: plain bool;
        /// Whether a host may have a name below a domain.
        subdomains: plain bool;
        /// Whether certificates may be for nobody in particular, **which means everybody**.
        empty_principals: plain bool;
        /// How long they are good if nothing else is asked for, in whole seconds.
        ttl: some Duration;
        /// How long they may be good, in whole seconds.
        max_ttl: some Duration;
        /// How long before they were made they are good already, in whole seconds; 30 s if not set.
        backdated_by: plain Duration;
        /// Whether templates stand in the values of the default extensions.
        default_extensions_template: plain bool;
        /// Which extensions may be asked for.
        allowed_extensions: plain Allowed<OptionName>;
        /// Which critical options may be asked for. An empty list allows all.
        allowed_critical_options: list OptionName;
        /// Whether callers may choose what the log of a host calls them.
        user_key_ids: plain bool;
        /// What it calls them otherwise: a template.
        key_id_format: text String;
        /// How an issuer with an RSA key signs.
        rsa_signature: plain RsaSignature;
        /// The issuer that signs.
        issuer: some SshIssuerRef;
        /// Whether what is put into a template may hold a comma.
        commas_in_templates: plain bool;
        /// Whether what is put into a template may hold a `*`.
        wildcards_in_templates: plain bool;
    }

    /// Unless something is asked for, they allow this, too: `permit-pty`, whose value is empty.
    #[must_use]
    pub fn default_extension(mut self, name: OptionName, value: impl Into<String>) -> Self {
        self.default_extensions.insert(name, value.into());
        self
    }

    /// Unless something is asked for, this restricts them: `source-address` with blocks of addresses.
    #[must_use]
    pub fn default_critical_option(mut self, name: OptionName, value: impl Into<String>) -> Self {
        self.default_critical_options.insert(name, value.into());
        self
    }

    /// Signs RSA keys of these sizes in bits, and no kinds of keys but those that are named.
    #[must_use]
    pub fn rsa_keys(self, bits: impl IntoIterator<Item = u32>) -> Self {
        self.keys("rsa", bits)
    }

    /// Signs ECDSA keys on the curves of these sizes, 256, 384 or 521, and no kinds of keys but those that are named.
    #[must_use]
    pub fn ecdsa_keys(self, bits: impl IntoIterator<Item = u32>) -> Self {
        self.keys("ecdsa", bits)
    }

    /// Signs Ed25519 keys, and no kinds of keys but those that are named.
    #[must_use]
    pub fn ed25519_keys(self) -> Self {
        // The size means nothing, but there must be one.
        self.keys("ed25519", [0])
    }

    fn keys(mut self, kind: &str, bits: impl IntoIterator<Item = u32>) -> Self {
        self.key_sizes.insert(kind.to_owned(), bits.into_iter().collect());
        self
    }
}

/// A span of which zero is none.
mod span {
    use super::{Deserialize, Deserializer, Duration, Serializer, Span, whole_seconds};

    #[allow(clippy::ref_option, reason = "serde asks for this signature")]
    pub(super) fn serialize<S: Serializer>(
        span: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(span.map_or(0, whole_seconds))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let span = Option::<Span>::deserialize(deserializer)?;
        Ok(span.map(|span| span.0).filter(|span| !span.is_zero()))
    }
}

fn seconds<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(whole_seconds(*span))
}

fn from_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Ok(Option::<Span>::deserialize(deserializer)?.unwrap_or_default().0)
}

fn maybe_principal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Principal>, D::Error> {
    // One text, whatever stands in it.
    Ok(maybe_text(deserializer)?.map(|text| Principal::listed(&text)))
}

#[allow(clippy::ref_option, reason = "serde asks for this signature")]
fn text_of<S: Serializer>(principal: &Option<Principal>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(principal.as_ref().map_or("", Principal::as_str))
}

fn maybe_issuer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SshIssuerRef>, D::Error> {
    let text = maybe_text(deserializer)?.filter(|text| text != DEFAULT);
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

#[allow(clippy::ref_option, reason = "serde asks for this signature")]
fn issuer_or_default<S: Serializer>(issuer: &Option<SshIssuerRef>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(issuer.as_ref().map_or(DEFAULT, SshIssuerRef::as_str))
}

/// Values by their names, or `null`.
fn options<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<OptionName, String>, D::Error> {
    let all = texts(deserializer)?;
    Ok(all.into_iter().map(|(name, value)| (OptionName::listed(&name), value)).collect())
}

/// A map that may be `null`, of lists that may be, too.
fn lengths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<u32>>, D::Error> {
    let all = Option::<BTreeMap<String, Option<Vec<u32>>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(all.into_iter().map(|(name, sizes)| (name, sizes.unwrap_or_default())).collect())
}
