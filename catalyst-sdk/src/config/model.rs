//! The settings, typed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use catalyst_core::Secret;
use serde::Deserialize;

/// The settings of a [`Catalyst`](crate::Catalyst). `Debug` shows no secret.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Who we are.
    pub identity: IdentityConfig,
    /// Where secrets come from.
    pub openbao: OpenBaoConfig,
    /// Where users log in; for the feature `sso`.
    pub keycloak: KeycloakConfig,
    /// Where names are published; for the feature `dns`.
    pub dns: DnsConfig,
    /// The databases by the name that the application uses. A name that is not here is the role's name, at the
    /// common `database_url`. `_` and `-` in names are the same.
    pub databases: BTreeMap<String, DatabaseConfig>,
    /// The object stores by the name that the application uses; for the features `s3` and `object-store`.
    pub object_stores: BTreeMap<String, ObjectStoreConfig>,
    /// The address of every database that has none of its own; user and password in it are not used.
    pub database_url: Option<Secret>,
    /// How long [`Catalyst::shutdown`](crate::Catalyst::shutdown) may take; 30 s if not set.
    #[serde(with = "duration")]
    pub shutdown_limit: Option<Duration>,
}

/// Who we are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct IdentityConfig {
    /// The Workload API: `unix:/run/spire/agent.sock`.
    pub endpoint: Option<String>,
    /// How long to wait for the first identity; 30 s if not set.
    #[serde(with = "duration")]
    pub initial_timeout: Option<Duration>,
}

/// Where secrets come from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OpenBaoConfig {
    /// `https://openbao.openbao.svc.cluster.local:8200`
    pub address: Option<String>,
    /// The certificate authorities to trust, as PEM; the machine's if not set.
    pub ca_file: Option<PathBuf>,
    /// The namespace of all paths.
    pub namespace: Option<String>,
    /// A token, for development; from the environment only by convention.
    pub token: Option<Secret>,
    /// The limit of one call; the client's if not set.
    #[serde(with = "duration")]
    pub timeout: Option<Duration>,
    /// How to log in.
    pub login: LoginConfig,
}

/// How to log in to OpenBao.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LoginConfig {
    /// By what; if not set: a token if there is one, the SPIFFE identity if there is a socket, the Kubernetes
    /// service account if its file is there.
    pub method: Option<LoginMethod>,
    /// The mount of the method; its usual one if not set.
    pub mount: Option<String>,
    /// The role to log in as; the service account of the SPIFFE ID if not set.
    pub role: Option<String>,
    /// The audience of the JWT-SVID; `openbao` if not set.
    pub audience: Option<String>,
    /// The file with the Kubernetes service-account token; the pod's own if not set.
    pub token_file: Option<PathBuf>,
    /// The role id of `AppRole`.
    pub role_id: Option<String>,
    /// The secret id of `AppRole`.
    pub secret_id: Option<Secret>,
}

/// The ways to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LoginMethod {
    /// By JWT-SVID.
    Jwt,
    /// By X.509-SVID, over mutual TLS.
    Cert,
    /// By Kubernetes service-account token.
    Kubernetes,
    /// By role id and secret id.
    AppRole,
    /// By a token that somebody else made.
    Token,
}

/// Where users log in, and who registers clients there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct KeycloakConfig {
    /// `https://auth.example.test`, as users see it, without `/realms`; with `{organization}` in it where each
    /// Organization has a Keycloak of its own.
    pub url: Option<String>,
    /// The address that we call in place of that one, of the same form.
    pub back_channel_url: Option<String>,
    /// One Keycloak for all Organizations, or one for each; follows from `{organization}` in the address if not set.
    pub topology: Option<KeycloakTopology>,
    /// The certificate authorities to trust, as PEM; the machine's if not set.
    pub ca_file: Option<PathBuf>,
    /// The mount of the KV engine where credentials lie; `secret` if not set.
    pub mount: Option<String>,
    /// Who registers clients.
    pub admin: KeycloakAdminConfig,
}

/// Who registers clients.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct KeycloakAdminConfig {
    /// The client with the service account.
    pub client_id: Option<String>,
    /// Its secret; without one it authenticates by JWT-SVID, and nothing is stored.
    pub client_secret: Option<Secret>,
    /// The realm that it logs in to; the realm that is administered if not set, so that a service account in each
    /// realm can touch no other.
    pub realm: Option<String>,
}

