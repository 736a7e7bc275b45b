//! What records mean: their snippets, what is refused, and what is decided.

use std::net::IpAddr;
use std::time::Duration;

use super::super::*;
use crate::{LuaRecord, RecordType, Version};

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn check() -> HealthCheck {
    HealthCheck::url("https://app.test/healthz".parse().unwrap(), CheckOptions::new()).unwrap()
}

pub(super) fn two_sets() -> AddressSets {
    AddressSets::by_priority([[ip("192.0.2.1")], [ip("192.0.2.2")]]).unwrap()
}

#[test]
fn the_functions_are_written_as_powerdns_documents_them() {
    let options = CheckOptions::new().timeout(Duration::from_secs(3)).unwrap().string_match("it's").unwrap();
    let check = HealthCheck::url("https://app.test/healthz".parse().unwrap(), options).unwrap();
    let lua = Lua::if_up(check, two_sets()).selector(Selector::All).backup_selector(Selector::All).build();
    assert_eq!(
        lua.unwrap().snippet(),
        "ifurlup('https://app.test/healthz',{{'192.0.2.1'},{'192.0.2.2'}},{selector='all',backupSelector='all',\
         timeout='3',minimumFailures='2',stringmatch='it'..string.char(39)..'s'})--[[catalyst:1]]"
    );
    let port = HealthCheck::port(443, CheckOptions::new().minimum_failures(1).unwrap()).unwrap();
    let lua = Lua::if_up(port, AddressSets::one([ip("2001:db8::1")]).unwrap()).build().unwrap();
    assert_eq!(
        lua.snippet(),
        "ifportup(443,{'2001:db8::1'},{selector='random',backupSelector='random',minimumFailures='1'})\
         --[[catalyst:1]]"
    );
    let weights = WeightedAddresses::new([(90, ip("192.0.2.1")), (10, ip("192.0.2.2"))]).unwrap();
    let lua = Lua::pick_weighted(weights, WeightedSelector::Hashed);
    assert_eq!(lua.snippet(), "pickwhashed({{90,'192.0.2.1'},{10,'192.0.2.2'}})--[[catalyst:1]]");
    let urls = AddressUrls::by_priority([[(ip("192.0.2.1"), "http://mon.test/1".parse().unwrap())]]).unwrap();
    let lua = Lua::if_ext_url_up(urls, CheckOptions::new()).build().unwrap();
    assert!(
        lua.snippet().starts_with("ifurlextup({{['192.0.2.1']='http://mon.test/1'}},{selector='random',")
    );
}

#[test]
fn addresses_are_of_one_family_and_of_hosts_and_stand_there_once() {
    let refused = |texts: &[&str]| AddressSets::one(texts.iter().map(|text| ip(text))).unwrap_err();
    for texts in [
        &[][..],
        &["192.0.2.1", "2001:db8::1"],
        &["192.0.2.1", "192.0.2.1"],
        &["0.0.0.0"],
        &["::"],
        &["::ffff:192.0.2.1"],
        &["255.255.255.255"],
        &["ff02::1"],
    ] {
        assert_eq!(refused(texts).code(), Some("invalid_lua"), "{texts:?}");
    }
    assert!(AddressSets::by_priority([vec![ip("192.0.2.1")], vec![]]).is_err(), "an empty set");
    let many = (0..65_u8).map(|last| IpAddr::from([192, 0, 2, last]));
    assert!(AddressSets::one(many.clone()).is_err(), "65 addresses");
    assert!(AddressSets::one(many.take(64)).is_ok());
    assert!(AddressSets::one(std::iter::repeat(ip("192.0.2.1"))).is_err(), "without end");
    assert!(WeightedAddresses::new([(0, ip("192.0.2.1"))]).is_err());
}

#[test]
fn what_powerdns_cannot_check_is_refused() {
    for url in [
        "ftp://app.test/",
        "https://[2001:db8::1]/",
        "https://user:pass@app.test/",
        "https://app.test/#x",
        "http://app.test:0/",
    ] {
        assert!(HealthCheck::url(url.parse().unwrap(), CheckOptions::new()).is_err(), "{url}");
    }
    let long = format!("https://app.test/{}", "x".repeat(1000)).parse().unwrap();
    assert!(HealthCheck::url(long, CheckOptions::new()).is_err());
    for text in ["", "a\nb", "a\0b", &"x".repeat(501)] {
        assert!(CheckOptions::new().user_agent(text).is_err(), "{text:?}");
        assert!(CheckOptions::new().string_match(text).is_err(), "{text:?}");
    }
    assert!(CheckOptions::new().header("X-Key: 1\r\nEvil", "1").is_err());
    assert!(CheckOptions::new().minimum_failures(0).is_err());
    assert!(HealthCheck::port(80, CheckOptions::new().string_match("ok").unwrap()).is_err());
    let other = check().with_options(CheckOptions::new().source(ip("2001:db8::1"))).unwrap();
    assert!(Lua::failover(other.clone(), two_sets(), Selector::All).is_err());
    assert!(Lua::if_up(other, two_sets()).build().is_err());
    assert!(Lua::failover(check(), two_sets(), Selector::Empty).is_err());
    assert!(Lua::pick_random(two_sets()).is_err(), "no order of preference");
    let many = (0..33_u8).map(|last| IpAddr::from([192, 0, 2, last]));
    assert!(Lua::failover(check(), AddressSets::one(many).unwrap(), Selector::All).is_err());
}

