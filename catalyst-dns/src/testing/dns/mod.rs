//! An authoritative name server on the loopback interface, for whatever zones a test has: answers, delegations,
//! wildcards, LUA records with health checks, and signatures.

mod health;
mod lua;
mod negative;
mod reply;
mod resolve;
mod responder;
mod sign;
#[cfg(test)]
mod tests;
mod view;
mod wire;
mod zone;

pub use responder::{DnsResponder, DnsSettings};
pub use sign::SigningKey;
pub use view::{ZoneKeyState, ZoneSnapshot, ZoneView};
