//! The end of a session: ours, and the realm's.

use catalyst_core::{Result, Secret};
use openidconnect::{ClientId, CsrfToken, EndSessionUrl, LogoutRequest, PostLogoutRedirectUrl};
use url::{Url, form_urlencoded};

use super::flow::LoginFlow;
use super::refusal::Refusal;
use super::session::Session;

/// The longest body of a back-channel logout, in bytes.
const MAX_BODY: usize = 64 << 10;

/// A session that ended elsewhere: end ours, too. Verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogoutNotice {
    /// The session (`sid` of the ID token, [`Claims::session_id`](crate::token::Claims::session_id)).
    pub session_id: Option<String>,
    /// The user; without a session it means all of theirs.
    pub subject: Option<String>,
}

impl LoginFlow {
    /// Where to send the browser to log out of the realm as well (OpenID Connect RP-Initiated Logout 1.0). The realm
    /// sends it on to `back_to`, one of the client's post-logout redirect URIs, with `state` beside it.
    ///
    /// The address carries the ID token, so that the realm asks nothing; such tokens open nothing, but name the user:
    /// redirect to it at once, and log it nowhere.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the realm's issuer is no URL.
    pub fn logout_url(&self, session: &Session, back_to: &Url, state: Option<&str>) -> Result<Url> {
        let client = &self.inner.client;
        let endpoint = EndSessionUrl::from_url(client.realm().public("protocol/openid-connect/logout")?);
        let mut request = LogoutRequest::from(endpoint)
            .set_client_id(ClientId::new(client.id().as_str().to_owned()))
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::from_url(back_to.clone()));
        if let Some(state) = state {
            request = request.set_state(CsrfToken::new(state.to_owned()));
        }
        let mut url = request.http_get_url();
        if let Some(token) = &session.tokens.id_token {
            url.query_pairs_mut().append_pair("id_token_hint", token.expose());
        }
        Ok(url)
    }

    /// Ends the session at the realm without the browser, and with it every token of it.
    ///
    /// # Errors
    /// As [`OidcClient::end_session`](crate::OidcClient::end_session); none if there is no refresh token left.
    ///
    /// # Cancel safety
    /// Safe; it can be repeated.
    pub async fn end(&self, session: &Session) -> Result<()> {
        match &session.tokens.refresh_token {
            Some(token) => self.inner.client.end_session(token).await,
            None => Ok(()),
        }
    }

    /// What the realm says with `body`, the form that it posts to the client's back-channel logout address (OpenID
    /// Connect Back-Channel Logout 1.0). Answer it with status 200, or with 400 on an error.
    ///
    /// # Errors
    /// Code `login_callback_invalid` if there is no logout token in it, and those of
    /// [`TokenVerifier::verify_logout`](crate::token::TokenVerifier::verify_logout).
    ///
    /// # Cancel safety
    /// A notice counts as used once it was found right.
    pub async fn back_channel_logout(&self, body: &[u8]) -> Result<LogoutNotice> {
        let token = logout_token(body).map_err(Refusal::error)?;
        let notice = Box::pin(self.inner.verifier.verify_logout(token.expose())).await?;
        Ok(LogoutNotice {
            session_id: notice.session_id().map(str::to_owned),
            subject: notice.subject().map(str::to_owned),
        })
    }
}

fn logout_token(body: &[u8]) -> std::result::Result<Secret, Refusal> {
    if body.len() > MAX_BODY {
        return Err(Refusal::Callback("the logout notice is longer than 64 KiB"));
    }
    let mut tokens = form_urlencoded::parse(body).filter(|(name, _)| name == "logout_token");
    match (tokens.next(), tokens.next()) {
        (Some((_, token)), None) => Ok(Secret::new(token.into_owned())),
        _ => Err(Refusal::Callback("a logout notice has one logout_token")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_has_one_token_of_bounded_length() {
        assert_eq!(logout_token(b"logout_token=a.b.c").unwrap().expose(), "a.b.c");
        for bad in ["", "token=a", "logout_token=a&logout_token=b"] {
            assert!(logout_token(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(logout_token(format!("logout_token={}", "a".repeat(70_000)).as_bytes()).is_err());
    }
}
