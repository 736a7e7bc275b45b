//! The primary fails and comes back; what clients are told meanwhile.

use std::time::Duration;

use catalyst_dns::placement::FailoverEstimate;
use tokio::time::Instant;

use crate::application::TTL;
use crate::clients::{Clients, Seen, TICK, WATCHED};
use crate::regions::Regions;
use crate::stage::Broken;
use catalyst_examples::screen::Screen;

/// Beyond what was promised, a failover that does not come is waited for this long.
const LENIENCE: Duration = Duration::from_secs(10);

/// How long things took; none for what did not come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    /// Until the name server's answers no longer held the primary.
    pub failover: Option<Duration>,
    /// Until those who keep each answer for its TTL had another one.
    pub failover_cached: Option<Duration>,
    /// What clients were told while the primary was down.
    pub during: Seen,
    /// Until the answers held the primary again.
    pub recovery: Option<Duration>,
}

impl Outage {
    /// Takes the primary down until clients are sent elsewhere, and brings it back until they are sent there again.
    pub(crate) async fn watch(
        regions: &mut Regions,
        clients: &Clients,
        estimate: FailoverEstimate,
        screen: &Screen,
    ) -> Result<Self, Broken> {
        let (primary, limit) = (&mut regions.primary, estimate.at_most() + LENIENCE);
        screen.happened(&format!("{} stops, and {} refuses", primary.name, primary.socket()));
        let stopped = Instant::now();
        primary.stop().await;
        let gone = |seen: Seen| seen.primary == 0;
        let (failover, failover_cached) = tokio::try_join!(
            clients.until(stopped, TICK, limit, gone),
            clients.until(stopped, TTL, limit, gone),
        )?;
        let promised = (estimate.detection().as_millis(), estimate.expected().as_millis());
        screen.happened(&format!("answers without it after {}, promised {} ms", shown(failover), promised.0));
        screen.tell(&format!(
            "whoever keeps an answer for its TTL of {} s: after {}, promised {} ms",
            TTL.as_secs(),
            shown(failover_cached),
            promised.1
        ));
        let during = clients.ask(WATCHED).await?;
        screen.tell(&during.to_string());

        primary.start().await?;
        let started = Instant::now();
        screen.happened(&format!("{} is back at {}", primary.name, primary.socket()));
        let recovery = clients.until(started, TICK, limit, |seen| seen.primary > 0).await?;
        screen.happened(&format!("answers with it after {}", shown(recovery)));
        Ok(Self { failover, failover_cached, during, recovery })
    }
}

fn shown(time: Option<Duration>) -> String {
    time.map_or("NOT IN TIME".to_owned(), |time| format!("{} ms", time.as_millis()))
}
