//! Policies as texts and as what they mean.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

use super::Capability;
use super::hcl::{self, quoted};
use super::policy_reader::read;
use crate::settings::whole_seconds;

/// The longest policy, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// An ACL policy: built of rules, or taken from a text in HCL or JSON. Its text is what the server keeps.
///
/// ```
/// use catalyst_openbao::system::{Capability, PolicyDocument, PolicyRule};
///
/// let policy = PolicyDocument::new()
///     .rule(PolicyRule::new("secret/data/orders/*", [Capability::Read]))
///     .rule(PolicyRule::new("sys/leases/renew", [Capability::Update]));
/// let written: PolicyDocument = "path \"sys/leases/renew\" { capabilities = [\"update\"] }
///     path \"secret/data/orders/*\" { capabilities = [\"read\"] }"
///     .parse()?;
/// assert!(policy.means_the_same(&written));
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PolicyDocument {
    text: String,
    /// None: the text has something in it that this crate does not read, and only the server can tell what it means.
    rules: Option<Vec<PolicyRule>>,
}

/// What a policy says of one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyRule {
    pub(super) path: String,
    pub(super) capabilities: BTreeSet<Capability>,
    pub(super) required: BTreeSet<String>,
    pub(super) allowed: BTreeMap<String, Vec<hcl::Value>>,
    pub(super) denied: BTreeMap<String, Vec<hcl::Value>>,
    pub(super) min_wrapping_ttl: Option<Duration>,
    pub(super) max_wrapping_ttl: Option<Duration>,
    /// Whatever else a text said of the path.
    pub(super) other: BTreeMap<String, hcl::Value>,
}

impl PolicyDocument {
    /// A policy that allows nothing. The server refuses one without any rule.
    pub fn new() -> Self {
        Self { text: String::new(), rules: Some(Vec::new()) }
    }

    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, rule: PolicyRule) -> Self {
        self.text.push_str(&rule.to_string());
        if let Some(rules) = &mut self.rules {
            rules.push(rule);
        }
        self
    }

    /// Its text, in the words it was given in.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its rules; none if there is something in the text that this crate does not read, such as a heredoc.
    pub fn rules(&self) -> Option<&[PolicyRule]> {
        self.rules.as_deref()
    }

    /// Whether both have the same rules, whatever their order, spacing and comments. Texts that this crate does not
    /// read are the same if they are so to the letter.
    pub fn means_the_same(&self, other: &Self) -> bool {
        match (&self.rules, &other.rules) {
            (Some(ours), Some(theirs)) => {
                let sorted = |rules: &[PolicyRule]| {
                    let mut rules = rules.to_vec();
                    rules.sort_unstable();
                    rules
                };
                sorted(ours) == sorted(theirs)
            }
            _ => self.text.trim() == other.text.trim(),
        }
    }
}

impl FromStr for PolicyDocument {
    type Err = Error;

    /// Takes a text as it is; only the server says whether it is a policy.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is longer than 256 KiB, or empty.
    fn from_str(text: &str) -> Result<Self> {
        let fault = match text.len() {
            0 => "it is empty",
            length if length > MAX_BYTES => "it is longer than 256 KiB",
            _ => return Ok(Self { text: text.to_owned(), rules: read(text).ok() }),
        };
        Err(Error::new(ErrorKind::Config, "read policy").with_help(fault))
    }
}

impl PolicyRule {
    /// Allows `capabilities` on `path`. A `*` at its end stands for anything, a `+` for one segment.
    pub fn new(path: impl Into<String>, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        let path = path.into();
        Self {
            // The server passes over it.
            path: path.strip_prefix('/').map(str::to_owned).unwrap_or(path),
            capabilities: capabilities.into_iter().collect(),
            required: BTreeSet::new(),
            allowed: BTreeMap::new(),
            denied: BTreeMap::new(),
            min_wrapping_ttl: None,
            max_wrapping_ttl: None,
            other: BTreeMap::new(),
        }
    }

    /// The path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is allowed on it.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> {
        self.capabilities.iter().copied()
    }

    /// A request must carry this parameter.
    #[must_use]
    pub fn required_parameter(mut self, name: impl Into<String>) -> Self {
        self.required.insert(name.into());
        self
    }

    /// A request may carry this parameter, with one of `values`, or with any if there are none. Once one is allowed,
    /// all others are not; `*` allows the rest.
    #[must_use]
    pub fn allowed_parameter(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.allowed.insert(name.into(), texts(values));
        self
    }

    /// A request must not carry this parameter with one of `values`, or not at all if there are none.
    #[must_use]
    pub fn denied_parameter(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.denied.insert(name.into(), texts(values));
        self
    }

    /// The answer must be wrapped, for at least so long, in whole seconds.
    #[must_use]
    pub fn min_wrapping_ttl(mut self, limit: Duration) -> Self {
        self.min_wrapping_ttl = Some(limit);
        self
    }

    /// The answer must be wrapped, for at most so long, in whole seconds.
    #[must_use]
    pub fn max_wrapping_ttl(mut self, limit: Duration) -> Self {
        self.max_wrapping_ttl = Some(limit);
        self
    }
}

