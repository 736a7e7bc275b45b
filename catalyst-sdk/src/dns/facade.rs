//! What brings placement, zones and name servers together for applications.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Clock, Error, ErrorKind, Result};
use catalyst_dns::lua::prime;
use catalyst_dns::placement::Publication;
use catalyst_dns::plan::{Applier, Desired, Owner, PlanPolicy, ZoneReport};
use catalyst_dns::query::{NameServer, NameServerClient};
use catalyst_dns::verify::{Expectation, Verification, Verifier, Wait};
use catalyst_dns::{DnsClient, DnsZones, RecordKey, RecordType, ZoneName, zone_of};

use super::outlet::Outlet;
use super::{DnsApplication, DnsEventKind, DnsObserver, Planned, Published, Withdrawn};

/// Names for applications. Cheap to clone.
///
/// ```no_run
/// # async fn example(catalyst: catalyst_sdk::Catalyst) -> catalyst_sdk::Result<()> {
/// use catalyst_dns::placement::{Placement, Region};
/// use catalyst_sdk::dns::DnsApplication;
///
/// let dns = catalyst.dns().await?;
/// let regions = [
///     Region::new("fsn1", [[192, 0, 2, 1].into()])?,
///     Region::new("hel1", [[198, 51, 100, 1].into()])?,
/// ];
/// let domain = "omantel.omani.works".parse()?;
/// let shop = DnsApplication::new("shop", "acme-prod", &domain, Placement::ActiveHotStandby, regions)?;
///
/// println!("{}", dns.plan(&shop).await?); // the diff, and how long a failover takes
/// let published = dns.publish(&shop).await?; // once more: one read, no write
/// assert!(published.is_served());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Dns(Arc<Inner>);

/// Sets up a [`Dns`]; made by [`Dns::builder`].
#[must_use]
pub struct DnsBuilder(Inner);

struct Inner {
    zones: Arc<dyn DnsZones>,
    client: Arc<dyn DnsClient>,
    servers: Vec<SocketAddr>,
    policy: Arc<PlanPolicy>,
    patience: Duration,
    outlet: Outlet,
}

impl Dns {
    /// Names in `zones`, which are `owner`'s: the FQDN of the Sovereign.
    pub fn builder(zones: Arc<dyn DnsZones>, owner: Owner) -> DnsBuilder {
        DnsBuilder(Inner {
            zones,
            client: Arc::new(NameServerClient::new()),
            servers: Vec::new(),
            policy: Arc::new(PlanPolicy::default()),
            patience: Duration::from_secs(60),
            outlet: Outlet { observer: None, clock: Clock::system(), owner },
        })
    }

    /// What [`publish`](Self::publish) would do, without doing it.
    ///
    /// # Errors
    /// Code `zone_not_served` if no zone of the server has the name; those of the server; those of
    /// [`Application::publication`](catalyst_dns::placement::Application::publication).
    ///
    /// # Cancel safety
    /// Safe; it reads.
    pub async fn plan(&self, application: &DnsApplication) -> Result<Planned> {
        let inner = &*self.0;
        let (publication, desired) = inner.wanted(application).await?;
        let plan = inner.applier(application).plan(&*inner.zones, &desired).await;
        match plan.failures().first() {
            Some((_, error)) => Err(error.clone()),
            None => Ok(Planned { zone: desired.zones()[0].name().clone(), publication, plan }),
        }
    }

    /// Makes the name as declared, asks each name server once so that health checks begin, and waits until all of them
    /// serve it, up to a minute.
    ///
    /// Safe to repeat, and after a failure at any point. A name that is as declared costs one read and no write. What a
    /// name server serves in the end is in the result and is no error.
    ///
    /// # Errors
    /// As [`plan`](Self::plan); `Conflict` with a [refusal's code](catalyst_dns::plan::RefusalCode::as_str), such as
    /// `name_taken` or `foreign_owner`, if somebody else has a record at the name, which is left alone.
    ///
    /// # Cancel safety
    /// What was done stands, and the next call goes on from there.
    pub async fn publish(&self, application: &DnsApplication) -> Result<Published> {
        let inner = &*self.0;
        let published = async {
            let (publication, desired) = inner.wanted(application).await?;
            let report = inner.apply(application, &desired).await?;
            inner.prime(application).await?;
            let zone = desired.zones()[0].name();
            let verification = inner.verify(application, zone).await?;
            Ok(Published { publication, report, verification })
        };
        Box::pin(published).await.inspect_err(|error: &Error| {
            inner.outlet.tell(application.name(), DnsEventKind::Failed { error: error.clone() });
        })
    }

    /// Takes the name away: what is marked as this application's, and nothing else. A name that is not there is a
    /// success.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub async fn withdraw(&self, application: &DnsApplication) -> Result<Withdrawn> {
        let inner = &*self.0;
        let withdrawn = async {
            let zone = inner.zone(application).await?;
            let desired = inner.desired(application).zone(&zone).allow_empty().build()?;
            Ok(Withdrawn { report: inner.apply(application, &desired).await? })
        };
        Box::pin(withdrawn).await.inspect_err(|error: &Error| {
            inner.outlet.tell(application.name(), DnsEventKind::Failed { error: error.clone() });
        })
    }
}

