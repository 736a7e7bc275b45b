//! Dynadot against its fake.

use catalyst_dns::registrar::{Dynadot, NsWrite, Registrar};
use catalyst_dns::testing::registrar::{FakeDynadot, Fault, FaultRule, Op};
use catalyst_dns::{Ds, ErrorKind, Secret};

use super::{domain, new_servers, old_servers, set_up};

#[tokio::test]
async fn a_wrong_key_and_a_wrong_secret_are_refused() {
    let fake = FakeDynadot::start().await;
    for other in 0..2 {
        let mut keys = fake.keys();
        keys[other] = Secret::new("other");
        let [key, secret] = keys;
        let registrar = Dynadot::builder(key, secret).address(&fake.address()).unwrap().build().unwrap();
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
        fake.model().add_domain(name.parse().unwrap(), old_servers());
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
    set_up(fake.model());
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    // Known by now, which is no fault.
    registrar.set_nameservers(&domain(), &new_servers()).await.unwrap();
    assert_eq!(fake.model().has(&domain()), Some(new_servers()));
    assert_eq!((fake.model().writes(), fake.model().calls()), (2, 6));
}

#[tokio::test]
async fn ds_records_are_added_one_by_one_and_removed_together() {
    let fake = FakeDynadot::start().await;
    let registrar = fake.registrar().unwrap();
    set_up(fake.model());
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
        assert_eq!(fake.model().ds_writes(), writes + cost, "{wanted:?}");
        writes += cost;
    }
    let error = registrar.set_ds(&domain(), &[ds(1, 2), ds(1, 4)]).await.unwrap_err();
    assert_eq!((error.code(), fake.model().ds_writes()), (Some("unsupported"), writes));
    fake.model().faults().inject(FaultRule::new(Fault::DropAfterWrite).on(Op::DsEffect));
    assert!(registrar.set_ds(&domain(), &[ds(1, 2)]).await.unwrap_err().outcome_unknown());
    assert_eq!(registrar.ds(&domain()).await.unwrap(), [ds(1, 2)]);
}
