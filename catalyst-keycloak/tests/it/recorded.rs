//! The fake answers what a real Keycloak 26.7.3 was recorded to answer.
//!
//! The recording is a session of 229 requests, one after the other. Identifiers, secrets, keys and tokens stand in it
//! as `ID#4`, `SECRET#2`, `KID#1` and `TOKEN#3`: whatever the fake gives at such a place is put in where it comes
//! again. Moments are compared by their kind only.

use std::collections::HashMap;
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, Response};
use catalyst_keycloak::jose::{Algorithm, SigningKey};
use catalyst_keycloak::testing::FakeKeycloak;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use super::unify::Bindings;

const RECORDED: &str = include_str!("../recorded/keycloak-26.7.3.json");
/// Where the recorded clients and identity providers say that foreign keys are.
const ISSUER: &str = "http://127.0.0.1:19997";

/// What the fake does not do as recorded, and why that is right.
const DIFFERENT: [(&str, &str); 2] = [
    (
        "13f-mappers-list",
        "settings that the server adds to mappers where they are listed alone; nothing reads them",
    ),
    (
        "11g-introspect-refresh",
        "the server tells of a refresh token what stands in access tokens; nothing asks",
    ),
];

struct Replay {
    fake: FakeKeycloak,
    http: HttpClient,
    known: Bindings,
    rsa: SigningKey,
    ec: SigningKey,
    stranger: SigningKey,
    /// Assertions that were sent, for those that are sent again.
    sent: HashMap<String, String>,
    /// Answers to logins that were made and not recorded, by the session that came of them.
    logins: HashMap<String, Value>,
}

#[tokio::test]
async fn the_fake_answers_as_recorded() {
    let mut replay = Replay::begin().await;
    let records: Vec<Value> = serde_json::from_str(RECORDED).unwrap();
    let mut faults = Vec::new();
    for record in &records {
        let label = record["label"].as_str().unwrap();
        if let Err(fault) = replay.step(record).await
            && !DIFFERENT.iter().any(|(known, _)| *known == label)
        {
            faults.push(format!("{label}: {fault}"));
        }
        if label == "03-realm-create" {
            let management = replay.fake.model().client("acme", "realm-management").unwrap();
            replay.known.bind("ID#0", management["id"].as_str().unwrap());
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), records.len(), faults.join("\n"));
}

impl Replay {
    async fn begin() -> Self {
        let fake = FakeKeycloak::start().await;
        let key = |algorithm| SigningKey::generate(algorithm).unwrap();
        let (rsa, ec) = (key(Algorithm::Rs256), key(Algorithm::Es256));
        let mut published = rsa.public_set();
        published.keys.push(ec.public_jwk());
        for path in ["", "/jwks", "/bundle"] {
            fake.model().set_issuer_keys(&format!("{ISSUER}{path}"), published.clone());
        }
        let mut known = Bindings::default();
        known.bind("{server}", &fake.address());
        known.bind("{jwks}", &serde_json::to_string(&ec.public_set()).unwrap());
        let http = HttpClient::new(HttpConfig::new("keycloak")).unwrap();
        Self {
            fake,
            http,
            known,
            rsa,
            ec,
            stranger: key(Algorithm::Es256),
            sent: HashMap::new(),
            logins: HashMap::new(),
        }
    }

    /// Sends what was sent, and compares what comes.
    async fn step(&mut self, record: &Value) -> Result<(), String> {
        for token in record["logins"].as_array().into_iter().flatten() {
            self.get_token(token).await;
        }
        let response = self.send(record).await;
        let status = record["status"].as_u64().unwrap();
        let text = String::from_utf8_lossy(response.body()).into_owned();
        if u64::from(response.status()) != status {
            return Err(format!("status {} instead of {status}: {text}", response.status()));
        }
        if let Some(location) = record["location"].as_str() {
            let actual = response.header("location").ok_or("no location")?;
            self.known.unify(&json!(location), &json!(actual), "location")?;
        }
        if record["answer"].is_null() {
            return Ok(());
        }
        let actual: Value = serde_json::from_str(&text).map_err(|_malformed| format!("not JSON: {text}"))?;
        self.known.unify(&record["answer"], &actual, "")?;
        if record["claims"].is_object() {
            let payload = actual["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
            let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
            self.known.unify(&record["claims"], &claims, "claims")?;
        }
        Ok(())
    }

    async fn send(&mut self, record: &Value) -> Response {
        let method = match record["method"].as_str().unwrap() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            _ => Method::Delete,
        };
        let url = format!("{}{}", self.fake.address(), self.known.fill(record["path"].as_str().unwrap()));
        let mut request = Request::new(method, url.parse().unwrap(), "replay");
        if let Some(bearer) = record["bearer"].as_str() {
            let token = match bearer {
                "admin" => {
                    self.login(
                        "master",
                        "grant_type=password&client_id=admin-cli&username=admin&password=admin",
                    )
                    .await
                }
                "service-account" => {
                    let secret = self.secret_of_the_service();
                    let form =
                        format!("grant_type=client_credentials&client_id=svc-a&client_secret={secret}");
                    self.login("acme", &form).await
                }
                other => other.to_owned(),
            };
            request = request.header("authorization", &format!("Bearer {token}")).unwrap();
        }
        if let Some(basic) = record["basic"].as_str() {
            let encoded = STANDARD.encode(self.known.fill(basic));
            request = request.header("authorization", &format!("Basic {encoded}")).unwrap();
        }
        if let Some(form) = record["form"].as_array() {
            let mut body = Serializer::new(String::new());
            for pair in form {
                body.append_pair(pair[0].as_str().unwrap(), &self.known.fill(pair[1].as_str().unwrap()));
            }
            if record["assertion"].is_object() {
                let assertion = self.assertion(record);
                body.append_pair("client_assertion", &assertion);
            }
            request = request.bytes("application/x-www-form-urlencoded", body.finish().into_bytes().into());
        } else if let Some(raw) = record["raw"].as_str() {
            request = request.bytes("application/json", self.known.fill(raw).into_bytes().into());
        } else if !record["json"].is_null() {
            request = request.json(&self.body(&record["json"])).unwrap();
        }
        self.http.send(request).await.unwrap()
    }

