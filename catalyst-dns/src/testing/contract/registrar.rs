//! What holds for every registrar whose account is a [`RegistrarModel`].

use std::time::Duration;

use catalyst_core::{ErrorKind, Result, RetryAdvice};

use super::check::{done, refused};
use crate::Ds;
use crate::registrar::{NameServers, NsWrite, RegisteredDomain, Registrar, TaskId, TaskState};
use crate::testing::registrar::{Fault, FaultRule, Op, RegistrarModel};

/// Where a registrar has one word for two things.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Words {
    small_account: (ErrorKind, &'static str),
    lock: (ErrorKind, &'static str),
}

impl Words {
    /// It has one for each.
    pub fn distinct() -> Self {
        Self {
            small_account: (ErrorKind::PermissionDenied, "account_tier"),
            lock: (ErrorKind::PermissionDenied, "protected_domain"),
        }
    }

    /// What it says to an account that is too small.
    pub fn small_account(self, kind: ErrorKind, code: &'static str) -> Self {
        Self { small_account: (kind, code), ..self }
    }

    /// What it says to a write of a domain that is locked.
    pub fn lock(self, kind: ErrorKind, code: &'static str) -> Self {
        Self { lock: (kind, code), ..self }
    }
}

/// All checks, one after the other, in an account that is empty at first. The client must not wait longer than a second
/// for an answer, and not repeat calls.
pub async fn all(registrar: &dyn Registrar, model: &RegistrarModel, words: Words) {
    the_credential_is_checked(registrar, model).await;
    all_domains_are_listed(registrar, model).await;
    name_servers_are_told_in_one_form(registrar, model).await;
    a_domain_of_somebody_else_is_told_apart(registrar, model).await;
    name_servers_are_written(registrar, model).await;
    ds_records_are_replaced(registrar, model).await;
    refusals_of_a_write_are_told_apart(registrar, model, words).await;
    what_is_not_there_is_said(registrar).await;
    faults_are_told_apart(registrar, model, words).await;
    a_lost_answer_is_in_doubt(registrar, model).await;
    // The last one, for the client stays away for as long as it was asked to.
    a_pause_is_passed_on(registrar, model).await;
    assert_eq!(model.faults().pending(), 0, "each fault happened");
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
    let expected: Vec<_> = (0..230).map(|number| domain(&format!("many-{number:03}.test"))).collect();
    for name in &expected {
        model.add_domain(name.clone(), servers(["ns1.old.test", "ns2.old.test"]));
    }
    let mut listed = done(registrar.domains().await, "a list of domains");
    listed.sort();
    assert_eq!(listed, expected);
}

/// In lower case, without repetition, as a set; a part is told as a part.
pub async fn name_servers_are_told_in_one_form(registrar: &dyn Registrar, model: &RegistrarModel) {
    let (name, set) = (domain("told.test"), servers(["ns2.old.test", "ns1.old.test"]));
    model.add_domain(name.clone(), set.clone());
    assert_eq!(done(registrar.nameservers(&name).await, "name servers"), set);
    model.faults().inject(FaultRule::new(Fault::PartialReadBack));
    assert_eq!(done(registrar.nameservers(&name).await, "a part of the name servers").len(), 1);
    assert_eq!(done(registrar.nameservers(&name).await, "name servers"), set);
}

/// With the names of the registrar and of the domain in the error.
pub async fn a_domain_of_somebody_else_is_told_apart(registrar: &dyn Registrar, _model: &RegistrarModel) {
    let found = registrar.nameservers(&domain("elsewhere.test")).await;
    let error = refused(found, ErrorKind::NotFound, "not_in_account");
    assert_eq!((error.service(), error.target()), (Some(registrar.name()), Some("elsewhere.test")));
}

/// What is written is there, after the task if there is one, in whatever spelling and below whatever suffix; where a
/// person must do it, nothing is sent.
pub async fn name_servers_are_written(registrar: &dyn Registrar, model: &RegistrarModel) {
    let (name, old) = (domain("written.co.uk"), servers(["ns1.old.test", "ns2.old.test"]));
    let new = servers(["NS1.new.test.", "ns2.NEW.test", "ns3.new.test"]);
    model.add_domain(name.clone(), old.clone());
    let (calls, writes) = (model.calls(), model.writes());
    let written = registrar.set_nameservers(&name, &new).await;
    if registrar.capabilities().nameservers == NsWrite::ManualOnly {
        let error = refused(written, ErrorKind::Config, "manual_only");
        let help = error.help().unwrap_or_default();
        assert!(help.contains("ns1.new.test"), "it says what to do: {error}");
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

/// The DS records in the parent are those that were written last.
pub async fn ds_records_are_replaced(registrar: &dyn Registrar, model: &RegistrarModel) {
    if !registrar.capabilities().ds {
        return;
    }
    let name = domain("signed.test");
    model.add_domain(name.clone(), servers(["ns1.old.test", "ns2.old.test"]));
    let ds = |key_tag| Ds { key_tag, algorithm: 13, digest_type: 2, digest: vec![7; 32] };
    for wanted in [vec![ds(1)], vec![ds(1), ds(2)], vec![ds(2)], Vec::new()] {
        assert_eq!(done(registrar.set_ds(&name, &wanted).await, "a write of DS records"), None);
        assert_eq!(done(registrar.ds(&name).await, "DS records"), wanted);
    }
}

/// A lock, a state that does not allow it, an account that is too small: each has its code, and nothing is changed.
pub async fn refusals_of_a_write_are_told_apart(
    registrar: &dyn Registrar,
    model: &RegistrarModel,
    words: Words,
) {
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
    refused(registrar.set_nameservers(&locked, &new).await, words.lock.0, words.lock.1);
    refused(registrar.set_nameservers(&ended, &new).await, ErrorKind::InvalidRequest, "refused");
    model.set_full_account(false);
    let (kind, code) = words.small_account;
    refused(registrar.set_nameservers(&locked, &new).await, kind, code);
    refused(registrar.validate().await, kind, code);
    model.set_full_account(true);
    assert_eq!((model.has(&locked), model.has(&ended)), (Some(old.clone()), Some(old)));
}

/// Calls that the capabilities deny are errors that say so.
pub async fn what_is_not_there_is_said(registrar: &dyn Registrar) {
    let (name, can) = (domain("told.test"), registrar.capabilities());
    if !can.ds {
        refused(registrar.ds(&name).await, ErrorKind::Config, "unsupported");
        refused(registrar.set_ds(&name, &[]).await, ErrorKind::Config, "unsupported");
    }
    if can.nameservers != NsWrite::Task {
        refused(registrar.task(&name, &TaskId("1".to_owned())).await, ErrorKind::Config, "unsupported");
    }
}

/// Each fault has its code, at a read and at a write; only what may have come after the effect of a write is in doubt,
/// and nothing is changed.
pub async fn faults_are_told_apart(registrar: &dyn Registrar, model: &RegistrarModel, words: Words) {
    let (name, new) = (domain("told.test"), servers(["ns1.new.test", "ns2.new.test"]));
    let (before, writes) = (model.has(&name), model.writes());
    for (fault, code, certain) in [
        (Fault::BadCredential, "bad_credential", true),
        (Fault::AccountTier, words.small_account.1, true),
        (Fault::RateLimited(0), "rate_limited", true),
        (Fault::Unavailable, "unavailable", false),
        (Fault::HtmlBody, "unavailable", false),
        (Fault::Drop, "unavailable", false),
    ] {
        model.faults().inject(FaultRule::new(fault.clone()).on(Op::Read));
        let read = registrar.nameservers(&name).await.map(drop).map_err(|error| error.code());
        assert_eq!(read, Err(Some(code)), "{fault:?}");
        if registrar.capabilities().nameservers == NsWrite::ManualOnly {
            continue;
        }
        model.faults().inject(FaultRule::new(fault.clone()).on(Op::Write));
        match registrar.set_nameservers(&name, &new).await {
            Ok(_task) => panic!("{fault:?}: expected an error"),
            Err(error) => {
                assert_eq!(
                    (error.code(), error.outcome_unknown()),
                    (Some(code), !certain),
                    "{fault:?} {error:?}"
                );
            }
        }
    }
    assert_eq!((model.has(&name), model.writes()), (before, writes));
}

/// The answer to a write that was done is late or lost: it is in doubt, not repeated, and reading tells.
pub async fn a_lost_answer_is_in_doubt(registrar: &dyn Registrar, model: &RegistrarModel) {
    if registrar.capabilities().nameservers == NsWrite::ManualOnly {
        return;
    }
    let name = domain("told.test");
    for (fault, new) in [
        (Fault::TimeoutAfterWrite, servers(["ns3.new.test", "ns4.new.test"])),
        (Fault::DropAfterWrite, servers(["ns5.new.test", "ns6.new.test"])),
    ] {
        let writes = model.writes();
        model.faults().inject(FaultRule::new(fault.clone()));
        match registrar.set_nameservers(&name, &new).await {
            Ok(_task) => panic!("{fault:?}: expected no answer"),
            Err(error) => {
                assert_eq!((error.code(), error.outcome_unknown()), (Some("unavailable"), true), "{error:?}");
                let timeout = error.kind() == ErrorKind::Timeout;
                assert_eq!(timeout, fault == Fault::TimeoutAfterWrite, "{error:?}");
            }
        }
        assert_eq!(model.writes(), writes + 1, "{fault:?}: it was done once");
        // A task that nobody knows the name of goes on all the same.
        for _look in 0..100 {
            if done(registrar.nameservers(&name).await, "name servers") == new {
                break;
            }
        }
        assert_eq!(model.has(&name), Some(new), "{fault:?}");
    }
}

/// The registrar's word when to come again is in the error.
pub async fn a_pause_is_passed_on(registrar: &dyn Registrar, model: &RegistrarModel) {
    model.faults().inject(FaultRule::new(Fault::RateLimited(7)).on(Op::Read));
    let read = registrar.nameservers(&domain("told.test")).await;
    let error = refused(read, ErrorKind::RateLimited, "rate_limited");
    assert_eq!(error.retry(), RetryAdvice::After(Duration::from_secs(7)));
}

fn domain(text: &str) -> RegisteredDomain {
    done(text.parse(), "a domain for the contract")
}

fn servers<const N: usize>(names: [&str; N]) -> NameServers {
    let names: Result<Vec<_>> = names.iter().map(|name| name.parse()).collect();
    done(names.and_then(NameServers::new), "name servers for the contract")
}
