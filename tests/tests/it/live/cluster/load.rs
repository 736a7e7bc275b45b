//! What applications do all day: reads, writes, renewals, mints.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_core::Error;
use catalyst_openbao::{
    DynamicCredentials, Kv2, OpenBao, ReadFrom, SecretData, SecretPath, SecretStore, WriteMode,
};
use catalyst_tests::servers::{Servers, poll};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::super::workload::{mount, role};
use super::stage::Stage;

const PAUSE: Duration = Duration::from_millis(15);

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) done: u64,
    pub(super) failed: Vec<(&'static str, Error)>,
    /// When each write was begun and done.
    pub(super) writes: Vec<(Instant, Instant)>,
    /// The database users that callers got.
    pub(super) minted: BTreeSet<String>,
    /// Mints that failed and said that they may have happened.
    pub(super) unknown: Vec<Error>,
    pub(super) slowest: Duration,
}

/// Runs until it is stopped.
pub(super) struct Load {
    tally: Arc<Mutex<Tally>>,
    workers: JoinSet<()>,
}

impl Load {
    pub(super) fn start(stage: &Stage) -> Self {
        let tally: Arc<Mutex<Tally>> = Arc::default();
        let mut workers = JoinSet::new();
        let (active, any) = (stage.client(ReadFrom::Active), stage.client(ReadFrom::Any));
        for bao in [&active, &any] {
            let upkeep = bao.maintain();
            workers.spawn(async move { match upkeep.await {} });
        }
        for number in 0..4 {
            let bao = if number % 2 == 0 { &active } else { &any };
            workers.spawn(write_and_read(bao.kv(mount("secret")), number, Arc::clone(&tally)));
        }
        workers.spawn(mint(active.clone(), Arc::clone(&tally)));
        workers.spawn(mint(any, Arc::clone(&tally)));
        workers.spawn(renew(active, Arc::clone(&tally)));
        Self { tally, workers }
    }

    /// Waits until it has done as much more, which says that all is well.
    pub(super) async fn goes_on(&self, operations: u64) {
        let done = || self.tally.lock().unwrap().done;
        let goal = done() + operations;
        poll::until("wait for the load to go on", Duration::from_secs(20), async || {
            Ok((done() >= goal).then_some(()))
        })
        .await
        .unwrap();
    }

    /// The end of the first write that was begun after `since`.
    pub(super) async fn first_write_after(&self, since: Instant) -> Instant {
        poll::until("wait for a write", Duration::from_secs(20), async || {
            let tally = self.tally.lock().unwrap();
            Ok(tally.writes.iter().filter(|(begun, _)| *begun >= since).map(|(_, done)| *done).min())
        })
        .await
        .unwrap()
    }

    /// The first end of a write after `since`, whenever it was begun.
    pub(super) async fn first_success_after(&self, since: Instant) -> Instant {
        poll::until("wait for a write", Duration::from_secs(20), async || {
            let tally = self.tally.lock().unwrap();
            Ok(tally.writes.iter().map(|(_, done)| *done).filter(|done| *done >= since).min())
        })
        .await
        .unwrap()
    }

    pub(super) fn stop(self) -> Tally {
        drop(self.workers);
        std::mem::take(&mut self.tally.lock().unwrap())
    }
}

impl Tally {
    /// Nothing failed but what owned up to an unknown outcome, and no user is there that nobody knows of.
    pub(super) async fn assert_sound(&self, stage: &Stage, stuck_mints: usize) {
        assert!(self.failed.is_empty(), "{} failed: {:?}", self.failed.len(), self.failed.first());
        assert!(self.unknown.len() <= stuck_mints, "{:?}", self.unknown);
        assert!(self.slowest <= super::stage::DEADLINE, "{:?}", self.slowest);
        // A mint that went wrong is undone by the server after a while.
        poll::until("count the users", Duration::from_secs(20), async || {
            let users: BTreeSet<String> = stage.postgres.made_users(&[]).await?.into_iter().collect();
            assert!(self.minted.is_subset(&users), "a user that was handed out is gone");
            let extra = users.len() - self.minted.len();
            Ok((extra <= self.unknown.len()).then_some(()))
        })
        .await
        .unwrap();
    }
}

fn note(tally: &Mutex<Tally>, what: &'static str, begun: Instant, result: Result<(), Error>) {
    let mut tally = tally.lock().unwrap();
    tally.slowest = tally.slowest.max(begun.elapsed());
    match result {
        Ok(()) => tally.done += 1,
        Err(error) => tally.failed.push((what, error)),
    }
}

/// Writes a number, reads it back, and finds it there.
async fn write_and_read(kv: Kv2, number: u32, tally: Arc<Mutex<Tally>>) {
    let path: SecretPath = format!("load/{number}").parse().unwrap();
    for turn in 0_u64.. {
        let data = SecretData::from_iter([("turn", turn.to_string())]);
        let begun = Instant::now();
        let wrote = kv.write(&path, &data, WriteMode::Overwrite).await;
        let is_there = wrote.is_ok();
        if is_there {
            tally.lock().unwrap().writes.push((begun, Instant::now()));
        }
        note(&tally, "write", begun, wrote.map(drop));
        let begun = Instant::now();
        let read = kv.read(&path, None).await;
        if is_there && let Ok(read) = &read {
            let found: u64 = read.data.get("turn").unwrap().expose().parse().unwrap();
            assert_eq!(found, turn, "a client reads what it wrote");
        }
        note(&tally, "read", begun, read.map(drop));
        sleep(PAUSE).await;
    }
}

async fn mint(bao: OpenBao, tally: Arc<Mutex<Tally>>) {
    let database = bao.database(mount("database"));
    loop {
        let begun = Instant::now();
        match database.issue(&role(Servers::ROLE)).await {
            Ok(lease) => {
                tally.lock().unwrap().minted.insert(lease.value.username.clone());
                note(&tally, "mint", begun, Ok(()));
            }
            Err(error) if error.outcome_unknown() => tally.lock().unwrap().unknown.push(error),
            Err(error) => note(&tally, "mint", begun, Err(error)),
        }
        sleep(PAUSE * 4).await;
    }
}

async fn renew(bao: OpenBao, tally: Arc<Mutex<Tally>>) {
    let database = bao.database(mount("database"));
    let lease = database.issue(&role(Servers::ROLE)).await.unwrap();
    tally.lock().unwrap().minted.insert(lease.value.username.clone());
    loop {
        let begun = Instant::now();
        let renewed = database.renew(&lease.id, None).await;
        note(&tally, "renewal", begun, renewed.map(drop));
        sleep(PAUSE).await;
    }
}
