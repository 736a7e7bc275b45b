//! One run: the client, its credential, the settings. Each step finds what a run before it left.

use std::time::SystemTime;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use catalyst_keycloak::jose::{Algorithm, SigningKey};
use catalyst_keycloak::rotation::{Record, RecordStore, Version};
use catalyst_keycloak::{Authentication, Outcome, Realm, Registration};
use catalyst_openbao::SecretData;

use super::facade::Inner;
use super::key::{self, Keys};
use super::kv_record;
use super::registrars::Registrar;
use super::{
    Endpoints, KvRecordStore, SsoApplication, SsoCredential, SsoEventKind, SsoSettings, StoredCredential,
};

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
        let keys = loop {
            match self.stored_keys(algorithm).await {
                Ok(keys) => break keys.public(self.sso.clock.now()),
                Err(error) => self.again(&mut tries, error)?,
            }
        };
        let registration = self.register(Authentication::PrivateKeyJwt(keys)).await?;
        Ok((registration, &[CLIENT_ID, key::PRIVATE_KEY, key::KEY_ID, ISSUER]))
    }

    async fn stored_keys(&mut self, algorithm: Algorithm) -> Result<Keys> {
        let found = self.read().await?;
        let keys = found.as_ref().map(|(data, _)| key::read_all(data)).transpose()?.flatten();
        let now = self.sso.clock.now();
        match (keys.filter(|keys| keys.current.algorithm() == algorithm), found) {
            (Some(mut keys), Some((mut data, version))) => {
                match &keys.previous {
                    Some((_, until)) if *until <= now => {
                        key::forget_previous(&mut data);
                        self.write(&data, Some(version)).await?;
                        keys.previous = None;
                    }
                    _ => self.tell(SsoEventKind::CredentialUnchanged),
                }
                Ok(keys)
            }
            (_, found) => {
                let current = self.new_key(algorithm)?;
                let mut data = key::write(&current, now);
                self.name_owner(|name, value| {
                    data.insert(name, value);
                    true
                });
                self.write(&data, found.map(|(_, version)| version)).await?;
                Ok(Keys { current, next: None, previous: None })
            }
        }
    }

    /// Replaces the key, or goes on with a replacement; returns when the old one ends. What is to be used is stored
    /// and registered first, so that a run that ends anywhere leaves a key that works.
    pub(super) async fn replace_key(mut self, algorithm: Algorithm) -> Result<SystemTime> {
        let mut tries = 0;
        loop {
            match self.next_key_step(algorithm).await {
                Ok(Some(until)) => {
                    // Another run may have registered what it read before the new key was there.
                    self.with_key(algorithm).await?;
                    return Ok(until);
                }
                Ok(None) => {}
                Err(error) => self.again(&mut tries, error)?,
            }
        }
    }

    async fn next_key_step(&mut self, algorithm: Algorithm) -> Result<Option<SystemTime>> {
        let found = self.read().await?;
        let keys = found.as_ref().map(|(data, _)| key::read_all(data)).transpose()?.flatten();
        let (Some(keys), Some((mut data, version))) = (keys, found) else {
            // There is nothing to replace yet.
            self.with_key(algorithm).await?;
            return Ok(None);
        };
        let now = self.sso.clock.now();
        if let Some((_, until)) = keys.previous.as_ref().filter(|(_, until)| *until > now) {
            return Ok(Some(*until));
        }
        let Some(next) = &keys.next else {
            key::announce(&mut data, &self.new_key(keys.current.algorithm())?);
            self.write(&data, Some(version)).await?;
            return Ok(None);
        };
        self.register(Authentication::PrivateKeyJwt(keys.public(now))).await?;
        let old_until = key::switch(&mut data, next, now, self.sso.policy.grace_period());
        self.write(&data, Some(version)).await?;
        self.tell(SsoEventKind::KeyReplaced { key_id: next.kid().to_owned(), old_until });
        Ok(None)
    }

    fn new_key(&self, algorithm: Algorithm) -> Result<SigningKey> {
        let key = SigningKey::generate(algorithm)?;
        self.tell(SsoEventKind::KeyMade { key_id: key.kid().to_owned() });
        Ok(key)
    }

    async fn write(&mut self, data: &SecretData, expected: Option<Version>) -> Result<()> {
        self.writes += 1;
        self.records.write(data, expected).await?;
        self.stored()
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
