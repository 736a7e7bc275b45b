//! An identity in memory with a certificate authority of its own, for the tests of applications.
//!
//! ```
//! use catalyst_spiffe::WorkloadIdentity;
//! use catalyst_spiffe::mock::MockIdentity;
//!
//! let identity = MockIdentity::new("spiffe://catalyst.local/ns/shop/sa/orders")?;
//! let first = identity.x509()?;
//! identity.rotate()?;
//! assert_ne!(identity.x509()?.serial(), first.serial());
//! identity.withdraw();
//! assert!(identity.x509().is_err());
//! # Ok::<(), catalyst_core::Error>(())
//! ```

mod authority;
mod defect;
mod identity;

pub use defect::{LeafDefect, RawSvid};
pub use identity::{MockIdentity, MockIdentityBuilder};
