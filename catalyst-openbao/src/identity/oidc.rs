//! The calls about keys, roles and the issuer of identity tokens.

use std::time::Duration;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::client::Nothing;
use super::jwks::Jwks;
use super::{Discovery, Identity, Jwk, OidcKey, OidcRole};
use crate::settings::{maybe_text, whole_seconds};
use crate::{KeyName, RoleName};

impl Identity {
    /// The issuer that was set; none is the server's own address. `GET identity/oidc/config`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn oidc_issuer(&self) -> Result<Option<String>> {
        let config: Config = self.ask("read issuer", &["identity/oidc/config"]).read().await?;
        Ok(config.issuer)
    }

    /// Sets the issuer of identity tokens: scheme, host and port, to which the server adds a path. None is the server's
    /// own address. `POST identity/oidc/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if it is more than that.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn set_oidc_issuer(&self, issuer: Option<&str>) -> Result<()> {
        let config = WrittenConfig { issuer: issuer.unwrap_or_default() };
        self.ask("set issuer", &["identity/oidc/config"]).write(&config).await
    }

    /// Creates a key, or changes the one of that name. `POST identity/oidc/key/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` with the server's reason, as when the verification term is more than ten periods.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_oidc_key(&self, name: &KeyName, key: &OidcKey) -> Result<()> {
        let path = ["identity/oidc/key/", name.escaped()];
        self.ask("write identity key", &path).write(key).await
    }

    /// A key, or none if there is none; `default` is there from the start. `GET identity/oidc/key/:name`, repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn oidc_key(&self, name: &KeyName) -> Result<Option<OidcKey>> {
        let path = ["identity/oidc/key/", name.escaped()];
        self.ask("read identity key", &path).read_maybe().await
    }

    /// The names of all keys. `LIST identity/oidc/key`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn oidc_keys(&self) -> Result<Vec<String>> {
        self.ask("list identity keys", &["identity/oidc/key"]).list().await
    }

    /// Signs with a fresh key from now on; the old one is published for `verification_ttl` more, or as long as the key
    /// says. `POST identity/oidc/key/:name/rotate`, repeated after passing faults, which then does it twice.
    ///
    /// # Errors
    /// Code `key_not_found` if there is none.
    ///
    /// # Cancel safety
    /// It may or may not have happened.
    pub async fn rotate_oidc_key(&self, name: &KeyName, verification_ttl: Option<Duration>) -> Result<()> {
        let path = ["identity/oidc/key/", name.escaped(), "/rotate"];
        let call = self.ask("rotate identity key", &path);
        match verification_ttl {
            Some(ttl) => call.write(&Rotate { verification_ttl: whole_seconds(ttl) }).await,
            None => call.write(&Nothing {}).await,
        }
    }

    /// Deletes a key: its tokens can no longer be checked. None there is a success. `DELETE identity/oidc/key/:name`,
    /// repeated after passing faults.
    ///
    /// # Errors
    /// Code `key_in_use` while a role names it; `invalid_request` for `default`.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_oidc_key(&self, name: &KeyName) -> Result<()> {
        let path = ["identity/oidc/key/", name.escaped()];
        self.ask("delete identity key", &path).delete().await
    }

    /// Creates a role, or changes the one of that name. `POST identity/oidc/role/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `key_not_found` if its key is not there; `invalid_request` with the server's reason, as for a template that
    /// cannot be read.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_oidc_role(&self, name: &RoleName, role: &OidcRole) -> Result<()> {
        let path = ["identity/oidc/role/", name.escaped()];
        self.ask("write identity role", &path).write(role).await
    }

    /// A role, or none if there is none. `GET identity/oidc/role/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn oidc_role(&self, name: &RoleName) -> Result<Option<OidcRole>> {
        let path = ["identity/oidc/role/", name.escaped()];
        self.ask("read identity role", &path).read_maybe().await
    }

    /// The names of all roles. `LIST identity/oidc/role`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn oidc_roles(&self) -> Result<Vec<String>> {
        self.ask("list identity roles", &["identity/oidc/role"]).list().await
    }

    /// Deletes a role; its tokens live on. None there is a success. `DELETE identity/oidc/role/:name`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_oidc_role(&self, name: &RoleName) -> Result<()> {
        let path = ["identity/oidc/role/", name.escaped()];
        self.ask("delete identity role", &path).delete().await
    }

    /// The public keys of identity tokens. `GET identity/oidc/.well-known/keys`, which needs no token; repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn jwks(&self) -> Result<Vec<Jwk>> {
        let path = ["identity/oidc/.well-known/keys"];
        Ok(self.ask("read identity keys", &path).read_bare::<Jwks>().await?.keys)
    }

    /// Where others find what they check identity tokens with. `GET identity/oidc/.well-known/openid-configuration`,
    /// which needs no token; repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn discovery(&self) -> Result<Discovery> {
        let path = ["identity/oidc/.well-known/openid-configuration"];
        self.ask("discover issuer", &path).read_bare().await
    }
}

#[derive(Deserialize)]
struct Config {
    #[serde(default, deserialize_with = "maybe_text")]
    issuer: Option<String>,
}

#[derive(Serialize)]
struct WrittenConfig<'a> {
    issuer: &'a str,
}

#[derive(Serialize)]
struct Rotate {
    verification_ttl: u64,
}
