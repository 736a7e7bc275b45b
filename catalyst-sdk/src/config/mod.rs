//! Where everything is, and who we are: read once, from a TOML file and the environment, and from nowhere else.
//!
//! | what | TOML | environment |
//! | --- | --- | --- |
//! | the Workload API | `identity.endpoint` | `SPIFFE_ENDPOINT_SOCKET` |
//! | OpenBao | `openbao.address` | `BAO_ADDR`, `VAULT_ADDR` |
//! | its CA, a PEM file | `openbao.ca_file` | `BAO_CACERT`, `VAULT_CACERT` |
//! | its namespace | `openbao.namespace` | `BAO_NAMESPACE`, `VAULT_NAMESPACE` |
//! | a token, instead of an identity | | `BAO_TOKEN`, `VAULT_TOKEN` |
//! | how to log in | `openbao.login.method`, `.role`, `.mount`, … | `CATALYST_OPENBAO__LOGIN__METHOD`, … |
//! | Keycloak, as users see it | `keycloak.url` | `KEYCLOAK_URL` |
//! | Keycloak, as we call it | `keycloak.back_channel_url` | `KEYCLOAK_BACK_CHANNEL_URL` |
//! | how it is laid out: `per-organization`, `shared-sovereign` | `keycloak.topology` | `KEYCLOAK_TOPOLOGY` |
//! | its CA, a PEM file | `keycloak.ca_file` | `KEYCLOAK_CA_CERT` |
//! | who registers clients | `keycloak.admin.client_id`, `.realm` | `KEYCLOAK_ADMIN_CLIENT_ID`, `KEYCLOAK_ADMIN_REALM` |
//! | its secret, instead of an identity | | `KEYCLOAK_ADMIN_CLIENT_SECRET` |
//! | where credentials of clients lie | `keycloak.mount` | `CATALYST_KEYCLOAK__MOUNT` |
//! | the API of PowerDNS | `dns.url` | `POWERDNS_URL` |
//! | its CA, a PEM file | `dns.ca_file` | `POWERDNS_CA_CERT` |
//! | whose the published names are | `dns.owner` | `CATALYST_SOVEREIGN` |
//! | where the key of the API lies | `dns.mount`, `.api_key_path`, `.api_key_name` | `CATALYST_DNS__MOUNT`, … |
//! | the key itself, for development | | `POWERDNS_API_KEY` |
//! | user and password of a proxy before it | `dns.user` | `POWERDNS_USER`, `POWERDNS_PASSWORD` |
//! | the name servers that serve the zones | `dns.nameservers` | `POWERDNS_NAMESERVERS` |
//! | a database | `databases.NAME.url`, `.role`, `.mount`, `.max_connections`, `.login`, `.ca_file` | `DATABASE_URL` for all |
//! | its user, where others replace it | `databases.NAME.secret_path`, `.secret_mount`, `.poll` | `CATALYST_DATABASES__NAME__SECRET_PATH`, … |
//! | the keys of an object store | `object_stores.NAME.secret_path`, `.secret_mount`, `.poll` | `CATALYST_OBJECT_STORES__NAME__SECRET_PATH`, … |
//! | the file itself | | `CATALYST_CONFIG` |
//!
//! Every key of the file can be set as `CATALYST_` and its name, with `__` between the parts. The environment comes
//! before the file, `BAO_` before `VAULT_`.

mod load;
mod model;

#[cfg(any(feature = "s3", feature = "object-store"))]
pub(crate) use load::named;
pub use model::{
    Config, DatabaseConfig, DatabaseLogin, DnsConfig, IdentityConfig, KeycloakAdminConfig, KeycloakConfig,
    KeycloakTopology, LoginConfig, LoginMethod, ObjectStoreConfig, OpenBaoConfig,
};
