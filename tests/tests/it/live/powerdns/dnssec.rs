//! Signed zones, looked at by this crate's validator and by BIND's.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Clock, ErrorKind};
use catalyst_dns::dnssec::{
    Bogus, ChildRequest, Dnssec, DsPublisher as _, KeyRole, KeySpec, Progress, Roller, Rollover,
    ServedParent, Timing, Validation, Validator, Verdict, ZoneKey, publish_cds,
};
use catalyst_dns::query::NameServerClient;
use catalyst_dns::{
    DnsZones as _, Ds, RecordSet, RecordType, SoaEditApi, Ttl, ZoneName, ZoneSecurity as _, ZoneSpec,
};

use super::stage::{Stage, code, set};

/// A parent that is signed and delegates a child, both on one server.
struct Family {
    parent: Stage,
    child: ZoneName,
    anchor: Ds,
    dnssec: Dnssec,
}

/// Of everything in the child and of the DS in the parent, so that a rollover takes seconds.
const TTL: u32 = 2;

fn short(set: RecordSet) -> RecordSet {
    set.with_ttl(Ttl::from_secs(TTL).unwrap())
}

impl Family {
    async fn new() -> Self {
        let parent = Stage::open("parent").await;
        let child: ZoneName = format!("child.{}", parent.zone).parse().unwrap();
        let ns = child.child("ns1").unwrap();
        let spec = ZoneSpec::new(child.clone(), [ns.clone()]).soa_edit_api(SoaEditApi::Increase);
        parent.client.create_zone(&spec).await.unwrap();
        parent.write([short(set(child.apex(), RecordType::Ns, &[ns.as_str()]))]).await;
        let dnssec = Dnssec::new(Arc::clone(&parent.client) as _);
        let anchor = dnssec.enable(&parent.zone).await.unwrap().ds.remove(0);
        let family = Self { parent, child, anchor, dnssec };
        let soa = format!("{} hostmaster.{} 1 10800 3600 604800 {TTL}", ns.as_str(), family.child.as_str());
        family.write_child(RecordType::Soa, &soa).await;
        family.write_child(RecordType::Ns, ns.as_str()).await;
        family
    }

    async fn write_child(&self, kind: RecordType, content: &str) {
        let set = short(set(self.child.apex(), kind, &[content]));
        let changes = catalyst_dns::ChangeSet::new([catalyst_dns::Change::Replace(set)]).unwrap();
        self.parent.client.apply(&self.child, &changes).await.unwrap();
    }

    fn served_parent(&self) -> ServedParent {
        let zones = Arc::clone(&self.parent.client) as _;
        ServedParent::new(zones, self.parent.zone.clone()).ttl(Ttl::from_secs(TTL).unwrap())
    }

    async fn publish(&self, ds: &[Ds]) {
        self.served_parent().set_ds(&self.child, ds).await.unwrap();
    }

    async fn validate(&self) -> Validation {
        let servers = self.parent.name_servers();
        validator().validate(&self.child, &servers, &servers).await.unwrap()
    }

    /// What BIND makes of the child, from the parent's key down.
    async fn delv(&self) -> String {
        let Ds { key_tag, algorithm, digest_type, .. } = &self.anchor;
        let shown = self.anchor.to_string();
        let digest = shown.rsplit(' ').next().unwrap();
        let parent = self.parent.zone.as_str();
        let anchor = format!("{parent} static-ds {key_tag} {algorithm} {digest_type} \"{digest}\";");
        self.parent.server.validate(self.child.as_str(), "SOA", &anchor).await.unwrap()
    }

    async fn assert_secure(&self, when: &str) {
        let found = self.validate().await;
        assert!(found.is_secure(), "{when}: {found}");
        let said = self.delv().await;
        assert!(said.contains("; fully validated"), "{when}: {said}");
    }

    async fn keys(&self) -> Vec<ZoneKey> {
        self.parent.client.keys(&self.child).await.unwrap()
    }

    /// Replaces `old`, and looks at the chain after every step.
    async fn roll(&self, old: ZoneKey) -> Vec<String> {
        let (servers, clock) = (self.parent.name_servers(), Clock::system());
        let (keys, client) = (Arc::clone(&self.parent.client) as _, Arc::new(NameServerClient::new()));
        let roller = Roller::new(keys, client, clock.clone(), servers.clone(), servers)
            .publisher(Arc::new(self.served_parent()));
        let ttl = Ttl::from_secs(TTL).unwrap();
        let mut rollover =
            Rollover::new(self.child.clone(), old, Timing::new(ttl, ttl, ttl).margin(Duration::ZERO));
        let mut steps = Vec::new();
        for _ in 0..50 {
            let progress = roller.advance(&mut rollover).await.unwrap();
            self.assert_secure(&format!("after {steps:?} and {progress:?}")).await;
            match progress {
                Progress::Done => return steps,
                Progress::Took(step) => steps.push(step.to_string()),
                Progress::WaitUntil(end) => tokio::time::sleep(clock.until(end)).await,
                other => panic!("one server lags behind itself: {other:?}"),
            }
        }
        panic!("it does not end: {steps:?}")
    }
}