impl fmt::Display for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for PolicyRule {
    /// In HCL, with a line end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "path {} {{", quoted(&self.path))?;
        let capabilities: Vec<_> = self.capabilities.iter().map(|one| quoted(one.as_str())).collect();
        writeln!(f, "  capabilities = [{}]", capabilities.join(", "))?;
        if !self.required.is_empty() {
            let required: Vec<_> = self.required.iter().map(|one| quoted(one)).collect();
            writeln!(f, "  required_parameters = [{}]", required.join(", "))?;
        }
        for (name, parameters) in [("allowed_parameters", &self.allowed), ("denied_parameters", &self.denied)]
        {
            if !parameters.is_empty() {
                writeln!(f, "  {name} = {{")?;
                for (parameter, values) in parameters {
                    writeln!(f, "    {} = {}", quoted(parameter), hcl::Value::List(values.clone()))?;
                }
                writeln!(f, "  }}")?;
            }
        }
        for (name, limit) in
            [("min_wrapping_ttl", self.min_wrapping_ttl), ("max_wrapping_ttl", self.max_wrapping_ttl)]
        {
            if let Some(limit) = limit {
                writeln!(f, "  {name} = \"{}s\"", whole_seconds(limit))?;
            }
        }
        for (name, value) in &self.other {
            writeln!(f, "  {} = {value}", quoted(name))?;
        }
        writeln!(f, "}}")
    }
}

fn texts(values: impl IntoIterator<Item = impl Into<String>>) -> Vec<hcl::Value> {
    values.into_iter().map(|value| hcl::Value::Text(value.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;
    use proptest::prelude::*;

    fn full() -> PolicyRule {
        PolicyRule::new("a/+/b", [Capability::Read])
            .required_parameter("z")
            .denied_parameter("y", Vec::<String>::new())
            .min_wrapping_ttl(Duration::from_secs(1))
            .max_wrapping_ttl(Duration::from_secs(90))
    }

    #[test]
    fn a_text_that_the_server_took_means_the_rules_it_was_built_of() {
        let (_, body) = recorded("sys-policy-full-read");
        let kept: PolicyDocument = body["data"]["policy"].as_str().unwrap().parse().unwrap();
        let rules = kept.rules().unwrap();
        assert_eq!((rules.len(), rules[0].path()), (1, "a/+/b"));
        let mut ours = full();
        ours.allowed = rules[0].allowed.clone();
        ours.other = rules[0].other.clone();
        assert!(PolicyDocument::new().rule(ours.clone()).means_the_same(&kept));
        assert!(!PolicyDocument::new().rule(ours.denied_parameter("more", ["x"])).means_the_same(&kept));
    }

    #[test]
    fn the_servers_own_default_policy_is_read() {
        let (_, body) = recorded("sys-policy-default");
        let default: PolicyDocument = body["data"]["policy"].as_str().unwrap().parse().unwrap();
        let rules = default.rules().unwrap();
        assert!(rules.iter().any(|rule| rule.path() == "auth/token/renew-self"));
    }

    #[test]
    fn json_and_hcl_mean_the_same() {
        let json: PolicyDocument = r#"{"path":{"a/*":{"capabilities":["read"]}}}"#.parse().unwrap();
        assert!(json.means_the_same(&PolicyDocument::new().rule(PolicyRule::new("a/*", [Capability::Read]))));
    }

    #[test]
    fn what_is_not_read_is_the_same_only_to_the_letter() {
        let heredoc: PolicyDocument = "path \"a\" { capabilities = <<X\nX\n }".parse().unwrap();
        assert!(heredoc.rules().is_none() && heredoc.means_the_same(&heredoc.clone()));
        assert!(!heredoc.means_the_same(&PolicyDocument::new()));
    }

    #[test]
    fn texts_that_are_none_are_refused() {
        let long = "#".repeat(MAX_BYTES + 1);
        for bad in ["", &long] {
            assert_eq!(bad.parse::<PolicyDocument>().unwrap_err().kind(), ErrorKind::Config);
        }
    }

    proptest! {
        #[test]
        fn rules_come_back_from_their_text(path in "\\PC{1,20}|[a\"\\\\${}*/]{1,9}", parameter in "\\PC{0,8}", value in "\\PC{0,8}") {
            let rule = full().allowed_parameter(parameter, [value]);
            let rule = PolicyRule { path: path.trim_start_matches('/').to_owned(), ..rule };
            let built = PolicyDocument::new().rule(rule.clone()).rule(PolicyRule::new("x", [Capability::Deny]));
            let read: PolicyDocument = built.as_str().parse().unwrap();
            prop_assert_eq!(&read.rules().unwrap()[0], &rule);
            prop_assert!(read.means_the_same(&built));
        }
    }
}
