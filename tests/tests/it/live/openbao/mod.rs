//! The engines of OpenBao, and what operators do with the whole server.

mod cubbyhole;
mod totp;
mod transit;
