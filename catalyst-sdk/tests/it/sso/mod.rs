//! Single sign-on on a Keycloak and an OpenBao in memory.

mod canary;
mod ensure;
mod platform;
mod rotation;
