//! What applications become: records that parse and do what the mode says.

mod modes;

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::lua::{CheckOptions, Health, HealthCheck, Lua, Target};
use crate::{Capabilities, RecordData, RecordSet, RecordType, Ttl, Version, ZoneName};

pub(super) fn capabilities(version: Version) -> Capabilities {
    Capabilities {
        version,
        lua_records: true,
        lua_record_updates: true,
        geoip: false,
        edns_client_subnet: false,
        dnssec: true,
        health_check_interval: 5,
        health_check_expire_delay: 3600,
        lua_insert_whitespace: true,
    }
}

const VERSIONS: [Version; 3] = [Version(4, 7, 3), Version(5, 0, 3), Version(5, 1, 0)];

fn any_version() -> impl Strategy<Value = Version> {
    prop::sample::select(VERSIONS.to_vec())
}

/// Regions with the same families, each with addresses of its own.
fn any_regions(count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<Region>> {
    let region = (1..=6_u8, 1..=6_u8, 1..=1000_u32);
    let families = prop::sample::select(vec![(true, false), (false, true), (true, true)]);
    (prop::collection::vec(region, count), families).prop_map(|(regions, (v4, v6))| {
        let region = |(index, (of_v4, of_v6, weight)): (usize, (u8, u8, u32))| {
            let number = u8::try_from(index).unwrap();
            let v4s = (0..of_v4).map(|last| IpAddr::from([198, 18, number, last])).filter(|_| v4);
            let v6s = (0..of_v6)
                .map(|last| IpAddr::from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number, last]));
            let addresses = v4s.chain(v6s.filter(|_| v6));
            Region::new(&format!("region-{number}"), addresses).unwrap().weight(weight).unwrap()
        };
        regions.into_iter().enumerate().map(region).collect()
    })
}

fn any_application() -> impl Strategy<Value = Application> {
    prop::sample::select(Placement::ALL.to_vec()).prop_flat_map(|placement| {
        (any_regions(placement.regions()), "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}").prop_map(
            move |(regions, host)| {
                Application::new(format!("{host}.example.test").parse().unwrap(), placement, regions).unwrap()
            },
        )
    })
}

/// The types of address that a set answers with.
fn kinds(set: &RecordSet) -> Vec<RecordType> {
    set.records()
        .iter()
        .map(|record| match record {
            RecordData::Lua(lua) => lua.kind(),
            other => other.kind(),
        })
        .collect()
}

