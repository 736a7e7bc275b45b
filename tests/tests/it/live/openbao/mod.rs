//! The engines of OpenBao, and what operators do with the whole server.

mod operator;
