//! A server that refuses, is away, or stands still.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{ErrorKind, RetryConfig, Secret};
use catalyst_dns::placement::{Placement, Region};
use catalyst_dns::plan::{Applier, Desired, Outcome, Owner};
use catalyst_dns::{DnsZones as _, PowerDns, RecordType, ZoneName};
use catalyst_sdk::dns::{Dns, DnsApplication};
use catalyst_tests::servers::{Lifetime, PowerDnsBackend, PowerDnsServer};
use tokio::time::Instant;

use super::stage::{Stage, Tap, ask, builder, code, make_zone, set};

const LIMIT: Duration = Duration::from_millis(500);

fn desired(zone: &ZoneName, address: &str) -> Desired {
    let www = set(&zone.child("www").unwrap(), RecordType::A, &[address]);
    Desired::builder(Owner::new("sovereign.test").unwrap()).set(zone, www).build().unwrap()
}

fn hasty(server: &PowerDnsServer, tries: u32) -> PowerDns {
    builder(server).timeout(LIMIT).retry(RetryConfig::new(tries, 4 * LIMIT)).build().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_wrong_key_is_told_after_one_request_and_never_shown() {
    let stage = Stage::open("key").await;
    let tap = Tap::on(stage.server).await;
    let wrong = tap.builder(stage.server).api_key(Secret::new("canary-wrong-key")).build().unwrap();
    let error = wrong.zones().await.unwrap_err();
    assert_eq!((error.kind(), code(&error)), (ErrorKind::Unauthenticated, "bad_api_key"), "{error:?}");
    assert_eq!(tap.take().requests, 1);
    assert!(!format!("{error} {error:?} {wrong:?}").contains("canary"));

    let report = Applier::default().apply(&wrong, &desired(&stage.zone, "192.0.2.1")).await;
    assert_eq!((code(&report.check().unwrap_err()), tap.take().requests), ("bad_api_key", 1), "{report}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_server_that_is_away_fails_the_plan_in_time_and_the_same_apply_works_when_it_is_back() {
    let mut server = PowerDnsServer::start(PowerDnsBackend::Sqlite).await.unwrap();
    let client = hasty(&server, 3);
    let zone = make_zone(&client, "away").await;
    let wanted = desired(&zone, "192.0.2.1");
    server.stop().await.unwrap();

    let begun = Instant::now();
    let plan = Applier::default().plan(&client, &wanted).await;
    assert!(begun.elapsed() < 5 * LIMIT, "{:?}", begun.elapsed());
    let (of, error) = &plan.failures()[0];
    assert_eq!((of, error.kind(), error.outcome_unknown()), (&zone, ErrorKind::Connect, false), "{error:?}");
    assert!(plan.to_string().contains(zone.as_str().trim_end_matches('.')), "{plan}");
    assert_eq!(plan.check().unwrap_err().kind(), ErrorKind::Connect);
    let report = Applier::default().apply(&client, &wanted).await;
    assert_eq!(report.check().unwrap_err().kind(), ErrorKind::Connect, "{report}");

    server.restart().await.unwrap();
    let report = Applier::default().apply(&client, &wanted).await;
    report.check().unwrap();
    let www = zone.child("www").unwrap();
    assert_eq!(ask(server.dns_address(), &www, RecordType::A).await, ["192.0.2.1"]);
    let again = Applier::default().apply(&client, &wanted).await;
    assert!(matches!(again.zones()[0].outcome, Outcome::Unchanged), "{again}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_server_that_stands_still_leaves_a_doubt_that_the_next_apply_ends() {
    let mut server = PowerDnsServer::start(PowerDnsBackend::Sqlite).await.unwrap();
    let client = hasty(&server, 1);
    let zone = make_zone(&client, "frozen").await;
    let wanted = desired(&zone, "192.0.2.1");
    let plan = Applier::default().plan(&client, &wanted).await;
    let changes = plan.change_set(&zone).unwrap();
    server.freeze().await.unwrap();

    let begun = Instant::now();
    let error = client.apply(&zone, &changes).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Timeout, true), "{error:?}");
    let error = client.record_sets(&zone).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Timeout, false), "{error:?}");
    assert!(begun.elapsed() < 6 * LIMIT, "{:?}", begun.elapsed());

    // The write that nobody waits for any more is perhaps made now.
    server.thaw().unwrap();
    Applier::default().apply(&client, &wanted).await.check().unwrap();
    let www = zone.child("www").unwrap();
    assert_eq!(ask(server.dns_address(), &www, RecordType::A).await, ["192.0.2.1"]);
    let again = Applier::default().apply(&client, &wanted).await;
    assert!(matches!(again.zones()[0].outcome, Outcome::Unchanged), "{again}");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn where_lua_is_off_a_placement_is_refused_with_the_setting_and_nothing_is_written() {
    let settings = [("enable-lua-records", "no")];
    let server =
        PowerDnsServer::start_with(PowerDnsBackend::Sqlite, &settings, Lifetime::Ours).await.unwrap();
    let client = Arc::new(builder(&server).build().unwrap());
    let zone = make_zone(&client, "plain").await;
    let before = client.zone(&zone).await.unwrap().serial;
    let dns = Dns::builder(Arc::clone(&client) as _, Owner::new("sovereign.test").unwrap())
        .name_servers([server.dns_address()])
        .build();
    let regions = || {
        [[192, 0, 2, 1], [192, 0, 2, 2]]
            .map(|address| Region::new(&format!("r{}", address[3]), [address.into()]).unwrap())
    };
    let shop = |placement, regions: Vec<Region>| {
        DnsApplication::new("shop", "prod", zone.apex(), placement, regions).unwrap()
    };
    let standby = shop(Placement::ActiveHotStandby, regions().to_vec());
    for error in [dns.plan(&standby).await.map(drop), dns.publish(&standby).await.map(drop)] {
        let error = error.unwrap_err();
        assert_eq!((error.kind(), code(&error)), (ErrorKind::Config, "lua_records_off"), "{error:?}");
        assert!(error.help().is_some_and(|help| help.contains("enable-lua-records")), "{error:?}");
    }
    assert_eq!(client.zone(&zone).await.unwrap().serial, before);
    assert_eq!(client.record_sets(&zone).await.unwrap().len(), 2);

    // One region needs no LUA.
    let single = shop(Placement::SingleRegion, regions()[..1].to_vec());
    assert!(dns.publish(&single).await.unwrap().is_served());
}