proptest! {
    #[test]
    fn every_placement_becomes_records_of_its_name_that_parse(application in any_application()) {
        let zone: ZoneName = "example.test".parse().unwrap();
        let sets = application.record_sets().unwrap();
        prop_assert!(!sets.is_empty());
        let mut answered = Vec::new();
        for set in &sets {
            prop_assert!(zone.contains(set.name()));
            prop_assert_eq!(set.name(), application.name());
            let mut of_set = kinds(set);
            for record in set.records() {
                let kind = record.kind();
                if let RecordData::Lua(lua) = record {
                    let read = Lua::read(lua).expect("one of ours");
                    prop_assert_eq!(read.kind(), lua.kind());
                    let v4 = lua.kind() == RecordType::A;
                    prop_assert!(read.targets().iter().all(|target| target.address().is_ipv4() == v4));
                } else {
                    prop_assert_eq!(&RecordData::parse(kind, &record.to_string()).unwrap(), record);
                }
            }
            of_set.dedup();
            answered.extend(of_set);
        }
        answered.sort();
        prop_assert_eq!(answered, application.answers(), "each family once");
    }

    #[test]
    fn a_hot_standby_never_answers_while_the_primary_is_up_nor_blindly(
        regions in any_regions(2..=5), version in any_version(), state in any::<u64>(),
    ) {
        let primary: Vec<_> = regions[0].addresses().to_vec();
        let application = Application::new("app.example.test".parse().unwrap(), Placement::ActiveHotStandby, regions);
        for lua in application.unwrap().lua().unwrap() {
            let of_primary = |address: &IpAddr| primary.contains(address);
            let health = |known: &dyn Fn(IpAddr) -> Health| {
                let decision = lua.decide(version, |target: Target<'_>| known(target.address())).unwrap();
                decision.candidates.into_iter().map(|(address, _)| address).collect::<Vec<_>>()
            };
            let random = |address: IpAddr| {
                let bit = u64::from(address.to_string().bytes().map(u32::from).sum::<u32>()) % 64;
                if state >> bit & 1 == 1 { Health::Up } else { Health::Down }
            };
            let up = |address| if of_primary(&address) { Health::Up } else { random(address) };
            prop_assert!(health(&up).iter().all(of_primary));
            prop_assert!(health(&|_| Health::Unknown).iter().all(of_primary));
            prop_assert!(health(&|_| Health::Down).iter().all(of_primary));
            let down = |address| if of_primary(&address) { Health::Down } else { Health::Up };
            prop_assert!(!health(&down).iter().any(of_primary));
            let answer = health(&random);
            let some_up = lua.targets().iter().any(|target| random(target.address()) == Health::Up);
            prop_assert!(!some_up || answer.iter().all(|address| random(*address) == Health::Up));
        }
    }

    #[test]
    fn regions_get_the_shares_of_their_weights_however_many_addresses_they_have(regions in any_regions(2..=5)) {
        let total: u32 = regions.iter().map(Region::share).sum();
        let application =
            Application::new("app.example.test".parse().unwrap(), Placement::WeightedCanary, regions.clone());
        for lua in application.unwrap().lua().unwrap() {
            let all = lua.decide(Version(4, 7, 3), |_| Health::Up).unwrap().candidates;
            let sum: u32 = all.iter().map(|(_, weight)| weight).sum();
            for region in &regions {
                let own = all.iter().filter(|(address, _)| region.addresses().contains(address));
                let share = f64::from(own.map(|(_, weight)| weight).sum::<u32>()) / f64::from(sum);
                let wanted = f64::from(region.share()) / f64::from(total);
                prop_assert!((share - wanted).abs() < 0.005, "{} for {}", share, wanted);
            }
        }
    }

    #[test]
    fn estimates_grow_with_everything_that_a_failover_waits_for(
        interval in 1..3600_u64, failures in 1..1000_u32, timeout in 1..60_u64, ttl in 0..86_400_u32,
        server in 1..120_u32, version in any_version(), grown in 0..5_usize,
    ) {
        let estimate = |interval, failures, timeout, ttl, server| {
            let options = CheckOptions::new()
                .interval(Duration::from_secs(interval)).unwrap()
                .minimum_failures(failures).unwrap()
                .timeout(Duration::from_secs(timeout)).unwrap();
            let capabilities = Capabilities { health_check_interval: server, ..capabilities(version) };
            FailoverEstimate::new(options.effective(&capabilities), Ttl::from_secs(ttl).unwrap())
        };
        let less = estimate(interval, failures, timeout, ttl, server);
        let more = match grown {
            0 => estimate(interval + 1, failures, timeout, ttl, server),
            1 => estimate(interval, failures + 1, timeout, ttl, server),
            2 => estimate(interval, failures, timeout + 1, ttl, server),
            3 => estimate(interval, failures, timeout, ttl + 1, server),
            _ => estimate(interval, failures, timeout, ttl, server + 1),
        };
        // Multiples of a longer interval of the server may be nearer, so only the worst case grows with it.
        prop_assert!(grown == 4 || more.expected() >= less.expected());
        prop_assert!(grown == 4 && version >= Version(5, 1, 0) || more.at_most() >= less.at_most());
        prop_assert!(less.at_most() >= less.expected());
        prop_assert!(less.expected() >= less.detection());
    }
}
