//! Names, parsed once: what has one of these types is a name that DNS can hold, in one spelling only.

mod domain;
mod label;
#[cfg(test)]
mod tests;
mod zone;

pub use domain::DomainName;
pub use zone::ZoneName;
