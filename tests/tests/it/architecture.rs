//! The rules of `ARCHITECTURE.md`, each a test: who may depend on whom, who may spawn, what the public sees, how
//! large a file may grow. They read the dependency graph and the sources, not the running program.

mod dependencies;
mod rules;
mod signatures;
mod source;
