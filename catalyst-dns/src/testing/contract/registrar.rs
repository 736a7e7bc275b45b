//! What holds for every registrar whose account is a [`RegistrarModel`].

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};

use crate::registrar::{NameServers, NsWrite, RegisteredDomain, Registrar, TaskState};
use crate::testing::registrar::{Fault, FaultRule, Op, RegistrarModel};

/// All checks, one after the other, in an account that is empty at first. The client must not wait longer than a second
/// for an answer, and not repeat calls.
pub async fn all(registrar: &dyn Registrar, model: &RegistrarModel) {
    the_credential_is_checked(registrar, model).await;
    all_domains_are_listed(registrar, model).await;
    name_servers_are_told_in_one_form(registrar, model).await;
    a_domain_of_somebody_else_is_told_apart(registrar, model).await;
    name_servers_are_written(registrar, model).await;
    refusals_of_a_write_are_told_apart(registrar, model).await;
    passing_faults_are_told_apart(registrar, model).await;
    what_is_not_there_is_said(registrar).await;
}

/// A good credential passes, a refused one has its code, and neither changes anything.
pub async fn the_credential_is_checked(registrar: &dyn Registrar, model: &RegistrarModel) {
    done(registrar.validate().await, "a good credential");
    model.faults().inject(FaultRule::new(Fault::BadCredential).until_cleared());
    refused(registrar.validate().await, ErrorKind::Unauthenticated, "bad_credential");
    refused(registrar.domains().await, ErrorKind::Unauthenticated, "bad_credential");
    model.faults().clear();
    assert_eq!(model.writes(), 0);
}

/// However many pages they fill.
pub async fn all_domains_are_listed(registrar: &dyn Registrar, model: &RegistrarModel) {
    for number in 0..120 {
        model
            .add_domain(domain(&format!("many-{number:03}.test")), servers(["ns1.old.test", "ns2.old.test"]));
    }
    let mut listed = done(registrar.domains().await, "a list of domains");
    listed.sort();
    let expected: Vec<_> = (0..120).map(|number| domain(&format!("many-{number:03}.test"))).collect();
    assert_eq!(listed, expected);
}

/// In lower case, without repetition, as a set.
pub async fn name_servers_are_told_in_one_form(registrar: &dyn Registrar, model: &RegistrarModel) {
    let (name, set) = (domain("told.test"), servers(["ns2.old.test", "ns1.old.test"]));
    model.add_domain(name.clone(), set.clone());
    assert_eq!(done(registrar.nameservers(&name).await, "name servers"), set);
}

/// With the name of the domain in the error.
pub async fn a_domain_of_somebody_else_is_told_apart(registrar: &dyn Registrar, _model: &RegistrarModel) {
    let error = refused(
        registrar.nameservers(&domain("elsewhere.test")).await,
        ErrorKind::NotFound,
        "not_in_account",
    );
    assert_eq!(error.target(), Some("elsewhere.test"));
}

/// What is written is there, after the task if there is one; where a person must do it, nothing is sent.
pub async fn name_servers_are_written(registrar: &dyn Registrar, model: &RegistrarModel) {
    let (name, old) = (domain("written.test"), servers(["ns1.old.test", "ns2.old.test"]));
    let new = servers(["ns1.new.test", "ns2.new.test", "ns3.new.test"]);
    model.add_domain(name.clone(), old.clone());
    let (calls, writes) = (model.calls(), model.writes());
    let written = registrar.set_nameservers(&name, &new).await;
    if registrar.capabilities().nameservers == NsWrite::ManualOnly {
        let error = refused(written, ErrorKind::Config, "manual_only");
        assert!(
            error.help().is_some_and(|help| help.contains("ns1.new.test")),
            "it says what to do: {error}"
        );
        assert_eq!((model.calls(), model.has(&name)), (calls, Some(old)), "nothing was sent");
        return;
    }
    if let Some(task) = done(written, "a write") {
        for _look in 0..100 {
            match done(registrar.task(&name, &task).await, "a look at a task") {
                TaskState::Pending => {}
                TaskState::Done => break,
                TaskState::Failed(why) => panic!("the task failed: {why}"),
            }
        }
    }
    assert_eq!(done(registrar.nameservers(&name).await, "name servers"), new);
    assert_eq!((model.has(&name), model.writes()), (Some(new), writes + 1));
}

