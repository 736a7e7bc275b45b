//! Clients that agree with their declaration, whatever was there before.

use catalyst_core::ErrorKind;
use serde_json::json;

use super::check::{audience_mapper, texts};
use super::{Operator, Subject, done, refused};
use crate::{Authentication, ClientRegistrar, ClientSpec, Outcome};

/// All checks of this module, one after the other.
pub async fn all(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    a_new_client_is_as_declared(registrar, operator).await;
    a_second_run_is_one_read(registrar, operator).await;
    only_what_differs_is_updated(registrar, operator).await;
    drift_is_told_and_converged(registrar, operator).await;
    what_is_not_declared_stays(registrar, operator).await;
    an_update_leaves_the_secret_alone(registrar, operator).await;
    another_owners_client_is_refused(registrar, operator).await;
    a_client_made_by_hand_is_refused(registrar, operator).await;
    our_own_client_is_adopted(registrar, operator).await;
    roles_and_scopes_come_with_the_client(registrar, operator).await;
    a_federated_subject_belongs_to_one_client(registrar, operator).await;
    a_disabled_client_is_kept_and_locked_out(registrar, operator).await;
    removal_can_be_repeated(registrar, operator).await;
    six_at_once_make_one_client(registrar, operator).await;
    a_contradiction_is_refused(registrar).await;
}

/// Redirects, the owner, and itself as an audience: without that, its tokens would be for `account` only.
pub async fn a_new_client_is_as_declared(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    assert!(done(registrar.find(&subject.id).await, "find a client that is not there").is_none());
    let spec = subject.spec().name("Contract").audience("https://api.app.test");
    let made = done(registrar.ensure(&spec).await, "ensure");
    assert_eq!(made.outcome, Outcome::Created);
    let Some(secret) = made.secret else { panic!("a client with a secret comes with it") };
    assert!(operator.lets_in(&subject.id, &secret).await, "the secret that was given works");
    let shown = subject.shown(operator).await;
    assert_eq!(texts(&shown["redirectUris"]), ["https://app.test/oauth/callback"]);
    assert_eq!((&shown["name"], &shown["enabled"]), (&json!("Contract"), &json!(true)));
    assert_eq!(shown["attributes"]["catalyst.owner"], json!(subject.owner.as_str()));
    for audience in [subject.id.as_str(), "https://api.app.test"] {
        assert!(audience_mapper(&shown, audience).is_some(), "{audience} is an audience: {shown}");
    }
    let Some(found) = done(registrar.find(&subject.id).await, "find") else { panic!("it was made") };
    assert_eq!((found.owner.as_ref(), found.enabled), (Some(&subject.owner), true));
    assert_eq!(found.redirect_uris, ["https://app.test/oauth/callback"]);
    operator.remove(&subject.id).await;
}

/// A client that is as declared costs one read.
pub async fn a_second_run_is_one_read(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    let spec = subject.spec().role("editor").optional_scope("phone").description("Contract");
    let first = done(registrar.ensure(&spec).await, "ensure");
    let second = done(registrar.ensure(&spec).await, "ensure again");
    assert_eq!((second.outcome, second.reads, second.writes), (Outcome::Unchanged, 1, 0));
    assert_eq!((second.changes, second.secret == first.secret), (Vec::new(), true));
    operator.remove(&subject.id).await;
}

/// One write, and then it is as declared.
pub async fn only_what_differs_is_updated(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    done(registrar.ensure(&subject.spec()).await, "ensure");
    let more = subject.spec().redirect_uri(done("https://app.test/area/*".parse(), "a redirect URI"));
    let updated = done(registrar.ensure(&more).await, "ensure more");
    assert_eq!((updated.outcome, updated.writes), (Outcome::Updated, 1));
    assert!(updated.changes.iter().any(|change| change.contains("redirectUris")), "{:?}", updated.changes);
    let shown = subject.shown(operator).await;
    assert_eq!(texts(&shown["redirectUris"]), ["https://app.test/area/*", "https://app.test/oauth/callback"]);
    assert_eq!(done(registrar.ensure(&more).await, "ensure again").outcome, Outcome::Unchanged);
    operator.remove(&subject.id).await;
}

