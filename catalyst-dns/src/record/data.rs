//! The data of one record, typed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use catalyst_core::Result;

use super::fields::Fields;
use super::{Caa, Dnskey, Ds, LuaRecord, Mx, OtherData, RecordType, Soa, Srv, Sshfp, Svcb, Text, Tlsa};
use crate::DomainName;

/// The data of one record. `Display` writes the canonical content, as PowerDNS takes and gives it; two contents that
/// mean the same are equal.
///
/// ```
/// use catalyst_dns::{RecordData, RecordType};
///
/// let one = RecordData::parse(RecordType::Aaaa, "2001:DB8:0::1")?;
/// assert_eq!(one.to_string(), "2001:db8::1");
/// assert!(RecordData::parse(RecordType::A, "2001:db8::1").is_err());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordData {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The canonical name.
    Cname(DomainName),
    /// The name whose addresses are served (PowerDNS).
    Alias(DomainName),
    /// Text.
    Txt(Text),
    /// A mail exchanger.
    Mx(Mx),
    /// A name server.
    Ns(DomainName),
    /// The place of a service.
    Srv(Srv),
    /// Who may issue certificates.
    Caa(Caa),
    /// The name of an address.
    Ptr(DomainName),
    /// The digest of a child's key.
    Ds(Ds),
    /// A certificate to expect.
    Tlsa(Tlsa),
    /// How to reach a service.
    Svcb(Svcb),
    /// How to reach a web origin.
    Https(Svcb),
    /// The fingerprint of a host key.
    Sshfp(Sshfp),
    /// A snippet that computes the answer (PowerDNS).
    Lua(LuaRecord),
    /// The start of a zone.
    Soa(Soa),
    /// A key of a zone.
    Dnskey(Dnskey),
    /// The DS that a child wants in its parent.
    Cds(Ds),
    /// The key that a child wants in its parent.
    Cdnskey(Dnskey),
    /// The name of a whole subtree elsewhere.
    Dname(DomainName),
    /// Data of another type, as the server wrote it.
    Other(OtherData),
}

impl RecordData {
    /// Reads the content of a record of type `kind`, as zone files and PowerDNS write it. Names in it are absolute,
    /// with or without the final dot.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_record`, naming the field.
    pub fn parse(kind: RecordType, content: &str) -> Result<Self> {
        let mut fields = Fields::new(kind, content)?;
        let data = match kind {
            RecordType::A => Self::A(fields.parse("the address")?),
            RecordType::Aaaa => Self::Aaaa(fields.parse("the address")?),
            RecordType::Cname => Self::Cname(fields.name("the target")?),
            RecordType::Alias => Self::Alias(fields.name("the target")?),
            RecordType::Txt => Self::Txt(Text::read(&mut fields)?),
            RecordType::Mx => Self::Mx(Mx::read(&mut fields)?),
            RecordType::Ns => Self::Ns(fields.name("the name server")?),
            RecordType::Srv => Self::Srv(Srv::read(&mut fields)?),
            RecordType::Caa => Self::Caa(Caa::read(&mut fields)?),
            RecordType::Ptr => Self::Ptr(fields.name("the name")?),
            RecordType::Ds => Self::Ds(Ds::read(&mut fields)?),
            RecordType::Tlsa => Self::Tlsa(Tlsa::read(&mut fields)?),
            RecordType::Svcb => Self::Svcb(Svcb::read(&mut fields)?),
            RecordType::Https => Self::Https(Svcb::read(&mut fields)?),
            RecordType::Sshfp => Self::Sshfp(Sshfp::read(&mut fields)?),
            RecordType::Lua => Self::Lua(LuaRecord::read(&mut fields)?),
            RecordType::Soa => Self::Soa(Soa::read(&mut fields)?),
            RecordType::Dnskey => Self::Dnskey(Dnskey::read(&mut fields)?),
            RecordType::Cds => Self::Cds(Ds::read(&mut fields)?),
            RecordType::Cdnskey => Self::Cdnskey(Dnskey::read(&mut fields)?),
            RecordType::Dname => Self::Dname(fields.name("the target")?),
            RecordType::Other(_) => Self::Other(OtherData::read(&mut fields)?),
        };
        fields.end()?;
        Ok(data)
    }

