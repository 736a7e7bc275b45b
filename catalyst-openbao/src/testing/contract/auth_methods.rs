//! Login methods, their roles, and tokens: a role that was written lets logins in.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{AssertionSource, ErrorKind, Secret};

use super::policies::Connect;
use super::{done, fresh_name, refused};
use crate::auth_method::{
    AppRole, AuthMethodType, CertRole, JwtConfig, JwtKeys, JwtRole, KubernetesConfig, KubernetesRole,
    SecretIdRequest, TokenParameters, TokenRequest, TokenRole, TokenType,
};
use crate::system::{MountSettings, MountTuning};
use crate::{Login, Mount, OpenBao, RoleName, UserName};

/// Who signs assertions for these checks: about `subject`, for whatever audience is asked for.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The keys to check them with.
    pub keys: JwtKeys,
    /// The subject.
    pub subject: String,
    /// What signs them.
    pub source: Arc<dyn AssertionSource>,
}

const TTL: Duration = Duration::from_secs(120);

/// All checks of this module, one after the other. `authority_pem` is any certificate.
pub async fn all(bao: &OpenBao, connect: Connect<'_>, issuer: &Issuer, authority_pem: &str) {
    a_method_is_mounted_tuned_and_unmounted(bao).await;
    an_app_role_lets_in_who_has_its_secret(bao, connect).await;
    a_secret_id_is_handed_over_wrapped_and_ended(bao, connect).await;
    a_user_logs_in_with_the_password_of_now(bao, connect).await;
    a_jwt_role_lets_in_whom_it_is_bound_to(bao, connect, issuer).await;
    the_kubernetes_method_keeps_what_it_is_given(bao, authority_pem).await;
    a_cert_role_keeps_what_it_is_given(bao, authority_pem).await;
    tokens_are_made_looked_up_and_ended(bao, connect).await;
    a_token_role_bounds_its_tokens(bao).await;
}

async fn enable(bao: &OpenBao, method: AuthMethodType) -> Mount {
    let mount = fresh_name(method.as_str());
    done(bao.system().enable_auth(&mount, &method, &MountSettings::new()).await, "mount the method");
    mount
}

async fn disable(bao: &OpenBao, mount: &Mount) {
    done(bao.system().disable_auth(mount).await, "unmount the method");
}

fn tokens() -> TokenParameters {
    TokenParameters::new().policies(["contract"]).ttl(TTL)
}

/// As an engine is.
pub async fn a_method_is_mounted_tuned_and_unmounted(bao: &OpenBao) {
    let (system, mount) = (bao.system(), enable(bao, AuthMethodType::AppRole).await);
    let again = system.enable_auth(&mount, &AuthMethodType::AppRole, &MountSettings::new()).await;
    refused(again, ErrorKind::Conflict, "path_in_use");
    let unknown = AuthMethodType::Plugin("no-such-method".to_owned());
    let made = system.enable_auth(&fresh_name("x"), &unknown, &MountSettings::new()).await;
    refused(made, ErrorKind::NotFound, "unknown_plugin");
    let tuning = MountTuning::new().default_lease_ttl(TTL).token_type(TokenType::Service);
    done(system.tune_auth(&mount, &tuning).await, "tune");
    assert!(tuning.is_met_by(&done(system.auth_tuning(&mount).await, "read tuning")));
    let Some(read) = done(system.auth_method(&mount).await, "read") else { panic!("it is not there") };
    assert_eq!(read.kind, AuthMethodType::AppRole);
    let listed = done(system.auth_methods().await, "list");
    assert!(listed.iter().any(|one| one.path == mount));
    assert!(listed.iter().any(|one| one.kind == AuthMethodType::Token));
    for _ in 0..2 {
        disable(bao, &mount).await;
    }
    assert!(done(system.auth_method(&mount).await, "read").is_none());
}

