//! Changes are made all together, or not at all.

use catalyst_core::ErrorKind;
use futures_util::future::join_all;

use super::check::{delete, replace, set};
use super::{Subject, TestZone, done, refused};
use crate::{Change, ChangeSet, RecordKey, RecordSet, RecordType, Ttl};

/// Every check of this module.
pub async fn all(subject: &dyn Subject) {
    one_refused_record_leaves_everything_as_it_was(subject).await;
    a_cname_takes_the_place_of_an_address_and_gives_it_back(subject).await;
    a_cname_does_not_join_an_address(subject).await;
    what_is_not_there_can_be_deleted(subject).await;
    replacing_changes_the_ttl_and_the_records(subject).await;
    a_name_outside_of_the_zone_is_refused(subject).await;
    nothing_to_do_is_not_sent(subject).await;
    two_thousand_sets_are_one_request(subject).await;
    more_than_one_body_holds_is_cut_and_complete(subject).await;
    sets_are_extended_and_pruned_where_the_server_can(subject).await;
    writes_at_the_same_time_are_all_made(subject).await;
}

/// Neither the records nor the serial move; the error names the record.
pub async fn one_refused_record_leaves_everything_as_it_was(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    done(zone.apply([replace(&zone.at("old"), RecordType::A, &["192.0.2.1"])]).await, "apply");
    let serial = zone.serial().await;
    let digest = "60485 13 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a";
    let changes = [
        delete(&zone.at("old"), RecordType::A),
        replace(&zone.at("new"), RecordType::A, &["192.0.2.2"]),
        // The digest of a zone's key stands in its parent.
        replace(zone.name.apex(), RecordType::Ds, &[digest]),
    ];
    let error = refused(zone.apply(changes).await, ErrorKind::InvalidRequest, "invalid_record");
    assert_eq!(error.status(), Some(422));
    assert_eq!(error.target(), Some(&*format!("{} DS", zone.name.as_str())), "{error:?}");
    assert_eq!(zone.find("old").await.len(), 1, "the deletion was not made");
    assert!(zone.find("new").await.is_empty(), "the new set was not made");
    assert_eq!(zone.serial().await, serial);
    zone.remove().await;
}

/// In one change set each, whatever the order in which it was put together.
pub async fn a_cname_takes_the_place_of_an_address_and_gives_it_back(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let www = zone.at("www");
    done(zone.apply([replace(&www, RecordType::A, &["192.0.2.1"])]).await, "write the address");
    let cname = set(&www, RecordType::Cname, &["target.example.org."]);
    let there = [Change::Replace(cname.clone()), delete(&www, RecordType::A)];
    done(zone.apply(there).await, "from the address to the CNAME");
    assert_eq!(zone.find("www").await, [cname]);
    let address = set(&www, RecordType::A, &["192.0.2.2"]);
    let back = [Change::Replace(address.clone()), delete(&www, RecordType::Cname)];
    done(zone.apply(back).await, "and back");
    assert_eq!(zone.find("www").await, [address]);
    zone.remove().await;
}

/// And an address does not join a CNAME; the error names the set that was refused.
pub async fn a_cname_does_not_join_an_address(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let (www, alias) = (zone.at("www"), zone.at("alias"));
    let cname = |name| replace(name, RecordType::Cname, &["target.example.org."]);
    let address = |name| replace(name, RecordType::A, &["192.0.2.1"]);
    done(zone.apply([address(&www), cname(&alias)]).await, "write one of each");
    let error = refused(zone.apply([cname(&www)]).await, ErrorKind::InvalidRequest, "cname_conflict");
    assert_eq!(error.target(), Some(&*format!("{} CNAME", www.as_str())), "{error:?}");
    refused(zone.apply([address(&alias)]).await, ErrorKind::InvalidRequest, "cname_conflict");
    refused(zone.apply([cname(zone.name.apex())]).await, ErrorKind::InvalidRequest, "cname_conflict");
    zone.remove().await;
}

/// It is no fault, at a name that was never there either.
pub async fn what_is_not_there_can_be_deleted(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let change = delete(&zone.at("nobody"), RecordType::A);
    done(zone.apply([change.clone()]).await, "delete nothing");
    done(zone.apply([change, replace(&zone.at("www"), RecordType::A, &["192.0.2.1"])]).await, "and more");
    assert_eq!(zone.find("www").await.len(), 1);
    zone.remove().await;
}

/// Nothing of the old set stays.
pub async fn replacing_changes_the_ttl_and_the_records(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let www = zone.at("www");
    done(zone.apply([replace(&www, RecordType::A, &["192.0.2.1", "192.0.2.2"])]).await, "write");
    let new = set(&www, RecordType::A, &["192.0.2.3"]).with_ttl(Ttl::HOUR);
    done(zone.apply([Change::Replace(new.clone())]).await, "write anew");
    assert_eq!(zone.find("www").await, std::slice::from_ref(&new));
    assert_eq!(zone.find("www").await[0].ttl(), Ttl::HOUR);
    let serial = zone.serial().await;
    done(zone.apply([Change::Replace(new)]).await, "the same again");
    assert!(zone.serial().await.is_newer_than(serial), "every PATCH moves the serial, this one too");
    zone.remove().await;
}

