//! Dynadot against its fake.

use catalyst_dns::registrar::{NsWrite, Registrar};
use catalyst_dns::testing::{AccountFault, FakeDynadot};
use catalyst_dns::{Ds, ErrorKind};

use crate::registrar_suite::{self as suite, DOMAIN, domain, new_servers, once, set_up};

#[tokio::test]
async fn it_does_what_every_registrar_does() {
    let fake = FakeDynadot::start().await;
    suite::same_for_all(&fake.registrar().unwrap(), fake.account()).await;
}

#[tokio::test]
async fn each_fault_has_its_code() {
    let fake = FakeDynadot::start().await;
    let (key, secret) = FakeDynadot::credential();
    let registrar = fake.builder(key, secret).unwrap().retry(once()).build().unwrap();
    suite::faults(&registrar, fake.account(), "account_tier", "unavailable").await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_repeated() {
    let fake = FakeDynadot::start().await;
    suite::lost_answer(&fake.registrar().unwrap(), fake.account()).await;
    assert_eq!(fake.registrar().unwrap().nameservers(&domain()).await.unwrap(), new_servers());
}

#[tokio::test]
async fn reads_are_repeated_until_they_succeed() {
    let fake = FakeDynadot::start().await;
    suite::reads_are_repeated(&fake.registrar().unwrap(), fake.account()).await;
}

#[tokio::test]
async fn key_secret_and_signatures_are_never_printed() {
    let fake = FakeDynadot::start().await;
    let (key, secret) = FakeDynadot::credential();
    let registrar = fake.builder(key, secret).unwrap().retry(once()).build().unwrap();
    suite::nothing_secret(&registrar, fake.account(), &[key, secret, "Bearer"]).await;
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_secret_are_refused() {
    let fake = FakeDynadot::start().await;
    let (key, secret) = FakeDynadot::credential();
    for (key, secret) in [(key, "other"), ("other", secret)] {
        let registrar = fake.builder(key, secret).unwrap().build().unwrap();
        let error = registrar.validate().await.unwrap_err();
        assert_eq!((error.code(), error.kind()), (Some("bad_credential"), ErrorKind::Unauthenticated));
        assert!(error.request_id().is_some(), "{error}");
    }
}

#[tokio::test]
async fn pages_may_count_from_zero_or_from_one() {
    let fake = FakeDynadot::start().await;
    let names: Vec<String> = (0..310).map(|number| format!("example-{number}.org")).collect();
    for name in &names {
        fake.account().add_domain(name, &[]);
    }
    for first in [0, 1] {
        fake.set_first_page(first);
        assert_eq!(fake.registrar().unwrap().domains().await.unwrap().len(), names.len(), "from {first}");
    }
}

#[tokio::test]
async fn servers_are_made_known_before_they_are_set() {
    let fake = FakeDynadot::start().await;
    let registrar = fake.registrar().unwrap();
    assert_eq!(registrar.capabilities().nameservers, NsWrite::Direct);
    set_up(fake.account());
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    // Known by now, which is no fault.
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    assert_eq!(fake.account().servers(DOMAIN), ["ns1.new.example.net", "ns2.new.example.net"]);
    assert_eq!((fake.account().writes(), fake.account().requests()), (2, 6));
}

#[tokio::test]
async fn ds_records_are_added_one_by_one_and_removed_together() {
    let fake = FakeDynadot::start().await;
    let registrar = fake.registrar().unwrap();
    set_up(fake.account());
    let ds = |key_tag, digest_type: u8| Ds {
        key_tag,
        algorithm: 13,
        digest_type,
        digest: vec![7; if digest_type == 4 { 48 } else { 32 }],
    };
    let mut writes = 0;
    for (wanted, cost) in [
        (vec![ds(1, 2)], 1),
        (vec![ds(1, 2)], 0),
        (vec![ds(1, 2), ds(2, 2)], 1),
        (vec![ds(2, 4)], 2),
        (vec![], 1),
        (vec![], 0),
    ] {
        assert_eq!(registrar.set_ds(&domain(), &wanted).await.unwrap(), None);
        assert_eq!(registrar.ds(&domain()).await.unwrap(), wanted);
        assert_eq!(fake.account().writes(), writes + cost, "{wanted:?}");
        writes += cost;
    }
    let error = registrar.set_ds(&domain(), &[ds(1, 2), ds(1, 4)]).await.unwrap_err();
    assert_eq!((error.code(), fake.account().writes()), (Some("unsupported"), writes));
    fake.account().inject(AccountFault::DropAfterWrite);
    assert!(registrar.set_ds(&domain(), &[ds(1, 2)]).await.unwrap_err().outcome_unknown());
    assert_eq!(registrar.ds(&domain()).await.unwrap(), [ds(1, 2)]);
}