/// Once, if the role says so.
pub async fn an_app_role_lets_in_who_has_its_secret(bao: &OpenBao, connect: Connect<'_>) {
    let mount = enable(bao, AuthMethodType::AppRole).await;
    let (roles, name) = (bao.app_roles(mount.clone()), fresh_name::<RoleName>("role"));
    let role = AppRole::new()
        .secret_id_ttl(TTL)
        .secret_id_num_uses(1)
        .tokens(tokens().bound_cidrs(["127.0.0.1/32"]));
    for _ in 0..2 {
        done(roles.write_role(&name, &role).await, "write the role");
    }
    let Some(read) = done(roles.role(&name).await, "read the role") else { panic!("it is not there") };
    assert!(role.is_met_by(&read), "{read:?}");
    assert_eq!(done(roles.roles().await, "list"), [name.as_str()]);
    let role_id = done(roles.role_id(&name).await, "read the identifier");
    let made = done(roles.generate_secret_id(&name, &SecretIdRequest::new()).await, "make a secret");
    assert_eq!((made.ttl, made.num_uses), (Some(TTL), Some(1)));
    let log_in =
        |secret: &Secret| connect(Login::app_role(role_id.as_str(), secret.clone()).mount(mount.clone()));
    let session = done(log_in(&made.secret).session().await, "log in");
    assert!(session.state().expires_at.is_some());
    let again = log_in(&made.secret).session().await.map(drop);
    refused(again, ErrorKind::Unauthenticated, "bad_credentials");
    let cleared = AppRole::new().tokens(TokenParameters::new());
    done(roles.write_role(&name, &cleared).await, "write the role anew");
    let Some(read) = done(roles.role(&name).await, "read the role") else { panic!("it is not there") };
    assert!(read.tokens.policies.is_empty(), "lists are written whole: {read:?}");
    assert_eq!(read.secret_id_ttl, Some(TTL), "a value that is not set is left as it was");
    done(roles.delete_role(&name).await, "delete the role");
    assert!(done(roles.role(&name).await, "read the role").is_none());
    let gone = roles.generate_secret_id(&name, &SecretIdRequest::new()).await;
    refused(gone, ErrorKind::NotFound, "unknown_role");
    refused(roles.role_id(&name).await, ErrorKind::NotFound, "unknown_role");
    let long = AppRole::new().tokens(TokenParameters::new().ttl(TTL).max_ttl(Duration::from_secs(1)));
    refused(roles.write_role(&name, &long).await, ErrorKind::InvalidRequest, "invalid_request");
    disable(bao, &mount).await;
}

/// By its accessor or by itself.
pub async fn a_secret_id_is_handed_over_wrapped_and_ended(bao: &OpenBao, connect: Connect<'_>) {
    let mount = enable(bao, AuthMethodType::AppRole).await;
    let (roles, name) = (bao.app_roles(mount.clone()), fresh_name::<RoleName>("role"));
    done(roles.write_role(&name, &AppRole::new().tokens(tokens())).await, "write the role");
    let role_id = done(roles.role_id(&name).await, "read the identifier");
    let request = SecretIdRequest::new().metadata("for", "contract").num_uses(3).ttl(TTL);
    let wrapped = done(roles.generate_wrapped_secret_id(&name, &request, TTL).await, "make a wrapped secret");
    let unwrapped = done(bao.unwrap(&wrapped.token).await, "unwrap");
    let Some(secret) = unwrapped.get("secret_id").cloned() else { panic!("there is no secret in it") };
    let log_in = || connect(Login::app_role(role_id.as_str(), secret.clone()).mount(mount.clone()));
    done(log_in().session().await, "log in");
    let Some(status) = done(roles.look_up_secret_id(&name, &secret).await, "look up") else {
        panic!("it is not there")
    };
    assert_eq!((status.uses_left, status.ttl), (Some(2), Some(TTL)));
    assert_eq!(status.metadata.get("for").map(String::as_str), Some("contract"));
    assert_eq!(done(roles.secret_id_accessors(&name).await, "list"), [status.accessor.as_str()]);
    assert!(done(roles.look_up_accessor(&name, &status.accessor).await, "look up").is_some());
    for _ in 0..2 {
        done(roles.destroy_accessor(&name, &status.accessor).await, "destroy");
        done(roles.destroy_secret_id(&name, &secret).await, "destroy");
    }
    assert!(done(roles.look_up_accessor(&name, &status.accessor).await, "look up").is_none());
    assert!(done(roles.look_up_secret_id(&name, &secret).await, "look up").is_none());
    refused(log_in().session().await.map(drop), ErrorKind::Unauthenticated, "bad_credentials");
    done(roles.tidy_secret_ids().await, "tidy");
    disable(bao, &mount).await;
}

