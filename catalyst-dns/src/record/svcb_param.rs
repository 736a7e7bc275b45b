//! The parameters of a service binding.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::{quote, string};

/// The number of a parameter (RFC 9460 section 14.3), shown by its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SvcKey(pub u16);

impl SvcKey {
    /// `mandatory`
    pub const MANDATORY: Self = Self(0);
    /// `alpn`
    pub const ALPN: Self = Self(1);
    /// `no-default-alpn`
    pub const NO_DEFAULT_ALPN: Self = Self(2);
    /// `port`
    pub const PORT: Self = Self(3);
    /// `ipv4hint`
    pub const IPV4HINT: Self = Self(4);
    /// `ech`
    pub const ECH: Self = Self(5);
    /// `ipv6hint`
    pub const IPV6HINT: Self = Self(6);

    const NAMES: [&'static str; 7] =
        ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"];

    fn parse(text: &str) -> Option<Self> {
        // The names of later documents, which PowerDNS 4.7 knows by number only.
        let later = [("dohpath", 7), ("ohttp", 8)];
        let known = (0..).zip(Self::NAMES).map(|(number, name)| (name, number)).chain(later);
        if let Some((_, number)) = known.into_iter().find(|(name, _)| *name == text) {
            return Some(Self(number));
        }
        let digits = text.strip_prefix("key")?;
        let plain =
            digits == "0" || !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        // Those with a name are written by it; in this form their values would be octets of the wire.
        digits.parse().ok().map(Self).filter(|key| plain && *key > Self::IPV6HINT)
    }
}

impl fmt::Display for SvcKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.get(usize::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "key{}", self.0),
        }
    }
}

impl fmt::Debug for SvcKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One parameter of a service binding (RFC 9460 section 7). `Display` writes it as PowerDNS does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SvcParam {
    /// Parameters that a client must understand to use the record.
    Mandatory(Vec<SvcKey>),
    /// Protocols over TLS, the best first: `h3`, `h2`.
    Alpn(Vec<String>),
    /// The scheme's own protocol (HTTP/1.1) is not spoken.
    NoDefaultAlpn,
    /// The port.
    Port(u16),
    /// Addresses to try before the target was resolved.
    Ipv4Hint(Vec<Ipv4Addr>),
    /// The configuration of Encrypted Client Hello.
    Ech(Vec<u8>),
    /// Addresses to try before the target was resolved.
    Ipv6Hint(Vec<Ipv6Addr>),
    /// Another parameter, with its octets.
    Other(SvcKey, Vec<u8>),
}

impl SvcParam {
    /// Its number.
    pub fn key(&self) -> SvcKey {
        match self {
            Self::Mandatory(_) => SvcKey::MANDATORY,
            Self::Alpn(_) => SvcKey::ALPN,
            Self::NoDefaultAlpn => SvcKey::NO_DEFAULT_ALPN,
            Self::Port(_) => SvcKey::PORT,
            Self::Ipv4Hint(_) => SvcKey::IPV4HINT,
            Self::Ech(_) => SvcKey::ECH,
            Self::Ipv6Hint(_) => SvcKey::IPV6HINT,
            Self::Other(key, _) => *key,
        }
    }

    /// The parameter in its one form, or what is wrong with it.
    pub(super) fn checked(self) -> Result<Self, &'static str> {
        let fault = match &self {
            Self::Mandatory(keys) => mandatory_fault(keys),
            Self::Alpn(names) => alpn_fault(names),
            Self::Ipv4Hint(list) => list.is_empty().then_some("ipv4hint has at least one address"),
            Self::Ipv6Hint(list) => list.is_empty().then_some("ipv6hint has at least one address"),
            Self::Ech(octets) => (octets.is_empty() || octets.len() > MAX_VALUE).then_some("ech has a value"),
            Self::Other(key, octets) => other_fault(*key, octets),
            Self::NoDefaultAlpn | Self::Port(_) => None,
        };
        match (fault, self) {
            (Some(fault), _) => Err(fault),
            (None, Self::Mandatory(mut keys)) => {
                keys.sort_unstable();
                Ok(Self::Mandatory(keys))
            }
            (None, this) => Ok(this),
        }
    }
}

/// The longest value of a parameter that is kept; a record could hold 65,535.
const MAX_VALUE: usize = 16 << 10;

