//! Signed tokens (RFC 7515 to 7519): the algorithms that are spoken, keys that sign, keys that verify.

mod algorithm;
mod jwk;
mod key_set;
mod signing;
mod verifying;

pub use algorithm::Algorithm;
pub use jwk::{Jwk, JwkSet};
pub use key_set::KeySet;
pub use signing::SigningKey;
pub use verifying::VerifyingKey;
