//! Keys of object stores (S3, SeaweedFS) that are replaced while they are in use: providers for the clients that
//! applications have.
//!
//! | feature | implements |
//! | --- | --- |
//! | `s3` | `ProvideCredentials` of the AWS SDK |
//! | `object-store` | `CredentialProvider` of the crate `object_store` |
//!
//! Each request is signed with the keys of its moment, and the store checks it when it comes: nothing drains, and the
//! keys that were replaced must work until the last request that was signed with them has come.

#[cfg(feature = "s3")]
mod aws;
mod keys;
#[cfg(feature = "object-store")]
mod object_store;

pub use keys::RotatingAccessKeys;