/// And not with the one before.
pub async fn a_user_logs_in_with_the_password_of_now(bao: &OpenBao, connect: Connect<'_>) {
    let mount = enable(bao, AuthMethodType::Userpass).await;
    let (users, anna) = (bao.userpass(mount.clone()), fresh_name::<UserName>("anna"));
    let [first, second] = ["first", "second"].map(Secret::new);
    refused(users.update_user(&anna, &tokens()).await, ErrorKind::InvalidRequest, "invalid_request");
    refused(users.set_password(&anna, &first).await, ErrorKind::NotFound, "unknown_user");
    done(users.write_user(&anna, &first, &tokens()).await, "write the user");
    let Some(read) = done(users.user(&anna).await, "read the user") else { panic!("it is not there") };
    assert!(tokens().is_met_by(&read));
    let log_in = |password: &Secret| {
        let login = Login::user_password(anna.clone(), password.clone()).mount(mount.clone());
        let client = connect(login);
        async move { client.session().await.map(drop) }
    };
    done(log_in(&first).await, "log in");
    done(users.set_password(&anna, &second).await, "change the password");
    done(users.update_user(&anna, &tokens()).await, "change the user");
    refused(log_in(&first).await, ErrorKind::Unauthenticated, "bad_credentials");
    done(log_in(&second).await, "log in");
    assert_eq!(done(users.users().await, "list"), [anna.as_str()]);
    done(users.delete_user(&anna).await, "delete the user");
    refused(log_in(&second).await, ErrorKind::Unauthenticated, "bad_credentials");
    assert!(done(users.user(&anna).await, "read the user").is_none());
    disable(bao, &mount).await;
}

/// By audience, subject and claims.
pub async fn a_jwt_role_lets_in_whom_it_is_bound_to(bao: &OpenBao, connect: Connect<'_>, issuer: &Issuer) {
    let mount = enable(bao, AuthMethodType::Jwt).await;
    let method = bao.jwt_method(mount.clone());
    assert!(done(method.config().await, "read the settings").is_none());
    let config = JwtConfig::new(issuer.keys.clone());
    done(method.configure(&config).await, "configure");
    let Some(status) = done(method.config().await, "read the settings") else { panic!("they are not there") };
    assert!(config.is_met_by(&status), "{status:?}");
    let nobody = format!("{}-not", issuer.subject);
    let right = JwtRole::new(["contract"]).bound_subject(issuer.subject.as_str()).tokens(tokens());
    for (name, role, lets_in) in [
        ("right", right.clone(), true),
        ("by-claim", JwtRole::new(["contract"]).bound_claim("sub", [issuer.subject.as_str()]), true),
        ("other-audience", JwtRole::new(["another"]), false),
        ("other-subject", JwtRole::new(["contract"]).bound_subject(nobody.as_str()), false),
        ("other-claim", JwtRole::new(["contract"]).bound_claim("sub", [nobody.as_str()]), false),
    ] {
        let name: RoleName = done(name.parse(), "a name");
        done(method.write_role(&name, &role).await, "write the role");
        let Some(read) = done(method.role(&name).await, "read the role") else { panic!("it is not there") };
        assert!(role.is_met_by(&read), "{read:?}");
        let login = Login::jwt(name.clone(), "contract", Arc::clone(&issuer.source)).mount(mount.clone());
        let session = connect(login).session().await.map(drop);
        if lets_in {
            done(session, "log in");
        } else {
            refused(session, ErrorKind::Unauthenticated, "bad_credentials");
        }
    }
    assert_eq!(done(method.roles().await, "list").len(), 5);
    let unbound = method.write_role(&done("unbound".parse(), "a name"), &JwtRole::default()).await;
    refused(unbound, ErrorKind::InvalidRequest, "invalid_request");
    assert!(done(method.role(&done("nope".parse(), "a name")).await, "read").is_none());
    disable(bao, &mount).await;
}

/// What Kubernetes would say of a token is not asked here.
pub async fn the_kubernetes_method_keeps_what_it_is_given(bao: &OpenBao, authority_pem: &str) {
    let mount = enable(bao, AuthMethodType::Kubernetes).await;
    let method = bao.kubernetes_method(mount.clone());
    assert!(done(method.config().await, "read the settings").is_none());
    let config = KubernetesConfig::new("https://127.0.0.1:6443")
        .ca_pem(authority_pem)
        .token_reviewer_jwt("eyJ.x.y")
        .disable_local_ca_jwt(true);
    done(method.configure(&config).await, "configure");
    let Some(status) = done(method.config().await, "read the settings") else { panic!("they are not there") };
    assert!(config.is_met_by(&status) && status.has_token_reviewer_jwt, "{status:?}");
    let nowhere = method.configure(&KubernetesConfig::new("")).await;
    refused(nowhere, ErrorKind::InvalidRequest, "invalid_request");
    let (name, role) = (fresh_name("role"), KubernetesRole::new(["external-secrets"], ["external-secrets"]));
    let role = role.audience("openbao").tokens(tokens());
    done(method.write_role(&name, &role).await, "write the role");
    let Some(read) = done(method.role(&name).await, "read the role") else { panic!("it is not there") };
    assert!(role.is_met_by(&read), "{read:?}");
    assert_eq!(done(method.roles().await, "list"), [name.as_str()]);
    done(method.delete_role(&name).await, "delete the role");
    assert!(done(method.role(&name).await, "read the role").is_none());
    assert!(done(method.roles().await, "list").is_empty());
    disable(bao, &mount).await;
}

