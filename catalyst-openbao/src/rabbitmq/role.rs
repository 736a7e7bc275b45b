//! What the server needs to know of a RabbitMQ, and what its users may do there.

use std::collections::BTreeMap;
use std::fmt;

use catalyst_core::Secret;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::Exposed;

/// How the server reaches a RabbitMQ: the address of its management plugin, and an administrator there.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct RabbitConnection {
    /// Such as `http://rabbitmq:15672`.
    pub address: String,
    /// The administrator.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// Whether the server tries the connection before it keeps it.
    pub verify: bool,
    /// A password policy of the server for the users that are made.
    pub password_policy: Option<String>,
    /// A template for the names of the users that are made.
    pub username_template: Option<String>,
}

impl RabbitConnection {
    /// A connection that is tried before it is kept.
    pub fn new(address: impl Into<String>, username: impl Into<String>, password: Secret) -> Self {
        let (address, username) = (address.into(), username.into());
        Self { address, username, password, verify: true, password_policy: None, username_template: None }
    }

    /// Keeps it untried.
    pub fn unverified(mut self) -> Self {
        self.verify = false;
        self
    }

    /// Makes passwords by this password policy of the server.
    pub fn password_policy(mut self, name: impl Into<String>) -> Self {
        self.password_policy = Some(name.into());
        self
    }

    /// Makes user names by this template.
    pub fn username_template(mut self, template: impl Into<String>) -> Self {
        self.username_template = Some(template.into());
        self
    }
}

impl Serialize for RabbitConnection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            connection_uri: &'a str,
            username: &'a str,
            password: Exposed<'a>,
            verify_connection: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            password_policy: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            username_template: Option<&'a str>,
        }
        Body {
            connection_uri: &self.address,
            username: &self.username,
            password: Exposed(&self.password),
            verify_connection: self.verify,
            password_policy: self.password_policy.as_deref(),
            username_template: self.username_template.as_deref(),
        }
        .serialize(serializer)
    }
}

impl fmt::Debug for RabbitConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitConnection")
            .field("address", &self.address)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// What the users of a role may do.
///
/// ```
/// use catalyst_openbao::{RabbitRole, VhostPermissions};
///
/// let role = RabbitRole::new().vhost("/", VhostPermissions::new("^$", "orders-.*", "orders-.*"));
/// assert_eq!(role.vhosts["/"].read, "orders-.*");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[must_use]
pub struct RabbitRole {
    /// Tags, such as `monitoring`.
    #[serde(default, with = "comma_separated")]
    pub tags: Vec<String>,
    /// Permissions for each virtual host.
    #[serde(default, serialize_with = "as_text", deserialize_with = "from_text_or_object")]
    pub vhosts: BTreeMap<String, VhostPermissions>,
    /// Permissions for topics, for each virtual host and exchange.
    #[serde(default, serialize_with = "as_text", deserialize_with = "from_text_or_object")]
    pub vhost_topics: BTreeMap<String, BTreeMap<String, TopicPermissions>>,
}

impl RabbitRole {
    /// A role that may do nothing. The server wants at least one tag or virtual host.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives its users a tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Gives them permissions in a virtual host.
    pub fn vhost(mut self, vhost: impl Into<String>, permissions: VhostPermissions) -> Self {
        self.vhosts.insert(vhost.into(), permissions);
        self
    }

    /// Gives them permissions for the topics of an exchange in a virtual host.
    pub fn topic(
        mut self,
        vhost: impl Into<String>,
        exchange: impl Into<String>,
        permissions: TopicPermissions,
    ) -> Self {
        self.vhost_topics.entry(vhost.into()).or_default().insert(exchange.into(), permissions);
        self
    }
}

/// Which names a user may configure, write and read: regular expressions of RabbitMQ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VhostPermissions {
    /// What it may declare and delete.
    pub configure: String,
    /// What it may publish to.
    pub write: String,
    /// What it may consume from.
    pub read: String,
}

impl VhostPermissions {
    /// Permissions; `^$` matches nothing.
    pub fn new(configure: impl Into<String>, write: impl Into<String>, read: impl Into<String>) -> Self {
        Self { configure: configure.into(), write: write.into(), read: read.into() }
    }
}

/// Which routing keys a user may write and read: regular expressions of RabbitMQ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TopicPermissions {
    /// What it may publish.
    pub write: String,
    /// What it may consume.
    pub read: String,
}

impl TopicPermissions {
    /// Permissions; `^$` matches nothing.
    pub fn new(write: impl Into<String>, read: impl Into<String>) -> Self {
        Self { write: write.into(), read: read.into() }
    }
}

/// The server takes a map as JSON in a text, and gives it back as an object. Only an empty text is no map to it.
fn as_text<V: Serialize, S: Serializer>(map: &BTreeMap<String, V>, serializer: S) -> Result<S::Ok, S::Error> {
    if map.is_empty() {
        return serializer.serialize_str("");
    }
    let text = serde_json::to_string(map).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

fn from_text_or_object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + serde::de::DeserializeOwned,
    D: Deserializer<'de>,
{
    match Option::deserialize(deserializer)? {
        None => Ok(T::default()),
        Some(serde_json::Value::String(text)) if text.is_empty() => Ok(T::default()),
        Some(serde_json::Value::String(text)) => serde_json::from_str(&text).map_err(D::Error::custom),
        Some(object) => serde_json::from_value(object).map_err(D::Error::custom),
    }
}

mod comma_separated {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(tags: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&tags.join(","))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        let tags = text.as_deref().unwrap_or_default().split(',').map(str::trim);
        Ok(tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn maps_are_texts_on_the_way_in_and_objects_on_the_way_back() {
        let role = RabbitRole::new()
            .tag("management")
            .vhost("/", VhostPermissions::new("^$", "w", "r"))
            .topic("/", "amq.topic", TopicPermissions::new("a", "b"));
        let sent = serde_json::to_value(&role).unwrap();
        assert_eq!(
            sent,
            json!({
                "tags": "management",
                "vhosts": r#"{"/":{"configure":"^$","write":"w","read":"r"}}"#,
                "vhost_topics": r#"{"/":{"amq.topic":{"write":"a","read":"b"}}}"#,
            })
        );
        let given = json!({
            "tags": "management",
            "vhosts": { "/": { "configure": "^$", "write": "w", "read": "r" } },
            "vhost_topics": { "/": { "amq.topic": { "write": "a", "read": "b" } } },
        });
        for json in [sent, given] {
            assert_eq!(serde_json::from_value::<RabbitRole>(json).unwrap(), role);
        }
        let nothing = serde_json::to_value(RabbitRole::new()).unwrap();
        assert_eq!(nothing, json!({ "tags": "", "vhosts": "", "vhost_topics": "" }));
        let sparse = json!({ "tags": "", "vhosts": null, "vhost_topics": "" });
        assert_eq!(serde_json::from_value::<RabbitRole>(sparse).unwrap(), RabbitRole::new());
    }

    #[test]
    fn a_connection_shows_no_password() {
        let connection = RabbitConnection::new("http://mq:15672", "admin", Secret::new("canary-4711"));
        assert!(!format!("{connection:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn a_role_comes_back_as_it_went(vhost in "\\PC{0,12}", patterns in "\\PC{0,12}", tag in "[a-z]{1,8}") {
            let role = RabbitRole::new().tag(tag).vhost(vhost, VhostPermissions::new(&*patterns, "", &*patterns));
            let sent = serde_json::to_value(&role).unwrap();
            prop_assert_eq!(serde_json::from_value::<RabbitRole>(sent).unwrap(), role);
        }
    }
}
