//! The calls that manage issuers.

use std::collections::BTreeMap;

use catalyst_core::Result;
use serde::Deserialize;
use serde_json::json;

use super::issuer::maybe_name;
use super::{KeyPair, KeyType, NewSshIssuer, PublicKey, Ssh, SshIssuer, SshIssuerRef};

impl Ssh {
    /// Makes a key, and makes its issuer the default one (`POST config/ca`). Issuers that were there stay. Not repeated
    /// once its outcome is unknown.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// The issuer may or may not have been made.
    pub async fn generate_ca(&self, key_type: KeyType) -> Result<SshIssuer> {
        let path = [self.mount.escaped(), "/config/ca"];
        let issuer = NewSshIssuer::generated(key_type);
        self.at("generate SSH authority", &path).once().exchange(&issuer).await
    }

    /// Takes in a key, and makes its issuer the default one (`POST config/ca`). Issuers that were there stay. **An issuer
    /// of this key that is there already stays as it is**, default or not. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `malformed_input` if the private key is of a form that the server cannot read.
    ///
    /// # Cancel safety
    /// The key may or may not have been taken in; call it again.
    pub async fn import_ca(&self, pair: &KeyPair) -> Result<SshIssuer> {
        let path = [self.mount.escaped(), "/config/ca"];
        let issuer = NewSshIssuer::imported(pair.clone());
        self.at("import SSH authority", &path).exchange(&issuer).await
    }

    /// The default issuer (`GET config/ca`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_issuer` if there is none.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_ca(&self) -> Result<SshIssuer> {
        self.at("read SSH authority", &[self.mount.escaped(), "/config/ca"]).read().await
    }

    /// Removes **all issuers** for ever, the default one and the others (`DELETE config/ca`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// They may or may not have been removed; call it again.
    pub async fn delete_all_issuers(&self) -> Result<()> {
        self.at("delete SSH issuers", &[self.mount.escaped(), "/config/ca"]).delete().await
    }

    /// Adds an issuer (`POST issuers/import`). One of the same imported key that is there already is given back as it is,
    /// under the name that it has. What was generated is not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `issuer_exists` if the name is taken; `malformed_input` if the private key is of a form that the server cannot
    /// read; `invalid_request` for the name `default`.
    ///
    /// # Cancel safety
    /// The issuer may or may not have been added.
    pub async fn add_issuer(&self, issuer: &NewSshIssuer) -> Result<SshIssuer> {
        let name = issuer.name.as_ref().map(SshIssuerRef::escaped).unwrap_or_default();
        let path = [self.mount.escaped(), "/issuers/import", if name.is_empty() { "" } else { "/" }, name];
        let ask = self.at("add SSH issuer", &path);
        if issuer.is_repeatable() { ask.exchange(issuer).await } else { ask.once().exchange(issuer).await }
    }

    /// An issuer, by its identifier or name (`GET issuer/<issuer>`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_issuer`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_issuer(&self, issuer: &SshIssuerRef) -> Result<SshIssuer> {
        self.at("read SSH issuer", &[self.mount.escaped(), "/issuer/", issuer.escaped()]).read().await
    }

    /// The key of an issuer (`GET issuer/<issuer>/public_key`). Asked without a token: everybody may know it. Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Code `unknown_issuer`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn issuer_public_key(&self, issuer: &SshIssuerRef) -> Result<PublicKey> {
        let path = [self.mount.escaped(), "/issuer/", issuer.escaped(), "/public_key"];
        self.open_key("read SSH issuer's key", &path).await
    }

    /// All issuers (`LIST issuers`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list_issuers(&self) -> Result<Vec<SshIssuer>> {
        let path = [self.mount.escaped(), "/issuers"];
        let listed: Option<ListedWire> = self.at("list SSH issuers", &path).list_maybe().await?;
        let all = listed.map(|listed| listed.key_info).unwrap_or_default();
        Ok(all
            .into_iter()
            .map(|(id, about)| SshIssuer { id, name: about.issuer_name, public_key: about.public_key })
            .collect())
    }

    /// Gives an issuer another name (`POST issuer/<issuer>`). Roles that know it by the old name find it no longer; the
    /// server warns of them. Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `unknown_issuer`, `issuer_exists` if the name is taken, `invalid_request` for the name `default`.
    ///
    /// # Cancel safety
    /// It may or may not have been renamed; call it again, with the identifier rather than the old name.
    pub async fn rename_issuer(&self, issuer: &SshIssuerRef, name: &SshIssuerRef) -> Result<SshIssuer> {
        let path = [self.mount.escaped(), "/issuer/", issuer.escaped()];
        self.at("rename SSH issuer", &path).exchange(&json!({ "issuer_name": name })).await
    }

    /// Removes an issuer for ever (`DELETE issuer/<issuer>`). One that is not there is a success. Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have been removed; call it again.
    pub async fn delete_issuer(&self, issuer: &SshIssuerRef) -> Result<()> {
        self.at("delete SSH issuer", &[self.mount.escaped(), "/issuer/", issuer.escaped()]).delete().await
    }

    /// The identifier of the issuer whose key signs where a role names none (`GET config/issuers`). Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_issuer` if there is none.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn default_issuer(&self) -> Result<SshIssuerRef> {
        let path = [self.mount.escaped(), "/config/issuers"];
        Ok(self.at("read default SSH issuer", &path).read::<DefaultWire>().await?.default)
    }

    /// Makes an issuer the default one (`POST config/issuers`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_issuer`.
    ///
    /// # Cancel safety
    /// It may or may not have been set; call it again.
    pub async fn set_default_issuer(&self, issuer: &SshIssuerRef) -> Result<()> {
        let path = [self.mount.escaped(), "/config/issuers"];
        self.at("set default SSH issuer", &path).write(&json!({ "default": issuer })).await
    }
}

#[derive(Deserialize)]
struct ListedWire {
    #[serde(default)]
    key_info: BTreeMap<SshIssuerRef, AboutWire>,
}

#[derive(Deserialize)]
struct AboutWire {
    #[serde(default, deserialize_with = "maybe_name")]
    issuer_name: Option<SshIssuerRef>,
    public_key: PublicKey,
}

#[derive(Deserialize)]
struct DefaultWire {
    default: SshIssuerRef,
}
