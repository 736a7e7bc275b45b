//! The status map, and how changes become bodies.

use catalyst_core::ErrorKind;
use proptest::prelude::*;
use serde::Deserialize;

use super::operation::Operation;
use super::patch::Bodies;
use super::refusal::{Refusal, meaning, record_in, words};
use crate::{Change, ChangeSet, RecordData, RecordKey, RecordSet, RecordType, Ttl, ZoneName};

fn code(operation: Operation, status: u16, said: &str) -> &'static str {
    meaning(&Refusal { operation, status, said, challenge: "", sent: 100 }).code
}

#[test]
fn a_422_says_what_is_wrong_with_which_record() {
    let table = [
        ("RRset x.other.test. IN A: Name is out of zone", "out_of_zone", "x.other.test. A"),
        ("RRset a.test. IN CNAME: Conflicts with pre-existing RRset", "cname_conflict", "a.test. CNAME"),
        (
            "RRset a.test. IN NS: Cannot have both NS and DNAME except in zone apex",
            "cname_conflict",
            "a.test. NS",
        ),
        (
            "Duplicate record in RRset d.test. IN A with content \"127.0.0.9\"",
            "duplicate_record",
            "d.test. A",
        ),
        ("Duplicate RRset d.test. IN A with changetype: REPLACE", "duplicate_change", "d.test. A"),
        ("Record d.test. IN DS is not allowed at apex", "invalid_record", "d.test. DS"),
        ("Record x.d.test. IN SOA is only allowed at apex", "invalid_record", "x.d.test. SOA"),
        ("RRset d.test. IN NS: duplicate record with content \"n.\"", "duplicate_record", "d.test. NS"),
        (
            "RRset a.test. IN A: conflicts with existing CNAME RRset of the same name",
            "cname_conflict",
            "a.test. A",
        ),
        (
            "Multiple errors found in RRset; RRset a.test. IN A: Conflicts with pre-existing CNAME RRset",
            "cname_conflict",
            "a.test. A",
        ),
        ("Record b.test./A 'not-an-ip': Parsing record content", "invalid_record", "b.test. A"),
        ("Record 0/25.test./PTR 'x y': Not in expected format", "invalid_record", "0/25.test. PTR"),
        ("RRset c.test. IN CNAME has more than one record", "invalid_record", "c.test. CNAME"),
    ];
    for (said, expected, record) in table {
        assert_eq!(code(Operation::ApplyChanges, 422, said), expected, "{said}");
        assert_eq!(record_in(said).as_deref(), Some(record), "{said}");
    }
    for said in
        ["", "Not Found", "Record", "RRset", "RRset  IN A: x", "Record /A", "Key 'ttl' not an Integer"]
    {
        assert_eq!(record_in(said), None, "{said}");
    }
}

#[test]
fn a_server_that_refuses_lua_updates_is_told_apart_whatever_its_status() {
    for (status, said) in [
        (422, "LUA records updates are disabled, see enable-lua-record-updates"),
        (422, "RRset a.test. IN LUA: updating LUA records is not allowed"),
        (500, "Undefined but needed argument: 'enable-lua-record-updates'"),
    ] {
        assert_eq!(code(Operation::ApplyChanges, status, said), "lua_updates_disabled", "{said}");
    }
    for said in [
        "Record a.test./LUA 'A \"update disabled\"': Not in expected format",
        "RRset evaluate.test. IN DS: is not allowed at apex",
        "RRset lua.updates.test. IN NS: has invalid content",
    ] {
        assert_eq!(code(Operation::ApplyChanges, 422, said), "invalid_record", "{said}");
    }
}

#[test]
fn a_500_of_a_write_is_a_locked_database_and_of_a_read_is_not() {
    let bare = "Internal Server Error";
    assert_eq!(code(Operation::ApplyChanges, 500, bare), "database_locked");
    assert_eq!(code(Operation::CreateZone, 500, "deadlock detected"), "database_locked");
    assert_eq!(code(Operation::ReadRecords, 500, bare), "internal_error");
    let other = Refusal {
        operation: Operation::CreateKey,
        status: 500,
        said: "out of memory",
        challenge: "",
        sent: 0,
    };
    assert!(meaning(&other).unknown, "the key may have been made");
    assert!(meaning(&other).lasting, "who says why says it again");
}

