//! An order of `instant-acme`, solved: the fake authority looks into the zone when it is told to.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use instant_acme::{
    Account, AuthorizationStatus, BodyWrapper, BytesResponse, ChallengeType, HttpClient, Identifier,
    NewAccount, NewOrder, OrderStatus, RetryPolicy,
};
use serde_json::{Value, json};

use super::Dns01Solver;
use super::stage::Stage;
use crate::query::{Authorities, NameServer};
use crate::{RecordType, ZoneName};

const CA: &str = "https://ca.test";

/// An authority that answers every request as if all were well, and notes what it sees in the zone.
struct Authority {
    stage: Arc<Stage>,
    seen: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Authority {
    fn answer(&self, path: &str) -> (u16, Value) {
        let url = |path: &str| format!("{CA}{path}");
        let order = |status: &str| {
            json!({"status": status, "finalize": url("/finalize"), "identifiers": [],
                "authorizations": [url("/authz/1"), url("/authz/2")]})
        };
        match path {
            "/directory" => (
                200,
                json!({"newNonce": url("/nonce"), "newAccount": url("/account"), "newOrder": url("/order")}),
            ),
            "/account" => (201, json!({"status": "valid"})),
            "/order" => (201, order("pending")),
            "/order/1" => (200, order("ready")),
            "/authz/1" | "/authz/2" => {
                let (number, wildcard) = (&path[7..], path == "/authz/2");
                let url = url(&format!("/challenge/{number}"));
                let challenge = json!({"type": "dns-01", "url": url, "token": format!("token-{number}"), "status": "pending"});
                let identifier = json!({"type": "dns", "value": "example.org"});
                let body = json!({"status": "pending", "identifier": identifier, "wildcard": wildcard,
                    "challenges": [challenge]});
                (200, body)
            }
            "/challenge/1" | "/challenge/2" => {
                let texts = self.stage.records("example.org", "_acme-challenge.example.org", RecordType::Txt);
                self.seen.lock().unwrap().push(texts);
                (200, json!({"type": "dns-01", "url": url(path), "token": "t", "status": "valid"}))
            }
            _ => (200, Value::Null),
        }
    }
}

impl HttpClient for Authority {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let (status, body) = self.answer(request.uri().path());
        let response = Response::builder()
            .status(status)
            .header("replay-nonce", "nonce")
            .header("location", format!("{CA}/order/1"))
            .body(())
            .unwrap();
        let (parts, ()) = response.into_parts();
        let body = Box::new(Bytes::from(body.to_string()));
        Box::pin(async move { Ok(BytesResponse { parts, body }) })
    }
}

#[tokio::test]
async fn an_order_for_a_domain_and_its_wildcard_is_solved() {
    let stage = Arc::new(Stage::new(&["example.org"]));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let authority = Authority { stage: Arc::clone(&stage), seen: Arc::clone(&seen) };
    let contact = NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
    let builder = Account::builder_with_http(Box::new(authority));
    let (account, _) = builder.create(&contact, format!("{CA}/directory"), None).await.unwrap();
    let identifiers = ["example.org", "*.example.org"].map(|name| Identifier::Dns(name.to_owned()));
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await.unwrap();

    let zone: ZoneName = "example.org".parse().unwrap();
    let server = NameServer::new("ns1.example.org".parse().unwrap(), ["192.0.2.53:53".parse().unwrap()]);
    let solver =
        Dns01Solver::new(Arc::clone(&stage) as _, Arc::clone(&stage) as _, Authorities::fixed([server]))
            .in_zones([zone]);
    let (mut presented, mut values) = (Vec::new(), Vec::new());
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.unwrap();
        assert_eq!(authorization.status, AuthorizationStatus::Pending);
        let mut challenge = authorization.challenge(ChallengeType::Dns01).unwrap();
        let (identifier, value) =
            (challenge.identifier().to_string(), challenge.key_authorization().dns_value());
        presented.push(solver.present(&identifier, &value).await.unwrap());
        values.push(format!("\"{value}\""));
        challenge.set_ready().await.unwrap();
    }
    assert_eq!(order.poll_ready(&RetryPolicy::default()).await.unwrap(), OrderStatus::Ready);

    assert!(presented.iter().all(|challenge| challenge.domain.to_string() == "example.org"));
    values.sort();
    let last = seen.lock().unwrap().last().cloned().unwrap();
    assert_eq!(last, values, "the authority saw both values when it looked for the second");
    for challenge in &presented {
        solver.clean_up(challenge).await.unwrap();
    }
    assert!(stage.records("example.org", "_acme-challenge.example.org", RecordType::Txt).is_empty());
}
