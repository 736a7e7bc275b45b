//! What holds for every registrar alike.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a part of tests")]

use std::time::Duration;

use catalyst_core::RetryConfig;
use catalyst_dns::registrar::{NameServers, NsWrite, RegisteredDomain, Registrar, TaskState};
use catalyst_dns::testing::{AccountFault, FakeAccount};
use catalyst_dns::{Error, ErrorKind};

pub(crate) const DOMAIN: &str = "example.co.uk";
pub(crate) const OLD: [&str; 2] = ["ns1.old.example.net", "ns2.old.example.net"];

/// A regular account with one domain.
pub(crate) fn set_up(account: &FakeAccount) {
    account.add_domain(DOMAIN, &OLD);
}

pub(crate) fn domain() -> RegisteredDomain {
    DOMAIN.parse().unwrap()
}

pub(crate) fn servers(names: &[&str]) -> NameServers {
    NameServers::new(names.iter().map(|name| name.parse().unwrap())).unwrap()
}

pub(crate) fn new_servers() -> NameServers {
    servers(&["NS2.new.example.net.", "ns1.new.example.net"])
}

/// One try, so that a fault is seen instead of healed.
pub(crate) fn once() -> RetryConfig {
    RetryConfig::never()
}

/// Writes, and follows the task if there is one.
pub(crate) async fn write(registrar: &dyn Registrar, servers: &NameServers) -> Result<TaskState, Error> {
    let Some(task) = registrar.set_nameservers(&domain(), servers).await? else { return Ok(TaskState::Done) };
    for _ in 0..50 {
        match registrar.task(&domain(), &task).await? {
            TaskState::Pending => tokio::time::sleep(Duration::from_millis(1)).await,
            end => return Ok(end),
        }
    }
    panic!("the task does not end")
}

/// Everything that does not depend on the vendor's words.
pub(crate) async fn same_for_all(registrar: &dyn Registrar, account: &FakeAccount) {
    set_up(account);
    registrar.validate().await.unwrap();
    assert_eq!(registrar.nameservers(&domain()).await.unwrap(), servers(&OLD));

    // Case, order and final dots make no difference, on the way there and back.
    account.task_polls(2);
    assert_eq!(write(registrar, &new_servers()).await.unwrap(), TaskState::Done);
    assert_eq!(registrar.nameservers(&domain()).await.unwrap(), new_servers());
    assert_eq!(account.servers(DOMAIN), ["ns1.new.example.net", "ns2.new.example.net"]);

    account.inject(AccountFault::PartialReadBack);
    assert_eq!(registrar.nameservers(&domain()).await.unwrap().len(), 1);
    assert_eq!(registrar.nameservers(&domain()).await.unwrap().len(), 2);

    let elsewhere: RegisteredDomain = "elsewhere.org".parse().unwrap();
    let error = registrar.nameservers(&elsewhere).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), (Some("not_in_account"), ErrorKind::NotFound), "{error}");
    assert_eq!((error.service(), error.target()), (Some(registrar.name()), Some(elsewhere.as_str())));

    pages(registrar, account).await;
    what_is_not_there(registrar).await;
    assert_eq!(account.pending_faults(), 0);
}

async fn pages(registrar: &dyn Registrar, account: &FakeAccount) {
    for number in 0..230 {
        account.add_domain(&format!("example-{number}.org"), &OLD);
    }
    let domains = registrar.domains().await.unwrap();
    assert_eq!(domains.len(), 231);
    assert!(domains.contains(&domain()));
}

/// Capabilities are honest: what they deny is refused without a request.
async fn what_is_not_there(registrar: &dyn Registrar) {
    let can = registrar.capabilities();
    if !can.ds {
        assert_eq!(registrar.ds(&domain()).await.unwrap_err().code(), Some("unsupported"));
        assert_eq!(registrar.set_ds(&domain(), &[]).await.unwrap_err().code(), Some("unsupported"));
    }
    if can.nameservers == NsWrite::Direct {
        let task = catalyst_dns::registrar::TaskId("1".into());
        assert_eq!(registrar.task(&domain(), &task).await.unwrap_err().code(), Some("unsupported"));
    }
}

/// Faults with one try: each has its code, and only a write whose answer is lost is in doubt.
pub(crate) async fn faults(registrar: &dyn Registrar, account: &FakeAccount, tier: &str, page: &str) {
    set_up(account);
    for (fault, code) in [
        (AccountFault::BadCredential, "bad_credential"),
        (AccountFault::AccountTier, tier),
        (AccountFault::RateLimited, "rate_limited"),
        (AccountFault::Unavailable, "unavailable"),
        (AccountFault::HtmlBody, page),
        (AccountFault::Drop, "unavailable"),
    ] {
        account.inject(fault.clone());
        let error = registrar.nameservers(&domain()).await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{fault:?} {error}");
        account.inject_at_write(fault.clone());
        let error = registrar.set_nameservers(&domain(), &new_servers()).await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{fault:?} {error}");
        if !matches!(fault, AccountFault::Unavailable | AccountFault::HtmlBody | AccountFault::Drop) {
            assert!(!error.outcome_unknown(), "{fault:?} {error}");
        }
    }
    assert_eq!(account.servers(DOMAIN), OLD);
    account.lock_domain(DOMAIN);
    let error = registrar.set_nameservers(&domain(), &new_servers()).await.unwrap_err();
    assert!(matches!(error.code(), Some("protected_domain" | "refused")), "{error}");
}

/// The answer to a write is lost: it is not repeated, and reading tells.
pub(crate) async fn lost_answer(registrar: &dyn Registrar, account: &FakeAccount) {
    set_up(account);
    let before = account.writes();
    account.inject(AccountFault::DropAfterWrite);
    let error = registrar.set_nameservers(&domain(), &new_servers()).await.unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
    assert_eq!((error.code(), account.writes() - before), (Some("unavailable"), 1));
}

/// A read is repeated until it succeeds; each try counts.
pub(crate) async fn reads_are_repeated(registrar: &dyn Registrar, account: &FakeAccount) {
    set_up(account);
    account.inject(AccountFault::Unavailable);
    account.inject(AccountFault::Drop);
    assert_eq!(registrar.nameservers(&domain()).await.unwrap(), servers(&OLD));
    assert_eq!(account.pending_faults(), 0);
}

/// All that is printed while everything goes wrong.
pub(crate) async fn nothing_secret(
    registrar: &(dyn Registrar + 'static),
    account: &FakeAccount,
    secrets: &[&str],
) {
    use catalyst_core::testing::LogCapture;
    let logs = LogCapture::default();
    let listening = logs.listen();
    set_up(account);
    logs.add(&format!("{registrar:?}"));
    for fault in
        [AccountFault::BadCredential, AccountFault::RateLimited, AccountFault::HtmlBody, AccountFault::Drop]
    {
        account.inject(fault);
        let error = registrar.nameservers(&domain()).await.unwrap_err();
        logs.add(&format!("{error} {error:?}"));
    }
    write(registrar, &new_servers()).await.unwrap();
    registrar.domains().await.unwrap();
    drop(listening);
    assert!(logs.text().contains(DOMAIN), "the logs say what was asked about");
    logs.assert_absent(secrets);
}