#[test]
fn a_400_is_a_body_that_is_too_large_only_if_it_was_large() {
    let large = |sent| {
        meaning(&Refusal {
            operation: Operation::ApplyChanges,
            status: 400,
            said: "Bad Request",
            challenge: "",
            sent,
        })
        .code
    };
    assert_eq!((large(2_100_000), large(1_000)), ("body_too_large", "invalid_request"));
}

#[test]
fn what_proxies_say_has_its_codes() {
    let table = [
        (302, "redirected"),
        (403, "forbidden"),
        (405, "invalid_request"),
        (413, "body_too_large"),
        (418, "unexpected_status"),
        (429, "rate_limited"),
        (502, "bad_gateway"),
        (503, "unavailable"),
        (504, "bad_gateway"),
    ];
    for (status, expected) in table {
        assert_eq!(code(Operation::ReadZone, status, ""), expected, "{status}");
    }
}

#[test]
fn who_refuses_the_credentials_is_read_from_the_challenge() {
    let refused = |challenge| {
        let refusal = Refusal {
            operation: Operation::ListZones,
            status: 401,
            said: "Unauthorized",
            challenge,
            sent: 0,
        };
        meaning(&refusal).code
    };
    assert_eq!(refused("X-API-Key realm=\"PowerDNS\""), "bad_api_key");
    assert_eq!(refused("Basic realm=\"traefik\""), "bad_basic_auth");
    assert_eq!(refused(""), "bad_api_key");
}

#[test]
fn words_are_read_from_json_and_text_and_not_from_pages() {
    assert_eq!(words(b"{\"error\": \"Not Found\"}"), "Not Found");
    assert_eq!(words(b"Not Found\n"), "Not Found");
    assert_eq!(words(b"{\"error\": \"Several\", \"errors\": [\"a\", \"b\"]}"), "Several; a; b");
    for body in ["<!html><title>Not Found</title>", "{\"error\": 1}", "{bad", "[]", &"x".repeat(2000)] {
        assert_eq!(words(body.as_bytes()), "", "{body}");
    }
}

#[test]
fn every_status_has_a_code_and_no_4xx_is_tried_again() {
    for status in 300..600 {
        let refusal =
            Refusal { operation: Operation::ApplyChanges, status, said: "", challenge: "", sent: 0 };
        let meaning = meaning(&refusal);
        assert!(!meaning.code.is_empty() && !meaning.help.is_empty());
        let again = matches!(meaning.kind, ErrorKind::Unavailable | ErrorKind::RateLimited);
        assert_eq!(again, matches!(status, 429 | 500 | 502..=504), "{status}");
    }
}

fn zone() -> ZoneName {
    "z.test".parse().unwrap()
}

fn set(name: &str, addresses: &[&str]) -> RecordSet {
    let records = addresses.iter().map(|text| RecordData::parse(RecordType::A, text).unwrap());
    RecordSet::new(name.parse().unwrap(), Ttl::MINUTE, records).unwrap()
}

fn bodies(changes: &[Change], limit: usize) -> Vec<(String, usize)> {
    let bodies = Bodies::new(&zone(), changes, limit).unwrap();
    bodies.each().map(|(body, count)| (String::from_utf8(body.to_vec()).unwrap(), count)).collect()
}

#[test]
fn a_body_is_what_the_server_wants_byte_for_byte() {
    let key = RecordKey { name: "b.z.test".parse().unwrap(), kind: RecordType::Cname };
    let record = RecordData::parse(RecordType::Txt, "\"say \\\"hi\\\"\"").unwrap();
    let pruned = RecordKey { name: "t.z.test".parse().unwrap(), kind: RecordType::Txt };
    let changes = ChangeSet::new([
        Change::Replace(set("b.z.test", &["192.0.2.1", "192.0.2.2"])),
        Change::Extend(set("e.z.test", &["192.0.2.1", "192.0.2.2"])),
        Change::Delete(key),
        Change::Prune(pruned, record),
    ])
    .unwrap();
    let expected = concat!(
        r#"{"rrsets":[{"name":"b.z.test.","type":"CNAME","changetype":"DELETE"},"#,
        r#"{"name":"t.z.test.","type":"TXT","ttl":0,"changetype":"PRUNE","#,
        r#""records":[{"content":"\"say \\\"hi\\\"\"","disabled":false}]},"#,
        r#"{"name":"b.z.test.","type":"A","ttl":60,"changetype":"REPLACE","#,
        r#""records":[{"content":"192.0.2.1","disabled":false},{"content":"192.0.2.2","disabled":false}]},"#,
        r#"{"name":"e.z.test.","type":"A","ttl":60,"changetype":"EXTEND","#,
        r#""records":[{"content":"192.0.2.1","disabled":false}]},"#,
        r#"{"name":"e.z.test.","type":"A","ttl":60,"changetype":"EXTEND","#,
        r#""records":[{"content":"192.0.2.2","disabled":false}]}]}"#,
    );
    assert_eq!(bodies(changes.changes(), 10_000), [(expected.to_owned(), 4)]);
}

