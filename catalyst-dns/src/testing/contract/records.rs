//! What was written comes back, and means the same.

use super::check::{replace, set};
use super::spellings::{LUA, NAMES, SPELLINGS};
use super::{Subject, TestZone, done, refused};
use crate::{Change, RecordData, RecordSet, RecordType, Text, Ttl};

/// Every check of this module.
pub async fn all(subject: &dyn Subject) {
    every_type_comes_back_in_every_spelling(subject).await;
    every_name_comes_back(subject).await;
    long_texts_come_back(subject).await;
    several_records_come_back_in_any_order(subject).await;
    what_is_found_is_what_was_asked_for(subject).await;
    lua_records_come_back_or_are_refused_with_a_reason(subject).await;
}

/// Each set that is read equals the one that was written, in the answer for it and in that for the whole zone.
pub async fn every_type_comes_back_in_every_spelling(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    for (kind, spellings) in SPELLINGS {
        let mut written = Vec::new();
        for (index, spelling) in spellings.iter().enumerate() {
            written.push(set(&zone.at(&format!("s{index}")), *kind, &[spelling]));
        }
        let changes = written.iter().cloned().map(Change::Replace);
        done(zone.apply(changes).await, &format!("write {kind} {spellings:?}"));
        let all = done(zone.zones.record_sets(&zone.name).await, "read all");
        for set in &written {
            let found = done(zone.zones.find(&zone.name, set.name(), Some(*kind)).await, "find");
            assert_eq!(found, std::slice::from_ref(set), "{kind}");
            assert_eq!(found[0].records(), written[0].records(), "{kind} means the same in each spelling");
            assert!(all.contains(set), "{kind} among all");
        }
        let away = written.iter().map(|set| Change::Delete(set.key()));
        done(zone.apply(away).await, "delete");
    }
    zone.remove().await;
}

/// Wildcards, underscores, capitals, names in Unicode.
pub async fn every_name_comes_back(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let sets: Vec<RecordSet> =
        NAMES.iter().map(|name| set(&zone.at(name), RecordType::Txt, &["\"text\""])).collect();
    done(zone.apply(sets.iter().cloned().map(Change::Replace)).await, "write all names");
    for set in &sets {
        let found = done(zone.zones.find(&zone.name, set.name(), None).await, "find");
        assert_eq!(found, std::slice::from_ref(set));
    }
    zone.remove().await;
}

/// Of one string, of two, and of many.
pub async fn long_texts_come_back(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    for length in [255, 256, 4000] {
        let text = Text::new("x\"\\;é".repeat(length).get(..length).unwrap_or_default().as_bytes());
        let record = RecordData::Txt(done(text, "a text"));
        let set = done(RecordSet::new(zone.at("txt"), Ttl::MINUTE, [record]), "a set");
        done(zone.apply([Change::Replace(set.clone())]).await, "write");
        assert_eq!(zone.find("txt").await, [set], "{length} octets");
    }
    zone.remove().await;
}

/// Sets are sets.
pub async fn several_records_come_back_in_any_order(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let www = zone.at("www");
    let addresses = ["192.0.2.20", "192.0.2.3", "192.0.2.100"];
    done(zone.apply([replace(&www, RecordType::A, &addresses)]).await, "write");
    let other = set(&www, RecordType::A, &["192.0.2.3", "192.0.2.100", "192.0.2.20"]);
    assert_eq!(zone.find("www").await, [other]);
    zone.remove().await;
}

/// Only that name, and of it only that type.
pub async fn what_is_found_is_what_was_asked_for(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let (www, below) = (zone.at("www"), zone.at("below.www"));
    let address = set(&www, RecordType::A, &["192.0.2.1"]);
    let text = set(&www, RecordType::Txt, &["\"text\""]);
    let other = set(&below, RecordType::A, &["192.0.2.2"]);
    let changes = [&address, &text, &other].map(|set| Change::Replace(set.clone()));
    done(zone.apply(changes).await, "write");

    let find = async |name, kind| done(zone.zones.find(&zone.name, name, kind).await, "find");
    let mut both = find(&www, None).await;
    both.sort_by_key(RecordSet::kind);
    assert_eq!(both, [address.clone(), text]);
    assert_eq!(find(&www, Some(RecordType::A)).await, [address]);
    assert!(find(&www, Some(RecordType::Aaaa)).await.is_empty());
    assert!(find(&zone.at("nobody"), None).await.is_empty());
    zone.remove().await;
}

/// As the server's capabilities say.
pub async fn lua_records_come_back_or_are_refused_with_a_reason(subject: &dyn Subject) {
    let zone = TestZone::new(subject).await;
    let can = done(zone.zones.capabilities().await, "capabilities").lua_record_updates;
    for content in LUA {
        let set = set(&zone.at("lua"), RecordType::Lua, &[content]);
        let written = zone.apply([Change::Replace(set.clone())]).await;
        if can {
            done(written, "write");
            assert_eq!(zone.find("lua").await, [set]);
        } else {
            refused(written, crate::ErrorKind::InvalidRequest, "lua_updates_disabled");
            assert!(zone.find("lua").await.is_empty());
        }
    }
    zone.remove().await;
}
