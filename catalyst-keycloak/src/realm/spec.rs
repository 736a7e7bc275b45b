//! What is declared about a realm.

use std::collections::BTreeMap;
use std::time::Duration;

/// The roles of the platform, and what they are for.
const ROLES: [(&str, &str); 6] = [
    ("sovereign-admin", "Administers the whole Sovereign"),
    ("org-admin", "Administers the Organization"),
    ("org-developer", "Deploys and configures applications of the Organization"),
    ("org-viewer", "Sees what the Organization runs"),
    ("security-officer", "Sees audit logs and approves what touches security"),
    ("billing-admin", "Sees and pays the bills"),
];

/// When connections to the realm must be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsRequirement {
    /// Always.
    All,
    /// Except from private addresses (RFC 1918, loopback), which is how services inside a cluster come.
    External,
    /// Never. For tests.
    None,
}

impl TlsRequirement {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::External => "external",
            Self::None => "none",
        }
    }
}

/// What the realm records, for the server's event store and listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct EventLog {
    pub(super) logins: bool,
    pub(super) administration: bool,
    pub(super) details: bool,
    pub(super) keep: Option<Duration>,
}

impl EventLog {
    /// Logins and administration, without the contents of what was changed, kept for 30 days.
    pub fn new() -> Self {
        Self {
            logins: true,
            administration: true,
            details: false,
            keep: Some(Duration::from_secs(30 * 86_400)),
        }
    }

    /// Whether logins are recorded.
    pub fn logins(mut self, on: bool) -> Self {
        self.logins = on;
        self
    }

    /// Whether changes by administrators are recorded; `details` adds what was sent, which may hold personal data.
    pub fn administration(mut self, on: bool, details: bool) -> Self {
        self.administration = on;
        self.details = details;
        self
    }

    /// How long events of logins are kept; for ever if `None`. Whole seconds.
    pub fn keep(mut self, time: Option<Duration>) -> Self {
        self.keep = time;
        self
    }
}

impl Default for EventLog {
    fn default() -> Self {
        Self::new()
    }
}

/// The declaration of a realm. It owns the fields that it has setters for, and no others.
///
/// As the platform wants it if nothing is set: access tokens last 15 min, sessions and with them refresh tokens 30 d,
/// guessing passwords locks out, nobody registers himself, organizations are on, and the platform's roles exist.
///
/// ```
/// use std::time::Duration;
/// use catalyst_keycloak::RealmSpec;
///
/// let spec = RealmSpec::new().display_name("Acme Corp").access_token(Duration::from_secs(300)).role("auditor", "Reads");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct RealmSpec {
    pub(super) display_name: Option<String>,
    pub(super) access_token: Duration,
    pub(super) refresh_token: Duration,
    pub(super) brute_force_protection: bool,
    pub(super) tls: TlsRequirement,
    pub(super) self_registration: bool,
    pub(super) organizations: bool,
    pub(super) roles: BTreeMap<String, String>,
    pub(super) events: Option<EventLog>,
}

impl RealmSpec {
    /// A realm as the platform wants it.
    pub fn new() -> Self {
        Self {
            display_name: None,
            access_token: Duration::from_secs(15 * 60),
            refresh_token: Duration::from_secs(30 * 86_400),
            brute_force_protection: true,
            tls: TlsRequirement::External,
            self_registration: false,
            organizations: true,
            roles: ROLES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            events: None,
        }
    }

    /// The name that users see at the login; kept as it is if not set.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// How long access tokens last; 15 min if not set. Whole seconds, at least 1.
    pub fn access_token(mut self, life: Duration) -> Self {
        self.access_token = life;
        self
    }

    /// How long a login lasts without asking for the password again, used or unused: the life of refresh tokens and of
    /// offline sessions; 30 d if not set. Whole seconds, at least 1.
    pub fn refresh_token(mut self, life: Duration) -> Self {
        self.refresh_token = life;
        self
    }

    /// Whether guessing passwords locks an account for a while; so if not set.
    pub fn brute_force_protection(mut self, on: bool) -> Self {
        self.brute_force_protection = on;
        self
    }

    /// When connections must be encrypted; except from private addresses if not set.
    pub fn tls(mut self, when: TlsRequirement) -> Self {
        self.tls = when;
        self
    }

    /// Whether people may make their own accounts; not if not set.
    pub fn self_registration(mut self, on: bool) -> Self {
        self.self_registration = on;
        self
    }

    /// Whether the realm has organizations; so if not set.
    pub fn organizations(mut self, on: bool) -> Self {
        self.organizations = on;
        self
    }

    /// One more role. One that is there already keeps its description.
    pub fn role(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.roles.insert(name.into(), description.into());
        self
    }

    /// What is recorded; kept as it is if not set.
    pub fn events(mut self, log: EventLog) -> Self {
        self.events = Some(log);
        self
    }
}

impl Default for RealmSpec {
    fn default() -> Self {
        Self::new()
    }
}
