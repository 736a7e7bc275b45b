//! Names of applications on a mock of PowerDNS.

mod key;
mod platform;
mod publish;
