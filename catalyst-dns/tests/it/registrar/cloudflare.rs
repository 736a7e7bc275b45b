//! Cloudflare's client over the wire, against the fake.

use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_core::testing::LogCapture;
use catalyst_dns::registrar::{Cloudflare, NameServers, RateLimit, RegisteredDomain, Registrar as _};
use catalyst_dns::testing::registrar::{FakeCloudflare, Fault, FaultRule, RegistrarModel};
use catalyst_dns::{RecordData, RecordType, Secret};

fn domain(text: &str) -> RegisteredDomain {
    text.parse().unwrap()
}

fn servers() -> NameServers {
    NameServers::new(["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"].map(|name| name.parse().unwrap()))
        .unwrap()
}

async fn account() -> (RegistrarModel, FakeCloudflare, Cloudflare) {
    let model = RegistrarModel::new();
    let fake = FakeCloudflare::serve(&model).await;
    let builder = fake.builder().unwrap().timeout(Duration::from_millis(500)).retry(RetryConfig::never());
    let client = builder.build().unwrap();
    (model, fake, client)
}

#[tokio::test]
async fn a_zone_that_is_not_active_tells_no_name_servers() {
    let (model, _fake, client) = account().await;
    model.add_domain(domain("pending.test"), servers());
    model.set_active(&domain("pending.test"), false);
    let error = client.nameservers(&domain("pending.test")).await.unwrap_err();
    assert_eq!((error.code(), error.server_message()), (Some("refused"), Some("the zone is pending")));
}

#[tokio::test]
async fn the_ds_that_a_zone_wants_is_told() {
    let (model, _fake, client) = account().await;
    model.add_domain(domain("signed.test"), servers());
    assert_eq!(client.zone_ds(&domain("signed.test")).await.unwrap(), None);
    let ds = RecordData::parse(RecordType::Ds, &format!("42 13 2 {}", "ab".repeat(32))).unwrap();
    let RecordData::Ds(ds) = ds else { unreachable!() };
    model.set_ds(&domain("signed.test"), std::slice::from_ref(&ds));
    assert_eq!(client.zone_ds(&domain("signed.test")).await.unwrap(), Some(ds));
}

#[tokio::test]
async fn a_wrong_token_is_a_bad_credential_and_is_never_shown() {
    let (model, fake, _client) = account().await;
    let logs = LogCapture::default();
    let _listening = logs.listen();
    let canary = "canary-wrong-token";
    let client = Cloudflare::builder(Secret::new(canary)).address(&fake.address()).unwrap().build().unwrap();
    let error = client.validate().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some("bad_credential"), 1));
    logs.add(&format!("{client:?} {error:?} {error}"));
    assert!(logs.text().contains("check the API token"), "the log was heard");
    logs.assert_absent(&[canary, model.credential().expose()]);
}

#[tokio::test]
async fn a_read_that_is_told_to_come_back_later_comes_back() {
    let (model, fake, _client) = account().await;
    let client = fake.builder().unwrap().build().unwrap();
    model.add_domain(domain("told.test"), servers());
    model.faults().inject(FaultRule::new(Fault::RateLimited(1)));
    assert_eq!(client.nameservers(&domain("told.test")).await.unwrap(), servers());
    assert_eq!(model.calls(), 2);
}

#[tokio::test]
async fn an_account_that_is_used_up_refuses_before_anything_is_sent() {
    let (model, fake, _client) = account().await;
    let limit = RateLimit::new(1, Duration::from_secs(3600)).max_wait(Duration::from_millis(1));
    let client = fake.builder().unwrap().limit(limit).retry(RetryConfig::never()).build().unwrap();
    client.validate().await.unwrap();
    let error = client.validate().await.unwrap_err();
    assert_eq!((error.code(), model.calls()), (Some("rate_limited"), 1));
}