/// Where names are published, and whose they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DnsConfig {
    /// The API of PowerDNS: `http://powerdns.powerdns.svc.cluster.local:8081`.
    pub url: Option<String>,
    /// The certificate authorities to trust, as PEM; the machine's if not set.
    pub ca_file: Option<PathBuf>,
    /// Whose the published names are: the FQDN of the Sovereign.
    pub owner: Option<String>,
    /// The mount of the KV engine with the key of the API; `secret` if not set.
    pub mount: Option<String>,
    /// The secret with the key of the API; `sovereign/powerdns` if not set.
    pub api_key_path: Option<String>,
    /// The name of the key within that secret; `api-key` if not set.
    pub api_key_name: Option<String>,
    /// The key itself, for development, instead of a secret in OpenBao.
    pub api_key: Option<Secret>,
    /// The user that a proxy before the API wants.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The name servers that answer for the zones, as `address` or `address:port`, with commas between them: asked after
    /// a write whether they serve it, and to begin health checks. Without any, nobody is asked.
    pub nameservers: Option<String>,
}

/// How Keycloak is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeycloakTopology {
    /// Each Organization has a Keycloak of its own.
    PerOrganization,
    /// One Keycloak, a realm for each Organization.
    SharedSovereign,
}

/// One database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// `postgres://orders-db:5432/orders?sslmode=verify-full`, `mysql://orders-db:3306/orders`, `rediss://valkey:6379`,
    /// `mongodb://…`, `https://…` for ClickHouse; user and password in it are not used, but for the user of a login by
    /// identity. Nodes of a Valkey cluster have commas between them.
    pub url: Option<Secret>,
    /// How to log in; by a user that OpenBao makes if not set.
    pub login: Option<DatabaseLogin>,
    /// The certificate authorities to trust, as PEM; the driver's own if not set. The driver of ClickHouse trusts the
    /// machine's, whatever is said here.
    pub ca_file: Option<PathBuf>,
    /// The role at OpenBao; the database's name if not set.
    pub role: Option<String>,
    /// The mount of the database engine; `database` if not set.
    pub mount: Option<String>,
    /// The secret with `username` and `password`, of a user that others replace. For MongoDB and ClickHouse, which
    /// OpenBao makes no users for, the database's name if not set; for Valkey in place of a role.
    pub secret_path: Option<String>,
    /// The mount of the KV engine with that secret; `secret` if not set.
    pub secret_mount: Option<String>,
    /// How often that secret is looked at; every minute if not set.
    #[serde(with = "duration")]
    pub poll: Option<Duration>,
    /// The most connections of one generation's pool; the driver's default if not set.
    pub max_connections: Option<u32>,
    /// A harmless query that each new connection runs before it is used, best the commonest: a fresh session of
    /// PostgreSQL reads its catalogues at the first one, which takes milliseconds.
    pub warm_query: Option<String>,
    /// How long before its end a user is replaced; see [`Policy`](crate::rotation::Policy).
    #[serde(with = "duration")]
    pub rotate_before: Option<Duration>,
    /// The longest TTL that is accepted.
    #[serde(with = "duration")]
    pub max_ttl: Option<Duration>,
    /// How long the first user and the first connection may take; 30 s if not set.
    #[serde(with = "duration")]
    pub start_limit: Option<Duration>,
}

/// The keys of one object store.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ObjectStoreConfig {
    /// The secret with `access_key` and `secret_key`, which others replace; the store's name if not set.
    pub secret_path: Option<String>,
    /// The mount of the KV engine with that secret; `secret` if not set.
    pub secret_mount: Option<String>,
    /// How often that secret is looked at; every minute if not set.
    #[serde(with = "duration")]
    pub poll: Option<Duration>,
}

/// The ways to log in to a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DatabaseLogin {
    /// As a user that OpenBao makes for a role.
    #[default]
    Role,
    /// As the user in the address, by our SVID as client certificate; no password anywhere.
    Identity,
}

/// Durations as people write them: `10m`, `1h 30m`, `90s`.
mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| humantime::parse_duration(&text)).transpose().map_err(|_invalid| {
            serde::de::Error::custom("expected a duration such as \"90s\", \"10m\" or \"1h 30m\"")
        })
    }
}
