//! Namecheap against its fake.

use std::time::Duration;

use catalyst_core::testing::StubServer;
use catalyst_dns::registrar::{Namecheap, NamecheapCredential, NsWrite, RateLimit, Registrar};
use catalyst_dns::testing::registrar::FakeNamecheap;
use catalyst_dns::{ErrorKind, Secret};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{domain, new_servers, once, servers, set_up};

const HOUSE: [&str; 2] = ["dns1.registrar-servers.com", "dns2.registrar-servers.com"];

#[tokio::test]
async fn a_page_instead_of_data_means_that_requests_come_too_fast() {
    let server = StubServer::new(MockServer::start().await);
    let page = ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><html></html>", "text/html");
    Mock::given(any()).respond_with(page).mount(&server).await;
    let credential = FakeNamecheap::start().await.credential().unwrap();
    let builder = Namecheap::builder(credential).address(&server.uri()).unwrap().retry(once());
    let error = builder.build().unwrap().nameservers(&domain()).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), (Some("rate_limited"), ErrorKind::RateLimited));
    let builder = Namecheap::builder(FakeNamecheap::start().await.credential().unwrap());
    let client = builder.address(&server.uri()).unwrap().retry(once()).build().unwrap();
    let error = client.set_nameservers(&domain(), &new_servers()).await.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), (Some("rate_limited"), true));
}

#[tokio::test]
async fn house_servers_are_set_again_as_such() {
    let fake = FakeNamecheap::start().await;
    let registrar = fake.registrar().unwrap();
    assert!(registrar.capabilities().house_servers);
    assert_eq!(registrar.capabilities().nameservers, NsWrite::Direct);
    set_up(fake.model());
    assert!(!registrar.dns(&domain()).await.unwrap().house);
    // Named, they are still not custom ones.
    registrar.set_nameservers(&domain(), &servers(&HOUSE)).await.unwrap();
    let dns = registrar.dns(&domain()).await.unwrap();
    assert!(dns.house && fake.model().is_house(&domain()));
    assert_eq!(dns.servers, servers(&HOUSE));
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    assert!(!fake.model().is_house(&domain()));
    registrar.use_house_servers(&domain()).await.unwrap();
    assert!(fake.model().is_house(&domain()));
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_address_are_told_apart() {
    let fake = FakeNamecheap::start().await;
    let with = |key: Secret, ip: [u8; 4]| {
        let credential = NamecheapCredential::new("openova", key, ip.into()).unwrap();
        Namecheap::builder(credential).address(&fake.address()).unwrap().build().unwrap()
    };
    let wrong_key = with(Secret::new("wrong"), [192, 0, 2, 1]).validate().await.unwrap_err();
    assert_eq!((wrong_key.code(), wrong_key.kind()), (Some("bad_credential"), ErrorKind::Unauthenticated));
    assert!(wrong_key.help().unwrap().contains("20 domains"), "{wrong_key}");
    let wrong_ip = with(fake.model().credential(), [192, 0, 2, 9]).validate().await.unwrap_err();
    assert_eq!(wrong_ip.code(), Some("bad_credential"));
    assert!(wrong_ip.help().unwrap().contains("allowed addresses"), "{wrong_ip}");
    assert!(NamecheapCredential::new("", Secret::new("x"), [192, 0, 2, 1].into()).is_err());
    assert!(NamecheapCredential::new("u", Secret::new("x".repeat(51)), [192, 0, 2, 1].into()).is_err());
}

#[tokio::test]
async fn the_limit_of_the_account_is_kept_without_asking() {
    let fake = FakeNamecheap::start().await;
    let limit = RateLimit::new(1, Duration::from_secs(60));
    let registrar = fake.builder().unwrap().limit(limit).retry(once()).build().unwrap();
    set_up(fake.model());
    registrar.nameservers(&domain()).await.unwrap();
    let error = registrar.nameservers(&domain()).await.unwrap_err();
    assert_eq!((error.code(), fake.model().calls()), (Some("rate_limited"), 1));
    assert!(error.help().unwrap().contains("nothing was sent"), "{error}");
}
