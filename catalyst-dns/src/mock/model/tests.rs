use catalyst_core::Clock;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::serial::{edited, increased};
use super::{Edit, Model, Refusal, State};
use crate::{RecordKey, RecordType, Version, ZoneName};

fn zone() -> ZoneName {
    "acme.test".parse().unwrap()
}

fn model(version: Version) -> Model {
    let model = Model::with_clock(Clock::manual().0);
    model.set_version(version);
    model.set_zone(&zone());
    model
}

fn change(change: &str, name: &str, kind: &str, contents: &[&str]) -> Value {
    let records: Vec<Value> = contents.iter().map(|content| json!({ "content": content })).collect();
    json!({ "changetype": change, "name": format!("{name}acme.test."), "type": kind, "ttl": 60, "records": records })
}

fn patch(model: &Model, sets: &[Value]) -> Result<Option<(u32, u32)>, Refusal> {
    model.with(|state: &mut State| {
        let now = state.now();
        let edits = sets.iter().map(|set| Edit::read(set, now));
        state.patch(zone().apex(), edits).map(|patched| patched.serials)
    })
}

fn contents(model: &Model, name: &str, kind: RecordType) -> Vec<String> {
    let key = RecordKey { name: format!("{name}acme.test.").parse().unwrap(), kind };
    model.with(|state| {
        let set = state.zone(zone().apex()).unwrap().sets.get(&key).cloned().unwrap_or_default();
        set.records.into_iter().map(|record| record.content).collect()
    })
}

#[test]
fn serials_move_by_their_rules() {
    // 2026-11-27 14:32:29 UTC; the week began on 2026-11-26.
    let (now, week) = (1_795_789_949, 1_795_651_200);
    let rules = [
        ("INCREASE", "", 7, 8),
        ("increase", "", u32::MAX, 0),
        ("DEFAULT", "", 1, 2_026_112_701),
        ("DEFAULT", "", 2_026_112_701, 2_026_112_702),
        ("DEFAULT", "", 3_000_000_000, 3_000_000_001),
        ("EPOCH", "", 7, now),
        ("SOA-EDIT", "", 7, 7),
        ("SOA-EDIT", "INCEPTION-EPOCH", 7, week),
        ("SOA-EDIT-INCREASE", "", 7, 8),
        ("SOA-EDIT-INCREASE", "INCEPTION-EPOCH", 7, now),
        ("SOA-EDIT-INCREASE", "INCEPTION-EPOCH", now, now + 1),
        ("INCEPTION-EPOCH", "", 7, 7),
        ("", "", 7, 7),
    ];
    for (api, edit, old, new) in rules {
        assert_eq!(increased(old, api, edit, now), new, "{api} {edit} {old}");
    }
    assert_eq!(edited(7, "INCEPTION-INCREMENT", now), 2_026_112_601);
    assert_eq!(edited(2_026_112_601, "INCEPTION-INCREMENT", now), 2_026_112_602);
    assert_eq!(edited(7, "INCREMENT-WEEKS", now), 7 + week / 604_800);
    assert_eq!((edited(7, "NONE", now), edited(now, "INCEPTION-EPOCH", now)), (7, now));
}

#[test]
fn before_5_0_the_old_serial_is_the_new_one() {
    let www = change("REPLACE", "www.", "A", &["192.0.2.1"]);
    assert_eq!(patch(&model(Version(4, 7, 3)), std::slice::from_ref(&www)), Ok(Some((2, 2))));
    assert_eq!(patch(&model(Version(5, 0, 3)), &[www]), Ok(Some((1, 2))));
}

#[test]
fn what_extends_by_what_is_there_moves_nothing_and_what_replaces_it_does() {
    let model = model(Version(5, 0, 3));
    let one = |how| change(how, "www.", "A", &["192.0.2.1"]);
    assert_eq!(patch(&model, &[one("REPLACE")]), Ok(Some((1, 2))));
    assert_eq!(patch(&model, &[one("REPLACE")]), Ok(Some((2, 3))));
    assert_eq!(patch(&model, &[one("EXTEND")]), Ok(None));
    assert_eq!(patch(&model, &[change("PRUNE", "www.", "A", &["192.0.2.9"])]), Ok(None));
    let more = ["192.0.2.2", "192.0.2.3"].map(|address| change("EXTEND", "www.", "A", &[address]));
    assert_eq!(patch(&model, &more), Ok(Some((3, 4))), "several of one set in one request");
    assert_eq!(patch(&model, &[one("PRUNE")]), Ok(Some((4, 5))));
    assert_eq!(contents(&model, "www.", RecordType::A), ["192.0.2.2", "192.0.2.3"]);
    let two = change("EXTEND", "www.", "A", &["192.0.2.7", "192.0.2.8"]);
    assert_eq!(patch(&model, &[two]).unwrap_err().status(), 422);
}

