//! No value gets in, and none shows up in a refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::Secret;
use catalyst_sdk::manifest::{
    Auth, CaBundle, CaSource, ExternalSecret, NamePattern, Platform, Provider, RemoteKey, RemoteRef,
    SecretKey, Template, TemplateText,
};

use super::{key, read};

/// As values look: with what no name has.
const VALUES: [&str; 4] = ["canary value+/=", "canary\nvalue", "canary{{ .a }}", "canary=\"value\""];

#[test]
fn what_looks_like_a_value_is_no_name_and_is_not_repeated() {
    for value in VALUES {
        let secret = Secret::new(value);
        let refusals = [
            secret.expose().parse::<SecretKey>().map(drop).unwrap_err(),
            secret.expose().parse::<catalyst_sdk::manifest::ResourceName>().map(drop).unwrap_err(),
            secret.expose().parse::<catalyst_sdk::manifest::NamespaceName>().map(drop).unwrap_err(),
            catalyst_sdk::manifest::Labels::new().with("a", secret.expose()).map(drop).unwrap_err(),
            CaBundle::from_pem(secret.expose()).map(drop).unwrap_err(),
            Platform::new(secret.expose()).map(drop).unwrap_err(),
        ];
        for refusal in refusals {
            let shown = format!("{refusal} {refusal:?} {:?}", refusal.help());
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}

#[test]
fn an_address_with_a_password_or_a_token_is_refused_and_not_repeated() {
    for address in [
        "https://user:canary@bao:8200",
        "https://canary@bao",
        "https://bao/?token=canary",
        "https://bao/#canary",
    ] {
        let refusals = [
            Provider::new(address, Auth::Token(key("a", "b"))).map(drop).unwrap_err(),
            Platform::new("region1").unwrap().server(address).map(drop).unwrap_err(),
        ];
        for refusal in refusals {
            let shown = format!("{refusal} {refusal:?} {:?}", refusal.help());
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}

#[test]
fn a_private_key_among_authorities_is_refused_and_not_repeated() {
    let pem = "-----BEGIN CERTIFICATE-----\nMAIFAA==\n-----END CERTIFICATE-----\n";
    let with_key = format!("{pem}-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n");
    let refusal = CaBundle::from_pem(&with_key).unwrap_err();
    assert!(!format!("{refusal} {refusal:?} {:?}", refusal.help()).contains("canary"));

    // What stands beside a certificate does not come along.
    let bundle = CaBundle::from_pem(&format!("canary\n{pem}canary\n")).unwrap();
    let store =
        Platform::new("region1").unwrap().ca(CaSource::Bundle(bundle)).cluster_secret_store().unwrap();
    let yaml = read(&store);
    let encoded = yaml["spec"]["provider"]["vault"]["caBundle"].as_str().unwrap();
    assert_eq!(STANDARD.decode(encoded).unwrap(), pem.as_bytes());
}

#[test]
fn a_secret_that_was_read_is_referred_to_and_its_value_stays_outside() {
    // What an application does: it has read the value, and writes the manifest for it.
    let read_before = Secret::new("canary-value");
    let platform = Platform::new("region1").unwrap();
    let password: SecretKey = "password".parse().unwrap();
    let text = TemplateText::new().text("password=").reference(&password);
    let target =
        catalyst_sdk::manifest::Target::new().template(Template::new().key("conf".parse().unwrap(), text));
    let entry =
        RemoteRef::new(RemoteKey::below(&"db".parse().unwrap())).property("password".parse().unwrap());
    let secret = ExternalSecret::builder("db".parse().unwrap(), "ns".parse().unwrap(), platform.store())
        .data(password, entry)
        .find("^db$".parse::<NamePattern>().unwrap(), None)
        .target(target)
        .build()
        .unwrap();
    let shown = format!("{secret} {secret:?}");
    assert!(!shown.contains(read_before.expose()));
    assert!(shown.contains("password={{ .password }}"));
}
