//! The server itself does what the harness says of it.

use std::path::Path;

use catalyst_core::http::Method;
use catalyst_tests::servers::{PowerDnsBackend, PowerDnsServer};
use serde_json::json;

use super::stage::call;

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn powerdns_survives_a_restart_with_its_zones_and_ends_with_its_value() {
    for backend in [PowerDnsBackend::Sqlite, PowerDnsBackend::Lmdb] {
        let mut server = PowerDnsServer::start(backend).await.unwrap();
        let zone = json!({ "name": "harness.test.", "kind": "Native", "nameservers": ["ns1.harness.test."] });
        let (status, made) = call(&server, Method::Post, "/zones", Some(&zone)).await;
        assert_eq!((status, &made["name"]), (201, &json!("harness.test.")), "{backend:?}: {made}");

        server.restart().await.unwrap();
        assert_eq!(call(&server, Method::Get, "/zones/harness.test.", None).await.0, 200, "{backend:?}");

        let (pid, folder) = (server.pid(), server.folder().to_owned());
        drop(server);
        assert!(!Path::new(&format!("/proc/{pid}")).exists() && !folder.exists());
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn its_settings_can_be_changed_and_its_validator_runs() {
    let settings = [("enable-lua-records", "no")];
    let lifetime = catalyst_tests::servers::Lifetime::Ours;
    let server = PowerDnsServer::start_with(PowerDnsBackend::Sqlite, &settings, lifetime).await.unwrap();
    let (_, config) = call(&server, Method::Get, "/config", None).await;
    let lua = config.as_array().unwrap().iter().find(|setting| setting["name"] == "enable-lua-records");
    assert_eq!(lua.unwrap()["value"], "no");

    let zone = json!({ "name": "signed.test.", "kind": "Native", "dnssec": true, "nameservers": ["ns1.signed.test."] });
    assert_eq!(call(&server, Method::Post, "/zones", Some(&zone)).await.0, 201);
    let (_, keys) = call(&server, Method::Get, "/zones/signed.test./cryptokeys", None).await;
    let ds = keys[0]["ds"][1].as_str().unwrap();
    let (head, digest) = ds.rsplit_once(' ').unwrap();
    let anchor = format!("signed.test. static-ds {head} \"{digest}\";");
    let said = server.validate("signed.test", "SOA", &anchor).await.unwrap();
    assert!(said.contains("; fully validated"), "{said}");
    let wrong = format!("signed.test. static-ds {head} \"{}\";", digest.replace(['1', 'a'], "0"));
    let said = server.validate("signed.test", "SOA", &wrong).await.unwrap();
    assert!(!said.contains("; fully validated"), "{said}");
}