/// A certificate that is none is refused.
pub async fn a_cert_role_keeps_what_it_is_given(bao: &OpenBao, authority_pem: &str) {
    let mount = enable(bao, AuthMethodType::Cert).await;
    let (method, name) = (bao.cert_method(mount.clone()), fresh_name("role"));
    let role = CertRole::new(authority_pem)
        .allowed_uri_sans(["spiffe://example.test/ns/shop/sa/*"])
        .allowed_common_names(["orders"])
        .tokens(tokens());
    done(method.write_role(&name, &role).await, "write the role");
    let Some(read) = done(method.role(&name).await, "read the role") else { panic!("it is not there") };
    assert!(role.is_met_by(&read), "{read:?}");
    let bad = method.write_role(&name, &CertRole::new("no certificate")).await;
    refused(bad, ErrorKind::InvalidRequest, "invalid_request");
    assert_eq!(done(method.config().await, "read the settings").disable_binding, Some(false));
    disable(bao, &mount).await;
}

/// By themselves and by their accessors.
pub async fn tokens_are_made_looked_up_and_ended(bao: &OpenBao, connect: Connect<'_>) {
    let store = bao.tokens();
    let request =
        TokenRequest::new().policies(["contract"]).metadata("for", "contract").display_name("x").ttl(TTL);
    let made = done(store.create(&request.clone().num_uses(9)).await, "make a token");
    let mut policies = made.policies.clone();
    policies.sort();
    assert_eq!(
        (policies, made.ttl, made.renewable),
        (vec!["contract".into(), "default".into()], Some(TTL), true)
    );
    let Some(status) = done(store.look_up_accessor(&made.accessor).await, "look up") else {
        panic!("it is not there")
    };
    assert_eq!((status.uses_left, status.orphan), (Some(9), false));
    assert_eq!(status.metadata.get("for").map(String::as_str), Some("contract"));
    assert!(done(store.look_up(&made.token).await, "look up").is_some());
    assert!(done(store.accessors().await, "list").contains(&made.accessor));
    let term = done(store.renew_accessor(&made.accessor, Some(TTL)).await, "renew");
    assert!(term.renewable && term.ttl <= TTL);
    done(connect(Login::token(made.token.clone())).session().await, "use it");
    for _ in 0..2 {
        done(store.revoke_accessor(&made.accessor).await, "revoke");
    }
    assert!(done(store.look_up(&made.token).await, "look up").is_none());
    assert!(done(store.look_up_accessor(&made.accessor).await, "look up").is_none());
    refused(store.renew_accessor(&made.accessor, None).await, ErrorKind::NotFound, "token_not_found");
    let bare = done(store.create(&request.clone().no_default_policy(true)).await, "make a token");
    assert_eq!(bare.policies, ["contract"]);
    done(store.revoke(&bare.token).await, "revoke");
    let batch = done(store.create(&request.clone().kind(TokenType::Batch)).await, "make a batch token");
    assert!(batch.accessor.is_empty() && !batch.renewable);
    let wrapped = done(store.create_wrapped(&request.orphan(true), TTL).await, "make a wrapped token");
    assert_eq!(wrapped.creation_path, "auth/token/create");
}

/// Its policies, and its period.
pub async fn a_token_role_bounds_its_tokens(bao: &OpenBao) {
    let (store, name) = (bao.tokens(), fresh_name::<RoleName>("role"));
    let missing = store.create_by(&name, &TokenRequest::new()).await;
    refused(missing, ErrorKind::NotFound, "unknown_role");
    let role = TokenRole::new()
        .allowed_policies(["contract"])
        .orphan(true)
        .period(TTL)
        .bound_cidrs(["127.0.0.1/32"]);
    done(store.write_role(&name, &role).await, "write the role");
    let Some(read) = done(store.role(&name).await, "read the role") else { panic!("it is not there") };
    assert!(role.is_met_by(&read), "{read:?}");
    assert!(done(store.roles().await, "list").contains(&name.to_string()));
    let made =
        done(store.create_by(&name, &TokenRequest::new().policies(["contract"])).await, "make a token");
    assert_eq!(made.ttl, Some(TTL));
    let outside = store.create_by(&name, &TokenRequest::new().policies(["another"])).await;
    refused(outside, ErrorKind::InvalidRequest, "invalid_request");
    done(store.revoke(&made.token).await, "revoke");
    done(store.delete_role(&name).await, "delete the role");
    assert!(done(store.role(&name).await, "read the role").is_none());
}
