//! Challenges of a certificate authority in a large zone.

use std::sync::Arc;
use std::time::Duration;

use catalyst_dns::acme::Dns01Solver;
use catalyst_dns::query::{Authorities, NameServerClient};
use catalyst_dns::verify::Wait;
use catalyst_dns::{DnsZones as _, RecordType};

use super::stage::{Stage, Tap, code, set};

const ONE: &str = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
const TWO: &str = "gfj9Xq6Rf7ncRKz8XjAhnpxgqjPuq0BO8ZK5G2tI5Ww";

fn solver(stage: &Stage, client: Arc<catalyst_dns::PowerDns>) -> Dns01Solver {
    let authorities = Authorities::fixed(stage.name_servers());
    let wait = Wait::within(Duration::from_secs(10)).every(Duration::from_millis(20));
    Dns01Solver::new(client, Arc::new(NameServerClient::new()), authorities).wait(wait)
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn challenges_of_a_domain_and_its_wildcard_stand_side_by_side_and_go_one_by_one() {
    let stage = Stage::open("acme").await;
    let solver = solver(&stage, Arc::clone(&stage.client));
    let (domain, name) = (stage.at("shop"), stage.at("_acme-challenge.shop"));
    let domain = domain.without_dot();
    let texts = async || {
        let texts = stage.ask(&name, RecordType::Txt).await;
        texts.iter().map(|text| text.trim_matches('"').to_owned()).collect::<Vec<_>>()
    };
    let wildcard = format!("*.{domain}");
    let (one, two) = tokio::join!(solver.present(domain, ONE), solver.present(&wildcard, TWO));
    let (one, two) = (one.unwrap(), two.unwrap());
    // Whoever waited for both may look right away.
    assert_eq!(texts().await, [ONE, TWO]);
    assert_eq!((&one.zone, &one.name, &two.name), (&stage.zone, &name, &name));

    solver.clean_up(&one).await.unwrap();
    assert_eq!(texts().await, [TWO]);
    for _ in 0..2 {
        solver.clean_up(&two).await.unwrap();
        assert!(texts().await.is_empty());
    }
    let error = solver.present("shop.unserved.example", ONE).await.unwrap_err();
    assert_eq!(code(&error), "zone_not_served");
}

/// Measured on the way between client and server: bytes of the answers, without some 350 bytes of headers on each.
#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_challenge_in_a_zone_of_five_thousand_sets_reads_less_than_five_thousand_bytes() {
    let stage = Stage::open("acme-large").await;
    stage.write((0..5000).map(|n| set(&stage.at(&format!("host-{n}")), RecordType::A, &["192.0.2.1"]))).await;
    let tap = Tap::on(stage.server).await;
    let client = Arc::new(tap.builder(stage.server).build().unwrap());
    let solver = solver(&stage, Arc::clone(&client));
    // What the server can do is asked once for all challenges.
    client.capabilities().await.unwrap();
    let probe = tap.take();

    let challenge = solver.present(stage.at("host-7").without_dot(), ONE).await.unwrap();
    assert_eq!(stage.ask(&challenge.name, RecordType::Txt).await, [format!("\"{ONE}\"")]);
    let presented = tap.take();
    solver.clean_up(&challenge).await.unwrap();
    let cleaned = tap.take();
    println!("probe: {probe:?}; presented: {presented:?}; cleaned up: {cleaned:?}");
    let bodies = presented.bodies + cleaned.bodies;
    assert!(bodies < 5000, "{bodies} bytes: {presented:?}, {cleaned:?}");
    assert_eq!(client.record_sets(&stage.zone).await.unwrap().len(), 5002);
    let whole = tap.take();
    assert!(whole.bodies > 300_000, "{whole:?}");
}
