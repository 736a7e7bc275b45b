//! Reading the settings: the one place that looks at the environment.

use std::collections::BTreeMap;
use std::path::Path;

use catalyst_core::{Error, ErrorKind, Result};
use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Toml};
use figment::value::{Dict, Map, Tag, Value};

use super::{Config, DatabaseConfig};

const OPERATION: &str = "read configuration";

/// The variables that the services' own tools use, and the keys that they mean; later ones win.
const STANDARD: [(&str, &str); 26] = [
    ("VAULT_ADDR", "openbao.address"),
    ("BAO_ADDR", "openbao.address"),
    ("VAULT_CACERT", "openbao.ca_file"),
    ("BAO_CACERT", "openbao.ca_file"),
    ("VAULT_NAMESPACE", "openbao.namespace"),
    ("BAO_NAMESPACE", "openbao.namespace"),
    ("VAULT_TOKEN", "openbao.token"),
    ("BAO_TOKEN", "openbao.token"),
    ("SPIFFE_ENDPOINT_SOCKET", "identity.endpoint"),
    ("KEYCLOAK_URL", "keycloak.url"),
    ("KEYCLOAK_BACK_CHANNEL_URL", "keycloak.back_channel_url"),
    ("KEYCLOAK_TOPOLOGY", "keycloak.topology"),
    ("KEYCLOAK_CA_CERT", "keycloak.ca_file"),
    ("KEYCLOAK_ADMIN_CLIENT_ID", "keycloak.admin.client_id"),
    ("KEYCLOAK_ADMIN_CLIENT_SECRET", "keycloak.admin.client_secret"),
    ("KEYCLOAK_ADMIN_REALM", "keycloak.admin.realm"),
    ("POWERDNS_URL", "dns.url"),
    ("POWERDNS_CA_CERT", "dns.ca_file"),
    ("POWERDNS_API_KEY", "dns.api_key"),
    ("POWERDNS_USER", "dns.user"),
    ("POWERDNS_PASSWORD", "dns.password"),
    ("POWERDNS_NAMESERVERS", "dns.nameservers"),
    ("CATALYST_SOVEREIGN", "dns.owner"),
    ("DATABASE_URL", "database_url"),
    ("CATALYST_DATABASE_URL", "database_url"),
    ("CATALYST_SHUTDOWN_LIMIT", "shutdown_limit"),
];

impl Config {
    /// From the file that `CATALYST_CONFIG` names, if it names one, and the environment.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the key at fault, never its value.
    pub fn from_env() -> Result<Self> {
        let file = Env::var("CATALYST_CONFIG");
        Self::load(file.as_deref().map(Path::new), &environment())
    }

    /// From this file and the environment.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the key at fault, never its value.
    pub fn from_file(file: &Path) -> Result<Self> {
        Self::load(Some(file), &environment())
    }

    fn load(file: Option<&Path>, environment: &[(String, String)]) -> Result<Self> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            let help = |error: std::io::Error| {
                let help = format!("the file {} cannot be read", file.display());
                Error::new(ErrorKind::Config, OPERATION).with_help(help).with_source(error)
            };
            let text = std::fs::read_to_string(file).map_err(help)?;
            figment = figment.merge(Toml::string(&text));
        }
        figment.merge(Variables(environment)).extract().map_err(|error| readable(&error))
    }

    /// The settings of the database that the application calls `name`.
    pub(crate) fn database(&self, name: &str) -> DatabaseConfig {
        let mut database = named(&self.databases, name);
        database.role.get_or_insert_with(|| name.to_owned());
        if database.url.is_none() {
            database.url.clone_from(&self.database_url);
        }
        database
    }
}

/// What is configured under `name`, in which `_` and `-` are the same.
pub(crate) fn named<T: Clone + Default>(all: &BTreeMap<String, T>, name: &str) -> T {
    let plain = |name: &str| name.replace('_', "-");
    let found = all.iter().find(|(key, _)| plain(key) == plain(name));
    found.map(|(_, found)| found.clone()).unwrap_or_default()
}

/// The environment, as far as it can concern us.
fn environment() -> Vec<(String, String)> {
    // Env::raw lowercases and splits nothing here; it only lists.
    Env::raw()
        .lowercase(false)
        .iter()
        .map(|(name, value)| (name.to_string(), value))
        .filter(|(name, _)| {
            name.starts_with("CATALYST_") || STANDARD.iter().any(|(standard, _)| name == standard)
        })
        .collect()
}

/// The variables as a provider: strings only, so that a password of digits stays a password.
struct Variables<'a>(&'a [(String, String)]);

impl figment::Provider for Variables<'_> {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named("environment")
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, figment::Error> {
        let mut root = Dict::new();
        for (name, key) in STANDARD {
            if let Some((_, value)) = self.0.iter().find(|(given, value)| given == name && !value.is_empty())
            {
                set(&mut root, key, value);
            }
        }
        for (name, value) in self.0 {
            let known = STANDARD.iter().any(|(standard, _)| name == standard) || name == "CATALYST_CONFIG";
            if let (false, Some(key)) = (known, name.strip_prefix("CATALYST_")) {
                set(&mut root, &key.to_lowercase().replace("__", "."), value);
            }
        }
        Ok(Map::from([(figment::Profile::Default, root)]))
    }
}

fn set(root: &mut Dict, key: &str, value: &str) {
    let (head, rest) = key.split_once('.').map_or((key, None), |(head, rest)| (head, Some(rest)));
    let Some(rest) = rest else {
        // The one number among the settings; everything else is text.
        let number = (head == "max_connections").then(|| value.parse::<u32>().ok()).flatten();
        let value = number.map_or_else(|| Value::from(value), Value::from);
        root.insert(head.to_owned(), value);
        return;
    };
    let entry = root.entry(head.to_owned()).or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
    if let Value::Dict(_, inner) = entry {
        set(inner, rest, value);
    }
}

