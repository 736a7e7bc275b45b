//! Keys of PowerDNS' API, of zone transfers, of registrars and of pools.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{RetryConfig, Secret};
use catalyst_dns::dnssec::{Dnssec, KeyRole, KeySpec};
use catalyst_dns::mock::{Fault, FaultRule};
use catalyst_dns::placement::{Placement, Region};
use catalyst_dns::plan::Owner;
use catalyst_dns::pool::{PoolDomains, PoolLabel, SovereignTarget};
use catalyst_dns::registrar::{NameServers, RegisteredDomain, Registrar};
use catalyst_dns::testing::registrar::{
    FakeCloudflare, FakeDynadot, FakeGoDaddy, FakeNamecheap, FakeOvh, Fault as RegistrarFault,
    FaultRule as RegistrarRule, RegistrarModel,
};
use catalyst_dns::testing::{FakePool, FakePowerDns};
use catalyst_dns::{DnsZones, PowerDns, TsigAlgorithm, ZoneName, ZoneSecurity};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{SecretData, SecretStore, WriteMode};
use catalyst_sdk::dns::{Dns, DnsApplication, RotatingApiKey};

use super::ear::{Canaries, listen};

const API_KEY: &str = "canary-api-key-7d2e";
const PASSWORD: &str = "canary-basic-password-41cc";
/// A key of HMAC-SHA256, in base64.
const TSIG: &str = "Y2FuYXJ5LXRzaWctc2VjcmV0LTEyMzQ1Njc4OTAxMjM=";

#[tokio::test]
async fn nothing_of_dns_is_ever_printed() {
    let (mut canaries, _guard) = listen();
    let fake = FakePowerDns::start().await;
    fake.set_api_key(Secret::new(API_KEY));
    fake.require_basic("operator", Secret::new(PASSWORD));
    fake.model().set_zone(&zone());
    for secret in [API_KEY, PASSWORD, TSIG, "b3BlcmF0b3I6Y2FuYXJ5"] {
        canaries.plant(secret);
    }

    let client = client(&canaries, &fake);
    transfer_keys(&canaries, &client).await;
    signing(&canaries, &client).await;
    publishing(&canaries, &fake).await;
    refused(&mut canaries, &fake).await;
    pools(&mut canaries).await;
    registrars(&mut canaries).await;
    faults(&canaries, &fake, &client).await;

    let said = canaries.said.lock().unwrap().join("\n");
    assert!(!said.is_empty(), "no observer was told anything");
    canaries.logs.add(&said);
    let heard = canaries.logs.text();
    for expected in ["catalyst::audit", "shop.acme-prod.omantel.test", "bad_api_key"] {
        assert!(heard.contains(expected), "the capture is deaf: {expected}");
    }
    let planted: Vec<&str> = canaries.secrets.iter().map(String::as_str).collect();
    canaries.logs.assert_absent(&planted);
}

fn zone() -> ZoneName {
    "omantel.test".parse().unwrap()
}

fn client(canaries: &Canaries, fake: &FakePowerDns) -> PowerDns {
    let builder = PowerDns::builder(&fake.address())
        .unwrap()
        .api_key(Secret::new(API_KEY))
        .basic_auth("operator", Secret::new(PASSWORD))
        .retry(RetryConfig::new(2, Duration::from_secs(2)))
        .timeout(Duration::from_millis(500));
    canaries.debug(&builder);
    let client = builder.build().unwrap();
    canaries.debug(&client);
    client
}

async fn transfer_keys(canaries: &Canaries, client: &PowerDns) {
    let (name, secret) = ("transfer".parse().unwrap(), Secret::new(TSIG));
    let made = client.create_tsig_key(&name, TsigAlgorithm::HmacSha256, Some(&secret)).await.unwrap();
    canaries.debug(&made);
    canaries.debug(&client.tsig_key(&name).await.unwrap());
    canaries.debug(&client.tsig_keys().await.unwrap());
    canaries.error(client.create_tsig_key(&name, TsigAlgorithm::HmacSha256, Some(&secret)).await);
}

async fn signing(canaries: &Canaries, client: &PowerDns) {
    let signed = Dnssec::new(Arc::new(client.clone())).enable(&zone()).await.unwrap();
    canaries.debug(&signed);
    canaries.debug(&client.add_key(&zone(), KeySpec::new(KeyRole::Zsk).inactive()).await.unwrap());
    canaries.debug(&client.keys(&zone()).await.unwrap());
}

/// The facade, with the key of the API from OpenBao.
async fn publishing(canaries: &Canaries, fake: &FakePowerDns) {
    let bao = FakeOpenBao::start().await;
    let store: Arc<dyn SecretStore> = Arc::new(bao.client().unwrap().kv("secret".parse().unwrap()));
    let (path, mut data) = ("sovereign/powerdns".parse().unwrap(), SecretData::new());
    data.insert("api-key", API_KEY);
    store.write(&path, &data, WriteMode::Overwrite).await.unwrap();
    let key = RotatingApiKey::start(Arc::clone(&store), path, "api-key").await.unwrap();
    canaries.debug(&key);
    let builder = PowerDns::builder(&fake.address()).unwrap().api_key_source(Arc::new(key));
    let client = builder.basic_auth("operator", Secret::new(PASSWORD)).build().unwrap();

    let seen = Arc::clone(&canaries.said);
    let dns = Dns::builder(Arc::new(client), Owner::new("omantel.test").unwrap())
        .name_servers([fake.dns_address().await.unwrap()])
        .observer(Arc::new(move |event| seen.lock().unwrap().push(format!("{event:?}"))));
    canaries.debug(&dns);
    let dns = dns.build();
    let region = Region::new("fsn1", [[192, 0, 2, 1].into()]).unwrap();
    let placement = Placement::SingleRegion;
    let shop = DnsApplication::new("shop", "acme-prod", zone().apex(), placement, [region]).unwrap();
    canaries.show(&dns.plan(&shop).await.unwrap());
    let published = dns.publish(&shop).await.unwrap();
    assert!(published.is_served(), "{:?}", published.verification);
    canaries.debug(&published);
    canaries.debug(&dns.withdraw(&shop).await.unwrap());
}

