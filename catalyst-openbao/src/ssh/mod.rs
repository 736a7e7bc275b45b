//! SSH certificates and one-time passwords.
//!
//! | what | types |
//! | --- | --- |
//! | certificates, asked for | [`SshAuthority`], [`CertificateRequest`], [`SignedKey`], [`IssuedKey`] |
//! | what they are made of | [`PublicKey`], [`Certificate`], [`Serial`], [`Principal`], [`OptionName`] |
//! | who signs them | [`SshIssuer`], [`NewSshIssuer`], [`KeyPair`], [`KeyType`] |
//! | what may be asked for | [`SshRole`]: a [`CaRole`] or an [`OtpRole`] |
//! | passwords for one login at one host | [`OtpRequest`], [`OtpCredential`], [`VerifiedOtp`] |
//!
//! A certificate says for itself until when it is good, and the server keeps nothing of it: there is no lease, and
//! nothing to revoke but the issuer. Let them live for minutes.

mod authority;
mod blob;
mod ca_role;
mod certificate;
mod cidr;
mod client;
mod issuer;
mod issuers;
mod key;
mod key_pair;
mod names;
mod otp;
mod otp_role;
mod otps;
mod public_key;
mod request;
mod role;
mod roles;

pub use authority::{IssuedKey, SignedKey, SshAuthority};
pub use ca_role::{CaRole, RsaSignature};
pub use certificate::{Certificate, CertificateKind, Serial};
pub use cidr::Cidr;
pub use client::Ssh;
pub use issuer::{NewSshIssuer, SshIssuer};
pub use key::KeyType;
pub use key_pair::KeyPair;
pub use names::{Allowed, OptionName, Principal};
pub use otp::{OtpCredential, OtpRequest, VerifiedOtp};
pub use otp_role::OtpRole;
pub use public_key::PublicKey;
pub use request::CertificateRequest;
pub use role::SshRole;

pub use crate::path::SshIssuerRef;
