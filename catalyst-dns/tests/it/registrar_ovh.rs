//! OVH against its fake.

use std::time::Duration;

use catalyst_core::Clock;
use catalyst_dns::registrar::{NsWrite, OvhCredential, Registrar, TaskState};
use catalyst_dns::testing::{AccountFault, FakeOvh};
use catalyst_dns::{Dnskey, ErrorKind, Secret};

use crate::registrar_suite::{self as suite, DOMAIN, OLD, domain, new_servers, once, servers, set_up};

#[tokio::test]
async fn it_does_what_every_registrar_does() {
    let fake = FakeOvh::start().await;
    suite::same_for_all(&fake.registrar().unwrap(), fake.account()).await;
}

#[tokio::test]
async fn each_fault_has_its_code() {
    let fake = FakeOvh::start().await;
    let registrar = fake.builder(FakeOvh::credential().unwrap()).unwrap().retry(once()).build().unwrap();
    registrar.validate().await.unwrap();
    suite::faults(&registrar, fake.account(), "bad_credential", "unavailable").await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_repeated() {
    let fake = FakeOvh::start().await;
    suite::lost_answer(&fake.registrar().unwrap(), fake.account()).await;
}

#[tokio::test]
async fn reads_are_repeated_until_they_succeed() {
    let fake = FakeOvh::start().await;
    suite::reads_are_repeated(&fake.registrar().unwrap(), fake.account()).await;
}

#[tokio::test]
async fn keys_and_secrets_are_never_printed() {
    let fake = FakeOvh::start().await;
    let registrar = fake.builder(FakeOvh::credential().unwrap()).unwrap().retry(once()).build().unwrap();
    let secrets = ["canary-ovh-application", "canary-ovh-secret", "canary-ovh-consumer", "$1$"];
    registrar.validate().await.unwrap();
    suite::nothing_secret(&registrar, fake.account(), &secrets).await;
}

#[tokio::test]
async fn clocks_that_differ_are_no_matter_even_when_one_jumps() {
    let fake = FakeOvh::start().await;
    fake.set_clock_ahead(-7200);
    let (clock, hand) = Clock::manual();
    let registrar = fake.builder(FakeOvh::credential().unwrap()).unwrap().clock(clock).build().unwrap();
    set_up(fake.account());
    assert_eq!(registrar.nameservers(&domain()).await.unwrap(), servers(&OLD));
    let known = fake.account().requests();

    // Ours jumps: the refusal is answered by asking for the time again, also in front of a write.
    hand.advance(Duration::from_secs(3600));
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    // The read that is refused, the time, the read, the write.
    assert_eq!(fake.account().requests() - known, 4);
    fake.set_clock_ahead(100);
    registrar.validate().await.unwrap();
}

#[tokio::test]
async fn each_part_of_the_credential_is_told_apart() {
    let fake = FakeOvh::start().await;
    let (key, secret, consumer) = ("canary-ovh-application", "canary-ovh-secret", "canary-ovh-consumer");
    for (credential, says) in [
        (["other", secret, consumer], "application key"),
        ([key, "other", consumer], "application secret"),
        ([key, secret, "other"], "consumer key"),
    ] {
        let [one, two, three] = credential.map(Secret::new);
        let credential = OvhCredential::new(one, two, three).unwrap();
        let registrar = fake.builder(credential).unwrap().build().unwrap();
        let error = registrar.validate().await.unwrap_err();
        assert_eq!((error.code(), error.kind()), (Some("bad_credential"), ErrorKind::Unauthenticated));
        assert!(error.help().unwrap().contains(says), "{error}");
        assert_eq!(error.request_id(), Some("EU.ext-1.fake.1"));
    }
}

#[tokio::test]
async fn a_domain_on_house_servers_leaves_them_first() {
    let fake = FakeOvh::start().await;
    let registrar = fake.registrar().unwrap();
    assert_eq!(registrar.capabilities().nameservers, NsWrite::Task);
    set_up(fake.account());
    fake.account().set_house(DOMAIN);
    assert_eq!(suite::write(&registrar, &new_servers()).await.unwrap(), TaskState::Done);
    assert_eq!((fake.account().writes(), fake.account().is_house(DOMAIN)), (2, false));
    // Those on their way out are not name servers any more.
    assert_eq!(registrar.nameservers(&domain()).await.unwrap(), new_servers());
    registrar.use_house_servers(&domain()).await.unwrap();
    assert!(fake.account().is_house(DOMAIN));
}

#[tokio::test]
async fn a_task_that_fails_says_why_and_changes_nothing() {
    let fake = FakeOvh::start().await;
    let registrar = fake.registrar().unwrap();
    set_up(fake.account());
    fake.account().inject(AccountFault::TaskError("ns1.new.example.net does not answer".into()));
    let end = suite::write(&registrar, &new_servers()).await.unwrap();
    assert_eq!(end, TaskState::Failed("error: ns1.new.example.net does not answer".into()));
    assert_eq!(fake.account().servers(DOMAIN), OLD);
}

#[tokio::test]
async fn keys_of_a_signed_domain_are_replaced_by_a_task() {
    let fake = FakeOvh::start().await;
    let registrar = fake.registrar().unwrap();
    set_up(fake.account());
    let key = Dnskey { flags: 257, protocol: 3, algorithm: 13, public_key: vec![7; 64] };
    for keys in [vec![key], Vec::new()] {
        let task = registrar.set_keys(&domain(), &keys).await.unwrap();
        assert_eq!(registrar.task(&domain(), &task).await.unwrap(), TaskState::Done);
        assert_eq!(registrar.keys(&domain()).await.unwrap(), keys);
    }
}
