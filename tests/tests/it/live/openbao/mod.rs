//! The engines of OpenBao, and what operators do with the whole server.

mod cubbyhole;
mod operator;
mod totp;
mod transit;
//! The contracts of engines, of the server's own API and of login methods, on a real OpenBao.

mod auth_methods;
mod system;
