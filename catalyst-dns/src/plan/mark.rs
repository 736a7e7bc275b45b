//! Marks: TXT records that say whose a record set is, as external-dns' TXT registry writes and reads them.

use std::borrow::Cow;
use std::fmt::Write as _;

use catalyst_core::{Error, ErrorKind, Result};

use super::{Owner, Resource};
use crate::{DomainName, RecordData, RecordSet, RecordType, Text, Ttl, ZoneName};

/// What stands in a prefix for the type of the marked set.
const TEMPLATE: &str = "%{record_type}";
/// What stands for the apex where the type is glued to the first label.
const APEX: &str = "_apex";
/// The types that external-dns takes off the names of marks.
const EXTERNAL_TYPES: [&str; 10] = ["a", "aaaa", "cname", "ns", "mx", "ptr", "srv", "naptr", "txt", "dname"];
/// How a mark of ours says that it is not external-dns'.
const OURS: &str = "catalyst";
/// As long as external-dns' own on PowerDNS.
const TTL_SECS: u32 = 300;

/// Where marks stand: external-dns' `--txt-prefix` and `--txt-wildcard-replacement`.
///
/// A mark has a name of its own, never that of the set, so that it cannot collide with a CNAME. The type in lower
/// case and a hyphen stand before the first label (external-dns from 0.18):
///
/// | Set | Mark |
/// |---|---|
/// | `www.example.org A` | `_externaldns.a-www.example.org` |
/// | `www.example.org LUA` | `_externaldns.lua-www.example.org` |
/// | `*.example.org A` | `_externaldns.a-_wildcard.example.org` |
/// | `example.org A` | `_externaldns.a-_apex.example.org` |
///
/// external-dns reads all of them as marks and so neither changes nor deletes them. It knows no type LUA: that mark is
/// one of the host `lua-www` to it, and nothing is there. For the apex it computes `_externaldns.a-example.org`, which
/// lies outside of the zone, so that there it can own nothing itself. An asterisk within a label is refused by
/// PowerDNS ("contains unsupported characters"), so there is always a replacement here.
///
/// A prefix with `%{record_type}` in it is filled in instead: `_dns-%{record_type}.` gives `_dns-a.www.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkFormat {
    prefix: Box<str>,
    wildcard: Box<str>,
}

impl Default for MarkFormat {
    fn default() -> Self {
        Self { prefix: "_externaldns.".into(), wildcard: "_wildcard".into() }
    }
}

impl MarkFormat {
    /// Another prefix: labels with a final dot, or the beginning of a label.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_mark_format` if no name can begin with it.
    pub fn prefix(self, prefix: &str) -> Result<Self> {
        let format = Self { prefix: prefix.to_ascii_lowercase().into(), ..self };
        format.checked(prefix)
    }

    /// Another word for the asterisk of a wildcard: what external-dns was given, so that each sees the other's marks.
    ///
    /// # Errors
    /// As for [`prefix`](Self::prefix).
    pub fn wildcard(self, word: &str) -> Result<Self> {
        let format = Self { wildcard: word.to_ascii_lowercase().into(), ..self };
        if word.is_empty() || word.contains(['.', '*']) {
            return Err(refused_format(word));
        }
        format.checked(word)
    }

    fn checked(self, given: &str) -> Result<Self> {
        let mut name = String::new();
        self.fill_prefix("a", &mut name);
        let usable = !self.beginning().is_empty() && !name.contains('\\');
        let name = format!("{name}a-{}.test.", self.wildcard);
        if usable && name.parse::<DomainName>().is_ok() { Ok(self) } else { Err(refused_format(given)) }
    }

    fn is_template(&self) -> bool {
        self.prefix.contains(TEMPLATE)
    }

    fn fill_prefix(&self, kind: &str, out: &mut String) {
        match self.prefix.split_once(TEMPLATE) {
            Some((before, after)) => out.extend([before, kind, after]),
            None => out.push_str(&self.prefix),
        }
    }

    /// What the names of all marks begin with.
    fn beginning(&self) -> &str {
        self.prefix.split_once(TEMPLATE).map_or(&*self.prefix, |(before, _)| before)
    }

    /// Whether `name` is where marks stand.
    pub(super) fn reserves(&self, name: &DomainName) -> bool {
        !self.beginning().is_empty() && name.as_str().starts_with(self.beginning())
    }

    /// The name of the mark of a set, as the server writes it. `false` where the mark would be another set's too:
    /// beside `*.example.org` there is no marking `_wildcard.example.org`.
    pub(super) fn write_name(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: RecordType,
        out: &mut String,
    ) -> bool {
        out.clear();
        let kind = lower(kind);
        self.fill_prefix(&kind, out);
        let glued = !self.is_template();
        if glued {
            out.extend([&*kind, "-"]);
        }
        if name == zone.apex() {
            let own_label = glued || !self.prefix.ends_with('.');
            out.extend([if own_label { APEX } else { "" }, if own_label { "." } else { "" }, name.as_str()]);
            return true;
        }
        if name.is_wildcard() {
            out.extend([&*self.wildcard, &name.as_str()[1..]]);
            return true;
        }
        out.push_str(name.as_str());
        let first = name.labels().next().unwrap_or_default();
        first != &*self.wildcard && first != APEX
    }