#[test]
fn from_5_1_lua_records_are_written_only_where_the_configuration_says_so() {
    let model = model(Version(5, 1, 4));
    let lua = change("REPLACE", "lua.", "LUA", &["A \"'192.0.2.1'\""]);
    let refused = patch(&model, std::slice::from_ref(&lua)).unwrap_err();
    assert_eq!(refused.text(), "RRset lua.acme.test. IN LUA: update of Lua records is not allowed");
    let gone = json!({ "changetype": "DELETE", "name": "lua.acme.test.", "type": "LUA" });
    assert_eq!(
        patch(&model, std::slice::from_ref(&gone)).unwrap_err().text(),
        "Update of Lua records is not allowed"
    );
    model.set_config("enable-lua-record-updates", "yes");
    assert!(patch(&model, &[lua]).is_ok() && patch(&model, &[gone]).is_ok());
}

#[test]
fn from_5_1_surplus_white_space_is_taken() {
    let spaced = change("REPLACE", "m.", "MX", &["10   mail.example.org. "]);
    assert_eq!(patch(&model(Version(4, 7, 3)), std::slice::from_ref(&spaced)).unwrap_err().status(), 422);
    let new = model(Version(5, 1, 4));
    assert!(patch(&new, &[spaced]).is_ok());
    assert_eq!(contents(&new, "m.", RecordType::Mx), ["10 mail.example.org."]);
}

#[test]
fn the_serial_of_an_soa_that_is_written_moves_on_as_well() {
    let model = model(Version(4, 7, 3));
    let soa = change("REPLACE", "", "SOA", &["ns1.acme.test. mail.acme.test. 100 1 2 3 4"]);
    assert_eq!(patch(&model, &[soa]), Ok(None), "it is not told");
    assert_eq!(model.serial(&zone()), Some(crate::Serial(101)));
}

#[test]
fn a_negative_ttl_is_taken_before_5_0_and_refused_since() {
    let mut set = change("REPLACE", "www.", "A", &["192.0.2.1"]);
    set["ttl"] = json!(-5);
    assert!(patch(&model(Version(4, 7, 3)), std::slice::from_ref(&set)).is_ok());
    assert_eq!(patch(&model(Version(5, 0, 3)), &[set]).unwrap_err().status(), 422);
}

#[test]
fn comments_alone_are_kept_and_are_no_set() {
    let model = model(Version(4, 7, 3));
    let comments = json!([{ "content": "why", "account": "me" }]);
    let set = json!({ "changetype": "REPLACE", "name": "c.acme.test.", "type": "A", "comments": comments });
    patch(&model, &[set]).unwrap();
    assert_eq!(model.record_sets(&zone()).len(), 2);
    // They are in nobody's way.
    patch(&model, &[change("REPLACE", "c.", "CNAME", &["target.example.org."])]).unwrap();
    assert_eq!(model.record_sets(&zone()).len(), 3);
}

#[test]
fn a_key_does_not_show_its_private_half() {
    let model = model(Version(4, 7, 3));
    let shown = model.with(|state| {
        state.change_zone(zone().apex(), &json!({ "dnssec": true })).unwrap();
        let zone = state.zone(zone().apex()).unwrap();
        assert!(!zone.keys[0].pkcs8().is_empty());
        format!("{zone:?}")
    });
    assert!(shown.contains("257") && !shown.contains("pkcs8"), "{shown}");
}

proptest! {
    /// Whatever stands before the one change that is refused.
    #[test]
    fn a_refused_change_leaves_the_zone_as_it_was(
        old in prop::collection::vec((0_u8..4, 0_u8..3), 0..6),
        new in prop::collection::vec((0_u8..4, 0_u8..4, 0_u8..2), 0..8),
    ) {
        let model = model(Version(5, 0, 3));
        let kinds = [("A", "192.0.2.1"), ("TXT", "\"text\""), ("CNAME", "target.example.org."), ("A", "192.0.2.2")];
        let set = |how, name: u8, kind: u8| {
            let (kind, content) = kinds[usize::from(kind)];
            change(how, &format!("n{name}."), kind, &[content])
        };
        for (name, kind) in old {
            // A CNAME may not fit; what is there is there.
            let _fits = patch(&model, &[set("REPLACE", name, kind)]);
        }
        let sets = || model.with(|state| state.zone(zone().apex()).unwrap().sets.clone());
        let before = sets();
        let mut changes: Vec<Value> = new
            .into_iter()
            .map(|(name, kind, how)| set(["REPLACE", "DELETE"][usize::from(how)], name, kind))
            .collect();
        changes.push(change("REPLACE", "bad.", "A", &["no address"]));
        prop_assert!(patch(&model, &changes).is_err());
        prop_assert_eq!(sets(), before);
    }
}
