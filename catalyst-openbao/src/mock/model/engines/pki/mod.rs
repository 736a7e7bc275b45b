//! Certificates. They are real ones, at the time of the model's clock; what the server would keep open to everybody asks
//! for a token here, private keys are in PKCS #8 always, and a list of what was revoked since the last whole one does not
//! say that it is one.

mod authorities;
mod engine;
mod fields;
mod forge;
mod issuers;
mod issuing;
mod keys;
mod names;
mod revocation;
mod roles;
mod settings;
mod store;

pub(in crate::mock::model) use engine::Pki;
