use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;

use super::super::health::{Check, Health, Probe, State};
use super::{Asked, Fault, answer};
use crate::{LuaRecord, RecordType, Version};

/// What is up, by address; and what was asked for.
#[derive(Default)]
struct Known {
    up: Vec<&'static str>,
    unknown: bool,
    asked: RefCell<Vec<Check>>,
}

impl Health for Known {
    fn state(&self, check: Check) -> State {
        let up = self.up.iter().any(|up| *up == check.address.to_string());
        self.asked.borrow_mut().push(check);
        match (self.unknown, up) {
            (true, _) => State::Unknown,
            (false, true) => State::Up(1),
            (false, false) => State::Down,
        }
    }
}

fn run(kind: RecordType, snippet: &str, health: &Known, version: Version) -> Result<Vec<String>, Fault> {
    let record = LuaRecord::from_snippet(kind, snippet).unwrap();
    let asked = Asked { client: IpAddr::from([192, 0, 2, 53]), version, health };
    answer(&record, &asked).map(|found| found.iter().map(ToString::to_string).collect())
}

fn addresses(snippet: &str, health: &Known) -> Result<Vec<String>, Fault> {
    run(RecordType::A, snippet, health, Version(4, 7, 3))
}

fn several(snippet: &str, health: &Known) -> BTreeSet<String> {
    (0..200).flat_map(|_| addresses(snippet, health).unwrap()).collect()
}

#[test]
fn expressions_have_the_values_that_powerdns_gave_them() {
    let cases = [
        ("'it'", Some("\"it\"")),
        (";return 'x'", Some("\"x\"")),
        ("'x' -- the end", Some("\"x\"")),
        ("'x' --[[ a note ]]", Some("\"x\"")),
        ("1 .. 'x'", Some("\"1x\"")),
        ("5", Some("\"5\"")),
        ("#'abc'", Some("\"3\"")),
        ("'it\\'s'", Some("\"it's\"")),
        ("string.char(39)..'x'", Some("\"'x\"")),
        ("[[long]]", Some("\"long\"")),
        ("1 < 2 and 'yes' or 'no'", Some("\"yes\"")),
        (";local a,b={1,{x='y'}},2 if not a[3] then return a[2].x..b end", Some("\"y2\"")),
        (";if nil then return 'a' elseif #{1,2}==2 then return 'b' else return 'c' end", Some("\"b\"")),
        ("nil", None),
        ("true", None),
        ("nosuch()", None),
        (";x=1 return 'x'", None),
        (";while true do end", None),
    ];
    for (snippet, wanted) in cases {
        let found = run(RecordType::Txt, snippet, &Known::default(), Version(4, 7, 3)).ok();
        assert_eq!(found, wanted.map(|wanted| vec![wanted.to_owned()]), "{snippet}");
    }
}

