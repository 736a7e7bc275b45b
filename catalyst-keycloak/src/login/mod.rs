//! Logins of users at a web application: the authorization code flow of OpenID Connect, with PKCE, state and nonce
//! always on.
//!
//! | type | what it does |
//! | --- | --- |
//! | [`LoginFlow`] | sends browsers to the realm, and takes them back |
//! | [`PendingLogin`] | what is remembered in between |
//! | [`Session`] | who logged in, with their tokens |
//! | [`LogoutNotice`] | a session that ended elsewhere |
//!
//! The crate openidconnect makes the requests: state, nonce, PKCE, addresses. What comes back is checked here, for two
//! reasons: it knows client secrets only, and it never fetches an issuer's keys a second time.

mod callback;
mod flow;
mod logout;
mod pending;
mod refusal;
mod request;
mod session;

pub use flow::{LoginFlow, LoginFlowBuilder, LoginStart};
pub use logout::LogoutNotice;
pub use pending::PendingLogin;
pub use request::{LoginOptions, Prompt};
pub use session::Session;
