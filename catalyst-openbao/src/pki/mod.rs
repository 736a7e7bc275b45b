//! Certificates: the PKI engine.
//!
//! | what | types |
//! | --- | --- |
//! | what applications ask for | [`CertificateAuthority`], [`CertificateRequest`], [`IssuedCertificate`], [`SignedCertificate`] |
//! | what may be asked for | [`PkiRole`], [`RoleKey`] |
//! | who issues | [`NewAuthority`], [`AuthorityTerms`], [`Issuer`], [`IssuerKey`] |
//! | what was issued | [`Certificate`], [`SerialNumber`], [`CertificatePem`], [`CrlPem`] |
//! | how a mount behaves | [`AuthorityUrls`], [`CrlConfig`], [`Tidy`], [`AutoTidy`], [`AcmeConfig`] |
//!
//! Two levels: a root signs an intermediate, and only the intermediate issues.
//!
//! ```
//! use catalyst_openbao::pki::{AuthorityTerms, CertificateRequest, NewAuthority, PkiRole};
//! use catalyst_openbao::{CertificateAuthority, EngineType};
//! # use catalyst_openbao::mock::MockOpenBao;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> catalyst_openbao::Result<()> {
//! # let mock = MockOpenBao::new();
//! # mock.model().mount_engine("root", &EngineType::Pki);
//! # mock.model().mount_engine("pki", &EngineType::Pki);
//! # let bao = mock.client()?;
//! let (root, pki) = (bao.pki("root".parse()?), bao.pki("pki".parse()?));
//! root.generate_root(&NewAuthority::new(AuthorityTerms::new("Example Root"))).await?;
//! let asked = pki.generate_intermediate(&NewAuthority::new(AuthorityTerms::new("Example Issuer"))).await?;
//! let signed = root.sign_intermediate(&asked.csr, &AuthorityTerms::new("Example Issuer").max_path_length(0)).await?;
//! pki.set_signed(&signed.with_chain()).await?;
//!
//! let role = "web".parse()?;
//! pki.write_role(&role, &PkiRole::new().allowed_domains(["example.test"]).allow_subdomains(true)).await?;
//! let issued = pki.issue(&role, &CertificateRequest::new("orders.example.test")).await?;
//! let serial = &issued.signed.serial;
//! assert_eq!(pki.certificate(serial).await?.serial, *serial);
//! # Ok(())
//! # }
//! ```

mod acme;
mod algorithm;
mod authorities;
mod authority;
mod certificates;
mod client;
mod crl;
mod issued;
mod issuer;
mod issuers;
mod issuing;
mod keys;
mod pem;
mod request;
mod role;
mod roles;
mod serial;
mod tidy;
mod urls;

pub use acme::{AcmeConfig, EabKey, EabPolicy};
pub use algorithm::{KeyAlgorithm, RoleKey};
pub use authority::{AuthorityKey, AuthorityTerms, GeneratedAuthority, IntermediateCsr, NewAuthority};
pub use certificates::Certificate;
pub use client::Pki;
pub use crl::CrlConfig;
pub use issued::{IssuedCertificate, SignedCertificate};
pub use issuer::{BeyondIssuer, Imported, Issuer, IssuerUpdate, IssuerUsage, ListedIssuer};
pub use keys::{GeneratedIssuerKey, IssuerKey};
pub use pem::{CertificatePem, CrlPem, CsrPem};
pub use request::{CertificateAuthority, CertificateRequest};
pub use role::PkiRole;
pub use serial::SerialNumber;
pub use tidy::{AutoTidy, Tidy, TidyState, TidyStatus};
pub use urls::AuthorityUrls;

pub use crate::path::{EabKeyId, IssuerKeyRef, IssuerRef};
