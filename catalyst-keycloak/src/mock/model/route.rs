//! What a request is for; faults are scripted and requests are counted by it.

/// A group of endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Route {
    /// `/realms/{realm}/protocol/openid-connect/token`
    Token,
    /// `…/certs`
    Jwks,
    /// `/.well-known/openid-configuration`
    Discovery,
    /// `…/token/introspect`
    Introspection,
    /// `…/revoke`
    Revocation,
    /// `…/userinfo`
    UserInfo,
    /// `…/auth` and the pages of the login
    Authorization,
    /// `…/ext/par/request`
    PushedAuthorization,
    /// `…/logout`
    Logout,
    /// `/realms/{realm}/clients-registrations`
    Registration,
    /// `/admin/realms` and `/admin/realms/{realm}` themselves
    Realms,
    /// `…/clients`, their mappers, roles and scopes
    Clients,
    /// `…/clients/{id}/client-secret`
    ClientSecret,
    /// `…/client-policies`
    Policies,
    /// `…/roles`
    Roles,
    /// `…/client-scopes`
    ClientScopes,
    /// `…/users`
    Users,
    /// `…/identity-provider`
    IdentityProviders,
    /// `…/organizations`
    Organizations,
    /// `…/keys` and `…/components`
    Keys,
    /// Everything else.
    Other,
}

impl Route {
    /// What this path is for; `segments` are those of the path.
    pub(crate) fn of(segments: &[&str]) -> Self {
        match segments {
            [".well-known", ..] | ["realms", _, ".well-known", ..] => Self::Discovery,
            ["realms", _, "clients-registrations", ..] => Self::Registration,
            ["realms", _, "login-actions" | "broker", ..] => Self::Authorization,
            ["realms", _, "protocol", "openid-connect", rest @ ..] => match rest {
                ["token", "introspect"] => Self::Introspection,
                ["token"] => Self::Token,
                ["certs"] => Self::Jwks,
                ["revoke"] => Self::Revocation,
                ["userinfo"] => Self::UserInfo,
                ["auth", ..] => Self::Authorization,
                ["ext", "par", ..] => Self::PushedAuthorization,
                ["logout", ..] => Self::Logout,
                _ => Self::Other,
            },
            ["admin", "realms"] | ["admin", "realms", _] => Self::Realms,
            ["admin", "realms", _, rest @ ..] => Self::of_admin(rest),
            _ => Self::Other,
        }
    }

    fn of_admin(rest: &[&str]) -> Self {
        match rest {
            ["clients", _, "client-secret", ..] => Self::ClientSecret,
            ["clients", ..] => Self::Clients,
            ["clients-initial-access", ..] => Self::Registration,
            ["client-policies", ..] => Self::Policies,
            ["roles" | "roles-by-id", ..] => Self::Roles,
            ["client-scopes" | "default-default-client-scopes" | "default-optional-client-scopes", ..] => {
                Self::ClientScopes
            }
            ["users", ..] => Self::Users,
            ["identity-provider", ..] => Self::IdentityProviders,
            ["organizations", ..] => Self::Organizations,
            ["keys" | "components", ..] => Self::Keys,
            _ => Self::Other,
        }
    }

    /// Whether it is administration.
    pub(super) fn is_admin(self) -> bool {
        self >= Self::Registration
    }
}