    /// Where older versions of external-dns mark the set, with this prefix and without any. `false` where external-dns
    /// would read the name as that of another set's mark: `a-www` is one of `www`, not of a host `a-www`.
    pub(super) fn write_old_name(
        &self,
        which: OldName,
        name: &DomainName,
        kind: RecordType,
        out: &mut String,
    ) -> bool {
        out.clear();
        match which {
            OldName::Prefixed => self.fill_prefix("", out),
            OldName::Typed => out.extend([&*lower(kind), "-"]),
            OldName::Bare => {}
        }
        match name.as_str().strip_prefix('*') {
            Some(rest) if which != OldName::Bare => out.extend([&*self.wildcard, rest]),
            _ => out.push_str(name.as_str()),
        }
        let begins_with_type =
            || name.as_str().split_once('-').is_some_and(|(first, _)| EXTERNAL_TYPES.contains(&first));
        which == OldName::Typed || !begins_with_type()
    }
}

/// Where external-dns has put marks before, or does without a prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OldName {
    /// `_externaldns.www.example.org`
    Prefixed,
    /// `a-www.example.org`
    Typed,
    /// `www.example.org`
    Bare,
}

impl OldName {
    pub(super) const ALL: [Self; 3] = [Self::Prefixed, Self::Typed, Self::Bare];
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark<'a> {
    pub(super) owner: &'a str,
    pub(super) resource: &'a str,
}

impl<'a> Mark<'a> {
    /// Reads a TXT set as external-dns does: its first record counts. `None` for any other text, and for a mark that
    /// is encrypted.
    pub(super) fn read(set: &'a RecordSet) -> Option<Self> {
        let Some(RecordData::Txt(text)) = set.records().first() else { return None };
        Self::parse(text.to_str()?)
    }

    fn parse(text: &'a str) -> Option<Self> {
        // Some providers keep the quotes as a part of the text.
        let text = text.trim_matches('"');
        let (mut ours, mut mark) = (false, Self { owner: "", resource: "" });
        for (key, value) in text.split(',').filter_map(|token| token.split_once('=')) {
            match key {
                "heritage" if value != "external-dns" => return None,
                "heritage" => ours = true,
                "external-dns/owner" => mark.owner = value,
                "external-dns/resource" => mark.resource = value,
                _ => {}
            }
        }
        ours.then_some(mark)
    }

    /// Whether this crate wrote it for `owner`. external-dns writes the kind of a Kubernetes object first.
    pub(super) fn is_of(&self, owner: &Owner) -> bool {
        self.owner == owner.as_str() && self.resource.split('/').next() == Some(OURS)
    }

    /// Whether it says what the mark of a set for `resource` is to say.
    pub(super) fn says(&self, owner: &Owner, resource: Option<&Resource>) -> bool {
        self.is_of(owner) && self.resource == resource_text(resource)
    }
}

/// The mark of a set.
pub(super) fn mark_set(name: DomainName, owner: &Owner, resource: Option<&Resource>) -> Result<RecordSet> {
    let mut text = String::with_capacity(96);
    let resource = resource_text(resource);
    write!(text, "heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}")
        .map_err(|_never| Error::new(ErrorKind::Other, "write a mark"))?;
    RecordSet::new(name, Ttl::from_secs(TTL_SECS)?, [RecordData::Txt(Text::new(text)?)])
}

fn resource_text(resource: Option<&Resource>) -> Cow<'static, str> {
    resource.map_or(Cow::Borrowed(OURS), |resource| Cow::Owned(format!("{OURS}/{}", resource.as_str())))
}

fn lower(kind: RecordType) -> Cow<'static, str> {
    // The common ones, without an allocation for each set of a large zone.
    match kind {
        RecordType::A => Cow::Borrowed("a"),
        RecordType::Aaaa => Cow::Borrowed("aaaa"),
        RecordType::Cname => Cow::Borrowed("cname"),
        RecordType::Txt => Cow::Borrowed("txt"),
        RecordType::Lua => Cow::Borrowed("lua"),
        _ => Cow::Owned(kind.as_str().to_ascii_lowercase()),
    }
}

fn refused_format(given: &str) -> Error {
    let shown = catalyst_core::redact::text(given, 60);
    Error::new(ErrorKind::Config, "read the format of marks")
        .with_code("invalid_mark_format")
        .with_help(format!("no name of a record can be made with {shown:?}"))
}
