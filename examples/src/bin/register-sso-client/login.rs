//! A user who logs in at the application, through a browser.

use catalyst_core::Secret;
use catalyst_sdk::keycloak::login::LoginFlow;
use catalyst_sdk::keycloak::testing::Browser;
use catalyst_sdk::keycloak::token::{IdToken, TokenVerifier};
use catalyst_sdk::keycloak::{Error, ErrorKind, OidcClient};

/// The entrance of the application, and the user who stands before it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    flow: LoginFlow,
    verifier: TokenVerifier,
    username: String,
    password: Secret,
}

impl Door {
    /// `redirect` is where the browser comes back to.
    pub(crate) fn new(
        client: &OidcClient,
        redirect: &str,
        username: &str,
        password: &Secret,
    ) -> Result<Self, Error> {
        let audience = client.id().as_str();
        let verifier =
            TokenVerifier::builder(client.realm(), audience).client(client.id().clone()).build()?;
        let flow = LoginFlow::builder(client.clone(), verifier.clone(), redirect)?.build();
        Ok(Self { flow, verifier, username: username.to_owned(), password: password.clone() })
    }

    /// A login in a browser without a session: the redirect, the form, the code, the verified ID token, and an access
    /// token that is for this application.
    pub(crate) async fn log_in(&self) -> Result<IdToken, Error> {
        let start = self.flow.start().await?;
        let callback = Browser::new()?.log_in(&start.url, &self.username, self.password.expose()).await?;
        let session = self.flow.finish(start.pending, callback.query().unwrap_or_default()).await?;
        let access = session.tokens.access_token.expose();
        session.identity.belongs_to(access)?;
        let access = self.verifier.verify_access(access).await?;
        if access.subject() != session.identity.subject() {
            return Err(Error::new(ErrorKind::Unauthenticated, "log a user in")
                .with_help("the tokens of one login speak of two users"));
        }
        Ok(session.identity)
    }
}
