//! Where the run takes place: an account at a registrar, the registry behind it, and the name servers around both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use catalyst_core::Backoff;
use catalyst_dns::registrar::flip::{FlipEvent, FlipPolicy, Flipper, MemoryJournal, Turns};
use catalyst_dns::registrar::{NameServers, RegisteredDomain};
use catalyst_dns::testing::registrar::FakeParent;

use crate::options::{Fault, Options};
use crate::sentence::sentence;
use catalyst_examples::screen::Screen;

mod account;

use account::Account;

/// Anything that stops a run before it has a result.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

const DOMAIN: &str = "omani.works";
/// The version of the zone that all its servers have.
const SERIAL: u32 = 1;
/// The set that the domain has when the run begins, and the one that it is to have.
const OLD: [&str; 2] = ["ns1.old.test", "ns2.old.test"];
const NEW: [&str; 2] = ["ns1.omani.test", "ns2.omani.test"];

/// The domain, and everybody who says something about it.
pub(crate) struct Stage {
    pub domain: RegisteredDomain,
    pub old: NameServers,
    pub new: NameServers,
    account: Arc<Account>,
    /// The parent's servers, and those of the domain.
    name_servers: FakeParent,
    journal: Arc<MemoryJournal>,
}

/// Which sets the registrar and the parent have, behind everybody's back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    pub registrar: NameServers,
    pub parent: NameServers,
}

impl Stage {
    /// Registers the domain, delegated to the old set; the new servers serve its zone, too.
    pub(crate) async fn start(options: &Options, screen: &Screen) -> Result<Self, Broken> {
        let domain: RegisteredDomain = DOMAIN.parse()?;
        let (old, new) = (servers(OLD)?, servers(NEW)?);
        let account = Arc::new(Account::start(options.registrar, &domain, &old).await?);
        let name_servers = FakeParent::new(&account.model);
        for servers in [&old, &new] {
            name_servers.serve(&domain, servers, SERIAL);
        }
        screen.tell(&format!("{domain} at a fake of {}, delegated to {old}", account.registrar.name()));
        screen.tell(&format!("{new} serve the same version of its zone"));
        Ok(Self { domain, old, new, account, name_servers, journal: Arc::default() })
    }

    /// The flipper, as the platform would set it up; here with limits that one can wait for. What is to go wrong does so
    /// at its moment in the middle.
    pub(crate) fn flipper(&self, fault: Fault, screen: &Screen) -> Flipper {
        let (account, screen) = (Arc::clone(&self.account), screen.clone());
        let going_back = AtomicBool::new(false);
        let hear = move |_domain: &RegisteredDomain, event: &FlipEvent| {
            if let FlipEvent::Resumed | FlipEvent::RollingBack(_) = event {
                going_back.store(true, Ordering::Relaxed);
            }
            screen.happened(&sentence(event, going_back.load(Ordering::Relaxed)));
            match event {
                FlipEvent::Writing(_) => account.breaks_at_write(fault),
                FlipEvent::Accepted(_) => account.breaks_at_read_back(fault),
                FlipEvent::RollingBack(_) => account.breaks_at_write_back(fault),
                _ => {}
            }
        };
        let dns = Arc::new(self.name_servers.clone());
        let directory = self.name_servers.directory();
        let journal = Arc::clone(&self.journal);
        Flipper::builder(Arc::clone(&self.account.registrar), dns, directory, journal)
            .policy(policy())
            .turns(Turns::default())
            .on_event(hear)
            .build()
    }

    /// Where the domain stands.
    pub(crate) fn truth(&self) -> Result<Truth, Broken> {
        let model = &self.account.model;
        let parent = model.parent_serves(&self.domain).ok_or("the parent does not know the domain")?;
        let registrar = model.has(&self.domain).ok_or("the account lost the domain")?;
        Ok(Truth { registrar, parent })
    }

    /// Whether all that was to go wrong did.
    pub(crate) fn all_broke(&self) -> bool {
        self.account.model.faults().pending() == 0
    }

    /// How many requests came to the registrar that change something.
    pub(crate) fn writes(&self) -> u32 {
        self.account.model.writes()
    }
}

/// On the platform the parent has an hour and an old set must be seen for minutes; see [`FlipPolicy`]'s defaults.
fn policy() -> FlipPolicy {
    FlipPolicy::default()
        .call(Duration::from_secs(5))
        .task(Duration::from_secs(10))
        .read_back(Duration::from_secs(5))
        .parent(Duration::from_secs(2))
        .restore(Duration::from_secs(5))
        .settle(Duration::from_millis(500))
        .poll(Backoff::new(Duration::from_millis(50), Duration::from_millis(200)))
}

fn servers(names: [&str; 2]) -> Result<NameServers, Broken> {
    let [first, second] = names;
    Ok(NameServers::new([first.parse()?, second.parse()?])?)
}
