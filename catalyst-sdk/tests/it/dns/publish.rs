//! What applications and operators would notice of publishing.

use std::time::Duration;

use catalyst_sdk::ErrorKind;
use catalyst_sdk::catalyst_dns::mock::{Fault, FaultRule};
use catalyst_sdk::catalyst_dns::placement::Placement;
use catalyst_sdk::catalyst_dns::{DnsZones, RecordType};
use catalyst_sdk::dns::DnsEventKind;

use super::platform::{Platform, SOVEREIGN, application, builder, zone};

#[tokio::test(start_paused = true)]
async fn the_first_run_writes_once_and_the_second_reads_once() {
    let platform = Platform::new();
    platform.servers.served.lock().unwrap().push([192, 0, 2, 1].into());
    let shop = application("shop", Placement::ActiveHotStandby);
    assert_eq!(shop.name().to_string(), "shop.acme-prod.omantel.omani.works");

    let first = platform.dns.publish(&shop).await.unwrap();
    assert!(first.is_served() && first.report.summary.create == 1, "{:?}", first.report);
    assert_eq!(first.report.writes, 1);
    let set = platform.model().record_set(shop.name(), RecordType::Lua).unwrap();
    assert_eq!(set.records(), first.publication.record_sets[0].records());

    let before = platform.model().requests();
    let second = platform.dns.publish(&shop.clone().zone(zone())).await.unwrap();
    assert_eq!(
        (second.report.outcome.name(), second.report.reads, second.report.writes),
        ("unchanged", 1, 0)
    );
    assert_eq!(platform.requests((before.reads, before.writes)), (1, 0), "as the server counts");
}

#[tokio::test(start_paused = true)]
async fn every_step_is_told_with_its_owner_and_its_content() {
    let platform = Platform::new();
    platform.servers.served.lock().unwrap().push([192, 0, 2, 1].into());
    let shop = application("shop", Placement::SingleRegion);
    platform.dns.publish(&shop).await.unwrap();
    assert_eq!(platform.steps(), ["written", "changed", "primed", "verified"]);
    let events = platform.events.lock().unwrap();
    assert!(events.iter().all(|event| event.owner == SOVEREIGN && event.name == *shop.name()));
    let told = format!("{:?}", events[1]);
    assert!(told.contains("shop.acme-prod.omantel.omani.works 300 A 192.0.2.1"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_shows_the_diff_and_the_failover_and_writes_nothing() {
    let platform = Platform::new();
    let shop = application("shop", Placement::ActiveHotStandby);
    let planned = platform.dns.plan(&shop).await.unwrap();
    let shown = planned.to_string();
    for expected in ["+ shop.acme-prod.omantel.omani.works 30 LUA", "failover in", "active-hotstandby"] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    assert_eq!((planned.zone, platform.model().requests().writes), (zone(), 0));
}

#[tokio::test(start_paused = true)]
async fn applications_of_one_sovereign_leave_each_other_alone() {
    let platform = Platform::new();
    let (shop, blog) =
        (application("shop", Placement::SingleRegion), application("blog", Placement::ActiveActive));
    platform.servers.served.lock().unwrap().push([192, 0, 2, 1].into());
    for one in [&shop, &blog, &shop] {
        platform.dns.publish(one).await.unwrap();
    }
    platform.dns.withdraw(&shop).await.unwrap();
    assert!(platform.model().record_set(shop.name(), RecordType::A).is_none());
    assert!(platform.model().record_set(blog.name(), RecordType::Lua).is_some());
    let again = platform.dns.withdraw(&shop).await.unwrap();
    assert_eq!(again.report.outcome.name(), "unchanged");
}

#[tokio::test(start_paused = true)]
async fn a_changed_placement_takes_the_old_records_along() {
    let platform = Platform::new();
    platform.servers.served.lock().unwrap().push([192, 0, 2, 1].into());
    let single = application("shop", Placement::SingleRegion);
    platform.dns.publish(&single).await.unwrap();
    let standby = application("shop", Placement::ActiveHotStandby);
    let published = platform.dns.publish(&standby).await.unwrap();
    assert_eq!(published.report.writes, 1, "in one request");
    assert!(platform.model().record_set(single.name(), RecordType::A).is_none());
    assert!(platform.model().record_set(single.name(), RecordType::Lua).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_name_at_which_somebody_else_has_a_record_is_refused_and_left_alone() {
    let platform = Platform::new();
    let shop = application("shop", Placement::ActiveHotStandby);
    platform.model().set_records(shop.name(), RecordType::A, 300, &["203.0.113.9"]);
    let error = platform.dns.publish(&shop).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert!(error.to_string().contains("shop.acme-prod"), "{error}");
    assert_eq!(platform.model().requests().writes, 0);
    assert_eq!(platform.steps().last(), Some(&"failed"));

    // The same name, published by another Sovereign.
    let (mock, blog) = (&platform.mock, application("blog", Placement::SingleRegion));
    builder(mock, "other.omani.works").build().publish(&blog).await.unwrap();
    let error = platform.dns.publish(&blog).await.unwrap_err();
    assert!(error.to_string().contains("other.omani.works"), "{error}");
    assert!(platform.dns.withdraw(&blog).await.is_ok(), "what is not ours is not taken away");
    assert!(platform.model().record_set(blog.name(), RecordType::A).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_name_in_no_zone_of_the_server_says_so() {
    let platform = Platform::new();
    platform.mock.delete_zone(&zone()).await.unwrap();
    let error = platform.dns.publish(&application("shop", Placement::SingleRegion)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("zone_not_served")));
}

#[tokio::test(start_paused = true)]
async fn servers_that_never_serve_it_are_named_and_are_no_error() {
    let platform = Platform::new();
    let shop = application("shop", Placement::SingleRegion);
    let start = tokio::time::Instant::now();
    let published = platform.dns.publish(&shop).await.unwrap();
    assert!(!published.is_served());
    assert!(published.verification[0].to_string().contains("192.0.2.53"), "{}", published.verification[0]);
    let waited = start.elapsed();
    assert!((Duration::from_secs(50)..=Duration::from_secs(60)).contains(&waited), "{waited:?}");
    let last = platform.events.lock().unwrap().last().cloned().unwrap();
    assert!(matches!(last.kind, DnsEventKind::Verified { agree: 0, others: 1 }), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_leaves_the_zone_as_it_was_and_the_next_run_makes_it() {
    let platform = Platform::new();
    platform.servers.served.lock().unwrap().push([192, 0, 2, 1].into());
    let shop = application("shop", Placement::SingleRegion);
    platform.model().faults().inject(FaultRule::new(Fault::Drop).writes());
    let before = platform.model().record_sets(&zone());
    platform.dns.publish(&shop).await.unwrap_err();
    assert_eq!(platform.model().record_sets(&zone()), before);
    // It is made, and nobody hears of it: the next run finds it.
    platform.model().faults().inject(FaultRule::new(Fault::DropAnswer).writes());
    let error = platform.dns.publish(&shop).await.unwrap_err();
    assert!(error.outcome_unknown(), "{error:?}");
    let published = platform.dns.publish(&shop).await.unwrap();
    assert_eq!((published.report.outcome.name(), published.report.writes), ("unchanged", 0));
}
