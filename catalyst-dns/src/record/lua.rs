//! The data of a LUA record: what type it answers with, and the snippet. Snippets are built by [`crate::lua`].

use std::fmt;
use std::str::FromStr;

use catalyst_core::Result;

use super::RecordType;
use super::fields::{Fields, refused};
use super::lua_text::{self, Cuts};

/// The longest snippet, in octets.
const MAX_SNIPPET: usize = 16 << 10;

/// A LUA record of PowerDNS: a type and a snippet that computes the data.
///
/// The snippet is kept as one text, exactly as Lua reads it. In the record it stands in strings of at most 255 octets.
/// Servers before 5.0 join them with white space and newer ones with nothing, so `Display` cuts only where white space
/// means nothing to Lua: between tokens, never inside a literal.
///
/// PowerDNS hands what stands between the double quotes to Lua as it is (measured on 4.7.3; the source of 5.0 does the
/// same): a backslash is Lua's, not the record's, and a double quote cannot be written at all.
///
/// ```
/// use catalyst_dns::{LuaRecord, RecordType};
///
/// let record = LuaRecord::from_snippet(RecordType::Txt, r"'it\'s'")?;
/// assert_eq!(record.to_string(), r#"TXT "'it\'s'""#);
/// assert!(LuaRecord::from_snippet(RecordType::A, "f(\"x\")").is_err());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
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
    /// is empty or over 16 KiB, has anything but printable ASCII in it, a double quote (write strings as `'…'`), a
    /// literal that does not end, or a token of more than 255 octets, which no string of a record holds: write
    /// `'one'..'two'` instead of a long literal.
    pub fn from_snippet(kind: RecordType, snippet: &str) -> Result<Self> {
        let printable = snippet.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if snippet.trim_matches(' ').is_empty() || snippet.len() > MAX_SNIPPET || !printable {
            return Err(refused(RecordType::Lua, "a snippet is at most 16 KiB of printable ASCII"));
        }
        match lua_text::fault(snippet) {
            Some(fault) => Err(refused(RecordType::Lua, fault)),
            None => Ok(Self { kind, snippet: snippet.into() }),
        }
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let kind = RecordType::from_str(fields.next("the type")?)?;
        let (mut snippet, mut seams) = (String::new(), Vec::new());
        while !fields.is_empty() {
            let part = fields.string("the snippet")?;
            let part = part.strip_prefix('"').and_then(|part| part.strip_suffix('"'));
            if !snippet.is_empty() {
                seams.push(snippet.len());
            }
            snippet += part.ok_or_else(|| refused(RecordType::Lua, "the snippet stands in double quotes"))?;
        }
        let record = Self::from_snippet(kind, &snippet)?;
        let cuts: Vec<usize> = Cuts::of(&snippet).collect();
        if seams.iter().any(|seam| *seam < snippet.len() && cuts.binary_search(seam).is_err()) {
            let help =
                "the snippet is cut inside a token: servers before 5.0 and newer ones read it differently";
            return Err(refused(RecordType::Lua, help));
        }
        Ok(record)
    }
}

impl fmt::Display for LuaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        lua_text::chunks(&self.snippet).try_for_each(|part| write!(f, " \"{part}\""))
    }
}
