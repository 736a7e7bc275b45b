//! The router.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::RegionalStore;
use super::errors;
use super::primary::PrimarySetting;
use super::shared::{Region, Settings, Shared};
use super::view::Staleness;
use crate::refusal::SERVICE;
use crate::{Database, Mount, OpenBao, RegionName};

/// Several regions with a server each, as one: writes go to the primary, reads to the nearest region that is healthy and
/// fresh. Cheap to clone; clones share everything.
///
/// Each region keeps its own session: give each its own client. Someone has to look after the regions: spawn
/// [`Regions::maintain`]. Without that nothing is known of how fresh the secondaries are, so the primary is asked first.
///
/// ```
/// use std::time::Duration;
///
/// use catalyst_openbao::region::{Regions, Staleness};
/// use catalyst_openbao::{OpenBao, SecretStore};
///
/// # async fn example(muscat: OpenBao, salalah: OpenBao) -> catalyst_openbao::Result<()> {
/// let regions = Regions::builder("secret".parse()?)
///     .region("muscat".parse()?, muscat)
///     .region("salalah".parse()?, salalah)
///     .local("salalah".parse()?)
///     .staleness(Staleness::Prefer(Duration::from_secs(5)))
///     .primary("muscat".parse()?)
///     .build()?;
/// let upkeep = tokio::spawn(regions.maintain());
/// let secret = regions.store().read(&"orders/db".parse()?, None).await?;
/// // Muscat is lost, and a person says so.
/// regions.promote(&"salalah".parse()?).await?;
/// # upkeep.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Regions {
    pub(super) shared: Arc<Shared>,
}

/// One region, as the router sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegionStatus {
    /// Which.
    pub name: RegionName,
    /// Whether it is written to.
    pub is_primary: bool,
    /// Whether it answered when it was asked last.
    pub is_healthy: bool,
    /// How long it takes to answer, smoothed; none before it has.
    pub latency: Option<Duration>,
    /// How old its copy may be: zero for the primary, none where it is not known.
    pub staleness: Option<Duration>,
}

impl Regions {
    /// For the KV engine, version 2, at `mount`, which is mounted alike everywhere and kept alike by a
    /// [`Replicator`](crate::replicate::Replicator).
    pub fn builder(mount: Mount) -> RegionsBuilder {
        RegionsBuilder {
            regions: Vec::new(),
            primary: None,
            setting: None,
            local: None,
            settings: Settings {
                mount,
                local: None,
                staleness: Staleness::Prefer(Duration::from_secs(10)),
                hold: Duration::from_secs(30),
                fence_check: Duration::from_secs(5),
                read_limit: Duration::from_secs(2),
                probe: Duration::from_secs(1),
                wait_for_write: Duration::from_secs(5),
            },
        }
    }

    /// The secrets of all regions.
    pub fn store(&self) -> RegionalStore {
        RegionalStore::new(Arc::clone(&self.shared))
    }

    /// The client of one region: for leases, which are a matter of one region, and everything else.
    ///
    /// # Errors
    /// Code `unknown_region`.
    pub fn client(&self, region: &RegionName) -> Result<&OpenBao> {
        let index = self.shared.find("choose region", region)?;
        Ok(&self.shared.regions[index].bao)
    }

    /// The database engine of one region. Its users and leases are of that region: renew and revoke them there.
    ///
    /// # Errors
    /// Code `unknown_region`.
    pub fn database(&self, region: &RegionName, mount: Mount) -> Result<Database> {
        Ok(self.client(region)?.database(mount))
    }

    /// Makes `region` the primary, in a new epoch, and tells all regions that answer. Idempotent: it is nothing new for
    /// the region that already is. Writes wait meanwhile.
    ///
    /// A former primary that does not answer is fenced when it comes back: routers that reach any other region see the
    /// newer epoch, and the replicator writes it there. A router that can reach the former primary alone cannot know.
    ///
    /// # Errors
    /// `promotion_in_progress` if the region does not answer within the time that writes are held (the order stands,
    /// and is carried out when it does); `fence_unreadable`; those common to all calls.
    ///
    /// # Cancel safety
    /// The order stands: the next write, or the upkeep, carries it out.
    pub async fn promote(&self, region: &RegionName) -> Result<()> {
        let operation = "promote region";
        let index = self.shared.find(operation, region)?;
        self.shared.order(index);
        let limit = self.shared.settings.hold.max(Duration::from_secs(2));
        match timeout(limit, Box::pin(self.shared.settle(operation))).await {
            Ok(settled) => settled.map(drop),
            Err(_elapsed) => Err(errors::promoting(operation)),
        }
    }

