//! The engines of OpenBao, and what operators do with the whole server.

mod cubbyhole;
mod operator;
mod totp;
mod transit;