/// What is wrong and where, without what was found there: it may be a secret in the wrong place.
fn readable(error: &figment::Error) -> Error {
    let key = error.path.join(".");
    let what = match &error.kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("expected {expected}"),
        Kind::UnknownField(field, known) => format!("unknown key `{field}`; known are {}", known.join(", ")),
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        Kind::MissingField(field) => format!("the key `{field}` is missing"),
        Kind::Message(message) if message.starts_with("expected a duration") => message.clone(),
        _ => "cannot be read; is the file valid TOML?".to_owned(),
    };
    let place = if key.is_empty() { String::new() } else { format!("`{key}`: ") };
    Error::new(ErrorKind::Config, OPERATION).with_help(format!("{place}{what}"))
}

#[cfg(test)]
mod tests {
    use super::super::{KeycloakTopology, LoginMethod};
    use super::*;
    use std::time::Duration;

    fn load(toml: &str, environment: &[(&str, &str)]) -> Result<Config> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let variables: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(Some(file.path()), &variables)
    }

    #[test]
    fn the_environment_comes_before_the_file_and_bao_before_vault() {
        let toml = "[openbao]\naddress = \"https://file:8200\"\nnamespace = \"team\"\n";
        let config =
            load(toml, &[("VAULT_ADDR", "https://vault:8200"), ("BAO_ADDR", "https://bao:8200")]).unwrap();
        assert_eq!(config.openbao.address.as_deref(), Some("https://bao:8200"));
        assert_eq!(config.openbao.namespace.as_deref(), Some("team"));
        let config = load(toml, &[("VAULT_ADDR", "https://vault:8200"), ("BAO_ADDR", "")]).unwrap();
        assert_eq!(config.openbao.address.as_deref(), Some("https://vault:8200"));
    }

    #[test]
    fn every_key_can_come_from_the_environment() {
        let config = load(
            "",
            &[
                ("SPIFFE_ENDPOINT_SOCKET", "unix:/run/agent.sock"),
                ("CATALYST_OPENBAO__LOGIN__METHOD", "cert"),
                ("CATALYST_OPENBAO__TIMEOUT", "5s"),
                ("CATALYST_DATABASES__ORDERS_RW__MAX_CONNECTIONS", "7"),
                ("CATALYST_DATABASES__EVENTS__POLL", "10s"),
                ("CATALYST_OBJECT_STORES__OUR_INVOICES__SECRET_PATH", "s3/invoices"),
                ("BAO_TOKEN", "12345"),
                ("KEYCLOAK_URL", "https://auth.test"),
                ("KEYCLOAK_TOPOLOGY", "shared-sovereign"),
                ("KEYCLOAK_ADMIN_CLIENT_SECRET", "67890"),
                ("CATALYST_SOVEREIGN", "omantel.omani.works"),
                ("CATALYST_DNS__API_KEY_PATH", "platform/dns"),
            ],
        )
        .unwrap();
        assert_eq!(config.identity.endpoint.as_deref(), Some("unix:/run/agent.sock"));
        assert_eq!(config.openbao.login.method, Some(LoginMethod::Cert));
        assert_eq!(config.openbao.timeout, Some(Duration::from_secs(5)));
        assert_eq!(config.openbao.token.as_ref().unwrap().expose(), "12345");
        assert_eq!(config.keycloak.topology, Some(KeycloakTopology::SharedSovereign));
        assert_eq!(config.keycloak.admin.client_secret.as_ref().unwrap().expose(), "67890");
        assert_eq!(config.dns.owner.as_deref(), Some("omantel.omani.works"));
        assert_eq!(config.dns.api_key_path.as_deref(), Some("platform/dns"));
        assert_eq!(config.database("events").poll, Some(Duration::from_secs(10)));
        let invoices = named(&config.object_stores, "our-invoices");
        assert_eq!(invoices.secret_path.as_deref(), Some("s3/invoices"));
        let orders = config.database("orders-rw");
        assert_eq!((orders.role.as_deref(), orders.max_connections), (Some("orders-rw"), Some(7)));
    }

    #[test]
    fn a_database_without_settings_is_the_role_of_its_name_at_the_common_address() {
        let config = load("", &[("DATABASE_URL", "postgres://db/app")]).unwrap();
        let database = config.database("orders-rw");
        assert_eq!(database.role.as_deref(), Some("orders-rw"));
        assert_eq!(database.url.unwrap().expose(), "postgres://db/app");
    }

    #[test]
    fn a_fault_names_its_key_and_never_its_value() {
        for (toml, named) in [
            ("[openbao]\ntimeout = \"canary\"", "`openbao.timeout`: expected a duration"),
            ("[openbao]\naddres = \"canary\"", "unknown key `addres`"),
            ("[openbao.login]\nmethod = \"canary\"", "expected one of"),
            ("[databases.a]\nmax_connections = \"canary\"", "`databases.a.max_connections`"),
            ("shutdown_limit = [canary", "valid TOML"),
        ] {
            let error = load(toml, &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(named), "{error}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Config::from_file(Path::new("/nonexistent/catalyst.toml")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/catalyst.toml"), "{error}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let config = load(
            "",
            &[
                ("BAO_TOKEN", "canary-1"),
                ("DATABASE_URL", "postgres://u:canary-2@db/x"),
                ("KEYCLOAK_ADMIN_CLIENT_SECRET", "canary-3"),
                ("POWERDNS_API_KEY", "canary-4"),
                ("POWERDNS_PASSWORD", "canary-5"),
            ],
        )
        .unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }
}
