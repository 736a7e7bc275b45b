//! The database engine: users made for a lease, and users whose password is changed in turn.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::Secret;
use tokio::time::Instant;

use super::clock::seconds;
use super::database_settings::DatabaseSettings;
use super::grant::SYSTEM_MAX_TTL;
use super::leases::LeaseRecord;
use super::state::{Call, Due, Engine, State, full_path};
use super::{Capability, Refusal};

/// A dynamic role of the database engine.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::mock::MockRole;
///
/// let role = MockRole::new(Duration::from_secs(3600)).max_ttl(Duration::from_secs(7200));
/// # let _ = role;
/// ```
#[derive(Clone, Debug)]
pub struct MockRole {
    ttl: Duration,
    max_ttl: Duration,
    renewable: bool,
    allowed: bool,
}

impl MockRole {
    /// A role whose leases last `ttl` and can be renewed, without a maximum of its own. Zero means 32 days.
    pub fn new(ttl: Duration) -> Self {
        let ttl = if ttl.is_zero() { SYSTEM_MAX_TTL } else { ttl };
        Self { ttl, max_ttl: SYSTEM_MAX_TTL, renewable: true, allowed: true }
    }

    /// No renewal goes past this age, and no lease is longer.
    #[must_use]
    pub fn max_ttl(mut self, limit: Duration) -> Self {
        self.max_ttl = if limit.is_zero() { SYSTEM_MAX_TTL } else { limit };
        self
    }

    /// Whether the leases can be renewed. Those of the real engine always can.
    #[must_use]
    pub fn renewable(mut self, renewable: bool) -> Self {
        self.renewable = renewable;
        self
    }

    /// Whether the database connection allows the role; without it the server answers 500.
    #[must_use]
    pub fn allowed(mut self, allowed: bool) -> Self {
        self.allowed = allowed;
        self
    }

    pub(super) fn can_be_renewed(&self) -> bool {
        self.renewable
    }

    /// The term of its leases, and their longest.
    pub(super) fn terms(&self) -> (Duration, Duration) {
        (self.ttl, self.max_ttl)
    }
}

/// A static role: an existing user whose password the server changes.
#[derive(Clone, Debug)]
pub struct MockStaticRole {
    username: String,
    period: Duration,
}

impl MockStaticRole {
    /// The password of `username` is changed at the first five-second tick after each `period`.
    pub fn new(username: &str, period: Duration) -> Self {
        Self { username: username.to_owned(), period: period.max(ROTATION_TICK) }
    }
}

/// The server looks for due rotations so often; a shorter period is refused.
const ROTATION_TICK: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Database {
    pub(super) roles: BTreeMap<String, MockRole>,
    pub(super) statics: BTreeMap<String, StaticUser>,
    pub(super) settings: DatabaseSettings,
    /// The database cannot be reached.
    pub(super) down: bool,
    /// Why the database refuses to drop users.
    pub(super) keeps_users: Option<String>,
    /// The ticks of the rotation are counted from here.
    mounted: Instant,
}

#[derive(Clone)]
pub(super) struct StaticUser {
    pub(super) username: String,
    password: Secret,
    pub(super) period: Duration,
    pub(super) rotated: Instant,
}

/// A user that was made.
pub(crate) struct Issued {
    pub(crate) lease_id: String,
    pub(crate) ttl: Duration,
    pub(crate) renewable: bool,
    pub(crate) username: String,
    pub(crate) password: Secret,
}

/// The password of a static role.
pub(crate) struct StaticView {
    pub(crate) username: String,
    pub(crate) password: Secret,
    pub(crate) ttl: Duration,
    pub(crate) period: Duration,
    pub(crate) rotated: Instant,
}

