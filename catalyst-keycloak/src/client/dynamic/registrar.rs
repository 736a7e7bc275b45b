//! The registrar: what it asks, with which token.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::http::{HttpClient, HttpConfig, Method, path_segment};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result, RetryBudget, RetryConfig, Secret, retry};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ensure::Ensuring;
use super::{RegistrationAccess, RegistrationStore, StoredRegistration};
use crate::client::plan::check_owner;
use crate::client::representation::Representation;
use crate::client::{ClientRegistrar, ClientSpec, RegisteredClient, Registration};
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::transport::{Call, Transport};
use crate::{ClientId, Owner, Realm};

/// [`ClientRegistrar`] by dynamic client registration: for services that may register clients, but not administer the
/// realm. Cheap to clone.
///
/// It speaks to Keycloak's registration endpoint `default` and not to `openid-connect`: that one chooses the client id
/// itself, so a registration whose answer was lost would be made twice, and has no field in which the owner would be
/// kept. At `default` the client has our id, our owner, and Keycloak's own representation; the tokens are the same.
///
/// What differs from the [administrator](crate::AdminRegistrar):
///
/// - The registration access token of each client is kept in a [`RegistrationStore`]. The server makes a new one at each
///   update. If the answer to an update is lost, or the store fails right then, the token is lost too: error code
///   `registration_token_lost`. A service account with `manage-clients` goes on without it; otherwise an administrator
///   makes a new one.
/// - Client roles and the assignment of client scopes cannot be registered: code `unsupported_by_registration`.
/// - The realm has to allow audience mappers, which Keycloak does not from the start: code `mapper_not_allowed`. See
///   [`RealmAdmin::allow_audience_mappers`](crate::RealmAdmin::allow_audience_mappers).
/// - Under a secret rotation policy, an update in the last days of a secret makes a new one.
/// - The token of a client works only while the client is enabled: what
///   [`set_enabled`](ClientRegistrar::set_enabled) stops this way, only an administrator or a service account with
///   `manage-clients` starts again.
/// - [`find`](ClientRegistrar::find) knows the clients in the store; others only if a service account may see them.
#[derive(Clone, Debug)]
pub struct DynamicRegistrar {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    realm: Realm,
    access: RegistrationAccess,
    store: Arc<dyn RegistrationStore>,
    transport: Transport,
    retry: RetryConfig,
    budget: RetryBudget,
}

/// Sets up a [`DynamicRegistrar`]; made by [`DynamicRegistrar::builder`].
#[derive(Debug)]
#[must_use]
pub struct DynamicRegistrarBuilder {
    realm: Realm,
    access: RegistrationAccess,
    store: Arc<dyn RegistrationStore>,
    tls: TlsConfig,
    timeout: Duration,
    retry: RetryConfig,
}

impl DynamicRegistrarBuilder {
    /// How the server is checked, and what certificate is presented.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// How long one try of a call may take; 10 s if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often and how long calls are tried again; three times within 30 s if not set. An update whose outcome nobody
    /// knows is not.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// The registrar. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if the TLS settings cannot work.
    pub fn build(self) -> Result<DynamicRegistrar> {
        let limits = HttpConfig::new(SERVICE).timeout(self.timeout).max_body(1 << 20).tls(self.tls);
        Ok(DynamicRegistrar {
            inner: Arc::new(Inner {
                realm: self.realm,
                access: self.access,
                store: self.store,
                transport: Transport::new(HttpClient::new(limits)?),
                retry: self.retry,
                budget: RetryBudget::default(),
            }),
        })
    }
}

/// A client and its token, as every answer but that to a removal shows them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registered {
    /// Absent where a service account asks.
    #[serde(default)]
    pub(super) registration_access_token: Option<Secret>,
    #[serde(flatten)]
    pub(super) client: Representation,
}

impl DynamicRegistrar {
    /// Registers clients of `realm`.
    ///
    /// ```
    /// use catalyst_keycloak::{DynamicRegistrar, MemoryRegistrationStore, Realm, RegistrationAccess, Secret};
    ///
    /// let realm = Realm::new("acme".parse()?, "https://auth.example.test")?;
    /// let access = RegistrationAccess::Initial(Secret::new("eyJhbGciOi…"));
    /// let registrar = DynamicRegistrar::builder(realm, access, MemoryRegistrationStore::new()).build()?;
    /// # Ok::<(), catalyst_keycloak::Error>(())
    /// ```
    pub fn builder(
        realm: Realm,
        access: RegistrationAccess,
        store: impl RegistrationStore,
    ) -> DynamicRegistrarBuilder {
        DynamicRegistrarBuilder {
            realm,
            access,
            store: Arc::new(store),
            tls: TlsConfig::new(),
            timeout: Duration::from_secs(10),
            retry: RetryConfig::default(),
        }
    }

    pub(super) fn store(&self) -> &dyn RegistrationStore {
        &*self.inner.store
    }

    pub(super) fn access(&self) -> &RegistrationAccess {
        &self.inner.access
    }

    pub(super) async fn register(&self, id: &ClientId, body: &Map<String, Value>) -> Result<Registered> {
        let token = self.inner.access.token().await?;
        // Repeated when nobody knows whether it took effect: the second one is then told that the client exists.
        let call = self.call(Operation::Register, Method::Post, None, id).json(body)?;
        self.send(&call, &token).await?.json()
    }

