//! The regions of an application.

use std::net::IpAddr;

use catalyst_core::Result;

use super::refused;

/// The most addresses of one family in one region.
const MAX_ADDRESSES: usize = 6;

/// Where an application can be reached in one region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    name: Box<str>,
    addresses: Vec<IpAddr>,
    weight: u32,
}

impl Region {
    /// The region `name` with these addresses, of either family or both, and the weight 1.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with code `invalid_placement` for a name that is not 1 to 63
    /// letters, digits and hyphens, for no address, and for over six of one family.
    pub fn new(name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Result<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=63).contains(&name.len()) || !name.bytes().all(known) {
            return Err(refused("the name of a region has 1 to 63 letters, digits and hyphens"));
        }
        let addresses: Vec<_> = addresses.into_iter().take(2 * MAX_ADDRESSES + 1).collect();
        let of_v4 = addresses.iter().filter(|address| address.is_ipv4()).count();
        if addresses.is_empty() || of_v4 > MAX_ADDRESSES || addresses.len() - of_v4 > MAX_ADDRESSES {
            return Err(refused("a region has one to six addresses of a family").with_target(name));
        }
        Ok(Self { name: name.into(), addresses, weight: 1 })
    }

    /// Its share of the clients in a weighted canary, of the weights of all regions.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with code `invalid_placement` unless it is 1 to 1,000.
    pub fn weight(self, weight: u32) -> Result<Self> {
        if !(1..=1000).contains(&weight) {
            return Err(refused("a weight is 1 to 1,000; leave a region without clients out")
                .with_target(&*self.name));
        }
        Ok(Self { weight, ..self })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All its addresses.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Its share.
    pub fn share(&self) -> u32 {
        self.weight
    }

    /// Its addresses of one family.
    pub(super) fn of_family(&self, v4: bool) -> impl Iterator<Item = IpAddr> + '_ {
        self.addresses.iter().copied().filter(move |address| address.is_ipv4() == v4)
    }
}
