//! The policy that holds clients to FAPI 2.0.

use catalyst_core::Result;
use serde_json::json;

use super::ensure::{Found, Wanted, ensure};
use super::rotation::object;
use crate::RealmChange;
use crate::client::attribute;
use crate::realm::RealmAdmin;

const NAME: &str = "catalyst-fapi2";

/// What binds a token to the client that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SenderConstraint {
    /// The certificate of the TLS connection (RFC 8705).
    MutualTls,
    /// A proof that is signed for each request (RFC 9449).
    Dpop,
}

impl SenderConstraint {
    /// The profile that the server brings for it.
    fn profile(self) -> &'static str {
        match self {
            Self::MutualTls => "fapi-2-security-profile",
            Self::Dpop => "fapi-2-dpop-security-profile",
        }
    }
}

impl RealmAdmin {
    /// Holds the clients with [`Profile::Fapi2`](crate::Profile::Fapi2) to the FAPI 2.0 Security Profile: assertions or
    /// certificates in place of secrets, pushed requests, PKCE, PS256 or ES256, tokens bound to their client.
    ///
    /// The policy goes by an attribute of the client. Keycloak looks at that when a client asks for something, and not
    /// when it is registered or changed: one that breaks the profile can be registered, and is refused from its first
    /// request on.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) naming the role to grant, and those of the
    /// server.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one.
    pub async fn ensure_fapi2(&self, constraint: SenderConstraint) -> Result<RealmChange> {
        // The server takes the attributes as a text that is JSON.
        let attributes = json!([{ "key": attribute::PROFILE, "value": attribute::FAPI2 }]).to_string();
        let wanted = Wanted {
            what: "FAPI 2.0 policy",
            profile: None,
            policy: object(json!({
                "name": NAME,
                "enabled": true,
                "conditions": [
                    { "condition": "client-attributes", "configuration": { "attributes": attributes } }
                ],
                "profiles": [constraint.profile()],
            })),
        };
        ensure(self, &wanted, |_, _| Ok(Found::Ours)).await
    }

    /// Lets go of what [`ensure_fapi2`](Self::ensure_fapi2) held. Returns whether it was there.
    ///
    /// # Errors
    /// Those of the server.
    ///
    /// # Cancel safety
    /// As for [`ensure_fapi2`](Self::ensure_fapi2).
    pub async fn remove_fapi2(&self) -> Result<bool> {
        super::ensure::remove(self, "FAPI 2.0 policy", NAME).await
    }
}