/// What was changed by hand is told, and is as declared afterwards.
pub async fn drift_is_told_and_converged(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    done(registrar.ensure(&subject.spec()).await, "ensure");
    let mut mappers = subject.shown(operator).await["protocolMappers"].clone();
    for mapper in mappers.as_array_mut().into_iter().flatten() {
        mapper["config"]["access.token.claim"] = json!("false");
    }
    let drift = json!({
        "redirectUris": ["https://evil.test/*"], "directAccessGrantsEnabled": true, "protocolMappers": mappers,
        "attributes": { "pkce.code.challenge.method": "" },
    });
    operator.edit(&subject.id, &drift).await;
    let mended = done(registrar.ensure(&subject.spec()).await, "ensure");
    assert_eq!((mended.outcome, mended.writes), (Outcome::Updated, 1));
    for what in ["redirectUris", "directAccessGrantsEnabled", "pkce.code.challenge.method", "mapper"] {
        assert!(mended.changes.iter().any(|change| change.contains(what)), "{what}: {:?}", mended.changes);
    }
    let shown = subject.shown(operator).await;
    assert_eq!(texts(&shown["redirectUris"]), ["https://app.test/oauth/callback"]);
    assert_eq!(shown["directAccessGrantsEnabled"], json!(false));
    assert_eq!(shown["attributes"]["pkce.code.challenge.method"], json!("S256"));
    let mapper = audience_mapper(&shown, subject.id.as_str());
    assert_eq!(mapper.map(|mapper| &mapper["config"]["access.token.claim"]), Some(&json!("true")));
    operator.remove(&subject.id).await;
}

/// Fields, attributes and mappers of others survive an update.
pub async fn what_is_not_declared_stays(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    done(registrar.ensure(&subject.spec()).await, "ensure");
    let mut mappers = subject.shown(operator).await["protocolMappers"].clone();
    if let Some(mappers) = mappers.as_array_mut() {
        mappers.push(json!({
            "name": "by hand", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper",
            "config": { "claim.name": "tenant", "claim.value": "acme", "jsonType.label": "String", "access.token.claim": "true" },
        }));
    }
    let by_hand = json!({
        "baseUrl": "https://app.test/", "attributes": { "team": "blue", "access.token.lifespan": "120" },
        "protocolMappers": mappers,
    });
    operator.edit(&subject.id, &by_hand).await;
    let unchanged = done(registrar.ensure(&subject.spec()).await, "ensure");
    assert_eq!(unchanged.outcome, Outcome::Unchanged, "{:?}", unchanged.changes);
    done(
        registrar.ensure(&subject.spec().description("new").audience("other")).await,
        "ensure something else",
    );
    let shown = subject.shown(operator).await;
    assert_eq!((&shown["baseUrl"], &shown["description"]), (&json!("https://app.test/"), &json!("new")));
    assert_eq!(shown["attributes"]["team"], json!("blue"));
    assert_eq!(shown["attributes"]["access.token.lifespan"], json!("120"));
    let kept =
        shown["protocolMappers"].as_array().into_iter().flatten().any(|mapper| mapper["name"] == "by hand");
    assert!(kept, "the mapper that was made by hand is kept: {shown}");
    operator.remove(&subject.id).await;
}

/// The secret works on, and is given again.
pub async fn an_update_leaves_the_secret_alone(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    let Some(secret) = done(registrar.ensure(&subject.spec()).await, "ensure").secret else {
        panic!("no secret")
    };
    let updated = done(registrar.ensure(&subject.spec().description("changed")).await, "update");
    assert_eq!((updated.outcome, updated.secret.as_ref() == Some(&secret)), (Outcome::Updated, true));
    assert!(operator.lets_in(&subject.id, &secret).await);
    operator.remove(&subject.id).await;
}

/// Whose client it is decides; nothing is written.
pub async fn another_owners_client_is_refused(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    done(registrar.ensure(&subject.spec()).await, "ensure");
    let before = subject.shown(operator).await;
    let theirs = subject.spec_of(subject.other_owner.clone()).description("taken over");
    refused(registrar.ensure(&theirs).await, ErrorKind::Conflict, "not_owned");
    let disabled = registrar.set_enabled(&subject.id, &subject.other_owner, false).await;
    refused(disabled, ErrorKind::Conflict, "not_owned");
    refused(registrar.remove(&subject.id, &subject.other_owner).await, ErrorKind::Conflict, "not_owned");
    assert_eq!(subject.shown(operator).await, before);
    operator.remove(&subject.id).await;
}

/// It belongs to nobody, and so not to us.
pub async fn a_client_made_by_hand_is_refused(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    operator
        .create(&json!({ "clientId": subject.id.as_str(), "redirectUris": ["https://hand.test/cb"] }))
        .await;
    refused(registrar.ensure(&subject.spec()).await, ErrorKind::Conflict, "not_owned");
    assert_eq!(texts(&subject.shown(operator).await["redirectUris"]), ["https://hand.test/cb"]);
    operator.remove(&subject.id).await;
}

/// As after a create whose answer was lost.
pub async fn our_own_client_is_adopted(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    let attributes = json!({ "catalyst.owner": subject.owner.as_str() });
    operator.create(&json!({ "clientId": subject.id.as_str(), "attributes": attributes })).await;
    let before = subject.shown(operator).await;
    let adopted = done(registrar.ensure(&subject.spec()).await, "ensure");
    assert_eq!(adopted.outcome, Outcome::Updated);
    let after = subject.shown(operator).await;
    assert_eq!((&after["id"], &after["secret"]), (&before["id"], &before["secret"]));
    assert_eq!(done(registrar.ensure(&subject.spec()).await, "ensure again").outcome, Outcome::Unchanged);
    operator.remove(&subject.id).await;
}

