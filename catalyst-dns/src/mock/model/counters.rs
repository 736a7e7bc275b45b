//! What was asked so far.

use std::collections::BTreeMap;

use super::Route;

/// How many requests came in since the model was made, of both faces, refused ones included.
///
/// ```
/// use catalyst_dns::DnsZones;
/// use catalyst_dns::mock::MockDns;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// let dns = MockDns::new();
/// dns.zones().await?;
/// assert_eq!((dns.model().requests().reads, dns.model().requests().writes), (1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// Those that change nothing.
    pub reads: u64,
    /// Those that change something.
    pub writes: u64,
    /// Bytes of the bodies that were sent to the server.
    pub bytes_in: u64,
    /// Bytes of the bodies that the server sent; only of the fake, for the mock has no bodies to answer with.
    pub bytes_out: u64,
    /// All of them, by what they were for.
    pub by_route: BTreeMap<Route, u64>,
}

impl Requests {
    pub(super) fn count(&mut self, route: Route, writes: bool, bytes: u64) {
        *self.by_route.entry(route).or_default() += 1;
        self.bytes_in += bytes;
        if writes {
            self.writes += 1;
        } else {
            self.reads += 1;
        }
    }

    /// Those for this route.
    pub fn of(&self, route: Route) -> u64 {
        self.by_route.get(&route).copied().unwrap_or(0)
    }
}
