//! Login methods from the side of the operator: their settings and roles.
//!
//! | method | client | a role is |
//! | --- | --- | --- |
//! | `jwt` | [`JwtMethod`] | [`JwtRole`] |
//! | `kubernetes` | [`KubernetesMethod`] | [`KubernetesRole`] |
//!
//! What a role says of the tokens that it makes is the same for all: [`TokenParameters`]. Lists are written whole,
//! empty ones too; a single value that is not set is left as the server has it. Roles can be read from a
//! configuration file with `serde`, under the names that the server gives its fields.

mod jwt;
mod jwt_config;
mod jwt_role;
mod kubernetes;
mod kubernetes_role;
mod method_type;
mod roles;
mod token_parameters;

pub use jwt::JwtMethod;
pub use jwt_config::{JwtConfig, JwtKeys, JwtStatus};
pub use jwt_role::{ClaimMatch, JwtRole};
pub use kubernetes::{KubernetesConfig, KubernetesMethod, KubernetesStatus};
pub use kubernetes_role::{AliasNameSource, KubernetesRole};
pub use method_type::AuthMethodType;
pub use token_parameters::{TokenParameters, TokenType};

use roles::roles;