#[test]
fn a_record_of_somebody_else_is_not_ours() {
    let ours = Lua::failover(check(), two_sets(), Selector::All).unwrap();
    let snippet = ours.snippet();
    let read = |snippet: &str| Lua::read(&LuaRecord::from_snippet(RecordType::A, snippet).unwrap());
    assert_eq!(read(&snippet), Some(ours));
    for other in [
        snippet.replace("--[[catalyst:1]]", ""),
        snippet.replace("catalyst:1", "catalyst:2"),
        snippet.replace("192.0.2.2", "192.0.2.1"),
        snippet.replace("192.0.2.2", "192.0.2.02"),
        snippet.replace("minimumFailures", "minimumFailure"),
        snippet.replace("selector='all',", ""),
        snippet.replace("return", "os.exit() return"),
        snippet.replace("'all'", "'pickfirst'"),
    ] {
        assert_eq!(read(&other), None, "{other}");
    }
    let wrong_type = LuaRecord::from_snippet(RecordType::Aaaa, &snippet).unwrap();
    assert_eq!(Lua::read(&wrong_type), None, "addresses of IPv4 under AAAA");
}

#[test]
fn failover_answers_with_the_first_set_unless_only_another_one_is_up() {
    let lua = Lua::failover(check(), two_sets(), Selector::All).unwrap();
    let primary = vec![(ip("192.0.2.1"), 1)];
    let standby = vec![(ip("192.0.2.2"), 1)];
    for version in [Version(4, 7, 3), Version(5, 0, 3), Version(5, 1, 0)] {
        let decide = |first: Health, second: Health| {
            let state = |target: Target<'_>| if target.address() == ip("192.0.2.1") { first } else { second };
            lua.decide(version, state).unwrap()
        };
        assert_eq!(decide(Health::Unknown, Health::Unknown).candidates, primary);
        assert_eq!(decide(Health::Up, Health::Up).candidates, primary);
        assert_eq!(decide(Health::Down, Health::Down).candidates, primary);
        let failed_over = decide(Health::Down, Health::Up);
        assert_eq!((failed_over.candidates, failed_over.known_up), (standby.clone(), true));
    }
}

#[test]
fn priority_sets_of_ifurlup_answer_with_the_standby_too_when_nothing_is_known_before_5_1() {
    let lua = Lua::if_up(check(), two_sets()).selector(Selector::All).build().unwrap();
    let last_resort = |version| lua.decide(version, |_| Health::Unknown).unwrap().candidates.len();
    assert_eq!([last_resort(Version(4, 7, 3)), last_resort(Version(5, 0, 7))], [2, 2]);
    assert_eq!(last_resort(Version(5, 1, 0)), 1);
}

#[test]
fn a_weighted_address_that_is_down_leaves_its_share_to_the_others() {
    let weights = [(80, "192.0.2.1"), (15, "192.0.2.2"), (5, "192.0.2.3")];
    let weights = WeightedAddresses::new(weights.map(|(weight, text)| (weight, ip(text)))).unwrap();
    let lua = Lua::weighted(check(), weights, WeightedSelector::Hashed).unwrap();
    let decide = |down: &str| {
        let state = |target: Target<'_>| if target.address() == ip(down) { Health::Down } else { Health::Up };
        lua.decide(Version(4, 7, 3), state).unwrap()
    };
    assert_eq!(decide("192.0.2.2").candidates, [(ip("192.0.2.1"), 80), (ip("192.0.2.3"), 5)]);
    let nothing = lua.decide(Version(4, 7, 3), |_| Health::Down).unwrap();
    assert_eq!((nothing.candidates.len(), nothing.known_up), (3, false));
    assert_eq!(lua.targets().len(), 3);
}

#[test]
fn an_incomplete_check_fails_only_where_the_server_knows_the_option() {
    let options = CheckOptions::new().fail_on_incomplete_check();
    let lua = Lua::failover(check().with_options(options).unwrap(), two_sets(), Selector::All).unwrap();
    assert_eq!(lua.decide(Version(5, 0, 3), |_| Health::Unknown), None);
    assert!(lua.decide(Version(5, 0, 3), |_| Health::Down).is_some());
    assert!(lua.decide(Version(4, 7, 3), |_| Health::Unknown).is_some());
}
