//! Login methods and tokens from the side of the operator, against recorded answers.

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer, quick, recorded};
use crate::auth_method::{
    AppRole, CertConfig, CertRole, SecretIdRequest, TokenParameters, TokenRequest, TokenRole, TokenType,
};
use crate::{Login, OpenBao, RoleName, UserName};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn app() -> RoleName {
    "app".parse().unwrap()
}

#[tokio::test]
async fn an_app_role_comes_back_as_it_was_written() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/approle/role/app", answer("approle-role-create")).await;
    stub.on("GET", "/v1/auth/approle/role/app", answer("approle-role-read")).await;
    stub.on("GET", "/v1/auth/approle/role/nope", answer("approle-role-read-missing-error")).await;
    stub.on("LIST", "/v1/auth/approle/role", answer("approle-role-list")).await;
    stub.on("POST", "/v1/auth/approle/role/bad", answer("approle-role-bad-error")).await;
    let roles = stub.client().app_roles("approle".parse().unwrap());
    let tokens = TokenParameters::new()
        .policies(["p"])
        .ttl(secs(60))
        .max_ttl(secs(300))
        .explicit_max_ttl(secs(3600))
        .bound_cidrs(["127.0.0.0/8"])
        .num_uses(3)
        .no_default_policy(true)
        .kind(TokenType::Service);
    let role = AppRole::new()
        .secret_id_ttl(secs(600))
        .secret_id_num_uses(2)
        .secret_id_bound_cidrs(["127.0.0.1/32"])
        .bind_secret_id(true)
        .tokens(tokens);
    roles.write_role(&app(), &role).await.unwrap();
    let sent = stub.last_body().await;
    assert_eq!((&sent["secret_id_ttl"], &sent["token_type"]), (&json!(600), &json!("service")));
    assert!(role.is_met_by(&roles.role(&app()).await.unwrap().unwrap()));
    assert!(roles.role(&"nope".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(roles.roles().await.unwrap(), ["app"]);
    let error = roles.write_role(&"bad".parse().unwrap(), &role).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("invalid_request")));
}

#[tokio::test]
async fn secret_ids_are_made_looked_up_and_ended() {
    let stub = Stub::start().await;
    let at = |rest: &str| format!("/v1/auth/approle/role/app{rest}");
    stub.on("GET", &at("/role-id"), answer("approle-role-id")).await;
    stub.on("GET", "/v1/auth/approle/role/nope/role-id", answer("approle-role-missing-role-id-error")).await;
    stub.on("POST", &at("/secret-id"), answer("approle-secret-id-generate")).await;
    stub.on("POST", "/v1/auth/approle/role/nope/secret-id", answer("approle-secret-id-missing-role-error"))
        .await;
    stub.on("LIST", &at("/secret-id"), answer("approle-secret-id-list")).await;
    stub.on("POST", &at("/secret-id/lookup"), answer("approle-secret-id-lookup")).await;
    stub.on(
        "POST",
        &at("/secret-id-accessor/lookup"),
        answer("approle-secret-id-accessor-lookup-missing-error"),
    )
    .await;
    stub.on("POST", &at("/secret-id/destroy"), answer("approle-secret-id-destroy-again")).await;
    let missing = answer("approle-secret-id-accessor-destroy-missing");
    stub.on("POST", &at("/secret-id-accessor/destroy"), missing).await;
    let roles = stub.client().app_roles("approle".parse().unwrap());
    assert_eq!(roles.role_id(&app()).await.unwrap(), "82870e18-7d5b-9331-e9d2-6024a6c1e07d");
    let request = SecretIdRequest::new().metadata("a", "b").ttl(secs(60)).num_uses(1).cidrs(["127.0.0.1/32"]);
    let made = roles.generate_secret_id(&app(), &request).await.unwrap();
    let body = json!({"metadata": "{\"a\":\"b\"}", "ttl": 60, "num_uses": 1, "cidr_list": ["127.0.0.1/32"]});
    assert_eq!(stub.last_body().await, body);
    assert_eq!((made.ttl, made.num_uses), (Some(secs(60)), Some(1)));
    assert!(!format!("{made:?}").contains(made.secret.expose()));
    let status = roles.look_up_secret_id(&app(), &made.secret).await.unwrap().unwrap();
    assert_eq!((status.accessor, status.uses_left), (made.accessor, Some(1)));
    assert_eq!(status.metadata["a"], "b");
    assert!(status.expires_at > status.created_at);
    assert_eq!(roles.secret_id_accessors(&app()).await.unwrap().len(), 2);
    assert!(roles.look_up_accessor(&app(), "nope").await.unwrap().is_none());
    roles.destroy_secret_id(&app(), &made.secret).await.unwrap();
    roles.destroy_accessor(&app(), "nope").await.unwrap();
    let nobody = "nope".parse().unwrap();
    for error in [
        roles.role_id(&nobody).await.unwrap_err(),
        roles.generate_secret_id(&nobody, &request).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("unknown_role")));
    }
}

