//! A login turned into a token.

use std::path::Path;
use std::time::Duration;

use catalyst_core::http::Method as Verb;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::Serialize;

use super::authority::Granted;
use super::login::{Login, Method};
use crate::RoleName;
use crate::operation::Operation;
use crate::token::Term;
use crate::transport::{Call, Transport};
use crate::wire::{Exposed, Ignored, TokenStatus};

/// How long an [`AssertionSource`](super::AssertionSource) may take.
const ASSERTION_LIMIT: Duration = Duration::from_secs(10);
/// The largest file with a service-account token, in bytes.
const MAX_TOKEN_FILE: u64 = 64 << 10;

#[derive(Serialize)]
struct AssertionBody<'a> {
    role: &'a str,
    jwt: Exposed<'a>,
}

#[derive(Serialize)]
struct CertificateBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct PasswordBody<'a> {
    password: Exposed<'a>,
}

#[derive(Serialize)]
struct AppRoleBody<'a> {
    role_id: &'a str,
    secret_id: Exposed<'a>,
}

impl Login {
    /// Logs in once.
    pub(super) async fn exchange(&self, transport: &Transport) -> Result<Granted> {
        match &self.method {
            Method::Jwt { role, audience, source } => {
                let assertion = tokio::time::timeout(ASSERTION_LIMIT, source.assertion(audience))
                    .await
                    .map_err(|_elapsed| {
                        Error::new(ErrorKind::Timeout, Operation::Login.name())
                            .with_code("assertion_timeout")
                            .with_help("the source of signed assertions gave none within 10 s")
                    })??;
                self.with_assertion(transport, role, &assertion).await
            }
            Method::Kubernetes { role, token_file } => {
                let assertion = read_token(token_file).await?;
                self.with_assertion(transport, role, &assertion).await
            }
            Method::Certificate { role } => {
                let name = role.as_ref().map(RoleName::as_str);
                self.post(transport, &CertificateBody { name }).await
            }
            Method::AppRole { role_id, secret_id } => {
                self.post(transport, &AppRoleBody { role_id, secret_id: Exposed(secret_id) }).await
            }
            Method::UserPassword { user, password } => {
                let path = ["auth/", self.mounted_at(), "/login/", user.escaped()];
                self.post_at(transport, &path, &PasswordBody { password: Exposed(password) }).await
            }
            Method::Token(token) => {
                let term = look_up(transport, token).await?;
                Ok(Granted { secret: token.clone(), term, ours: false })
            }
        }
    }

    async fn with_assertion(&self, transport: &Transport, role: &RoleName, jwt: &Secret) -> Result<Granted> {
        self.post(transport, &AssertionBody { role: role.as_str(), jwt: Exposed(jwt) }).await
    }

    async fn post(&self, transport: &Transport, body: &(impl Serialize + Sync)) -> Result<Granted> {
        self.post_at(transport, &["auth/", self.mounted_at(), "/login"], body).await
    }

    async fn post_at(
        &self,
        transport: &Transport,
        path: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<Granted> {
        let body = |request: catalyst_core::http::Request| request.json(body);
        let call = Call::new(Operation::Login, Verb::Post, path).body(&body);
        let answer = transport.log_in(&call).await?;
        let sent_at = answer.sent_at;
        let auth = answer.read::<Ignored>(transport)?.auth.ok_or_else(|| {
            let help = "the answer to the login holds no token; is this the mount of a login method?";
            Error::new(ErrorKind::Decode, Operation::Login.name()).with_help(help)
        })?;
        // A certificate's token is bound to the certificate that is about to be rotated.
        let renewable = auth.renewable && !self.is_certificate();
        let term = Term { issued_at: sent_at, ttl: ends(auth.lease_duration.0), renewable };
        Ok(Granted { secret: auth.client_token, term, ours: true })
    }
}

/// What the server says of a token.
pub(super) async fn look_up(transport: &Transport, token: &Secret) -> Result<Term> {
    let call = Call::new(Operation::LookupToken, Verb::Get, &["auth/token/lookup-self"]);
    let answer = transport.exchange(&call, Some(token)).await?;
    let issued_at = answer.sent_at;
    let status = answer.data::<TokenStatus>(transport)?;
    // Less than a second left is written like never, but for this.
    let ttl = status.expire_time.0.map(|_| status.ttl.0).or(ends(status.ttl.0));
    Ok(Term { issued_at, ttl, renewable: status.renewable })
}

/// Prolongs a token by as much as its login gave.
pub(super) async fn renew(transport: &Transport, token: &Secret) -> Result<Term> {
    let body = |request: catalyst_core::http::Request| request.json(&serde_json::Map::new());
    let call = Call::new(Operation::RenewToken, Verb::Post, &["auth/token/renew-self"]).body(&body);
    let answer = transport.exchange(&call, Some(token)).await?;
    let issued_at = answer.sent_at;
    let auth = answer.read::<Ignored>(transport)?.auth.ok_or_else(|| {
        Error::new(ErrorKind::Decode, Operation::RenewToken.name()).with_help("the answer holds no term")
    })?;
    Ok(Term { issued_at, ttl: ends(auth.lease_duration.0), renewable: auth.renewable })
}

/// Ends a token, and with it all its leases. One that has ended already is a success.
pub(super) async fn revoke(transport: &Transport, token: &Secret) -> Result<()> {
    let call = Call::new(Operation::RevokeToken, Verb::Post, &["auth/token/revoke-self"]);
    match transport.exchange(&call, Some(token)).await {
        Err(error) if error.code() != Some("invalid_token") => Err(error),
        _ => Ok(()),
    }
}

/// Zero is how the server says never.
fn ends(ttl: Duration) -> Option<Duration> {
    (!ttl.is_zero()).then_some(ttl)
}

async fn read_token(file: &Path) -> Result<Secret> {
    let fail = |help: &str| {
        Error::new(ErrorKind::Identity, "read service-account token")
            .with_target(file.display().to_string())
            .with_help(help.to_owned())
    };
    let unreadable = |error: std::io::Error| fail("the file cannot be read").with_source(error);
    let about = tokio::fs::metadata(file).await.map_err(unreadable)?;
    if !about.is_file() || about.len() > MAX_TOKEN_FILE {
        return Err(fail("expected a file of at most 64 KiB"));
    }
    let bytes = catalyst_core::SecretBytes::new(tokio::fs::read(file).await.map_err(unreadable)?);
    match std::str::from_utf8(bytes.expose()).map(str::trim) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
        _ => Err(fail("the file holds no token")),
    }
}
