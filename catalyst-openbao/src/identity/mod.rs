//! Who a token stands for.
//!
//! | what | types |
//! | --- | --- |
//! | somebody, however it logged in | [`Entity`], [`EntitySettings`] |
//! | what a login method calls it | [`Alias`], [`NewAlias`] |
//! | several of them, with policies of their own | [`Group`], [`GroupSettings`] |
//! | tokens that say who somebody is, for others to check | [`IdentityToken`], [`OidcKey`], [`OidcRole`] |

mod alias;
mod aliases;
mod client;
mod entities;
mod entity;
mod group;
mod groups;
mod jwks;
mod oidc;
mod oidc_key;
mod oidc_role;
mod tokens;

pub use alias::{Alias, AliasedAt, NewAlias};
pub use client::Identity;
pub use entity::{Entity, EntitySettings, Lookup, Named};
pub use group::{Group, GroupKind, GroupSettings};
pub use jwks::{Discovery, Jwk};
pub use oidc_key::{OidcAlgorithm, OidcKey};
pub use oidc_role::OidcRole;
pub use tokens::{IdentityToken, Introspection};

pub use crate::path::{AliasId, EntityId, GroupId, IdentityName};