impl Database {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            roles: BTreeMap::new(),
            statics: BTreeMap::new(),
            settings: DatabaseSettings::default(),
            down: false,
            keeps_users: None,
            mounted: now,
        }
    }

    /// The first tick at or after `moment`.
    fn tick_after(&self, moment: Instant) -> Instant {
        let since = moment.saturating_duration_since(self.mounted).as_nanos();
        let ticks = since.div_ceil(ROTATION_TICK.as_nanos());
        self.mounted + ROTATION_TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
    }
}

impl State {
    /// Makes a user for `role` at the database that is mounted at `mount`.
    pub(super) fn issue(&mut self, call: &Call, mount: &str, role: &str) -> Result<Issued, Refusal> {
        let path = format!("{mount}/creds/{role}");
        let token_id = self.admit(call, &path, Capability::Read)?;
        let full_mount = full_path(&call.namespace, mount);
        let wanted = self.dynamic_role(&full_mount, &path, role)?;
        if let Some(failure) = self.backend_failure(&full_mount, false) {
            return Err(Refusal::internal(&format!("unable to start transaction: {failure}")));
        }
        let display = self.stored.tokens.get(&token_id).map(|token| token.display_name.as_str());
        let display: String = display.unwrap_or_default().chars().take(8).collect();
        let username = self.new_name(&display, role);
        let password = self.random_password();
        let (lease_id, ttl) =
            self.lease(call, (&path, full_mount), &wanted, &username, Some(password.clone()))?;
        Ok(Issued { lease_id, ttl, renewable: wanted.renewable, username, password })
    }

    /// Makes a lease of what was read from a path of a mount, and its user where there is a password.
    pub(super) fn lease(
        &mut self,
        call: &Call,
        (path, mount): (&str, String),
        wanted: &MockRole,
        username: &str,
        password: Option<Secret>,
    ) -> Result<(String, Duration), Refusal> {
        let (now, token_id) = (self.clock.now(), call.token().to_owned());
        let token = self.stored.tokens.get(&token_id).ok_or_else(Refusal::bad_token)?;
        if token.uses == Some(0) {
            let text = "Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.";
            return Err(Refusal::bad_request(text));
        }
        let bound = token.lease_bound().map(|end| end.saturating_duration_since(now));
        let ttl = wanted.ttl.min(wanted.max_ttl).min(bound.unwrap_or(SYSTEM_MAX_TTL));
        let ttl = Duration::from_secs(seconds(ttl.min(call.clip.unwrap_or(SYSTEM_MAX_TTL))));
        let lease_id = format!("{path}/{}{}", self.random_text(24), self.namespace_suffix(&call.namespace));
        let lease = LeaseRecord {
            namespace: call.namespace.clone(),
            path: path.to_owned(),
            mount,
            token: token_id.clone(),
            username: username.to_owned(),
            issued: now,
            expires: now + ttl,
            due: now + ttl,
            default_ttl: wanted.ttl,
            max_ttl: wanted.max_ttl,
            renewable: wanted.renewable,
            last_renewal: None,
            failures: 0,
        };
        if let Some(token) = self.stored.tokens.get_mut(&token_id) {
            token.leases.insert(lease_id.clone());
        }
        self.stored.due.insert((lease.due, Due::Lease(lease_id.clone())));
        if let Some(password) = password {
            self.users.create(username, password, Some(lease.expires), now);
        }
        self.stored.leases.insert(lease_id.clone(), lease);
        self.counters.mints += 1;
        Ok((lease_id, ttl))
    }

    /// A user name as the server's PostgreSQL plugin makes it.
    fn new_name(&mut self, display: &str, role: &str) -> String {
        let short: String = role.chars().take(8).collect();
        let middle = self.random_text(20);
        let mut username = format!("v-{display}-{short}-{middle}-{}", self.clock.unix(self.clock.now()));
        username.truncate(username.char_indices().nth(63).map_or(username.len(), |(at, _)| at));
        username
    }

