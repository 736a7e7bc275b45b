//! Issuers over HTTP.

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::authority::maybe_name;
use super::issuer::ListedIssuers;
use super::{Imported, Issuer, IssuerRef, IssuerUpdate, ListedIssuer, Pki};
use crate::wire::Exposed;

impl Pki {
    /// All issuers (`LIST issuers`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn issuers(&self) -> Result<Vec<ListedIssuer>> {
        let path = [self.mount.escaped(), "/issuers"];
        let listed: Option<ListedIssuers> = self.ask("list issuers", &path).list_maybe().await?;
        Ok(listed.map(Vec::from).unwrap_or_default())
    }

    /// What is known of an issuer (`GET issuer/:ref`). Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `unknown_issuer`, `no_issuer`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn issuer(&self, issuer: &IssuerRef) -> Result<Issuer> {
        let path = [self.mount.escaped(), "/issuer/", issuer.escaped()];
        self.ask("read issuer", &path).read().await
    }

    /// Changes an issuer (`PATCH issuer/:ref`). Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `unknown_issuer`; `name_taken` by another one.
    ///
    /// # Cancel safety
    /// It may or may not be changed; call it again.
    pub async fn update_issuer(&self, issuer: &IssuerRef, update: &IssuerUpdate) -> Result<()> {
        let path = [self.mount.escaped(), "/issuer/", issuer.escaped()];
        self.ask("update issuer", &path).patch(update).await
    }

    /// Deletes an issuer for ever; its key stays (`DELETE issuer/:ref`). One that is not there is a success. If it was the
    /// default one, there is none then. Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_issuer(&self, issuer: &IssuerRef) -> Result<()> {
        let path = [self.mount.escaped(), "/issuer/", issuer.escaped()];
        self.ask("delete issuer", &path).delete().await
    }

    /// Revokes an issuer for ever: it issues no more, and stands on the list of its own issuer, if that one is in this
    /// mount (`POST issuer/:ref/revoke`). One that is revoked is a success. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_issuer`.
    ///
    /// # Cancel safety
    /// It may or may not be revoked; call it again.
    pub async fn revoke_issuer(&self, issuer: &IssuerRef) -> Result<()> {
        let path = [self.mount.escaped(), "/issuer/", issuer.escaped(), "/revoke"];
        self.ask("revoke issuer", &path).write(&Nothing {}).await
    }

    /// Who issues where none is named, if anybody (`GET config/issuers`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn default_issuer(&self) -> Result<Option<IssuerRef>> {
        let path = [self.mount.escaped(), "/config/issuers"];
        Ok(self.ask("read default issuer", &path).read::<DefaultWire>().await?.default)
    }

    /// Sets who issues where none is named (`POST config/issuers`). `follows_latest` lets every issuer take over that is made
    /// or taken in later, with its key. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_issuer`.
    ///
    /// # Cancel safety
    /// It may or may not be set; call it again.
    pub async fn set_default_issuer(&self, issuer: &IssuerRef, follows_latest: bool) -> Result<()> {
        let path = [self.mount.escaped(), "/config/issuers"];
        let body = DefaultBody { default: issuer, default_follows_latest_issuer: follows_latest };
        self.ask("set default issuer", &path).write(&body).await
    }

    /// Takes in issuers and keys: certificates of authorities and keys in PEM, one behind the other
    /// (`POST issuers/import/bundle`). What is there already stays. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `malformed_input` for anything else.
    ///
    /// # Cancel safety
    /// They may or may not be there; call it again.
    pub async fn import_issuers(&self, bundle: &Secret) -> Result<Imported> {
        let path = [self.mount.escaped(), "/issuers/import/bundle"];
        self.ask("import issuers", &path).exchange(&Bundle { pem_bundle: Exposed(bundle) }).await
    }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct DefaultWire {
    #[serde(default, deserialize_with = "maybe_name")]
    default: Option<IssuerRef>,
}

#[derive(Serialize)]
struct DefaultBody<'a> {
    default: &'a IssuerRef,
    default_follows_latest_issuer: bool,
}

#[derive(Serialize)]
struct Bundle<'a> {
    pem_bundle: Exposed<'a>,
}
