//! What applications do all day: reads, writes, renewals, mints.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use catalyst_core::{Error, Result};
use catalyst_openbao::{
    Credentials, Database, DynamicCredentials, Kv2, Lease, OpenBao, ReadFrom, SecretData, SecretPath,
    SecretStore, WriteMode,
};
use catalyst_tests::servers::{Servers, poll};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::super::workload::{mount, role};
use super::stage::{DEADLINE, Stage};

const PAUSE: Duration = Duration::from_millis(15);
/// How many mint at the same time: so many mints at most are on their way when a node loses the lead.
const MINTERS: usize = 2;

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    done: u64,
    failed: Vec<(&'static str, Error)>,
    /// When each write was begun and done.
    writes: Vec<(Instant, Instant)>,
    /// The database users that callers got.
    minted: BTreeSet<String>,
    /// Mints that failed and said that they may have happened.
    unknown: Vec<Error>,
    slowest: Duration,
}

/// Runs until it is stopped.
pub(super) struct Load {
    shared: Arc<Shared>,
    workers: JoinSet<()>,
    upkeep: JoinSet<()>,
    /// How often the lead was taken before it began.
    elections: usize,
}

#[derive(Debug, Default)]
struct Shared {
    tally: Mutex<Tally>,
    stops: AtomicBool,
}

impl Load {
    pub(super) fn start(stage: &Stage) -> Self {
        let shared: Arc<Shared> = Arc::default();
        let (mut workers, mut upkeep) = (JoinSet::new(), JoinSet::new());
        let clients = [stage.client(ReadFrom::Active), stage.client(ReadFrom::Any)];
        for bao in &clients {
            let maintained = bao.maintain();
            upkeep.spawn(async move { match maintained.await {} });
        }
        for (number, bao) in (0..4).zip(clients.iter().cycle()) {
            workers.spawn(write_and_read(bao.kv(mount("secret")), number, Arc::clone(&shared)));
        }
        for bao in clients.iter().cycle().take(MINTERS) {
            workers.spawn(mint(bao.clone(), Arc::clone(&shared)));
        }
        workers.spawn(renew(clients[0].clone(), Arc::clone(&shared)));
        Self { shared, workers, upkeep, elections: stage.cluster.elections().unwrap() }
    }

    /// Waits until it has done as much more, which says that all is well.
    pub(super) async fn goes_on(&self, operations: u64) {
        let goal = self.shared.tally().done + operations;
        poll::until("wait for the load to go on", Duration::from_secs(20), async || {
            Ok((self.shared.tally().done >= goal).then_some(()))
        })
        .await
        .unwrap();
    }

    /// The end of the first write that was begun after `since`.
    pub(super) async fn first_write_after(&self, since: Instant) -> Instant {
        self.first_write(|(begun, done)| (*begun >= since).then_some(*done)).await
    }

    /// The first end of a write after `since`, whenever it was begun.
    pub(super) async fn first_success_after(&self, since: Instant) -> Instant {
        self.first_write(|(_, done)| (*done >= since).then_some(*done)).await
    }

    async fn first_write(&self, ends: impl Fn(&(Instant, Instant)) -> Option<Instant>) -> Instant {
        poll::until("wait for a write", Duration::from_secs(20), async || {
            Ok(self.shared.tally().writes.iter().filter_map(&ends).min())
        })
        .await
        .unwrap()
    }

