//! What clients ask about tokens, and for which others they give them.

use catalyst_keycloak::{ExchangeRequest, Introspection, Revocation, Secret, TokenSource};

use super::Stage;

#[tokio::test]
async fn a_token_is_active_for_its_audience_only() {
    let stage = Stage::new().await;
    let (blog, billing) = (stage.client("blog"), stage.client("billing"));
    let token = blog.client_credentials(&[]).await.unwrap().access_token;
    let told = billing.introspect(&token).await.unwrap().active().unwrap();
    assert_eq!(told.client_id.as_deref(), Some("blog"));
    assert!(told.audience.contains(&"billing".to_owned()));
    let own = billing.client_credentials(&[]).await.unwrap().access_token;
    assert!(matches!(blog.introspect(&own).await.unwrap(), Introspection::Inactive), "not in its audience");
    assert!(matches!(blog.introspect(&Secret::new("abc")).await.unwrap(), Introspection::Inactive));
}

#[tokio::test]
async fn a_revoked_token_is_over_and_an_unknown_one_is_no_error() {
    let stage = Stage::new().await;
    let blog = stage.client("blog");
    let token = blog.client_credentials(&[]).await.unwrap().access_token;
    assert_eq!(blog.revoke(&token).await.unwrap(), Revocation::Revoked);
    assert!(blog.introspect(&token).await.unwrap().active().is_none());
    assert_eq!(blog.revoke(&Secret::new("garbage")).await.unwrap(), Revocation::Unknown);
}

#[tokio::test]
async fn a_users_token_is_exchanged_for_one_of_another_audience() {
    let stage = Stage::new().await;
    let session = stage.session(&stage.logins().build()).await;
    let blog = stage.client("blog");
    let request =
        ExchangeRequest::new(session.tokens.access_token.clone()).audience("billing".parse().unwrap());
    let tokens = blog.exchange(&request).await.unwrap();
    assert!(tokens.refresh_token.is_none());
    let told = stage.client("billing").introspect(&tokens.access_token).await.unwrap().active().unwrap();
    assert_eq!(
        (told.audience.as_slice(), told.username.as_deref()),
        (&["billing".to_owned()][..], Some("alice"))
    );

    for (audience, code) in [("nosuch", "unknown_audience"), ("account-console", "invalid_request")] {
        let request =
            ExchangeRequest::new(session.tokens.access_token.clone()).audience(audience.parse().unwrap());
        assert_eq!(blog.exchange(&request).await.unwrap_err().code(), Some(code), "{audience}");
    }
    let own = stage.client("billing").client_credentials(&[]).await.unwrap().access_token;
    let error = blog.exchange(&ExchangeRequest::new(own)).await.unwrap_err();
    assert_eq!(error.code(), Some("permission_denied"), "blog is not in its audience");
}

#[tokio::test]
async fn a_source_of_exchanged_tokens_gets_a_new_subject_when_the_old_one_ended() {
    let stage = Stage::new().await;
    let blog = stage.client("blog");
    let subject = TokenSource::new(blog.clone());
    let source = TokenSource::exchanging(blog.clone(), subject.clone()).audience("billing".parse().unwrap());
    let first = source.get().await.unwrap();
    blog.revoke(&subject.get().await.unwrap().access_token).await.unwrap();
    assert!(source.invalidate(&first));
    let second = source.get().await.unwrap();
    assert_ne!(second.access_token, first.access_token);
}
