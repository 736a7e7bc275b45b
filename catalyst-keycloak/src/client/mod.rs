//! Clients: what is declared, what is registered, and how the second is made to agree with the first.

mod redirect;
mod registrar;
mod spec;

pub use redirect::RedirectUri;
pub use registrar::{ClientRegistrar, ClientSecrets, Outcome, RegisteredClient, Registration, SecretPair};
pub use spec::{Authentication, ClientSpec, Profile};
