//! Dynamic registration on the wire of the fake, answer by answer as it was measured.

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_keycloak::Secret;
use serde_json::{Value, json};

use super::Stage;

struct Wire {
    http: HttpClient,
    address: String,
}

impl Wire {
    async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.address).parse().unwrap();
        let bearer = Secret::from(format!("Bearer {token}"));
        let mut request = Request::new(method, url, "test").secret_header("authorization", &bearer).unwrap();
        if let Some(body) = body {
            request = request.json(&body).unwrap();
        }
        let answer = self.http.send(request).await.unwrap();
        (answer.status(), serde_json::from_slice(answer.body()).unwrap_or_default())
    }
}

#[tokio::test]
async fn a_client_administers_itself_with_a_token_that_changes() {
    let stage = Stage::new().await;
    let wire =
        Wire { http: HttpClient::new(HttpConfig::new("test")).unwrap(), address: stage.fake.address() };
    let admin = {
        let form = "grant_type=password&client_id=admin-cli&username=admin&password=admin".to_owned();
        let url = format!("{}/realms/master/protocol/openid-connect/token", wire.address).parse().unwrap();
        let request = Request::new(Method::Post, url, "test")
            .bytes("application/x-www-form-urlencoded", form.into_bytes().into());
        let answer: Value = wire.http.send(request).await.unwrap().json().unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let access = json!({ "count": 1, "expiration": 60 });
    let (_, access) =
        wire.call(Method::Post, "/admin/realms/acme/clients-initial-access", &admin, Some(access)).await;
    let initial = access["token"].as_str().unwrap();
    let path = "/realms/acme/clients-registrations/default";

    let mapper = json!([{ "name": "aud", "protocolMapper": "oidc-audience-mapper", "config": {} }]);
    let with_mapper = json!({ "clientId": "shop", "protocolMappers": mapper });
    let (status, told) = wire.call(Method::Post, path, initial, Some(with_mapper)).await;
    assert_eq!((status, &told["error"]), (403, &json!("insufficient_scope")));
    let (status, told) = wire.call(Method::Post, path, initial, Some(json!({ "clientId": "blog" }))).await;
    assert_eq!((status, &told["error_description"]), (400, &json!("Client Identifier in use")));
    let (status, made) = wire.call(Method::Post, path, initial, Some(json!({ "clientId": "shop" }))).await;
    assert_eq!(status, 201, "what was refused did not use the token up");
    let (status, told) = wire.call(Method::Post, path, initial, Some(json!({ "clientId": "shop2" }))).await;
    assert_eq!(
        (status, &told["error_description"]),
        (401, &json!("No remaining count on initial access token"))
    );

    let own = made["registrationAccessToken"].as_str().unwrap();
    let one = format!("{path}/shop");
    let change = json!({ "clientId": "shop", "description": "ours" });
    let (status, changed) = wire.call(Method::Put, &one, own, Some(change.clone())).await;
    assert_eq!((status, &changed["description"], &changed["secret"]), (200, &json!("ours"), &made["secret"]));
    assert_eq!(wire.call(Method::Put, &one, own, Some(change)).await.0, 401, "a new one took its place");
    let own = changed["registrationAccessToken"].as_str().unwrap();
    let (status, told) =
        wire.call(Method::Get, "/realms/acme/clients-registrations/openid-connect/shop", own, None).await;
    assert_eq!((status, &told["client_id"]), (200, &json!("shop")));
    assert_eq!(wire.call(Method::Delete, &one, own, None).await.0, 204);
    assert_eq!(wire.call(Method::Get, &one, own, None).await.0, 401);
    assert!(stage.fake.model().client("acme", "shop").is_none());
}
