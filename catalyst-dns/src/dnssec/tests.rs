//! Digests by the vectors of the RFCs, and zones in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use catalyst_core::{ErrorKind, Result};

use super::*;
use crate::acme::stage::Stage;
use crate::query::script::{Script, served};
use crate::{Dnskey, Ds, RecordData, RecordSet, RecordType, Ttl, ZoneName};

pub(super) fn dnskey(content: &str) -> Dnskey {
    match RecordData::parse(RecordType::Dnskey, content).unwrap() {
        RecordData::Dnskey(key) => key,
        other => panic!("{other}"),
    }
}

pub(super) fn ds(content: &str) -> Ds {
    match RecordData::parse(RecordType::Ds, content).unwrap() {
        RecordData::Ds(ds) => ds,
        other => panic!("{other}"),
    }
}

pub(super) fn zone(name: &str) -> ZoneName {
    name.parse().unwrap()
}

const NET_KEY: &str =
    "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";
const ED25519_KEY: &str = "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=";
pub(super) const NET_DS: &str = "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17";

#[test]
fn digests_and_tags_are_those_of_the_rfcs() {
    // RFC 4509 section 2.3.
    let key = dnskey(
        "256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd\
         /M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==",
    );
    let expected = "60485 5 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a";
    assert_eq!(Ds::from_dnskey(&zone("dskey.example.com"), &key), ds(expected));
    // RFC 4034 section 5.4: taken where it is served, and never made.
    let sha1 = ds("60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118");
    let owner = zone("dskey.example.com");
    assert!(is_served_digest(&sha1, owner.apex(), &key) && !sha1.is_of(&owner, &key));
    assert!(!is_served_digest(&sha1, zone("example.com").apex(), &key));
    // RFC 6605 sections 6.1 and 6.2.
    assert_eq!(Ds::from_dnskey(&zone("Example.NET"), &dnskey(NET_KEY)), ds(NET_DS));
    let key = dnskey(
        "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp\
         65F6Glur8I/mlVNgF6W/qTI37m40",
    );
    let expected = "10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6";
    assert_eq!(Ds::with_digest(&zone("example.net"), &key, DigestAlgorithm::Sha384), ds(expected));
    // RFC 8080 section 6.1.
    let key = dnskey(ED25519_KEY);
    let expected = "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b";
    assert_eq!(Ds::from_dnskey(&zone("example.com"), &key), ds(expected));
}

#[test]
fn a_digest_belongs_to_one_key_in_one_zone() {
    let key = dnskey(NET_KEY);
    assert!(ds(NET_DS).is_of(&zone("example.net"), &key));
    assert!(!ds(NET_DS).is_of(&zone("example.org"), &key));
    assert!(!ds(NET_DS).is_of(&zone("example.net"), &Dnskey { flags: 256, ..key.clone() }));
    assert!(is_served_digest(&ds(NET_DS), zone("example.net").apex(), &key));
    let sha1 = Ds { digest_type: 1, digest: vec![0; 20], ..ds(NET_DS) };
    assert!(!sha1.is_of(&zone("example.net"), &key));
    assert!(key.is_entry_point() && key.is_zone_key());
    assert!(!Dnskey { flags: 0x181, ..key }.is_zone_key(), "revoked");
}

/// Keys in memory.
#[derive(Debug, Default)]
struct Keys {
    kept: Mutex<Vec<ZoneKey>>,
    writes: Mutex<u32>,
    broken: bool,
}

fn zone_key(offered: &[&str]) -> ZoneKey {
    let (role, dnskey) = (KeyRole::Csk, dnskey(NET_KEY));
    let ds = offered.iter().map(|text| ds(text)).collect();
    ZoneKey { id: KeyId(1), role, active: true, published: true, dnskey, ds }
}

#[async_trait]
impl ZoneSecurity for Keys {
    async fn keys(&self, _zone: &ZoneName) -> Result<Vec<ZoneKey>> {
        Ok(self.kept.lock().unwrap().clone())
    }

    async fn add_key(&self, _zone: &ZoneName, _spec: KeySpec) -> Result<ZoneKey> {
        panic!("a key is made")
    }

    async fn change_key(&self, _zone: &ZoneName, _key: KeyId, _active: bool, _published: bool) -> Result<()> {
        panic!("a key is changed")
    }

    async fn remove_key(&self, _zone: &ZoneName, _key: KeyId) -> Result<()> {
        panic!("a key is removed")
    }

    async fn set_dnssec(&self, _zone: &ZoneName, signed: bool) -> Result<()> {
        *self.writes.lock().unwrap() += 1;
        let keys = if signed && !self.broken { vec![zone_key(&[NET_DS])] } else { Vec::new() };
        *self.kept.lock().unwrap() = keys;
        Ok(())
    }
}

