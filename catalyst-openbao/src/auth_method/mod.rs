//! Login methods from the side of the operator: their settings and roles.
//!
//! | method | client | a role is |
//! | --- | --- | --- |
//! | `approle` | [`AppRoles`] | [`AppRole`] |
//! | `cert` | [`CertMethod`] | [`CertRole`] |
//! | `jwt` | [`JwtMethod`] | [`JwtRole`] |
//! | `kubernetes` | [`KubernetesMethod`] | [`KubernetesRole`] |
//! | `token` | [`Tokens`] | [`TokenRole`] |
//! | `userpass` | [`Userpass`] | a user |
//!
//! What a role says of the tokens that it makes is the same for all: [`TokenParameters`]. Lists are written whole,
//! empty ones too; a single value that is not set is left as the server has it. Roles can be read from a
//! configuration file with `serde`, under the names that the server gives its fields.

mod app_role;
mod app_roles;
mod cert;
mod cert_role;
mod jwt;
mod jwt_config;
mod jwt_role;
mod kubernetes;
mod kubernetes_role;
mod method_type;
mod new_token;
mod roles;
mod token_parameters;
mod token_role;
mod tokens;
mod userpass;

pub use app_role::{AppRole, SecretId, SecretIdRequest, SecretIdStatus};
pub use app_roles::AppRoles;
pub use cert::{CertConfig, CertMethod};
pub use cert_role::CertRole;
pub use jwt::JwtMethod;
pub use jwt_config::{JwtConfig, JwtKeys, JwtStatus};
pub use jwt_role::{ClaimMatch, JwtRole};
pub use kubernetes::{KubernetesConfig, KubernetesMethod, KubernetesStatus};
pub use kubernetes_role::{AliasNameSource, KubernetesRole};
pub use method_type::AuthMethodType;
pub use new_token::{NewToken, TokenRequest, TokenStatus};
pub use token_parameters::{TokenParameters, TokenType};
pub use token_role::TokenRole;
pub use tokens::Tokens;
pub use userpass::Userpass;

use roles::roles;
