//! The engines that answer for themselves.

pub(super) mod cubbyhole;
pub(super) mod identity;
pub(super) mod kubernetes;
mod leasing;
pub(super) mod pki;
pub(super) mod rabbitmq;
pub(super) mod ssh;
pub(super) mod totp;
pub(super) mod transit;

use leasing::leased;
