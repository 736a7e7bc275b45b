//! Transit. It really encrypts: what was changed, or is shown with another context or other associated data, does not
//! decrypt. Signatures of Ed25519 keys are real; those of other types are good here only, and so are RSA ciphertexts.

mod administration;
mod batch;
mod cryptography;
mod encrypting;
mod engine;
mod key;
mod signing;

pub(in crate::mock::model) use engine::Transit;
