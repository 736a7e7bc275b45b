//! The replicator.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Backoff, Error, ErrorKind, Result};
use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::event::{LogEvents, ReplicaLag, ReplicaObserver, SweepReport};
use super::link::{Link, Region};
use super::settings::Settings;
use crate::refusal::SERVICE;
use crate::{Kv2, Mount, OpenBao, RegionName};

/// A sweep is followed by a pause so many times as long as it took, so that it costs a tenth of the servers' time.
const PAUSE_SHARE: u32 = 9;
/// After failures, the next try comes within this time.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Keeps secondaries like the primary: one KV engine, and the policies, in one direction.
///
/// Nothing is kept but in the servers themselves, so it can be killed at any moment and started again, also twice at a
/// time. See the [module](super) for what it can copy, what it will not touch, and what it costs.
///
/// ```
/// use catalyst_openbao::OpenBao;
/// use catalyst_openbao::replicate::Replicator;
///
/// # async fn example(muscat: OpenBao, salalah: OpenBao) -> catalyst_openbao::Result<()> {
/// let replicator = Replicator::builder("muscat".parse()?, muscat, "secret".parse()?)
///     .target("salalah".parse()?, salalah)
///     .policies(true)
///     .build()?;
/// let running = tokio::spawn(replicator.run());
/// for lag in replicator.lag() {
///     println!("{}: {:?} behind, {} conflicts", lag.target, lag.journal, lag.conflicts);
/// }
/// # running.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Replicator {
    source: Kv2,
    name: RegionName,
    links: Arc<[Link]>,
    settings: Arc<Settings>,
}

/// Collects the settings of a [`Replicator`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ReplicatorBuilder {
    source: Region,
    targets: Vec<Region>,
    settings: Settings,
}

impl Replicator {
    /// Copies from the region `name` the KV engine at `mount`, which is mounted alike everywhere.
    pub fn builder(name: RegionName, primary: OpenBao, mount: Mount) -> ReplicatorBuilder {
        let settings = Settings {
            mount,
            policies: false,
            concurrency: 32,
            rate: 0,
            tick: Duration::from_millis(100),
            sweep_pause: Duration::from_secs(1),
            many_removals: false,
            observer: Arc::new(LogEvents),
        };
        ReplicatorBuilder { source: Region { name, bao: primary }, targets: Vec::new(), settings }
    }

    /// Puts it on record that the source is primary, in epoch 1, if neither it nor a secondary has a record yet.
    /// Idempotent.
    ///
    /// # Errors
    /// `fence_unreadable`, and those common to all calls: every secondary must answer.
    ///
    /// # Cancel safety
    /// Call it again.
    pub async fn claim(&self) -> Result<()> {
        for link in &*self.links {
            if link.is_claimed().await? {
                return Ok(());
            }
        }
        Link::claim(&self.source, &self.name).await
    }

    /// Looks at all secrets and policies once, and brings every secondary up to date: one result for each, in the
    /// order in which they were named.
    ///
    /// # Errors
    /// For each secondary, those common to all calls, and codes
    /// - `not_primary`, `fenced`, `split_brain`, `fence_unreadable`: the source is not who is to be copied from;
    /// - `many_removals`: most of the secondary is gone on the primary; nothing was changed.
    ///
    /// # Cancel safety
    /// What was copied stays; the next sweep does the rest.
    pub async fn sweep(&self) -> Vec<(RegionName, Result<SweepReport>)> {
        let sweeps = self.links.iter().map(|link| async move {
            // Boxed, for it is large.
            (link.target().clone(), Box::pin(link.sweep()).await)
        });
        join_all(sweeps).await
    }

    /// Copies for ever: what the journals name within some hundred milliseconds, and everything else at each sweep.
    /// Failures are told to the observer, and tried again: at first soon, later every 5 s. One secondary that is down
    /// holds no other up.
    ///
    /// # Cancel safety
    /// It can be dropped at any time, and started again.
    pub fn run(&self) -> impl Future<Output = Infallible> + Send + use<> {
        let this = self.clone();
        async move {
            let links =
                this.links.iter().map(|link| {
                    let settings = &this.settings;
                    async move {
                        tokio::join!(Box::pin(sweeps(link, settings)), Box::pin(follows(link, settings)))
                    }
                });
            join_all(links).await;
            // No link ends.
            std::future::pending().await
        }
    }

