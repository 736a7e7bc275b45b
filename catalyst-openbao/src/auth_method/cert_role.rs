//! Who may log in by a client certificate.

use serde::{Deserialize, Serialize};

use super::TokenParameters;
use super::token_parameters::role_of;
use crate::settings::{list, maybe_text, setters};

/// A role of the `cert` method: certificates of this authority with these names.
///
/// ```
/// use catalyst_openbao::auth_method::{CertRole, TokenParameters};
///
/// # let authority_pem = "";
/// let role = CertRole::new(authority_pem)
///     .allowed_uri_sans(["spiffe://example.test/ns/shop/sa/orders"])
///     .tokens(TokenParameters::new().policies(["orders"]));
/// # let _ = role;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CertRole {
    /// The authority, or the one certificate, in PEM.
    pub certificate: String,
    /// One of these must be the common name. `*` stands for anything. Empty is any, here and below.
    #[serde(deserialize_with = "list")]
    pub allowed_common_names: Vec<String>,
    /// One of these must be among its DNS names.
    #[serde(deserialize_with = "list")]
    pub allowed_dns_sans: Vec<String>,
    /// One of these must be among its addresses of mail.
    #[serde(deserialize_with = "list")]
    pub allowed_email_sans: Vec<String>,
    /// One of these must be among its URIs, such as SPIFFE identifiers.
    #[serde(deserialize_with = "list")]
    pub allowed_uri_sans: Vec<String>,
    /// One of these must be among its organisational units.
    #[serde(deserialize_with = "list")]
    pub allowed_organizational_units: Vec<String>,
    /// Extensions with their values that it must have: `1.2.3:value`.
    #[serde(deserialize_with = "list")]
    pub required_extensions: Vec<String>,
    /// Extensions that become metadata of the token.
    #[serde(deserialize_with = "list")]
    pub allowed_metadata_extensions: Vec<String>,
    /// How its tokens are named.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What tokens its logins get.
    #[serde(flatten)]
    pub tokens: TokenParameters,
}

role_of!(CertRole);

impl CertRole {
    /// Certificates that this authority, in PEM, has signed.
    pub fn new(authority_pem: impl Into<String>) -> Self {
        Self { certificate: authority_pem.into(), ..Self::default() }
    }

    setters! {
        /// One of these must be the common name. `*` stands for anything.
        allowed_common_names: list String;
        /// One of these must be among its DNS names.
        allowed_dns_sans: list String;
        /// One of these must be among its addresses of mail.
        allowed_email_sans: list String;
        /// One of these must be among its URIs, such as SPIFFE identifiers.
        allowed_uri_sans: list String;
        /// One of these must be among its organisational units.
        allowed_organizational_units: list String;
        /// Extensions with their values that it must have: `1.2.3:value`.
        required_extensions: list String;
        /// Extensions that become metadata of the token.
        allowed_metadata_extensions: list String;
        /// How its tokens are named.
        display_name: text String;
    }
}
