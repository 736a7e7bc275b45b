//! Each registrar's client over the wire, against its fake: what holds for all of them, and what is its own.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::testing::LogCapture;
use catalyst_core::{Backoff, RetryConfig};
use catalyst_dns::registrar::{NameServers, RegisteredDomain, Registrar, TaskState};
use catalyst_dns::testing::contract::registrar::{Words, all};
use catalyst_dns::testing::registrar::{
    FakeCloudflare, FakeDynadot, FakeGoDaddy, FakeNamecheap, FakeOvh, Fault, FaultRule, RegistrarModel,
};
use catalyst_dns::{Error, ErrorKind};

mod cloudflare;
mod dynadot;
mod godaddy;
mod namecheap;
mod ovh;

pub(crate) fn domain() -> RegisteredDomain {
    "example.co.uk".parse().unwrap()
}

pub(crate) fn servers(names: &[&str]) -> NameServers {
    NameServers::new(names.iter().map(|name| name.parse().unwrap())).unwrap()
}

pub(crate) fn old_servers() -> NameServers {
    servers(&["ns1.old.example.net", "ns2.old.example.net"])
}

pub(crate) fn new_servers() -> NameServers {
    servers(&["NS2.new.example.net.", "ns1.new.example.net"])
}

/// A regular account with one domain.
pub(crate) fn set_up(model: &RegistrarModel) {
    model.add_domain(domain(), old_servers());
}

/// One try, so that a fault is seen instead of healed.
pub(crate) fn once() -> RetryConfig {
    RetryConfig::never()
}

/// Three tries that follow each other soon.
pub(crate) fn soon() -> RetryConfig {
    RetryConfig::default().backoff(Backoff::new(Duration::from_millis(1), Duration::from_millis(5)))
}

/// Writes, and follows the task if there is one.
pub(crate) async fn write(registrar: &dyn Registrar, servers: &NameServers) -> Result<TaskState, Error> {
    let Some(task) = registrar.set_nameservers(&domain(), servers).await? else { return Ok(TaskState::Done) };
    for _ in 0..50 {
        match registrar.task(&domain(), &task).await? {
            TaskState::Pending => {}
            end => return Ok(end),
        }
    }
    panic!("the task does not end")
}

/// A client of each fake, with the account behind, at the same time for all.
pub(crate) async fn for_each_registrar(
    model: impl Fn() -> RegistrarModel,
    retry: RetryConfig,
    timeout: Duration,
    check: impl AsyncFn(Arc<dyn Registrar>, RegistrarModel),
) {
    macro_rules! each {
        ($($fake:ident)+) => {
            tokio::join!($(async {
                let fake = $fake::serve(&model()).await;
                let builder = fake.builder().unwrap().timeout(timeout).retry(retry.clone());
                check(Arc::new(builder.build().unwrap()), fake.model().clone()).await;
            }),+)
        };
    }
    each!(FakeCloudflare FakeGoDaddy FakeNamecheap FakeOvh FakeDynadot);
}

/// Enough for any answer that comes.
const PATIENT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn all_keep_the_contract_of_registrars() {
    let impatient = Duration::from_millis(900);
    for_each_registrar(RegistrarModel::new, once(), impatient, async |registrar, model| {
        let distinct = Words::distinct();
        let words = match registrar.name() {
            // What nobody may read looks like what is not there.
            "cloudflare" => distinct.small_account(ErrorKind::NotFound, "not_in_account"),
            // One number for a wrong key and an account without access.
            "namecheap" => distinct.small_account(ErrorKind::Unauthenticated, "bad_credential"),
            "ovh" => {
                model.write_by_tasks(2);
                let distinct = distinct.small_account(ErrorKind::PermissionDenied, "bad_credential");
                distinct.lock(ErrorKind::InvalidRequest, "refused")
            }
            _ => distinct,
        };
        all(&*registrar, &model, words).await;
    })
    .await;
}

#[tokio::test]
async fn reads_are_repeated_until_they_succeed() {
    for_each_registrar(RegistrarModel::new, soon(), PATIENT, async |registrar, model| {
        set_up(&model);
        for fault in [Fault::Unavailable, Fault::Drop] {
            model.faults().inject(FaultRule::new(fault));
        }
        assert_eq!(registrar.nameservers(&domain()).await.unwrap(), old_servers());
        assert_eq!(model.faults().pending(), 0);
        assert!(model.calls() >= 3, "each try is a call");
    })
    .await;
}

#[tokio::test]
async fn nothing_secret_is_printed_whatever_goes_wrong() {
    let logs = LogCapture::default();
    let listening = logs.listen();
    for_each_registrar(RegistrarModel::new, once(), PATIENT, async |registrar, model| {
        nothing_secret(&*registrar, &model, &logs).await;
    })
    .await;
    drop(listening);
    assert!(logs.text().contains("example.co.uk"), "the logs say what was asked about");
    logs.assert_absent(&["canary", "Bearer", "sso-key", "$1$"]);
}

async fn nothing_secret(registrar: &dyn Registrar, model: &RegistrarModel, logs: &LogCapture) {
    set_up(model);
    registrar.validate().await.unwrap();
    logs.add(&format!("{registrar:?} {model:?}"));
    for fault in [Fault::BadCredential, Fault::RateLimited(0), Fault::HtmlBody, Fault::Drop] {
        model.faults().inject(FaultRule::new(fault.clone()));
        let error = registrar.nameservers(&domain()).await.unwrap_err();
        if fault == Fault::BadCredential {
            let said = error.server_message().unwrap();
            assert!(said.contains("[redacted]"), "the fake repeats the credential: {said}");
        }
        logs.add(&format!("{error} {error:?}"));
    }
    match write(registrar, &new_servers()).await {
        Ok(end) => assert_eq!(end, TaskState::Done),
        Err(error) => assert_eq!(error.code(), Some("manual_only")),
    }
    registrar.domains().await.unwrap();
}
