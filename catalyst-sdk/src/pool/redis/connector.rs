//! Connecting to Valkey as one user, and what its refusals mean.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use catalyst_openbao::Credentials;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::{Client, ConnectionInfo, ProtocolVersion, RedisError, ServerErrorKind, TlsCertificates};

use super::ValkeyConnection;
use super::connection::Driver;
use crate::pool::{ClientConnector, Connector, Refusal, Warmth, handshake};

const CONNECT: &str = "connect to Valkey";
const LIMIT: Duration = Duration::from_secs(10);

/// Connects to one server, or to a cluster. User and password in the addresses are replaced by each credential's.
///
/// Connections speak RESP3, by which the driver notices an end of its connection at once. TLS (`rediss://`) is rustls
/// with the provider that the program has one of, and the machine's authorities where none are given.
#[derive(Clone)]
pub struct ValkeyConnector {
    place: Place,
    authorities: Option<Vec<u8>>,
    manager: ConnectionManagerConfig,
    response_timeout: Duration,
}

#[derive(Clone)]
enum Place {
    Server(Box<ConnectionInfo>),
    Cluster(Vec<ConnectionInfo>),
}

impl ValkeyConnector {
    /// One server, by the driver's connection manager.
    pub fn server(address: ConnectionInfo) -> Self {
        Self::to(Place::Server(Box::new(address)))
    }

    /// A cluster, by the driver's cluster client; `nodes` are some of its nodes, the others are found. OpenBao's
    /// plugin makes a user at one node only, so the users of a cluster are stored ones, made at every node. The cluster client does not tell a user that was dropped
    /// from a node that is down, so such a user is replaced at the next look at its secret, and not at once.
    pub fn cluster(nodes: impl IntoIterator<Item = ConnectionInfo>) -> Self {
        Self::to(Place::Cluster(nodes.into_iter().collect()))
    }

    fn to(place: Place) -> Self {
        // One attempt more after a tenth of a second: a call that comes later tries again, and a refused login is to
        // be known soon.
        let manager =
            ConnectionManagerConfig::new().set_number_of_retries(1).set_connection_timeout(Some(LIMIT));
        Self { place, authorities: None, manager, response_timeout: LIMIT }
    }

    /// Trusts these authorities, in PEM, instead of the machine's.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities = Some(pem.into());
        self
    }

    /// How long an answer may take; blocking commands take longer than they block. Default: 10 s.
    #[must_use]
    pub fn response_timeout(mut self, limit: Duration) -> Self {
        self.response_timeout = limit;
        self
    }

    /// How one server is connected to anew; its response timeout is [`Self::response_timeout`].
    #[must_use]
    pub fn manager(mut self, config: ConnectionManagerConfig) -> Self {
        self.manager = config;
        self
    }

    fn certificates(&self) -> TlsCertificates {
        TlsCertificates { client_tls: None, root_cert: self.authorities.clone() }
    }

    async fn server_as(&self, address: &ConnectionInfo, user: &Credentials) -> Result<Driver, RedisError> {
        let address = as_user(address, user);
        let client = if self.authorities.is_some() {
            Client::build_with_tls(address, self.certificates())?
        } else {
            Client::open(address)?
        };
        let config = self.manager.clone().set_response_timeout(Some(self.response_timeout));
        ConnectionManager::new_with_config(client, config).await.map(Driver::Server)
    }

    async fn cluster_as(&self, nodes: &[ConnectionInfo], user: &Credentials) -> Result<Driver, RedisError> {
        let mut builder = ClusterClient::builder(nodes.iter().map(|node| as_user(node, user)))
            .use_protocol(ProtocolVersion::RESP3)
            .username(&user.username)
            .password(user.password.expose())
            .connection_timeout(LIMIT)
            .response_timeout(self.response_timeout);
        if self.authorities.is_some() {
            builder = builder.certs(self.certificates());
        }
        builder.build()?.get_async_connection().await.map(Driver::Cluster)
    }
}

fn as_user(address: &ConnectionInfo, user: &Credentials) -> ConnectionInfo {
    let settings = address.redis_settings().clone();
    let settings = settings.set_username(&user.username).set_password(user.password.expose());
    address.clone().set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3))
}

impl Connector for ValkeyConnector {
    type Pool = ValkeyConnection;

    async fn open(&self, credentials: &Credentials, _warmth: Warmth) -> Result<ValkeyConnection> {
        let driver = match &self.place {
            Place::Server(address) => self.server_as(address, credentials).await,
            Place::Cluster(nodes) => self.cluster_as(nodes, credentials).await,
        };
        let failed = |error| failed(error, CONNECT).with_target(credentials.username.clone());
        let mut connection = driver.map(ValkeyConnection::new).map_err(failed)?;
        // The handshake was the login; this shows that commands are answered.
        match redis::cmd("PING").query_async::<redis::Value>(&mut connection).await {
            // A user that may not ask for it is no less logged in.
            Err(error) if refusal(&error) != Refusal::Permission => Err(failed(error)),
            _ => Ok(connection),
        }
    }

    /// One is enough for any number of calls.
    fn size(&self, _connection: &ValkeyConnection) -> usize {
        1
    }

    async fn close(&self, connection: &ValkeyConnection) {
        // No call is in flight when this is called: each holds its generation.
        connection.close();
    }

    fn end(&self, connection: &ValkeyConnection, _why: &Error) {
        connection.close();
    }
}

impl ClientConnector for ValkeyConnector {
    type Error = RedisError;

