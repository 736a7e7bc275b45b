//! How an address is checked: the options of PowerDNS' check functions, those that exist and no others.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use catalyst_core::Result;

use super::refused;
use super::value::{Key, Value};

/// The longest text of an option, in bytes.
const MAX_TEXT: usize = 500;
const MAX_HEADERS: usize = 16;

/// The options of a health check. PowerDNS wants all of them as strings, in which they are written.
///
/// An address is checked once for each distinct set of options: records that share a check share its state.
///
/// ```
/// use std::time::Duration;
/// use catalyst_dns::lua::CheckOptions;
///
/// let options = CheckOptions::new().timeout(Duration::from_secs(3))?.string_match("ok")?;
/// assert!(options.clone().interval(Duration::from_millis(500)).is_err(), "whole seconds");
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct CheckOptions {
    pub(super) interval: Option<u32>,
    pub(super) timeout: Option<u32>,
    pub(super) minimum_failures: u32,
    pub(super) fail_on_incomplete: bool,
    pub(super) source: Option<IpAddr>,
    pub(super) string_match: Option<Box<str>>,
    pub(super) user_agent: Option<Box<str>>,
    pub(super) http_code: Option<u16>,
    pub(super) bytes_limit: Option<u32>,
    pub(super) headers: BTreeMap<Box<str>, Box<str>>,
}

impl CheckOptions {
    /// The server's interval, its timeout of 2 s, and down after two failures in a row: one lost packet moves nobody.
    pub fn new() -> Self {
        Self {
            interval: None,
            timeout: None,
            minimum_failures: 2,
            fail_on_incomplete: false,
            source: None,
            string_match: None,
            user_agent: None,
            http_code: None,
            bytes_limit: None,
            headers: BTreeMap::new(),
        }
    }

    /// The time from one check to the next (`interval`, from 5.0; before, the server's own counts).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua` unless it is 1 to 3,600
    /// whole seconds.
    pub fn interval(self, interval: Duration) -> Result<Self> {
        Ok(Self { interval: Some(seconds(interval, 3600)?), ..self })
    }

    /// How long a check may take (`timeout`). Too short a time fails healthy hosts when the name server is busy.
    ///
    /// # Errors
    /// As [`interval`](Self::interval), unless it is 1 to 60 whole seconds.
    pub fn timeout(self, timeout: Duration) -> Result<Self> {
        Ok(Self { timeout: Some(seconds(timeout, 60)?), ..self })
    }

    /// How many checks in a row must fail (`minimumFailures`, from 5.0; before, one is enough). Two if not set.
    ///
    /// # Errors
    /// As [`interval`](Self::interval), unless it is 1 to 1,000.
    pub fn minimum_failures(self, failures: u32) -> Result<Self> {
        if !(1..=1000).contains(&failures) {
            return Err(refused("an address is down after 1 to 1,000 failures"));
        }
        Ok(Self { minimum_failures: failures, ..self })
    }

    /// SERVFAIL instead of an answer that nothing is known about (`failOnIncompleteCheck`, from 5.0): resolvers then
    /// ask another server.
    pub fn fail_on_incomplete_check(self) -> Self {
        Self { fail_on_incomplete: true, ..self }
    }

    /// The address to check from (`source`), of the family of the addresses.
    pub fn source(self, source: IpAddr) -> Self {
        Self { source: Some(source), ..self }
    }

    /// What the body of the answer must have in it (`stringmatch`).
    ///
    /// # Errors
    /// As [`interval`](Self::interval), unless it is 1 to 500 bytes without control characters.
    pub fn string_match(self, text: &str) -> Result<Self> {
        Ok(Self { string_match: Some(printable(text, "the text to match")?), ..self })
    }

    /// What the checker calls itself (`useragent`).
    ///
    /// # Errors
    /// As [`string_match`](Self::string_match): a line break would add headers.
    pub fn user_agent(self, text: &str) -> Result<Self> {
        Ok(Self { user_agent: Some(printable(text, "a user agent")?), ..self })
    }

    /// The status that the answer must have (`httpcode`, from 5.0), 200 if not set.
    ///
    /// # Errors
    /// As [`interval`](Self::interval), unless it is 100 to 599.
    pub fn http_code(self, code: u16) -> Result<Self> {
        if !(100..=599).contains(&code) {
            return Err(refused("a status is 100 to 599"));
        }
        Ok(Self { http_code: Some(code), ..self })
    }

