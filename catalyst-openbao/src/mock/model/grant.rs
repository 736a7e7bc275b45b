//! Who may log in, and what token they get.

use std::time::Duration;

use catalyst_core::Secret;

use super::policy::ALLOW_ALL;

/// What a login must show to be accepted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoginRule {
    /// A JSON web token for `audience`, about `subject` if one is named, that has not run out. Its signature is **not**
    /// checked: a test that wants the refusal of a bad one scripts it as a fault.
    Jwt {
        /// One of the token's `aud`.
        audience: String,
        /// The token's `sub`.
        subject: Option<String>,
    },
    /// The certificate whose name was given to `Model::present_certificate` last; none of these servers speaks TLS.
    Certificate {
        /// Its common name.
        common_name: String,
    },
    /// A service-account token of this namespace and name; its signature is not checked.
    Kubernetes {
        /// The namespace.
        namespace: String,
        /// The service account.
        service_account: String,
    },
    /// A role identifier with its secret.
    AppRole {
        /// The role identifier.
        role_id: String,
        /// The secret identifier.
        secret_id: Secret,
    },
}

impl LoginRule {
    /// A JSON web token for `audience`.
    pub fn jwt(audience: &str) -> Self {
        Self::Jwt { audience: audience.to_owned(), subject: None }
    }

    /// A JSON web token for `audience` about `subject`.
    pub fn jwt_of(audience: &str, subject: &str) -> Self {
        Self::Jwt { audience: audience.to_owned(), subject: Some(subject.to_owned()) }
    }

    /// A certificate with this common name.
    pub fn certificate(common_name: &str) -> Self {
        Self::Certificate { common_name: common_name.to_owned() }
    }

    /// A service account.
    pub fn kubernetes(namespace: &str, service_account: &str) -> Self {
        Self::Kubernetes { namespace: namespace.to_owned(), service_account: service_account.to_owned() }
    }

    /// An AppRole.
    pub fn app_role(role_id: &str, secret_id: impl Into<Secret>) -> Self {
        Self::AppRole { role_id: role_id.to_owned(), secret_id: secret_id.into() }
    }
}

/// The token that a login gets.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::mock::TokenGrant;
///
/// // Renewable up to an hour in all, and allowed everything unless policies are named.
/// let grant = TokenGrant::new(Duration::from_secs(600)).max_ttl(Duration::from_secs(3600));
/// # let _ = grant;
/// ```
#[derive(Clone, Debug)]
pub struct TokenGrant {
    pub(super) ttl: Duration,
    pub(super) endless: bool,
    pub(super) max_ttl: Duration,
    pub(super) explicit_max_ttl: Option<Duration>,
    pub(super) period: Option<Duration>,
    pub(super) renewable: bool,
    pub(super) batch: bool,
    pub(super) uses: Option<u32>,
    pub(super) policies: Vec<String>,
    /// The policy that every token has, unless it is left out.
    pub(super) default_policy: Option<&'static str>,
}

/// How long the server lets anything live that sets no limit of its own: 32 days.
pub(super) const SYSTEM_MAX_TTL: Duration = Duration::from_secs(32 * 24 * 3600);

impl TokenGrant {
    /// A renewable token for `ttl`, which may do everything. Zero means the server's 32 days.
    pub fn new(ttl: Duration) -> Self {
        Self {
            ttl: if ttl.is_zero() { SYSTEM_MAX_TTL } else { ttl },
            endless: false,
            max_ttl: SYSTEM_MAX_TTL,
            explicit_max_ttl: None,
            period: None,
            renewable: true,
            batch: false,
            uses: None,
            policies: vec![ALLOW_ALL.to_owned()],
            default_policy: Some("default"),
        }
    }

    /// A token that never ends by itself, and may do everything. On the server only the root token is one.
    pub fn endless() -> Self {
        Self { endless: true, ..Self::new(Duration::ZERO).renewable(false) }
    }

    /// No renewal goes past this age.
    #[must_use]
    pub fn max_ttl(mut self, limit: Duration) -> Self {
        self.max_ttl = if limit.is_zero() { SYSTEM_MAX_TTL } else { limit };
        self
    }

    /// As [`TokenGrant::max_ttl`], written into the token itself (`explicit_max_ttl`).
    #[must_use]
    pub fn explicit_max_ttl(mut self, limit: Duration) -> Self {
        self.explicit_max_ttl = (!limit.is_zero()).then_some(limit);
        self
    }

    /// How long a new token of this kind lasts; none if it never ends.
    pub(crate) fn lifetime(&self) -> Option<Duration> {
        (!self.endless).then(|| self.ttl.min(self.max_ttl).min(self.explicit_max_ttl.unwrap_or(self.max_ttl)))
    }

    /// Each renewal gives this long, without an end.
    #[must_use]
    pub fn period(mut self, period: Duration) -> Self {
        self.period = Some(period);
        self.ttl = period;
        self
    }

    /// Whether it can be renewed.
    #[must_use]
    pub fn renewable(mut self, renewable: bool) -> Self {
        self.renewable = renewable;
        self
    }

    /// A batch token: it cannot be renewed, and the leases that it makes end with it from the start.
    #[must_use]
    pub fn batch(mut self) -> Self {
        (self.batch, self.renewable) = (true, false);
        self
    }

    /// It is good for so many requests.
    #[must_use]
    pub fn uses(mut self, uses: u32) -> Self {
        self.uses = (uses > 0).then_some(uses);
        self
    }

    /// Leaves the policy `default` out.
    #[must_use]
    pub fn without_default_policy(mut self) -> Self {
        self.default_policy = None;
        self
    }

    pub(crate) fn policy_names(&self) -> &[String] {
        &self.policies
    }

    /// What it may do, by the names given to `Model::set_policy`; `default` is always added.
    #[must_use]
    pub fn policies(mut self, names: &[&str]) -> Self {
        self.policies = names.iter().map(|&name| name.to_owned()).collect();
        self
    }
}
