//! SSH. Its certificates are real ones: OpenSSH takes them. It makes keys of all kinds, takes in Ed25519 keys as OpenSSH
//! writes them, and does not sign with SHA-1. Of the templates in roles it knows `{{identity.entity.id}}`.

mod certify;
mod engine;
mod issuers;
mod key;
mod otp;
mod parse;
mod pem;
mod roles;
mod rules;
mod writer;

pub(in crate::mock::model) use engine::Ssh;