    fn dynamic_role(&mut self, full_mount: &str, path: &str, role: &str) -> Result<MockRole, Refusal> {
        let database = self.database(full_mount, path)?;
        if role.is_empty() || role.contains('/') {
            return Err(Refusal::unsupported_path());
        }
        let unknown = || Refusal::bad_request(&format!("unknown role: {role}"));
        let wanted = database.roles.get(role).ok_or_else(unknown)?.clone();
        database.settings.check(role)?;
        if !wanted.allowed {
            return Err(Refusal::internal(&format!("\"{role}\" is not an allowed role")));
        }
        Ok(wanted)
    }

    /// The current password of a static role.
    pub(super) fn read_static(
        &mut self,
        call: &Call,
        mount: &str,
        role: &str,
    ) -> Result<StaticView, Refusal> {
        let path = format!("{mount}/static-creds/{role}");
        self.admit(call, &path, Capability::Read)?;
        let now = self.clock.now();
        let database = self.database(&full_path(&call.namespace, mount), &path)?;
        if role.is_empty() || role.contains('/') {
            return Err(Refusal::unsupported_path());
        }
        let unknown = || Refusal::bad_request(&format!("unknown role: {role}"));
        let user = database.statics.get(role).ok_or_else(unknown)?;
        Ok(StaticView {
            username: user.username.clone(),
            password: user.password.clone(),
            ttl: Duration::from_secs(seconds((user.rotated + user.period).saturating_duration_since(now))),
            period: user.period,
            rotated: user.rotated,
        })
    }

    pub(super) fn add_static_role(&mut self, full_mount: &str, name: &str, role: &MockStaticRole) {
        let (now, password) = (self.clock.now(), self.random_password());
        let Ok(database) = self.database(full_mount, full_mount) else { return };
        let user = StaticUser {
            username: role.username.clone(),
            password: password.clone(),
            period: role.period,
            rotated: now,
        };
        let due = database.tick_after(now + user.period);
        database.statics.insert(name.to_owned(), user);
        self.users.create(&role.username, password, None, now);
        self.stored.due.insert((due, Due::Rotation(full_mount.to_owned(), name.to_owned())));
    }

    /// Changes the password of a static role now. False if there is no such role.
    pub(super) fn rotate_static(&mut self, full_mount: &str, name: &str, at: Instant) -> bool {
        let password = self.random_password();
        let Ok(database) = self.database(full_mount, full_mount) else { return false };
        let Some(user) = database.statics.get_mut(name) else { return false };
        (user.password, user.rotated) = (password.clone(), at);
        let (username, next) = (user.username.clone(), at + user.period);
        let due = database.tick_after(next);
        self.users.change_password(&username, password, at);
        self.stored.due.insert((due, Due::Rotation(full_mount.to_owned(), name.to_owned())));
        self.counters.static_rotations += 1;
        true
    }

    /// The tick of a rotation, unless the role was rotated by hand meanwhile or the database is away.
    pub(super) fn rotate_on_time(&mut self, full_mount: &str, name: &str, at: Instant) {
        let Ok(database) = self.database(full_mount, full_mount) else { return };
        let down = database.down;
        let Some(user) = database.statics.get(name) else { return };
        if user.rotated + user.period > at {
            return;
        }
        if down {
            let again = (at + ROTATION_TICK, Due::Rotation(full_mount.to_owned(), name.to_owned()));
            self.stored.due.insert(again);
        } else {
            self.rotate_static(full_mount, name, at);
        }
    }

    /// The database's words, if it would not do what is asked of it now.
    pub(super) fn backend_failure(&self, full_mount: &str, dropping: bool) -> Option<String> {
        let Some(Engine::Database(database)) = self.stored.mounts.get(full_mount) else { return None };
        if database.down {
            return Some(
                "failed to connect to `user=bao_manager database=app`: 127.0.0.1:5432 (127.0.0.1): dial error: dial \
                 tcp 127.0.0.1:5432: connect: connection refused"
                    .to_owned(),
            );
        }
        let refusal = database.keeps_users.as_ref().filter(|_| dropping)?;
        Some(format!("could not perform all revocation statements: {refusal}"))
    }
}
