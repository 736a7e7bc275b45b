//! Zones are signed, their keys roll over, and the digests for the parent are right.

use catalyst_core::ErrorKind;

use super::{Subject, TestZone, digest, done, refused};
use crate::dnssec::{KeyId, KeyRole, KeySpec, ZoneKey};

/// Every check of this module.
pub async fn all(subject: &dyn Subject) {
    a_zone_is_signed_with_one_key_and_unsigned_again(subject).await;
    a_zone_can_be_signed_from_the_beginning(subject).await;
    the_digest_is_that_of_the_rfc(subject).await;
    keys_are_added_changed_and_removed(subject).await;
}

/// Both may be said twice.
pub async fn a_zone_is_signed_with_one_key_and_unsigned_again(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let (security, name) = (subject.security(), &zone.name);
    assert_eq!(done(security.keys(name).await, "keys of an unsigned zone"), []);
    for _ in 0..2 {
        done(security.set_dnssec(name, true).await, "sign");
        assert!(done(zone.zones.zone(name).await, "read").dnssec);
        assert_csk(&done(security.keys(name).await, "keys"));
    }
    for _ in 0..2 {
        done(security.set_dnssec(name, false).await, "end it");
        assert!(!done(zone.zones.zone(name).await, "read").dnssec);
        assert_eq!(done(security.keys(name).await, "keys"), []);
    }
    zone.remove().await;
}

/// With the same key that signing it later would make.
pub async fn a_zone_can_be_signed_from_the_beginning(subject: &dyn Subject) {
    let zone = TestZone::unborn(subject);
    assert!(done(zone.zones.create_zone(&zone.spec().signed()).await, "create").dnssec);
    assert_csk(&done(subject.security().keys(&zone.name).await, "keys"));
    zone.remove().await;
}

/// The server's digest with SHA-256 is the one that is computed here.
pub async fn the_digest_is_that_of_the_rfc(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    done(subject.security().set_dnssec(&zone.name, true).await, "sign");
    for key in done(subject.security().keys(&zone.name).await, "keys") {
        let computed = digest::sha256(&zone.name, &key.dnskey);
        assert!(key.ds.contains(&computed), "{computed} is not among {:?}", key.ds);
    }
    zone.remove().await;
}

/// The steps of a rollover.
pub async fn keys_are_added_changed_and_removed(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let (security, name) = (subject.security(), &zone.name);
    done(security.set_dnssec(name, true).await, "sign");
    let first = done(security.keys(name).await, "keys")[0].clone();

    let spec = KeySpec::new(KeyRole::Csk).inactive().unpublished();
    let added = done(security.add_key(name, spec).await, "add a key");
    assert_eq!((added.active, added.published, added.dnskey.flags), (false, false, 257));
    assert_ne!(added.dnskey.public_key, first.dnskey.public_key);
    done(security.change_key(name, added.id, true, true).await, "publish and use it");
    done(security.change_key(name, first.id, false, true).await, "retire the first");
    let state = |key: &ZoneKey| (key.id, key.active, key.published);
    let mut keys = done(security.keys(name).await, "keys");
    keys.sort_by_key(|key| key.id);
    let states: Vec<_> = keys.iter().map(state).collect();
    assert_eq!(states, [(first.id, false, true), (added.id, true, true)]);
    assert_eq!(keys[1].dnskey, added.dnskey);

    let zsk = done(security.add_key(name, KeySpec::new(KeyRole::Zsk)).await, "add a key for records");
    assert_eq!((zsk.role, zsk.dnskey.flags, zsk.ds.len()), (KeyRole::Zsk, 256, 0));
    for _ in 0..2 {
        done(security.remove_key(name, first.id).await, "remove the first");
    }
    done(security.remove_key(name, zsk.id).await, "remove the key for records");
    let left = done(security.keys(name).await, "keys");
    assert_eq!(left.iter().map(|key| key.id).collect::<Vec<_>>(), [added.id]);
    assert!(done(zone.zones.zone(name).await, "read").dnssec);
    let missing = security.change_key(name, KeyId(u32::from(u16::MAX) * 1000), true, true).await;
    refused(missing, ErrorKind::NotFound, "key_not_found");
    zone.remove().await;
}

#[track_caller]
fn assert_csk(keys: &[ZoneKey]) {
    assert_eq!(keys.len(), 1, "{keys:?}");
    let key = &keys[0];
    assert_eq!((key.role, key.active, key.published), (KeyRole::Csk, true, true));
    assert_eq!((key.dnskey.flags, key.dnskey.protocol, key.dnskey.algorithm), (257, 3, 13));
    assert_eq!(key.dnskey.public_key.len(), 64);
    let kinds: Vec<u8> = key.ds.iter().map(|ds| ds.digest_type).collect();
    assert!(kinds.contains(&2), "a digest with SHA-256 is offered: {kinds:?}");
}