    /// Says that these secrets, by their paths below the mount, may have changed on the primary: for those who learn
    /// of it in another way than the journals, as from an audit log.
    pub fn hint(&self, paths: &[crate::SecretPath]) {
        for link in &*self.links {
            link.hint(paths.iter().map(|path| path.as_str().to_owned()));
        }
    }

    /// How far each secondary lags behind now.
    pub fn lag(&self) -> Vec<ReplicaLag> {
        self.links.iter().map(Link::lag).collect()
    }
}

/// Everything, over and over.
async fn sweeps(link: &Link, settings: &Settings) {
    let mut failures = 0;
    loop {
        let begun = Instant::now();
        let pause = match Box::pin(link.sweep()).await {
            Ok(_) => {
                failures = 0;
                (begun.elapsed() * PAUSE_SHARE).max(settings.sweep_pause)
            }
            Err(error) => {
                link.failed(error);
                failures += 1;
                backoff(failures)
            }
        };
        let until = Instant::now() + pause;
        while Instant::now() < until && !(failures == 0 && link.has_gap()) {
            sleep(settings.tick.min(until.saturating_duration_since(Instant::now()))).await;
        }
    }
}

/// What the journals name, and the statement of how far we are.
async fn follows(link: &Link, settings: &Settings) {
    let mut failures = 0;
    loop {
        let looked = async {
            link.follow().await?;
            link.write_marker().await
        };
        match Box::pin(looked).await {
            Ok(()) => {
                failures = 0;
                sleep(settings.tick).await;
            }
            Err(error) => {
                // The sweep says so too, and more often than once would be noise.
                tracing::debug!(%error, "the journals could not be followed; it is tried again");
                failures += 1;
                sleep(backoff(failures)).await;
            }
        }
    }
}

fn backoff(failures: u32) -> Duration {
    Backoff::new(Duration::from_millis(200), MAX_BACKOFF).delay(failures, fastrand::f64())
}

impl ReplicatorBuilder {
    /// Copies into this region.
    pub fn target(mut self, name: RegionName, secondary: OpenBao) -> Self {
        self.targets.push(Region { name, bao: secondary });
        self
    }

    /// Whether policies are copied too; not unless said.
    pub fn policies(mut self, copied: bool) -> Self {
        self.settings.policies = copied;
        self
    }

    /// So many secrets are copied at once to each secondary; 32 unless said.
    pub fn concurrency(mut self, secrets: usize) -> Self {
        self.settings.concurrency = secrets;
        self
    }

    /// At most so many secrets are looked at in a second for each secondary; zero, as at first, is no limit.
    pub fn rate(mut self, secrets: u32) -> Self {
        self.settings.rate = secrets;
        self
    }

    /// How long to wait between two looks at the journals; 100 ms unless said.
    pub fn tick(mut self, pause: Duration) -> Self {
        self.settings.tick = pause;
        self
    }

    /// The shortest pause between two sweeps; 1 s unless said. After a long sweep it is longer: nine times the sweep.
    pub fn sweep_pause(mut self, pause: Duration) -> Self {
        self.settings.sweep_pause = pause;
        self
    }

    /// Whether more secrets may be removed from a secondary at once than the primary has left.
    pub fn many_removals(mut self, allowed: bool) -> Self {
        self.settings.many_removals = allowed;
        self
    }

    /// Tells this one what happens, instead of the log.
    pub fn observer(mut self, observer: Arc<dyn ReplicaObserver>) -> Self {
        self.settings.observer = observer;
        self
    }

    /// Checks the settings. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if no secondary, or one name twice, or a concurrency or tick of zero was given.
    pub fn build(self) -> Result<Replicator> {
        let bad = |help: &str| {
            Err(Error::new(ErrorKind::Config, "set up replicator").with_service(SERVICE).with_help(help))
        };
        let mut names: Vec<_> = self.targets.iter().map(|target| &target.name).collect();
        names.push(&self.source.name);
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return bad("each region needs a name of its own");
        }
        if self.targets.is_empty() {
            return bad("name at least one secondary");
        }
        if self.settings.concurrency == 0 || self.settings.tick.is_zero() {
            return bad("concurrency and tick must not be zero");
        }
        let source = self.source.bao.kv(self.settings.mount.clone());
        let (settings, name) = (Arc::new(self.settings), self.source.name.clone());
        let links = self
            .targets
            .into_iter()
            .map(|target| Link::new(self.source.clone(), target, Arc::clone(&settings)))
            .collect();
        Ok(Replicator { source, name, links, settings })
    }
}