impl Inner {
    async fn wanted(&self, application: &DnsApplication) -> Result<(Publication, Desired)> {
        let zone = self.zone(application).await?;
        let publication = application.placement().publication(&self.zones.capabilities().await?)?;
        let desired = self.desired(application).sets(&zone, publication.record_sets.iter().cloned());
        Ok((publication, desired.build()?))
    }

    fn desired(&self, application: &DnsApplication) -> catalyst_dns::plan::DesiredBuilder {
        Desired::builder(self.outlet.owner.clone()).only(application.resource().clone())
    }

    async fn zone(&self, application: &DnsApplication) -> Result<ZoneName> {
        if let Some(zone) = application.given_zone() {
            return Ok(zone.clone());
        }
        zone_of(&*self.zones, application.name()).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "publish an application")
                .with_code("zone_not_served")
                .with_target(application.name().to_string())
                .with_help("the server has no zone for this name; make one, or name it")
        })
    }

    fn applier(&self, application: &DnsApplication) -> Applier {
        Applier::new(Arc::clone(&self.policy))
            .observer(self.outlet.of_zone(application.name()))
            .clock(self.outlet.clock.clone())
    }

    async fn apply(&self, application: &DnsApplication, desired: &Desired) -> Result<ZoneReport> {
        let report = self.applier(application).apply(&*self.zones, desired).await;
        if let Some((_, error)) = report.errors().next() {
            return Err(error.clone());
        }
        let nothing =
            || Error::new(ErrorKind::Other, "publish an application").with_help("no zone was planned");
        report.zones().first().cloned().ok_or_else(nothing)
    }

    async fn prime(&self, application: &DnsApplication) -> Result<()> {
        if self.servers.is_empty() {
            return Ok(());
        }
        let (mut answered, mut silent) = (0, 0);
        for kind in application.placement().answers() {
            let primed = prime(&*self.client, &self.servers, application.name(), kind).await?;
            let failed = primed.failed().count();
            (answered, silent) = (answered + primed.answers.len() - failed, silent + failed);
        }
        self.outlet.tell(application.name(), DnsEventKind::Primed { answered, silent });
        Ok(())
    }

    async fn verify(&self, application: &DnsApplication, zone: &ZoneName) -> Result<Vec<Verification>> {
        if self.servers.is_empty() {
            return Ok(Vec::new());
        }
        let server = |address: &SocketAddr| NameServer::new(zone.apex().clone(), [*address]);
        let servers = self.servers.iter().map(server).collect();
        let verifier = Verifier::new(Arc::clone(&self.client), zone.clone(), servers);
        let mut verification = Vec::new();
        for kind in application.placement().answers() {
            let expected = expected(application, kind)?;
            let found = match verifier.wait(&expected, Wait::within(self.patience)).await {
                Ok(agreed) => agreed,
                // The last word of each server says more than that time ran out.
                Err(_late) => verifier.check(&expected).await,
            };
            let others = found.others().count();
            let agree = found.servers.len() - others;
            self.outlet.tell(application.name(), DnsEventKind::Verified { agree, others });
            verification.push(found);
        }
        Ok(verification)
    }
}

/// Some of the application's addresses: which of them depends on what is up.
fn expected(application: &DnsApplication, kind: RecordType) -> Result<Expectation> {
    let regions = application.placement().regions().iter();
    let addresses =
        regions.flat_map(catalyst_dns::placement::Region::addresses).map(|address| (*address).into());
    let key = RecordKey { name: application.name().clone(), kind };
    Expectation::any_of(key, addresses.filter(|data: &catalyst_dns::RecordData| data.kind() == kind))
}

impl DnsBuilder {
    /// The name servers that answer for the zones: asked after a write, so that health checks begin, and until they
    /// serve it. Nobody is asked if not set.
    pub fn name_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.0.servers = servers.into_iter().collect();
        self
    }

    /// How long to wait for the name servers; one minute if not set.
    pub fn patience(mut self, limit: Duration) -> Self {
        self.0.patience = limit;
        self
    }

    /// Asks name servers this way; for tests.
    pub fn client(mut self, client: Arc<dyn DnsClient>) -> Self {
        self.0.client = client;
        self
    }

    /// What may be changed, such as records of others that are adopted.
    pub fn policy(mut self, policy: PlanPolicy) -> Self {
        self.0.policy = Arc::new(policy);
        self
    }

    /// Tells `observer` of every step.
    pub fn observer(mut self, observer: DnsObserver) -> Self {
        self.0.outlet.observer = Some(observer);
        self
    }

    /// The wall clock of the events; for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.0.outlet.clock = clock;
        self
    }

    /// Everything is set.
    #[must_use]
    pub fn build(self) -> Dns {
        Dns(Arc::new(self.0))
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DnsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dns")
            .field("owner", &self.outlet.owner)
            .field("zones", &self.zones)
            .field("servers", &self.servers)
            .finish_non_exhaustive()
    }
}