#[test]
fn the_first_set_with_an_address_that_is_up_answers() {
    let snippet = "ifurlup('http://x/',{{'127.0.0.1','127.0.0.2'},{'127.0.0.3'}},{selector='all'})";
    let up = |up: &[&'static str]| Known { up: up.to_vec(), ..Known::default() };
    assert_eq!(addresses(snippet, &up(&["127.0.0.2", "127.0.0.3"])).unwrap(), ["127.0.0.2"]);
    assert_eq!(addresses(snippet, &up(&["127.0.0.3"])).unwrap(), ["127.0.0.3"]);
    let first = up(&["127.0.0.1"]);
    addresses(snippet, &first).unwrap();
    assert_eq!(first.asked.borrow().len(), 2, "the standby is not looked at while the first set is up");
}

#[test]
fn when_nothing_is_up_the_backup_selector_picks_from_all_sets_before_5_1() {
    let snippet = "ifurlup('http://x/',{{'127.0.0.1'},{'127.0.0.3'}},{selector='all',backupSelector='all'})";
    for unknown in [true, false] {
        let down = Known { unknown, ..Known::default() };
        assert_eq!(run(RecordType::A, snippet, &down, Version(4, 7, 3)).unwrap().len(), 2);
        assert_eq!(run(RecordType::A, snippet, &down, Version(5, 0, 3)).unwrap().len(), 2);
        assert_eq!(run(RecordType::A, snippet, &down, Version(5, 1, 0)).unwrap(), ["127.0.0.1"]);
    }
}

#[test]
fn a_selector_that_is_none_picks_at_random() {
    let up = Known { up: vec!["127.0.0.1", "127.0.0.2"], ..Known::default() };
    let snippet = "ifportup(80,{'127.0.0.1','127.0.0.2'},{selector='pickfirst'})";
    assert_eq!(several(snippet, &up).len(), 2);
    assert_eq!(addresses(snippet, &up).unwrap().len(), 1);
    assert_eq!(several(&snippet.replace("pickfirst", "hashed"), &up).len(), 1);
    // Without a database of places all are equally close.
    assert_eq!(several(&snippet.replace("pickfirst", "pickclosest"), &up).len(), 2);
}

#[test]
fn weights_are_shares() {
    let none = Known::default();
    let snippet = "pickwrandom({{80,'127.0.0.1'},{20,'127.0.0.2'}})";
    let first = (0..2000).filter(|_| addresses(snippet, &none).unwrap() == ["127.0.0.1"]).count();
    assert!((1450..1750).contains(&first), "{first} of 2000");
    assert_eq!(several(&snippet.replace("random", "hashed"), &none).len(), 1);
    assert_eq!(several("pickrandom({'127.0.0.1','127.0.0.2'})", &none).len(), 2);
    assert!(addresses("pickwrandom({{0,'127.0.0.1'}})", &none).is_err());
    assert!(addresses("pickrandom({})", &none).is_err());
}

#[test]
fn each_address_has_its_own_url() {
    let up = Known { up: vec!["192.0.2.2"], ..Known::default() };
    let snippet =
        "ifurlextup({{['192.0.2.1']='http://a/',['192.0.2.2']='http://b/'}},{selector='all',timeout='3'})";
    assert_eq!(addresses(snippet, &up).unwrap(), ["192.0.2.2"]);
    let asked = up.asked.borrow();
    assert_eq!(asked[1].probe, Probe::ExternalUrl("http://b/".to_owned()));
    assert_eq!(
        asked[1].options,
        [("timeout".to_owned(), "3".to_owned())],
        "selectors are no part of a check"
    );
}

#[test]
fn functions_and_forms_of_later_versions_fail_before() {
    let up = Known { up: vec!["127.0.0.1"], ..Known::default() };
    let cases = [
        ("ifportup(80,{{'127.0.0.1'},{'127.0.0.2'}})", Version(4, 8, 0)),
        ("pickselfweighted('http://x/',{'127.0.0.1'},{})", Version(5, 0, 0)),
    ];
    for (snippet, since) in cases {
        assert!(run(RecordType::A, snippet, &up, Version(4, 7, 3)).is_err(), "{snippet}");
        assert_eq!(run(RecordType::A, snippet, &up, since).unwrap(), ["127.0.0.1"], "{snippet}");
    }
    let unknown = Known { unknown: true, ..Known::default() };
    let incomplete = "ifportup(80,{'127.0.0.1'},{failOnIncompleteCheck='true'})";
    assert!(run(RecordType::A, incomplete, &unknown, Version(5, 0, 0)).is_err());
    assert!(run(RecordType::A, incomplete, &unknown, Version(4, 7, 3)).is_ok());
}

#[test]
fn a_snippet_stops_in_the_end() {
    let loops = ";local t={} for _,a in ipairs({1,2,3,4,5,6,7,8}) do for _,b in ipairs({1,2,3,4,5,6,7,8}) do \
                 for _,c in ipairs({1,2,3,4,5,6,7,8}) do t[#t+1]=c end end end return t";
    assert_eq!(addresses(loops, &Known::default()), Err("the snippet runs too long"));
    let deep = format!("{}1{}", "(".repeat(2000), ")".repeat(2000));
    assert!(addresses(&deep, &Known::default()).is_err());
    assert!(addresses(&format!("{}1", "not ".repeat(2000)), &Known::default()).is_err());
}

proptest! {
    #[test]
    fn no_snippet_breaks_the_interpreter(tokens in prop::collection::vec(
        "local|for|in|do|end|if|then|return|[a-z]|ipairs|all|pickrandom|ifportup|[0-9]{1,3}|'[a-z0-9.]{0,9}'|[{}()\\[\\],;=#.<>+*/-]|\\.\\.",
        1..60,
    )) {
        if let Ok(record) = LuaRecord::from_snippet(RecordType::A, &tokens.join(" ")) {
            let health = Known::default();
            let asked = Asked { client: IpAddr::from([192, 0, 2, 53]), version: Version(5, 1, 0), health: &health };
            if let Ok(found) = answer(&record, &asked) {
                prop_assert!(found.iter().all(|data| data.kind() == RecordType::A));
            }
        }
    }
}
