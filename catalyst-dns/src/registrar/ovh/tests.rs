//! Vectors and answers.

use catalyst_core::ErrorKind;
use proptest::prelude::*;

use super::answer::{NameServer, Task};
use super::refusal;
use super::sign::signature;
use crate::registrar::TaskState;
use crate::registrar::format::json as parse;
use crate::{Dnskey, RecordData, RecordType};

/// The published, revoked credential of OVH's Go client and the signatures that its tests expect; computed once more
/// with Python's hashlib.
#[test]
fn the_signatures_are_those_of_ovhs_own_client() {
    let (secret, consumer) = ("9ufkBmLaTQ9nz5yMUlg79taH0GNnzDjk", "5mBuy6SUQcRw2ZUxg0cG68BoDKpED4KY");
    let url = "https://api.eu.ovhcloud.com/1.0/auth";
    for (method, body, expected) in [
        ("GET", "", "$1$52992e595b398f6aba591ee5925b379081614ced"),
        ("POST", r#"{"a":"b","c":"d"}"#, "$1$ea0e0d82447373a3ddf5947065f1d519ca0bcaf2"),
    ] {
        assert_eq!(signature(secret, consumer, method, url, body.as_bytes(), 1_457_018_875), expected);
    }
}

#[test]
fn documented_answers_are_read() {
    let server: NameServer =
        parse("x", br#"{"id":7,"host":"dns200.anycast.me","ip":null,"isUsed":true,"toDelete":false}"#)
            .unwrap();
    assert_eq!((server.host.as_str(), server.to_delete), ("dns200.anycast.me", false));
    for (status, state) in [
        ("todo", TaskState::Pending),
        ("doing", TaskState::Pending),
        ("done", TaskState::Done),
        ("cancelled", TaskState::Failed("cancelled: zone check failed".to_owned())),
        ("error", TaskState::Failed("error: zone check failed".to_owned())),
    ] {
        let body = format!(
            r#"{{"id":1,"status":"{status}","function":"DomainDnsUpdate","comment":"zone check failed"}}"#
        );
        assert_eq!(parse::<Task>("x", body.as_bytes()).unwrap().state("x").unwrap(), state);
    }
}

#[test]
fn each_documented_word_has_its_code() {
    for (status, word, code) in [
        (403, "INVALID_CREDENTIAL", "bad_credential"),
        (403, "NOT_CREDENTIAL", "bad_credential"),
        (403, "INVALID_KEY", "bad_credential"),
        (403, "INVALID_SIGNATURE", "bad_credential"),
        (403, "NOT_GRANTED_CALL", "bad_credential"),
        (400, "QUERY_TIME_OUT", refusal::SKEWED),
        (404, "", "not_in_account"),
        (429, "", "rate_limited"),
        (503, "", "unavailable"),
        (400, "INVALID_ARGUMENT", "refused"),
    ] {
        let body = format!(r#"{{"errorCode":"{word}","httpCode":"{status} X","message":"no"}}"#);
        assert_eq!(refusal::meaning("x", status, body.as_bytes()).code(), Some(code), "{status} {word}");
    }
    let rights = refusal::meaning("x", 403, br#"{"errorCode":"NOT_GRANTED_CALL"}"#);
    assert_eq!(rights.kind(), ErrorKind::PermissionDenied);
}

#[test]
fn a_key_tag_is_that_of_rfc_4034_section_5_4() {
    let content = "256 3 5 AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/ 2pHm822aJ5iI9BMzNXxeYCmZ DRD99WYwYqUSdjMmmAphXdvx egXd/M5+X7OrzKBaMbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc nOf+EPbtG9DMBmADjFDc2w/r ljwvFw==";
    let RecordData::Dnskey(key) = RecordData::parse(RecordType::Dnskey, content).unwrap() else {
        panic!("a key")
    };
    assert_eq!(key.key_tag(), 60485);
    assert_eq!(Dnskey { flags: 0, protocol: 0, algorithm: 0, public_key: Vec::new() }.key_tag(), 0);
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(status in 300u16..600, body in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(refusal::meaning("x", status, &body).code().is_some());
        drop(parse::<Task>("x", &body));
        drop(parse::<Vec<u64>>("x", &body));
    }
}
