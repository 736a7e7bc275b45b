//! The OpenID Connect side of a realm, as a client meets it.

mod answer;
mod authenticate;
mod client;
mod credential;
mod grants;
mod introspection;
mod proof;
mod pushed;
mod renewal;
mod token_set;
mod token_source;

pub(crate) use answer::TokenAnswer;
pub(crate) use authenticate::authenticate;
pub use client::{OidcClient, OidcClientBuilder};
pub use credential::{ClientCredential, CredentialSource};
pub use grants::ExchangeRequest;
pub use introspection::{ActiveToken, Introspection, Revocation};
pub use pushed::PushedRequest;
pub(crate) use renewal::left_at_renewal;
pub use token_set::TokenSet;
pub use token_source::TokenSource;
