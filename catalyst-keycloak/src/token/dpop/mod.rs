//! DPoP (RFC 9449): tokens that are of no use without the key they are bound to.

mod key;
mod nonce;
mod proof;

pub use key::DpopKey;

pub(super) use nonce::Nonces;
pub(super) use proof::Proofs;
