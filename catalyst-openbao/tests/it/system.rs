//! The contract of the server's own settings and of login methods, on the mock and on the fake, and what only the model
//! promises.

use std::sync::Arc;
use std::time::Duration;

use catalyst_openbao::auth_method::{
    AuthMethodType, CertRole, JwtKeys, KubernetesConfig, KubernetesRole, TokenParameters,
};
use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::system::MountSettings;
use catalyst_openbao::testing::contract::{self, auth_methods::Issuer};
use catalyst_openbao::testing::{FakeOpenBao, FixedAssertion, unsigned_jwt};
use catalyst_openbao::{Login, OpenBao};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

fn issuer() -> Issuer {
    let subject = "spiffe://example.test/ns/shop/sa/orders";
    let keys = JwtKeys::pem(["-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"]);
    Issuer { keys, subject: subject.to_owned(), source: Arc::new(FixedAssertion::new(subject)) }
}

async fn fake() -> (FakeOpenBao, OpenBao) {
    let fake = FakeOpenBao::start().await;
    let bao = connect(&fake.address(), Login::token(fake.root_token()));
    (fake, bao)
}

fn connect(address: &str, login: Login) -> OpenBao {
    OpenBao::builder(address).unwrap().login(login).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_mock_keeps_the_contract_of_the_system() {
    contract::system::all(&MockOpenBao::new().client().unwrap()).await;
}

#[tokio::test]
async fn the_fake_keeps_the_contract_of_the_system() {
    let (_fake, bao) = fake().await;
    contract::system::all(&bao).await;
}

#[tokio::test(start_paused = true)]
async fn the_mock_keeps_the_contract_of_policies() {
    let mock = MockOpenBao::new();
    let connect = |login| mock.client_by(login).unwrap();
    contract::policies::all(&mock.client().unwrap(), &connect).await;
}

#[tokio::test]
async fn the_fake_keeps_the_contract_of_policies() {
    let (fake, bao) = fake().await;
    contract::policies::all(&bao, &|login| connect(&fake.address(), login)).await;
}

#[tokio::test(start_paused = true)]
async fn the_mock_keeps_the_contract_of_login_methods() {
    let mock = MockOpenBao::new();
    let connect = |login| mock.client_by(login).unwrap();
    contract::auth_methods::all(&mock.client().unwrap(), &connect, &issuer(), PEM).await;
}

#[tokio::test]
async fn the_fake_keeps_the_contract_of_login_methods() {
    let (fake, bao) = fake().await;
    let connect = |login| connect(&fake.address(), login);
    contract::auth_methods::all(&bao, &connect, &issuer(), PEM).await;
}

#[tokio::test(start_paused = true)]
async fn a_kubernetes_role_that_was_written_lets_its_service_accounts_in() {
    let mock = MockOpenBao::new();
    let (bao, mount) = (mock.client().unwrap(), "k8s".parse().unwrap());
    let role = KubernetesRole::new(["external-*"], ["external-secrets"]).tokens(TokenParameters::new());
    bao.system().enable_auth(&mount, &AuthMethodType::Kubernetes, &MountSettings::new()).await.unwrap();
    let method = bao.kubernetes_method(mount.clone());
    method.write_role(&"es".parse().unwrap(), &role).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log_in = |namespace: &str, account: &str| {
        let file = folder.path().join(format!("{namespace}-{account}"));
        let subject = format!("system:serviceaccount:{namespace}:{account}");
        std::fs::write(&file, unsigned_jwt(&subject, "bao", Duration::from_secs(60)).expose()).unwrap();
        let login = Login::kubernetes("es".parse().unwrap(), file).mount(mount.clone());
        let client = mock.client_by(login).unwrap();
        async move { client.session().await.map(drop) }
    };
    let error = log_in("external-secrets", "external-secrets").await.unwrap_err();
    assert_eq!(error.code(), Some("bad_credentials"), "nothing is configured yet");
    method.configure(&KubernetesConfig::new("https://127.0.0.1:6443")).await.unwrap();
    log_in("external-secrets", "external-secrets").await.unwrap();
    for (namespace, account) in [("external-secrets", "other"), ("other", "external-secrets")] {
        assert!(log_in(namespace, account).await.is_err(), "{namespace} {account}");
    }
}

#[tokio::test]
async fn a_cert_role_that_asks_for_names_that_the_model_has_not_lets_nobody_in() {
    let (fake, bao) = fake().await;
    let mount = "cert".parse().unwrap();
    bao.system().enable_auth(&mount, &AuthMethodType::Cert, &MountSettings::new()).await.unwrap();
    let method = bao.cert_method(mount);
    let role = CertRole::new(PEM).allowed_common_names(["orders*"]);
    method.write_role(&"named".parse().unwrap(), &role).await.unwrap();
    let by_uri = role.allowed_uri_sans(["spiffe://x"]);
    method.write_role(&"by-uri".parse().unwrap(), &by_uri).await.unwrap();
    fake.model().present_certificate(Some("orders-1"));
    // The client would want TLS for this login; the fake speaks none.
    for (name, status) in [("named", 200), ("by-uri", 400)] {
        let url = format!("{}/v1/auth/cert/login", fake.address()).parse().unwrap();
        let request = catalyst_core::http::Request::new(catalyst_core::http::Method::Post, url, "log in");
        let request = request.json(&serde_json::json!({ "name": name })).unwrap();
        let http =
            catalyst_core::http::HttpClient::new(catalyst_core::http::HttpConfig::new("openbao")).unwrap();
        assert_eq!(http.send(request).await.unwrap().status(), status, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_id_ends_with_its_term() {
    use catalyst_openbao::auth_method::{AppRole, SecretIdRequest};
    let mock = MockOpenBao::new();
    let (bao, mount) = (mock.client().unwrap(), "approle".parse().unwrap());
    bao.system().enable_auth(&mount, &AuthMethodType::AppRole, &MountSettings::new()).await.unwrap();
    let (roles, name) = (bao.app_roles(mount), "app".parse().unwrap());
    roles.write_role(&name, &AppRole::new().secret_id_ttl(Duration::from_secs(60))).await.unwrap();
    let made = roles.generate_secret_id(&name, &SecretIdRequest::new()).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(roles.look_up_secret_id(&name, &made.secret).await.unwrap().is_none());
    let login = Login::app_role(roles.role_id(&name).await.unwrap(), made.secret);
    assert_eq!(mock.client_by(login).unwrap().session().await.unwrap_err().code(), Some("bad_credentials"));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_brings_the_settings_back() {
    let mock = MockOpenBao::new();
    let (bao, mount) = (mock.client().unwrap(), "userpass".parse().unwrap());
    let before = mock.model().snapshot();
    bao.system().enable_auth(&mount, &AuthMethodType::Userpass, &MountSettings::new()).await.unwrap();
    mock.model().restore(&before);
    assert!(bao.system().auth_method(&mount).await.unwrap().is_none());
}