fn mandatory_fault(keys: &[SvcKey]) -> Option<&'static str> {
    let twice = keys.iter().enumerate().any(|(index, key)| keys[..index].contains(key));
    (keys.is_empty() || keys.len() > 64 || twice || keys.contains(&SvcKey::MANDATORY))
        .then_some("mandatory names other parameters, each once")
}

/// PowerDNS 4.7 stumbles over semicolons, brackets and escapes in a protocol, and none that is registered has them.
fn alpn_fault(names: &[String]) -> Option<&'static str> {
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',' | b';' | b'(' | b')');
    let known = |name: &String| (1..=255).contains(&name.len()) && name.bytes().all(plain);
    (names.is_empty() || names.len() > 64 || !names.iter().all(known))
        .then_some("a protocol (alpn) is a word such as h2")
}

fn other_fault(key: SvcKey, octets: &[u8]) -> Option<&'static str> {
    if key <= SvcKey::IPV6HINT {
        return Some("a parameter that has a name is written by it");
    }
    (key.0 == u16::MAX || octets.len() > MAX_VALUE)
        .then_some("key65535 and values over 16 KiB are no parameters")
}

/// Reads `key` or `key=value`.
pub(super) fn read(field: &str) -> Result<SvcParam, &'static str> {
    let (key, value) = match field.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (field, None),
    };
    let key = SvcKey::parse(key).ok_or("a parameter is alpn, port, ipv4hint …, or keyNNNNN")?;
    let octets = value.map(|value| string(value).ok_or("a value has no closing quote")).transpose()?;
    let text = octets.as_deref().map(|octets| std::str::from_utf8(octets).unwrap_or("\u{fffd}"));
    match (key, text) {
        (SvcKey::NO_DEFAULT_ALPN, None | Some("")) => Ok(SvcParam::NoDefaultAlpn),
        (SvcKey::NO_DEFAULT_ALPN, Some(_)) => Err("no-default-alpn has no value"),
        (SvcKey::MANDATORY, Some(text)) => list(text, SvcKey::parse).map(SvcParam::Mandatory),
        (SvcKey::ALPN, Some(text)) => list(text, |name| Some(name.to_owned())).map(SvcParam::Alpn),
        (SvcKey::PORT, Some(text)) => {
            text.parse().map(SvcParam::Port).map_err(|_invalid| "port is no number")
        }
        (SvcKey::IPV4HINT, Some(text)) => list(text, |item| item.parse().ok()).map(SvcParam::Ipv4Hint),
        (SvcKey::IPV6HINT, Some(text)) => list(text, |item| item.parse().ok()).map(SvcParam::Ipv6Hint),
        (SvcKey::ECH, Some(text)) => {
            STANDARD.decode(text).map(SvcParam::Ech).map_err(|_invalid| "ech is not base64")
        }
        (key, _) if key > SvcKey::IPV6HINT => Ok(SvcParam::Other(key, octets.unwrap_or_default())),
        _ => Err("the parameter has a value"),
    }
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, &'static str> {
    text.split(',').take(1000).map(read).collect::<Option<_>>().ok_or("an item of a list cannot be read")
}

impl fmt::Display for SvcParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key())?;
        match self {
            Self::Mandatory(keys) => write_list(keys, f),
            Self::Alpn(names) => write_list(names, f),
            Self::NoDefaultAlpn => Ok(()),
            Self::Port(port) => write!(f, "={port}"),
            Self::Ipv4Hint(list) => write_list(list, f),
            Self::Ech(octets) => write!(f, "=\"{}\"", STANDARD.encode(octets)),
            Self::Ipv6Hint(list) => write_list(list.iter().copied().map(Libc), f),
            Self::Other(_, octets) => {
                f.write_str("=")?;
                quote(octets, f)
            }
        }
    }
}

fn write_list(items: impl IntoIterator<Item = impl fmt::Display>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    items.into_iter().enumerate().try_for_each(|(index, item)| {
        let before = if index == 0 { "=" } else { "," };
        write!(f, "{before}{item}")
    })
}

/// An address as the C library writes it, which is the only form of a hint that PowerDNS takes: an IPv4 address in its
/// last 32 bits is dotted also where it is not mapped (`::192.0.2.1`).
struct Libc(Ipv6Addr);

impl fmt::Display for Libc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.segments() {
            [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
                write!(f, "::{}", Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
            }
            _ => fmt::Display::fmt(&self.0, f),
        }
    }
}
