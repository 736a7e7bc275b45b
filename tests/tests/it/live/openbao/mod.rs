//! The contracts of engines, of the server's own API and of login methods, on a real OpenBao.

mod auth_methods;
mod cubbyhole;
mod database_admin;
mod database_templates;
mod identity;
mod kubernetes;
mod leases;
mod operator;
mod pki;
mod rabbitmq;
mod ssh;
mod system;
mod totp;
mod transit;