#[tokio::test]
async fn a_secret_id_is_handed_over_wrapped() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/approle/role/app/secret-id", answer("approle-secret-id-wrapped")).await;
    let roles = stub.client().app_roles("approle".parse().unwrap());
    let wrapped = roles.generate_wrapped_secret_id(&app(), &SecretIdRequest::new(), secs(60)).await.unwrap();
    assert_eq!((wrapped.ttl, wrapped.creation_path.as_str()), (secs(60), "auth/approle/role/app/secret-id"));
    let asked = stub.server.received_requests().await.unwrap();
    assert_eq!(asked.last().unwrap().headers["x-vault-wrap-ttl"], "60");
}

#[tokio::test]
async fn an_unknown_secret_id_is_none() {
    let stub = Stub::start().await;
    let at = "/v1/auth/approle/role/app/secret-id/lookup";
    stub.on("POST", at, answer("approle-secret-id-lookup-missing")).await;
    let roles = stub.client().app_roles("approle".parse().unwrap());
    assert!(roles.look_up_secret_id(&app(), &Secret::new("nope")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_cert_role_comes_back_as_it_was_written() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/cert/certs/app", answer("cert-role-write")).await;
    stub.on("GET", "/v1/auth/cert/certs/app", answer("cert-role-read")).await;
    stub.on("POST", "/v1/auth/cert/certs/bad", answer("cert-role-bad-error")).await;
    stub.on("GET", "/v1/auth/cert/config", answer("cert-config-read")).await;
    let method = stub.client().cert_method("cert".parse().unwrap());
    let (_, body) = recorded("cert-role-read");
    let role = CertRole::new(body["data"]["certificate"].as_str().unwrap())
        .allowed_uri_sans(["spiffe://x/*"])
        .allowed_common_names(["t"])
        .allowed_dns_sans(["a.b"])
        .allowed_email_sans(["a@b"])
        .allowed_organizational_units(["ou"])
        .required_extensions(["1.2.3:x"])
        .allowed_metadata_extensions(["1.2.3"])
        .display_name("app")
        .tokens(TokenParameters::new().policies(["p"]).ttl(secs(60)));
    method.write_role(&app(), &role).await.unwrap();
    let read = method.role(&app()).await.unwrap().unwrap();
    assert!(role.is_met_by(&read), "{read:?}");
    assert!(!role.clone().allowed_uri_sans(["spiffe://y"]).is_met_by(&read));
    assert!(method.write_role(&"bad".parse().unwrap(), &CertRole::new("nope")).await.is_err());
    assert_eq!(
        method.config().await.unwrap(),
        CertConfig::new().disable_binding(false).enable_identity_alias_metadata(false).ocsp_cache_size(0)
    );
}

#[tokio::test]
async fn users_are_written_with_passwords_that_nobody_sees() {
    let stub = Stub::start().await;
    let anna: UserName = "anna".parse().unwrap();
    stub.on("POST", "/v1/auth/userpass/users/anna", answer("userpass-user-write")).await;
    stub.on("GET", "/v1/auth/userpass/users/anna", answer("userpass-user-read")).await;
    stub.on("POST", "/v1/auth/userpass/users/bert", answer("userpass-user-no-password-error")).await;
    stub.on("POST", "/v1/auth/userpass/users/nope/password", answer("userpass-password-missing-user-error"))
        .await;
    let users = stub.client().userpass("userpass".parse().unwrap());
    let tokens = TokenParameters::new().policies(["p"]).ttl(secs(60));
    users.write_user(&anna, &Secret::new("canary"), &tokens).await.unwrap();
    assert_eq!(stub.last_body().await["password"], "canary");
    assert!(tokens.is_met_by(&users.user(&anna).await.unwrap().unwrap()));
    let error = users.update_user(&"bert".parse().unwrap(), &tokens).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let error = users.set_password(&"nope".parse().unwrap(), &Secret::new("canary")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.attempts()),
        (ErrorKind::NotFound, Some("unknown_user"), 1)
    );
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn a_user_logs_in_with_a_password() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/userpass/login/anna", answer("userpass-login")).await;
    stub.on("POST", "/v1/auth/userpass/login/bert", answer("userpass-login-unknown-user-error")).await;
    let log_in = |user: &str| {
        let login = Login::user_password(user.parse().unwrap(), Secret::new("canary"));
        assert!(!format!("{login:?}").contains("canary"));
        OpenBao::builder(&stub.server.uri()).unwrap().login(login).retry(quick()).build().unwrap()
    };
    let session = log_in("anna").session().await.unwrap();
    assert!(session.state().expires_at.is_some());
    let error = log_in("bert").session().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("bad_credentials")));
}

