//! The figures, on three real servers of our own.

use std::time::Duration;

use catalyst_openbao::region::Regions;
use catalyst_openbao::replicate::Replicator;
use catalyst_openbao::{Kv2, Login, Mount, OpenBao, SecretData, SecretPath, SecretStore, WriteMode};
use catalyst_tests::servers::OpenBaoServer;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::report::line;
use crate::{Broken, Ended};

/// As many requests at once as the replicator makes.
const CONCURRENCY: usize = 32;
/// Writes in a second, and for how long.
const RATE: u64 = 100;
const SECONDS: u64 = 20;

fn client(server: &OpenBaoServer) -> Result<OpenBao, Broken> {
    let login = Login::token(server.root_token().clone());
    Ok(OpenBao::builder(server.address())?.login(login).build()?)
}

fn path(number: usize) -> Result<SecretPath, Broken> {
    Ok(format!("team{:03}/app{number:06}", number % 100).parse()?)
}

pub(crate) async fn run(secrets: usize) -> Result<Ended, Broken> {
    let servers = [
        OpenBaoServer::start_dev().await?,
        OpenBaoServer::start_dev().await?,
        OpenBaoServer::start_dev().await?,
    ];
    let mount: Mount = "secret".parse()?;
    let [source, bare, copy] = [client(&servers[0])?, client(&servers[1])?, client(&servers[2])?];
    let (from, to) = (source.kv(mount.clone()), bare.kv(mount.clone()));
    let data = || SecretData::from([("user", "orders"), ("password", "0123456789abcdef0123456789abcdef")]);
    stream::iter(0..secrets)
        .map(|number| write(&from, number, data()))
        .buffer_unordered(CONCURRENCY)
        .try_collect::<Vec<_>>()
        .await?;

    let begun = tokio::time::Instant::now();
    stream::iter(0..secrets)
        .map(|number| read_and_write(&from, &to, number))
        .buffer_unordered(CONCURRENCY)
        .try_collect::<Vec<_>>()
        .await?;
    let bare_took = begun.elapsed();

    let replicator = Replicator::builder("source".parse()?, source.clone(), mount.clone())
        .target("copy".parse()?, copy.clone());
    let replicator = replicator.concurrency(CONCURRENCY).build()?;
    replicator.claim().await?;
    let begun = tokio::time::Instant::now();
    for (_, swept) in replicator.sweep().await {
        swept?;
    }
    let copied = begun.elapsed();
    line(&format!(
        "first copy of {secrets} secrets: {:.2} s; reading and writing them barely, {CONCURRENCY} at once: {:.2} s; factor {:.2}",
        copied.as_secs_f64(),
        bare_took.as_secs_f64(),
        copied.as_secs_f64() / bare_took.as_secs_f64()
    ));
    let begun = tokio::time::Instant::now();
    for (_, swept) in replicator.sweep().await {
        swept?;
    }
    line(&format!("a sweep that finds nothing to do: {:.2} s", begun.elapsed().as_secs_f64()));

    let regions = Regions::builder(mount.clone())
        .region("source".parse()?, source)
        .region("copy".parse()?, copy.clone())
        .primary("source".parse()?)
        .build()?;
    let replication = tokio::spawn(replicator.run());
    let mut lags = lags(&regions, &copy.kv(mount), secrets, &data()).await?;
    replication.abort();
    lags.sort_unstable();
    let at = |share: usize| lags[(lags.len() * share / 100).min(lags.len() - 1)].as_secs_f64();
    line(&format!(
        "lag at {RATE} writes a second through the router, {} writes beside {secrets} secrets: p50 {:.3} s, p99 {:.3} s, \
         longest {:.3} s",
        lags.len(),
        at(50),
        at(99),
        at(100)
    ));
    Ok(Ended::Alike)
}

async fn write(kv: &Kv2, number: usize, data: SecretData) -> Result<(), Broken> {
    kv.write(&path(number)?, &data, WriteMode::Overwrite).await?;
    Ok(())
}

async fn read_and_write(from: &Kv2, to: &Kv2, number: usize) -> Result<(), Broken> {
    let found = from.read(&path(number)?, None).await?;
    write(to, number, found.data).await
}

/// Writes at a steady rate, and sees when each write has arrived.
async fn lags(
    regions: &Regions,
    copy: &Kv2,
    secrets: usize,
    data: &SecretData,
) -> Result<Vec<Duration>, Broken> {
    let mut tick = interval(Duration::from_secs(1) / u32::try_from(RATE)?);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut waits = tokio::task::JoinSet::new();
    for number in 0..usize::try_from(RATE * SECONDS)? {
        tick.tick().await;
        let path = path(number % secrets.max(1))?;
        let (store, copy, data) = (regions.store(), copy.clone(), data.clone());
        waits.spawn(async move {
            let version = store.write(&path, &data, WriteMode::Overwrite).await?.version;
            let written = tokio::time::Instant::now();
            while copy.read(&path, Some(version)).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
            Ok::<_, Broken>(written.elapsed())
        });
    }
    let mut lags = Vec::new();
    while let Some(lag) = waits.join_next().await {
        lags.push(lag??);
    }
    Ok(lags)
}
