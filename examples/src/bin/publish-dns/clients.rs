//! Those who want to reach the application: they ask the name server, each from an address of its own, by DNS.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use catalyst_dns::query::{DnsClient, NameServerClient, Question};
use catalyst_dns::{DomainName, RecordData, RecordType};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::regions::Regions;
use crate::stage::Broken;
use catalyst_examples::screen::counted;

/// How many ask at a time.
const AT_A_TIME: u32 = 32;
/// How many are watched while something changes: so many do not all get the standby by chance.
pub(crate) const WATCHED: u32 = AT_A_TIME;
/// How often the name server is asked while something changes.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The clients of one application.
pub(crate) struct Clients {
    server: SocketAddr,
    name: DomainName,
    primary: IpAddr,
    standby: IpAddr,
}

/// What they were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub answers: u32,
    /// Answers that hold the primary's address, the standby's, and one that nobody has published.
    pub primary: u32,
    pub standby: u32,
    pub foreign: u32,
}

impl Clients {
    pub(crate) fn new(server: SocketAddr, name: DomainName, regions: &Regions) -> Self {
        Self {
            server,
            name,
            primary: regions.primary.address.into(),
            standby: regions.standby.address.into(),
        }
    }

    /// So many of them ask once each.
    pub(crate) async fn ask(&self, clients: u32) -> Result<Seen, Broken> {
        let mut seen = Seen::default();
        let mut asking: JoinSet<Result<Vec<RecordData>, Broken>> = JoinSet::new();
        for client in 0..clients {
            if client >= AT_A_TIME {
                let answer = asking.join_next().await.ok_or("nobody asks")???;
                seen.add(self, &answer);
            }
            asking.spawn(ask(self.server, self.name.clone(), client));
        }
        while let Some(answer) = asking.join_next().await {
            seen.add(self, &answer??);
        }
        Ok(seen)
    }

    /// How long it takes from `start` until what all of them are told is `so`; they ask every `pause`. None if it takes
    /// longer than `limit`.
    pub(crate) async fn until(
        &self,
        start: Instant,
        pause: Duration,
        limit: Duration,
        so: impl Fn(Seen) -> bool,
    ) -> Result<Option<Duration>, Broken> {
        let watch = async {
            loop {
                let asked = Instant::now();
                if so(self.ask(WATCHED).await?) {
                    return Ok(start.elapsed());
                }
                sleep_until(asked + pause).await;
            }
        };
        timeout(limit, watch).await.ok().transpose()
    }
}

/// One question over the network, without any cache in between.
async fn ask(server: SocketAddr, name: DomainName, client: u32) -> Result<Vec<RecordData>, Broken> {
    let from_here = NameServerClient::new().source(address_of(client));
    let answer = from_here.ask(server, &Question::new(name, RecordType::A)).await?;
    Ok(answer.data(RecordType::A).cloned().collect())
}

/// All of 127.0.0.0/8 is this machine; from 127.0.1.1 on nobody else uses it.
fn address_of(client: u32) -> IpAddr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 1, 1)) + client).into()
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answers, primary, standby, foreign } = self;
        let answers = counted((*answers).into(), "answer");
        write!(f, "{answers}: {primary} with the primary, {standby} with the standby")?;
        if *foreign > 0 { write!(f, ", {foreign} with SOMETHING ELSE") } else { Ok(()) }
    }
}

impl Seen {
    fn add(&mut self, clients: &Clients, answer: &[RecordData]) {
        let holds = |address: IpAddr| answer.contains(&address.into());
        let (primary, standby) = (holds(clients.primary), holds(clients.standby));
        let known = usize::from(primary) + usize::from(standby);
        self.answers += 1;
        self.primary += u32::from(primary);
        self.standby += u32::from(standby);
        self.foreign += u32::from(answer.is_empty() || answer.len() > known);
    }

    /// Of all answers, those that hold the primary's address.
    pub(crate) fn primary_share(self) -> f64 {
        f64::from(self.primary) / f64::from(self.answers.max(1))
    }

    /// Of all answers, those that hold the standby's address.
    pub(crate) fn standby_share(self) -> f64 {
        f64::from(self.standby) / f64::from(self.answers.max(1))
    }
}
