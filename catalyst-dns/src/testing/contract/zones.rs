//! Zones are made, read, listed and removed.

use std::net::SocketAddr;

use catalyst_core::ErrorKind;

use super::check::{replace, set};
use super::{Subject, TestZone, done, refused};
use crate::{RecordType, SoaEditApi, ZoneKind, ZoneSpec};

/// Every check of this module.
pub async fn all(subject: &dyn Subject) {
    a_zone_is_made_read_listed_and_removed(subject).await;
    a_zone_that_is_there_is_not_made_again(subject).await;
    a_zone_that_is_not_there_is_told_by_every_call(subject).await;
    kinds_and_primaries_come_back(subject).await;
    the_serial_moves_by_its_rule(subject).await;
}

/// A new zone has what its spec says, an SOA and its name servers; it can be deleted twice.
pub async fn a_zone_is_made_read_listed_and_removed(subject: &dyn Subject) {
    let zone = TestZone::unborn(subject);
    let (zones, name) = (zone.zones, zone.name.clone());
    let made = done(zones.create_zone(&zone.spec()).await, "create");
    assert_eq!((made.name.clone(), made.kind, made.serial.0), (name.clone(), ZoneKind::Native, 1));
    assert_eq!((made.dnssec, made.soa_edit_api), (false, Some(SoaEditApi::Increase)));
    assert_eq!(done(zones.zone(&name).await, "read"), made);
    assert!(done(zones.zones().await, "list").contains(&name));

    let mut sets = done(zones.record_sets(&name).await, "read the sets");
    sets.sort_by_key(|set| set.kind().as_str().to_owned());
    let kinds: Vec<RecordType> = sets.iter().map(crate::RecordSet::kind).collect();
    assert_eq!(kinds, [RecordType::Ns, RecordType::Soa]);
    let servers = set(name.apex(), RecordType::Ns, &[zone.at("ns1").as_str(), zone.at("ns2").as_str()]);
    assert_eq!(sets[0].records(), servers.records());

    done(zones.delete_zone(&name).await, "delete");
    done(zones.delete_zone(&name).await, "delete what is gone");
    assert!(!done(zones.zones().await, "list").contains(&name));
}

/// The second one is told that the name is taken, and the first one keeps what it has.
pub async fn a_zone_that_is_there_is_not_made_again(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    done(zone.apply([replace(&zone.at("www"), RecordType::A, &["192.0.2.1"])]).await, "apply");
    let again = zone.zones.create_zone(&zone.spec()).await;
    refused(again, ErrorKind::Conflict, "zone_exists");
    assert_eq!(zone.find("www").await.len(), 1);
    zone.remove().await;
}

/// Nothing makes a zone on the way.
pub async fn a_zone_that_is_not_there_is_told_by_every_call(subject: &dyn Subject) {
    let zone = TestZone::unborn(subject);
    let (zones, name, www) = (zone.zones, &zone.name, zone.at("www"));
    let missing = "zone_not_found";
    refused(zones.zone(name).await, ErrorKind::NotFound, missing);
    refused(zones.record_sets(name).await, ErrorKind::NotFound, missing);
    refused(zones.find(name, &www, None).await, ErrorKind::NotFound, missing);
    let change = replace(&www, RecordType::A, &["192.0.2.1"]);
    let error = refused(zone.apply([change]).await, ErrorKind::NotFound, missing);
    assert_eq!(error.target(), Some(name.as_str()), "{error:?}");
    refused(subject.security().keys(name).await, ErrorKind::NotFound, missing);
    refused(subject.security().set_dnssec(name, true).await, ErrorKind::NotFound, missing);
}

/// Of a primary and of a secondary, with and without ports.
pub async fn kinds_and_primaries_come_back(subject: &dyn Subject) {
    let zone = TestZone::unborn(subject);
    let spec = zone.spec().kind(ZoneKind::Primary);
    assert_eq!(done(zone.zones.create_zone(&spec).await, "create").kind, ZoneKind::Primary);
    done(zone.zones.delete_zone(&zone.name).await, "delete");

    let primaries: [SocketAddr; 2] = [([192, 0, 2, 1], 53).into(), ([192, 0, 2, 2], 5300).into()];
    let spec = ZoneSpec::new(zone.name.clone(), []).kind(ZoneKind::Secondary).primaries(primaries);
    let made = done(zone.zones.create_zone(&spec).await, "create");
    assert_eq!((made.kind, made.serial.0), (ZoneKind::Secondary, 0));
    assert_eq!(made.primaries, primaries);
    assert!(done(zone.zones.record_sets(&zone.name).await, "read the sets").is_empty());
    zone.remove().await;
}

/// `INCREASE` by one, `DEFAULT` and `EPOCH` by the date and by the clock; every successful change moves it, also one
/// that leaves everything as it was.
pub async fn the_serial_moves_by_its_rule(subject: &dyn Subject) {
    let rules = [
        (SoaEditApi::Increase, 1..=1),
        (SoaEditApi::SoaEditIncrease, 1..=1),
        (SoaEditApi::Default, 2_020_010_101..=2_199_123_199),
        (SoaEditApi::Epoch, 1_700_000_000..=u32::MAX),
    ];
    for (rule, first) in rules {
        let zone = TestZone::unborn(subject);
        let made = done(zone.zones.create_zone(&zone.spec().soa_edit_api(rule)).await, "create");
        assert!(first.contains(&made.serial.0), "{rule:?}: {}", made.serial);
        let change = || replace(&zone.at("www"), RecordType::A, &["192.0.2.1"]);
        let mut serial = made.serial;
        for _ in 0..2 {
            let applied = done(zone.apply([change()]).await, "apply");
            let now = zone.serial().await;
            assert_eq!(applied.serial, Some(now), "the write tells it");
            let moved = if rule == SoaEditApi::Epoch { now.0 >= serial.0 } else { now.0 == serial.0 + 1 };
            assert!(moved, "{rule:?}: from {serial} to {now}");
            serial = now;
        }
        zone.remove().await;
    }
}
