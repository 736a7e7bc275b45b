//! Types of records.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

macro_rules! kinds {
    ($($(#[doc = $docs:literal])* $variant:ident = $name:literal, $code:literal;)*) => {
        /// The type of a record set. The variants are those whose data this crate reads; every other type that a
        /// server may hold is [`Other`](Self::Other).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RecordType {
            $($(#[doc = $docs])* $variant,)*
            /// A type whose data is kept as the server writes it.
            Other(TypeName),
        }

        impl RecordType {
            /// As zone files write it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name.as_str(),
                }
            }

            /// The number on the wire (IANA); `None` for types that this crate does not read and knows by name only.
            pub fn code(self) -> Option<u16> {
                match self {
                    $(Self::$variant => Some($code),)*
                    Self::Other(name) => generic(name.as_str()),
                }
            }

            /// Every type that this crate reads.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            fn known(text: &str) -> Option<Self> {
                $(if text.eq_ignore_ascii_case($name) { return Some(Self::$variant); })*
                None
            }

            fn numbered(code: u16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => TypeName::new(&format!("TYPE{code}")).map(Self::Other),
                }
            }
        }
    };
}

kinds! {
    /// An IPv4 address (RFC 1035).
    A = "A", 1;
    /// An IPv6 address (RFC 3596).
    Aaaa = "AAAA", 28;
    /// Another name whose data this name has (RFC 1035).
    Cname = "CNAME", 5;
    /// PowerDNS' own: the addresses of another name, also at the apex.
    Alias = "ALIAS", 65401;
    /// Text (RFC 1035).
    Txt = "TXT", 16;
    /// Where mail goes (RFC 1035).
    Mx = "MX", 15;
    /// A name server of a zone (RFC 1035).
    Ns = "NS", 2;
    /// Where a service is (RFC 2782).
    Srv = "SRV", 33;
    /// Who may issue certificates (RFC 8659).
    Caa = "CAA", 257;
    /// The name of an address (RFC 1035).
    Ptr = "PTR", 12;
    /// The digest of a child zone's key (RFC 4034).
    Ds = "DS", 43;
    /// A certificate to expect (RFC 6698).
    Tlsa = "TLSA", 52;
    /// How to reach a service (RFC 9460).
    Svcb = "SVCB", 64;
    /// How to reach a web origin (RFC 9460).
    Https = "HTTPS", 65;
    /// The fingerprint of an SSH host key (RFC 4255).
    Sshfp = "SSHFP", 44;
    /// PowerDNS' own: a snippet that computes the answer.
    Lua = "LUA", 65402;
    /// The start of a zone (RFC 1035).
    Soa = "SOA", 6;
    /// A key that signs a zone (RFC 4034).
    Dnskey = "DNSKEY", 48;
    /// The DS that a child wants in its parent (RFC 7344).
    Cds = "CDS", 59;
    /// The key that a child wants in its parent (RFC 7344).
    Cdnskey = "CDNSKEY", 60;
    /// A whole subtree elsewhere (RFC 6672).
    Dname = "DNAME", 39;
}

impl RecordType {
    /// Whether only one record of the type may stand at a name.
    pub fn is_singleton(self) -> bool {
        matches!(self, Self::Cname | Self::Soa | Self::Alias | Self::Dname)
    }
}

impl FromStr for RecordType {
    type Err = Error;

    /// In any case; `TYPE28` is `AAAA` (RFC 3597 section 5).
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_type` if it cannot be the name of a type.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(known) = Self::known(text) {
            return Ok(known);
        }
        let other = match generic(text) {
            Some(code) => Self::numbered(code),
            None => TypeName::new(text).map(Self::Other),
        };
        other.ok_or_else(|| {
            Error::new(ErrorKind::Config, "read a record type").with_code("invalid_type").with_help(format!(
                "a type has 1 to 15 letters, digits and hyphens: {:?}",
                catalyst_core::redact::text(text, 40)
            ))
        })
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The number of a type that is written as one, `TYPE65534` (RFC 3597 section 5).
fn generic(text: &str) -> Option<u16> {
    let digits = text.get(..4).filter(|head| head.eq_ignore_ascii_case("TYPE")).map(|_head| &text[4..])?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The name of a type that this crate does not read: `LOC`, `NAPTR`, `TYPE65534`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeName {
    bytes: [u8; 15],
    length: u8,
}

impl TypeName {
    fn new(text: &str) -> Option<Self> {
        let fits = (1..=15).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return None;
        }
        let mut bytes = [0; 15];
        for (slot, byte) in bytes.iter_mut().zip(text.bytes()) {
            *slot = byte.to_ascii_uppercase();
        }
        Some(Self { bytes, length: u8::try_from(text.len()).ok()? })
    }

    /// In capitals.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