    /// Lets each worker finish what it is at, and then looks at all of it: nothing failed, everything was in time, and
    /// no user was ever made but those that callers got and one for each mint of unknown outcome; of which there are
    /// few: those that were on their way when the lead was lost. Tells the numbers.
    pub(super) async fn assert_sound(mut self, stage: &Stage) -> String {
        self.shared.stops.store(true, Ordering::SeqCst);
        while let Some(ended) = self.workers.join_next().await {
            ended.unwrap();
        }
        drop(self.upkeep);
        let tally = std::mem::take(&mut *self.shared.tally());
        assert!(tally.failed.is_empty(), "{} failed: {:?}", tally.failed.len(), tally.failed.first());
        assert!(tally.slowest <= DEADLINE, "{:?}", tally.slowest);
        let elections = stage.cluster.elections().unwrap() - self.elections;
        let made = stage.postgres.users_ever_made().unwrap();
        let told = format!(
            "{} operations, the slowest {:?}; {elections} elections; {} users made, {} handed out, {} unknown",
            tally.done,
            tally.slowest,
            made.len(),
            tally.minted.len(),
            tally.unknown.len()
        );
        assert!(tally.minted.is_subset(&made), "the log of the database holds all users");
        let nobodys: Vec<_> = made.difference(&tally.minted).collect();
        assert!(
            nobodys.len() <= tally.unknown.len(),
            "made twice: {nobodys:?}, unknown: {:#?}",
            tally.unknown
        );
        let there: BTreeSet<String> = stage.postgres.made_users(&[]).await.unwrap().into_iter().collect();
        assert!(tally.minted.is_subset(&there), "a user that was handed out is gone");
        assert!(tally.unknown.len() <= MINTERS * elections.max(1), "{:#?}", tally.unknown);
        told
    }
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap()
    }

    fn goes_on(&self) -> bool {
        !self.stops.load(Ordering::SeqCst)
    }

    fn note(&self, what: &'static str, begun: Instant, result: Result<()>) {
        let mut tally = self.tally();
        tally.slowest = tally.slowest.max(begun.elapsed());
        match result {
            Ok(()) => tally.done += 1,
            Err(error) => tally.failed.push((what, error)),
        }
    }
}

/// Writes a number, reads it back, and finds it there.
async fn write_and_read(kv: Kv2, number: u32, shared: Arc<Shared>) {
    let path: SecretPath = format!("load/{number}").parse().unwrap();
    for turn in 0_u64.. {
        let data = SecretData::from_iter([("turn", turn.to_string())]);
        let begun = Instant::now();
        let wrote = kv.write(&path, &data, WriteMode::Overwrite).await;
        let is_there = wrote.is_ok();
        if is_there {
            shared.tally().writes.push((begun, Instant::now()));
        }
        shared.note("write", begun, wrote.map(drop));
        let begun = Instant::now();
        let read = kv.read(&path, None).await;
        if is_there && let Ok(read) = &read {
            let found: u64 = read.data.get("turn").unwrap().expose().parse().unwrap();
            assert_eq!(found, turn, "a client reads what it wrote");
        }
        shared.note("read", begun, read.map(drop));
        if !shared.goes_on() {
            return;
        }
        sleep(PAUSE).await;
    }
}

/// What somebody does who needs a credential, as the rotation does: a mint of unknown outcome is left to its end, and
/// another one takes its place.
async fn obtain(database: &Database, shared: &Shared) -> Result<Lease<Credentials>> {
    let begun = Instant::now();
    loop {
        match database.issue(&role(Servers::ROLE)).await {
            Err(error) if error.outcome_unknown() => {
                shared.tally().unknown.push(error.clone());
                if begun.elapsed() >= DEADLINE {
                    return Err(error);
                }
            }
            answer => return answer,
        }
    }
}

async fn mint(bao: OpenBao, shared: Arc<Shared>) {
    let database = bao.database(mount("database"));
    while shared.goes_on() {
        let begun = Instant::now();
        let result = obtain(&database, &shared).await;
        if let Ok(lease) = &result {
            shared.tally().minted.insert(lease.value.username.clone());
        }
        shared.note("mint", begun, result.map(drop));
        sleep(PAUSE * 4).await;
    }
}

async fn renew(bao: OpenBao, shared: Arc<Shared>) {
    let database = bao.database(mount("database"));
    let lease = obtain(&database, &shared).await.unwrap();
    shared.tally().minted.insert(lease.value.username.clone());
    while shared.goes_on() {
        let begun = Instant::now();
        let renewed = database.renew(&lease.id, None).await;
        shared.note("renewal", begun, renewed.map(drop));
        sleep(PAUSE).await;
    }
}