#[test]
fn what_was_read_as_disabled_is_written_as_disabled() {
    let address = |text| RecordData::parse(RecordType::A, text).unwrap();
    let read = RecordSet::from_server(
        "a.z.test".parse().unwrap(),
        RecordType::A,
        Ttl::MINUTE,
        vec![address("192.0.2.1")],
        vec![address("192.0.2.2")],
    );
    let [(body, _)] = &bodies(&[Change::Replace(read.with_ttl(Ttl::HOUR))], 10_000)[..] else { panic!() };
    assert!(body.contains(r#"{"content":"192.0.2.2","disabled":true}"#), "{body}");
}

#[test]
fn what_does_not_fit_or_lies_elsewhere_is_named_before_anything_is_sent() {
    let large = set("large.z.test", &["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    let changes = [Change::Replace(set("small.z.test", &["192.0.2.1"])), Change::Replace(large)];
    let error = Bodies::new(&zone(), &changes, 220).unwrap_err();
    assert_eq!((error.code(), error.target()), (Some("body_too_large"), Some("large.z.test. A")));
    let elsewhere = [Change::Replace(set("www.other.test", &["192.0.2.1"]))];
    let error = Bodies::new(&zone(), &elsewhere, 10_000).unwrap_err();
    assert_eq!((error.code(), error.target()), (Some("out_of_zone"), Some("www.other.test. A")));
}

#[derive(Deserialize)]
struct Sent {
    rrsets: Vec<SentSet>,
}

#[derive(Deserialize)]
struct SentSet {
    name: String,
    changetype: String,
}

proptest! {
    /// However small the limit is: every change is sent once, within the limit, those of one name together, deletions
    /// first.
    #[test]
    fn pieces_keep_names_together_and_limits(
        names in prop::collection::btree_set("[a-z]{1,12}", 1..60),
        swapped in prop::collection::vec(any::<bool>(), 60),
        limit in 400_usize..4_000,
    ) {
        let mut changes = Vec::new();
        for (name, swap) in names.iter().zip(swapped) {
            let name = format!("{name}.z.test");
            if swap {
                changes.push(Change::Delete(RecordKey { name: name.parse().unwrap(), kind: RecordType::Cname }));
            }
            changes.push(Change::Replace(set(&name, &["192.0.2.1"])));
        }
        let changes = ChangeSet::new(changes).unwrap();
        let sent = bodies(changes.changes(), limit);
        prop_assert_eq!(sent.iter().map(|(_, count)| count).sum::<usize>(), changes.len());
        let (mut seen, mut total) = (std::collections::BTreeSet::new(), 0);
        for (body, count) in &sent {
            prop_assert!(body.len() <= limit);
            total += body.len();
            let sets = serde_json::from_str::<Sent>(body).unwrap().rrsets;
            prop_assert_eq!(sets.len(), *count);
            let deleted = sets.iter().take_while(|set| set.changetype == "DELETE").count();
            prop_assert!(sets[deleted..].iter().all(|set| set.changetype == "REPLACE"));
            let here: std::collections::BTreeSet<_> = sets.into_iter().map(|set| set.name).collect();
            prop_assert!(here.is_disjoint(&seen), "a name stands in two requests");
            seen.extend(here);
        }
        // No more than the names, at most a fifth of the limit each, could ever leave unused.
        prop_assert!(sent.len() <= total.div_ceil(limit.saturating_sub(260).max(1)) + 1);
    }
}
