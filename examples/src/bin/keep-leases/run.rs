//! The servers, the leases, and the clock.

use std::time::Duration;

use catalyst_openbao::{
    Credentials, Database, DynamicCredentials, KeptLease, Lease, LeaseKeeper, LeaseTerm, Login, OpenBao,
    RoleName, Standing,
};
use catalyst_tests::servers::{OpenBaoServer, ValkeyServer};
use futures_util::future::try_join_all;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::Broken;
use crate::figures::Figures;
use crate::options::Options;
use crate::process::{cpu_time, resident};

const ROLE: &str = "carts";
/// Of a term in which nothing is due while that is watched.
const LONG: Duration = Duration::from_secs(24 * 3600);
const TICKS: u32 = 10;

/// What makes leases.
struct Maker {
    database: Database,
    role: RoleName,
}

impl Maker {
    async fn make(&self, leases: u32) -> Result<Vec<Lease<Credentials>>, Broken> {
        try_join_all((0..leases).map(|_| self.make_one())).await
    }

    /// Another one where a connection breaks under the request, which is not repeated by itself.
    async fn make_one(&self) -> Result<Lease<Credentials>, Broken> {
        match self.database.issue(&self.role).await {
            Err(error) if error.outcome_unknown() => Ok(self.database.issue(&self.role).await?),
            made => Ok(made?),
        }
    }
}

pub(crate) async fn run(options: &Options) -> Result<Figures, Broken> {
    let (server, valkey) = tokio::try_join!(OpenBaoServer::start(), ValkeyServer::start())?;
    let api = server.api()?;
    valkey.connect_openbao(&api).await?;
    ValkeyServer::role(&api, ROLE, options.ttl(), LONG).await?;
    let login = Login::token(server.root_token().clone());
    let bao = OpenBao::builder(server.address())?.tls(server.tls()?).login(login).build()?;
    let maker = Maker { database: bao.database("database".parse()?), role: ROLE.parse()? };
    // Connections are made and buffers grown before anything is counted.
    let first = maker.make(options.per_second.min(32)).await?;
    for lease in &first {
        maker.database.revoke(&lease.id).await?;
    }

    let keeper = LeaseKeeper::new(bao.leases());
    let running = tokio::spawn(keeper.run());
    let (before, begun) = (resident()?, Instant::now());
    let kept = make_all(options, &maker, &keeper).await?;
    let made_in = begun.elapsed();
    let (cpu, at, renewed) = (cpu_time()?, Instant::now(), keeper.report().renewed);
    sleep(options.watch.max(options.round())).await;
    let (watched, report) = (at.elapsed(), keeper.report());
    let busy = cpu_time()?.saturating_sub(cpu);
    let grown = resident()?.saturating_sub(before);
    let lasting = kept.iter().filter(|kept| kept.state().standing == Standing::Lasting).count();
    let there = valkey.made_users().await?.len();
    running.abort();

    let mut figures = Figures {
        leases: options.leases,
        due_per_second: options.per_second,
        lease_ttl_s: options.ttl().as_secs(),
        made_per_second: f64::from(options.leases) / made_in.as_secs_f64(),
        renewed_per_second: f64::from(u32::try_from(report.renewed - renewed)?) / watched.as_secs_f64(),
        renewed: 0,
        failed: 0,
        lost: kept.len() - lasting.min(there),
        late_p50_ms: 0.0,
        late_p99_ms: 0.0,
        late_most_ms: 0.0,
        busy_cpu_percent: 100.0 * busy.as_secs_f64() / watched.as_secs_f64(),
        idle_cpu_percent: idle(options, &bao, &kept).await?,
        resident_bytes_per_lease: grown / u64::from(options.leases),
    };
    figures.late(&report);
    Ok(figures)
}

/// Made as fast as they are due later, so that they are due one after the other.
async fn make_all(options: &Options, maker: &Maker, keeper: &LeaseKeeper) -> Result<Vec<KeptLease>, Broken> {
    let mut kept = Vec::with_capacity(options.leases as usize);
    let mut tick = interval(Duration::from_secs(1) / TICKS);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let each = options.per_second.div_ceil(TICKS);
    let mut left = options.leases;
    while left > 0 {
        tick.tick().await;
        let now = each.min(left);
        for lease in &maker.make(now).await? {
            kept.push(keeper.keep(lease)?);
        }
        left -= now;
    }
    Ok(kept)
}

/// The share of one core that as many leases take while none is due.
async fn idle(options: &Options, bao: &OpenBao, kept: &[KeptLease]) -> Result<f64, Broken> {
    let (keeper, session) = (LeaseKeeper::new(bao.leases()), bao.session().await?);
    let mut held = Vec::with_capacity(kept.len());
    for lease in kept {
        let term = LeaseTerm::new(LONG, true);
        held.push(keeper.keep(&Lease::new(lease.id().clone(), term, Instant::now(), session.clone(), ()))?);
    }
    let running = tokio::spawn(keeper.run());
    // Idle connections are closed first.
    sleep(Duration::from_secs(5)).await;
    let (cpu, at) = (cpu_time()?, Instant::now());
    sleep(options.idle).await;
    let share = (cpu_time()?.saturating_sub(cpu)).as_secs_f64() / at.elapsed().as_secs_f64();
    running.abort();
    Ok(100.0 * share)
}