/// A scope that moves from one list to the other is taken out of the first.
pub async fn roles_and_scopes_come_with_the_client(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    let spec = || subject.spec().role("editor").role("reader");
    done(registrar.ensure(&spec().optional_scope("phone")).await, "ensure");
    let mut roles = operator.roles(&subject.id).await;
    roles.sort();
    assert_eq!(roles, ["editor", "reader"]);
    done(registrar.ensure(&spec().default_scope("phone")).await, "ensure with the scope as a default one");
    let shown = subject.shown(operator).await;
    assert!(texts(&shown["defaultClientScopes"]).contains(&"phone".to_owned()), "{shown}");
    assert!(!texts(&shown["optionalClientScopes"]).contains(&"phone".to_owned()), "{shown}");
    let unknown = registrar.ensure(&spec().default_scope("no-such-scope")).await;
    refused(unknown, ErrorKind::InvalidRequest, "unknown_scope");
    operator.remove(&subject.id).await;
}

/// The server would log the first of two clients in for both.
pub async fn a_federated_subject_belongs_to_one_client(
    registrar: &dyn ClientRegistrar,
    operator: &dyn Operator,
) {
    let (first, second) = (Subject::new(), Subject::new());
    let how = Authentication::Federated {
        issuer: "contract".into(),
        subject: format!("spiffe://contract.test/ns/{}/sa/web", first.id),
    };
    let made = done(registrar.ensure(&first.spec().authentication(how.clone())).await, "ensure");
    assert!(made.outcome == Outcome::Created && made.secret.is_none(), "nothing is stored: {made:?}");
    let twice = registrar.ensure(&second.spec().authentication(how.clone())).await;
    refused(twice, ErrorKind::Conflict, "duplicate_subject");
    assert!(done(registrar.find(&second.id).await, "find").is_none());
    let again = done(registrar.ensure(&first.spec().authentication(how)).await, "ensure again");
    assert_eq!((again.outcome, again.writes), (Outcome::Unchanged, 0));
    operator.remove(&first.id).await;
}

/// It keeps everything, and comes back with it.
pub async fn a_disabled_client_is_kept_and_locked_out(
    registrar: &dyn ClientRegistrar,
    operator: &dyn Operator,
) {
    let subject = Subject::new();
    let absent = registrar.set_enabled(&subject.id, &subject.owner, false).await;
    refused(absent, ErrorKind::NotFound, "client_not_found");
    let Some(secret) = done(registrar.ensure(&subject.spec()).await, "ensure").secret else {
        panic!("no secret")
    };
    for enabled in [false, false, true] {
        done(registrar.set_enabled(&subject.id, &subject.owner, enabled).await, "switch");
        let found = done(registrar.find(&subject.id).await, "find");
        assert_eq!(found.map(|found| found.enabled), Some(enabled));
        assert_eq!(operator.lets_in(&subject.id, &secret).await, enabled);
    }
    operator.remove(&subject.id).await;
}

/// The second time there is nothing, and that is a success.
pub async fn removal_can_be_repeated(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    done(registrar.ensure(&subject.spec()).await, "ensure");
    assert!(done(registrar.remove(&subject.id, &subject.owner).await, "remove"));
    assert!(operator.client(&subject.id).await.is_null());
    assert!(!done(registrar.remove(&subject.id, &subject.owner).await, "remove again"));
}

/// One makes it, and all learn the same secret.
pub async fn six_at_once_make_one_client(registrar: &dyn ClientRegistrar, operator: &dyn Operator) {
    let subject = Subject::new();
    let spec: &ClientSpec = &subject.spec().role("editor");
    let ensure = || async { done(registrar.ensure(spec).await, "ensure at once") };
    let (one, two, three, four, five, six) =
        tokio::join!(ensure(), ensure(), ensure(), ensure(), ensure(), ensure());
    let all = [one, two, three, four, five, six];
    assert_eq!(all.iter().filter(|made| made.outcome == Outcome::Created).count(), 1, "{all:?}");
    let shown = subject.shown(operator).await;
    for made in &all {
        assert_eq!(made.secret.as_ref().map(catalyst_core::Secret::expose), shown["secret"].as_str());
    }
    let last = done(registrar.ensure(spec).await, "ensure once more");
    assert_eq!((last.outcome, last.writes), (Outcome::Unchanged, 0));
    operator.remove(&subject.id).await;
}

/// It is told before anything is asked of the server.
pub async fn a_contradiction_is_refused(registrar: &dyn ClientRegistrar) {
    let subject = Subject::new();
    let public = subject.spec().authentication(Authentication::Public);
    refused(registrar.ensure(&public).await, ErrorKind::InvalidRequest, "invalid_spec");
    let aimless = ClientSpec::new(subject.id.clone(), subject.owner.clone());
    refused(registrar.ensure(&aimless).await, ErrorKind::InvalidRequest, "invalid_spec");
    assert!(done(registrar.find(&subject.id).await, "find").is_none());
}
