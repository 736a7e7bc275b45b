//! Connections and roles of the database engine, from the side of the operator.
//!
//! | what | types |
//! | --- | --- |
//! | how the server reaches a database | [`DatabaseConnection`], [`PostgresTarget`], [`MySqlTarget`], [`ValkeyTarget`], [`OtherTarget`] |
//! | users made on demand | [`DatabaseRole`], or out of a template: [`PostgresRole`], [`MySqlRole`], [`ValkeyRole`] |
//! | users whose password changes in turn | [`StaticRole`] |
//! | what is wrong with statements | [`Finding`], [`Rule`], [`Refused`] |
//!
//! # Statements are checked before they are written
//!
//! The server keeps whatever it is given, and says nothing until a user is to be made, or worse, to be dropped. Its own
//! defaults fail there: on PostgreSQL they leave open sessions alone and fail when the user owns anything, and then the
//! user stays and can log in. So [`DatabaseAdmin::write_role`] checks a role first: what is certain to fail or unsafe is
//! refused with code `statements_refused`, unless the role [allows](DatabaseRole::allow) it; the rest is returned.

mod client;
mod connection;
mod connection_status;
mod connections;
mod dialect;
mod lint;
mod role;
mod roles;
mod static_role;
mod static_roles;
mod target;
mod template;

pub use client::DatabaseAdmin;
pub use connection::DatabaseConnection;
pub use connection_status::{ConnectionDetails, ConnectionStatus};
pub use dialect::Dialect;
pub use lint::{Finding, Place, Refused, Rule, Severity, StatementList};
pub use role::DatabaseRole;
pub use static_role::StaticRole;
pub use target::{
    ConnectionTarget, MySqlTarget, OtherTarget, PasswordAuthentication, PostgresTarget, ValkeyTarget,
};
pub use template::{MySqlFlavor, MySqlRole, PostgresRole, ValkeyRole};

pub use crate::path::ConnectionName;
