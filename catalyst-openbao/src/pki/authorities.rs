//! Roots and intermediates over HTTP.

use catalyst_core::Result;
use catalyst_core::http::{Method, Request};
use serde::Serialize;

use super::authority::GeneratedWire;
use super::issued::SignedWire;
use super::{
    AuthorityTerms, CertificatePem, CsrPem, GeneratedAuthority, Imported, IntermediateCsr, IssuerRef,
    NewAuthority, Pki, SignedCertificate,
};
use crate::operation::{Operation, Subject};
use crate::transport::Call;

impl Pki {
    /// Makes a root, which is the default issuer if it is the first one (`POST root/generate/:kind`). Not repeated once its
    /// outcome is unknown.
    ///
    /// # Errors
    /// Codes `name_taken`; `key_not_found` if the key is to be one that is there; `invalid_request`.
    ///
    /// # Cancel safety
    /// It may or may not have been made.
    pub async fn generate_root(&self, root: &NewAuthority) -> Result<GeneratedAuthority> {
        self.make_root("generate root", "/root/generate/", root).await
    }

    /// Makes another root beside the one that is there; which one issues stays as it is until
    /// [`Pki::replace_root`] (`POST root/rotate/:kind`). Without a name of its own, the issuer is called `next`. Not repeated
    /// once its outcome is unknown.
    ///
    /// # Errors
    /// As of [`Pki::generate_root`].
    ///
    /// # Cancel safety
    /// It may or may not have been made.
    pub async fn rotate_root(&self, root: &NewAuthority) -> Result<GeneratedAuthority> {
        self.make_root("rotate root", "/root/rotate/", root).await
    }

    async fn make_root(
        &self,
        operation: &'static str,
        way: &'static str,
        root: &NewAuthority,
    ) -> Result<GeneratedAuthority> {
        let path = [self.mount.escaped(), way, root.key.way()];
        let wire: GeneratedWire = self.ask(operation, &path).once().exchange(&root.body()).await?;
        Ok(wire.into())
    }

    /// Lets an issuer that is there issue from now on, where none is named (`POST root/replace`). Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_issuer`.
    ///
    /// # Cancel safety
    /// It may or may not be set; call it again.
    pub async fn replace_root(&self, issuer: &IssuerRef) -> Result<()> {
        let path = [self.mount.escaped(), "/root/replace"];
        self.ask("replace root", &path).write(&Replacement { default: issuer }).await
    }

    /// Deletes **all issuers and all keys** of the mount for ever, roots or not (`DELETE root`). None there is a success.
    /// Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// They may or may not be gone; call it again.
    pub async fn delete_root(&self) -> Result<()> {
        self.ask("delete root", &[self.mount.escaped(), "/root"]).delete().await
    }

    /// Makes a key and a request for signing of it (`POST intermediate/generate/:kind`). Not repeated once its outcome is
    /// unknown.
    ///
    /// # Errors
    /// Codes `name_taken`, `key_not_found`, `invalid_request`.
    ///
    /// # Cancel safety
    /// The key may or may not have been made.
    pub async fn generate_intermediate(&self, authority: &NewAuthority) -> Result<IntermediateCsr> {
        let path = [self.mount.escaped(), "/intermediate/generate/", authority.key.way()];
        self.ask("generate intermediate", &path).once().exchange(&authority.body()).await
    }

    /// Signs the certificate of an authority below this one (`POST root/sign-intermediate`). It may outlive its issuer, and
    /// is then good for as long as that one only. Not repeated once its outcome is unknown.
    ///
    /// The chain goes up to the root, whatever it is.
    ///
    /// # Errors
    /// Codes `malformed_input` for what is no request for signing; `no_issuer`.
    ///
    /// # Cancel safety
    /// It may or may not have been signed.
    pub async fn sign_intermediate(&self, csr: &CsrPem, terms: &AuthorityTerms) -> Result<SignedCertificate> {
        let path = self.way("/root/sign-intermediate", "/sign-intermediate");
        let body = Signing { csr, terms, format: "pem" };
        let body = |call: Request| call.json(&body);
        let operation = Operation::Of(Subject::Pki, "sign intermediate");
        let call = Call::new(operation, Method::Post, &path).body(&body);
        let (wire, lease) = self.leasing.obtain::<SignedWire>(call, None).await?;
        Ok(wire.into_signed(lease))
    }

    /// Takes in the certificate of an intermediate whose key is here, with those above it
    /// (`POST intermediate/set-signed`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `malformed_input` if one of them is not that of an authority.
    ///
    /// # Cancel safety
    /// They may or may not be there; call it again.
    pub async fn set_signed(&self, certificates: &[CertificatePem]) -> Result<Imported> {
        let path = [self.mount.escaped(), "/intermediate/set-signed"];
        let all: Vec<&str> = certificates.iter().map(CertificatePem::as_str).collect();
        self.ask("set signed intermediate", &path).exchange(&Signed { certificate: all.join("\n") }).await
    }
}

#[derive(Serialize)]
struct Replacement<'a> {
    default: &'a IssuerRef,
}

#[derive(Serialize)]
struct Signing<'a> {
    csr: &'a CsrPem,
    #[serde(flatten)]
    terms: &'a AuthorityTerms,
    format: &'static str,
}

#[derive(Serialize)]
struct Signed {
    certificate: String,
}
