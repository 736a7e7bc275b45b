//! Roles.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{IssuerRef, RoleKey};
use crate::settings::{covers, list, seconds, setters};

/// What certificates of a role may say.
///
/// A new one allows no name, address or URI at all: say what is to be allowed. Keys are on the curve P-256, and the
/// certificates are for servers and clients.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::pki::PkiRole;
///
/// let role = PkiRole::new()
///     .allowed_domains(["example.test"])
///     .allow_subdomains(true)
///     .allowed_uri_sans(["spiffe://example.test/*"])
///     .max_ttl(Duration::from_secs(24 * 3600));
/// # let _ = role;
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "as the server has them")]
pub struct PkiRole {
    /// Who issues; the default issuer unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_ref: Option<IssuerRef>,
    /// How long a certificate is good for if the request does not say; that of the mount unless set.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// No certificate is good for longer; that of the mount unless set.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub max_ttl: Option<Duration>,
    /// Domains of which the following rules speak.
    #[serde(default, deserialize_with = "list")]
    pub allowed_domains: Vec<String>,
    /// The domains themselves are allowed.
    #[serde(default)]
    pub allow_bare_domains: bool,
    /// What is below the domains is allowed, in small letters only.
    #[serde(default)]
    pub allow_subdomains: bool,
    /// The domains are patterns with `*`, and what fits is allowed.
    #[serde(default)]
    pub allow_glob_domains: bool,
    /// Names with `*` are allowed where the name behind it is.
    #[serde(default)]
    pub allow_wildcard_certificates: bool,
    /// Every name is allowed.
    #[serde(default)]
    pub allow_any_name: bool,
    /// `localhost` is allowed.
    #[serde(default)]
    pub allow_localhost: bool,
    /// Names must be those of hosts.
    #[serde(default)]
    pub enforce_hostnames: bool,
    /// Addresses of IP are allowed.
    #[serde(default)]
    pub allow_ip_sans: bool,
    /// Only addresses of these blocks.
    #[serde(default, deserialize_with = "list")]
    pub allowed_ip_sans_cidr: Vec<String>,
    /// URIs that fit one of these patterns with `*` are allowed.
    #[serde(default, deserialize_with = "list")]
    pub allowed_uri_sans: Vec<String>,
    /// Names of other kinds that are allowed: `<oid>;UTF8:<pattern>`.
    #[serde(default, deserialize_with = "list")]
    pub allowed_other_sans: Vec<String>,
    /// Certificates are for servers.
    #[serde(default)]
    pub server_flag: bool,
    /// Certificates are for clients.
    #[serde(default)]
    pub client_flag: bool,
    /// The kind of keys.
    #[serde(default, flatten)]
    pub key: RoleKey,
    /// What keys are used for: `DigitalSignature`, `KeyAgreement` and others.
    #[serde(default, deserialize_with = "list")]
    pub key_usage: Vec<String>,
    /// More that certificates are for: `CodeSigning` and others.
    #[serde(default, deserialize_with = "list")]
    pub ext_key_usage: Vec<String>,
    /// To sign, the common name is that of the request for signing.
    #[serde(default)]
    pub use_csr_common_name: bool,
    /// To sign, the alternative names are those of the request for signing.
    #[serde(default)]
    pub use_csr_sans: bool,
    /// A common name must be given.
    #[serde(default)]
    pub require_cn: bool,
    /// Organisations in the subject.
    #[serde(default, deserialize_with = "list")]
    pub organization: Vec<String>,
    /// Units of organisations in the subject.
    #[serde(default, deserialize_with = "list")]
    pub ou: Vec<String>,
    /// Countries in the subject.
    #[serde(default, deserialize_with = "list")]
    pub country: Vec<String>,
    /// Certificates come with leases, at whose end they are revoked. The server advises against it.
    #[serde(default)]
    pub generate_lease: bool,
    /// Certificates are not kept: they are issued faster, and cannot be listed or revoked by their number. With this, there
    /// are no leases.
    #[serde(default)]
    pub no_store: bool,
    /// How long before now certificates begin, for clocks that differ; 30 s unless set.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub not_before_duration: Option<Duration>,
    /// All else that the server knows of roles, by its names. It is kept when a role is read and written again.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Default for PkiRole {
    fn default() -> Self {
        let usages = ["DigitalSignature", "KeyAgreement", "KeyEncipherment"];
        Self {
            issuer_ref: None,
            ttl: None,
            max_ttl: None,
            allowed_domains: Vec::new(),
            allow_bare_domains: false,
            allow_subdomains: false,
            allow_glob_domains: false,
            allow_wildcard_certificates: false,
            allow_any_name: false,
            allow_localhost: false,
            enforce_hostnames: true,
            allow_ip_sans: false,
            allowed_ip_sans_cidr: Vec::new(),
            allowed_uri_sans: Vec::new(),
            allowed_other_sans: Vec::new(),
            server_flag: true,
            client_flag: true,
            key: RoleKey::default(),
            key_usage: usages.map(str::to_owned).to_vec(),
            ext_key_usage: Vec::new(),
            use_csr_common_name: true,
            use_csr_sans: true,
            require_cn: true,
            organization: Vec::new(),
            ou: Vec::new(),
            country: Vec::new(),
            generate_lease: false,
            no_store: false,
            not_before_duration: None,
            other: BTreeMap::new(),
        }
    }
}

impl PkiRole {
    /// A role that allows no name.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Who issues.
        issuer_ref: some IssuerRef;
        /// How long a certificate is good for if the request does not say, in whole seconds.
        ttl: some Duration;
        /// No certificate is good for longer, in whole seconds.
        max_ttl: some Duration;
        /// Domains of which the other rules speak.
        allowed_domains: list String;
        /// Whether the domains themselves are allowed.
        allow_bare_domains: plain bool;
        /// Whether what is below the domains is allowed.
        allow_subdomains: plain bool;
        /// Whether the domains are patterns with `*`.
        allow_glob_domains: plain bool;
        /// Whether names with `*` are allowed.
        allow_wildcard_certificates: plain bool;
        /// Whether every name is allowed.
        allow_any_name: plain bool;
        /// Whether `localhost` is allowed.
        allow_localhost: plain bool;
        /// Whether names must be those of hosts.
        enforce_hostnames: plain bool;
        /// Whether addresses of IP are allowed.
        allow_ip_sans: plain bool;
        /// Blocks in which addresses of IP must be.
        allowed_ip_sans_cidr: list String;
        /// Patterns of URIs that are allowed.
        allowed_uri_sans: list String;
        /// Names of other kinds that are allowed: `<oid>;UTF8:<pattern>`.
        allowed_other_sans: list String;
        /// Whether certificates are for servers.
        server_flag: plain bool;
        /// Whether certificates are for clients.
        client_flag: plain bool;
        /// The kind of keys.
        key: plain RoleKey;
        /// What keys are used for.
        key_usage: list String;
        /// More that certificates are for.
        ext_key_usage: list String;
        /// Whether, to sign, the common name is that of the request for signing.
        use_csr_common_name: plain bool;
        /// Whether, to sign, the alternative names are those of the request for signing.
        use_csr_sans: plain bool;
        /// Whether a common name must be given.
        require_cn: plain bool;
        /// Organisations in the subject.
        organization: list String;
        /// Units of organisations in the subject.
        ou: list String;
        /// Countries in the subject.
        country: list String;
        /// Whether certificates come with leases.
        generate_lease: plain bool;
        /// Whether certificates are not kept.
        no_store: plain bool;
        /// How long before now certificates begin, in whole seconds.
        not_before_duration: some Duration;
    }

    /// Whether `found` has all that this sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}
