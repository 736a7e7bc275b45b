//! The engines that answer for themselves.

pub(super) mod cubbyhole;
pub(super) mod identity;
pub(super) mod totp;
pub(super) mod transit;