/// Keys that are refused, and repeated in the server's own words.
async fn refused(canaries: &mut Canaries, fake: &FakePowerDns) {
    let wrong = "canary-wrong-key-90ab";
    canaries.plant(wrong);
    let builder = PowerDns::builder(&fake.address()).unwrap().api_key(Secret::new(wrong));
    let stranger = builder.basic_auth("operator", Secret::new(PASSWORD)).build().unwrap();
    canaries.error(stranger.zone(&zone()).await);
    let builder = PowerDns::builder(&fake.address()).unwrap().api_key(Secret::new(API_KEY));
    let outside = builder.basic_auth("operator", Secret::new(wrong)).build().unwrap();
    canaries.error(outside.zone(&zone()).await);
}

async fn pools(canaries: &mut Canaries) {
    let fake = FakePool::start().await;
    let token = fake.registrar_token();
    canaries.plant(token.expose());
    let pools: PoolDomains =
        fake.builder().unwrap().basic_auth("operator", &Secret::new(PASSWORD)).build().unwrap();
    canaries.debug(&pools);
    let (pool, label): (ZoneName, PoolLabel) = ("omani.works".parse().unwrap(), "canary".parse().unwrap());
    let reservation = pools.reserve(&pool, &label, "the canary test").await.unwrap();
    for token in fake.tokens() {
        canaries.plant(&token);
    }
    canaries.debug(&reservation);
    canaries.debug(&pools.list(&pool).await.unwrap());
    let target = SovereignTarget::new("canary.omani.works".parse().unwrap(), [192, 0, 2, 1].into());
    canaries.debug(&pools.commit(&reservation, &target).await.unwrap());
    canaries.error(pools.commit(&reservation, &target).await);
    let domain = "example.com".parse().unwrap();
    canaries.error(pools.validate("nobody", &domain, &token).await);
}

/// The fakes repeat the credential that they were sent, as some vendors do.
async fn registrars(canaries: &mut Canaries) {
    let model = RegistrarModel::new();
    let domain: RegisteredDomain = "example.com".parse().unwrap();
    let servers = |text: &str| {
        let names = ["ns1", "ns2"].map(|host| format!("{host}.{text}").parse().unwrap());
        NameServers::new(names).unwrap()
    };
    model.add_domain(domain.clone(), servers("old.test"));
    canaries.plant(model.credential().expose());
    let fakes = (
        FakeCloudflare::serve(&model).await,
        FakeGoDaddy::serve(&model).await,
        FakeNamecheap::serve(&model).await,
        FakeOvh::serve(&model).await,
        FakeDynadot::serve(&model).await,
    );
    for key in fakes.3.keys().iter().chain(&fakes.4.keys()) {
        canaries.plant(key.expose());
    }
    let quick = || RetryConfig::new(1, Duration::from_secs(2));
    let clients: [Arc<dyn Registrar>; 5] = [
        Arc::new(fakes.0.builder().unwrap().retry(quick()).build().unwrap()),
        Arc::new(fakes.1.builder().unwrap().retry(quick()).build().unwrap()),
        Arc::new(fakes.2.builder().unwrap().retry(quick()).build().unwrap()),
        Arc::new(fakes.3.builder().unwrap().retry(quick()).build().unwrap()),
        Arc::new(fakes.4.builder().unwrap().retry(quick()).build().unwrap()),
    ];
    canaries.debug(&fakes.2.builder().unwrap());
    for client in &clients {
        canaries.debug(client);
        canaries.debug(&client.nameservers(&domain).await.unwrap());
        for fault in [RegistrarFault::BadCredential, RegistrarFault::HtmlBody, RegistrarFault::Drop] {
            model.faults().inject(RegistrarRule::new(fault).until_cleared());
            canaries.error(client.nameservers(&domain).await);
            canaries.error(client.set_nameservers(&domain, &servers("new.test")).await);
            model.faults().clear();
        }
    }
}

async fn faults(canaries: &Canaries, fake: &FakePowerDns, client: &PowerDns) {
    let faults = [
        Fault::Drop,
        Fault::DropAnswer,
        Fault::HalfBody,
        Fault::NotJson,
        Fault::Delay(Duration::from_secs(1)),
    ];
    for fault in faults {
        fake.faults().inject(FaultRule::new(fault).until_cleared());
        canaries.error(client.zone(&zone()).await);
        canaries.error(client.tsig_key(&"transfer".parse().unwrap()).await);
        fake.faults().clear();
    }
}
