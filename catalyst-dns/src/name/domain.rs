//! A domain name in its one canonical form.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::label::{self, Alphabet, Fault, MAX_NAME};

/// A domain name: the owner of records, or what they point to. Always absolute.
///
/// Kept as A-labels in lower case with the final dot, as the server wants it ([`as_str`](Self::as_str)), and shown
/// in Unicode (`Display`). Read with or without the final dot, in ASCII or in Unicode (UTS 46, non-transitional),
/// with `*` as the whole first label and `_` anywhere. At most 63 octets a label and 255 in all (RFC 1035 section
/// 2.3.4). Two spellings of one name are equal.
///
/// Cheap to clone.
///
/// ```
/// use catalyst_dns::DomainName;
///
/// let name: DomainName = "WWW.Bücher.example".parse()?;
/// assert_eq!(name.as_str(), "www.xn--bcher-kva.example.");
/// assert_eq!(name.to_string(), "www.bücher.example");
/// assert!("a..b".parse::<DomainName>().is_err());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DomainName(Arc<str>);

impl DomainName {
    /// The root.
    pub fn root() -> Self {
        Self(".".into())
    }

    /// The name as servers write it: A-labels in lower case, escapes as in zone files, with the final dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        &*self.0 == "."
    }

    /// Whether its first label is `*`.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with("*.")
    }

    /// The labels from the left, as they are written; none for the root.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let mut rest = if self.is_root() { "" } else { &*self.0 };
        std::iter::from_fn(move || {
            let end = first_dot(rest)?;
            let (first, after) = rest.split_at(end);
            rest = &after[1..];
            Some(first)
        })
    }

    /// The labels from the left, as octets of the wire.
    #[allow(dead_code, reason = "for the name server of the tests")]
    pub(crate) fn octets(&self) -> impl Iterator<Item = Vec<u8>> {
        self.labels().map(|label| label::octets(label).collect())
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let end = if self.is_root() { None } else { first_dot(&self.0) }?;
        let rest = &self.0[end + 1..];
        Some(if rest.is_empty() { Self::root() } else { Self(rest.into()) })
    }

    /// Whether it is `ancestor` or lies below it.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        if ancestor.is_root() {
            return true;
        }
        let Some(head) = self.0.strip_suffix(&*ancestor.0) else { return false };
        head.is_empty() || (head.ends_with('.') && !ends_escaped(head))
    }

    /// The name `relative` below this one: `"www"`, `"_acme-challenge.www"`, `"*"`; `"@"` is this name itself.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no name, or becomes too long.
    pub fn child(&self, relative: &str) -> Result<Self> {
        match relative {
            "@" => Ok(self.clone()),
            _ if self.is_root() => relative.parse(),
            _ if relative.ends_with('.') => Err(refused(relative, "a relative name has no final dot")),
            _ => format!("{relative}.{}", self.0).parse(),
        }
    }

    /// A name as a server wrote it, in which more characters may stand.
    pub(crate) fn from_server(text: &str) -> Result<Self> {
        canonical(text, Alphabet::Any).map_err(|fault| refused(text, fault))
    }

    /// The name without its final dot, as hosts and certificates write it.
    pub fn without_dot(&self) -> &str {
        self.0.strip_suffix('.').unwrap_or(&self.0)
    }

    /// In Unicode where that reads back to the same name; what only a server may write bare, escaped.
    fn unicode(&self) -> Cow<'_, str> {
        let ascii = self.without_dot();
        if ascii.bytes().any(label::needs_escape) || label::has_inner_asterisk(ascii) {
            return Cow::Owned(escaped(ascii));
        }
        if !ascii.contains("xn--") || ascii.contains('\\') {
            return Cow::Borrowed(ascii);
        }
        let (shown, result) = Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
        // There are A-labels that are shown as what reads as another name, such as those of an A-label.
        let same = result.is_ok() && canonical(&shown, Alphabet::Strict).is_ok_and(|name| name == *self);
        if same { Cow::Owned(shown.into_owned()) } else { Cow::Borrowed(ascii) }
    }
}

