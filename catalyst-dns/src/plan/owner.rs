//! Who record sets belong to.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};

/// The longest name of an owner or of a resource, so that a mark stays one string of a TXT record or two.
const MAX_NAME: usize = 200;

/// Whoever record sets belong to: a Sovereign's FQDN, or any other word that no other writer of the zone uses.
///
/// It must differ from the `--txt-owner-id` of every external-dns that writes the same zones. With the same one,
/// external-dns (policy `sync`) takes the sets for its own and deletes what no Ingress asks for. The other way round
/// cannot happen: sets that external-dns marked are never ours, whatever their owner is called.
///
/// ```
/// use catalyst_dns::plan::Owner;
///
/// assert_eq!(Owner::new("omantel.omani.works")?.as_str(), "omantel.omani.works");
/// assert!(Owner::new("a,b").is_err());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

impl Owner {
    /// The owner called `name`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_owner` unless it is 1 to 200 printable ASCII characters without white
    /// space, commas, equals signs, quotes and backslashes, which mean something in a mark.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        checked(name.as_ref(), "read an owner", "invalid_owner").map(Self)
    }

    /// As it stands in marks.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What asked for a record set: an application, a placement. Written into the mark as `external-dns/resource`, for
/// people who wonder where a record comes from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource(Arc<str>);

impl Resource {
    /// The resource called `name`, such as `application/shop`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_resource`, as for [`Owner::new`].
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        checked(name.as_ref(), "read a resource", "invalid_resource").map(Self)
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn checked(text: &str, operation: &'static str, code: &'static str) -> Result<Arc<str>> {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'=' | b'"' | b'\\');
    if (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text.into());
    }
    let shown = catalyst_core::redact::text(text, 60);
    Err(Error::new(ErrorKind::Config, operation).with_code(code).with_help(format!(
        "it has 1 to {MAX_NAME} printable ASCII characters, without white space, commas, equals signs, quotes and \
         backslashes: {shown:?}"
    )))
}

macro_rules! words {
    ($($name:ident),*) => {$(
        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

words!(Owner, Resource);