/// Of another zone, and of one whose name only ends alike.
pub async fn a_name_outside_of_the_zone_is_refused(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    for text in ["www.example.org".to_owned(), format!("not{}", zone.name.as_str())] {
        let name = done(text.parse(), "a name elsewhere");
        let change = replace(&name, RecordType::A, &["192.0.2.1"]);
        let inside = replace(&zone.at("www"), RecordType::A, &["192.0.2.1"]);
        refused(zone.apply([inside, change]).await, ErrorKind::InvalidRequest, "out_of_zone");
        assert!(zone.find("www").await.is_empty());
    }
    zone.remove().await;
}

/// An empty change set is no request.
pub async fn nothing_to_do_is_not_sent(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let serial = zone.serial().await;
    let applied = done(zone.zones.apply(&zone.name, &ChangeSet::default()).await, "apply nothing");
    assert_eq!((applied.requests, applied.changes, applied.bytes), (0, 0, 0));
    assert_eq!(zone.serial().await, serial);
    zone.remove().await;
}

/// And they go the same way.
pub async fn two_thousand_sets_are_one_request(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let names: Vec<_> = (0..2000).map(|number| zone.at(&format!("host-{number}"))).collect();
    let serial = zone.serial().await;
    let write = names.iter().map(|name| replace(name, RecordType::A, &["192.0.2.1"]));
    let applied = done(zone.apply(write).await, "write");
    assert_eq!((applied.requests, applied.changes), (1, 2000));
    assert_eq!(zone.serial().await.0, serial.0 + 1, "one request, one step");
    assert_eq!(done(zone.zones.record_sets(&zone.name).await, "read").len(), 2002);
    let away = names.iter().map(|name| delete(name, RecordType::A));
    assert_eq!(done(zone.apply(away).await, "delete").requests, 1);
    assert_eq!(done(zone.zones.record_sets(&zone.name).await, "read").len(), 2);
    zone.remove().await;
}

/// As few requests as the limit allows.
pub async fn more_than_one_body_holds_is_cut_and_complete(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let text = format!("\"{}\"", "x".repeat(250));
    let texts = [&*text, &*format!("{text} {text}"), &*format!("{text} {text} {text}")];
    let write = (0..1500).map(|number| replace(&zone.at(&format!("t{number}")), RecordType::Txt, &texts));
    let applied = done(zone.apply(write).await, "write");
    assert_eq!((applied.requests, applied.changes), (2, 1500), "{} bytes", applied.bytes);
    assert_eq!(done(zone.zones.record_sets(&zone.name).await, "read").len(), 1502);
    zone.remove().await;
}

/// Of one zone and of several, by one client: whatever the server makes of two writers, none is lost.
pub async fn writes_at_the_same_time_are_all_made(subject: &dyn Subject) {
    let zones = [TestZone::new(subject).await, TestZone::new(subject).await, TestZone::new(subject).await];
    let before = zones[0].serial().await;
    let write = async |zone: &TestZone<'_>, number: usize| {
        let name = zone.at(&format!("w{number}"));
        done(zone.apply([replace(&name, RecordType::A, &["192.0.2.1"])]).await, "write")
    };
    let writes = zones.iter().flat_map(|zone| (0..4).map(move |number| (zone, number)));
    join_all(writes.map(|(zone, number)| write(zone, number))).await;
    assert_eq!(zones[0].serial().await.0, before.0 + 4, "each of them moved the serial once");
    for zone in zones {
        assert_eq!(done(zone.zones.record_sets(&zone.name).await, "read").len(), 6);
        zone.remove().await;
    }
}

/// Twice is the same as once; elsewhere the version is told, before anything is sent.
pub async fn sets_are_extended_and_pruned_where_the_server_can(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let www = zone.at("www");
    done(zone.apply([replace(&www, RecordType::A, &["192.0.2.1"])]).await, "write");
    let more = set(&www, RecordType::A, &["192.0.2.2"]);
    let (extend, prune) =
        (Change::Extend(more.clone()), Change::Prune(more.key(), more.records()[0].clone()));
    let contents = async || -> Vec<String> {
        let sets = zone.find("www").await;
        sets.iter().flat_map(RecordSet::records).map(ToString::to_string).collect()
    };
    if !done(zone.zones.capabilities().await, "capabilities").extend_and_prune() {
        for change in [extend, prune] {
            let error =
                refused(zone.apply([change]).await, ErrorKind::InvalidRequest, "unsupported_by_version");
            assert!(error.help().is_some());
        }
        assert_eq!(contents().await, ["192.0.2.1"]);
        return zone.remove().await;
    }
    for _ in 0..2 {
        done(zone.apply([extend.clone()]).await, "extend");
        assert_eq!(contents().await, ["192.0.2.1", "192.0.2.2"]);
    }
    for _ in 0..2 {
        done(zone.apply([prune.clone()]).await, "prune");
        assert_eq!(contents().await, ["192.0.2.1"]);
    }
    let last = RecordKey { name: www.clone(), kind: RecordType::A };
    let record = set(&www, RecordType::A, &["192.0.2.1"]).records()[0].clone();
    done(zone.apply([Change::Prune(last, record)]).await, "prune the last one");
    assert!(zone.find("www").await.is_empty());
    zone.remove().await;
}
