//! Names, parsed once: what has one of these types is a name that DNS can hold, in one spelling only.

mod domain;
mod label;
mod matcher;
#[cfg(test)]
mod tests;
mod zone;

pub use domain::DomainName;
pub use matcher::ZoneMatcher;
pub use zone::ZoneName;
