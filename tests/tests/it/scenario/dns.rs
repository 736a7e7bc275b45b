//! Names from the configuration, with the key of the API as it lies in OpenBao.

use catalyst_core::Secret;
use catalyst_dns::DnsZones;
use catalyst_dns::placement::{Placement, Region};
use catalyst_dns::testing::FakePowerDns;
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{SecretData, SecretStore, WriteMode};
use catalyst_sdk::config::Config;
use catalyst_sdk::dns::DnsApplication;
use catalyst_sdk::{Catalyst, ErrorKind};

#[tokio::test]
async fn a_configured_platform_publishes_with_the_key_from_openbao_and_lets_go_of_it_at_shutdown() {
    let (fake, bao) = (FakePowerDns::start().await, FakeOpenBao::start().await);
    fake.set_api_key(Secret::new("key-in-openbao"));
    let zone = "omantel.test".parse().unwrap();
    fake.model().set_zone(&zone);
    let client = bao.client().unwrap();
    let mut data = SecretData::new();
    data.insert("key", "key-in-openbao");
    let path = "platform/dns".parse().unwrap();
    client.kv("secret".parse().unwrap()).write(&path, &data, WriteMode::Overwrite).await.unwrap();

    let mut config = Config::default();
    config.openbao.token = Some(Secret::new("unused: the client is given"));
    config.dns.url = Some(fake.address());
    config.dns.api_key_path = Some("platform/dns".into());
    config.dns.api_key_name = Some("key".into());
    config.dns.nameservers = Some(fake.dns_address().await.unwrap().to_string());
    let catalyst = Catalyst::builder(config.clone()).openbao(client.clone()).connect().await.unwrap();
    let error = catalyst.dns().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("CATALYST_SOVEREIGN"), "{error}");

    config.dns.owner = Some("omantel.test".into());
    let catalyst = Catalyst::builder(config).openbao(client).connect().await.unwrap();
    let region = Region::new("fsn1", [[192, 0, 2, 1].into()]).unwrap();
    let placement = Placement::SingleRegion;
    let shop = DnsApplication::new("shop", "acme-prod", zone.apex(), placement, [region]).unwrap();
    let published = catalyst.dns().await.unwrap().publish(&shop).await.unwrap();
    assert!(published.is_served(), "{:?}", published.verification);

    let powerdns = catalyst.powerdns().await.unwrap();
    catalyst.shutdown().await.unwrap();
    powerdns.zone(&zone).await.unwrap();
    catalyst.shutdown().await.unwrap();
}
