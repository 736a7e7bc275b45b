//! The store of tokens.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::{Method, Request};
use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::new_token::{MadeWire, StatusWire};
use super::{NewToken, TokenRequest, TokenRole, TokenStatus};
use crate::api::Api;
use crate::operation::{Operation, Subject};
use crate::settings::whole_seconds;
use crate::transport::Call;
use crate::wire::{Exposed, Ignored};
use crate::{LeaseTerm, RoleName, WrappedSecret};

/// Tokens beside those of the client's own session; made by [`OpenBao::tokens`](crate::OpenBao::tokens). Cheap to
/// clone.
///
/// ```
/// use catalyst_openbao::OpenBao;
/// use catalyst_openbao::auth_method::TokenRequest;
///
/// # async fn example(bao: &OpenBao) -> catalyst_openbao::Result<()> {
/// let tokens = bao.tokens();
/// let made = tokens.create(&TokenRequest::new().policies(["orders"]).orphan(true)).await?;
/// tokens.revoke_accessor(&made.accessor).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tokens {
    api: Arc<Api>,
}

impl Tokens {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// Makes a token. Not repeated once its outcome is unknown; one left behind ends with its term.
    /// `POST auth/token/create`.
    ///
    /// # Errors
    /// Code `permission_denied` for a policy that the session does not have itself, and `invalid_request` with the
    /// server's reason.
    ///
    /// # Cancel safety
    /// A token may be left behind until its term ends.
    pub async fn create(&self, request: &TokenRequest) -> Result<NewToken> {
        self.make(&["auth/token/create"], request).await
    }

    /// Makes a token as a role allows. Not repeated once its outcome is unknown. `POST auth/token/create/:role`.
    ///
    /// # Errors
    /// Code `unknown_role` if there is none, and `invalid_request` if it does not allow the policies.
    ///
    /// # Cancel safety
    /// A token may be left behind until its term ends.
    pub async fn create_by(&self, role: &RoleName, request: &TokenRequest) -> Result<NewToken> {
        self.make(&["auth/token/create/", role.escaped()], request).await
    }

    /// Makes a token that nobody sees but the one who unwraps it, within `wrap_ttl` (whole seconds, at least one). Not
    /// repeated once its outcome is unknown. `POST auth/token/create`, wrapped.
    ///
    /// # Errors
    /// As [`Tokens::create`].
    ///
    /// # Cancel safety
    /// A token may be left behind until its term ends.
    pub async fn create_wrapped(&self, request: &TokenRequest, wrap_ttl: Duration) -> Result<WrappedSecret> {
        let body = |out: Request| out.json(request);
        let operation = Operation::Of(Subject::AuthMethod, CREATE);
        let path = ["auth/token/create"];
        let call = Call::new(operation, Method::Post, &path).body(&body).wrapped(wrap_ttl).once();
        WrappedSecret::read(&self.api.send(&call).await?, &self.api.transport)
    }

