//! Authorization requests that go to the server before the browser does (RFC 9126).

use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use tokio::time::Instant;

use super::client::OidcClient;
use crate::form::Form;
use crate::operation::Operation;
use crate::refusal;

/// What stands for a pushed request in the browser's address. Used once, and as good as the request: `Debug` shows only
/// its end.
#[derive(Clone)]
#[non_exhaustive]
pub struct PushedRequest {
    /// The value of `request_uri`.
    pub request_uri: String,
    /// From here on it is refused; Keycloak gives 60 s.
    pub expires_at: Instant,
}

impl fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushedRequest").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl OidcClient {
    /// Pushes the parameters of an authorization request (`response_type`, `redirect_uri`, `scope`, `state`,
    /// `code_challenge`, …). The client names and proves itself as at the token endpoint: leave those out.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if the server would refuse the request at the authorization endpoint, too;
    /// code `bad_credentials` if it refuses the client.
    ///
    /// # Cancel safety
    /// Safe; a request that nobody uses ends by itself.
    pub async fn push_authorization_request(&self, parameters: &[(&str, &str)]) -> Result<PushedRequest> {
        #[derive(Deserialize)]
        struct Told {
            request_uri: String,
            expires_in: u64,
        }
        const OURS: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
        let operation = Operation::PushAuthorization;
        let mut form = Form::new();
        for (name, value) in parameters {
            if OURS.contains(name) {
                return Err(Error::new(ErrorKind::InvalidRequest, operation.name())
                    .with_code("invalid_request")
                    .with_help(format!("leave out {name}: the client adds it itself")));
            }
            form = form.field(name, value);
        }
        let asked_at = Instant::now();
        let answer = self.post(operation, "protocol/openid-connect/ext/par/request", form, false).await?;
        let told: Told = answer.json()?;
        if told.request_uri.is_empty() || told.request_uri.len() > 1024 {
            return Err(refusal::unreadable(operation, 201, "the answer has no usable request_uri"));
        }
        let life = Duration::from_secs(told.expires_in.min(600));
        Ok(PushedRequest { request_uri: told.request_uri, expires_at: asked_at + life })
    }
}