    fn refusal(error: &RedisError) -> Refusal {
        refusal(error)
    }

    fn explain(error: RedisError) -> Error {
        ours(&error).unwrap_or_else(|| failed(error, "use Valkey"))
    }
}

impl fmt::Debug for ValkeyConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = match &self.place {
            Place::Server(address) => vec![address.addr().to_string()],
            Place::Cluster(nodes) => nodes.iter().map(|node| node.addr().to_string()).collect(),
        };
        f.debug_struct("ValkeyConnector").field("nodes", &nodes).finish_non_exhaustive()
    }
}

/// Our error, where the driver's was made of it: why a credential ended.
fn ours(error: &RedisError) -> Option<Error> {
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(source) = next {
        if let Some(ours) = source.downcast_ref::<Error>() {
            return Some(ours.clone());
        }
        next = source.source();
    }
    None
}

/// What the driver's error says about the credential.
pub(super) fn refusal(error: &RedisError) -> Refusal {
    match error.kind() {
        redis::ErrorKind::AuthenticationFailed => Refusal::Login,
        redis::ErrorKind::Server(ServerErrorKind::NoPerm) => Refusal::Permission,
        _ if error.code().is_some_and(is_login) => Refusal::Login,
        // The cluster client keeps only the words of why it could not connect.
        redis::ErrorKind::Io if error.detail().is_some_and(|words| words.split('"').any(is_login)) => {
            Refusal::Login
        }
        _ => Refusal::None,
    }
}

/// NOAUTH: the connection has no user; WRONGPASS: the user is gone or its password is another.
fn is_login(code: &str) -> bool {
    matches!(code, "NOAUTH" | "WRONGPASS")
}

/// Whether TLS is what failed. The cluster client keeps only its words.
fn is_tls(error: &RedisError) -> bool {
    handshake::failed(error) || error.detail().is_some_and(|words| words.contains("invalid peer certificate"))
}

/// The driver's error as ours. Its text is the server's own, which names no password.
fn failed(error: RedisError, operation: &'static str) -> Error {
    let (kind, help) = match refusal(&error) {
        Refusal::Login => (ErrorKind::Unauthenticated, "the server does not accept the user (yet)"),
        Refusal::Permission => {
            (ErrorKind::PermissionDenied, "the user's ACL does not allow it; see the role's rules")
        }
        Refusal::None if error.is_timeout() => (ErrorKind::Timeout, "no answer in time"),
        Refusal::None if is_tls(&error) => {
            (ErrorKind::Tls, "no secure connection to the server: check its CA and name")
        }
        Refusal::None => match error.kind() {
            redis::ErrorKind::Io | redis::ErrorKind::ClusterConnectionNotFound => {
                (ErrorKind::Connect, "no connection to the server")
            }
            redis::ErrorKind::InvalidClientConfig => (ErrorKind::Config, "the address cannot work"),
            _ => (ErrorKind::InvalidRequest, "the server refused"),
        },
    };
    let advice = match kind {
        ErrorKind::Unauthenticated | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Tls => {
            RetryAdvice::Backoff
        }
        _ => RetryAdvice::Never,
    };
    Error::new(kind, operation).with_help(help).with_retry(advice).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::client::Failed;
    use crate::pool::redis::valkey::told;

    #[test]
    fn why_a_credential_ended_survives_the_drivers_error() {
        let why = Error::new(ErrorKind::Expired, "use credential").with_help("the lease has ended");
        let error = told(Failed::Ended(why));
        assert!(error.to_string().contains("the lease has ended"), "{error}");
        assert_eq!(refusal(&error), Refusal::None);
        assert_eq!(ValkeyConnector::explain(error).kind(), ErrorKind::Expired);
    }

    #[test]
    fn a_refused_login_is_read_from_the_words_of_the_cluster_client() {
        let words = "Io: \"WRONGPASS\": invalid username-password pair or user is disabled.".to_owned();
        let error = RedisError::from((redis::ErrorKind::Io, "Failed to create initial connections", words));
        assert_eq!(refusal(&error), Refusal::Login);
        let other = RedisError::from((
            redis::ErrorKind::Io,
            "Failed to create initial connections",
            "Io: refused".into(),
        ));
        assert_eq!(refusal(&other), Refusal::None);
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_told_from_a_server_that_is_down() {
        let refused = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let refused = std::io::Error::new(std::io::ErrorKind::InvalidData, refused);
        assert_eq!(failed(refused.into(), CONNECT).kind(), ErrorKind::Tls);
        let down = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(failed(down.into(), CONNECT).kind(), ErrorKind::Connect);
        let words = "Io: invalid peer certificate: UnknownIssuer".to_owned();
        let of_nodes =
            RedisError::from((redis::ErrorKind::Io, "Failed to create initial connections", words));
        assert_eq!(failed(of_nodes, CONNECT).kind(), ErrorKind::Tls);
    }

    #[test]
    fn no_password_is_shown_and_the_user_of_the_address_is_not_used() {
        let address: ConnectionInfo = "redis://somebody:canary@127.0.0.1:6379".parse().unwrap();
        let user = Credentials::new("V_APP", "canary".into());
        let settings = as_user(&address, &user);
        assert_eq!(settings.redis_settings().username(), Some("V_APP"));
        let shown = format!(
            "{:?} {:?}",
            ValkeyConnector::server(address.clone()),
            ValkeyConnector::cluster([address])
        );
        assert!(shown.contains("127.0.0.1:6379") && !shown.contains("canary"), "{shown}");
    }
}
