//! Health-checked LUA records of PowerDNS, built from types and read back into them.
//!
//! A [`Lua`] is what a LUA record means; [`Lua::record`] writes it, and [`Lua::read`] has it again from what a server
//! holds. Texts from outside stand in a snippet only as [`quote`] writes them.
//!
//! | built by | answers with | nothing is up |
//! | --- | --- | --- |
//! | [`Lua::failover`] | the first set that has an address up | the first set |
//! | [`Lua::if_up`] (`ifurlup`, `ifportup`) | the same | `backupSelector`, over **every** set before 5.1 |
//! | [`Lua::if_ext_url_up`] (`ifurlextup`) | the same, each address with a URL of its own | the same |
//! | [`Lua::weighted`] | one address that is up, by weight | one of all, by weight |
//! | [`Lua::pick_self_weighted`] | one address that is up, by the weight it tells | SERVFAIL |
//! | [`Lua::pick_random`] and the other picks | one address, not checked | the same |
//!
//! What the server does, measured on 4.7.3 and read in the sources of 5.0 and 5.1:
//!
//! - The first question after a write or a restart finds nothing up, whatever the truth, and starts the checks: ask
//!   once after each write ([`prime`]).
//! - Priority sets of `ifurlup` leave the standby unchecked while the primary is up, so its check ends after
//!   `lua-health-checks-expire-delay` and begins anew, with a wrong answer or two, when it is needed.
//!   [`Lua::failover`] asks for every set each time, which keeps all checks going.
//! - One check that hangs delays all others until its timeout: they start together.
//! - Each server checks for itself; two of them may differ for an interval.

mod address;
mod check;
mod decide;
mod effective;
mod gate;
mod options;
mod prime;
mod quote;
mod read;
mod rule;
mod selector;
mod shape;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub use address::{AddressSets, AddressUrls, WeightedAddresses};
pub use check::{HealthCheck, Probe};
pub use decide::{Decision, Health, Target};
pub use effective::EffectiveCheck;
pub use gate::LuaWarning;
pub use options::CheckOptions;
pub use prime::{Primed, prime};
pub use quote::quote;
pub use rule::{IfUp, Lua};
pub use selector::{Selector, WeightedSelector};

use catalyst_core::{Error, ErrorKind};

/// What was asked for is no LUA record.
pub(crate) fn refused(help: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, "build a LUA record").with_code("invalid_lua").with_help(help)
}