/// A lock, a state that does not allow it, an account that is too small: each has its code, and nothing is changed.
pub async fn refusals_of_a_write_are_told_apart(registrar: &dyn Registrar, model: &RegistrarModel) {
    if registrar.capabilities().nameservers == NsWrite::ManualOnly {
        return;
    }
    let (old, new) = (servers(["ns1.old.test", "ns2.old.test"]), servers(["ns1.new.test", "ns2.new.test"]));
    let (locked, ended) = (domain("locked.test"), domain("ended.test"));
    for name in [&locked, &ended] {
        model.add_domain(name.clone(), old.clone());
    }
    model.set_locked(&locked, true);
    model.set_active(&ended, false);
    let write = registrar.set_nameservers(&locked, &new);
    refused(write.await, ErrorKind::PermissionDenied, "protected_domain");
    refused(registrar.set_nameservers(&ended, &new).await, ErrorKind::InvalidRequest, "refused");
    model.set_full_account(false);
    let write = registrar.set_nameservers(&locked, &new);
    refused(write.await, ErrorKind::PermissionDenied, "account_tier");
    refused(registrar.validate().await, ErrorKind::PermissionDenied, "account_tier");
    model.set_full_account(true);
    assert_eq!((model.has(&locked), model.has(&ended)), (Some(old.clone()), Some(old)));
}

/// Too many requests, a page of HTML, and no answer at all.
pub async fn passing_faults_are_told_apart(registrar: &dyn Registrar, model: &RegistrarModel) {
    let name = domain("told.test");
    model.faults().inject(FaultRule::new(Fault::HtmlBody));
    let error = registrar.nameservers(&name).await.map(drop).map_err(|error| (error.kind(), error.code()));
    assert_eq!(error, Err((ErrorKind::Unavailable, Some("unavailable"))));
    if registrar.capabilities().nameservers == NsWrite::Direct {
        model.faults().inject(FaultRule::new(Fault::TimeoutAfterWrite));
        let new = servers(["ns3.new.test", "ns4.new.test"]);
        match registrar.set_nameservers(&name, &new).await {
            Ok(_task) => panic!("expected no answer"),
            Err(error) => assert!(error.outcome_unknown(), "{error:?}"),
        }
        assert_eq!(model.has(&name), Some(new), "it was done all the same");
    }
    // The last check, for the client stays away for as long as it was asked to.
    model.faults().inject(FaultRule::new(Fault::RateLimited(7)).on(Op::Read));
    let error = refused(registrar.nameservers(&name).await, ErrorKind::RateLimited, "rate_limited");
    assert_eq!(error.retry(), RetryAdvice::After(std::time::Duration::from_secs(7)));
}

/// Calls that the capabilities deny are errors that say so.
pub async fn what_is_not_there_is_said(registrar: &dyn Registrar) {
    let name = domain("told.test");
    if !registrar.capabilities().ds {
        refused(registrar.ds(&name).await, ErrorKind::Config, "unsupported");
        refused(registrar.set_ds(&name, &[]).await, ErrorKind::Config, "unsupported");
    }
}

fn domain(text: &str) -> RegisteredDomain {
    done(text.parse(), "a domain for the contract")
}

fn servers<const N: usize>(names: [&str; N]) -> NameServers {
    let names: Result<Vec<_>> = names.iter().map(|name| name.parse()).collect();
    done(names.and_then(NameServers::new), "name servers for the contract")
}

#[track_caller]
fn done<T>(result: Result<T>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// Fails unless the result is the error with this kind and code, about whose effect there is no doubt.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind, code: &str) -> Error {
    match result {
        Ok(value) => panic!("expected the error {code}, and it succeeded: {value:?}"),
        Err(error) => {
            assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error:?}");
            assert!(!error.outcome_unknown(), "a refusal leaves no doubt: {error:?}");
            error
        }
    }
}
