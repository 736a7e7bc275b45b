//! All integration tests of the crate, in one binary.

mod pool;
mod registrar_dynadot;
mod registrar_namecheap;
mod registrar_ovh;
mod registrar_suite;
