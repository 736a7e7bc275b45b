//! Secrets that are put together from others.

use std::collections::BTreeMap;

use super::yaml::Map;
use super::{Labels, ResourceName, SecretKey};

/// A text that the operator puts together: references to values, and what stands between them.
///
/// Nothing that is only known at run time gets in but names and numbers: fixed text is a `&'static str`, which a
/// value that was read from somewhere is not.
///
/// ```
/// use catalyst_sdk::manifest::TemplateText;
///
/// let url = TemplateText::new()
///     .text("postgres://")
///     .reference(&"username".parse()?)
///     .text(":")
///     .reference(&"password".parse()?)
///     .text("@")
///     .name(&"orders-db-rw".parse()?)
///     .text(":")
///     .number(5432);
/// assert_eq!(url.as_str(), "postgres://{{ .username }}:{{ .password }}@orders-db-rw:5432");
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
///
/// ```compile_fail
/// use catalyst_sdk::Secret;
/// use catalyst_sdk::manifest::TemplateText;
///
/// let password = Secret::new("hunter2");
/// TemplateText::new().text(password.expose());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TemplateText {
    text: String,
    references: Vec<SecretKey>,
}

impl TemplateText {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `key`, among those that the manifest brings.
    pub fn reference(mut self, key: &SecretKey) -> Self {
        self.text.push_str(&reference(key));
        self.references.push(key.clone());
        self
    }

    /// Text of the program. A brace that could begin an expression is written as one that yields a brace.
    pub fn text(mut self, text: &'static str) -> Self {
        for c in text.chars() {
            match c {
                '{' => self.text.push_str("{{ \"{\" }}"),
                c => self.text.push(c),
            }
        }
        self
    }

    /// The name of a resource, such as a service's.
    pub fn name(mut self, name: &ResourceName) -> Self {
        self.text.push_str(name.as_str());
        self
    }

    /// A number, such as a port.
    pub fn number(mut self, number: u64) -> Self {
        self.text.push_str(&number.to_string());
        self
    }

    /// As it stands in the manifest.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// In the language of Go's templates, where a field is a letter or `_` and then letters, digits and `_`.
fn reference(key: &SecretKey) -> String {
    let key = key.as_str();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if key.chars().all(word) && !key.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{{{{ .{key} }}}}")
    } else {
        format!("{{{{ index . \"{key}\" }}}}")
    }
}

/// What kind of Kubernetes secret is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretType {
    /// Any keys.
    #[default]
    Opaque,
    /// `tls.crt` and `tls.key`.
    Tls,
    /// `.dockerconfigjson`.
    DockerConfigJson,
    /// `username` and `password`.
    BasicAuth,
    /// `ssh-privatekey`.
    SshAuth,
}

impl SecretType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Opaque => "Opaque",
            Self::Tls => "kubernetes.io/tls",
            Self::DockerConfigJson => "kubernetes.io/dockerconfigjson",
            Self::BasicAuth => "kubernetes.io/basic-auth",
            Self::SshAuth => "kubernetes.io/ssh-auth",
        }
    }
}

/// What becomes of the values: the secret's type, its labels, and keys that are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Template {
    kind: SecretType,
    labels: Labels,
    data: BTreeMap<SecretKey, TemplateText>,
    merge: bool,
}

impl Template {
    /// An opaque secret with the values as they come.
    pub fn new() -> Self {
        Self::default()
    }

    /// The type of the secret.
    pub fn secret_type(mut self, kind: SecretType) -> Self {
        self.kind = kind;
        self
    }

    /// The labels of the secret.
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// A key that is put together. With the first one the secret holds only such keys, unless [`merge`](Self::merge)
    /// is set.
    pub fn key(mut self, key: SecretKey, text: TemplateText) -> Self {
        self.data.insert(key, text);
        self
    }

    /// Keeps the values themselves beside the keys that are put together.
    pub fn merge(mut self) -> Self {
        self.merge = true;
        self
    }

    /// The keys that it needs.
    pub(super) fn references(&self) -> impl Iterator<Item = &SecretKey> {
        self.data.values().flat_map(|text| &text.references)
    }

    pub(super) fn node(&self) -> Map {
        let labels = self.labels.node().map(|labels| Map::new().field("labels", labels));
        let data =
            self.data.iter().fold(Map::new(), |map, (key, text)| map.entry(key.as_str(), text.as_str()));
        Map::new()
            .field("engineVersion", "v2")
            .field("type", self.kind.as_str())
            .some("metadata", labels)
            .some("mergePolicy", self.merge.then_some("Merge"))
            .some("data", (!data.is_empty()).then_some(data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_no_word_of_go_is_looked_up() {
        for (key, written) in [
            ("client_id", "{{ .client_id }}"),
            ("tls.crt", "{{ index . \"tls.crt\" }}"),
            ("a-b", "{{ index . \"a-b\" }}"),
            ("0a", "{{ index . \"0a\" }}"),
        ] {
            assert_eq!(TemplateText::new().reference(&key.parse().unwrap()).as_str(), written);
        }
    }

    #[test]
    fn text_cannot_become_an_expression() {
        let key = "a".parse().unwrap();
        let text = TemplateText::new().text("{{ env \"HOME\" }}{").reference(&key).text("}");
        let brace = "{{ \"{\" }}";
        assert_eq!(text.as_str(), format!("{brace}{brace} env \"HOME\" }}}}{brace}{{{{ .a }}}}}}"));
    }
}
