//! What a server is to be like in the end.

mod check;
mod engine;
mod login;
mod span;
mod state;

pub use engine::{DatabaseConnection, DatabaseRole, DeclaredEngine};
pub use login::{DeclaredLogin, JwtKeys, JwtRole, KubernetesRole};
pub use state::{Declared, DeclaredAudit};