impl FromStr for DomainName {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_name`, saying what is wrong with the text.
    fn from_str(text: &str) -> Result<Self> {
        canonical(text, Alphabet::Strict).map_err(|fault| refused(text, fault))
    }
}

impl TryFrom<&str> for DomainName {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_str(".") } else { f.pad(&self.unicode()) }
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DomainName({})", self.0)
    }
}

impl Ord for DomainName {
    /// Canonical DNS order (RFC 4034 section 6.1): by label from the right, so that a zone's names stand together.
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        // Sorting a large zone compares millions of names, and most of them end alike.
        let (mine, theirs) = after_common_labels(self.without_dot(), other.without_dot());
        let (mut mine, mut theirs) = (Reversed(mine), Reversed(theirs));
        loop {
            match (mine.next(), theirs.next()) {
                (None, None) => return Ordering::Equal,
                (one, another) if one == another => {}
                (Some(one), Some(another)) => return label::octets(one).cmp(label::octets(another)),
                (one, another) => return one.cmp(&another),
            }
        }
    }
}

impl PartialOrd for DomainName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The labels from the right.
pub(crate) struct Reversed<'a>(pub(crate) &'a str);

impl<'a> Iterator for Reversed<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let mut end = self.0.len();
        loop {
            // Labels are short: this is quicker than `rfind`, which is made for long texts.
            match self.0.as_bytes()[..end].iter().rposition(|byte| *byte == b'.') {
                Some(dot) if ends_escaped(&self.0[..=dot]) => end = dot,
                Some(dot) => {
                    let label = &self.0[dot + 1..];
                    self.0 = &self.0[..dot];
                    return Some(label);
                }
                None => return Some(std::mem::take(&mut self.0)),
            }
        }
    }
}

/// `ascii` so that [`FromStr`] reads it: whatever people do not write in names stands as `\DDD`.
fn escaped(ascii: &str) -> String {
    let mut out = String::with_capacity(4 * ascii.len());
    let mut after_backslash = false;
    for (index, byte) in ascii.bytes().enumerate() {
        let inner_asterisk =
            byte == b'*' && !(index == 0 && matches!(ascii.as_bytes().get(1), None | Some(b'.')));
        if !after_backslash && (label::needs_escape(byte) || inner_asterisk) {
            out.extend(label::digits(byte));
        } else {
            out.push(char::from(byte));
        }
        after_backslash = byte == b'\\' && !after_backslash;
    }
    out
}

/// Both names without whole labels that they have in common on the right; not always all of them.
fn after_common_labels<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let (left, right) = (one.as_bytes(), other.as_bytes());
    let same = left.iter().rev().zip(right.iter().rev()).take_while(|(one, other)| one == other).count();
    // From the first dot within what is the same; what is before it differs, or ends there.
    let Some(dot) = left[left.len() - same..].iter().position(|byte| *byte == b'.') else {
        return (one, other);
    };
    let common = same - dot;
    let (head, other_head) = (&one[..one.len() - common], &other[..other.len() - common]);
    // The dot may be escaped, and then it ends no label.
    if head.ends_with('\\') || other_head.ends_with('\\') { (one, other) } else { (head, other_head) }
}

/// Where the first dot is that no backslash escapes.
fn first_dot(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'.' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Whether the last character of `text` is escaped: an odd number of backslashes stands before it.
fn ends_escaped(text: &str) -> bool {
    let before = &text.as_bytes()[..text.len() - 1];
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn canonical(text: &str, alphabet: Alphabet) -> std::result::Result<DomainName, Fault> {
    if text == "." {
        return Ok(DomainName::root());
    }
    // Before anything is done with it: no name needs more, even with every octet escaped.
    if text.len() > 4 * MAX_NAME {
        return Err("a name has at most 255 octets");
    }
    let ascii = if text.is_ascii() { Cow::Borrowed(text) } else { to_ascii(text)? };
    let mut rest = ascii.strip_suffix('.').filter(|_| !ends_escaped(&ascii)).unwrap_or(&ascii);
    let mut out = String::with_capacity(rest.len() + 1);
    let (mut octets, mut first) = (1, true);
    loop {
        let end = first_dot(rest);
        octets += 1 + label::append(&rest[..end.unwrap_or(rest.len())], first, alphabet, &mut out)?;
        if octets > MAX_NAME {
            return Err("a name has at most 255 octets");
        }
        out.push('.');
        first = false;
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return Ok(DomainName(out.into())),
        }
    }
}

fn to_ascii(text: &str) -> std::result::Result<Cow<'_, str>, Fault> {
    if text.contains('\\') {
        return Err("a name in Unicode has no escapes");
    }
    Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_invalid| "the name has characters that no international name may have (UTS 46)")
}

pub(super) fn refused(text: &str, fault: Fault) -> Error {
    let shown = catalyst_core::redact::text(text, 80);
    Error::new(ErrorKind::Config, "read a name")
        .with_code("invalid_name")
        .with_help(format!("{fault}: {shown:?}"))
}
