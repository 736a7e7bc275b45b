//! The modes one by one.

use super::*;
use crate::ErrorKind;
use crate::lua::LuaWarning;

fn region(name: &str, addresses: &[&str]) -> Region {
    Region::new(name, addresses.iter().map(|text| text.parse().unwrap())).unwrap()
}

fn two() -> [Region; 2] {
    [region("fsn1", &["192.0.2.1", "2001:db8::1"]), region("hel1", &["198.51.100.1", "2001:db8:1::1"])]
}

fn application(placement: Placement) -> Application {
    Application::new("shop.prod.example.test".parse().unwrap(), placement, two()).unwrap()
}

#[test]
fn modes_are_read_and_written_as_the_platform_does() {
    for mode in Placement::ALL {
        assert_eq!(mode.to_string().parse::<Placement>().unwrap(), mode);
    }
    let error = "active-hot-standby".parse::<Placement>().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, Some("invalid_placement")));
    assert!(error.help().unwrap().contains("active-hotstandby"), "it lists what there is");
}

#[test]
fn a_single_region_has_plain_records_for_each_family() {
    let [first, second] = two();
    let name = || "shop.example.test".parse().unwrap();
    let single = Application::new(name(), Placement::SingleRegion, [first.clone()]).unwrap();
    let sets: Vec<_> = single.record_sets().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(sets, ["shop.example.test 300 A 192.0.2.1", "shop.example.test 300 AAAA 2001:db8::1"]);
    let publication = single.publication(&capabilities(Version(4, 7, 3))).unwrap();
    assert_eq!((publication.failover, publication.warnings), (None, vec![]));
    assert!(Application::new(name(), Placement::SingleRegion, [first, second]).is_err());
}

#[test]
fn a_hot_standby_is_priority_sets_and_never_a_selector_that_powerdns_does_not_have() {
    let hot = application(Placement::ActiveHotStandby);
    let sets = hot.record_sets().unwrap();
    assert_eq!(sets.len(), 1);
    assert_eq!((sets[0].kind(), sets[0].ttl().as_secs()), (RecordType::Lua, 30));
    let content: Vec<_> = sets[0].records().iter().map(ToString::to_string).collect();
    assert!(content[0].starts_with("A ") && content[1].starts_with("AAAA "));
    let snippet = hot.lua().unwrap()[0].record().unwrap().snippet().to_owned();
    assert!(snippet.contains("{{'192.0.2.1'},{'198.51.100.1'}}"), "{snippet}");
    assert!(snippet.contains("'https://shop.prod.example.test/healthz'"), "{snippet}");
    assert!(!snippet.contains("pickfirst"), "{snippet}");
}

#[test]
fn a_warm_standby_waits_for_more_failures_and_not_for_a_longer_ttl() {
    let warm = application(Placement::ActivePassiveWarm);
    assert_eq!(warm.record_sets().unwrap()[0].ttl().as_secs(), 30);
    let five = warm.publication(&capabilities(Version(5, 0, 3))).unwrap();
    assert_eq!(five.failover.unwrap().expected().as_secs(), 30 * 5 + 2 + 30);
    assert!(five.warnings.is_empty());
    // 4.7 has neither option: the standby is woken after one failure, and that is said.
    let four = warm.publication(&capabilities(Version(4, 7, 3))).unwrap();
    assert_eq!(four.failover.unwrap().expected().as_secs(), 5 + 2 + 30);
    assert!(matches!(
        four.warnings[..],
        [LuaWarning::OptionIgnored { .. }, LuaWarning::OptionIgnored { .. }]
    ));
}

#[test]
fn the_nearest_region_needs_a_server_that_knows_where_clients_are() {
    let near =
        application(Placement::ActiveActiveNearest).publication(&capabilities(Version(5, 0, 3))).unwrap();
    assert_eq!(near.warnings, [LuaWarning::NoGeoDatabase, LuaWarning::NoClientSubnet]);
    let all = application(Placement::ActiveActive);
    assert!(all.publication(&capabilities(Version(5, 0, 3))).unwrap().warnings.is_empty());
    let decision = all.lua().unwrap()[0].decide(Version(4, 7, 3), |_| Health::Up).unwrap();
    assert_eq!(decision.candidates.len(), 2);
}

