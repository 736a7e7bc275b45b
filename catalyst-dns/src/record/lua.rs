//! The data of a LUA record: what type it answers with, and the snippet. Snippets are built by [`crate::lua`].

use std::fmt::{self, Write as _};
use std::str::FromStr;

use catalyst_core::Result;

use super::RecordType;
use super::fields::{Fields, refused};
use super::text::{MAX_STRING, quote, string};

/// A LUA record of PowerDNS: a type and a snippet that computes the data.
///
/// The snippet is kept as one text. On the wire it stands in strings of at most 255 octets, which servers before 5.0
/// join with a space: `Display` cuts where white space means nothing to Lua.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LuaRecord {
    kind: RecordType,
    snippet: Box<str>,
}

impl LuaRecord {
    /// The type that it answers with.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// The snippet, as the server runs it.
    pub fn snippet(&self) -> &str {
        &self.snippet
    }

    /// A record with a snippet that somebody wrote by hand. What comes from outside goes through [`crate::lua`],
    /// which quotes it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_record` for a snippet that
    /// is empty, is over 16 KiB, or has anything but printable ASCII in it.
    pub fn from_snippet(kind: RecordType, snippet: &str) -> Result<Self> {
        let printable = snippet.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if snippet.is_empty() || snippet.len() > 16 << 10 || !printable {
            return Err(refused(RecordType::Lua, "a snippet is at most 16 KiB of printable ASCII"));
        }
        Ok(Self { kind, snippet: snippet.into() })
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let kind = RecordType::from_str(fields.next("the type")?)?;
        let mut snippet = String::new();
        while !fields.is_empty() {
            let part = string(fields.next("the snippet")?).and_then(|octets| String::from_utf8(octets).ok());
            snippet += &part.ok_or_else(|| refused(RecordType::Lua, "the snippet is no quoted string"))?;
        }
        Self::from_snippet(kind, &snippet)
    }
}

impl fmt::Display for LuaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        self.snippet.as_bytes().chunks(MAX_STRING).try_for_each(|part| {
            f.write_char(' ')?;
            quote(part, f)
        })
    }
}
