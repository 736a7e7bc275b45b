//! The `userpass` method.

use std::sync::Arc;

use catalyst_core::{Result, Secret};
use serde::Serialize;

use super::TokenParameters;
use crate::api::Api;
use crate::operation::Subject;
use crate::wire::Exposed;
use crate::{Mount, UserName};

/// The `userpass` login method at one mount; made by [`OpenBao::userpass`](crate::OpenBao::userpass). Cheap to clone.
/// The server makes the letters of user names small.
///
/// ```
/// use catalyst_openbao::{OpenBao, Secret};
/// use catalyst_openbao::auth_method::TokenParameters;
///
/// # async fn example(bao: &OpenBao, password: Secret) -> catalyst_openbao::Result<()> {
/// let users = bao.userpass("userpass".parse()?);
/// users.write_user(&"anna".parse()?, &password, &TokenParameters::new().policies(["operators"])).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Userpass {
    api: Arc<Api>,
    mount: Mount,
}

impl Userpass {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    /// Creates a user, or changes the one of that name. `POST auth/:mount/users/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` with the server's reason, such as an empty password.
    ///
    /// # Cancel safety
    /// The user may or may not be written.
    pub async fn write_user(
        &self,
        user: &UserName,
        password: &Secret,
        tokens: &TokenParameters,
    ) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/users/", user.escaped()];
        let body = UserBody { password: Some(Exposed(password)), tokens };
        self.api.at(Subject::AuthMethod, "write user", &path).write(&body).await
    }

    /// Changes what tokens a user gets, and leaves the password. `POST auth/:mount/users/:name`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` if there is no such user: a new one needs a password.
    ///
    /// # Cancel safety
    /// The user may or may not be changed.
    pub async fn update_user(&self, user: &UserName, tokens: &TokenParameters) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/users/", user.escaped()];
        self.api
            .at(Subject::AuthMethod, "write user", &path)
            .write(&UserBody { password: None, tokens })
            .await
    }

    /// Changes the password of a user. Tokens live on. `POST auth/:mount/users/:name/password`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_user` if there is none.
    ///
    /// # Cancel safety
    /// It may or may not be changed.
    pub async fn set_password(&self, user: &UserName, password: &Secret) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/users/", user.escaped(), "/password"];
        let body = PasswordBody { password: Exposed(password) };
        self.api.at(Subject::AuthMethod, "set password", &path).write(&body).await
    }

    /// What tokens a user gets, or none if there is no such user. `GET auth/:mount/users/:name`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn user(&self, user: &UserName) -> Result<Option<TokenParameters>> {
        let path = ["auth/", self.mount.escaped(), "/users/", user.escaped()];
        self.api.at(Subject::AuthMethod, "read user", &path).read_maybe().await
    }

    /// The names of all users. `LIST auth/:mount/users`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn users(&self) -> Result<Vec<String>> {
        let path = ["auth/", self.mount.escaped(), "/users"];
        self.api.at(Subject::AuthMethod, "list users", &path).list().await
    }

    /// Deletes a user. Tokens live on. None there is a success. `DELETE auth/:mount/users/:name`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_user(&self, user: &UserName) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/users/", user.escaped()];
        self.api.at(Subject::AuthMethod, "delete user", &path).delete().await
    }
}

#[derive(Serialize)]
struct UserBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Exposed<'a>>,
    #[serde(flatten)]
    tokens: &'a TokenParameters,
}

#[derive(Serialize)]
struct PasswordBody<'a> {
    password: Exposed<'a>,
}
