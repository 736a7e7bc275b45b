//! One run: the client, its credential, the settings. Each step finds what a run before it left.

use catalyst_core::{Error, ErrorKind, Result, Secret};
use catalyst_keycloak::jose::{Algorithm, JwkSet, SigningKey};
use catalyst_keycloak::rotation::{Record, RecordStore, Version};
use catalyst_keycloak::{Authentication, Outcome, Realm, Registration};
use catalyst_openbao::SecretData;

use super::facade::Inner;
use super::kv_record;
use super::registrars::Registrar;
use super::{Endpoints, KvRecordStore, SsoApplication, SsoCredential, SsoEventKind, SsoSettings};
use super::{StoredCredential, key};

pub(super) struct Ensuring<'a> {
    pub(super) sso: &'a Inner,
    pub(super) application: &'a SsoApplication,
    pub(super) realm: Realm,
    pub(super) registrar: Registrar,
    pub(super) records: KvRecordStore,
    pub(super) reads: u32,
    pub(super) writes: u32,
}

/// How often the store is looked at again when somebody else writes it.
const TRIES: u32 = 4;
const CLIENT_ID: &str = "client_id";
const ISSUER: &str = "issuer";

impl Ensuring<'_> {
    pub(super) async fn run(mut self) -> Result<SsoSettings> {
        let (registration, properties) = match &self.application.credential {
            SsoCredential::Secret => self.with_secret().await?,
            SsoCredential::PrivateKeyJwt(algorithm) => self.with_key(*algorithm).await?,
            SsoCredential::Federated { issuer, subject } => {
                let how = Authentication::Federated { issuer: issuer.clone(), subject: subject.clone() };
                (self.register(how).await?, NOTHING)
            }
            SsoCredential::MutualTls { subject } => {
                (self.register(Authentication::MutualTls { subject: subject.clone() }).await?, NOTHING)
            }
            SsoCredential::Public => (self.register(Authentication::Public).await?, NOTHING),
        };
        let place = self.application.place();
        let stored = |properties| -> Result<StoredCredential> {
            Ok(StoredCredential { mount: self.sso.mount.clone(), path: place.secret_path()?, properties })
        };
        Ok(SsoSettings {
            place: place.clone(),
            issuer: self.realm.issuer().clone(),
            client_id: self.application.id().clone(),
            endpoints: Endpoints::of(&self.realm)?,
            redirect_uris: self.application.client.redirect_uris().map(ToString::to_string).collect(),
            stored: if properties.is_empty() { None } else { Some(stored(properties)?) },
            outcome: registration.outcome,
            reads: self.reads,
            writes: self.writes,
        })
    }

    async fn register(&mut self, how: Authentication) -> Result<Registration> {
        let spec = self.application.client.clone().authentication(how);
        let registration = self.registrar.clients.ensure(&spec).await?;
        self.reads += registration.reads;
        self.writes += registration.writes;
        let changes = registration.changes.clone();
        self.tell(SsoEventKind::ClientEnsured { outcome: registration.outcome, changes });
        Ok(registration)
    }

    async fn with_secret(&mut self) -> Result<(Registration, Properties)> {
        let registration = self.register(Authentication::Secret).await?;
        let mut tries = 0;
        while let Err(error) = self.store_secret(&registration).await {
            self.again(&mut tries, error)?;
        }
        Ok((registration, &[CLIENT_ID, Record::SECRET, ISSUER]))
    }

    async fn store_secret(&mut self, registration: &Registration) -> Result<()> {
        let found = self.read().await?;
        let (mut record, version) = match &found {
            // Another kind of credential lies there, which the client no longer has.
            Some((data, version)) if data.get(key::PRIVATE_KEY).is_some() => {
                (self.first_record(registration).await?, Some(*version))
            }
            Some((data, version)) => (kv_record::record(data)?, Some(*version)),
            None => (self.first_record(registration).await?, None),
        };
        let in_force = registration.secret.as_ref();
        if version.is_some() && in_force.is_some_and(|secret| *secret != record.current) {
            // Made by hand, or by a rotation that is under way: its rules decide.
            self.sso.rotation(self.application)?.advance().await?;
            return Ok(());
        }
        let complete = self.name_owner(|name, value| {
            record.other.insert(name.to_owned(), Secret::new(value)).is_some_and(|old| old.expose() == value)
        });
        if complete && version.is_some() {
            self.tell(SsoEventKind::CredentialUnchanged);
            return Ok(());
        }
        self.writes += 1;
        self.records.save(&record, version).await?;
        self.stored()
    }

    /// What is written down first: from the realm's own dates, unless the client was made just now.
    async fn first_record(&mut self, registration: &Registration) -> Result<Record> {
        let (now, policy) = (self.sso.clock.now(), &self.sso.policy);
        if let (Some(secret), Outcome::Created) = (&registration.secret, registration.outcome) {
            return Ok(Record::first(secret.clone(), now, policy));
        }
        self.reads += 1;
        let seen = self.registrar.secrets.secrets(self.application.id()).await?;
        Ok(Record::adopting(&seen, now, policy))
    }

    /// The key first: what is registered must be kept already.
    async fn with_key(&mut self, algorithm: Algorithm) -> Result<(Registration, Properties)> {
        let mut tries = 0;
        let key = loop {
            match self.stored_key(algorithm).await {
                Ok(key) => break key,
                Err(error) => self.again(&mut tries, error)?,
            }
        };
        let keys = JwkSet { keys: vec![key.public_jwk()] };
        let registration = self.register(Authentication::PrivateKeyJwt(keys)).await?;
        Ok((registration, &[CLIENT_ID, key::PRIVATE_KEY, key::KEY_ID, ISSUER]))
    }

    async fn stored_key(&mut self, algorithm: Algorithm) -> Result<SigningKey> {
        let found = self.read().await?;
        let key = found.as_ref().map(|(data, _)| key::read(data)).transpose()?.flatten();
        if let Some(key) = key.filter(|key| key.algorithm() == algorithm) {
            self.tell(SsoEventKind::CredentialUnchanged);
            return Ok(key);
        }
        let key = SigningKey::generate(algorithm)?;
        self.tell(SsoEventKind::KeyMade { key_id: key.kid().to_owned() });
        let mut data = key::write(&key, self.sso.clock.now());
        self.name_owner(|name, value| {
            data.insert(name, value);
            true
        });
        self.writes += 1;
        self.records.write(&data, found.map(|(_, version)| version)).await?;
        self.stored()?;
        Ok(key)
    }

    /// The names beside a credential that are no secret; whether `put` found all of them there already.
    fn name_owner(&self, mut put: impl FnMut(&'static str, &str) -> bool) -> bool {
        let client = put(CLIENT_ID, self.application.id().as_str());
        let issuer = put(ISSUER, self.realm.issuer().as_str());
        client && issuer
    }

    async fn read(&mut self) -> Result<Option<(SecretData, Version)>> {
        self.reads += 1;
        self.records.read().await
    }

    /// Whether the store is worth another look after `error`: somebody wrote it, or our own write got no answer.
    fn again(&self, tries: &mut u32, error: Error) -> Result<()> {
        *tries += 1;
        if *tries < TRIES && (error.kind() == ErrorKind::Conflict || error.outcome_unknown()) {
            self.tell(SsoEventKind::StoreRetried);
            return Ok(());
        }
        Err(error)
    }

    fn stored(&self) -> Result<()> {
        let path = self.application.place().secret_path()?.to_string();
        self.tell(SsoEventKind::CredentialStored { path });
        Ok(())
    }

    fn tell(&self, kind: SsoEventKind) {
        self.sso.outlet.tell(self.application.place(), self.application.id(), kind);
    }
}

type Properties = &'static [&'static str];
const NOTHING: Properties = &[];