#[tokio::test]
async fn signing_twice_writes_once_and_gives_what_the_parent_must_have() {
    let keys = Arc::new(Keys::default());
    let dnssec = Dnssec::new(Arc::clone(&keys) as _);
    let net = zone("example.net");
    assert_eq!(dnssec.status(&net).await.unwrap().to_string(), "example.net is not signed");
    for _ in 0..2 {
        let signed = dnssec.enable(&net).await.unwrap();
        assert_eq!(signed.ds, [ds(NET_DS)]);
        assert!(signed.to_string().ends_with(&format!("its parent must have: DS {NET_DS}")), "{signed}");
    }
    assert_eq!(*keys.writes.lock().unwrap(), 1);
    let error = dnssec.disable(&net, &[ds(NET_DS)]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("ds_at_parent")));
    dnssec.disable(&net, &[]).await.unwrap();
    assert!(!dnssec.status(&net).await.unwrap().is_signed());
}

#[tokio::test]
async fn a_digest_that_does_not_fit_and_a_server_without_keys_are_told() {
    let wrong = zone_key(&["55648 13 2 00c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"]);
    let keys = Keys { kept: Mutex::new(vec![wrong]), ..Keys::default() };
    let error = Dnssec::new(Arc::new(keys)).enable(&zone("example.net")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("ds_mismatch")));
    assert_eq!(error.target(), Some("example.net. key 1"));
    let keys = Keys { broken: true, ..Keys::default() };
    let error = Dnssec::new(Arc::new(keys)).enable(&zone("example.net")).await.unwrap_err();
    assert_eq!(error.code(), Some("not_signed"));
}

fn set(name: &str, kind: RecordType, content: &str) -> RecordSet {
    let data = RecordData::parse(kind, content).unwrap();
    RecordSet::new(name.parse().unwrap(), Ttl::MINUTE, [data]).unwrap()
}

#[tokio::test]
async fn only_the_ds_of_a_delegated_child_is_written_into_a_parent() {
    let delegation = set("shop.example.org", RecordType::Ns, "ns1.example.net.");
    let stage = Arc::new(Stage::new(&["example.org"]).with("example.org", delegation));
    let parent = ServedParent::new(Arc::clone(&stage) as _, zone("example.org"));
    let shop = zone("shop.example.org");
    for _ in 0..2 {
        parent.set_ds(&shop, &[ds(NET_DS), ds(NET_DS)]).await.unwrap();
    }
    assert_eq!(parent.ds(&shop).await.unwrap(), [ds(NET_DS)]);
    let writes =
        |prefix: &str| stage.log.lock().unwrap().iter().filter(|line| line.starts_with(prefix)).count();
    assert_eq!(writes("replace shop.example.org 3600 DS"), 1, "the second time there is nothing to do");
    parent.set_ds(&shop, &[]).await.unwrap();
    assert!(parent.ds(&shop).await.unwrap().is_empty());
    assert_eq!((writes("replace"), writes("delete")), (1, 1));

    let code = async |child: &str| parent.set_ds(&zone(child), &[ds(NET_DS)]).await.unwrap_err().code();
    assert_eq!(code("other.example.org").await, Some("not_delegated"));
    assert_eq!(code("example.org").await, Some("not_below"));
    assert_eq!(code("example.net").await, Some("not_below"));
}

#[derive(Debug, Default)]
struct Metadata(Mutex<Vec<String>>);

#[async_trait]
impl ZoneMetadata for Metadata {
    async fn set_metadata(&self, _zone: &ZoneName, kind: &str, values: &[String]) -> Result<()> {
        self.0.lock().unwrap().push(format!("{kind}={}", values.join(",")));
        Ok(())
    }
}

#[tokio::test]
async fn a_child_asks_its_parent_by_cds_and_contradictions_are_refused() {
    let metadata = Metadata::default();
    publish_cds(&metadata, &zone("example.net"), true).await.unwrap();
    publish_cds(&metadata, &zone("example.net"), false).await.unwrap();
    assert_eq!(
        *metadata.0.lock().unwrap(),
        ["PUBLISH-CDS=2", "PUBLISH-CDNSKEY=1", "PUBLISH-CDS=", "PUBLISH-CDNSKEY="]
    );
    let request = async |records: &'static [(&'static str, &'static str)]| {
        let script =
            Script::default().server("192.0.2.53:53", |question, _| Some(served(question, 60, records)));
        let server = "192.0.2.53:53".parse().unwrap();
        ChildRequest::read(&script, server, &zone("example.net")).await.unwrap().ds(&zone("example.net"))
    };
    assert_eq!(request(&[]).await.unwrap(), None);
    let both = request(&[("CDS", NET_DS), ("CDNSKEY", NET_KEY)]).await.unwrap();
    assert_eq!(both, Some(vec![ds(NET_DS)]));
    assert_eq!(request(&[("CDNSKEY", NET_KEY)]).await.unwrap(), Some(vec![ds(NET_DS)]));
    assert_eq!(request(&[("CDS", "0 0 0 00"), ("CDNSKEY", "0 3 0 AA==")]).await.unwrap(), Some(Vec::new()));
    let contradiction = request(&[("CDS", NET_DS), ("CDNSKEY", ED25519_KEY)]).await;
    assert_eq!(contradiction.unwrap_err().code(), Some("ds_mismatch"));
}
