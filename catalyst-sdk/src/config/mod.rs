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
//! | a database | `databases.NAME.url`, `.role`, `.mount`, `.max_connections` | `DATABASE_URL` for all |
//! | the file itself | | `CATALYST_CONFIG` |
//!
//! Every key of the file can be set as `CATALYST_` and its name, with `__` between the parts. The environment comes
//! before the file, `BAO_` before `VAULT_`.

mod load;
mod model;

pub use model::{Config, DatabaseConfig, IdentityConfig, LoginConfig, LoginMethod, OpenBaoConfig};
