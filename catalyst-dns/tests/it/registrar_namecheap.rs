//! Namecheap against its fake.

use catalyst_dns::registrar::{NamecheapCredential, NsWrite, Registrar};
use catalyst_dns::testing::{AccountFault, FakeNamecheap};
use catalyst_dns::{ErrorKind, Secret};

use crate::registrar_suite::{self as suite, DOMAIN, domain, new_servers, once, servers, set_up};

const HOUSE: [&str; 2] = ["dns1.registrar-servers.com", "dns2.registrar-servers.com"];

#[tokio::test]
async fn it_does_what_every_registrar_does() {
    let fake = FakeNamecheap::start().await;
    suite::same_for_all(&fake.registrar().unwrap(), fake.account()).await;
}

#[tokio::test]
async fn each_fault_has_its_code() {
    let fake = FakeNamecheap::start().await;
    let registrar =
        fake.builder(FakeNamecheap::credential().unwrap()).unwrap().retry(once()).build().unwrap();
    // Namecheap has one number for a wrong key and an account without access, and a page says: too fast.
    suite::faults(&registrar, fake.account(), "bad_credential", "rate_limited").await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_repeated() {
    let fake = FakeNamecheap::start().await;
    suite::lost_answer(&fake.registrar().unwrap(), fake.account()).await;
    assert_eq!(fake.registrar().unwrap().nameservers(&domain()).await.unwrap(), new_servers());
}

#[tokio::test]
async fn reads_are_repeated_until_they_succeed() {
    let fake = FakeNamecheap::start().await;
    suite::reads_are_repeated(&fake.registrar().unwrap(), fake.account()).await;
}

#[tokio::test]
async fn the_key_is_never_printed() {
    let fake = FakeNamecheap::start().await;
    let registrar =
        fake.builder(FakeNamecheap::credential().unwrap()).unwrap().retry(once()).build().unwrap();
    suite::nothing_secret(&registrar, fake.account(), &["canary-namecheap-key"]).await;
}

#[tokio::test]
async fn house_servers_are_set_again_as_such() {
    let fake = FakeNamecheap::start().await;
    let registrar = fake.registrar().unwrap();
    assert!(registrar.capabilities().house_servers);
    assert_eq!(registrar.capabilities().nameservers, NsWrite::Direct);
    set_up(fake.account());
    assert!(!registrar.dns(&domain()).await.unwrap().house);
    // Named, they are still not custom ones.
    registrar.set_nameservers(&domain(), &servers(&HOUSE)).await.unwrap();
    let dns = registrar.dns(&domain()).await.unwrap();
    assert!(dns.house && fake.account().is_house(DOMAIN));
    assert_eq!(dns.servers, servers(&HOUSE));
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    assert!(!fake.account().is_house(DOMAIN));
    registrar.use_house_servers(&domain()).await.unwrap();
    assert!(fake.account().is_house(DOMAIN));
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_address_are_told_apart() {
    let fake = FakeNamecheap::start().await;
    let with = |key: &str, ip: [u8; 4]| {
        let credential = NamecheapCredential::new("openova", Secret::new(key), ip.into()).unwrap();
        fake.builder(credential).unwrap().build().unwrap()
    };
    let wrong_key = with("wrong", [192, 0, 2, 1]).validate().await.unwrap_err();
    assert_eq!((wrong_key.code(), wrong_key.kind()), (Some("bad_credential"), ErrorKind::Unauthenticated));
    assert!(wrong_key.help().unwrap().contains("20 domains"), "{wrong_key}");
    let wrong_ip = with("canary-namecheap-key", [192, 0, 2, 9]).validate().await.unwrap_err();
    assert_eq!(wrong_ip.code(), Some("bad_credential"));
    assert!(wrong_ip.help().unwrap().contains("allowed addresses"), "{wrong_ip}");
    assert!(NamecheapCredential::new("", Secret::new("x"), [192, 0, 2, 1].into()).is_err());
    assert!(NamecheapCredential::new("u", Secret::new("x".repeat(51)), [192, 0, 2, 1].into()).is_err());
}

#[tokio::test]
async fn the_limit_of_the_account_is_kept_without_asking() {
    let fake = FakeNamecheap::start().await;
    let builder = fake.builder(FakeNamecheap::credential().unwrap()).unwrap();
    let registrar = builder.requests_per_minute(1).retry(once()).build().unwrap();
    set_up(fake.account());
    registrar.nameservers(&domain()).await.unwrap();
    let error = registrar.nameservers(&domain()).await.unwrap_err();
    assert_eq!((error.code(), fake.account().requests()), (Some("rate_limited"), 1));
    assert!(error.help().unwrap().contains("nothing was sent"), "{error}");
}

#[tokio::test]
async fn a_slow_write_is_a_timeout_in_doubt() {
    let fake = FakeNamecheap::start().await;
    let builder = fake.builder(FakeNamecheap::credential().unwrap()).unwrap();
    let registrar = builder.timeout(std::time::Duration::from_millis(200)).build().unwrap();
    set_up(fake.account());
    fake.account().inject(AccountFault::SlowAfterWrite(std::time::Duration::from_secs(60)));
    let error = registrar.set_nameservers(&domain(), &new_servers()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("unavailable")));
    assert!(error.outcome_unknown());
    assert_eq!((fake.account().writes(), fake.account().servers(DOMAIN).len()), (1, 2));
}
