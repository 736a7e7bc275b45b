//! The end of sessions, from either side.

use catalyst_keycloak::Secret;
use catalyst_keycloak::testing::{Browser, Visit};

use super::{BYE, Stage, log_in};

#[tokio::test]
async fn a_refreshed_session_is_of_the_same_user_and_has_new_tokens() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let session = stage.session(&flow).await;
    let next = flow.refresh(&session).await.unwrap();
    assert_eq!(next.identity.subject(), session.identity.subject());
    assert_ne!(next.tokens.access_token, session.tokens.access_token);
    let kept = Secret::new(next.tokens.refresh_token.unwrap().expose());
    let resumed = flow.resume(&kept).await.unwrap();
    assert_eq!(resumed.identity.username(), Some("alice"), "after a restart");
}

#[tokio::test]
async fn where_the_realm_counts_a_refresh_token_serves_once() {
    let stage = Stage::new().await;
    stage.fake.model().edit_realm("acme", &serde_json::json!({ "revokeRefreshToken": true }));
    let flow = stage.logins().build();
    let session = stage.session(&flow).await;
    let next = flow.refresh(&session).await.unwrap();
    let error = flow.refresh(&session).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_grant"));
    assert!(flow.refresh(&next).await.is_err(), "whoever has the old one may have stolen it");
}

#[tokio::test]
async fn a_logout_without_a_browser_ends_every_token_of_the_session() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let session = stage.session(&flow).await;
    let told = flow.client().introspect(&session.tokens.access_token).await.unwrap();
    assert_eq!(told.active().unwrap().username.as_deref(), Some("alice"));
    flow.end(&session).await.unwrap();
    flow.end(&session).await.unwrap();
    assert!(flow.client().introspect(&session.tokens.access_token).await.unwrap().active().is_none());
    assert_eq!(flow.refresh(&session).await.unwrap_err().code(), Some("invalid_grant"));
}

#[tokio::test]
async fn a_browser_that_logged_out_is_asked_again() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let mut browser = Browser::new().unwrap();
    let session = log_in(&flow, &mut browser).await;
    let url = flow.logout_url(&session, &BYE.parse().unwrap(), Some("s&1")).unwrap();
    let Visit::Away(back) = browser.open(&url).await.unwrap() else { panic!("a page") };
    assert_eq!(back.as_str(), format!("{BYE}?state=s%261"));
    let again = flow.start().await.unwrap();
    assert!(matches!(browser.open(&again.url).await.unwrap(), Visit::Page(_)), "the form");
    assert!(flow.refresh(&session).await.is_err());

    let elsewhere = flow.logout_url(&session, &"http://evil.test/".parse().unwrap(), None).unwrap();
    let Visit::Page(page) = browser.open(&elsewhere).await.unwrap() else { panic!("an open redirect") };
    assert_eq!(page.complaint().as_deref(), Some("Invalid redirect uri"));
}

#[tokio::test]
async fn a_session_that_ended_elsewhere_is_told_once() {
    let stage = Stage::new().await;
    let flow = stage.logins().build();
    let session = stage.session(&flow).await;
    let sid = session.identity.session_id().unwrap();
    let token = stage.fake.model().end_session("acme", "blog", sid).unwrap();
    let body = format!("logout_token={token}");
    let notice = flow.back_channel_logout(body.as_bytes()).await.unwrap();
    assert_eq!(notice.session_id.as_deref(), Some(sid));
    assert_eq!(notice.subject.as_deref(), Some(session.identity.subject()));
    assert_eq!(flow.back_channel_logout(body.as_bytes()).await.unwrap_err().code(), Some("replayed"));

    let id_token = session.tokens.id_token.unwrap();
    let forged = format!("logout_token={}", id_token.expose());
    assert_eq!(
        flow.back_channel_logout(forged.as_bytes()).await.unwrap_err().code(),
        Some("wrong_token_type")
    );
}
