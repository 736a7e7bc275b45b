//! rustls configurations that present the newest SVID and check peers by SPIFFE ID.
//!
//! | configuration | we present | the peer must be |
//! | --- | --- | --- |
//! | [`mtls_client`] | our SVID | a server with an SVID that the rules allow |
//! | [`mtls_server`] | our SVID | a client with an SVID that the rules allow |
//! | [`tls_client`] | nothing | a server with an SVID that the rules allow |
//! | [`tls_server`] | our SVID | anybody |
//! | [`web_client`] | our SVID | a server whose name the given authorities vouch for |
//!
//! What is presented and what peers are checked against is read at each handshake, so a rotation, a withdrawal or a
//! removed bundle counts from the next handshake on; the configurations never need to be rebuilt. While the
//! identity is withdrawn or expired nothing is presented, and while it is withdrawn every peer is refused.
//!
//! A peer's chain must lead to an authority of the peer's own trust domain; its leaf must be an X.509-SVID (one URI
//! name, no certificate authority, a key for signatures); then the [`Authorizer`](crate::Authorizer) decides. The
//! host name is not looked at, except by [`web_client`]. Sessions are never resumed, for a resumed session skips
//! all of this. Established connections live on after a rotation; who must end them watches
//! [`Updates`](crate::Updates). Revocation lists are not consulted: SVIDs are short-lived instead. To set ALPN, clone
//! a configuration and change the clone.
//!
//! ```
//! # #[cfg(feature = "mock")] {
//! use std::sync::Arc;
//! use catalyst_spiffe::{Authorizer, WorkloadIdentity, mock::MockIdentity, tls};
//!
//! let api = MockIdentity::new("spiffe://catalyst.local/ns/shop/sa/api")?;
//! let domain = api.id()?.trust_domain().clone();
//! let shop = Authorizer::namespace(domain, "shop");
//! let server_config = tls::mtls_server(Arc::new(api), shop)?;
//! # let _ = server_config;
//! # }
//! # Ok::<(), catalyst_core::Error>(())
//! ```

mod anchors;
mod config;
mod peer;
mod present;
#[cfg(test)]
#[cfg(feature = "mock")]
mod tests;

pub(crate) use anchors::Anchors;
pub use config::{mtls_client, mtls_server, tls_client, tls_server, web_client};
pub use peer::{PeerRules, Refused, refusal};
pub use present::identity_source;