#[test]
fn an_estimate_is_shown_with_what_it_comes_of() {
    let hot = application(Placement::ActiveHotStandby).publication(&capabilities(Version(5, 0, 3))).unwrap();
    let shown = hot.to_string();
    assert!(shown.contains("all clients go to fsn1 while it is up, then to hel1"), "{shown}");
    assert!(shown.contains("when nothing is known to be up: fsn1"), "{shown}");
    assert!(
        shown.contains(
            "down after 2 failed checks, one every 5 s with a timeout of 2 s; clients keep the answer 30 s: \
             failover in 42 s, in the worst case in 56 s"
        ),
        "{shown}"
    );
}

#[test]
fn what_a_mode_does_not_hold_is_refused() {
    let name = || "shop.example.test".parse().unwrap();
    let hot = Placement::ActiveHotStandby;
    let code = |regions: Vec<Region>| Application::new(name(), hot, regions).unwrap_err().code();
    let [first, second] = two();
    assert_eq!(code(vec![]), Some("invalid_placement"));
    assert_eq!(code(vec![first.clone()]), Some("invalid_placement"), "one region has no standby");
    assert_eq!(code(vec![first.clone(), first.clone()]), Some("invalid_placement"));
    assert_eq!(
        code(vec![first.clone(), region("hel1", &["192.0.2.1", "2001:db8:1::1"])]),
        Some("invalid_placement")
    );
    let six = (0..6).map(|last| region(&format!("r{last}"), &[&format!("192.0.2.{last}")])).collect();
    assert_eq!(code(six), Some("invalid_placement"));
    let lame = Application::new(name(), hot, [first.clone(), region("hel1", &["198.51.100.1"])]).unwrap_err();
    assert!(lame.help().unwrap().contains("hel1 has none"), "{lame}");
    let two = Application::new(name(), hot, [first, second]).unwrap();
    assert!(two.clone().within(1..=2).is_ok());
    assert!(two.clone().within(3..=5).is_err());
    assert!(two.clone().within(0..=5).is_err());
    assert!(two.within(1..=6).is_err());
    assert!(Region::new("", ["192.0.2.1".parse().unwrap()]).is_err());
    assert!(Region::new("fsn1", []).is_err());
    assert!(region("fsn1", &["192.0.2.1"]).weight(0).is_err());
}

#[test]
fn a_wildcard_is_checked_at_a_host_that_is_named() {
    let wild = Application::new("*.example.test".parse().unwrap(), Placement::ActiveActive, two()).unwrap();
    assert_eq!(wild.record_sets().unwrap_err().code(), Some("invalid_placement"));
    let url = "https://probe.example.test/healthz".parse().unwrap();
    let wild = wild.health_check(HealthCheck::url(url, CheckOptions::new()).unwrap());
    let publication = wild.publication(&capabilities(Version(5, 0, 3))).unwrap();
    assert_eq!(publication.warnings, [LuaWarning::WildcardOwner]);
}

#[test]
fn another_path_and_another_check_are_taken() {
    let hot = application(Placement::ActiveHotStandby).health_path("/ready?deep=1").unwrap();
    let snippet = hot.lua().unwrap()[0].record().unwrap().snippet().to_owned();
    assert!(snippet.contains("'https://shop.prod.example.test/ready?deep=1'"), "{snippet}");
    assert!(application(Placement::ActiveActive).health_path("ready").is_err());
    let elsewhere = application(Placement::ActiveActive).health_path("@evil.test/");
    assert!(elsewhere.is_err(), "a path cannot become another host");
    let port = HealthCheck::port(5432, CheckOptions::new()).unwrap();
    let snippet =
        application(Placement::WeightedCanary).health_check(port).lua().unwrap()[0].record().unwrap();
    assert!(snippet.snippet().contains("ifportup"));
}