    /// What is known of a token, or none if it has ended or never was. `POST auth/token/lookup`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn look_up(&self, token: &Secret) -> Result<Option<TokenStatus>> {
        let path = ["auth/token/lookup"];
        let call = self.api.at(Subject::AuthMethod, "look up token", &path);
        known(call.exchange::<StatusWire>(&TokenBody { token: Exposed(token) }).await)
    }

    /// The same by the accessor. `POST auth/token/lookup-accessor`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn look_up_accessor(&self, accessor: &str) -> Result<Option<TokenStatus>> {
        let path = ["auth/token/lookup-accessor"];
        let call = self.api.at(Subject::AuthMethod, "look up accessor", &path);
        known(call.exchange::<StatusWire>(&AccessorBody { accessor, increment: None }).await)
    }

    /// Prolongs the token of an accessor by `increment` from now, in whole seconds, or by its own term. The server may
    /// grant less. `POST auth/token/renew-accessor`, repeated after passing faults.
    ///
    /// # Errors
    /// Codes `token_not_found`; `invalid_request` if it cannot be renewed.
    ///
    /// # Cancel safety
    /// It may or may not be prolonged.
    pub async fn renew_accessor(&self, accessor: &str, increment: Option<Duration>) -> Result<LeaseTerm> {
        let body = AccessorBody { accessor, increment: increment.map(whole_seconds) };
        let body = |request: Request| request.json(&body);
        let path = ["auth/token/renew-accessor"];
        let operation = Operation::Of(Subject::AuthMethod, "renew accessor");
        let answer = self.api.send(&Call::new(operation, Method::Post, &path).body(&body)).await?;
        let auth = answer.read::<Ignored>(&self.api.transport)?.auth;
        let auth = auth.ok_or_else(|| answer.undecodable().with_help("the answer holds no term"))?;
        Ok(LeaseTerm::new(auth.lease_duration.0, auth.renewable))
    }

    /// Ends the token of an accessor, its children and all their leases. One that has ended is a success.
    /// `POST auth/token/revoke-accessor`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have ended; call it again.
    pub async fn revoke_accessor(&self, accessor: &str) -> Result<()> {
        let path = ["auth/token/revoke-accessor"];
        let call = self.api.at(Subject::AuthMethod, "revoke accessor", &path);
        call.write(&AccessorBody { accessor, increment: None }).await
    }

    /// Ends a token, its children and all their leases. One that has ended is a success.
    /// `POST auth/token/revoke`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have ended; call it again.
    pub async fn revoke(&self, token: &Secret) -> Result<()> {
        let path = ["auth/token/revoke"];
        let call = self.api.at(Subject::AuthMethod, "revoke token", &path);
        call.write(&TokenBody { token: Exposed(token) }).await
    }

    /// Ends a token and its leases, but not its children, which lose their parent.
    /// `POST auth/token/revoke-orphan`, repeated after passing faults.
    ///
    /// # Errors
    /// Codes `token_not_found` and `permission_denied`.
    ///
    /// # Cancel safety
    /// It may or may not have ended.
    pub async fn revoke_orphan(&self, token: &Secret) -> Result<()> {
        let path = ["auth/token/revoke-orphan"];
        let call = self.api.at(Subject::AuthMethod, "revoke token only", &path);
        call.write(&TokenBody { token: Exposed(token) }).await
    }

    /// The accessors of all tokens: a privileged one, and as long as there are tokens.
    /// `LIST auth/token/accessors`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn accessors(&self) -> Result<Vec<String>> {
        let path = ["auth/token/accessors"];
        self.api.at(Subject::AuthMethod, "list accessors", &path).list().await
    }

    /// Has the server look for what tokens that ended have left behind. `POST auth/token/tidy`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have begun.
    pub async fn tidy(&self) -> Result<()> {
        let path = ["auth/token/tidy"];
        self.api.at(Subject::AuthMethod, "tidy tokens", &path).write(&Nothing {}).await
    }

    async fn make(&self, path: &[&str], request: &TokenRequest) -> Result<NewToken> {
        let body = |out: Request| out.json(request);
        let operation = Operation::Of(Subject::AuthMethod, CREATE);
        let call = Call::new(operation, Method::Post, path).body(&body).once();
        let answer = self.api.send(&call).await?;
        let made: Made = answer.bare(&self.api.transport)?;
        Ok(made.auth.into())
    }
}

/// Roles of the token store.
impl Tokens {
    /// Creates a role, or changes the one of that name. `POST auth/token/roles/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` with the server's reason.
    ///
    /// # Cancel safety
    /// The role may or may not be written.
    pub async fn write_role(&self, name: &RoleName, role: &TokenRole) -> Result<()> {
        let path = ["auth/token/roles/", name.escaped()];
        self.api.at(Subject::AuthMethod, "write token role", &path).write(role).await
    }

    /// A role, or none if there is none. `GET auth/token/roles/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn role(&self, name: &RoleName) -> Result<Option<TokenRole>> {
        let path = ["auth/token/roles/", name.escaped()];
        self.api.at(Subject::AuthMethod, "read token role", &path).read_maybe().await
    }

    /// The names of all roles. `LIST auth/token/roles`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn roles(&self) -> Result<Vec<String>> {
        let path = ["auth/token/roles"];
        self.api.at(Subject::AuthMethod, "list token roles", &path).list().await
    }

    /// Deletes a role. Its tokens live on. None there is a success. `DELETE auth/token/roles/:name`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_role(&self, name: &RoleName) -> Result<()> {
        let path = ["auth/token/roles/", name.escaped()];
        self.api.at(Subject::AuthMethod, "delete token role", &path).delete().await
    }
}

const CREATE: &str = "create token";

/// None if the server does not know the token.
fn known(found: Result<StatusWire>) -> Result<Option<TokenStatus>> {
    match found {
        Err(error) if error.code() == Some("token_not_found") => Ok(None),
        found => Ok(Some(found?.into())),
    }
}

#[derive(Deserialize)]
struct Made {
    auth: MadeWire,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct TokenBody<'a> {
    token: Exposed<'a>,
}

#[derive(Serialize)]
struct AccessorBody<'a> {
    accessor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    increment: Option<u64>,
}