    /// Looks after the regions: measures which is near, healthy and fresh, checks that the primary still is, carries out
    /// what [`RegionsBuilder::follow`] orders, and keeps the sessions of all clients alive. One is enough for all clones.
    ///
    /// # Cancel safety
    /// It can be dropped at any time, and started again.
    pub fn maintain(&self) -> impl Future<Output = Infallible> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            let sessions = shared.regions.iter().map(|region| region.bao.maintain());
            let sessions = Box::pin(join_all(sessions));
            tokio::join!(sessions, Box::pin(look_after(&shared)));
            // Neither ends.
            std::future::pending().await
        }
    }

    /// What is known of each region, in the order in which they were named.
    pub fn status(&self) -> Vec<RegionStatus> {
        let (primary, now) = (self.shared.primary(), Instant::now());
        let regions = self.shared.regions.iter().enumerate();
        regions
            .map(|(index, region)| {
                let (view, is_primary) = (self.shared.view(index), index == primary);
                RegionStatus {
                    name: region.name.clone(),
                    is_primary,
                    is_healthy: view.is_healthy(),
                    latency: view.latency(),
                    staleness: if is_primary { Some(Duration::ZERO) } else { view.staleness(now) },
                }
            })
            .collect()
    }
}

async fn look_after(shared: &Shared) {
    loop {
        shared.follow_setting();
        let probes = (0..shared.regions.len()).map(|index| shared.probe(index));
        let settle = async {
            let limit = shared.settings.hold.max(Duration::from_secs(2));
            if let Ok(Err(error)) = timeout(limit, Box::pin(shared.settle("look after regions"))).await {
                tracing::warn!(%error, "nothing can be written");
            }
        };
        // A promotion that takes its time must not keep us from looking.
        tokio::select! {
            () = async { tokio::join!(join_all(probes), settle); } => {}
            () = tokio::time::sleep(shared.settings.probe * 5) => {}
        }
        tokio::time::sleep(shared.settings.probe).await;
    }
}

/// Collects the settings of [`Regions`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct RegionsBuilder {
    regions: Vec<(RegionName, OpenBao)>,
    primary: Option<RegionName>,
    setting: Option<PrimarySetting>,
    local: Option<RegionName>,
    settings: Settings,
}

impl RegionsBuilder {
    /// A region, and a client of its own.
    pub fn region(mut self, name: RegionName, bao: OpenBao) -> Self {
        self.regions.push((name, bao));
        self
    }

    /// Who is primary. It is changed by [`Regions::promote`] only.
    pub fn primary(mut self, name: RegionName) -> Self {
        (self.primary, self.setting) = (Some(name), None);
        self
    }

    /// Who is primary, and will be: a change is an order to promote.
    pub fn follow(mut self, setting: PrimarySetting) -> Self {
        (self.primary, self.setting) = (None, Some(setting));
        self
    }

    /// The region that is read from first when it is healthy and fresh, however fast the others are.
    pub fn local(mut self, name: RegionName) -> Self {
        self.local = Some(name);
        self
    }

    /// How old what is read may be; [`Staleness::Prefer`] of 10 s unless said.
    pub fn staleness(mut self, bound: Staleness) -> Self {
        self.settings.staleness = bound;
        self
    }

    /// How long writes wait for a promotion; 30 s unless said, and not at all for zero.
    pub fn hold_writes(mut self, limit: Duration) -> Self {
        self.settings.hold = limit;
        self
    }

    /// How old the last look at the records of all regions may be when something is written; 5 s unless said. It bounds
    /// how long a router writes to a former primary after another router has promoted.
    pub fn fence_check(mut self, age: Duration) -> Self {
        self.settings.fence_check = age;
        self
    }

    /// How long one region is waited for by a read; 2 s unless said.
    pub fn read_limit(mut self, limit: Duration) -> Self {
        self.settings.read_limit = limit;
        self
    }

    /// The pause between two looks at the regions; 1 s unless said.
    pub fn probe(mut self, pause: Duration) -> Self {
        self.settings.probe = pause;
        self
    }

    /// How long [`RegionalStore::read_after`] waits for a write to arrive when the primary does not answer; 5 s unless
    /// said.
    pub fn wait_for_write(mut self, limit: Duration) -> Self {
        self.settings.wait_for_write = limit;
        self
    }

    /// Checks the settings. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if no primary, one name twice, or a name that is no region was given.
    pub fn build(mut self) -> Result<Regions> {
        let bad = |help: &str| {
            Error::new(ErrorKind::Config, "set up regions").with_service(SERVICE).with_help(help.to_owned())
        };
        let mut names: Vec<_> = self.regions.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(bad("each region needs a name of its own"));
        }
        if self.settings.probe.is_zero() || self.settings.read_limit.is_zero() {
            return Err(bad("the pause between looks and the limit of reads must not be zero"));
        }
        let first = self.setting.as_mut().map(PrimarySetting::first).or(self.primary);
        let index = |name: &RegionName| self.regions.iter().position(|(region, _)| region == name);
        let unknown = |name: &RegionName| errors::unknown_region("set up regions", name);
        let first = first.ok_or_else(|| bad("say which region is primary"))?;
        let primary = index(&first).ok_or_else(|| unknown(&first))?;
        self.settings.local = match &self.local {
            Some(name) => Some(index(name).ok_or_else(|| unknown(name))?),
            None => None,
        };
        let regions = self.regions.into_iter();
        let regions =
            regions.map(|(name, bao)| Region { name, bao, view: std::sync::Mutex::default() }).collect();
        Ok(Regions { shared: Arc::new(Shared::new(regions, primary, self.setting, self.settings)) })
    }
}
