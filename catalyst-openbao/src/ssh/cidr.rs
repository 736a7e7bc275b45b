//! Blocks of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer, Serializer};

/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`.
///
/// ```
/// use catalyst_openbao::ssh::Cidr;
///
/// let block: Cidr = "10.0.0.0/8".parse()?;
/// assert!(block.contains("10.1.2.3".parse().unwrap()));
/// assert!("10.0.0.0/33".parse::<Cidr>().is_err());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    address: IpAddr,
    length: u8,
}

impl Cidr {
    /// The block of this one address.
    pub fn host(address: IpAddr) -> Self {
        Self { address, length: longest(address) }
    }

    /// Whether `address` lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let spare = u32::from(longest(self.address) - self.length);
        // Of a block of everything no bit counts: the shift is by the whole width.
        let network = |address| bits(address).checked_shr(spare).unwrap_or(0);
        longest(self.address) == longest(address) && network(self.address) == network(address)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (address, length) = text.split_once('/').ok_or("expected an address, a slash and a length")?;
        let address: IpAddr = address.parse().map_err(|_quoted| "it does not begin with an address")?;
        let digits = length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|&length: &u8| digits && length <= longest(address));
        Ok(Self { address, length: length.ok_or("its length is none for such an address")? })
    }
}

fn longest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl FromStr for Cidr {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`], saying what is wrong.
    fn from_str(text: &str) -> Result<Self> {
        Self::read(text)
            .map_err(|fault| Error::new(ErrorKind::Config, "read block of addresses").with_help(fault))
    }
}

impl TryFrom<&str> for Cidr {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cidr({self})")
    }
}

/// Blocks as one text with commas.
pub(super) mod listed {
    use super::{Cidr, Deserialize, Deserializer, Serializer};
    use serde::de::Error as _;

    pub(in crate::ssh) fn serialize<S: Serializer>(
        blocks: &[Cidr],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts: Vec<String> = blocks.iter().map(Cidr::to_string).collect();
        serializer.serialize_str(&texts.join(","))
    }

    pub(in crate::ssh) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Cidr>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Cidr::read(part).map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_lies_in_a_block_whose_bits_it_shares() {
        for (block, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("10.1.2.3/32", "10.1.2.3", true),
            ("10.1.2.3/32", "10.1.2.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("::/0", "2001:db8::1", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:1::", true),
            ("2001:db8::/32", "2001:db9::", false),
        ] {
            let parsed: Cidr = block.parse().unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), inside, "{block} {address}");
            assert_eq!(parsed.to_string(), block);
        }
        assert_eq!(Cidr::host("::1".parse().unwrap()).to_string(), "::1/128");
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for bad in ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "::/129", "x/8", "10.0.0/8"] {
            assert!(bad.parse::<Cidr>().unwrap_err().help().is_some(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_block_holds_the_address_that_names_it(address in any::<std::net::Ipv6Addr>(), length in 0_u8..=128) {
            let address = IpAddr::V6(address);
            let block: Cidr = format!("{address}/{length}").parse().unwrap();
            prop_assert!(block.contains(address) && Cidr::host(address).contains(address));
        }
    }
}
