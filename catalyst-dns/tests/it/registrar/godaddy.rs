//! GoDaddy's client over the wire, against the fake.

use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_core::testing::LogCapture;
use catalyst_dns::registrar::{GoDaddy, NameServers, RegisteredDomain, Registrar as _};
use catalyst_dns::testing::registrar::{FakeGoDaddy, Fault, FaultRule, Op, RegistrarModel};
use catalyst_dns::{ErrorKind, Secret};

fn domain(text: &str) -> RegisteredDomain {
    text.parse().unwrap()
}

fn servers(letter: char) -> NameServers {
    NameServers::new([1, 2].map(|number| format!("ns{number}.{letter}.test").parse().unwrap())).unwrap()
}

async fn account() -> (RegistrarModel, FakeGoDaddy, GoDaddy) {
    let model = RegistrarModel::new();
    let fake = FakeGoDaddy::serve(&model).await;
    let builder = fake.builder().unwrap().timeout(Duration::from_millis(500)).retry(RetryConfig::never());
    let client = builder.build().unwrap();
    (model, fake, client)
}

#[tokio::test]
async fn more_domains_than_one_page_holds_are_all_listed() {
    let (model, _fake, client) = account().await;
    for number in 0..2000 {
        model.add_domain(domain(&format!("d{number}.test")), servers('a'));
    }
    assert_eq!(client.domains().await.unwrap().len(), 2000);
    assert_eq!(model.calls(), 3, "two full pages, and one that says that it was all");
}

#[tokio::test]
async fn a_small_account_and_a_wrong_key_are_told_apart_although_both_are_a_403() {
    let (model, _fake, client) = account().await;
    model.add_domain(domain("small.test"), servers('a'));
    model.set_full_account(false);
    for error in [
        client.validate().await.unwrap_err(),
        client.domains().await.unwrap_err(),
        client.nameservers(&domain("small.test")).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::PermissionDenied, Some("account_tier")));
    }
    // The key of another environment: everything is forbidden, even what any account may do.
    model.faults().inject(FaultRule::new(Fault::AccountTier).until_cleared());
    for error in [
        client.validate().await.unwrap_err(),
        client.domains().await.unwrap_err(),
        client.nameservers(&domain("small.test")).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("bad_credential")));
        assert_eq!(error.status(), Some(403));
    }
}

#[tokio::test]
async fn a_write_in_doubt_is_not_repeated_and_one_that_was_turned_away_is() {
    let (model, fake, _client) = account().await;
    let client = fake.builder().unwrap().timeout(Duration::from_millis(300)).build().unwrap();
    model.add_domain(domain("doubt.test"), servers('a'));
    model.faults().inject(FaultRule::new(Fault::TimeoutAfterWrite));
    let error = client.set_nameservers(&domain("doubt.test"), &servers('b')).await.unwrap_err();
    assert!(error.outcome_unknown() && error.attempts() == 1, "{error:?}");
    assert_eq!(model.writes(), 1);

    model.faults().inject(FaultRule::new(Fault::RateLimited(1)).on(Op::Write));
    client.set_nameservers(&domain("doubt.test"), &servers('c')).await.unwrap();
    assert_eq!((model.writes(), model.has(&domain("doubt.test"))), (2, Some(servers('c'))));
}

#[tokio::test]
async fn key_and_secret_and_customer_are_never_shown() {
    let (model, fake, _client) = account().await;
    model.add_domain(domain("quiet.test"), servers('a'));
    let logs = LogCapture::default();
    let _listening = logs.listen();
    let (key, secret, shopper) = ("canary-key", "canary-secret", "canary-shopper");
    let builder = GoDaddy::builder(Secret::new(key), Secret::new(secret)).shopper(shopper);
    let wrong = builder.address(&fake.address()).unwrap().build().unwrap();
    let right = fake.builder().unwrap().shopper(shopper).build().unwrap();
    let error = wrong.nameservers(&domain("quiet.test")).await.unwrap_err();
    assert_eq!(error.code(), Some("bad_credential"));
    right.set_nameservers(&domain("quiet.test"), &servers('b')).await.unwrap();
    logs.add(&format!("{wrong:?} {right:?} {error:?} {error}"));
    assert!(logs.text().contains("set name servers"), "the log was heard");
    logs.assert_absent(&[key, secret, shopper, model.credential().expose()]);
}