    fn body(&self, recorded: &Value) -> Value {
        match recorded {
            Value::String(text) => json!(self.known.fill(text)),
            Value::Array(values) => values.iter().map(|value| self.body(value)).collect(),
            Value::Object(members) => {
                let filled = members.iter().map(|(name, value)| (name.clone(), self.body(value)));
                Value::Object(filled.collect())
            }
            other => other.clone(),
        }
    }

    /// Gets a token that was used, and whose origin was not recorded.
    async fn get_token(&mut self, token: &Value) {
        let secret = self.secret_of_the_service();
        let client = format!("client_id=svc-a&client_secret={secret}");
        let (name, member) =
            (token["token"].as_str().unwrap(), format!("{}_token", token["kind"].as_str().unwrap()));
        let answer = match token["login"].as_str() {
            None => self.ask("acme", &format!("grant_type=client_credentials&{client}")).await,
            Some(session) => {
                if !self.logins.contains_key(session) {
                    let form =
                        format!("grant_type=password&username=alice&password=pw&scope=openid&{client}");
                    let answer = self.ask("acme", &form).await;
                    self.logins.insert(session.to_owned(), answer);
                }
                self.logins[session].clone()
            }
        };
        self.known.bind(name, answer[member.as_str()].as_str().unwrap());
    }

    fn secret_of_the_service(&self) -> String {
        self.fake.model().client("acme", "svc-a").unwrap()["secret"].as_str().unwrap().to_owned()
    }

    async fn login(&self, realm: &str, form: &str) -> String {
        self.ask(realm, form).await["access_token"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, realm: &str, form: &str) -> Value {
        let url = format!("{}/realms/{realm}/protocol/openid-connect/token", self.fake.address());
        let request = Request::new(Method::Post, url.parse().unwrap(), "log in")
            .bytes("application/x-www-form-urlencoded", form.as_bytes().to_vec().into());
        self.http.send(request).await.unwrap().json().unwrap()
    }

    /// The assertion of a record, with times that are good now, signed by keys of ours.
    fn assertion(&mut self, record: &Value) -> String {
        let recorded = &record["assertion"];
        let text = recorded["text"].as_str().unwrap().to_owned();
        if let Some(sent) = self.sent.get(&text) {
            return sent.clone();
        }
        let key = match (recorded["kid"].as_str().unwrap(), recorded["alg"].as_str().unwrap()) {
            ("ecBAD", _) => &self.stranger,
            (_, "ES256") => &self.ec,
            _ => &self.rsa,
        };
        let mut claims = self.body(&recorded["claims"]);
        let now =
            catalyst_core::Clock::system().now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
        let life = recorded["claims"]["exp"].as_i64().unwrap() - recorded["claims"]["iat"].as_i64().unwrap();
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + life);
        let mut assertion = key.sign("JWT", &claims).unwrap().expose().to_owned();
        if recorded["tampered"] == true {
            let (signed, signature) = assertion.rsplit_once('.').unwrap();
            let (header, _) = signed.split_once('.').unwrap();
            let mut other: Map<String, Value> = claims.as_object().unwrap().clone();
            other.insert("extra".to_owned(), json!(1));
            let other = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&other).unwrap());
            assertion = format!("{header}.{other}.{signature}");
        }
        self.sent.insert(text, assertion.clone());
        assertion
    }
}