    pub(super) async fn read(&self, id: &ClientId, token: &Secret) -> Result<Registered> {
        let call = self.call(Operation::ReadRegistration, Method::Get, Some(id), id);
        self.send(&call, token).await?.json()
    }

    /// Not repeated when nobody knows whether it took effect: the token is then another one already.
    pub(super) async fn update(
        &self,
        id: &ClientId,
        token: &Secret,
        body: &Map<String, Value>,
    ) -> Result<Registered> {
        let call = self.call(Operation::UpdateRegistration, Method::Put, Some(id), id).once().json(body)?;
        self.send(&call, token).await?.json()
    }

    fn call(&self, operation: Operation, method: Method, one: Option<&ClientId>, id: &ClientId) -> Call {
        let path = "clients-registrations/default";
        let path = one.map_or_else(|| path.to_owned(), |id| format!("{path}/{}", path_segment(id.as_str())));
        let target = format!("{id} in realm {}", self.inner.realm.name());
        Call::new(operation, method, self.inner.realm.endpoint(&path), target)
    }

    async fn send(&self, call: &Call, token: &Secret) -> Result<crate::transport::Answer> {
        let inner = &*self.inner;
        retry(&inner.retry, &inner.budget, call.idempotency, |_attempt| {
            inner.transport.exchange(call, Some(token))
        })
        .await
    }

    /// The client, with a token that may change it: its own if that still works, or a service account's. `None` if
    /// there is no such client, as far as can be seen.
    async fn open(&self, id: &ClientId) -> Result<Option<Opened>> {
        let kept = self.inner.store.load(id).await?;
        if let Some((kept, version)) = kept {
            match self.read(id, &kept.token).await {
                Ok(found) => return Ok(Some(Opened { found, token: kept.token, version: Some(version) })),
                // Removed, or the token is lost.
                Err(error) if error.kind() == ErrorKind::Unauthenticated => {}
                Err(error) => return Err(error),
            }
        }
        let Some(token) = self.inner.access.administration().await? else { return Ok(None) };
        match self.read(id, &token).await {
            Ok(found) => Ok(Some(Opened { found, token, version: None })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn lost(&self, operation: Operation, id: &ClientId) -> Error {
        Error::new(ErrorKind::Unauthenticated, operation.name())
            .with_service(SERVICE)
            .with_target(format!("{id} in realm {}", self.inner.realm.name()))
            .with_code("registration_token_lost")
            .with_help(
                "the client exists, and no registration access token is kept that works: an answer was lost, or somebody \
                 else changed or disabled the client; have an administrator enable it, or make a new token and keep \
                 that, or give the service account the role manage-clients",
            )
    }

    /// Keeps the token of an update. Another process may have kept its own meanwhile; the one that works stays.
    pub(super) async fn keep(
        &self,
        id: &ClientId,
        owner: &Owner,
        token: Secret,
        expected: Option<u64>,
    ) -> Result<()> {
        let registration = StoredRegistration::new(owner.clone(), token);
        match self.inner.store.save(id, &registration, expected).await {
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            saved => return saved.map(drop),
        }
        if self.read(id, &registration.token).await.is_err() {
            return Ok(());
        }
        let version = self.inner.store.load(id).await?.map(|(_, version)| version);
        self.inner.store.save(id, &registration, version).await.map(drop)
    }
}

/// A client that may be changed.
struct Opened {
    found: Registered,
    token: Secret,
    /// The version of what is kept, if it is the client's own token.
    version: Option<u64>,
}

#[async_trait]
impl ClientRegistrar for DynamicRegistrar {
    async fn ensure(&self, spec: &ClientSpec) -> Result<Registration> {
        Ensuring::new(self, spec).run().await
    }

    async fn find(&self, id: &ClientId) -> Result<Option<RegisteredClient>> {
        let opened = self.open(id).await?;
        opened.map(|opened| crate::client::admin_registrar::registered(&opened.found.client)).transpose()
    }

    async fn set_enabled(&self, id: &ClientId, owner: &Owner, enabled: bool) -> Result<()> {
        let opened = self.open(id).await?.ok_or_else(|| self.lost(Operation::UpdateRegistration, id))?;
        check_owner(&opened.found.client, owner.as_str(), false, Operation::UpdateRegistration.name())?;
        if opened.found.client.is("enabled") == enabled {
            return Ok(());
        }
        let body = Map::from_iter([
            ("clientId".to_owned(), json!(id.as_str())),
            ("enabled".to_owned(), json!(enabled)),
        ]);
        let updated = self.update(id, &opened.token, &body).await?;
        match (updated.registration_access_token, opened.version) {
            (Some(token), Some(version)) => self.keep(id, owner, token, Some(version)).await,
            _ => Ok(()),
        }
    }

    async fn remove(&self, id: &ClientId, owner: &Owner) -> Result<bool> {
        let Some(opened) = self.open(id).await? else { return Ok(false) };
        check_owner(&opened.found.client, owner.as_str(), false, Operation::RemoveRegistration.name())?;
        let call = self.call(Operation::RemoveRegistration, Method::Delete, Some(id), id);
        match self.send(&call, &opened.token).await {
            Ok(_) => {}
            // Our own first try took effect without an answer, or somebody else was faster.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unauthenticated)
                    && self.open(id).await?.is_none() => {}
            Err(error) => return Err(error),
        }
        if let Some((_, version)) = self.inner.store.load(id).await? {
            self.inner.store.remove(id, version).await?;
        }
        Ok(true)
    }
}
