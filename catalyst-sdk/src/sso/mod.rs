//! Single sign-on for applications: declared once, registered in the Organization's realm, its credential kept in
//! OpenBao and nowhere else, and replaced every 90 days while logins go on.
//!
//! ```text
//!   SsoApplication ──ensure──► client in the realm ──► credential at org/{org}/env/{env}/sso/{app} ──► SsoSettings
//!                                                            ▲                 │
//!                    RotationKeeper: replaces it ────────────┘                 ├──► ExternalSecret: YAML, no value in it
//!                                                                              └──► RotatingCredential: the next token
//!                                                                                   request uses the new secret
//! ```
//!
//! [`Sso::ensure`] can end anywhere and be called again anywhere: what it finds done it leaves alone. A second run
//! reads once at Keycloak and once at OpenBao, and writes nothing. Each step is an [`SsoEvent`] for the audit log;
//! none holds a secret.
//!
//! | credential | at Keycloak | at OpenBao |
//! | --- | --- | --- |
//! | [`SsoCredential::Secret`] | made there | current and previous, their dates, how far a rotation has come |
//! | [`SsoCredential::PrivateKeyJwt`] | the public key | the private key, made here |
//! | [`SsoCredential::Federated`] | issuer and subject | nothing |
//! | [`SsoCredential::MutualTls`], [`SsoCredential::Public`] | what they say | nothing |

mod application;
mod credential;
mod ensure;
mod environment;
mod event;
mod external_secret;
mod facade;
mod keeper;
mod key;
mod kv_record;
mod outlet;
mod registrars;
mod settings;

pub use application::{SsoApplication, SsoCredential};
pub use credential::RotatingCredential;
pub use environment::{EnvType, Place};
pub use event::{SsoEvent, SsoEventKind, SsoObserver};
pub use external_secret::ExternalSecret;
pub use facade::{Sso, SsoBuilder};
pub use keeper::RotationKeeper;
pub use kv_record::KvRecordStore;
pub use registrars::{AdminRegistrars, Registrar, Registrars};
pub use settings::{Endpoints, SsoSettings, StoredCredential};