#[tokio::test]
async fn tokens_are_made_looked_up_and_ended_by_their_accessors() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/token/create", answer("token-create-full")).await;
    stub.on("POST", "/v1/auth/token/create/app", answer("token-create-role")).await;
    stub.on("POST", "/v1/auth/token/create/nope", answer("token-create-role-missing-error")).await;
    stub.on("POST", "/v1/auth/token/lookup-accessor", answer("token-lookup-accessor")).await;
    stub.on("POST", "/v1/auth/token/lookup", answer("token-lookup-missing-error")).await;
    stub.on("POST", "/v1/auth/token/renew-accessor", answer("token-renew-accessor-missing-error")).await;
    stub.on("POST", "/v1/auth/token/revoke-accessor", answer("token-revoke-accessor-missing-error")).await;
    stub.on("LIST", "/v1/auth/token/accessors", answer("token-accessors")).await;
    let tokens = stub.client().tokens();
    let request =
        TokenRequest::new().policies(["p"]).metadata("a", "b").ttl(secs(60)).kind(TokenType::Service);
    let made = tokens.create(&request).await.unwrap();
    let body = json!({"policies": ["p"], "meta": {"a": "b"}, "ttl": 60, "type": "service"});
    assert_eq!(stub.last_body().await, body);
    assert_eq!(
        (made.ttl, made.renewable, made.policies.as_slice()),
        (Some(secs(60)), false, &["p".to_owned()][..])
    );
    assert!(!format!("{made:?}").contains(made.token.expose()));
    let status = tokens.look_up_accessor(&made.accessor).await.unwrap().unwrap();
    assert_eq!((status.accessor, status.uses_left), (made.accessor.clone(), Some(5)));
    assert_eq!((status.display_name.as_str(), status.ttl), ("token-d", Some(secs(59))));
    assert!(tokens.look_up(&Secret::new("nope")).await.unwrap().is_none());
    tokens.revoke_accessor("nope").await.unwrap();
    assert_eq!(tokens.accessors().await.unwrap().len(), 3);
    let error = tokens.renew_accessor("nope", None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("token_not_found")));
    tokens.create_by(&app(), &request).await.unwrap();
    let error = tokens.create_by(&"nope".parse().unwrap(), &request).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("unknown_role")));
}

#[tokio::test]
async fn a_token_role_comes_back_as_it_was_written() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/auth/token/roles/app", answer("token-role-write")).await;
    stub.on("GET", "/v1/auth/token/roles/app", answer("token-role-read")).await;
    stub.on("GET", "/v1/auth/token/roles/nope", answer("token-role-read-missing-error")).await;
    let tokens = stub.client().tokens();
    let role = TokenRole::new()
        .allowed_policies(["p"])
        .disallowed_policies(["q"])
        .allowed_policies_glob(["a*"])
        .disallowed_policies_glob(["b*"])
        .allowed_entity_aliases(["e"])
        .bound_cidrs(["127.0.0.1/32"])
        .orphan(true)
        .renewable(true)
        .path_suffix("suffix")
        .period(secs(60))
        .kind(TokenType::DefaultService);
    tokens.write_role(&app(), &role).await.unwrap();
    let read = tokens.role(&app()).await.unwrap().unwrap();
    assert!(role.is_met_by(&read), "{read:?}");
    assert!(tokens.role(&"nope".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_creates_a_token_or_a_secret_id_is_not_sent_twice() {
    let stub = Stub::start().await;
    let at = "/v1/auth/approle/role/app/secret-id";
    stub.on("POST", at, ResponseTemplate::new(502)).await;
    stub.on("POST", "/v1/auth/token/create", ResponseTemplate::new(502)).await;
    let bao = stub.client();
    let roles = bao.app_roles("approle".parse().unwrap());
    let error = roles.generate_secret_id(&app(), &SecretIdRequest::new()).await.unwrap_err();
    assert!(error.outcome_unknown());
    assert!(bao.tokens().create(&TokenRequest::new()).await.unwrap_err().outcome_unknown());
    assert_eq!((stub.count(at).await, stub.count("/v1/auth/token/create").await), (1, 1));
}