    /// After how many bytes the body is no longer read (`byteslimit`, from 4.8).
    ///
    /// # Errors
    /// As [`interval`](Self::interval), unless it is 1 to 2³¹ − 1.
    pub fn bytes_limit(self, bytes: u32) -> Result<Self> {
        if bytes == 0 || i32::try_from(bytes).is_err() {
            return Err(refused("a limit is 1 to 2147483647 bytes"));
        }
        Ok(Self { bytes_limit: Some(bytes), ..self })
    }

    /// A header of the request (`headers`, from 5.1). Whoever reads the zone reads it: no place for a credential.
    ///
    /// # Errors
    /// As [`string_match`](Self::string_match), for a name that is not letters, digits and hyphens, and above 16
    /// headers.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(known) {
            return Err(refused("the name of a header has 1 to 64 letters, digits and hyphens"));
        }
        self.headers.insert(name.into(), printable(value, "the value of a header")?);
        if self.headers.len() > MAX_HEADERS {
            return Err(refused("a check has at most 16 headers"));
        }
        Ok(self)
    }

    /// Whether an option is set that only an HTTP request has.
    pub(super) fn is_for_url(&self) -> bool {
        self.string_match.is_some()
            || self.user_agent.is_some()
            || self.http_code.is_some()
            || self.bytes_limit.is_some()
            || !self.headers.is_empty()
    }

    /// The options in the one order in which they are written.
    pub(super) fn entries(&self) -> Vec<(Key, Value)> {
        let number = |name, value: Option<u32>| value.map(|value| (name, value.to_string()));
        let text = |name, value: &Option<Box<str>>| value.as_ref().map(|value| (name, value.to_string()));
        let strings = [
            number("interval", self.interval),
            number("timeout", self.timeout),
            number("minimumFailures", Some(self.minimum_failures)),
            self.fail_on_incomplete.then(|| ("failOnIncompleteCheck", "true".to_owned())),
            self.source.map(|source| ("source", source.to_string())),
            text("stringmatch", &self.string_match),
            text("useragent", &self.user_agent),
            number("httpcode", self.http_code.map(u32::from)),
            number("byteslimit", self.bytes_limit),
        ];
        let entry = |(name, value): (&str, String)| (Key::Word(name.to_owned()), Value::text(value));
        let mut entries: Vec<_> = strings.into_iter().flatten().map(entry).collect();
        if !self.headers.is_empty() {
            let headers = self.headers.iter();
            let headers =
                headers.map(|(name, value)| (Key::Text(name.as_bytes().into()), Value::text(&**value)));
            let headers = headers.collect();
            entries.push((Key::Word("headers".to_owned()), Value::Map(headers)));
        }
        entries
    }

    /// These options with one more, as it stands in a snippet.
    pub(super) fn with_entry(self, name: &str, value: &Value) -> Option<Self> {
        let number = |value: &Value| value.as_str()?.parse::<u32>().ok();
        let time = |value| Some(Duration::from_secs(number(value)?.into()));
        match name {
            "interval" => self.interval(time(value)?).ok(),
            "timeout" => self.timeout(time(value)?).ok(),
            "minimumFailures" => self.minimum_failures(number(value)?).ok(),
            "failOnIncompleteCheck" => Some(self.fail_on_incomplete_check()),
            "source" => Some(self.source(value.as_str()?.parse().ok()?)),
            "stringmatch" => self.string_match(value.as_str()?).ok(),
            "useragent" => self.user_agent(value.as_str()?).ok(),
            "httpcode" => self.http_code(value.as_str()?.parse().ok()?).ok(),
            "byteslimit" => self.bytes_limit(number(value)?).ok(),
            "headers" => value.map()?.iter().try_fold(self, |options, (key, value)| match key {
                Key::Text(name) => options.header(std::str::from_utf8(name).ok()?, value.as_str()?).ok(),
                Key::Word(_) => None,
            }),
            _ => None,
        }
    }
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self::new()
    }
}

fn seconds(time: Duration, most: u32) -> Result<u32> {
    (u32::try_from(time.as_secs()).ok())
        .filter(|seconds| time.subsec_nanos() == 0 && (1..=most).contains(seconds))
        .ok_or_else(|| refused(format!("PowerDNS counts in whole seconds: 1 to {most} of them")))
}

fn printable(text: &str, what: &str) -> Result<Box<str>> {
    if text.is_empty() || text.len() > MAX_TEXT || text.contains(char::is_control) {
        return Err(refused(format!("{what} has 1 to {MAX_TEXT} bytes and no control characters")));
    }
    Ok(text.into())
}