    /// What a server holds: as [`parse`](Self::parse), and what that refuses as the server wrote it. A server takes
    /// more than is right, and one odd record must not hide a zone.
    pub(crate) fn from_server(kind: RecordType, content: &str) -> Self {
        Self::parse(kind, content).unwrap_or_else(|_odd| Self::Other(OtherData::as_written(kind, content)))
    }

    /// Text, cut into strings as needed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_record` if it is longer than
    /// a record can hold.
    pub fn txt(text: impl AsRef<[u8]>) -> Result<Self> {
        Text::new(text).map(Self::Txt)
    }

    /// The type of the record.
    pub fn kind(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::Aaaa,
            Self::Cname(_) => RecordType::Cname,
            Self::Alias(_) => RecordType::Alias,
            Self::Txt(_) => RecordType::Txt,
            Self::Mx(_) => RecordType::Mx,
            Self::Ns(_) => RecordType::Ns,
            Self::Srv(_) => RecordType::Srv,
            Self::Caa(_) => RecordType::Caa,
            Self::Ptr(_) => RecordType::Ptr,
            Self::Ds(_) => RecordType::Ds,
            Self::Tlsa(_) => RecordType::Tlsa,
            Self::Svcb(_) => RecordType::Svcb,
            Self::Https(_) => RecordType::Https,
            Self::Sshfp(_) => RecordType::Sshfp,
            Self::Lua(_) => RecordType::Lua,
            Self::Soa(_) => RecordType::Soa,
            Self::Dnskey(_) => RecordType::Dnskey,
            Self::Cds(_) => RecordType::Cds,
            Self::Cdnskey(_) => RecordType::Cdnskey,
            Self::Dname(_) => RecordType::Dname,
            Self::Other(data) => data.kind(),
        }
    }
}

impl fmt::Display for RecordData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => address.fmt(f),
            Self::Aaaa(address) => write_aaaa(*address, f),
            Self::Cname(name) | Self::Alias(name) | Self::Ns(name) | Self::Ptr(name) | Self::Dname(name) => {
                f.write_str(name.as_str())
            }
            Self::Txt(text) => text.fmt(f),
            Self::Mx(mx) => mx.fmt(f),
            Self::Srv(srv) => srv.fmt(f),
            Self::Caa(caa) => caa.fmt(f),
            Self::Ds(ds) | Self::Cds(ds) => ds.fmt(f),
            Self::Tlsa(tlsa) => tlsa.fmt(f),
            Self::Svcb(svcb) | Self::Https(svcb) => svcb.fmt(f),
            Self::Sshfp(sshfp) => sshfp.fmt(f),
            Self::Lua(lua) => lua.fmt(f),
            Self::Soa(soa) => soa.fmt(f),
            Self::Dnskey(key) | Self::Cdnskey(key) => key.fmt(f),
            Self::Other(data) => data.fmt(f),
        }
    }
}

/// PowerDNS 4.7 does not read back the dotted form of an IPv4-mapped address.
fn write_aaaa(address: Ipv6Addr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => write!(f, "::ffff:{high:x}:{low:x}"),
        _ => fmt::Display::fmt(&address, f),
    }
}

macro_rules! from {
    ($($variant:ident: $inner:ty),*) => {
        $(impl From<$inner> for RecordData {
            fn from(data: $inner) -> Self {
                Self::$variant(data)
            }
        })*
    };
}

from!(A: Ipv4Addr, Aaaa: Ipv6Addr, Txt: Text, Mx: Mx, Srv: Srv, Caa: Caa, Tlsa: Tlsa, Sshfp: Sshfp, Lua: LuaRecord, Soa: Soa);

impl From<IpAddr> for RecordData {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A(address),
            IpAddr::V6(address) => Self::Aaaa(address),
        }
    }
}
