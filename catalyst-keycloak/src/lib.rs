//! Keycloak for Rust services: clients that register themselves, secrets that rotate without one failed login, and
//! tokens that are verified by the book.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`Realm`], [`RealmResolver`], [`SharedSovereign`], [`PerOrganization`] | which realm serves whom, and where it is |
//! | [`Keycloak`], [`KeycloakBuilder`], [`AdminLogin`] | the administration of one server |
//! | [`ClientSpec`], [`ClientRegistrar`] | what an application declares, and what makes it so |
//! | [`AdminRegistrar`], [`DynamicRegistrar`] | the two ways of registration |
//! | [`ClientSecrets`] | secrets, and the overlap in which two of them work |
//! | [`ClientCredential`], [`CredentialSource`] | how a client proves who it is |
//! | [`OidcClient`], [`TokenSet`] | a client at the endpoints of its realm |
//! | [`TokenSource`] | a cached token that is renewed in time |
//! | `login` | logins of users at a web application (feature `login`) |
//! | [`token`] | tokens, verified by the book |
//! | [`RealmAdmin`], [`RealmSpec`], [`IdentityProviderSpec`], [`OrganizationSpec`] | the realm itself, and what is set up once in it |
//! | [`jose`] | algorithms, keys, signatures |
//! | [`rotation`] | secrets that change without one failed login |
//! | `mock`, `testing` | a Keycloak in memory, and one on a real socket (features) |
//!
//! Invariants: this crate names no other service, reads no environment variable, installs no TLS provider and never
//! spawns.

mod admin;
mod builder;
mod client;
mod form;
pub mod jose;
mod keycloak;
#[cfg(feature = "login")]
pub mod login;
#[cfg(feature = "mock")]
pub mod mock;
mod names;
mod oidc;
mod operation;
mod realm;
mod refusal;
pub mod rotation;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;
mod topology;
mod transport;

pub use catalyst_core::{AssertionSource, Error, ErrorKind, Result, Secret};

pub use admin::AdminLogin;
pub use builder::KeycloakBuilder;
pub use client::{
    AdminRegistrar, Authentication, ClientPage, ClientRegistrar, ClientSecrets, ClientSpec, DynamicRegistrar,
    DynamicRegistrarBuilder, MemoryRegistrationStore, Outcome, Profile, RedirectUri, RegisteredClient,
    Registration, RegistrationAccess, RegistrationStore, SecretPair, StoredRegistration,
};
pub use keycloak::Keycloak;
pub use names::{ClientId, OrganizationSlug, Owner, RealmName};
pub use oidc::{
    ActiveToken, ClientCredential, CredentialSource, ExchangeRequest, Introspection, OidcClient,
    OidcClientBuilder, PushedRequest, Revocation, TokenSet, TokenSource,
};
pub use realm::{
    EventLog, IdentityProvider, IdentityProviderSpec, InitialAccess, KeyPolicy, KeyProgress, KeyStep,
    ManagementRole, OidcProvider, OrganizationSpec, ProviderKind, RealmAdmin, RealmChange, RealmSpec,
    SecretRotationPolicy, SenderConstraint, ServiceAccount, TlsRequirement,
};
pub use topology::{Issuer, PerOrganization, Realm, RealmResolver, SharedSovereign};