fn validator() -> Validator {
    Validator::new(Arc::new(NameServerClient::new()), Clock::system())
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_chain_holds_from_the_parent_down_breaks_with_a_wrong_ds_and_ends_only_without_one() {
    let family = Family::new().await;
    let signed = family.dnssec.enable(&family.child).await.unwrap();
    assert_eq!((signed.keys.len(), signed.ds.len()), (1, 1), "{signed}");
    assert!(signed.keys[0].ds.contains(&signed.ds[0]), "computed here and there alike: {signed}");
    assert!(
        matches!(family.validate().await.servers[0].2, Verdict::Insecure),
        "the parent knows nothing yet"
    );

    family.publish(&signed.ds).await;
    let servers = family.parent.name_servers();
    assert_eq!(validator().parent_ds(&family.child, &servers).await.unwrap(), signed.ds);
    family.assert_secure("with the DS in the parent").await;
    assert!(
        family
            .validate()
            .await
            .secure_until()
            .is_some_and(|end| Clock::system().until(end) > Duration::from_secs(86_400))
    );

    // The key of somebody else.
    family.publish(std::slice::from_ref(&family.anchor)).await;
    let found = family.validate().await;
    assert!(matches!(found.servers[0].2, Verdict::Bogus(Bogus::NoMatchingKey)), "{found}");
    let said = family.delv().await;
    assert!(!said.contains("; fully validated") && !said.contains("; unsigned"), "{said}");
    family.publish(&signed.ds).await;
    family.assert_secure("with the right one again").await;

    let error = family.dnssec.disable(&family.child, &signed.ds).await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Conflict, "ds_at_parent"));
    family.publish(&[]).await;
    let ds = validator().parent_ds(&family.child, &servers).await.unwrap();
    family.dnssec.disable(&family.child, &ds).await.unwrap();
    assert!(!family.dnssec.status(&family.child).await.unwrap().is_signed());
    assert!(matches!(family.validate().await.servers[0].2, Verdict::Insecure));
    let said = family.delv().await;
    assert!(said.contains("; unsigned answer"), "BIND sees the proof that there is no DS: {said}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_key_for_everything_is_replaced_and_the_chain_holds_at_every_step() {
    let family = Family::new().await;
    let signed = family.dnssec.enable(&family.child).await.unwrap();
    family.publish(&signed.ds).await;
    let steps = family.roll(signed.keys[0].clone()).await;
    assert_eq!(steps.len(), 4, "a key, both DS, one DS, the old key: {steps:?}");
    let keys = family.keys().await;
    assert!(keys.len() == 1 && keys[0].id != signed.keys[0].id, "{keys:?}");
    assert_eq!(
        family.served_parent().ds(&family.child).await.unwrap(),
        family.dnssec.status(&family.child).await.unwrap().ds
    );
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_key_for_records_is_replaced_and_the_chain_holds_at_every_step() {
    let family = Family::new().await;
    let client = &family.parent.client;
    client.add_key(&family.child, KeySpec::new(KeyRole::Ksk)).await.unwrap();
    let old = client.add_key(&family.child, KeySpec::new(KeyRole::Zsk)).await.unwrap();
    let status = family.dnssec.status(&family.child).await.unwrap();
    family.publish(&status.ds).await;
    let steps = family.roll(old.clone()).await;
    assert_eq!(steps.len(), 4, "a key, it signs, the old one does not, and is gone: {steps:?}");
    let keys = family.keys().await;
    let zsks: Vec<_> = keys.iter().filter(|key| key.role == KeyRole::Zsk).collect();
    assert!(keys.len() == 2 && zsks.len() == 1 && zsks[0].id != old.id, "{keys:?}");
    assert_eq!(
        family.served_parent().ds(&family.child).await.unwrap(),
        status.ds,
        "the parent is not concerned"
    );
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_zone_asks_its_parent_for_its_ds_by_cds_and_cdnskey() {
    let family = Family::new().await;
    let signed = family.dnssec.enable(&family.child).await.unwrap();
    let client = NameServerClient::new();
    let address = family.parent.server.dns_address();
    let request = async || ChildRequest::read(&client, address, &family.child).await.unwrap();
    assert_eq!(request().await.ds(&family.child).unwrap(), None);

    publish_cds(&*family.parent.client, &family.child, true).await.unwrap();
    let asked = request().await;
    assert_eq!((asked.cds.len(), asked.cdnskey.len()), (1, 1), "{asked:?}");
    assert_eq!(asked.ds(&family.child).unwrap(), Some(signed.ds.clone()));

    publish_cds(&*family.parent.client, &family.child, false).await.unwrap();
    assert_eq!(request().await.ds(&family.child).unwrap(), None);
}
