//! OVH against its fake.

use std::time::Duration;

use catalyst_core::Clock;
use catalyst_dns::registrar::{NsWrite, Ovh, OvhCredential, Registrar, TaskState};
use catalyst_dns::testing::registrar::{FakeOvh, Fault, FaultRule};
use catalyst_dns::{Dnskey, Ds, ErrorKind, Secret, ZoneName};

use super::{domain, new_servers, old_servers, set_up, write};

#[tokio::test]
async fn clocks_that_differ_are_no_matter_even_when_one_jumps() {
    let fake = FakeOvh::start().await;
    fake.set_clock_ahead(-7200);
    let (clock, hand) = Clock::manual();
    let registrar = fake.builder().unwrap().clock(clock).build().unwrap();
    set_up(fake.model());
    assert_eq!(registrar.nameservers(&domain()).await.unwrap(), old_servers());
    let known = fake.model().calls();

    // Ours jumps: the refusal is answered by asking for the time again, also in front of a write.
    hand.advance(Duration::from_secs(3600));
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    // The read that is refused, the time, the read, the write.
    assert_eq!(fake.model().calls() - known, 4);
    fake.set_clock_ahead(100);
    registrar.validate().await.unwrap();
}

#[tokio::test]
async fn each_part_of_the_credential_is_told_apart() {
    let fake = FakeOvh::start().await;
    for (other, says) in ["application key", "application secret", "consumer key"].into_iter().enumerate() {
        let mut keys = fake.keys();
        keys[other] = Secret::new("other");
        let [application, secret, consumer] = keys;
        let credential = OvhCredential::new(application, secret, consumer).unwrap();
        let registrar = Ovh::builder(credential).address(&fake.address()).unwrap().build().unwrap();
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
    set_up(fake.model());
    fake.model().set_house(&domain(), true);
    assert_eq!(write(&registrar, &new_servers()).await.unwrap(), TaskState::Done);
    assert_eq!((fake.model().writes(), fake.model().is_house(&domain())), (2, false));
    // Those on their way out are not name servers any more.
    assert_eq!(registrar.nameservers(&domain()).await.unwrap(), new_servers());
    registrar.use_house_servers(&domain()).await.unwrap();
    assert!(fake.model().is_house(&domain()));
}

#[tokio::test]
async fn a_task_that_fails_says_why_and_changes_nothing() {
    let fake = FakeOvh::start().await;
    let registrar = fake.registrar().unwrap();
    set_up(fake.model());
    fake.model().faults().inject(FaultRule::new(Fault::TaskError));
    let end = write(&registrar, &new_servers()).await.unwrap();
    assert_eq!(end, TaskState::Failed("error: the registry refuses the servers".into()));
    assert_eq!(fake.model().has(&domain()), Some(old_servers()));
}

#[tokio::test]
async fn keys_of_a_signed_domain_are_replaced_by_a_task() {
    let fake = FakeOvh::start().await;
    let registrar = fake.registrar().unwrap();
    set_up(fake.model());
    let key = Dnskey { flags: 257, protocol: 3, algorithm: 13, public_key: vec![7; 64] };
    let zone: ZoneName = domain().name().clone().try_into().unwrap();
    for keys in [vec![key], Vec::new()] {
        let task = registrar.set_keys(&domain(), &keys).await.unwrap();
        assert_eq!(registrar.task(&domain(), &task).await.unwrap(), TaskState::Done);
        assert_eq!(registrar.keys(&domain()).await.unwrap(), keys);
        let ds: Vec<Ds> = keys.iter().map(|key| Ds::from_dnskey(&zone, key)).collect();
        assert_eq!(fake.model().ds(&domain()), ds, "OVH makes them");
    }
}
