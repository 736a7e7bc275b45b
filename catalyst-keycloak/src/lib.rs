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
//! # How failure behaves
//!
//! Every error has a [kind](Error::kind) and, where the answer tells, a stable [code](Error::code). Passing faults are
//! tried again, three times within 30 s unless set otherwise; what creates or uses something up is not, once its
//! [outcome is unknown](Error::outcome_unknown): it is looked up. An access token that the server refuses is replaced
//! once.
//!
//! | code | meaning |
//! | --- | --- |
//! | `permission_denied`, `invalid_token` | a role is missing, and named; the administrator's token is no good |
//! | `realm_not_found`, `client_not_found`, `not_found` | there is none |
//! | `not_owned`, `duplicate_subject`, `already_exists`, `changed_meanwhile` | somebody else's; somebody was faster |
//! | `invalid_spec`, `unknown_scope`, `no_secret` | the declaration contradicts itself, or the realm |
//! | `bad_credentials`, `invalid_grant` | the client, or what it presented, was refused |
//! | `rotation_unsupported`, `rotation_locked`, `rotation_timeout` | the realm has no overlap; another worker is at it |
//! | `new_secret_refused`, `old_secret_accepted`, `unreadable_record` | a rotation found what must not be |
//! | `token_malformed`, `algorithm_refused`, `bad_signature`, `unknown_key`, `keys_unavailable` | a token's signature |
//! | `wrong_issuer`, `wrong_audience`, `wrong_client`, `wrong_token_type`, `wrong_nonce`, `wrong_access_token` | what it says |
//! | `token_expired`, `token_not_yet_valid`, `token_lives_too_long` | when it says so |
//! | `proof_required`, `unbound_token`, `wrong_certificate`, `invalid_dpop_proof`, `use_dpop_nonce`, `replayed` | who holds it |
//! | `login_denied`, `login_expired`, `login_state_mismatch`, … | a login of a user; see `login` |
//! | `rate_limited`, `unavailable`, `bad_gateway`, `internal_error` | passing faults |
//! | `invalid_request`, `unreadable_answer`, `unexpected_status`, `redirected` | the rest |
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
