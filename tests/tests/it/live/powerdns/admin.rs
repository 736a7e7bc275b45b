//! What the API has besides records.

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};
use catalyst_dns::powerdns::{SearchHit, TsigAlgorithm, ZoneUpdate};
use catalyst_dns::{
    DnsZones, MetadataKind, RecordType, SoaEditApi, Version, ZoneKind, ZoneSecurity, ZoneSpec,
};
use catalyst_tests::servers::{PowerDnsServer, poll};

use super::stage::{Stage, code, set};

fn kind(word: &str) -> MetadataKind {
    word.parse().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn tsig_keys_are_made_read_changed_bound_to_a_zone_and_removed() {
    let stage = Stage::open("tsig").await;
    let client = &stage.client;
    let secret = Secret::new("MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=");
    let (given, made) = (stage.at("given"), stage.at("made"));
    client.create_tsig_key(&given, TsigAlgorithm::HmacSha256, Some(&secret)).await.unwrap();
    let fresh = client.create_tsig_key(&made, TsigAlgorithm::HmacSha512, None).await.unwrap();
    assert!(fresh.secret.as_ref().is_some_and(|secret| secret.expose().len() >= 64), "the server makes one");
    let again = client.create_tsig_key(&given, TsigAlgorithm::HmacSha256, None).await.unwrap_err();
    assert_eq!((again.kind(), code(&again)), (ErrorKind::Conflict, "key_exists"));

    let read = client.tsig_key(&given).await.unwrap();
    assert_eq!((read.algorithm, read.secret.as_ref()), (Some(TsigAlgorithm::HmacSha256), Some(&secret)));
    let listed = client.tsig_keys().await.unwrap();
    let listed = listed.iter().find(|key| key.name == made).unwrap();
    assert_eq!((listed.algorithm, &listed.secret), (Some(TsigAlgorithm::HmacSha512), &None));
    let other = Secret::new("YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=");
    client.set_tsig_secret(&given, &other).await.unwrap();
    assert_eq!(client.tsig_key(&given).await.unwrap().secret.as_ref(), Some(&other));

    client.update_zone(&stage.zone, &ZoneUpdate::new().primary_tsig_keys([given.clone()])).await.unwrap();
    let metadata = client.metadata(&stage.zone).await.unwrap();
    assert_eq!(metadata[&kind("TSIG-ALLOW-AXFR")], [given.as_str()]);
    let unknown = ZoneUpdate::new().primary_tsig_keys([stage.at("nobody")]);
    assert_eq!(code(&client.update_zone(&stage.zone, &unknown).await.unwrap_err()), "key_not_found");

    for name in [&given, &made, &given] {
        client.remove_tsig_key(name).await.unwrap();
    }
    assert_eq!(code(&client.tsig_key(&given).await.unwrap_err()), "key_not_found");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn metadata_is_set_replaced_and_removed_and_kinds_that_are_not_for_it_are_told() {
    let stage = Stage::open("metadata").await;
    let client = &stage.client;
    let (allow, own) = (kind("ALLOW-AXFR-FROM"), kind("x-owner"));
    for values in [["192.0.2.1".to_owned(), "192.0.2.2".to_owned()].as_slice(), &["AUTO-NS".to_owned()]] {
        client.set_metadata(&stage.zone, &allow, values).await.unwrap();
        assert_eq!(client.metadata(&stage.zone).await.unwrap()[&allow], values);
    }
    client.set_metadata(&stage.zone, &own, &["sovereign.test".to_owned()]).await.unwrap();
    for _ in 0..2 {
        client.remove_metadata(&stage.zone, &allow).await.unwrap();
        let left = client.metadata(&stage.zone).await.unwrap();
        assert!(!left.contains_key(&allow) && left[&own] == ["sovereign.test"]);
    }
    for word in ["TSIG-ALLOW-AXFR", "OWNER"] {
        let error = client.set_metadata(&stage.zone, &kind(word), &["a.".to_owned()]).await.unwrap_err();
        assert_eq!(code(&error), "unsupported_metadata", "{word}");
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_zone_is_exported_rectified_searched_and_its_secondaries_are_notified() {
    let stage = Stage::open("zone").await;
    let client = &stage.client;
    stage.write([set(&stage.at("needle-in-it"), RecordType::A, &["192.0.2.77"])]).await;
    let file = client.export(&stage.zone).await.unwrap();
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = format!("{} 60 IN A 192.0.2.77", stage.at("needle-in-it").as_str());
    assert!(file.lines().any(|found| line(found) == expected), "{file}");

    let hits = client.search(&format!("needle-in-it.{}", stage.zone), 10).await.unwrap();
    let hit = |hit: &SearchHit| match hit {
        SearchHit::Record { zone, name, kind, content, disabled: false } => {
            zone.as_ref() == Some(&stage.zone)
                && *name == stage.at("needle-in-it")
                && (*kind, content.as_str()) == (RecordType::A, "192.0.2.77")
        }
        _ => false,
    };
    assert!(hits.len() == 1 && hits.iter().all(hit), "{hits:?}");
    let zones = client.search(&format!("{}*", stage.zone), 10).await.unwrap();
    assert!(zones.contains(&SearchHit::Zone(stage.zone.clone())), "{zones:?}");

    // Not signed yet, signed with changes of the order, and again.
    client.rectify(&stage.zone).await.unwrap();
    client.set_dnssec(&stage.zone, true).await.unwrap();
    client.update_zone(&stage.zone, &ZoneUpdate::new().api_rectify(false)).await.unwrap();
    stage.write([set(&stage.at("deep.er"), RecordType::A, &["192.0.2.1"])]).await;
    client.rectify(&stage.zone).await.unwrap();

    client.update_zone(&stage.zone, &ZoneUpdate::new().kind(ZoneKind::Primary)).await.unwrap();
    client.notify(&stage.zone).await.unwrap();
    assert_eq!(code(&client.retrieve(&stage.zone).await.unwrap_err()), "not_a_secondary");
    let updated = client.zone(&stage.zone).await.unwrap();
    assert_eq!((updated.kind, updated.api_rectify, updated.dnssec), (ZoneKind::Primary, false, true));
    client
        .update_zone(&stage.zone, &ZoneUpdate::new().account("catalyst").soa_edit_api(SoaEditApi::Epoch))
        .await
        .unwrap();
    let updated = client.zone(&stage.zone).await.unwrap();
    assert_eq!((updated.account.as_str(), updated.soa_edit_api), ("catalyst", Some(SoaEditApi::Epoch)));
    for operation in ["export", "rectify", "notify"] {
        let gone = "gone.test".parse().unwrap();
        let error = match operation {
            "export" => client.export(&gone).await.map(drop),
            "rectify" => client.rectify(&gone).await,
            _ => client.notify(&gone).await,
        };
        assert_eq!(code(&error.unwrap_err()), "zone_not_found", "{operation}");
    }
}

/// A second server, which the first one tells of a change.
#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_secondary_retrieves_the_zone_from_its_primary() {
    let stage = Stage::open("primary").await;
    stage.client.update_zone(&stage.zone, &ZoneUpdate::new().kind(ZoneKind::Primary)).await.unwrap();
    stage.write([set(&stage.at("www"), RecordType::A, &["192.0.2.1"])]).await;
    let second = PowerDnsServer::start(catalyst_tests::servers::PowerDnsBackend::Lmdb).await.unwrap();
    let client = super::stage::builder(&second).build().unwrap();
    let spec = ZoneSpec::new(stage.zone.clone(), []).kind(ZoneKind::Secondary);
    client.create_zone(&spec.primaries([stage.server.dns_address()])).await.unwrap();
    client.retrieve(&stage.zone).await.unwrap();
    poll::until("the zone to be transferred", Duration::from_secs(10), async || {
        let sets = client.record_sets(&stage.zone).await?;
        Ok(sets.iter().any(|set| *set.name() == stage.at("www")).then_some(()))
    })
    .await
    .unwrap();
    let (here, there) = (stage.client.zone(&stage.zone).await, client.zone(&stage.zone).await);
    assert_eq!(here.unwrap().serial, there.unwrap().serial);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_server_tells_what_it_is_can_and_did_and_no_secret() {
    let stage = Stage::open("probe").await;
    let can = stage.client.capabilities().await.unwrap();
    assert!(can.version >= Version(4, 7, 0), "{can:?}");
    assert!(can.lua_records && can.lua_record_updates && can.dnssec && !can.geoip, "{can:?}");
    assert_eq!((can.health_check_interval, can.health_check_expire_delay), (1, 3600));

    let settings = stage.client.configuration().await.unwrap();
    assert_eq!(settings["launch"], "gsqlite3");
    assert!(settings.values().all(|value| !value.contains(PowerDnsServer::API_KEY)));

    let before = stage.client.statistics().await.unwrap()["udp-queries"];
    stage.ask(stage.zone.apex(), RecordType::Soa).await;
    assert!(stage.client.statistics().await.unwrap()["udp-queries"] > before);
    // Nothing is cached in this server; the call is answered.
    stage.client.flush_cache(stage.zone.apex()).await.unwrap();
}
